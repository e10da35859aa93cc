"""Knows the sentences about rules in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "rules.text": Text(
        en="this must be text that is not empty, not {value!r}",
        zh="此处必须是非空文本，而不是 {value!r}",
    ),
    "rules.flag": Text(en="this must be true or false, not {value!r}", zh="此处必须是 true 或 false，而不是 {value!r}"),
    "rules.hit": Text(
        en="no hit policy is called {hit!r}",
        zh="没有名为 {hit!r} 的命中策略",
        hint_en="use one of: {known}",
        hint_zh="可用的命中策略：{known}",
    ),
    "rules.inputs_form": Text(
        en="inputs must be a list of at most {limit} columns, not {value!r}",
        zh="inputs 必须是最多 {limit} 列的列表，而不是 {value!r}",
        hint_en="write inputs: [warranty, category]",
        hint_zh="例如 inputs: [warranty, category]",
    ),
    "rules.input_form": Text(
        en="an input is a name, an expression or a mapping with name or expr, not {value!r}",
        zh="输入列应为字段名、表达式，或含 name 或 expr 的映射，而不是 {value!r}",
    ),
    "rules.outputs_form": Text(
        en="outputs must map 1 to {limit} names to their types, not {value!r}",
        zh="outputs 必须把 1 到 {limit} 个名称映射到类型，而不是 {value!r}",
        hint_en="write outputs: {{total: decimal}}",
        hint_zh="例如 outputs: {{total: decimal}}",
    ),
    "rules.output_form": Text(
        en="an output is a type or a mapping with type, one_of and default, not {value!r}",
        zh="输出列应为类型，或含 type、one_of、default 的映射，而不是 {value!r}",
    ),
    "rules.one_of_form": Text(
        en="one_of must be a list of values, not {value!r}", zh="one_of 必须是值的列表，而不是 {value!r}"
    ),
    "rules.rows_form": Text(
        en="rows must be a list of at most {limit} rows",
        zh="rows 必须是最多 {limit} 行的列表",
    ),
    "rules.row_form": Text(
        en="a row is a list of cells, or a mapping with when and then, not {value!r}",
        zh="一行应为单元格列表，或含 when 和 then 的映射，而不是 {value!r}",
    ),
    "rules.labels": Text(
        en="labels must be a list of words, not {value!r}",
        zh="labels 必须是词语列表，而不是 {value!r}",
        hint_en="write labels: [peak, reviewed]",
        hint_zh="例如 labels: [peak, reviewed]",
    ),
    "rules.version": Text(
        en="a version is a whole number or text that is not empty, not {value!r}",
        zh="version 应为整数或非空文本，而不是 {value!r}",
    ),
    "rules.zone": Text(
        en="there is no time zone {zone}",
        zh="没有名为 {zone} 的时区",
        hint_en="write a name of the tz database such as Asia/Shanghai",
        hint_zh="请填写 tz 数据库中的名称，例如 Asia/Shanghai",
    ),
    "rules.effective_form": Text(
        en="effective is a mapping of start and end, not {value!r}",
        zh="effective 应为含 start 和 end 的映射，而不是 {value!r}",
        hint_en="write effective: {{start: 2027-01-01}}",
        hint_zh="例如 effective: {{start: 2027-01-01}}",
    ),
    "rules.effective_when": Text(
        en="{value} is neither a date nor an instant",
        zh="{value} 既不是日期也不是时刻",
        hint_en="write 2027-01-01 or 2027-01-01T09:00:00+08:00",
        hint_zh="例如 2027-01-01 或 2027-01-01T09:00:00+08:00",
    ),
    "rules.effective_naive": Text(
        en="{value} has no offset, so nobody can tell which instant it is",
        zh="{value} 没有时区偏移，无法确定是哪个时刻",
        hint_en="write 2027-01-01T09:00:00+08:00",
        hint_zh="例如 2027-01-01T09:00:00+08:00",
    ),
    "rules.effective_zone": Text(
        en="the date {value} begins at another instant in every zone, and the table has no zone",
        zh="日期 {value} 在各时区的起始时刻不同，而该表没有 zone",
        hint_en="write zone: Asia/Shanghai beside rows, or an instant such as {value}T00:00:00+08:00",
        hint_zh="请在 rows 旁写 zone: Asia/Shanghai，或写成 {value}T00:00:00+08:00 这样的时刻",
    ),
    "rules.effective_empty": Text(
        en="the period from {start} until {end} holds no instant",
        zh="从 {start} 到 {end} 的期间不包含任何时刻",
        hint_en="end is the first instant that no longer counts and lies after start",
        hint_zh="end 是第一个不再生效的时刻，须晚于 start",
    ),
    "rules.effective_overlap": Text(
        en="rows {by} and {row} are versions of {id!r} that are in force at the same time",
        zh="第 {by} 行与第 {row} 行是 {id!r} 的两个版本，但生效期重叠",
        hint_en="end one where the next starts, or give the rows different ids",
        hint_zh="请让前一版的 end 等于后一版的 start，或使用不同的 id",
    ),
    "rules.row_twice": Text(
        en="rows {first} and {row} are both called {id!r}",
        zh="第 {first} 行与第 {row} 行的 id 都是 {id!r}",
        hint_en="give every row its own id; versions of one row each need their effective dates",
        hint_zh="每行请使用不同的 id；同一行的各个版本都需写明 effective",
    ),
    "rules.at": Text(
        en="table {table}: some rows have effective dates, so it must be known for which instant to decide: decide(fields, at=...)",
        zh="决策表 {table}：有些行设置了生效期，必须知道按哪个时刻决策：decide(fields, at=...)",
    ),
    "rules.null": Text(
        en="table {table}, row {row}: the cell {cell} would compare with {name}, which is missing or null; a strict table does not",
        zh="决策表 {table} 第 {row} 行：单元格 {cell} 要比较的 {name} 缺失或为空，严格的决策表不作这种比较",
        hint_en="give {name} a value, or write a row for it with the cell null before",
        hint_zh="请给出 {name} 的值，或在前面为它写一行，单元格填 null",
    ),
    "rules.null_input": Text(
        en="table {table}: the input {input} would compare with {name}, which is missing or null; a strict table does not",
        zh="决策表 {table}：输入 {input} 要比较的 {name} 缺失或为空，严格的决策表不作这种比较",
        hint_en="give {name} a value, or ask {name} != null in the input",
        hint_zh="请给出 {name} 的值，或在输入中先判断 {name} != null",
    ),
    "rules.stale": Text(
        en="another edition is in force than the expected one: {found} instead of {expected}",
        zh="当前生效的版本不是预期的版本：应为 {expected}，实为 {found}",
        hint_en="look at what is in force now and decide again whether to replace it",
        hint_zh="请先查看当前生效的版本，再决定是否替换",
    ),
    "rules.words": Text(
        en="this text cannot be kept: it is longer than {limit} characters, or holds half a character: {value!r}",
        zh="此文本无法保存：超过 {limit} 个字符，或含有不完整的字符：{value!r}",
    ),
    "rules.look_alike": Text(
        en="the name {name!r} is written with other characters than it seems to be",
        zh="名称 {name!r} 使用了形似而实不同的字符",
    ),
    "rules.nan": Text(
        en="the cell {cell!r} compares with NaN, which nothing equals and nothing is ordered with",
        zh="单元格 {cell!r} 与 NaN 比较，而任何值都不等于 NaN，也无法与之排序",
    ),
    "rules.order_null": Text(
        en="the cell {cell!r} orders with null, which can never hold",
        zh="单元格 {cell!r} 与 null 比较大小，永远不会成立",
        hint_en="write null for no value, not(null) for any",
        hint_zh="空值写 null，任意非空值写 not(null)",
    ),
    "rules.row_length": Text(
        en="the row has {cells} cells instead of {expected} ({inputs} inputs, then {outputs} outputs)",
        zh="该行有 {cells} 个单元格，应为 {expected} 个（先 {inputs} 个输入，再 {outputs} 个输出）",
    ),
    "rules.cell_text": Text(
        en="a cell is text, not {value!r}",
        zh="单元格必须是文本，而不是 {value!r}",
        hint_en="write '-' for anything and 'null' for no value",
        hint_zh="任意值写 '-'，空值写 'null'",
    ),
    "rules.unknown_type": Text(
        en="no type is called {type!r}",
        zh="没有名为 {type!r} 的类型",
        hint_en="use one of: {known}",
        hint_zh="可用的类型：{known}",
    ),
    "rules.unknown_key": Text(
        en="the key {key!r} means nothing here",
        zh="此处不认识键 {key!r}",
        hint_en="use: {known}",
        hint_zh="可用的键：{known}",
    ),
    "rules.value": Text(en="{value!r} does not fit: expected {expected}", zh="值 {value!r} 不符合要求：应为 {expected}"),
    "rules.cell": Text(en="{cell!r} cannot be read: {problem}", zh="无法读取 {cell!r}：{problem}"),
    "rules.cell_type": Text(
        en="the cell {cell!r} compares {value!r} with a {type}, which can never hold",
        zh="单元格 {cell!r} 用 {value!r} 与类型 {type} 比较，永远不会成立",
        hint_en="text needs its own quotes inside the cell",
        hint_zh="单元格里的文本需要自带引号",
    ),
    "rules.never_holds": Text(
        en="the cell {cell!r} names {value!r}, which is not one of the input's values",
        zh="单元格 {cell!r} 中的 {value!r} 不在该输入的取值范围内",
        hint_en="the values are: {one_of}",
        hint_zh="可取的值：{one_of}",
    ),
    "rules.output_value": Text(
        en="the cell {cell!r} does not fit the output {output}: expected {expected}",
        zh="单元格 {cell!r} 不符合输出 {output}：应为 {expected}",
        hint_en="text needs its own quotes inside the cell",
        hint_zh="单元格里的文本需要自带引号",
    ),
    "rules.output_type": Text(
        en="the cell {cell!r} gives a {found}, but the output {output} is a {type}",
        zh="单元格 {cell!r} 的结果是 {found}，而输出 {output} 的类型是 {type}",
    ),
    "rules.no_order": Text(
        en="the hit policy {hit!r} needs an output with one_of, whose order is the priority",
        zh="命中策略 {hit!r} 需要至少一个带 one_of 的输出，其顺序即优先级",
        hint_en="write {{type: string, one_of: [high, low]}}",
        hint_zh="例如 {{type: string, one_of: [high, low]}}",
    ),
    "rules.one_output": Text(
        en="the hit policy {hit!r} works on one output, not on {outputs}",
        zh="命中策略 {hit!r} 只能用于一个输出，而不是 {outputs}",
        hint_en="split the table, one output each",
        hint_zh="请拆成多张表，每张一个输出",
    ),
    "rules.aggregate_type": Text(
        en="the hit policy {hit!r} cannot work on the output {output} of type {type}",
        zh="命中策略 {hit!r} 不能用于类型为 {type} 的输出 {output}",
        hint_en="use one of: {known}",
        hint_zh="可用的类型：{known}",
    ),
    "rules.unknown_name": Text(
        en="no field is called {name!r}",
        zh="没有名为 {name!r} 的字段",
        hint_en="the names are: {known}",
        hint_zh="可用的名称：{known}",
    ),
    "rules.not_unique": Text(
        en="table {table}: rows {rows} all match, but its hit policy is unique",
        zh="决策表 {table}：第 {rows} 行同时匹配，但命中策略是 unique（行号从 0 起）",
    ),
    "rules.conflict": Text(
        en="table {table}: rows {rows} match and disagree: {values}",
        zh="决策表 {table}：第 {rows} 行同时匹配但结果不一致：{values}（行号从 0 起）",
    ),
    "rules.input_value": Text(
        en="table {table}: the input {input} is {value!r}, expected {expected}",
        zh="决策表 {table}：输入 {input} 的值为 {value!r}，应为 {expected}",
    ),
    "rules.result": Text(
        en="table {table}, row {row}: the output {output} is {value!r}, expected {expected}",
        zh="决策表 {table} 第 {row} 行：输出 {output} 的值为 {value!r}，应为 {expected}",
    ),
    "rules.aggregate": Text(
        en="table {table}: there is no {operator} of the values {values} of {output}",
        zh="决策表 {table}：无法对输出 {output} 的值 {values} 求 {operator}",
    ),
    "rules.row_matches": Text(en="row {row} matches", zh="第 {row} 行匹配"),
    "rules.row_fails": Text(
        en="row {row} does not match: {input} is {value}, and the cell asks for {cell}",
        zh="第 {row} 行不匹配：{input} 为 {value}，单元格要求 {cell}",
    ),
    "rules.never": Text(
        en="table {table}: row {row} never matches, not even with {witness}",
        zh="决策表 {table}：第 {row} 行永远不会匹配，例如 {witness} 也不匹配",
    ),
    "rules.unreachable": Text(
        en="table {table}: row {row} never decides; with {witness} it matches, but row {by} comes first",
        zh="决策表 {table}：第 {row} 行永远不起作用；例如 {witness} 时它匹配，但第 {by} 行先于它",
        hint_en="all it matches is taken by rows {rows}: move it before them, narrow them, or remove it",
        hint_zh="它匹配的一切都已被第 {rows} 行取走：请把它移到前面、收窄那些行，或删除它",
    ),
    "rules.overlap": Text(
        en="table {table}: its hit policy is {hit}, and rows {by} and {row} both match {witness}",
        zh="决策表 {table}：命中策略是 {hit}，第 {by} 行与第 {row} 行都匹配 {witness}",
    ),
    "rules.conflicting": Text(
        en="table {table}: its hit policy is {hit}, and rows {by} and {row} both match {witness} and disagree",
        zh="决策表 {table}：命中策略是 {hit}，第 {by} 行与第 {row} 行都匹配 {witness}，但结果不一致",
    ),
    "rules.gap": Text(
        en="table {table}: no row matches {witness};",
        zh="决策表 {table}：没有任何行匹配 {witness}",
        hint_en="add a row for {region}, or a default to an output",
        hint_zh="请为 {region} 补充一行，或为输出设置 default",
    ),
    "rules.redundant": Text(
        en="table {table}: row {row} can be removed without changing an answer; with {witness} the same comes from {instead}",
        zh="决策表 {table}：删除第 {row} 行不会改变任何结果；例如 {witness} 时，{instead}给出相同的结果",
    ),
    "rules.mergeable": Text(
        en="table {table}: rows {rows} could be one row, with {cell} as the cell of {input}",
        zh="决策表 {table}：第 {rows} 行可以合并为一行，{input} 的单元格写作 {cell}",
    ),
    "rules.difference": Text(
        en="with {witness} rows {old_rows} gave {old}, rows {new_rows} give {new}; so it is for {where}",
        zh="{witness} 时，原第 {old_rows} 行给出 {old}，现第 {new_rows} 行给出 {new}；适用于 {where}",
    ),
    "rules.difference_open": Text(
        en="not decided ({reason}): old rows {old_rows}, new rows {new_rows}",
        zh="未能判定（{reason}）：原第 {old_rows} 行，现第 {new_rows} 行",
    ),
    "rules.outputs_differ": Text(
        en="not compared: outputs only the old table has: {old}; only the new one: {new}",
        zh="未比较：仅旧表有的输出：{old}；仅新表有的输出：{new}",
    ),
    "rules.not_comparable": Text(
        en="a table with the hit policy {old!r} and one with {new!r} cannot be compared; the outputs they share: {outputs}",
        zh="命中策略为 {old!r} 的表与命中策略为 {new!r} 的表无法比较；共有的输出：{outputs}",
        hint_en="compare tables that give the same kind of answer and share an output",
        hint_zh="请比较结果形式相同且至少共有一个输出的表",
    ),
    "rules.no_fields": Text(
        en="the ticket at index {index} is {value}: neither a mapping of fields nor something with fields",
        zh="索引 {index} 处的工单是 {value}：既不是字段映射，也没有 fields",
    ),
    "rules.compared": Text(
        en="{total} tickets: {same} the same, {changed} changed, {errors} with errors",
        zh="{total} 张工单：{same} 张不变，{changed} 张改变，{errors} 张出错",
    ),
    "rules.compared_change": Text(en="{count} times {old} became {new}", zh="{count} 次由 {old} 变为 {new}"),
    "rules.compared_further": Text(en="{count} more changed in other ways", zh="另有 {count} 张以其他方式改变"),
    "rules.not_decided": Text(
        en="table {table}: not everything could be checked ({reasons}; rows {rows});",
        zh="决策表 {table}：有些内容无法检查（{reasons}；行 {rows}）",
        hint_en="cells: these rows read other fields or computed inputs; size: the steps did not suffice, more can be given; "
        "outputs: computed results; many: more findings than are shown",
        hint_zh="cells：这些行读取了其他字段或计算得到的输入；size：步数不够，可以给更多；outputs：结果需计算；many：还有更多未列出的问题",
    ),
    "rules.when_form": Text(
        en="when is an expression as text or as a tree, not {value!r}",
        zh="when 应为表达式文本或表达式树，而不是 {value!r}",
    ),
    "rules.then_form": Text(en="then is a list of actions, not {value!r}", zh="then 应为动作列表，而不是 {value!r}"),
    "rules.twice": Text(
        en="a rule named {name!r} is already there, at index {first}",
        zh="已有名为 {name!r} 的规则，索引为 {first}",
    ),
    "rules.too_many": Text(en="{count} rules are more than the limit of {limit}", zh="规则数 {count} 超过上限 {limit}"),
}
