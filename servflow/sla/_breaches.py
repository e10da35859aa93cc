"""Knows how the breaches of a ticket's clocks are read from its records; must not know how a clock moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from servflow.model import Amended, Breached, ClockRecord, Record, Waived, write_instant
from servflow.sla._parts import BREACH


@frozen(kw_only=True)
class Breach:
    """
    One breach of a clock, as the records tell it; nothing that happens later takes it off the list.

    ``breached_at`` is when time was up, ``noted_at`` when that was recorded, ``within`` the target by which it was.
    ``amended`` says why it does not hold after all and ``amended_at`` since when that is known; ``waived`` why it is
    excused, by whom and when. All of these are None where nothing of the kind happened.
    """

    clock: str
    cycle: int
    breached_at: datetime
    noted_at: datetime
    within: timedelta
    amended: str | None = None
    amended_at: datetime | None = None
    waived: str | None = None
    waived_at: datetime | None = None
    by: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it has not been amended; a waived one holds."""
        return self.amended_at is None

    def to_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, the target in seconds."""
        return {
            "clock": self.clock,
            "cycle": self.cycle,
            "breached_at": write_instant(self.breached_at),
            "noted_at": write_instant(self.noted_at),
            "within": self.within.total_seconds(),
            "amended": self.amended,
            "amended_at": None if self.amended_at is None else write_instant(self.amended_at),
            "waived": self.waived,
            "waived_at": None if self.waived_at is None else write_instant(self.waived_at),
            "by": self.by,
        }


def breaches(records: Iterable[Record], clock: str | None = None) -> tuple[Breach, ...]:
    """
    Every breach a ticket's clocks ever had, in the order in which they were recorded, over all cycles.

    A breach that was amended stays in the list, and so does one whose clock was reset; the same clock can then be breached
    again, which is one more. Of a clock that was renamed by a migration the name is the one it had.

    Args:
        records: the ticket's records in order, from ``Opened`` on.
        clock: only this clock's.
    """
    found: list[Breach] = []
    standing: dict[tuple[str, int], int] = {}
    known: set[tuple[str, datetime]] = set()
    holding: set[tuple[str, datetime]] = set()
    for record in records:
        if not isinstance(record, ClockRecord) or (clock is not None and record.clock != clock):
            continue
        run, key = record.run, (record.clock, record.run.cycle)
        at = record.instant if isinstance(record, Breached) else run.breached_at
        if isinstance(record, Amended):
            if record.mark == BREACH:
                holding.discard((record.clock, record.was))
                _amend(found, record)
        elif at is not None and (record.clock, at) not in (holding if isinstance(record, Breached) else known):
            standing[key] = len(found)
            known.add((record.clock, at))
            holding.add((record.clock, at))
            one = Breach(clock=record.clock, cycle=run.cycle, breached_at=at, noted_at=record.at, within=run.within)
            found.append(one)
        if isinstance(record, Waived):
            place = standing.get(key if record.cycle is None else (record.clock, record.cycle))
            if place is not None:
                found[place] = evolve(found[place], waived=record.reason, waived_at=record.at, by=record.by)
    return tuple(found)


def _amend(found: list[Breach], record: Amended) -> None:
    # By its instant, for the clock may have begun again since: a reset, or another cycle.
    for place in reversed(range(len(found))):
        one = found[place]
        if one.clock == record.clock and one.breached_at == record.was and one.holds:
            found[place] = evolve(one, amended=record.reason, amended_at=record.at)
            return


__all__ = ["Breach", "breaches"]
