"""Knows the slow obvious way to look for something among facts: all of them again each time; must not know any state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from servflow.correlation import Correlator, Fact

Seen = tuple[datetime, str, tuple[str, ...]]
"""When, for which key, because of which facts."""


def scan(correlator: Correlator, facts: Sequence[Fact], until: datetime) -> list[Seen]:
    """Everything that is found among facts whose grace is over, in the order of (instant, key)."""
    past = [fact for fact in facts if fact.at + correlator.grace.exact < until]
    found: list[Seen] = []
    for key in sorted({fact.key for fact in past}):
        ordered = sorted((fact for fact in past if fact.key == key), key=lambda fact: fact.position)
        look = _absences if correlator.find == "absence" else _matches
        found += [(at, key, tuple(fact.id for fact in behind)) for at, behind in look(correlator, ordered, until)]
    return sorted(found)


def _matches(correlator: Correlator, facts: Sequence[Fact], _until: datetime) -> list[tuple[datetime, Sequence[Fact]]]:
    within = correlator.within.exact
    found: list[tuple[datetime, Sequence[Fact]]] = []
    begin, told, quiet_since = 0, False, None
    for index, fact in enumerate(facts):
        if told and fact.at - facts[index - 1].at <= within:
            continue  # told once, and they keep coming
        if told:
            begin, told = index, False
        window = [one for one in facts[begin : index + 1] if fact.at - one.at <= within]
        behind = _behind(correlator, window)
        if not behind:
            continue
        if correlator.quiet is not None and quiet_since is not None and fact.at - quiet_since <= correlator.quiet.exact:
            continue
        found.append((fact.at, behind))
        quiet_since = fact.at
        if correlator.after != "slide":
            begin = index + 1
        told = correlator.after == "once"
    return found


def _behind(correlator: Correlator, window: list[Fact]) -> Sequence[Fact]:
    count: Any = correlator.count
    if correlator.find == "count":
        return window if len(window) >= count else ()
    if correlator.find == "distinct":
        return window if len({(isinstance(one.value, bool), one.value) for one in window}) >= count else ()
    steps = len(correlator.steps)
    fitting = [
        chain
        for chain in combinations(window, steps)
        if chain[-1] is window[-1] and all(step in fact.steps for step, fact in enumerate(chain))
    ]
    return max(fitting, key=lambda chain: [fact.position for fact in reversed(chain)], default=())


def _absences(correlator: Correlator, facts: Sequence[Fact], until: datetime) -> list[tuple[datetime, Sequence[Fact]]]:
    within = correlator.within.exact
    found: list[tuple[datetime, Sequence[Fact]]] = []
    start: Fact | None = None
    for fact in facts:
        if start is not None and fact.at > start.at + within:
            found.append((start.at + within, [start]))
            start = None
        if fact.ends:
            start = None
        if fact.starts and start is None:
            start = fact
    if start is not None and start.at + within + correlator.grace.exact < until:
        found.append((start.at + within, [start]))
    return found


def seconds(number: float) -> timedelta:
    """A length of time."""
    return timedelta(seconds=number)
