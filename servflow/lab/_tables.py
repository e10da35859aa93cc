"""Knows how a report reads as text in English and Chinese; must not know how its figures were found."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servflow.lab._report import Edge, Report

MOST_ROWS = 40
"""How many rows one table of the text shows; the data holds all."""

_ZH = {
    "workflow": "工作流",
    "version": "版本",
    "rows": "行数",
    "cases": "工单数",
    "conforming": "符合工作流",
    "changes of state": "状态变更",
    "kinds": "种类",
    "paths": "路径种类",
    "only part of the log was read": "只读取了日志的一部分",
    "where cases leave the workflow": "偏离工作流之处",
    "from": "自",
    "to": "至",
    "times": "次数",
    "refused": "被拒",
    "why": "原因",
    "for example": "例如",
    "(begins)": "（开始）",  # noqa: RUF001 - Chinese punctuation
    "(left open)": "（未关闭）",  # noqa: RUF001 - Chinese punctuation
    "clocks, in minutes": "时钟（分钟）",  # noqa: RUF001 - Chinese punctuation
    "clock": "时钟",
    "end": "结束方式",
    "cycles": "周期数",
    "counted": "计时",
    "paused": "暂停",
    "median": "中位数",
    "in time": "按时",
    "breached": "超时",
    "over": "超出目标",
    "at least": "达到目标",
    "with pause": "有暂停",
    "stopped": "已停止",
    "open": "未结束",
    "cancelled": "已取消",
    "states the map does not know": "映射中没有的状态",
    "state": "状态",
    "lines": "行号",
    "rows that could not be used, wholly or in part": "无法（完整）使用的行",  # noqa: RUF001 - Chinese punctuation
    "reason": "原因",
    "instants that went back, clamped": "时间倒退并被修正的行",
    "of these before the opening": "其中早于开单时间",
    "cases without an opening instant": "没有开单时间的工单",
    "cases that came back after another, their later rows left out": "在其他工单之后再次出现的工单（后面的行未使用）",  # noqa: RUF001 - Chinese punctuation
    "cycles with pauses too many to be told in full": "暂停过多而无法完整列出的周期",
    "and more": "还有更多",
}

Say = Callable[[str], str]


def tables(report: Report, lang: str) -> str:
    """The whole report as text; anything but ``zh`` reads as English."""

    def say(words: str) -> str:
        return _ZH[words] if lang == "zh" else words

    parts = [_head(report, say)]
    if report.deviations:
        parts.append(_deviations(report, say))
    if report.clocks:
        parts.append(_clocks(report, say))
    if report.unknown:
        parts.append(_unknown(report, say))
    notes = _notes(report, say)
    if notes:
        parts.append(notes)
    return "\n\n".join(parts) + "\n"


def _head(report: Report, say: Say) -> str:
    share = f" ({report.conforming / report.cases:.2%})" if report.cases else ""
    rows = [
        (say("workflow"), f"{report.workflow} ({say('version')} {report.version})"),
        (say("rows"), f"{report.rows:,}"),
        (say("cases"), f"{report.cases:,}"),
        (say("conforming"), f"{report.conforming:,}{share}"),
        (say("changes of state"), f"{report.edges:,} ({report.kinds} {say('kinds')})"),
        (say("paths"), f"{report.variants:,}"),
    ]
    if report.limited:
        rows.append((say("only part of the log was read"), ""))
    return _table(rows, right=())


def _deviations(report: Report, say: Say) -> str:
    head = [say(words) for words in ("from", "to", "times", "refused", "why", "for example")]
    rows = [_deviation(edge, say) for edge in report.deviations]
    return _titled(say("where cases leave the workflow"), head, rows, (2, 3), say)


def _deviation(edge: Edge, say: Say) -> Sequence[str]:
    source = say("(begins)") if edge.source is None else edge.source
    target = say("(left open)") if edge.target is None else edge.target
    why = ", ".join(f"{code} {count:,}" for code, count in edge.why.items())
    return source, target, f"{edge.count:,}", f"{edge.refused:,}", why, ", ".join(edge.examples[:3])


def _clocks(report: Report, say: Say) -> str:
    words = ("clock", "end", "cycles", "counted", "paused", "median", "in time", "breached", "over", "at least", "with pause")
    rows: list[Sequence[str]] = []
    for figures in report.clocks:
        for end, tally in (("stopped", figures.stopped), ("open", figures.open), ("cancelled", figures.cancelled)):
            if tally.cycles or end == "stopped":
                numbers = (tally.met, tally.breached, tally.over, tally.at_least, tally.with_pause)
                lengths = (_length(tally.counted), _length(tally.paused), _length(tally.median))
                counts = (f"{number:,}" for number in numbers)
                rows.append((figures.name, say(end), f"{tally.cycles:,}", *lengths, *counts))
    return _titled(say("clocks, in minutes"), [say(word) for word in words], rows, tuple(range(2, 11)), say)


def minutes(length: timedelta) -> int | float:
    """A length of time in minutes; whole where it is."""
    whole, rest = divmod(length, timedelta(minutes=1))
    return whole if not rest else length / timedelta(minutes=1)


def _length(value: timedelta | None) -> str:
    if value is None:
        return "-"
    told = minutes(value)
    return f"{told:,}" if isinstance(told, int) else f"{told:,.2f}"


def _unknown(report: Report, say: Say) -> str:
    head = [say(words) for words in ("state", "rows", "cases", "lines", "for example")]
    rows = [
        (
            item.state,
            f"{item.rows:,}",
            f"{item.cases:,}",
            ", ".join(map(str, item.lines[:10])) + (", ..." if item.rows > 10 else ""),
            ", ".join(item.examples[:3]),
        )
        for item in report.unknown
    ]
    return _titled(say("states the map does not know"), head, rows, (1, 2), say)


def _notes(report: Report, say: Say) -> str:
    parts = []
    if report.damaged:
        lines: dict[str, list[str]] = {}
        for item in report.damage:
            lines.setdefault(item.reason, []).append(str(item.line))
        rows = [
            (reason, f"{count:,}", ", ".join(lines.get(reason, ())[:10]) + (", ..." if count > 10 else ""))
            for reason, count in report.damaged.items()
        ]
        head = [say(words) for words in ("reason", "times", "lines")]
        parts.append(_titled(say("rows that could not be used, wholly or in part"), head, rows, (1,), say) + "\n")
    counts = (
        ("instants that went back, clamped", report.clamped),
        ("of these before the opening", report.before_opening),
        ("cases without an opening instant", report.without_opening),
        ("cases that came back after another, their later rows left out", report.returned.cases),
        ("cycles with pauses too many to be told in full", report.folded),
    )
    told = [(say(words), f"{count:,}") for words, count in counts if count]
    if told:
        parts.append(_table(told, right=(1,)))
    return "\n".join(parts).rstrip("\n")


def _titled(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], right: tuple[int, ...], say: Say) -> str:
    shown = list(rows[:MOST_ROWS])
    more = f"\n  {say('and more')}: {len(rows) - MOST_ROWS:,}" if len(rows) > MOST_ROWS else ""
    return f"{title}\n{_table([head, *shown], right=right)}{more}"


def _table(rows: Iterable[Sequence[str]], right: tuple[int, ...]) -> str:
    clean = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*clean, strict=False)]
    return "\n".join(
        "  "
        + "  ".join(
            _pad(cell, width, index in right) for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in clean
    )


def _printable(text: str) -> str:
    """What came from a log must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


def _pad(text: str, width: int, right: bool) -> str:
    gap = " " * (width - _width(text))
    return gap + text if right else text + gap


def _width(text: str) -> int:
    """Columns a text takes on a terminal, where Chinese takes two a letter."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
