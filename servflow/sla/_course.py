"""Knows what the records of a ticket say befell one clock; must not know how it is counted or shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.errors import InputError, shown
from servflow.model import (
    Amended,
    Breached,
    ClockPaused,
    ClockRecord,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockRun,
    ClockStarted,
    ClockStopped,
    Migrated,
    Moved,
    Opened,
    Received,
    Record,
    TimerFired,
    Waived,
    Warned,
)

_KINDS: Mapping[type[Record], str] = {
    ClockStarted: "started",
    ClockPaused: "paused",
    ClockResumed: "resumed",
    ClockStopped: "stopped",
    ClockReset: "reset",
    ClockRetargeted: "retargeted",
    Warned: "warned",
    Breached: "breached",
    Amended: "amended",
    Waived: "waived",
}


@frozen(kw_only=True)
class Turn:
    """
    One thing that befell a clock, and the clock after it.

    ``instant`` is when it counts from, ``told`` when the clock heard of it. ``by`` is what brought it about: the
    event, or ``open``. ``late`` says that it occurred before it was told, ``again`` that it was told before and only put
    in its place anew. ``mark`` and ``was`` are those of a mark that was reached or amended.
    """

    kind: str
    instant: datetime
    told: datetime
    run: ClockRun
    reason: str = ""
    by: str = ""
    late: bool = False
    again: bool = False
    mark: str = ""
    was: datetime | None = None


@frozen
class Course:
    """
    What befell one clock in one cycle, in the order in which it was recorded, and where its ticket was meanwhile.

    ``states`` are pairs of an instant and the state from then on, in order; before the first it is not known.
    """

    turns: tuple[Turn, ...] = ()
    states: tuple[tuple[datetime, str], ...] = ()

    def state_at(self, at: datetime) -> str | None:
        """The state at an instant; None where it is not known."""
        place = bisect_right(self.states, at, key=lambda pair: pair[0])
        return self.states[place - 1][1] if place else None

    def moves_inside(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The instants strictly between two others at which the state changed."""
        place = bisect_right(self.states, start, key=lambda pair: pair[0])
        while place < len(self.states) and self.states[place][0] < end:
            yield self.states[place][0]
            place += 1

    def cycle(self, number: int) -> Course:
        """The part of one cycle."""
        return Course(tuple(turn for turn in self.turns if turn.run.cycle == number), self.states)


NOTHING = Course()


def course_of(records: Iterable[Record], clock: str) -> Course:
    """
    What a ticket's records say about one clock, whatever it was called before a migration.

    The state changes when what changed it occurred, as clocks count; never before the change that was recorded
    ahead of it.

    Raises:
        InputError: what is given is not a list of records.
    """
    listed = _listed(records)
    names = _names(listed, clock)
    turns: list[Turn] = []
    states: list[tuple[datetime, str]] = []
    by, since = "", None
    for record, name in zip(listed, names, strict=True):
        if isinstance(record, Opened):
            by, since = "open", record.occurred
        elif isinstance(record, Received):
            # What the workflow raised itself belongs to the event that led to it.
            by, since = record.event, since if record.internal else record.occurred
        elif isinstance(record, TimerFired):
            by, since = record.timer.event, None
        elif isinstance(record, ClockRecord) and record.clock == name:
            turns.append(_turn(record, by, since is not None))
        if isinstance(record, (Opened, Moved, Migrated)):
            state = "+".join(record.configuration)
            at = record.at if since is None or isinstance(record, Migrated) else min(since, record.at)
            at = max(at, states[-1][0]) if states else at
            if not states or states[-1][1] != state:
                states.append((at, state))
    return Course(tuple(turns), tuple(states))


def _listed(records: Any) -> Sequence[Record]:
    listed = tuple(records) if isinstance(records, Iterable) and not isinstance(records, (str, bytes, Mapping)) else (records,)
    for item in listed:
        if not isinstance(item, Record):
            said = f"records are what outcomes and desk.history() give, in order, not {shown(item)}"
            raise InputError(said, code="records", value=shown(item))
    return listed


def _names(records: Sequence[Record], clock: str) -> list[str]:
    # Read backwards: only a migration to its present name tells what it was called before.
    name, out = clock, []
    for record in reversed(records):
        out.append(name)
        if isinstance(record, Migrated):
            name = next((old for old, new in record.clocks.items() if new == name), name)
    return out[::-1]


_AGAIN = "told before"  # so begins the reason of what only follows another thing that was told late


def _turn(record: ClockRecord, by: str, occurred: bool) -> Turn:
    again = record.reason.startswith(_AGAIN)
    mark = record.mark if isinstance(record, (Warned, Amended)) else "breach" if isinstance(record, Breached) else ""
    return Turn(
        kind=_KINDS.get(type(record), "changed"),
        instant=record.instant,
        told=record.at,
        run=record.run,
        reason="" if again else record.reason,
        by="" if again or isinstance(record, (Warned, Breached)) else by,
        late=occurred and not again and record.at > record.instant,
        again=again,
        mark=mark,
        was=record.was if isinstance(record, Amended) else None,
    )
