"""Knows the sentences about documents in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "document.source": Text(
        en="a definition is a path, a text or a mapping, not {value}",
        zh="定义应为路径、文本或映射，而不是 {value}",
    ),
    "document.file": Text(en="{file} cannot be read: {why}", zh="无法读取 {file}：{why}"),
    "document.path": Text(
        en="{value} is the name of a file, where the text of a definition is expected",
        zh="此处应为定义的文本，而 {value} 是一个文件名",
        hint_en="pass a pathlib.Path to read the file",
        hint_zh="如需读取该文件，请传入 pathlib.Path",
    ),
    "document.encoding": Text(
        en="the text is not UTF-8 here",
        zh="此处不是 UTF-8 文本",
        hint_en="save the file as UTF-8",
        hint_zh="请将文件保存为 UTF-8",
    ),
    "document.too_large": Text(
        en="the text is larger than {limit} bytes",
        zh="文本超过 {limit} 字节",
        hint_en="keep data such as rosters with the host",
        hint_zh="人员名单等数据请保存在宿主系统中",
    ),
    "document.more": Text(en="there are {more} more problems", zh="另有 {more} 个问题"),
    "document.run": Text(en="more than {limit} exclamation marks stand in a row", zh="连续的感叹号超过 {limit} 个"),
    "document.too_deep": Text(en="values are nested more than {limit} deep", zh="嵌套超过 {limit} 层"),
    "document.too_many": Text(en="there are more than {limit} values", zh="值的数量超过 {limit} 个"),
    "document.yaml": Text(
        en="this is not YAML: {why}",
        zh="YAML 语法错误：{why}",
        hint_en="look at the line above as well: an indent, a quote or a bracket may be missing there",
        hint_zh="请同时检查上一行：可能缺少缩进、引号或括号",
    ),
    "document.json": Text(en="this is not JSON: {why}", zh="JSON 语法错误：{why}"),
    "document.yaml_version": Text(
        en="the text says it is YAML {version}; a definition is YAML 1.2",
        zh="文本声明为 YAML {version}，而定义使用 YAML 1.2",
        hint_en="remove the %YAML line",
        hint_zh="请删除 %YAML 行",
    ),
    "document.several": Text(
        en="a second document begins here",
        zh="此处开始了第二个文档",
        hint_en="keep one definition in one file",
        hint_zh="一个文件只写一个定义",
    ),
    "document.no_mapping": Text(
        en="a definition is a mapping of keys to values, not {got}",
        zh="定义应为由键和值组成的映射，而不是{got}",
        hint_en="begin with 'workflow: a_name'",
        hint_zh="请以 workflow: 名称 开头",
    ),
    "document.anchor": Text(
        en="the anchor &{name} is not understood",
        zh="不支持锚点 &{name}",
        hint_en="write the value out where it is needed",
        hint_zh="请在需要的地方直接写出该值",
    ),
    "document.alias": Text(
        en="the alias *{name} is not understood",
        zh="不支持别名 *{name}",
        hint_en="write the value out where it is needed",
        hint_zh="请在需要的地方直接写出该值",
    ),
    "document.tag": Text(
        en="the tag {tag} is not understood",
        zh="不支持标签 {tag}",
        hint_en="remove it; a definition is plain data",
        hint_zh="请删除；定义只含普通数据",
    ),
    "document.key_twice": Text(
        en="the key '{key}' stands here for the second time, first in line {first}",
        zh="键“{key}”重复出现，首次出现在第 {first} 行",
        hint_en="keep one of them",
        hint_zh="请只保留一个",
    ),
    "document.key_text": Text(en="a key is text", zh="键必须是文本"),
    "document.key_length": Text(en="a key has at most {limit} characters", zh="键最多 {limit} 个字符"),
    "document.number": Text(en="a number has at most {limit} characters", zh="数字最多 {limit} 个字符"),
    "document.not_finite": Text(
        en="{value} is not a number that a definition can hold",
        zh="定义中不能使用 {value} 这样的数字",
    ),
    "document.characters": Text(en="the text holds half of a surrogate pair", zh="文本含有不成对的代理字符"),
    "document.plain": Text(
        en="a document holds plain data, not a {value}",
        zh="文档只能含普通数据，而不是 {value}",
        hint_en="write it as text, or build the workflow with Workflow(...)",
        hint_zh="请写成文本，或使用 Workflow(...) 构造流程",
    ),
    "document.unknown_key": Text(
        en="there is no key '{key}' here",
        zh="此处没有键“{key}”",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "document.missing": Text(en="the key '{key}' is missing", zh="缺少键“{key}”"),
    "document.type": Text(
        en="this takes {expected}, not {got} ({value})",
        zh="此处应为{expected}，而不是{got}（{value}）",
    ),
    "document.unreadable": Text(
        en="the definition cannot be read: {why}",
        zh="无法读取定义：{why}",
    ),
}
