"""Knows how one climb of a chain goes on, instant by instant; must not know tickets, records or who is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from servflow.errors import InputError
from servflow.escalation._chain import Chain
from servflow.escalation._counting import counted, counting
from servflow.escalation._quiet import first_quiet
from servflow.escalation._spans import CalendarOf, Counts, later
from servflow.model import ChainRun, ReminderDue, Span, instant, replace

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
    calendar, found = counted(cal_of, entry, at)
    return ChainRun(
        chain=chain.name,
        hash=chain.hash,
        cause=cause,
        started_at=at,
        base=at,
        level=level,
        due=later(entry.after, at, calendar),
        reached=level,
        counted_in=found,
    )


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
    ``level``, ``reminder``, ``quiet`` (quiet hours end and what waited goes out), ``resume`` (an acknowledgement or snooze
    runs out). At one instant a level goes before a reminder, and both before what waited.
    """
    if run.phase in FROZEN:
        return None if run.until is None else (run.until, "resume")
    if run.phase == "done":
        return None
    if run.phase == "armed":
        return None if run.due is None else (run.due, "begin")
    first = None if run.due is None else (run.due, "level")
    if run.reminders and (first is None or run.reminders[0].due < first[0]):
        first = run.reminders[0].due, "reminder"
    if run.quiet and (first is None or run.quiet[0].due < first[0]):
        first = run.quiet[0].due, "quiet"
    return first


def ordered(reminders: list[ReminderDue]) -> tuple[ReminderDue, ...]:
    return tuple(sorted(reminders, key=lambda reminder: (reminder.due, reminder.level)))


def climb(chain: Chain, run: ChainRun, cal_of: CalendarOf, *, fired: bool = True, to: int | None = None) -> ChainRun:
    """
    The run after the level at ``run.level`` was reached at ``run.due``.

    The next level's delay counts from that scheduled instant, however late it was noticed. After the
    last level the climb is repeated where the chain says so; else the run is ``done`` as soon as no
    reminder is left.

    Args:
        fired: False where the level was passed over; it then leaves no reminder and was not reached.
        to: the later level the climb goes on with, from 0, instead of the next one.

    Raises:
        InputError: no level is due.
    """
    if run.due is None or run.phase != "running":
        raise InputError(f"no level of chain {run.chain!r} is due while it is {run.phase}", code="not_due", chain=run.chain)
    level, due = chain.levels[run.level], run.due
    reminders = run.reminders
    if fired and level.remind is not None:
        calendar, found = counting(cal_of, level, run.counted_in, due)
        first = ReminderDue(
            level=run.level, due=later(level.remind.every, due, calendar), left=level.remind.times, counted_in=found
        )
        reminders = ordered([*(known for known in reminders if known.level != run.level), first])
    above = run.level + 1 if to is None else to
    run = replace(run, reminders=reminders, reached=max(run.reached, above) if fired else run.reached)
    if above < len(chain.levels):
        coming = chain.levels[above]
        calendar, found = counted(cal_of, coming, due)
        return replace(run, level=above, base=due, due=later(coming.after, due, calendar), counted_in=found)
    if chain.repeat is not None and run.climb <= chain.repeat.times:
        entry = chain.levels[0]
        base = later(chain.repeat.after, due, counted(cal_of, entry, due)[0])
        calendar, found = counted(cal_of, entry, base)
        due = later(entry.after, base, calendar)
        return replace(run, climb=run.climb + 1, level=0, base=base, due=due, counted_in=found)
    return settled(chain, replace(run, level=above, base=due, due=None, counted_in=None))


def settled(chain: Chain, run: ChainRun) -> ChainRun:
    """The run, done where neither a level nor a reminder can come and nothing waits for quiet hours to end."""
    over = run.level >= len(chain.levels) and not run.reminders and not run.quiet
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
        calendar, found = counting(cal_of, level, sent.counted_in, sent.due)
        due = later(level.remind.every, sent.due, calendar)
        rest.append(evolve(sent, due=due, left=sent.left - 1, counted_in=found))
    return settled(chain, replace(run, reminders=ordered(rest)))


def speak(chain: Chain, run: ChainRun) -> ChainRun:
    """
    The run after what waited first for quiet hours to end went out.

    Raises:
        InputError: nothing waits.
    """
    said = first_quiet(run)
    if not said:
        raise InputError(f"nothing of chain {run.chain!r} waits for quiet hours to end", code="not_due", chain=run.chain)
    return settled(chain, replace(run, quiet=run.quiet[len(said) :]))


def hold(run: ChainRun) -> ChainRun:
    """The run while its level waits for something other than time: its condition, or somebody to reach."""
    return replace(run, due=None)


def release(run: ChainRun, at: datetime) -> ChainRun:
    """The run once a held level need not wait any longer: it is due at *at*, and later delays count from there."""
    return replace(run, due=instant(at))


def held(chain: Chain, run: ChainRun) -> bool:
    """Whether the run's next level waits for something other than time."""
    return run.phase == "running" and run.due is None and run.level < len(chain.levels)


def stop(run: ChainRun) -> ChainRun:
    """The run at its end; it leaves the ticket."""
    return replace(run, phase="done", due=None, left=None, until=None, reminders=(), quiet=())
