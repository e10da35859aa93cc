"""Knows how what chains would do, and what they did, is told, drawn and written as data; must not know how it comes about."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

from attrs import frozen

from servflow.calendars._local import columns_of, language, local, plain, zone_name
from servflow.escalation._causes import cause_text
from servflow.escalation._chain import Chain
from servflow.escalation._history import LEVELS, RunStory, Step
from servflow.escalation._plan import Planned
from servflow.escalation._words import asked_in, did_in, reason_in
from servflow.model import write_instant

MOST_ROWS = 200
"""How many rows a text or a drawing shows; of more the first and the last. The data holds all."""

_WIDEST = 60  # columns of a cell
_OUTWARD = {"call": "name", "open": "workflow", "send": "event", "start": "chain", "jump": "chain"}
_DRAWN = 20  # how many people one arrow or note names

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": (
        "What chains do for {ticket} from {at} until {until} ({zone})",
        "{ticket} 自 {at} 至 {until} 的升级动作（{zone}）",
    ),
    "one": (
        "What chain {chain} does for {ticket} from {at} until {until} ({zone})",
        "升级链 {chain} 对 {ticket} 自 {at} 至 {until} 的动作（{zone}）",
    ),
    "anybody": ("a ticket", "一张工单"),
    "history": ("What chains did ({zone})", "升级记录（{zone}）"),
    "nothing": ("Nothing happens.", "没有任何动作。"),
    "more": ("... rows left out: {count}", "…… 省略 {count} 行"),
    "at": ("at", "时刻"),
    "chain": ("chain", "升级链"),
    "level": ("level", "级别"),
    "what": ("what", "动作"),
    "to": ("to", "对象"),
    "remarks": ("remarks", "说明"),
    "begin": ("begins", "开始"),
    "armed": ("waits", "待命"),
    "started": ("starts", "启动"),
    "fired": ("fires", "触发"),
    "coalesced": ("coalesced", "合并"),
    "empty": ("nobody there", "无人可达"),
    "skipped": ("skipped", "跳过"),
    "stopped": ("ends", "结束"),
    "unreached": ("not reached", "未到达"),
    "reminder": ("reminds", "提醒"),
    "quiet": ("after quiet hours", "静默后发送"),
    "delivered": ("delivered", "已送达"),
    "failed": ("not delivered", "未送达"),
    "acknowledged": ("acknowledged", "已响应"),
    "snoozed": ("snoozed", "已暂缓"),
    "resumed": ("goes on", "继续"),
    "changed": ("changed", "变更"),
    "event": ("event", "事件"),
    "refused": ("refused", "被拒绝"),
    "down": ("engine down", "引擎停机"),
    "climb": ("climb {count}", "第 {count} 轮"),
    "until": ("until {at}", "至 {at}"),
    "by": ("by {who}", "由 {who}"),
}


def _word(key: str, lang: str, /, **facts: Any) -> str:
    return _WORDS[key][language(lang) == "zh"].format(**facts)


@frozen(kw_only=True)
class Scripted:
    """One thing that people or machines do in a plan: the event, and why it would be refused (empty: it would not)."""

    at: datetime
    event: str
    refused: str = ""

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"at": write_instant(self.at), "event": self.event, "refused": self.refused}


@frozen(kw_only=True)
class Plan:
    """
    What chains would do from ``at`` until ``until``, half-open; iterating gives every level and reminder as ``Planned``.

    ``runs`` tells each run with all that happens to it, also what precedes the plan where it goes on from there. ``events`` are
    those of the script, ``down`` the stretches in which nothing runs. ``chain`` is the one asked about; empty for all of them.
    """

    ticket: str = ""
    chain: str = ""
    at: datetime
    until: datetime
    steps: tuple[Planned, ...] = ()
    runs: tuple[RunStory, ...] = ()
    events: tuple[Scripted, ...] = ()
    down: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(
        cls, chain: Chain, at: datetime, until: datetime, planned: Iterable[Planned], events: Iterable[Scripted] = ()
    ) -> Plan:
        """What ``plan`` gave for a chain alone, with what its script held, to be shown."""
        return cls(chain=chain.name, at=at, until=until, steps=tuple(planned), events=tuple(events))

    def __iter__(self) -> Iterator[Planned]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, place: int) -> Planned: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Planned, ...]: ...
    def __getitem__(self, place: int | slice) -> Planned | tuple[Planned, ...]:
        return self.steps[place]

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """
        A table for people, with instants as a wall clock of the zone shows them.

        Raises:
            InputError: no such zone, or another language.
        """
        facts = {"ticket": plain(self.ticket) or _word("anybody", lang), "chain": plain(self.chain), "zone": zone_name(zone)}
        facts |= {"at": local(self.at, zone, lang), "until": local(self.until, zone, lang)}
        head = _word("one" if self.chain else "title", lang, **facts)
        return "\n".join([head, *table(self._rows(), lang, zone, chains=not self.chain)])

    def mermaid(self, lang: str = "en", zone: str = "UTC") -> str:
        """
        A Mermaid sequence diagram: the chains on the left, whoever is addressed beside them.

        Raises:
            InputError: no such zone, or another language.
        """
        return sequence(self._rows(), language(lang), zone_name(zone), self.chain)

    def to_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ticket": self.ticket,
            "chain": self.chain,
            "at": write_instant(self.at),
            "until": write_instant(self.until),
            "planned": [planned_data(item) for item in self.steps],
            "runs": [run.as_data() for run in self.runs],
            "events": [item.as_data() for item in self.events],
            "down": [[write_instant(start), write_instant(end)] for start, end in self.down],
        }

    def _rows(self) -> list[Line]:
        if not self.runs:
            rows = [_of_planned(item) for item in self.steps]
        else:
            rows = [_of_step(run, step) for run in self.runs for step in run.steps if step.recorded >= self.at]
        rows += [Line(at=item.at, what="refused" if item.refused else "event", level=item.event, why=_some(item.refused))
                 for item in self.events if item.refused or not item.event.startswith("chain.")]  # fmt: skip
        rows += [Line(at=start, what="down", until=end) for start, end in self.down]
        # An event goes before what it brings about; a level set for its very instant would only come after it.
        return sorted(rows, key=lambda row: (row.at, row.what not in ("event", "refused", "down"), row.sequence))


@frozen(kw_only=True)
class Line:
    """One row of a table, one arrow or note of a drawing."""

    at: datetime
    what: str
    chain: str = ""
    level: str = ""
    to: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    by: str | None = None
    climb: int = 1
    until: datetime | None = None
    begins: RunStory | None = None
    sequence: int = 0

    def remarks(self, lang: str, zone: str) -> str:
        """What stands beside: who did it, until when, what else was done, and why."""
        said = [_word("by", lang, who=self.by)] if self.by is not None else []
        said += [] if self.until is None else [_word("until", lang, at=local(self.until, zone, lang))]
        said += [] if self.begins is None else [cause_text(self.begins.cause, self.begins.definition, lang)]
        said += [*(did_in(one, lang) for one in self.did), *(asked_in(one, lang) for one in self.asks)]
        said += [reason_in(one, lang) for one in self.why] + (
            [_word("climb", lang, count=self.climb)] if self.climb > 1 else []
        )
        return plain(("；" if lang == "zh" else "; ").join(said), 160)


def planned_data(item: Planned) -> dict[str, Any]:
    """One planned thing as JSON-ready data."""
    return {
        "at": write_instant(item.at),
        "chain": item.chain,
        "level": item.level,
        "name": item.name,
        "kind": item.kind,
        "climb": item.climb,
        "outcome": item.outcome,
        "to": list(item.to),
        "why": list(item.why),
        "actions": [action.kind for action in item.actions],
    }


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _of_planned(item: Planned) -> Line:
    what = item.kind if item.kind in LEVELS[1:] and item.outcome == "fired" else item.outcome
    asks = tuple(dict.fromkeys(action.kind for action in item.actions))
    return Line(at=item.at, what=what, chain=item.chain, level=item.name, to=item.to, why=item.why, asks=asks, climb=item.climb)


def _of_step(run: RunStory, step: Step) -> Line:
    what = step.kind
    if step.kind in LEVELS:
        what = "unreached" if step.outcome == "stopped" else step.outcome
        what = step.kind if what == "fired" and step.kind != "level" else what
    begins = run if step.kind == "started" else None
    return Line(
        at=step.at, what=what, chain=run.chain, level=step.name, to=step.to, why=step.why, did=step.did,
        asks=tuple(_asked(run, step)), by=step.by,
        begins=begins, climb=step.climb, until=step.until, sequence=step.sequence,
    )  # fmt: skip


def _asked(run: RunStory, step: Step) -> Iterator[str]:
    """What a level asks of the host beside telling people; it leaves no record of its own."""
    levels = () if run.definition is None else run.definition.levels
    if step.kind != "level" or step.outcome not in ("fired", "coalesced") or step.level is None or step.level >= len(levels):
        return
    for action in levels[step.level].do:
        if action.kind in _OUTWARD:
            value = action.value
            name = value.get(_OUTWARD[action.kind], "") if isinstance(value, Mapping) else value
            yield f"{action.kind}: {name}"


def history_text(runs: Iterable[RunStory], lang: str = "en", zone: str = "UTC") -> str:
    """
    What chains did, as a table for people.

    Raises:
        InputError: no such zone, or another language.
    """
    rows = sorted((_of_step(run, step) for run in runs for step in run.steps), key=lambda row: (row.at, row.sequence))
    return "\n".join([_word("history", lang, zone=zone_name(zone)), *table(rows, lang, zone)])


def table(rows: Sequence[Line], lang: str, zone: str, *, chains: bool = True) -> list[str]:
    """Rows in columns; wide characters take two."""
    if not rows:
        return [f"  {_word('nothing', lang)}"]
    head, tail, left_out = _cut(rows)
    names = ("at", *(("chain",) if chains else ()), "level", "what", "to", "remarks")
    cells = [[_word(name, lang) for name in names], *(_cells(row, lang, zone, chains) for row in (*head, *tail))]
    widths = [max(columns_of(line[place]) for line in cells) for place in range(len(names))]
    lines = [
        "  " + "  ".join(cell + " " * (width - columns_of(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    if left_out:
        lines.insert(1 + len(head), f"  {_word('more', lang, count=left_out)}")
    return lines


def _cut(rows: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line], int]:
    left_out = max(0, len(rows) - MOST_ROWS)
    return (rows, (), 0) if not left_out else (rows[: MOST_ROWS // 2], rows[-(MOST_ROWS // 2) :], left_out)


def _cells(row: Line, lang: str, zone: str, chains: bool) -> list[str]:
    chain = [plain(row.chain, _WIDEST) or "-"] if chains else []
    to = plain(", ".join(row.to), _WIDEST) or "-"
    return [
        local(row.at, zone, lang),
        *chain,
        plain(row.level, _WIDEST) or "-",
        _word(row.what, lang),
        to,
        row.remarks(lang, zone),
    ]


# drawing --------------------------------------------------------------------------------------------------------


def sequence(rows: Sequence[Line], lang: str, zone: str, alone: str = "") -> str:
    """Rows as a Mermaid sequence diagram, of one chain alone by its name; whatever a name holds is never read as syntax."""
    head, tail, left_out = _cut(rows)
    shown = (*head, *tail)
    chains = dict.fromkeys(row.chain for row in shown if row.chain)
    ids = {name: f"c{place}" for place, name in enumerate(chains)} or {"": "c0"}
    people = {name: f"p{place}" for place, name in enumerate(dict.fromkeys(one for row in shown for one in row.to[:_DRAWN]))}
    lines = ["sequenceDiagram"]
    lines += [f"    participant {key} as {_safe(name or alone) or _word('chain', lang)}" for name, key in ids.items()]
    lines += [f"    participant {key} as {_safe(name)}" for name, key in people.items()]
    first = next(iter(ids.values()))
    for row in head:
        lines.extend(_drawn(row, ids.get(row.chain, first), people, lang, zone))
    if left_out:
        lines.append(f"    Note over {first}: {_safe(_word('more', lang, count=left_out))}")
    for row in tail:
        lines.extend(_drawn(row, ids.get(row.chain, first), people, lang, zone))
    return "\n".join(lines) + "\n"


def _drawn(row: Line, chain: str, people: Mapping[str, str], lang: str, zone: str) -> Iterator[str]:
    """An arrow to everybody addressed, a dashed one where it does not arrive; a note where nobody is."""
    parts = (_safe(local(row.at, zone, lang), ":"), _safe(row.level), _word(row.what, lang))
    said = " ".join(part for part in parts if part)
    if not row.to:
        more = row.remarks(lang, zone)
        yield f"    Note over {chain}: {said}{' ' if more else ''}{_safe(more, ':')}"
        return
    arrow = "--x" if row.what in ("coalesced", "failed") else "->>"
    for name in row.to[:_DRAWN]:
        yield f"    {chain}{arrow}{people[name]}: {said}"
    if len(row.to) > _DRAWN:
        yield f"    Note over {chain}: {said} +{len(row.to) - _DRAWN}"


def _safe(text: str, more: str = "") -> str:
    """A text as Mermaid draws it: what could mean something to its lexer is written as ``#N;``, but for what is in *more*."""
    signs = " _-.,/()" + more
    return "".join(
        sign if sign.isalnum() or sign in signs or ord(sign) > 127 else f"#{ord(sign)};" for sign in plain(text, 100)
    )
