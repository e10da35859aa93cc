"""Knows the sentences about expressions in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "expression.argument": Text(
        en="{name}() takes {wanted} here, not {kind}",
        zh="{name}() 此处需要 {wanted}，而不是 {kind}",
    ),
    "expression.binding": Text(
        en="a value of Python type {kind} cannot be read in an expression; pass None, bool, int, float, str, bytes, an aware datetime, a timedelta, a Decimal, a list or a mapping",
        zh="表达式无法读取 {kind}；请传入 None、bool、int、float、str、bytes、带时区的 datetime、timedelta、Decimal、列表或映射",
    ),
    "expression.binding_decimal": Text(
        en="the decimal {value} is not finite or beyond the range of decimals",
        zh="十进制数 {value} 不是有限数或超出范围",
    ),
    "expression.binding_range": Text(
        en="{value} does not fit in 64 bits; pass it as a Decimal or a string",
        zh="{value} 超出 64 位整数范围；请以 Decimal 或字符串传入",
    ),
    "expression.binding_time": Text(en="{reason}", zh="时间值不可用：{reason}"),
    "expression.bindings": Text(
        en="bindings must be a mapping from names to values, not {kind}",
        zh="绑定必须是从名称到值的映射，而不是 {kind}",
    ),
    "expression.call_form": Text(
        en="{name} cannot be called this way with {count} arguments; write {way}",
        zh="{name} 不能以 {count} 个参数这样调用；应写作 {way}",
    ),
    "expression.character": Text(en="{found} starts nothing an expression can hold", zh="表达式中不能出现 {found}"),
    "expression.code_point": Text(
        en="{escape} is no Unicode character; surrogates are not characters",
        zh="{escape} 不是 Unicode 字符；代理项不是字符",
    ),
    "expression.convert": Text(
        en="{value} cannot be read as {to}; write it like {example}",
        zh="{value} 无法读作 {to}；写法如 {example}",
    ),
    "expression.division": Text(en="division by zero", zh="除数为零"),
    "expression.ends": Text(en="the expression ends where {wanted} is expected", zh="表达式在应有 {wanted} 之处结束"),
    "expression.escape": Text(
        en="{escape} is no escape sequence; write a backslash as \\\\ or use a raw string r'...'",
        zh="{escape} 不是转义序列；反斜杠写作 \\\\，或使用原始字符串 r'...'",
    ),
    "expression.escape_bytes": Text(
        en="{escape} is no escape sequence of bytes; use \\x and two digits, or the character itself",
        zh="{escape} 不是字节串的转义序列；请用 \\x 加两位数字，或直接写该字符",
    ),
    "expression.has": Text(
        en="has() takes one field selection, such as has(payload.signature); of a name alone ask name != null",
        zh="has() 需要一个字段选择，例如 has(payload.signature)；只问一个名称时请写 name != null",
    ),
    "expression.foreign_character": Text(
        en="{found} stands outside a string; names and signs are written in ASCII",
        zh="{found} 出现在字符串之外；名称和符号必须使用 ASCII 字符",
    ),
    "expression.hidden": Text(
        en="{found} turns the direction of what is shown; write it as {escape}",
        zh="{found} 会改变显示方向；请写成 {escape}",
    ),
    "expression.host": Text(
        en="reading the bindings failed with {kind}: {reason}",
        zh="读取绑定时发生 {kind}：{reason}",
    ),
    "expression.key_kind": Text(
        en="the key of a map cannot be {kind}; keys are int, uint, bool or string",
        zh="{kind} 不能作为映射的键；键为 int、uint、bool 或 string",
    ),
    "expression.literal_range": Text(
        en="the literal {literal} is outside the range of {kind}",
        zh="字面量 {literal} 超出 {kind} 的范围",
    ),
    "expression.macro_arity": Text(
        en="{macro} takes {wanted} arguments: a variable and what is evaluated for each element",
        zh="{macro} 需要 {wanted} 个参数：变量以及对每个元素求值的表达式",
    ),
    "expression.macro_form": Text(
        en="{macro} is a macro; write list.{macro}(x, ...) or has(a.b)",
        zh="{macro} 是宏；写作 list.{macro}(x, ...) 或 has(a.b)",
    ),
    "expression.macro_variable": Text(
        en="the first argument of {macro} must be a plain variable name",
        zh="{macro} 的第一个参数必须是单纯的变量名",
    ),
    "expression.matches": Text(
        en="matches is left out: regular expressions could take unbounded time; use contains, startsWith, endsWith, or register a function on an engine of linear time, such as google-re2",
        zh="不提供 matches：正则表达式的耗时没有上限；请用 contains、startsWith、endsWith，或注册一个基于线性时间引擎（如 google-re2）的函数",
    ),
    "expression.messages": Text(
        en="messages such as Type{{...}} are left out; write a map {{'key': value}}",
        zh="不提供 Type{{...}} 形式的消息；请写映射 {{'key': value}}",
    ),
    "expression.modulus": Text(en="modulus by zero", zh="取模的除数为零"),
    "expression.never_holds": Text(
        en="the comparison with {value} can never hold; the field holds one of {allowed}",
        zh="与 {value} 的比较永远不成立；该字段只取 {allowed} 之一",
    ),
    "expression.never_whole": Text(
        en="the comparison with {value} can never hold; the values are of type {kind}, without a fraction",
        zh="与 {value} 的比较永远不成立；取值为 {kind}，没有小数",
    ),
    "expression.literal": Text(
        en="{name} wants the name written out as a text, so that it can be checked",
        zh="{name} 的名称必须直接写成文本，以便检查",
    ),
    "expression.no_such_key": Text(en="there is no such key: {key}", zh="没有这个键：{key}"),
    "expression.no_such_name": Text(en="nothing is bound to the name {name}", zh="名称 {name} 没有绑定值"),
    "expression.not_a_map": Text(
        en="{field} cannot be selected from {kind}; only maps have fields",
        zh="不能从 {kind} 中选取 {field}；只有映射有字段",
    ),
    "expression.not_bool": Text(en="a bool is wanted here, not {kind}", zh="此处需要 bool，而不是 {kind}"),
    "expression.not_supplied": Text(
        en="there is no function {name} here; only a workflow, and in_state also a machine, has it",
        zh="此处没有函数 {name}；只有流程中才有，in_state 在状态机中也有",
    ),
    "expression.not_text": Text(en="an expression is a string, not {kind}", zh="表达式必须是字符串，而不是 {kind}"),
    "expression.null": Text(
        en="{name} is missing or null, which strict conditions do not compare with; ask {name} != null first",
        zh="{name} 缺失或为空，严格条件不与空值比较；请先写 {name} != null",
    ),
    "expression.open_string": Text(
        en="the string that starts here with {quote} has no end",
        zh="此处以 {quote} 开始的字符串没有结束",
    ),
    "expression.operator": Text(en="{found} is no operator; write {instead}", zh="{found} 不是运算符；请写 {instead}"),
    "expression.overflow": Text(en="the result is outside the range of {kind}", zh="结果超出 {kind} 的范围"),
    "expression.overload": Text(
        en="no such overload: {function} does not take {kinds}",
        zh="没有这种重载：{function} 不接受 {kinds}",
    ),
    "expression.position": Text(en="{index} is no position in a list", zh="{index} 不是列表中的位置"),
    "expression.raised": Text(en="{name}() failed with {kind}: {reason}", zh="{name}() 发生 {kind}：{reason}"),
    "expression.range": Text(en="{value} is outside the range of {what}", zh="{value} 超出 {what} 的范围"),
    "expression.registration": Text(en="the function {name} {reason}", zh="函数 {name} 注册无效：{reason}"),
    "expression.repeated_key": Text(
        en="the map has the key {key} twice; true and 1, and false and 0, count as one in Python",
        zh="映射中的键 {key} 重复；在 Python 中 true 与 1、false 与 0 视为同一个键",
    ),
    "expression.reserved": Text(en="{name} is a reserved word and cannot be a name", zh="{name} 是保留字，不能作为名称"),
    "expression.returned": Text(
        en="{name}() returned {kind} but is registered to return {wanted}",
        zh="{name}() 返回了 {kind}，但注册的返回类型是 {wanted}",
    ),
    "expression.size": Text(en="the result would be longer than {limit}", zh="结果的长度将超过 {limit}"),
    "expression.stack": Text(
        en="the expression or its values are nested too deeply for the stack that is left",
        zh="表达式或其值的嵌套过深，剩余调用栈不足",
    ),
    "expression.steps": Text(en="the evaluation took more steps than it may", zh="求值步数超过上限"),
    "expression.surrogate": Text(
        en="the text holds a surrogate, which is no Unicode character",
        zh="文本含有代理项，它不是 Unicode 字符",
    ),
    "expression.syntax": Text(en="{found} stands where {wanted} is expected", zh="此处应为 {wanted}，却是 {found}"),
    "expression.too_deep": Text(
        en="the value has more than {limit} levels of lists and maps",
        zh="值的列表与映射嵌套超过 {limit} 层",
    ),
    "expression.too_long": Text(
        en="the expression has {length} characters; at most {limit} are allowed",
        zh="表达式有 {length} 个字符；最多 {limit} 个",
    ),
    "expression.too_many": Text(en="there are more than {limit} {what}", zh="{what} 超过 {limit} 个"),
    "expression.too_nested": Text(en="brackets are nested more than {limit} deep", zh="括号嵌套超过 {limit} 层"),
    "expression.too_short": Text(
        en="the duration {value} is shorter than a microsecond, the resolution of time here",
        zh="时长 {value} 短于一微秒，即此处的时间分辨率",
    ),
    "expression.too_tall": Text(
        en="the expression has more than {limit} levels; split it up",
        zh="表达式超过 {limit} 层；请拆分",
    ),
    "expression.tree": Text(en="{path}: {reason}", zh="{path}：{reason}"),
    "expression.type_name": Text(en="{type} is no type for {name}", zh="{type} 不是 {name} 可用的类型"),
    "expression.unknown_field": Text(
        en="there is no field {field} here; known are {known}",
        zh="此处没有字段 {field}；已知的有 {known}",
    ),
    "expression.unknown_function": Text(
        en="there is no function {name}; known are {known}",
        zh="没有函数 {name}；已知的有 {known}",
    ),
    "expression.unknown_name": Text(
        en="there is no name {name} here; known are {known}",
        zh="此处没有名称 {name}；已知的有 {known}",
    ),
    "expression.utf8": Text(en="the bytes or the text have no UTF-8 form", zh="该字节串或文本没有 UTF-8 形式"),
    "expression.zone": Text(
        en="there is no time zone {zone}; write it like Asia/Shanghai or +08:00",
        zh="没有时区 {zone}；写法如 Asia/Shanghai 或 +08:00",
    ),
}
