"""Knows how a clock counts when it is walked minute by minute; must not know segments, marks or bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ORDER = ("cancel", "stop", "reset", "pause", "resume", "start")
HORIZON = 60 * 24 * 30


class Walk:
    """
    One clock over whole minutes.

    ``is_open`` tells whether the minute that begins there counts. Everything happens on minutes.
    """

    def __init__(self, within: int, is_open: Callable[[int], bool]) -> None:
        self.within = within
        self.is_open = is_open
        self.phase = "idle"
        self.cycle = 0
        self.counted = 0
        self.since = 0
        self.counted_at_since = 0
        self.due: int | None = None
        self.breached_at: int | None = None

    def state(self, history: Sequence[tuple[int, str]], at: int) -> tuple[int, int | None, int | None, str, int]:
        """Counted minutes, due, breached_at, phase and cycle at a minute."""
        first = min((minute for minute, _ in history), default=at)
        for minute in range(min(first, at), at + 1):
            if self.phase == "running" and self.breached_at is None and self.due is not None and minute > self.due:
                self.breached_at = self.due
            here = [operation for when, operation in history if when == minute]
            for operation in sorted(here, key=ORDER.index):
                self.apply(operation, minute)
            if minute < at and self.phase == "running" and self.is_open(minute):
                self.counted += 1
        return self.counted, self.due, self.breached_at, self.phase, self.cycle

    def apply(self, operation: str, minute: int) -> None:
        live = self.phase in {"running", "paused"}
        if operation == "start" and not live:
            self.phase, self.counted, self.breached_at, self.cycle = "running", 0, None, self.cycle + 1
            self.run_from(minute)
        elif operation == "reset" and live:
            self.counted, self.breached_at, self.due = 0, None, None
            if self.phase == "running":
                self.run_from(minute)
        elif operation == "pause" and self.phase == "running":
            self.phase, self.due = "paused", self.breached_at
        elif operation == "resume" and self.phase == "paused":
            self.phase = "running"
            self.run_from(minute)
        elif operation == "stop" and live:
            self.phase = "met"
        elif operation == "cancel" and live:
            self.phase, self.due = "cancelled", self.breached_at

    def run_from(self, minute: int) -> None:
        if self.breached_at is not None:
            return
        left = self.within - self.counted
        while left > 0:
            left -= self.is_open(minute)
            minute += 1
        self.due = minute
