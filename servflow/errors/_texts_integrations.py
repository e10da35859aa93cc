"""Knows the sentences about charts of other libraries in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "chart.too_large": Text(
        en="the chart has too many states and transitions to work out what is done on entry and exit",
        zh="状态与转移过多，无法推算进入与退出时的动作",
        hint_en="states times transitions may be at most {limit}; take the actions out, or split the chart",
        hint_zh="状态数乘以转移数最多为 {limit}；请去掉这些动作或拆分图",
    ),
    "scxml.root": Text(
        en="the document is no SCXML: its root is <{tag}> in the namespace '{namespace}'",
        zh="文档不是 SCXML：根元素是命名空间“{namespace}”中的 <{tag}>",
        hint_en='it begins with <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">',
        hint_zh='应以 <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"> 开头',
    ),
    "scxml.no_states": Text(en="the document has no state", zh="文档中没有状态"),
    "scxml.element": Text(
        en="<{tag}> cannot stand in {parent}",
        zh="{parent} 中不能有 <{tag}>",
        hint_en="there may be {known}",
        hint_zh="可用的元素：{known}",
    ),
    "scxml.attribute": Text(
        en="<{tag}> has no attribute '{attribute}'",
        zh="<{tag}> 没有属性“{attribute}”",
        hint_en="it has {known}",
        hint_zh="可用的属性：{known}",
    ),
    "scxml.value": Text(
        en="the attribute {attribute} cannot be '{value}'",
        zh="属性 {attribute} 不能为“{value}”",
        hint_en="it is {known}",
        hint_zh="可用的值：{known}",
    ),
    "scxml.duplicate": Text(
        en="the id '{state}' is given twice, first in line {first}",
        zh="id“{state}”重复，首次出现在第 {first} 行",
    ),
    "scxml.unknown_state": Text(en="there is no state with the id '{state}'", zh="没有 id 为“{state}”的状态"),
    "scxml.empty": Text(en="the attribute {attribute} is empty", zh="属性 {attribute} 为空"),
    "scxml.twice": Text(
        en="state '{state}' says twice where it starts",
        zh="状态“{state}”重复指定了起始状态",
        hint_en="keep either the attribute initial or one element <initial>",
        hint_zh="请只保留 initial 属性或一个 <initial> 元素",
    ),
    "scxml.default": Text(
        en="<{tag}> leads on by exactly one transition, with a target and neither event nor cond",
        zh="<{tag}> 恰好含一个转移，且只有 target，没有 event 与 cond",
    ),
    "scxml.nothing": Text(
        en="a transition has at least one of event, cond and target",
        zh="转移至少要有 event、cond、target 之一",
    ),
    "scxml.condition": Text(
        en="the condition '{text}' cannot be read: {why}",
        zh="条件“{text}”无法读取：{why}",
        hint_en="give it as conditions={{'{text}': 'an expression over fields'}}",
        hint_zh="请用 conditions={{'{text}': '字段表达式'}} 给出",
    ),
    "scxml.update": Text(
        en="what a transition does is a JSON object with exactly one known key",
        zh="转移的动作应为恰好含一个已知键的 JSON 对象",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "scxml.row": Text(
        en="the parts of transition {row} differ in event, condition or target",
        zh="转移 {row} 的各部分在事件、条件或目标上不一致",
    ),
}
