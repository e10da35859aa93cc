"""Knows what is told of a clock: its rows, its marks, the steps to its due instant; must not know how they are worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from attrs import field, frozen

from servflow.calendars import OpenTime
from servflow.calendars._local import length, local, plain
from servflow.errors import render
from servflow.model import EMPTY, FrozenMap, write_instant
from servflow.sla._rows import SECOND, Row
from servflow.sla._timeline_svg import drawn
from servflow.sla._timeline_text import written

Called = Callable[[str, str, str], str]

_NAMED = ("calendar", "clock", "table")
"""Facts that are names of parts of the workflow, by the kind they are of."""


@frozen
class Step:
    """
    One step of the answer to why a clock is due when it is.

    ``code`` names its sentence; ``facts`` are instants, lengths of time, names and numbers that fill it.
    """

    code: str
    facts: FrozenMap[str, Any] = EMPTY

    def text(self, lang: str = "en", zone: str = "UTC", called: Called | None = None) -> str:
        """The sentence in ``en`` or ``zh``: instants as a wall clock of *zone* shows them, names as *called* gives them."""
        facts = {name: _said(_name(name, value, lang, called), lang, zone) for name, value in self.facts.items()}
        return render(self.code, facts, lang)

    def to_data(self, zone: str = "UTC") -> dict[str, Any]:
        """JSON-ready: the code, the facts (instants in UTC, lengths in seconds) and the sentence in both languages."""
        facts = {name: _data(value) for name, value in self.facts.items()}
        return {"code": self.code, "facts": facts, "text": self.text("en", zone), "text_zh": self.text("zh", zone)}


def _name(kind: str, value: Any, lang: str, called: Called | None) -> Any:
    return called(kind, value, lang) if called is not None and kind in _NAMED and isinstance(value, str) else value


def _said(value: Any, lang: str, zone: str) -> Any:
    if isinstance(value, datetime):
        return local(value, zone, lang)
    if isinstance(value, timedelta):
        return length(value)
    if isinstance(value, tuple):
        return ("、" if lang == "zh" else ", ").join(plain(str(item)) for item in value)
    if isinstance(value, Mapping):
        return plain(value[lang])
    return plain(value) if isinstance(value, str) else value


def _data(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        return value / SECOND
    if isinstance(value, tuple):
        return [_data(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


@frozen
class MarkAt:
    """A mark and its instant: one that was ``reached``, or one that time alone will reach."""

    name: str
    at: datetime
    reached: bool

    def to_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"name": self.name, "at": write_instant(self.at), "reached": self.reached}


@frozen(kw_only=True)
class Timeline(Sequence[Row]):
    """
    The course of one cycle of a clock up to an instant, and why it is due when it is.

    It is a sequence of its rows: they touch, leave out stretches of no length, and the last ``total`` is ``counted``.
    ``why`` are the steps that lead to the due instant, in order. ``due`` is None while paused and unbreached, and equals
    ``breached_at`` once breached; ``due_if_resumed`` is when it would be due if it went on at ``at``, while paused.
    ``breached`` and ``over`` differ: over means that more is counted than promised. ``phase`` is ``idle``, ``running``,
    ``paused``, ``met`` or ``cancelled``; a clock that has not started has cycle 0, no rows, and ``within`` None where
    nothing is promised. ``zone`` is the one in which instants are told.
    """

    clock: str
    cycle: int
    phase: str
    at: datetime
    zone: str
    calendar: str | None
    within: timedelta | None
    counted: timedelta
    remaining: timedelta | None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    due: datetime | None = None
    breached_at: datetime | None = None
    due_if_resumed: datetime | None = None
    over: bool = False
    provisional: bool = False
    waived: str | None = None
    rows: tuple[Row, ...] = ()
    why: tuple[Step, ...] = ()
    marks: tuple[MarkAt, ...] = ()
    counting: OpenTime | None = field(default=None, repr=False)
    """The calendar that counts, None for time as it passes."""
    called: Called | None = field(default=None, repr=False, eq=False)
    """Gives what people call a part of the workflow, by kind, name and language; None: by its name."""

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def answer(self, lang: str = "en", zone: str | None = None) -> tuple[str, ...]:
        """The steps of ``why`` as sentences, in ``en`` or ``zh``."""
        return tuple(step.text(lang, zone or self.zone, self.called) for step in self.why)

    def named(self, kind: str, name: str, lang: str) -> str:
        """What people call a part of the workflow in a language."""
        return name if self.called is None else self.called(kind, name, lang)

    def states(self, inside: str, lang: str) -> str:
        """What people call the states of a row (``a+b`` where it was in several)."""
        return "+".join(self.named("state", name, lang) for name in inside.split("+"))

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        All of it for people: a line, the table with columns aligned also for wide characters, the steps.

        Of a long course the first and the last rows are told, and how many lie between.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; that of the calendar unless given.

        Raises:
            InputError: no such zone, or another language.
        """
        return written(self, lang, zone)

    def svg(self, lang: str = "en", zone: str | None = None) -> str:
        """
        A small picture to scale: what counted, what was closed, paused and late, the marks, the due instant.

        It is one ``<svg>`` with its own light background, without scripts, styles or links, and of bounded size; equal
        timelines give equal bytes. Every stretch tells its row to those who hover or listen.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; that of the calendar unless given.

        Raises:
            InputError: no such zone, or another language.
        """
        return drawn(self, lang, zone)

    def _repr_html_(self) -> str:
        # Notebooks ask for it by this name.
        return self.svg()

    def _repr_svg_(self) -> str:
        return self.svg()

    def to_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, lengths in seconds."""

        def at(value: datetime | None) -> str | None:
            return None if value is None else write_instant(value)

        def seconds(value: timedelta | None) -> float | None:
            return None if value is None else value / SECOND

        return {
            "clock": self.clock,
            "cycle": self.cycle,
            "phase": self.phase,
            "at": at(self.at),
            "zone": self.zone,
            "calendar": self.calendar,
            "within": seconds(self.within),
            "counted": seconds(self.counted),
            "remaining": seconds(self.remaining),
            "started_at": at(self.started_at),
            "stopped_at": at(self.stopped_at),
            "due": at(self.due),
            "breached_at": at(self.breached_at),
            "due_if_resumed": at(self.due_if_resumed),
            "over": self.over,
            "provisional": self.provisional,
            "waived": self.waived,
            "rows": [row.to_data() for row in self.rows],
            "why": [step.to_data(self.zone) for step in self.why],
            "marks": [mark.to_data() for mark in self.marks],
        }
