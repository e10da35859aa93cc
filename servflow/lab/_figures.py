"""Knows what the clocks of many tickets add up to; must not know what made them run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from servflow import sla
from servflow.engine import Workflow
from servflow.lab._report import ClockFigures, Tally
from servflow.model import MAX_SEGMENTS, ClockRun, Ticket

ZERO = timedelta()
_OPEN, _STOPPED, _CANCELLED = "open", "stopped", "cancelled"
_ENDS = {"met": _STOPPED, "cancelled": _CANCELLED}


@attrs.define
class _Sums:
    """Running sums of the cycles of one clock that ended alike."""

    counted: list[timedelta] = attrs.field(factory=list)
    paused: timedelta = ZERO
    met: int = 0
    breached: int = 0
    over: int = 0
    at_least: int = 0
    with_pause: int = 0

    def tally(self) -> Tally:
        ordered = sorted(self.counted)
        return Tally(
            cycles=len(ordered),
            counted=sum(ordered, ZERO),
            paused=self.paused,
            median=ordered[(len(ordered) - 1) // 2] if ordered else None,
            met=self.met,
            breached=self.breached,
            over=self.over,
            at_least=self.at_least,
            with_pause=self.with_pause,
        )


def _unbroken(run: ClockRun) -> bool:
    """Whether the cycle plainly ran in one piece from its start; most did, and need not be asked for their pauses."""
    segments = run.segments
    return len(segments) == 1 and segments[0].start == run.started_at and segments[0].end == run.stopped_at


class Tallies:
    """Adds up the clocks of one workflow, ticket by ticket."""

    def __init__(self, workflow: Workflow) -> None:
        self._compiled = workflow.compiled
        clocks = self._compiled.clock_names
        self._sums = {name: {end: _Sums() for end in (_STOPPED, _OPEN, _CANCELLED)} for name in clocks}
        self.folded = 0

    def add(self, ticket: Ticket, earlier: Mapping[tuple[str, int], ClockRun], last: datetime) -> None:
        """
        Add every cycle of every clock of a ticket.

        Args:
            ticket: as it stands at *last*.
            earlier: ended cycles by clock and number; those the ticket still holds are counted once.
            last: as of when cycles that have not ended are told.
        """
        clocks = ticket.clocks
        for run in clocks.values():
            self._add(run, last)
        for (name, cycle), run in earlier.items():
            if name not in clocks or clocks[name].cycle != cycle:
                self._add(run, last)

    def _add(self, run: ClockRun, last: datetime) -> None:
        end = _ENDS.get(run.phase, _OPEN)
        sums = self._sums[run.name][end]
        if run.since is None and (run.stopped_at or last) <= last:
            counted = run.counted  # it counts no more
        else:
            counted = sla.counted(run, last, self._compiled.counting(run.calendar))
        sums.counted.append(counted)
        if run.breached_at is not None:
            sums.breached += 1
        elif end == _STOPPED:
            sums.met += 1
        if counted >= run.within:
            sums.at_least += 1
            if counted > run.within:
                sums.over += 1
        if not _unbroken(run):
            paused = sla.paused(run, last)
            if paused:
                sums.paused += paused
                sums.with_pause += 1
        if run.folded and len(run.segments) >= MAX_SEGMENTS:
            self.folded += 1

    def figures(self) -> tuple[ClockFigures, ...]:
        """The figures of every clock, in the order of the definition."""
        return tuple(
            ClockFigures(
                name=name,
                stopped=sums[_STOPPED].tally(),
                open=sums[_OPEN].tally(),
                cancelled=sums[_CANCELLED].tally(),
            )
            for name, sums in self._sums.items()
        )
