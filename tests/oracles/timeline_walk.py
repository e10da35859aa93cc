"""Knows what a clock does in every single minute; must not know segments, rows or bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ORDER = ("cancel", "stop", "reset", "pause", "resume", "start")


def walk(history: Sequence[tuple[int, str]], at: int, is_open: Callable[[int], bool]) -> list[tuple[str, bool, int, int]]:
    """
    For every minute before *at*: the phase in it, whether it is open, the cycle, and the minutes counted at its end.

    A reset and a new cycle begin from nothing.
    """
    phase, cycle, counted = "idle", 0, 0
    by_minute: dict[int, list[str]] = {}
    for when, operation in history:
        by_minute.setdefault(when, []).append(operation)
    out = []
    for minute in range(at):
        for operation in sorted(by_minute.get(minute, ()), key=ORDER.index):
            live = phase in {"running", "paused"}
            if operation == "start" and not live:
                phase, cycle, counted = "running", cycle + 1, 0
            elif operation == "reset" and live:
                counted = 0
            elif operation == "pause" and phase == "running":
                phase = "paused"
            elif operation == "resume" and phase == "paused":
                phase = "running"
            elif operation in ("stop", "cancel") and live:
                phase = "over"
        opened = is_open(minute)
        counted += phase == "running" and opened
        out.append((phase, opened, cycle, counted))
    return out
