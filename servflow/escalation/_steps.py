"""Knows how one climb of a chain goes on, instant by instant; must not know tickets, records or who is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from servflow.errors import InputError
from servflow.escalation._chain import Chain
from servflow.escalation._spans import CalendarOf, Counts, later
from servflow.model import ChainRun, ReminderDue, Span, instant

FROZEN = ("acknowledged", "snoozed")
"""The phases in which no level and no reminder comes nearer."""


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


def ordered(reminders: list[ReminderDue]) -> tuple[ReminderDue, ...]:
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
        reminders = ordered([*(known for known in reminders if known.level != run.level), first])
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
    return _settled(chain, evolve(run, reminders=ordered(rest)))


def hold(run: ChainRun) -> ChainRun:
    """The run while its level waits for something other than time: its condition, or somebody to reach."""
    return evolve(run, due=None)


def release(run: ChainRun, at: datetime) -> ChainRun:
    """The run once a held level need not wait any longer: it is due at *at*, and later delays count from there."""
    return evolve(run, due=instant(at))


def held(chain: Chain, run: ChainRun) -> bool:
    """Whether the run's next level waits for something other than time."""
    return run.phase == "running" and run.due is None and run.level < len(chain.levels)


def stop(run: ChainRun) -> ChainRun:
    """The run at its end; it leaves the ticket."""
    return evolve(run, phase="done", due=None, left=None, until=None, reminders=())
