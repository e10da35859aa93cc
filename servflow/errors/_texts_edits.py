"""Knows the sentences about edits of a definition that cannot be, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "edit.unknown": Text(
        en="there is no element {id}",
        zh="没有元素 {id}",
        hint_en="ids are the keys of source.elements",
        hint_zh="元素标识即 source.elements 的键",
    ),
    "edit.section": Text(
        en="there is no section {section}",
        zh="没有部分 {section}",
        hint_en="as states, transitions or states/NAME/timers",
        hint_zh="例如 states、transitions 或 states/名称/timers",
    ),
    "edit.nameless_section": Text(
        en="{at} is {value}, which holds nothing by name",
        zh="{at} 写作 {value}，其中不能按名称放入元素",
    ),
    "edit.word": Text(
        en="{id} is a name and holds nothing else",
        zh="{id} 只是一个名称，不含其他内容",
        hint_en="what people read of it stands in {at} of the definition",
        hint_zh="供人阅读的文字写在定义的 {at} 中",
    ),
    "edit.in_short": Text(
        en="{id} is written as {value}, in which nothing can be set",
        zh="{id} 写作 {value}，其中不能写入任何内容",
        hint_en="write it as a mapping first",
        hint_zh="请先将其写成映射",
    ),
    "edit.taken": Text(en="there is {what} '{name}' already", zh="已有名为“{name}”的{what}"),
    "edit.root": Text(en="the definition itself cannot be removed", zh="不能删除整个定义"),
    "edit.copied": Text(
        en="{id} cannot be copied by itself",
        zh="不能单独复制 {id}",
        hint_en="copy what it is part of",
        hint_zh="请复制它所属的元素",
    ),
    "edit.used": Text(
        en="{named} is named elsewhere: {places}",
        zh="{named} 在别处被引用：{places}",
        hint_en="change or remove that first, or remove it together with this",
        hint_zh="请先修改或删除这些引用，或与其一并删除",
    ),
    "edit.nameless": Text(en="{id} is {what} and has no name", zh="{id} 是{what}，没有名称"),
    "edit.rename": Text(en="{id} cannot be renamed to '{name}': {reasons}", zh="{id} 不能改名为“{name}”：{reasons}"),
    "edit.not_in_conditions": Text(
        en="{id} cannot be renamed to '{name}', since conditions name it, in which names are ASCII: {places}",
        zh="{id} 不能改名为“{name}”：有条件引用它，而条件中的名称只能用 ASCII 字符：{places}",
        hint_en="begin with a letter or underscore, go on with letters, digits and underscores, and write what people read as its title",
        hint_zh="请以字母或下划线开头，只用字母、数字与下划线；供人阅读的文字写在 title 中",
    ),
    "edit.in_words": Text(
        en="{id} cannot be renamed: names are worked out there that may be this one, which nobody can tell by reading: {places}",
        zh="{id} 不能改名：以下各处的名称经计算得出，无法仅凭文字判断是否指它：{places}",
        hint_en="write the names themselves there first, alone or as branches of a choice; in conditions as queue == 'a', queue in ['a', 'b'] or 'a' in actor.roles",
        hint_zh="请先在这些地方直接写出名称，单独一个或作为条件的分支；条件中请写成 queue == 'a'、queue in ['a', 'b'] 或 'a' in actor.roles",
    ),
    "edit.place": Text(en="{id} has no place {at}", zh="{id} 中没有位置 {at}"),
    "edit.elsewhere": Text(en="{id} does not stand in {at}", zh="{id} 不在 {at} 中"),
    "edit.into": Text(en="{id} cannot be put into {into}", zh="{id} 不能放入 {into}"),
    "edit.key": Text(
        en="a key is a text, or keys and indices that lead to a value, not {value}",
        zh="键应为文本，或为通向某个值的键与下标，而不是 {value}",
    ),
    "edit.value": Text(en="a value is plain data: {why}", zh="值应为普通数据：{why}"),
    "edit.name": Text(en="a name is a text on one line, not {value}", zh="名称应为单行文本，而不是 {value}"),
    "edit.text": Text(en="pass the whole text, not {value}", zh="应提交整段文本，而不是 {value}"),
    "edit.source": Text(
        en="pass a text, a Path, a mapping or a workflow, not {value}",
        zh="应传入文本、Path、映射或工作流，而不是 {value}",
    ),
    "edit.unreadable": Text(
        en="nothing was changed: the definition could not be read any more: {why}",
        zh="未作任何修改：修改后将无法读取该定义：{why}",
        hint_en="shorten the name or value",
        hint_zh="请缩短名称或值",
    ),
    "edit.stale": Text(
        en="somebody changed the definition since this was drawn; nothing was changed now",
        zh="绘制之后定义已被他人修改；本次未作任何修改",
        hint_en="draw it again and do it again",
        hint_zh="请重新绘制后再修改",
    ),
    "edit.list": Text(en="it is a list of at most {most}", zh="应为不超过 {most} 项的列表"),
    "edit.mapping": Text(en="it is a mapping", zh="应为映射"),
    "edit.id": Text(en="an id is a text, not {value}", zh="标识应为文本，而不是 {value}"),
    "edit.id_twice": Text(en="the id {value} is used twice", zh="标识 {value} 重复出现"),
    "flow.many": Text(
        en="a flow of {count} {what} is more than the {most} that are drawn",
        zh="流程图有 {count} {what}，最多绘制 {most}",
    ),
    "flow.positions": Text(
        en="positions map ids of nodes to x and y, not {value}", zh="positions 应将节点标识映射到 x 与 y，而不是 {value}"
    ),
    "flow.position": Text(en="a position is x and y in pixels, not {value}", zh="位置应为以像素表示的 x 与 y，而不是 {value}"),
    "flow.shape": Text(en="a flow has nodes and edges; this is {value}", zh="流程图应有 nodes 与 edges，而此处为 {value}"),
    "flow.node": Text(en="there is no node {value}", zh="没有节点 {value}"),
    "flow.in_each_other": Text(en="these nodes lie in each other", zh="这些节点互相包含"),
    "flow.no_state": Text(en="{value} is no state", zh="{value} 不是状态"),
    "flow.event": Text(
        en="a transition needs an event, or a condition by which it happens by itself",
        zh="转移需要一个事件，或一个使其自动发生的条件",
    ),
    "grid.table": Text(en="say which table: there are {known}", zh="请指明决策表：现有 {known}"),
    "grid.shape": Text(
        en="{id} has not the shape of a table",
        zh="{id} 不是决策表的形状",
        hint_en="write inputs, outputs and rows in the text first",
        hint_zh="请先在文本中写出 inputs、outputs 与 rows",
    ),
    "grid.name": Text(en="a grid has the name of its table; this is {value}", zh="表格应有其决策表的名称，而此处为 {value}"),
    "grid.kind": Text(en="a column is an input or an output, not {value}", zh="列的 kind 应为 input 或 output，而不是 {value}"),
    "grid.kind_changed": Text(
        en="an input cannot become an output, nor the other way round",
        zh="输入列与输出列不能互换",
        hint_en="remove it and add another",
        hint_zh="请删除该列后另加一列",
    ),
    "grid.cells": Text(en="cells go by the ids of their columns", zh="cells 应以列的标识为键"),
    "grid.column": Text(en="there is no column {value}", zh="没有列 {value}"),
    "grid.output": Text(en="an output has a name of its own, not {value}", zh="输出列应有不重复的名称，而不是 {value}"),
    "grid.row": Text(en="the id of a row is a text, not {value}", zh="行的 id 应为文本，而不是 {value}"),
    "grid.input": Text(en="an input has a name or an expression", zh="输入列应有 name 或 expr"),
}
