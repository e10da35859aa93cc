"""Knows how a timeline looks as text in columns; must not know how it was worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from servflow.calendars._local import columns_of, language, length, local, plain, zone_name
from servflow.sla._reasons import reason_in
from servflow.sla._rows import Row

if TYPE_CHECKING:
    from servflow.sla._timeline import Timeline

MOST_ROWS = 60
"""How many rows are told as text: of a longer course the first and the last."""

_WIDEST = 44  # columns of a state or a reason

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "from": "from",
        "to": "to",
        "state": "state",
        "phase": "phase",
        "reason": "reason",
        "elapsed": "elapsed",
        "open": "open",
        "counted": "counted",
        "total": "total",
        "idle": "not started",
        "running": "running",
        "paused": "paused",
        "folded": "one amount",
        "met": "stopped",
        "cancelled": "cancelled",
        "breached": "breached",
        "closed": "closed",
        "late": "late",
        "due": "due",
        "resumed": "resumed now due",
        "now": "now",
        "mark": "mark",
        "head": "Clock {clock}, cycle {cycle}, {at} ({zone}): {standing}",
        "of": "{counted} of {within} counted",
        "more": "... rows left out: {count}",
        "why": "Why:",
        "none": "nothing promised",
        "stop": "; ",
    },
    "zh": {
        "from": "起",
        "to": "止",
        "state": "状态",
        "phase": "阶段",
        "reason": "原因",
        "elapsed": "经过",
        "open": "营业",
        "counted": "计入",
        "total": "累计",
        "idle": "未启动",
        "running": "计时中",
        "paused": "暂停",
        "folded": "合并",
        "met": "已停止",
        "cancelled": "已取消",
        "breached": "已违约",
        "closed": "非营业",
        "late": "超时",
        "due": "到期",
        "resumed": "现在恢复则到期",
        "now": "现在",
        "mark": "提醒",
        "head": "时钟 {clock}，第 {cycle} 周期，{at}（{zone}）：{standing}",  # noqa: RUF001 - Chinese text uses full-width punctuation
        "of": "已计入 {counted} / {within}",
        "more": "…… 省略 {count} 行",
        "why": "依据：",  # noqa: RUF001 - as above
        "none": "没有承诺",
        "stop": "；",  # noqa: RUF001 - as above
    },
}


def written(line: Timeline, lang: str, zone: str | None) -> str:
    """The whole timeline as text."""
    words, where = WORDS[language(lang)], line.zone if zone is None else zone_name(zone)
    parts = [heading(line, lang, where)]
    if line.rows:
        parts += ["", *_table(line, lang, where, words)]
    parts += ["", words["why"]]
    parts += [f"  {number}. {said}" for number, said in enumerate(line.answer(lang, where), start=1)]
    return "\n".join(parts)


def heading(line: Timeline, lang: str, zone: str) -> str:
    """One line: which clock, as of when, and how it stands."""
    words = WORDS[lang]
    standing = [words[line.phase]]
    if line.within is None:
        standing.append(words["none"])
    else:
        standing.append(words["of"].format(counted=length(line.counted), within=length(line.within)))
    if line.due is not None:
        standing.append(f"{words['breached' if line.breached_at is not None else 'due']} {local(line.due, zone, lang)}")
    facts = {
        "clock": plain(line.named("clock", line.clock, lang)),
        "cycle": line.cycle,
        "at": local(line.at, zone, lang),
        "zone": zone,
    }
    return words["head"].format(**facts, standing=words["stop"].join(standing))


def _table(line: Timeline, lang: str, zone: str, words: Mapping[str, str]) -> list[str]:
    rows = line.rows
    columns = ("from", "to", "state", "phase", "reason", "elapsed", "open", "counted", "total")
    left_out = max(0, len(rows) - MOST_ROWS)
    head, tail = (rows, ()) if not left_out else (rows[: MOST_ROWS // 2], rows[-(MOST_ROWS // 2) :])
    cells = [[words[name] for name in columns], *(_cells(row, line, (lang, zone), words) for row in (*head, *tail))]
    widths = [max(columns_of(one[place]) for one in cells) for place in range(len(columns))]
    lines = [_line(one, widths) for one in cells]
    if left_out:
        lines.insert(1 + len(head), words["more"].format(count=left_out))
    return lines


def _cells(row: Row, line: Timeline, said: tuple[str, str], words: Mapping[str, str]) -> list[str]:
    lang, zone = said

    def at(value: datetime) -> str:
        return local(value, zone, lang)

    state = "-" if row.state is None else plain(line.states(row.state, lang), _WIDEST)
    reason = plain(reason_in(row.reason, lang), _WIDEST) or "-"
    lengths = [length(value) for value in (row.elapsed, row.open, row.counted, row.total)]
    return [at(row.start), at(row.end), state, words[row.phase], reason, *lengths]


_NUMBERS = 5  # from this column on they hold lengths of time


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    out = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - columns_of(cell))
        out.append(space + cell if place >= _NUMBERS else cell + space)
    return "  ".join(out).rstrip()
