"""Knows the sentences about tables that come from spreadsheets and DMN in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
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
    "sheet.bare": Text(
        en="{words} in {cell} would be the name of a field",
        zh="{cell} 中的 {words} 会被当作字段名",
        hint_en="write {instead} for a text; words='text' or 'words: text' above the headings takes all such words for texts, "
        "'words: names' for fields",
        hint_zh="文本请写 {instead}；用 words='text' 或在标题行上方写 'words: text' 可将其都视为文本，'words: names' 视为字段",
    ),
}
