"""Knows sets of time as sorted half-open spans; must not know zones or calendars."""

from __future__ import annotations

from collections.abc import Iterable

from servflow.calendars._zones import Spans


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """The union of spans in any order, touching ones joined and empty ones dropped."""
    out: Spans = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def common(left: Spans, right: Spans) -> Spans:
    """What lies in both."""
    out: Spans = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            out.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return out


def without(left: Spans, right: Spans) -> Spans:
    """What lies in the left and not in the right."""
    out: Spans = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if start < right[k][0]:
                out.append((start, right[k][0]))
            start = right[k][1]
            k += 1
        if start < end:
            out.append((start, end))
    return out


def length(spans: Spans) -> int:
    """How much time the spans hold."""
    return sum(end - start for start, end in spans)
