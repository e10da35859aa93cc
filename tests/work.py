"""Knows how to count the work that a call does, whatever the machine; must not know what is called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(call: Callable[[], Any], *, under: str = "servflow") -> int:
    """How many lines of our own code the call runs: the same on every machine, so that growth can be held to a bound.

    What C does within a line is not counted; a quadratic loop of ours is.
    """
    count = 0
    ours = f"/{under}/"

    def within(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return within

    def entered(frame: FrameType, _: str, __: Any) -> Any:
        return within if ours in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
