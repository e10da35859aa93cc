"""Knows what people do to a run: take notice, rest it, send it up or down, end it; must not know who they are."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from servflow.errors import InputError, TimeError, nearest, shown
from servflow.escalation._chain import Chain
from servflow.escalation._spans import ELAPSED, CalendarOf, later, plus, regained, time_left
from servflow.escalation._steps import FROZEN, ordered
from servflow.model import ChainRun, Span, instant


def _freeze(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """The run with what was left of its delay; while frozen ``base`` is the instant it froze at."""
    if run.phase in FROZEN:
        return run
    left = None
    if run.due is not None:
        level = chain.levels[run.level]
        left = time_left(level.after, at, run.due, cal_of(level.calendar))
    return evolve(run, base=at, due=None, left=left)


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
        return evolve(run, by=by)
    until = None if chain.ack_ttl is None else plus(at, chain.ack_ttl.exact)
    return evolve(_freeze(chain, run, at, cal_of), phase="acknowledged", until=until, by=by)


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
    return evolve(_freeze(chain, run, at, cal_of), phase="snoozed", until=until, by=by)


def wake_up(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """
    The run after its acknowledgement or snooze ended at *at*.

    It goes on with what was left, so every later instant moves by exactly the time that counted in
    between. With ``unack: restart`` an acknowledged run climbs again from the first level instead.
    """
    at = instant(at)
    if run.phase not in FROZEN:
        return run
    if run.phase == "acknowledged" and chain.unack == "restart":
        first = chain.levels[0]
        due = later(first.after, at, cal_of(first.calendar))
        return _thawed(evolve(run, climb=run.climb + 1, level=0, reminders=()), at, due)
    due_again: datetime | None = None
    if run.left is not None:
        level = chain.levels[run.level]
        due_again = regained(level.after, at, run.left, cal_of(level.calendar))
    return _thawed(_moved(chain, run, at, cal_of), at, due_again)


def _thawed(run: ChainRun, at: datetime, due: datetime | None) -> ChainRun:
    return evolve(run, phase="running", base=at, due=due, left=None, until=None, by=None)


def _moved(chain: Chain, run: ChainRun, at: datetime, cal_of: CalendarOf) -> ChainRun:
    """The frozen run with its reminders moved by the time that counted since it froze."""
    moved = []
    frozen_at = run.base if run.base is not None else at
    for reminder in run.reminders:
        level = chain.levels[reminder.level]
        every = Span() if level.remind is None else level.remind.every
        calendar = cal_of(level.calendar)
        left = time_left(every, frozen_at, reminder.due, calendar)
        moved.append(evolve(reminder, due=regained(every, at, left, calendar)))
    return evolve(run, reminders=ordered(moved))


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
    place = run.level if level is None else _place(chain, level)
    if run.phase in ("armed", "done") or place >= len(chain.levels):
        return run
    if run.phase in FROZEN:
        run = _thawed(_moved(chain, run, at, cal_of or (lambda _: ELAPSED)), at, None)
    climb_number = run.climb + 1 if place < run.level else run.climb
    return evolve(run, climb=climb_number, level=place, base=at, due=at)


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
