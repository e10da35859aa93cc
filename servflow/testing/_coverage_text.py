"""Knows how a report of what was exercised reads in English and Chinese; must not know how it was counted."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

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


def _lines(coverage: Tally, lang: str) -> Iterator[str]:
    facts = {"percent": coverage.percent, "steps": coverage.steps, "refused": coverage.refused}
    yield word("head", lang, workflow=coverage.name, version=coverage.version, **facts)
    if coverage.passed_over:
        yield word("passed_over", lang, count=coverage.passed_over)
    colon = "：" if lang == "zh" else ": "
    for kind, (hit, many) in coverage.kinds.items():
        share = word("kind", lang, hit=hit, many=many, percent=100.0 * hit / many)
        yield f"  {word(kind, lang)}{colon}{share}"
    missed = coverage.missed
    if not missed:
        yield word("all", lang)
        return
    for key, dead in (("missed", False), ("impossible", True)):
        found = [item for item in missed if (item.key in coverage.impossible) is dead]
        if found:
            yield word(key, lang)
        yield from (f"  {line(item, coverage.line_of(item), lang)}" for item in found)


def line(item: Item, number: int | None, lang: str = "en") -> str:
    """One thing that was never exercised, with its place."""
    comma, left, right = ("，", "（", "）") if lang == "zh" else (", ", " (", ")")
    where = item.path if number is None else f"{item.path}{comma}{word('line', lang, line=number)}"
    return f"{word(f'a {item.kind}', lang)} {item.name}{comma + why(item, lang) if item.answer else ''}{left}{where}{right}"


def why(item: Item, lang: str = "en") -> str:
    """Which side of an item was never seen; empty where it has one only."""
    if not item.answer:
        return ""
    if item.answer in ("true", "false", "start", BREACH, NO_ROW):
        return word(item.answer, lang)
    return word("mark", lang, mark=item.answer)
