"""Knows how much drawn lives may try: steps after a failure, records in one jump of time; must not know what a step does."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import Phase, settings
from hypothesis.control import cleanup, current_build_context
from hypothesis.errors import InvalidArgument, StopTest, UnsatisfiedAssumption

SHRINK_STEPS = 300
"""How many steps are taken to make a failing run shorter: some seconds. Counted, so that no clock decides what is reported."""

MAX_AT_ONCE = 150
"""How many records a jump of time should bring at most: timers that go round in minutes are not watched for weeks."""

PROBE = timedelta(hours=6)
"""By what happens in so much time, what happens in a longer one is guessed."""


class Search:
    """
    How much has been tried since a run failed: by the machines of one class, or by the lives that one test draws.

    Hypothesis makes a failing run shorter as long as that leads somewhere, at most for five minutes. Nobody waits so long
    at a test: once enough was tried, further runs end where they begin, but for the one that is reported.
    """

    def __init__(self) -> None:
        self._test: Any = None
        self._left: int | None = None

    def begin(self) -> None:
        """A run begins; it ends at once where enough has been tried."""
        try:
            context = current_build_context()
        except InvalidArgument:  # somebody drives a machine by hand
            return
        if context.is_final:  # it is reported, and the next run of the same test is a new one
            self._test = self._left = None
            return
        test = getattr(context, "wrapped_test", None)
        if test is not self._test:
            self._test, self._left = test, None
        if self._left is not None and self._left <= 0:
            # As if too much were drawn: of that nothing is concluded, while what is rejected once has to be rejected always.
            context.data.mark_overrun()
        cleanup(partial(self._ended, sys.exc_info()[1]))

    def step(self) -> None:
        """A step was taken."""
        if self._left is not None:
            self._left -= 1

    def _ended(self, before: BaseException | None) -> None:
        """A run is over: it has failed where something was raised in it, but for what only stops it."""
        raised = sys.exc_info()[1]
        if raised is not before and self._left is None and not isinstance(raised, (StopTest, UnsatisfiedAssumption)):
            self._left = SHRINK_STEPS


def usual(given: settings) -> settings:
    """
    The settings a machine starts with.

    Without the phase that tries which parts of a failing run do not matter: it takes longer than all the others.
    """
    return settings(given, phases=[phase for phase in given.phases if phase is not Phase.explain])


def paced(gap: timedelta, within_probe: int) -> timedelta:
    """As much of a jump as should bring no more than ``MAX_AT_ONCE`` records, by how many come within ``PROBE``."""
    if within_probe * (gap / PROBE) <= MAX_AT_ONCE:
        return gap
    return max(PROBE, PROBE * (MAX_AT_ONCE / within_probe))


__all__ = ["MAX_AT_ONCE", "PROBE", "SHRINK_STEPS", "Search", "paced", "usual"]
