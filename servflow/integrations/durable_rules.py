"""Knows how the `durable_rules` engine finds repetitions across tickets; must not know workflows, nor wait for real time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from attrs import frozen

from servflow.errors import InputError, LimitError, TimeError
from servflow.model import Record, Span, micros

MAX_COUNT = 8
"""More in a burst are a number to count, not a pattern to match: the engine keeps every increasing part of a window."""

_WORKER = Path(__file__).with_name("_durable_worker.py")
_NOT_INSTALLED = 3


@frozen(kw_only=True)
class Burst:
    """Records that came together: ``at`` is the instant of the last; ``sources`` are (ticket id, sequence), oldest first."""

    key: str
    at: datetime
    sources: tuple[tuple[str, int], ...]


def bursts(
    records: Iterable[tuple[str, Record]],
    *,
    by: Callable[[str, Record], str | None],
    count: int,
    within: str | timedelta,
    timeout: float | None = 60.0,
) -> tuple[Burst, ...]:
    """
    Every time *count* records of one key come within a span.

    A record belongs to one burst at most: after a burst counting begins anew. The span is elapsed time, and a record
    exactly that much later still belongs. The engine sees the instants of the records and no clock, so the same
    records always give the same bursts. It runs in a process of its own, since it keeps all it has seen for as long as
    its process lives, and a fault in its compiled part would end the host.

    Args:
        records: (ticket id, record) in any order; they are taken by (instant, ticket, sequence).
        by: the key a record counts for, None where it does not count.
        count: 2 to 8.
        within: such as ``"1h"``.
        timeout: seconds of real time after which the engine is stopped; the work grows with the square of the
            records. None waits for ever.

    Raises:
        InputError: *count* is out of bounds, or the engine is not installed.
        LimitError: the engine took longer than *timeout*, or failed.
        TimeError: *within* is not a span of elapsed time.
    """
    if type(count) is not int or not 2 <= count <= MAX_COUNT:
        raise InputError(
            f"count is a whole number from 2 to {MAX_COUNT}, not {count!r}", code="integrations.count", count=count
        )
    length = Span.of(within)
    if length.business_days:
        raise TimeError(
            f"{within!r} needs a calendar, which tickets do not share; write it as 24h or 3d", code="span", value=within
        )
    span = length.exact // timedelta(microseconds=1)
    ordered = sorted(records, key=lambda pair: (pair[1].at, pair[0], pair[1].sequence))
    counted = [(key, ticket, record) for ticket, record in ordered if (key := by(ticket, record)) is not None]
    messages = [(key, micros(record.at)) for key, _, record in counted]
    found = _ask({"count": count, "span": span, "messages": messages}, timeout)
    return tuple(
        Burst(
            key=counted[numbers[-1]][0],
            at=counted[numbers[-1]][2].at,
            sources=tuple((counted[number][1], counted[number][2].sequence) for number in numbers),
        )
        for numbers in found
    )


def _ask(question: dict[str, object], timeout: float | None) -> list[list[int]]:
    """What the engine answers, or an error that says what to do about it."""
    try:
        run = subprocess.run(
            [sys.executable, str(_WORKER)],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            f"durable_rules found no end within {timeout:g} s; give it fewer records at once or a longer timeout",
            code="integrations.timeout",
            timeout=timeout,
        ) from error
    if run.returncode == _NOT_INSTALLED:
        raise InputError(
            "durable_rules is not installed; pip install 'servflow[durable]' (it is compiled, so a C compiler is needed)",
            code="integrations.missing",
            package="durable_rules",
        )
    if run.returncode != 0:
        said = run.stderr.strip().splitlines()
        raise LimitError(
            f"durable_rules failed with status {run.returncode}: {said[-1] if said else 'it said nothing'}",
            code="integrations.failed",
            status=run.returncode,
        )
    answer: list[list[int]] = json.loads(run.stdout)
    return answer
