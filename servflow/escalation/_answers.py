"""Knows what people do to a run: take notice, rest it, send it up or down, end it; must not know who they are."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from servflow.errors import InputError, TimeError, nearest, shown
from servflow.escalation._chain import Chain
from servflow.escalation._counting import counted, counting, freezing
from servflow.escalation._spans import ELAPSED, CalendarOf, later, plus, regained, time_left
from servflow.escalation._steps import FROZEN, ordered, settled
from servflow.model import ChainRun, Span, instant, replace


def _freeze(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """The run with what was left of its delay; while frozen ``base`` is the instant it froze at."""
    if run.phase in FROZEN:
        return run
    left, found = None, run.counted_in
    if run.due is not None:
        level = chain.levels[run.level]
        calendar, found = freezing(cal_of, level, found, at)
        left = time_left(level.after, at, run.due, calendar)
    # Somebody has taken notice, so what waited for quiet hours to end need not be said.
    return replace(run, base=at, due=None, left=left, counted_in=found, quiet=())


def acknowledge(chain: Chain, run: ChainRun, at: datetime, by: str | None, cal_of: CalendarOf) -> ChainRun:
    """
    The run after somebody took notice.

    With ``on_ack: pause`` levels and reminders freeze with what was left of their delays, for
    ``ack_ttl`` of time as it passes or until it is taken back; acknowledging again only begins
    ``ack_ttl`` anew. With ``on_ack: continue`` the climb goes on and only ``by`` is noted. A run that is
    armed or done stays as it is.
    """
    at = instant(at)
    if run.phase in ("armed", "done"):
        return run
    if chain.on_ack == "continue":
        return replace(run, by=by)
    until = None if chain.ack_ttl is None else plus(at, chain.ack_ttl.exact)
    return replace(_freeze(chain, run, at, cal_of), phase="acknowledged", until=until, by=by)


def snooze(  # noqa: PLR0917 - the order every step shares: what, when, until when, by whom, counted how
    chain: Chain, run: ChainRun, at: datetime, until: datetime | None, by: str | None, cal_of: CalendarOf
) -> ChainRun:
    """
    The run frozen until an instant, whatever ``on_ack`` says; it then goes on with what was left.

    Args:
        until: when the snooze runs out, later than *at*; None: only when it is taken back.

    Raises:
        TimeError: *until* is not later than *at*.
    """
    at = instant(at)
    if until is not None:
        until = instant(until, "until")
        if until <= at:
            raise TimeError(
                f"cannot snooze until {until.isoformat()}, which is not later than {at.isoformat()}", code="past", at=at
            )
    if run.phase in ("armed", "done"):
        return run
    return replace(_freeze(chain, run, at, cal_of), phase="snoozed", until=until, by=by)


def wake_up(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """
    The run after its acknowledgement or snooze ended at *at*.

    It goes on with what was left, so every later instant moves by exactly the time that counted in
    between, and is done where nothing was left. With ``unack: restart`` an acknowledged run climbs again from the first
    level instead.
    """
    at = instant(at)
    if run.phase not in FROZEN:
        return run
    if run.phase == "acknowledged" and chain.unack == "restart":
        first = chain.levels[0]
        calendar, found = counted(cal_of, first, at)
        again = replace(run, climb=run.climb + 1, level=0, reminders=(), counted_in=found)
        return _thawed(again, at, later(first.after, at, calendar))
    due_again: datetime | None = None
    found = run.counted_in
    if run.left is not None:
        level = chain.levels[run.level]
        calendar, found = counting(cal_of, level, found, at)
        due_again = regained(level.after, at, run.left, calendar)
    # What waited for quiet hours to end was silenced when it froze, and may have been all that was left.
    return settled(chain, _thawed(replace(_moved(chain, run, at, cal_of), counted_in=found), at, due_again))


def _thawed(run: ChainRun, at: datetime, due: datetime | None) -> ChainRun:
    return replace(run, phase="running", base=at, due=due, left=None, until=None, by=None)


def _moved(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """The frozen run with its reminders moved by the time that counted since it froze."""
    moved = []
    frozen_at = run.base if run.base is not None else at
    for reminder in run.reminders:
        level = chain.levels[reminder.level]
        every = Span() if level.remind is None else level.remind.every
        calendar, _ = freezing(cal_of, level, reminder.counted_in, frozen_at)
        left = time_left(every, frozen_at, reminder.due, calendar)
        moved.append(evolve(reminder, due=regained(every, at, left, calendar)))
    return replace(run, reminders=ordered(moved))


def escalate(
    chain: Chain, run: ChainRun, at: datetime, level: int | str | None = None, *, cal_of: CalendarOf | None = None
) -> ChainRun:
    """
    The run after somebody asked for the next level, or for a given one, now.

    The level is due at *at*. A frozen run goes on. Going back to a level the climb has passed begins a
    new climb there, so that no level fires twice in one climb. A run that is armed or done, or has no
    level above, stays as it is.

    Args:
        level: its place from 0 or its name; None for the next one.
        cal_of: moves the reminders of a frozen run; without it they move as time passes.

    Raises:
        InputError: the chain has no such level.
    """
    at = instant(at)
    place = _above(chain, run) if level is None else _place(chain, level)
    if run.phase in ("armed", "done") or place >= len(chain.levels):
        return run
    return _sent_to(chain, run, at, place, cal_of or (lambda _: ELAPSED))


def deescalate(
    chain: Chain, run: ChainRun, at: datetime, level: int | str | None = None, *, cal_of: CalendarOf | None = None
) -> ChainRun:
    """
    The run after somebody gave it back to a level below the one reached last, which hears of it now, in a new climb.

    Reminders of that level and of those above it end, and so does what they hold back in quiet hours. A frozen run goes
    on. A run that is armed or done, or has reached no level above the one asked for, stays as it is.

    Args:
        level: its place from 0 or its name; None for the one below the level reached last in this climb.
        cal_of: as for ``escalate``.

    Raises:
        InputError: the chain has no such level.
    """
    at = instant(at)
    last = run.level - 1
    place = last - 1 if level is None else _place(chain, level)
    if run.phase in ("armed", "done") or not 0 <= place < last:
        return run
    return _sent_to(chain, run, at, place, cal_of or (lambda _: ELAPSED))


def _above(chain: Chain, run: ChainRun) -> int:
    """The next level; where that one waits for something other than time, the one above it, if there is any."""
    waits = run.due is None and run.left is None and run.phase not in ("armed", "done")
    return run.level + 1 if waits and run.level + 1 < len(chain.levels) else run.level


def _sent_to(chain: Chain, run: ChainRun, at: datetime, place: int, cal_of: CalendarOf) -> ChainRun:
    if run.phase in FROZEN:
        run = _thawed(_moved(chain, run, at, cal_of), at, None)
    if place < run.level:
        reminders = tuple(one for one in run.reminders if one.level < place)
        quiet = tuple(one for one in run.quiet if one.level < place)
        run = replace(run, climb=run.climb + 1, reminders=reminders, quiet=quiet)
    return replace(run, level=place, base=at, due=at, counted_in=counted(cal_of, chain.levels[place], at)[1])


def take_back(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """
    The run after its acknowledgement was taken back, as ``unack`` says; nobody stands for it any more.

    A run that is snoozed or was not acknowledged stays as it is.
    """
    if run.phase == "acknowledged":
        return wake_up(chain, run, at, cal_of)
    return replace(run, by=None) if run.phase == "running" and run.by is not None else run


def end_snooze(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """The run after its snooze was ended before its time; one that is not snoozed stays as it is."""
    return wake_up(chain, run, at, cal_of) if run.phase == "snoozed" else run


def _place(chain: Chain, level: int | str) -> int:
    place: object = chain.index(level) if isinstance(level, str) else level
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(chain.levels):
        names = [known.name for known in chain.levels]
        close = nearest(level, names) if isinstance(level, str) else None
        raise InputError(
            f"chain {chain.name!r} has no level {shown(level)}"
            + (f"; did you mean {close!r}?" if close else f"; it has {', '.join(names)}"),
            code="no_level",
            chain=chain.name,
            level=level,
        )
    return place
