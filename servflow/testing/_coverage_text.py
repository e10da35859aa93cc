"""Knows how a report of what was exercised reads in English and Chinese; must not know how it was counted."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from servflow.sla import BREACH
from servflow.testing._coverage_items import NO_ROW, Item

if TYPE_CHECKING:
    from servflow.testing._coverage_tally import Tally

_WORDS: Mapping[str, tuple[str, str]] = {
    "head": (
        "{workflow} version {version}: {percent:.1f} % exercised in {steps} steps, {refused} of them refused",
        "{workflow} 第 {version} 版：已覆盖 {percent:.1f} %，共 {steps} 步，其中被拒绝 {refused} 步",
    ),
    "passed_over": (
        "{count} records belong to another version and were passed over",
        "{count} 条记录属于其他版本，未计入",
    ),
    "kind": ("{hit} of {many} ({percent:.0f} %)", "{hit}/{many}（{percent:.0f} %）"),
    "missed": ("never exercised:", "从未覆盖："),
    "impossible": ("impossible to exercise, as servflow check tells:", "不可能覆盖（见 servflow check）："),
    "all": ("everything was exercised", "已全部覆盖"),
    "line": ("line {line}", "第 {line} 行"),
    "state": ("states", "状态"),
    "transition": ("transitions", "转移"),
    "guard": ("answers of guards", "条件结果"),
    "timer": ("timers", "定时器"),
    "clock": ("clocks and their marks", "时钟与提醒点"),
    "level": ("levels of chains", "升级级别"),
    "row": ("rows of tables", "决策表行"),
    "rule": ("rules", "规则"),
    "dispatch": ("dispatch", "派单策略"),
    "a state": ("state", "状态"),
    "a transition": ("transition", "转移"),
    "a guard": ("guard", "条件"),
    "a timer": ("timer", "定时器"),
    "a clock": ("clock", "时钟"),
    "a level": ("level", "升级级别"),
    "a row": ("row", "决策表行"),
    "a rule": ("rule", "规则"),
    "a dispatch": ("dispatch", "派单策略"),
    "true": ("never held", "从未成立"),
    "false": ("always held", "从未不成立"),
    "unasked": ("never asked", "从未判断"),
    "start": ("never started", "从未开始"),
    BREACH: ("never breached", "从未超时"),
    NO_ROW: ("its default was never needed", "从未用到默认结果"),
    "mark": ("never reached {mark}", "从未到达 {mark}"),
}


def word(key: str, lang: str, **facts: object) -> str:
    """One of the words of a report."""
    text = _WORDS[key][lang == "zh"]
    return text.format(**facts) if facts else text


def told(coverage: Tally, lang: str = "en") -> str:
    """The report for people."""
    return "\n".join(_lines(coverage, lang))


def head(coverage: Tally, lang: str) -> str:
    """What all of it comes to, in one line."""
    facts = {"percent": coverage.percent, "steps": coverage.steps, "refused": coverage.refused}
    return word("head", lang, workflow=coverage.name, version=coverage.version, **facts)


def kind_lines(coverage: Tally, lang: str) -> Iterator[str]:
    """What each kind comes to."""
    colon = "：" if lang == "zh" else ": "
    for kind, (hit, many) in coverage.kinds.items():
        share = word("kind", lang, hit=hit, many=many, percent=100.0 * hit / many)
        yield f"  {word(kind, lang)}{colon}{share}"


def _lines(coverage: Tally, lang: str) -> Iterator[str]:
    yield head(coverage, lang)
    if coverage.passed_over:
        yield word("passed_over", lang, count=coverage.passed_over)
    yield from kind_lines(coverage, lang)
    missed = list(missed_of(coverage, lang))
    if not missed:
        yield word("all", lang)
        return
    for key, dead in (("missed", False), ("impossible", True)):
        found = [(item, told) for item, told in missed if (item.key in coverage.impossible) is dead]
        if found:
            yield word(key, lang)
        yield from (f"  {_placed(told, item, coverage.line_of(item), lang)}" for item, told in found)


def missed_of(coverage: Tally, lang: str) -> Iterator[tuple[Item, str]]:
    """Each thing that was never exercised, as people call it; a guard that gave neither answer is told once."""
    missed = coverage.missed
    asked = Counter((item.path, item.key in coverage.impossible) for item in missed if item.kind == "guard")
    for item in missed:
        if item.kind != "guard" or asked[item.path, item.key in coverage.impossible] < len(("true", "false")):
            yield item, _name_of(item, why(item, lang), lang)
        elif item.answer == "true":
            yield item, _name_of(item, word("unasked", lang), lang)


def _placed(told: str, item: Item, number: int | None, lang: str) -> str:
    """One thing that was never exercised, with its place."""
    comma, left, right = ("，", "（", "）") if lang == "zh" else (", ", " (", ")")
    where = item.path if number is None else f"{item.path}{comma}{line_word(number, lang)}"
    return f"{told}{left}{where}{right}"


def _name_of(item: Item, side: str, lang: str) -> str:
    comma = "，" if lang == "zh" else ", "
    return f"{word(f'a {item.kind}', lang)} {item.name}{comma + side if side else ''}"


def line_word(number: int, lang: str) -> str:
    """The number of a line, as reports write it."""
    return word("line", lang, line=number)


def why(item: Item, lang: str = "en") -> str:
    """Which side of an item was never seen; empty where it has one only."""
    if not item.answer:
        return ""
    if item.answer in ("true", "false", "start", BREACH, NO_ROW):
        return word(item.answer, lang)
    return word("mark", lang, mark=item.answer)
