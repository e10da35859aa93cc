"""Knows the Chinese of words that stand for themselves in sentences; must not know which sentences."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import re
from collections.abc import Mapping

FACTS = frozenset({"expected", "got", "wanted", "why", "problem", "reason"})
"""The facts that hold such words; every other fact is shown as it is, because it may be a word of the document."""

_SHAPES: Mapping[str, str] = {
    "text": "text",
    "number": "a number",
    "whole number": "a whole number",
    "flag": "true or false",
    "list": "a list",
    "mapping": "a mapping",
    "nothing": "nothing",
}
"""Shape of a value -> how English says it."""

_CHINESE: Mapping[str, str] = {
    # kinds of names and parts
    "state": "状态",
    "event": "事件",
    "field": "字段",
    "role": "角色",
    "queue": "队列",
    "slot": "派单位",
    "calendar": "日历",
    "clock": "时钟",
    "chain": "升级链",
    "level": "级别",
    "mark": "提醒点",
    "output": "输出",
    "table": "决策表",
    "rule": "规则",
    "timer": "定时器",
    "rater": "评分人",
    "scale": "量表",
    "period": "周期",
    "way to resume": "恢复方式",
    "transition": "转移",
    "eventspec": "事件",
    "checkliststep": "检查步骤",
    "checklist": "检查清单",
    "approval": "审批",
    "shown": "显示文字",
    "policy": "派单策略",
    "part of the action": "动作参数",
    "fields": "字段",
    "events": "事件",
    "states": "状态",
    "calendars": "日历",
    "tables": "决策表",
    "transitions": "转移",
    "rules": "规则",
    "dispatch": "派单策略",
    "clocks": "时钟",
    "roles": "角色",
    "queues": "队列",
    "escalations": "升级链",
    "laws": "规律",
    "law": "规律",
    # shapes of values
    "text": "文本",
    "number": "数字",
    "whole number": "整数",
    "flag": "布尔值 true 或 false",
    "list": "列表",
    "mapping": "映射",
    "nothing": "空值",
    "another value": "其他值",
    "a list": "列表",
    "a single value": "单个值",
    # what a field's type expects
    "a whole number": "整数",
    "a whole number of at most 64 bits": "不超过 64 位的整数",
    "a whole number from 0 on, of at most 64 bits": "不超过 64 位的非负整数",
    "a number": "数字",
    "a number that a double can hold": "double 可表示的数字",
    "an exact number written as text, such as '12.50'": "写成文本的精确数，例如 '12.50'",
    "an exact number of at most 60 characters": "不超过 60 个字符的精确数",
    "a finite exact number": "有限的精确数",
    "true or false": "true 或 false",
    "an instant with its offset, such as 2026-03-02T09:00:00Z": "带时区偏移的时刻，例如 2026-03-02T09:00:00Z",
    "a length of time such as '4h'": "时长，例如 '4h'",
    "bytes": "字节串",
    "a map": "映射",
    "a map with text keys": "以文本为键的映射",
    "a plain value": "普通值",
    # what an input of a form expects
    "one value": "一个值",
    "a day and a time, such as 2026-03-02T09:00": "日期与时间，例如 2026-03-02T09:00",
    "bytes, written in base64": "base64 编码的字节串",
    "a time that the clocks show; that one is skipped when they are put forward": "当地存在的时间（该时间因拨快时钟而被跳过）",
    "a time that the clocks show once; that one comes twice, so add its offset, such as +02:00": (
        "不含歧义的时间（该时间出现两次，请加上偏移，例如 +02:00）"
    ),
    "an instant in the years 1 to 9999": "公元 1 至 9999 年之间的时刻",
    "a plain value (text, number, bool, instant, span, list or map)": "普通值（文本、数字、布尔、时刻、时长、列表或映射）",
    # what a parser of YAML or JSON says
    "expected a value": "此处应有一个值",
    "expected a key in double quotes": "此处应有带双引号的键",
    "expected a colon after the key": "键之后应有冒号",
    "more text after the end of the document": "文档结束之后还有多余的文本",
    "mapping values are not allowed here": "此处不能出现“键: 值”",
    "found unexpected end of stream": "文本意外结束",
    "could not find expected ':'": "缺少冒号",
    "special characters are not allowed": "含有不允许的控制字符",
    "the text cannot be read": "无法读取该文本",
}

_PATTERNS = (
    (re.compile(r"one of (.*)", re.DOTALL), r"以下之一：\1"),
    (re.compile(r"text of at most (\d+) characters"), r"不超过 \1 个字符的文本"),
    (re.compile(r"at most (\d+) items"), r"最多 \1 项"),
    (re.compile(r"a whole number from (-?\d+) to (-?\d+)"), r"\1 到 \2 的整数"),
    (re.compile(r"a whole number from (-?\d+) on"), r"不小于 \1 的整数"),
    (re.compile(r"a value nested at most (\d+) deep"), r"嵌套不超过 \1 层的值"),
    (re.compile(r".* is not a span(; write .*)?", re.DOTALL), "不是数字加单位"),
    (re.compile(r".* mixes days, .*", re.DOTALL), "不能混用天与小时"),
    (re.compile(r".* is negative; .*", re.DOTALL), "时长不能为负"),
    (re.compile(r".* is longer than 100 years", re.DOTALL), "超过 100 年"),
    (re.compile(r"expected a comma or '(.)'"), r"此处应有逗号或“\1”"),
    (re.compile(r"found character (.+) that cannot start any token"), r"\1 不能出现在此处"),
    (re.compile(r"expected (.+), but (?:found|got) (.+)"), r"此处应为 \1，实际是 \2"),
)


def said(word: str, lang: str) -> str:
    """
    A word of the engine as people say it.

    Args:
        word: what a fact holds; a word that is not known stays as it is.
        lang: ``zh``, or anything else for English.
    """
    if lang != "zh":
        return _SHAPES.get(word, word)
    known = _CHINESE.get(word)
    if known is not None:
        return known
    for pattern, translation in _PATTERNS:
        if pattern.fullmatch(word):
            return pattern.sub(translation, word)
    return word
