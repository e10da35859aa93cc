"""Knows the definition of a promise; must not know how far any clock has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, fields, frozen

from servflow.calendars import OpenTime, from_data
from servflow.errors import DefinitionError, shown
from servflow.model import FrozenMap, Span
from servflow.model._titles import read_title, written
from servflow.sla._conditions import Condition, plain_tree, read_condition
from servflow.sla._parts import (
    Choice,
    Mark,
    Problems,
    Relative,
    TableOutput,
    misspelt,
    read_choice,
    read_mark,
    read_names,
    read_output,
    read_target,
)
from servflow.sla._presets import OPTIONS, PRESETS

MAX_ITEMS = 64
"""How many choices, conditions, names or marks one list of a clock may hold."""

CONDITIONS = ("start", "stop", "pause", "resume", "reset", "cancel")
"""The parts of a clock that hold conditions."""
_PLACES = ("paused_in", "counts_in", "counts_in_queue")


def _given(value: Any) -> Any:
    # Taken as written: the whole clock is read at once, so that every problem is told at once.
    return value


@frozen(kw_only=True)
class Clock:
    """
    A promise: how much time it has, which time counts, and what starts, pauses and ends it.

    Every part may be given as a definition spells it; it is kept in one canonical form, so clocks
    that mean the same compare equal. Keyword, YAML key and attribute are one word each.

    ``within`` is a length of time (``"4h"`` and a ``timedelta`` count, ``"3d"`` passes, ``"2 business
    days"`` becomes an amount at the start), a place in the calendar (``{"end_of": "next business
    day"}``, ``{"at": "16:00", "of": "next business day"}``, also as text: ``"end of next business day"``), what a
    decision table gives (``{"table": "promises", "take": "repair"}``), or a list of ``{when, take}`` of which the
    first that holds is taken. ``calendar`` is a name, a calendar, what a table gives, such a list, or None: time counts as
    it passes. ``start`` empty means at the opening. ``until`` names states that stop it, which is short
    for ``stop``: both attributes tell the whole, in either spelling. ``paused_in`` names states in
    which it does not count, ``counts_in`` the only ones in which it does, and ``counts_in_queue`` the only queues.
    ``warn`` holds marks: ``"80%"``, ``"30m before"``, ``"1h after"``, and again and
    again ``"every 4h after"`` or ``"every 4h after, 6 times"``. ``parent`` names a clock of the workflow that
    caps this one: while both run it is never due later. ``shown`` is what
    each audience outside is told it is (``{customer: Repaired by}``, or a text for each language); no other audience
    sees it. ``title`` is what people inside call it, in one language or several.

    Options, the default first: ``on_retarget`` ``carry | restart | recount | keep``, ``on_reopen``
    ``new_cycle | resume | ignore``, ``on_calendar_change`` ``recompute | prospective``, ``breach``
    ``stays | follows`` (once another target or calendar leaves time again), ``breached_by`` ``due | over``
    (past the due instant, or once more than the target is counted), ``marks`` ``once | again`` (where another
    target puts them ahead again), ``display`` ``due | next_opening``. ``preset`` names a product of ``PRESETS``
    and is short for its options; those written beside it win.

    >>> clock = Clock(name="repair", within="24h", until="settling", warn=["80%"])
    >>> clock == Clock(name="repair", within="1440m", stop=[{"state": "settling"}], warn=["80.0 %"])
    True

    Raises:
        DefinitionError: anything is not as described; the findings tell all of it, with paths
            that begin at the clock (``warn[1]``).
    """

    name: str = field(converter=_given)
    within: Span | Relative | TableOutput | tuple[Choice, ...] = field(converter=_given)
    calendar: str | OpenTime | TableOutput | tuple[Choice, ...] | None = field(default=None, converter=_given)
    start: tuple[Condition, ...] = field(default=(), converter=_given)
    until: tuple[str, ...] = field(default=(), converter=_given)
    stop: tuple[Condition, ...] = field(default=(), converter=_given)
    pause: tuple[Condition, ...] = field(default=(), converter=_given)
    paused_in: tuple[str, ...] = field(default=(), converter=_given)
    counts_in: tuple[str, ...] = field(default=(), converter=_given)
    counts_in_queue: tuple[str, ...] = field(default=(), converter=_given)
    resume: tuple[Condition, ...] = field(default=(), converter=_given)
    reset: tuple[Condition, ...] = field(default=(), converter=_given)
    cancel: tuple[Condition, ...] = field(default=(), converter=_given)
    warn: tuple[str, ...] = field(default=(), converter=_given)
    parent: str | None = field(default=None, converter=_given)
    on_retarget: str = field(default=None, converter=_given)
    on_reopen: str = field(default=None, converter=_given)
    on_calendar_change: str = field(default=None, converter=_given)
    breach: str = field(default=None, converter=_given)
    breached_by: str = field(default=None, converter=_given)
    marks: str = field(default=None, converter=_given)
    display: str = field(default=None, converter=_given)
    preset: str | None = field(default=None, converter=_given, eq=False)
    shown: FrozenMap[str, str] = field(default=None, converter=_given)
    title: str = field(default="", converter=_given)
    early_marks: tuple[Mark, ...] = field(init=False, default=(), eq=False, repr=False)
    late_marks: tuple[Mark, ...] = field(init=False, default=(), eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for name, value in _read(self).items():
            object.__setattr__(self, name, value)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The targets as a list of choices, whichever way they were written."""
        return self.within if isinstance(self.within, tuple) else (Choice(None, self.within),)

    @property
    def calendars(self) -> tuple[Choice, ...]:
        """The calendars as a list of choices, whichever way they were written."""
        return self.calendar if isinstance(self.calendar, tuple) else (Choice(None, self.calendar),)

    @property
    def counts_days(self) -> bool:
        """Whether a target is told in business days, which only a calendar knows."""
        takes = (choice.take for choice in self.choices)
        return any(isinstance(take, Relative) or (isinstance(take, Span) and take.business_days > 0) for take in takes)

    def to_data(self) -> dict[str, Any]:
        """The definition in its canonical, JSON-ready form without defaults; ``Clock(**data)`` is equal to it."""
        out: dict[str, Any] = {"name": self.name, "within": _written(self.within)}
        if self.title:
            out["title"] = written(self.title)
        if self.calendar is not None:
            out["calendar"] = _written(self.calendar)
        for key in CONDITIONS:
            if key == "stop":
                listed = [item.to_data() for item in self.stop if not short(item)]
                out |= {"until": list(self.until)} if self.until else {}
            else:
                listed = [item.to_data() for item in getattr(self, key)]
            if listed:
                out[key] = listed
            if key == "pause":
                out |= {where: list(getattr(self, where)) for where in _PLACES if getattr(self, where)}
        if self.warn:
            out["warn"] = list(self.warn)
        if self.parent is not None:
            out["parent"] = self.parent
        if self.shown:
            out["shown"] = {audience: written(text) for audience, text in self.shown.items()}
        return out | {key: getattr(self, key) for key, known in OPTIONS.items() if getattr(self, key) != known[0]}


KEYS = tuple(item.name for item in fields(Clock) if item.init)
"""The words a clock's definition may use."""


def short(condition: Condition) -> bool:
    """Whether a condition that stops a clock is the one ``until`` is short for."""
    return condition.kind == "state" and condition.plain


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_line(choice) for choice in value]
    if isinstance(value, Span):
        return value.text
    return value if value is None or isinstance(value, str) else value.to_data()


def _line(choice: Choice) -> dict[str, Any]:
    return ({} if choice.when is None else {"when": plain_tree(choice.when)}) | {"take": _written(choice.take)}


def _read(clock: Clock) -> dict[str, Any]:
    problems = Problems()
    out: dict[str, Any] = {}
    name: Any = clock.name
    if not isinstance(name, str) or not name.strip():
        problems.add("name", "name", value=shown(name))
    out["within"] = _choices(clock.within, "within", read_target, problems)
    out["calendar"] = _choices(clock.calendar, "calendar", _read_calendar, problems)
    for key in CONDITIONS:
        out[key] = _read_conditions(getattr(clock, key), key, problems)
    until = read_names(clock.until, "until", problems)
    states = dict.fromkeys((*until, *(item.value for item in out["stop"] if short(item))))
    out["until"] = tuple(states)
    out["stop"] = (
        *(Condition("state", name) for name in states),
        *(item for item in out["stop"] if not short(item)),
    )
    for key in _PLACES:
        out[key] = read_names(getattr(clock, key), key, problems)
    marks = _read_marks(clock, out["within"], problems)
    out["warn"] = tuple(mark.name for mark in marks)
    out["early_marks"] = tuple(mark for mark in marks if not mark.late)
    out["late_marks"] = tuple(mark for mark in marks if mark.late)
    out |= _read_options(clock, problems)
    out["parent"] = _read_parent(clock, problems)
    out["shown"] = _read_shown(clock.shown, problems)
    out["title"] = read_title(clock.title, problems.found)
    problems.settle()
    return out


def _read_options(clock: Clock, problems: Problems) -> dict[str, str]:
    preset: Any = clock.preset
    if preset is not None:
        _one_of(preset, "preset", tuple(PRESETS), problems)
    meant = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    out: dict[str, str] = {}
    for key, known in OPTIONS.items():
        value: Any = getattr(clock, key)
        if value is None:
            out[key] = meant.get(key, known[0])
        else:
            _one_of(value, key, known, problems)
    return out


def _one_of(value: Any, key: str, known: tuple[str, ...], problems: Problems) -> None:
    if value not in known:
        problems.add("option", key, option=key, value=shown(value), known=known, **misspelt((value,), known))


def _read_parent(clock: Clock, problems: Problems) -> str | None:
    value: Any = clock.parent
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or value.strip() == clock.name:
        problems.add("parent", "parent", value=shown(value))
        return None
    return value.strip()


def _read_shown(value: Any, problems: Problems) -> FrozenMap[str, str]:
    if value is None:
        return FrozenMap()
    said: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, Mapping) else [(None, None)]
    plain = [item for audience, text in said for item in (audience, "-" if isinstance(text, Mapping) else text)]
    if len(said) > MAX_ITEMS or not all(isinstance(item, str) and item.strip() for item in plain):
        problems.add("shown", "shown", value=shown(value))
        return FrozenMap()
    return FrozenMap({audience: read_title(text, problems.found, f"shown.{audience}") for audience, text in said})


def _too_many(value: Any, path: str, problems: Problems) -> bool:
    if isinstance(value, (list, tuple)) and len(value) > MAX_ITEMS:
        problems.add("too_many", path, count=len(value), limit=MAX_ITEMS)
        return True
    return False


def _choices(value: Any, path: str, read: Callable[[Any, str, Problems], Any], problems: Problems) -> Any:
    if not isinstance(value, (list, tuple)):
        return read(value, path, problems)
    if _too_many(value, path, problems):
        return None
    if not value:
        problems.add("empty", path)
    out: list[Choice] = []
    for index, item in enumerate(value):
        choice = read_choice(item, f"{path}[{index}]", problems)
        if choice is None:
            continue
        if choice.when is None and index < len(value) - 1:
            problems.add("unreachable", f"{path}[{index}]", number=len(value) - 1 - index)
        out.append(Choice(choice.when, read(choice.take, f"{path}[{index}].take", problems)))
    return out[0].take if len(out) == 1 and out[0].when is None else tuple(out)


def _read_calendar(value: Any, path: str, problems: Problems) -> str | OpenTime | TableOutput | None:
    if value is None or isinstance(value, OpenTime):
        return value
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, TableOutput) or (isinstance(value, Mapping) and "table" in value):
        return read_output(value, path, problems)
    if isinstance(value, Mapping):
        try:
            return from_data(value)
        except DefinitionError as error:
            for finding in error.findings:
                problems.found.append(type(finding)(finding.code, f"{path}.{finding.path}", finding.facts))
            return None
    problems.add("calendar", path, value=shown(value))
    return None


def _read_conditions(value: Any, path: str, problems: Problems) -> tuple[Condition, ...]:
    single = isinstance(value, (Mapping, Condition))
    if not single and not isinstance(value, (list, tuple)):
        problems.add("conditions", path, value=shown(value))
        return ()
    if not single and _too_many(value, path, problems):
        return ()
    out: list[Condition] = []
    for index, item in enumerate((value,) if single else value):
        place = path if single else f"{path}[{index}]"
        found = read_condition(item, place, problems)
        if _too_many(found, place, problems):
            continue
        for condition in found:
            if condition in out:
                problems.add("duplicate", place, value=shown(condition.to_data()))
            else:
                out.append(condition)
    return tuple(out)


def _read_marks(clock: Clock, within: Any, problems: Problems) -> list[Mark]:
    value: Any = clock.warn
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)):
        problems.add("mark", "warn", value=shown(value))
        return []
    if _too_many(listed, "warn", problems):
        return []
    out: list[Mark] = []
    for index, item in enumerate(listed):
        mark = read_mark(item, f"warn[{index}]", problems)
        if mark is None:
            continue
        if any(mark.name == other.name for other in out):
            problems.add("duplicate", f"warn[{index}]", value=shown(mark.name))
        elif _passing(mark) and clock.calendar is not None and not _all_pass(within):
            problems.add("mark_days", f"warn[{index}]", value=shown(mark.name))
        else:
            out.append(mark)
    return out


def _passing(mark: Mark) -> bool:
    return mark.name.removeprefix("every ").partition(" ")[0].endswith(("d", "w"))


def _all_pass(within: Any) -> bool:
    takes = [choice.take for choice in within] if isinstance(within, tuple) else [within]
    return all(isinstance(take, Span) and take.elapsed for take in takes)
