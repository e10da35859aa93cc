"""Knows the sentences about tables that come from spreadsheets and DMN in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "document.no_tables": Text(
        en="the document has no section tables",
        zh="文档没有 tables 部分",
        hint_en="write the tables under 'tables:', each under its name",
        hint_zh="请在 'tables:' 下按名称写决策表",
    ),
    "sheet.empty": Text(
        en="the sheet has no row that names its columns",
        zh="表格中没有列标题行",
        hint_en="write the names of the fields in the first row, such as category, amount, out: fee",
        hint_zh="请在首行写列名，例如 category, amount, out: fee",
    ),
    "sheet.setting": Text(
        en="{cell!r} stands among the settings and is none",
        zh="{cell!r} 位于设置行，但不是设置",
        hint_en="settings are {known}, each with a colon, such as 'hit: first'; columns are named in the row below",
        hint_zh="可用的设置：{known}，例如 'hit: first'；列名写在下一行",
    ),
    "sheet.twice": Text(en="{what!r} is said twice", zh="{what!r} 重复"),
    "sheet.choice": Text(
        en="{what} cannot be {value!r}", zh="{what} 不能为 {value!r}", hint_en="use {known}", hint_zh="可用：{known}"
    ),
    "sheet.heading": Text(
        en="{cell!r} is no heading of a column",
        zh="{cell!r} 不是有效的列标题",
        hint_en="an input is its name, an output 'out: name'",
        hint_zh="输入列写名称，输出列写 'out: 名称'",
    ),
    "sheet.no_heading": Text(
        en="{cell} stands in a column without a heading",
        zh="{cell} 所在的列没有标题",
        hint_en="name the column in {heading}, or empty the cell",
        hint_zh="请在 {heading} 写列名，或清空此单元格",
    ),
    "sheet.no_output": Text(
        en="no column is an output",
        zh="没有输出列",
        hint_en="write 'out: ' before the heading of each result, such as 'out: {heading}', or say outputs=['{heading}']",
        hint_zh="请在结果列标题前加 'out: '，例如 'out: {heading}'，或用 outputs=['{heading}'] 指定",
    ),
    "sheet.no_such_output": Text(
        en="no column is called {what!r}",
        zh="没有名为 {what!r} 的列",
        hint_en="the columns are {known}",
        hint_zh="现有的列：{known}",
    ),
    "sheet.detail": Text(
        en="{cell!r} cannot stand in a row that describes columns",
        zh="{cell!r} 不能出现在列说明行",
        hint_en="here there may be {known}, each with a colon, such as 'type: decimal'",
        hint_zh="此处可用：{known}，例如 'type: decimal'",
    ),
    "sheet.values": Text(
        en="{cell!r} is no value or list of values: {problem}",
        zh="{cell!r} 不是值或值列表：{problem}",
        hint_en='write texts in quotes, such as one of: "gold", "silver"',
        hint_zh='文本请加引号，例如 one of: "gold", "silver"',
    ),
    "sheet.value": Text(
        en="{value} cannot be a cell",
        zh="{value} 不能作为单元格内容",
        hint_en="a cell is text, a finite number, true or false, a date, a span or empty",
        hint_zh="单元格可为文本、有限数字、布尔值、日期、时长或空",
    ),
    "sheet.zone": Text(
        en="{value} has no offset, and the sheet names no zone",
        zh="{value} 没有时区偏移，且表格未指定时区",
        hint_en="write 'zone: Asia/Shanghai' above the headings",
        hint_zh="请在标题行上方写 'zone: Asia/Shanghai'",
    ),
    "sheet.full_width": Text(
        en="{cell} holds {found}, which mean nothing here",
        zh="{cell} 含有全角字符 {found}",
        hint_en="write {instead}",
        hint_zh="请写成 {instead}",
    ),
    "sheet.comma": Text(
        en="the comma in {cell} may part two numbers or be part of one",
        zh="{cell} 中的逗号可能分隔两个数，也可能属于一个数",
        hint_en="write {number} for one number, or {list} with a blank for a list; 'commas: lists' above the headings says so for all",
        hint_zh="一个数请写 {number}，列表请写 {list}（逗号后加空格）；或在标题行上方写 'commas: lists'",
    ),
    "sheet.date": Text(
        en="{found} in {cell} looks like a date or a range and would be calculated",
        zh="{cell} 中的 {found} 像日期或范围，但会被当作算式",
        hint_en='write an instant as timestamp("2026-01-05T00:00:00+08:00"), a range as [1..5], a text in quotes; '
        "'dates: sums' above the headings takes such digits for sums",
        hint_zh='时刻请写 timestamp("2026-01-05T00:00:00+08:00")，范围请写 [1..5]，文本请加引号；'
        "或在标题行上方写 'dates: sums' 表示算式",
    ),
    "sheet.bare": Text(
        en="{words} in {cell} would be the name of a field",
        zh="{cell} 中的 {words} 会被当作字段名",
        hint_en="write {instead} for a text; words='text' or 'words: text' above the headings takes all such words for texts, "
        "'words: names' for fields",
        hint_zh="文本请写 {instead}；用 words='text' 或在标题行上方写 'words: text' 可将其都视为文本，'words: names' 视为字段",
    ),
    "dmn.feel": Text(
        en="{what} in the FEEL text {text!r}, position {position}: it {problem}",
        zh="FEEL 文本 {text!r} 第 {position} 位的 {what}：{problem}",
    ),
    "dmn.feel_hint": Text(
        en="{what} in the FEEL text {text!r}, position {position}: it {problem}",
        zh="FEEL 文本 {text!r} 第 {position} 位的 {what}：{problem}",
        hint_en="{hint}",
        hint_zh="{hint}",
    ),
    "dmn.unsaid": Text(en="{what} in {text!r} {problem}", zh="{text!r} 中的 {what}：{problem}"),
    "dmn.unsaid_hint": Text(
        en="{what} in {text!r} {problem}", zh="{text!r} 中的 {what}：{problem}", hint_en="{hint}", hint_zh="{hint}"
    ),
    "dmn.language": Text(
        en="{what} is written in the language {language!r}, and only FEEL is read",
        zh="{what} 使用语言 {language!r}，而这里只读取 FEEL",
    ),
    "dmn.nameless": Text(en="the decision has no name", zh="决策没有名称"),
    "dmn.twice": Text(en="the name {name!r} is given twice", zh="名称 {name!r} 重复"),
    "dmn.no_table": Text(
        en="the decision {name!r} holds no decision table but <{kind}>, which is not supported",
        zh="决策 {name!r} 的内容不是决策表而是 <{kind}>，不受支持",
        hint_en="name the decisions to read with only=[...]",
        hint_zh="请用 only=[...] 指定要读取的决策",
    ),
    "dmn.no_decision": Text(
        en="there is no decision {name!r} with a decision table",
        zh="没有带决策表的决策 {name!r}",
        hint_en="the decisions are {known}",
        hint_zh="现有的决策：{known}",
    ),
    "dmn.href": Text(en="the decision that {href!r} refers to is not in this document", zh="{href!r} 引用的决策不在本文档中"),
    "dmn.knowledge": Text(
        en="the decision {name!r} calls a business knowledge model, which is not supported",
        zh="决策 {name!r} 调用业务知识模型，不受支持",
    ),
    "dmn.type": Text(
        en="the type {type!r} is not known",
        zh="未知的类型 {type!r}",
        hint_en="known are {known}, and item definitions of the document",
        hint_zh="可用：{known}，以及文档中的 itemDefinition",
    ),
    "dmn.no_type": Text(en="the type {type!r} is not supported", zh="不支持类型 {type!r}"),
    "dmn.date": Text(
        en="a date has no counterpart here",
        zh="此处没有与 date 对应的类型",
        hint_en="say zone='Asia/Shanghai' to take a date for its first instant there",
        hint_zh="请用 zone='Asia/Shanghai' 将日期视为当地当天零点",
    ),
    "dmn.hit": Text(
        en="no hit policy is called {value!r}",
        zh="没有名为 {value!r} 的命中策略",
        hint_en="use {known}",
        hint_zh="可用：{known}",
    ),
    "dmn.aggregation": Text(
        en="the aggregation {value!r} does not go with this hit policy",
        zh="聚合方式 {value!r} 不适用于该命中策略",
        hint_en="COLLECT takes {known}",
        hint_zh="COLLECT 可用：{known}",
    ),
    "dmn.element": Text(en="<{tag}> in {parent} is not supported", zh="不支持 {parent} 中的 <{tag}>"),
    "dmn.no_expression": Text(en="the input has no inputExpression", zh="输入列没有 inputExpression"),
    "dmn.no_output": Text(en="the table of decision {name!r} has no output", zh="决策 {name!r} 的表没有输出列"),
    "dmn.values": Text(en="the values of {text!r} cannot be listed", zh="{text!r} 的取值无法列出"),
    "dmn.value": Text(en="{text!r} does not fit: expected {expected}", zh="{text!r} 不符合要求：应为 {expected}"),
    "dmn.no_value": Text(
        en="'-' is no value in FEEL",
        zh="'-' 不是 FEEL 的值",
        hint_en="write null, or what the output is",
        hint_zh="请写 null 或具体结果",
    ),
    "dmn.rule_length": Text(
        en="the rule has {cells} entries for {inputs} inputs and {outputs} outputs",
        zh="规则有 {cells} 个条目，而表有 {inputs} 个输入和 {outputs} 个输出",
    ),
    "dmn.period": Text(
        en="{text!r} is no period of a row",
        zh="{text!r} 不是行的有效期",
        hint_en="write >= an instant, < an instant, or [an instant..an instant)",
        hint_zh="请写 >= 时刻、< 时刻，或 [时刻..时刻)",
    ),
}
