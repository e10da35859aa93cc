"""Knows how one climb of a chain goes on, instant by instant; must not know tickets, records or who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from attrs import evolve

from servflow.errors import InputError, TimeError, nearest, shown
from servflow.escalation._chain import Chain
from servflow.model import ChainRun, ReminderDue, Span, instant

FROZEN = ("acknowledged", "snoozed")
"""The phases in which no level and no reminder comes nearer."""

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a level is due whose calendar never opens again."""


class Counts(Protocol):
    """What a climb needs of a calendar."""

    def after(self, at: datetime, counted: timedelta) -> datetime: ...
    def between(self, a: datetime, b: datetime) -> timedelta: ...
    def after_days(self, at: datetime, n: int) -> datetime: ...


CalendarOf = Callable[[str | None], Counts]
"""Finds the calendar for a name; for None it gives time as it passes."""


def _plus(at: datetime, length: timedelta) -> datetime:
    return NEVER if length >= NEVER - at else at + length


def later(span: Span, at: datetime, calendar: Counts) -> datetime:
    """
    The instant a span leads to from *at*, an instant in UTC.

    Exact spans and business days count in the calendar and end at the left limit (closing time, not
    the next opening); days pass as time passes; a zero span is *at* itself. Where the calendar never
    opens again it is ``NEVER``: to refuse what led here would punish the ticket for its calendar.
    """
    if span.elapsed:
        return _plus(at, span.exact)
    if not span.exact and not span.business_days:
        return at
    try:
        found = calendar.after_days(at, span.business_days) if span.business_days else calendar.after(at, span.exact)
    except TimeError:
        return NEVER
    return min(found, NEVER)


def time_left(span: Span, at: datetime, due: datetime, calendar: Counts) -> timedelta:
    """What is left of a span that leads to *due*, as the span counts; never negative, the maximum where it never ends."""
    if due >= NEVER:
        return timedelta.max
    if due <= at:
        return timedelta()
    return due - at if span.elapsed else calendar.between(at, due)


def regained(span: Span, at: datetime, left: timedelta, calendar: Counts) -> datetime:
    """The instant that what was left of a span leads to from *at*."""
    return NEVER if left == timedelta.max else later(Span(left, elapsed=span.elapsed), at, calendar)


def begin(chain: Chain, cause: str, at: datetime, cal_of: CalendarOf, *, level: int = 0) -> ChainRun:
    """
    A run that begins at *at*; its first level is due ``after`` that.

    Args:
        cause: what started it; one cause starts a chain once.
        level: where to enter, from 0; see ``entry_level`` for a reopened ticket.
    """
    at = instant(at)
    entry = chain.levels[level]
    due = later(entry.after, at, cal_of(entry.calendar))
    return ChainRun(chain=chain.name, hash=chain.hash, cause=cause, started_at=at, base=at, level=level, due=due, reached=level)


def arm(chain: Chain, cause: str, at: datetime, span: Span | timedelta | str, cal: Counts) -> ChainRun:
    """
    A run that waits: it begins ``span`` after *at*, counted in *cal* like any span.

    ``due`` is when it begins; ``next_due`` calls that ``begin``, and ``begin`` with that instant starts it.
    """
    at = instant(at)
    due = later(Span.of(span), at, cal)
    return ChainRun(chain=chain.name, hash=chain.hash, cause=cause, started_at=at, phase="armed", base=at, due=due)


def entry_level(chain: Chain, reached: int) -> int:
    """
    Where a run on a reopened ticket enters, from 0, by ``on_reopen``.

    Args:
        reached: how many levels the ticket had climbed before (``run.reached``); 0 for none.
    """
    if chain.on_reopen == "restart" or reached <= 0:
        return 0
    return min(reached if chain.on_reopen == "next" else reached - 1, len(chain.levels) - 1)


def next_due(run: ChainRun) -> tuple[datetime, str] | None:
    """
    What time alone does next to a run, and the instant it is set for; None when time does nothing.

    It happens once time is strictly past that instant. The kinds: ``begin`` (an armed run starts),
    ``level``, ``reminder``, ``resume`` (an acknowledgement or snooze runs out). At one instant a level
    goes before a reminder.
    """
    if run.phase in FROZEN:
        return None if run.until is None else (run.until, "resume")
    if run.phase == "done":
        return None
    if run.phase == "armed":
        return None if run.due is None else (run.due, "begin")
    if run.reminders and (run.due is None or run.reminders[0].due < run.due):
        return run.reminders[0].due, "reminder"
    return None if run.due is None else (run.due, "level")


def _ordered(reminders: list[ReminderDue]) -> tuple[ReminderDue, ...]:
    return tuple(sorted(reminders, key=lambda reminder: (reminder.due, reminder.level)))


def climb(chain: Chain, run: ChainRun, cal_of: CalendarOf, *, fired: bool = True) -> ChainRun:
    """
    The run after the level at ``run.level`` was reached at ``run.due``.

    The next level's delay counts from that scheduled instant, however late it was noticed. After the
    last level the climb is repeated where the chain says so; else the run is ``done`` as soon as no
    reminder is left.

    Args:
        fired: False where the level was passed over; it then leaves no reminder and was not reached.

    Raises:
        InputError: no level is due.
    """
    if run.due is None or run.phase != "running":
        raise InputError(f"no level of chain {run.chain!r} is due while it is {run.phase}", code="not_due", chain=run.chain)
    level, due = chain.levels[run.level], run.due
    reminders = run.reminders
    if fired and level.remind is not None:
        first = ReminderDue(
            level=run.level, due=later(level.remind.every, due, cal_of(level.calendar)), left=level.remind.times
        )
        reminders = _ordered([*(known for known in reminders if known.level != run.level), first])
    above = run.level + 1
    run = evolve(run, reminders=reminders, reached=max(run.reached, above) if fired else run.reached)
    if above < len(chain.levels):
        coming = chain.levels[above]
        return evolve(run, level=above, base=due, due=later(coming.after, due, cal_of(coming.calendar)))
    if chain.repeat is not None and run.climb <= chain.repeat.times:
        calendar = cal_of(chain.levels[0].calendar)
        base = later(chain.repeat.after, due, calendar)
        return evolve(run, climb=run.climb + 1, level=0, base=base, due=later(chain.levels[0].after, base, calendar))
    return _settled(chain, evolve(run, level=above, base=due, due=None))


def _settled(chain: Chain, run: ChainRun) -> ChainRun:
    """The run, done where neither a level nor a reminder can come."""
    over = run.level >= len(chain.levels) and not run.reminders
    return stop(run) if over else run


def remind(chain: Chain, run: ChainRun, cal_of: CalendarOf) -> ChainRun:
    """
    The run after its earliest reminder went out; the next counts from that one's scheduled instant.

    Raises:
        InputError: no reminder is set.
    """
    if not run.reminders:
        raise InputError(f"no reminder of chain {run.chain!r} is set", code="not_due", chain=run.chain)
    sent, *rest = run.reminders
    level = chain.levels[sent.level]
    if sent.left > 1 and level.remind is not None:
        due = later(level.remind.every, sent.due, cal_of(level.calendar))
        rest.append(evolve(sent, due=due, left=sent.left - 1))
    return _settled(chain, evolve(run, reminders=_ordered(rest)))


def hold(run: ChainRun) -> ChainRun:
    """The run while its level waits for something other than time: its condition, or somebody to reach."""
    return evolve(run, due=None)


def release(run: ChainRun, at: datetime) -> ChainRun:
    """The run once a held level need not wait any longer: it is due at *at*, and later delays count from there."""
    return evolve(run, due=instant(at))


def held(chain: Chain, run: ChainRun) -> bool:
    """Whether the run's next level waits for something other than time."""
    return run.phase == "running" and run.due is None and run.level < len(chain.levels)


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
    until = None if chain.ack_ttl is None else _plus(at, chain.ack_ttl.exact)
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
    return evolve(run, reminders=_ordered(moved))


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


def stop(run: ChainRun) -> ChainRun:
    """The run at its end; it leaves the ticket."""
    return evolve(run, phase="done", due=None, left=None, until=None, reminders=())


class _Elapsed:
    """Time as it passes, as a calendar."""

    def after(self, at: datetime, counted: timedelta) -> datetime:
        return _plus(at, counted)

    def between(self, a: datetime, b: datetime) -> timedelta:
        return b - a

    def after_days(self, at: datetime, n: int) -> datetime:
        return _plus(at, timedelta(days=n))


ELAPSED: Counts = _Elapsed()
"""Time as it passes, for levels that name no calendar."""
