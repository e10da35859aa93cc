"""Knows what a chain would do if nothing else happened; must not know tickets or how a chain is run for real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from servflow.errors import InputError, LimitError, TimeError, nearest, shown
from servflow.escalation import _answers, _steps
from servflow.escalation._addresses import symbols
from servflow.escalation._chain import Chain
from servflow.escalation._level import to_of
from servflow.escalation._quiet import first_quiet, hold_back, quiet_until, spoken_for
from servflow.escalation._spans import ELAPSED, CalendarOf, Counts, later
from servflow.model import Action, ChainRun, HeldBack, Span, instant

MAX_PLANNED = 20_000
OPERATIONS = ("ack", "unack", "snooze", "unsnooze", "escalate", "deescalate", "resolve", "stop")


@frozen
class Planned:
    """
    One thing a chain would do: at its scheduled instant (UTC), by the level at that place (from 0).

    ``to`` holds everybody the actions address, as words such as ``role:director``. ``kind`` is ``level``
    or ``reminder``, or ``quiet`` (quiet hours end and what was held back is said); ``climb``
    counts the climbs from 1. What a workflow plans tells more: the people found, the ``chain``, what became of it
    (``outcome``: ``fired``, ``coalesced``, ``empty``, ``skipped``, or ``stopped`` for a level that is not reached)
    and ``why``.
    """

    at: datetime
    level: int
    to: tuple[str, ...]
    actions: tuple[Action, ...]
    name: str = ""
    kind: str = "level"
    climb: int = 1
    chain: str = ""
    outcome: str = "fired"
    why: tuple[str, ...] = ()


def plan(
    chain: Chain,
    start: datetime,
    until: datetime,
    script: Iterable[tuple[Any, ...]] = (),
    *,
    calendars: Mapping[str, Counts] | CalendarOf | None = None,
    run: ChainRun | None = None,
) -> tuple[Planned, ...]:
    """
    Everything a chain would do from a start, or from where a run stands, by the very steps a ticket's run takes.

    Conditions are taken to hold and everybody to be reachable. Half-open like everything: a level set
    for *until* happens only once time is past it and is not planned.

    Args:
        start: when the trigger holds; for a run, from when on it is looked at. What it is late for by then comes too.
        until: where to stop looking.
        script: what people do meanwhile, as (instant, operation): ``ack``, ``unack``, ``snooze``,
            ``unsnooze``, ``escalate``, ``deescalate``, ``resolve`` or ``stop`` (the climb ends). A third entry gives the end
            of a snooze (an instant or a span that passes) or the level to go to. At one instant they apply in the order
            given, after everything set for an earlier instant; those before *start* are ignored.
        calendars: those the levels name, by name or as a function.
        run: a run of this very chain, as a ticket holds it, to go on from.

    Raises:
        TimeError: an instant is naive.
        InputError: a calendar is missing, an operation is unknown, or the run climbs another chain or edition.
        LimitError: more than 20,000 things would happen.
    """
    start, until = instant(start, "start"), instant(until, "until")
    calendar_of = calendar_finder(calendars)
    given: object = chain
    if not isinstance(given, Chain):
        raise InputError(f"a plan is of a Chain, not of {shown(given)}", code="chain")
    run = _steps.begin(chain, "plan", start, calendar_of) if run is None else _own(chain, run)
    done: list[Planned] = []
    entries = sorted(_scripted(script), key=lambda item: item[0])
    for at, operation in entries:
        if start <= at < until:
            run = _played(chain, run, at, calendar_of, done)
            run = operation(chain, run, at, calendar_of)
    _played(chain, run, until, calendar_of, done)
    return tuple(done)


def calendar_finder(calendars: Mapping[str, Counts] | CalendarOf | None) -> CalendarOf:
    """
    The function that finds calendars by name; for None it gives time as it passes.

    Raises:
        InputError: (when asked) no calendar has the name.
    """
    if callable(calendars):
        return calendars
    known = calendars or {}

    def find(name: str | None) -> Counts:
        if name is None:
            return ELAPSED
        found = known.get(name)
        if found is None:
            close = nearest(name, known)
            raise InputError(
                f"no calendar named {name!r} was given"
                + (f"; did you mean {close!r}?" if close else "; pass calendars={...} with every calendar the levels name"),
                code="no_calendar",
                calendar=name,
            )
        return found

    return find


def _own(chain: Chain, run: ChainRun) -> ChainRun:
    given: object = run
    if not isinstance(given, ChainRun):
        raise InputError(f"run is one of ticket.chains, not {shown(given)}", code="run")
    if run.chain != chain.name or run.hash != chain.hash:
        raise InputError(
            f"the run climbs {run.chain!r} as {run.hash[:12]} defines it, and this is {chain.name!r}, {chain.hash[:12]}; "
            "give the edition that it is pinned to",
            code="edition",
            chain=run.chain,
            hash=run.hash,
        )
    return run


def _played(chain: Chain, run: ChainRun, until: datetime, calendar_of: CalendarOf, done: list[Planned]) -> ChainRun:
    """The run after everything that is set for an instant strictly before *until*."""
    while (coming := _steps.next_due(run)) is not None and coming[0] < until:
        at, kind = coming
        if len(done) >= MAX_PLANNED:
            raise LimitError(f"more than {MAX_PLANNED} things are planned; give an earlier end", limit=MAX_PLANNED)
        if kind == "begin":
            run = evolve(_steps.begin(chain, run.cause, at, calendar_of), generation=run.generation)
        elif kind == "resume":
            run = _answers.wake_up(chain, run, at, calendar_of)
        elif kind == "reminder":
            run, planned = _quietly(chain, run, _planned(chain, run, at, run.reminders[0].level, kind), calendar_of)
            done.append(planned)
            run = _steps.remind(chain, run, calendar_of)
        elif kind == "quiet":
            done.append(_spoken(chain, run, at))
            run = _steps.speak(chain, run)
        else:
            run, planned = _quietly(chain, run, _planned(chain, run, at, run.level, kind), calendar_of)
            done.append(planned)
            run = _steps.climb(chain, run, calendar_of)
    return run


def _quietly(chain: Chain, run: ChainRun, planned: Planned, calendar_of: CalendarOf) -> tuple[ChainRun, Planned]:
    """What of a level or reminder is said at once, and the run with what waits for quiet hours to end."""
    ends = quiet_until(chain.quiet, planned.at, calendar_of)
    loud = [action for action in planned.actions if action.kind != "notify" or _urgent(action)]
    collapse = chain.late == "collapse" and planned.kind == "level"
    waiting = [
        HeldBack(level=planned.level, action=str(place), to=word, due=ends)
        for place, action in enumerate(chain.levels[planned.level].do)
        if ends is not None and action.kind == "notify" and not _urgent(action)
        for word in _words(action)
    ]
    if waiting and chain.quiet is not None:
        if chain.quiet.take == "later":
            run = hold_back(run, waiting, collapse=collapse)[0]
        said = "not said" if chain.quiet.take == "drop" else f"told at {waiting[0].due.isoformat()}"
        to = tuple(dict.fromkeys(word for action in loud for word in _words(action)))
        planned = evolve(planned, to=to, actions=tuple(loud), why=(f"quiet hours: {said}",))
    if collapse and any(action.kind == "notify" for action in planned.actions):
        run = spoken_for(run, planned.level)
    return run, planned


def _spoken(chain: Chain, run: ChainRun, at: datetime) -> Planned:
    notices = first_quiet(run)
    place = notices[0].level
    level = chain.levels[place]
    words = tuple(dict.fromkeys(notice.to for notice in notices))
    actions = tuple(action for action in level.do if action.kind == "notify" and not _urgent(action))
    return Planned(at, place, words, actions, level.name, "quiet", run.climb)


def _urgent(action: Action) -> bool:
    return isinstance(action.value, Mapping) and bool(action.value.get("urgent"))


def _words(action: Action) -> tuple[str, ...]:
    to = to_of(action)
    return () if to is None else tuple(symbols(to))


def _planned(chain: Chain, run: ChainRun, at: datetime, place: int, kind: str) -> Planned:
    level = chain.levels[place]
    actions = level.do if kind == "level" else tuple(action for action in level.do if action.kind == "notify")
    to = [word for _, asked in level.addressed(actions) for word in symbols(asked)]
    return Planned(at, place, tuple(dict.fromkeys(to)), actions, level.name, kind, run.climb)


_Operation = Callable[[Chain, ChainRun, datetime, CalendarOf], ChainRun]


def _scripted(script: Any) -> Iterator[tuple[datetime, _Operation]]:
    if isinstance(script, (str, bytes, Mapping)) or not isinstance(script, Iterable):
        raise InputError(f"a script is a list of (instant, operation), not {shown(script)}", code="operation", known=OPERATIONS)
    for entry in script:
        operation = _operation(entry)
        yield instant(entry[0], "script"), operation


def _operation(entry: Any) -> _Operation:
    name = entry[1] if isinstance(entry, (tuple, list)) and len(entry) in (2, 3) else None
    if not isinstance(name, str) or name not in OPERATIONS:
        close = nearest(name, OPERATIONS) if isinstance(name, str) else None
        raise InputError(
            f"{shown(entry)} is not (instant, operation); "
            + (f"did you mean {close!r}?" if close else f"operations are {', '.join(OPERATIONS)}"),
            code="operation",
            known=OPERATIONS,
        )
    extra = entry[2] if len(entry) == 3 else None

    def apply(chain: Chain, run: ChainRun, at: datetime, calendar_of: CalendarOf) -> ChainRun:
        if name == "ack":
            return _answers.acknowledge(chain, run, at, None, calendar_of)
        if name == "deescalate":
            return _answers.deescalate(chain, run, at, extra, cal_of=calendar_of)
        if name == "unsnooze":
            return _answers.end_snooze(chain, run, at, calendar_of)
        if name == "unack":
            return _answers.wake_up(chain, run, at, calendar_of)
        if name == "snooze":
            return _answers.snooze(chain, run, at, _snooze_end(at, extra), None, calendar_of)
        if name == "escalate":
            return _answers.escalate(chain, run, at, extra, cal_of=calendar_of)
        return _steps.stop(run)

    return apply


def _snooze_end(at: datetime, extra: Any) -> datetime | None:
    if extra is None or isinstance(extra, datetime):
        return extra
    length = Span.of(extra)
    if length.business_days or length.exact == timedelta():
        raise TimeError(f"{shown(extra)} does not say how long to snooze; write 2h or 3d", code="span", value=extra)
    return later(Span(length.exact, elapsed=True), at, ELAPSED)
