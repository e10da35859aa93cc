"""Knows how a correlator is run by the `durable_rules` engine; must not know workflows, nor wait for real time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from attrs import frozen

from servflow.correlation import Correlation, Correlator, Fact, Firing
from servflow.errors import InputError, TimeError
from servflow.integrations._durable_process import Process, Searcher
from servflow.model import Record, Span

MAX_COUNT = 8
"""More in one firing are a number to count, not a pattern to match: the engine keeps every increasing part of a window."""

MAX_RULES = 32
"""How many correlators one engine is given; with hundreds of rules it no longer comes to an end, and does not say so."""


class DurableCorrelator:
    """
    One correlator, or several, with the `durable_rules` engine as who looks among the facts; used as ``Correlation`` is.

    The facts of a key are loaded into a context of the engine once there are enough of them to match; of more than 1,000 keys
    the one that was longest unused gives its context up, and is loaded again when it comes back, since the engine fails at
    1,024. It runs in a
    process of its own: a fault in its compiled part would end the host. What it raises, and what an action raises within it, is
    raised here; so is what *act* raises, and the same firing is given to it again by the next call.

    Args:
        correlators: one, or several with different names.
        act: called with every firing before the call returns it.
        timeout: seconds of real time after which the engine is stopped. None waits for ever. The next call starts it anew.

    Raises:
        InputError: the engine cannot do what a correlator asks for (``integrations.cannot``), or there are more of them
            than it can hold (``integrations.rules``).
    """

    def __init__(
        self,
        correlators: Correlator | Iterable[Correlator],
        *,
        act: Callable[[Firing], Any] | None = None,
        timeout: float | None = 60.0,
    ) -> None:
        given = (correlators,) if isinstance(correlators, Correlator) else tuple(correlators)
        _check(given)
        self._process = Process({one.name: _rule(one) for one in given}, timeout)
        self._engines = {one.name: Correlation(one, Searcher(self._process, one, _joined(one))) for one in given}
        self._act = act
        self._waiting: deque[Firing] = deque()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of which something is remembered, sorted; with several correlators those of any."""
        return tuple(sorted({key for engine in self._engines.values() for key in engine.keys}))

    def feed(self, facts: Iterable[Fact] | Mapping[str, Iterable[Fact]], at: datetime | None = None) -> tuple[Firing, ...]:
        """
        Take in some facts.

        Args:
            facts: as for ``Correlation.feed``; with several correlators a mapping of their names to the facts of each.
            at: when they came; left out, each came at its own instant.

        Raises:
            InputError: the engine is not installed, or it was not said for which correlator facts are.
            LimitError: the engine took longer than the timeout, failed or raised.
            TimeError: *at* is naive or goes back.
        """
        for name, some in self._sorted(facts).items():
            self._waiting.extend(self._engines[name].feed(some, at))
        return self._handed()

    def advance(self, at: datetime) -> tuple[Firing, ...]:
        """
        Let time pass: what is complete strictly before *at*.

        Raises:
            LimitError: as for ``feed``.
            TimeError: *at* is naive or goes back.
        """
        for engine in self._engines.values():
            self._waiting.extend(engine.advance(at))
        return self._handed()

    def _sorted(self, facts: Iterable[Fact] | Mapping[str, Iterable[Fact]]) -> Mapping[str, Iterable[Fact]]:
        if isinstance(facts, Mapping):
            unknown = [name for name in facts if name not in self._engines]
            if not unknown:
                return facts
        elif len(self._engines) == 1:
            return dict.fromkeys(self._engines, facts)
        raise InputError(
            f"say for which correlator facts are, as {{name: facts}}; known are {', '.join(self._engines)}",
            known=tuple(self._engines),
        )

    def _handed(self) -> tuple[Firing, ...]:
        done = []
        while self._waiting:
            if self._act is not None:
                self._act(self._waiting[0])
            done.append(self._waiting.popleft())
        return tuple(done)

    def close(self) -> None:
        """End the engine's process; what is remembered stays, and the next call starts another."""
        self._process.close()

    def __enter__(self) -> DurableCorrelator:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _check(given: tuple[Correlator, ...]) -> None:
    if len(given) > MAX_RULES:
        raise InputError(
            f"{len(given)} correlators are more than the {MAX_RULES} rules the engine is given at once; spread them over"
            " several DurableCorrelator, or use servflow.correlation, which has no such bound",
            code="integrations.rules",
            count=len(given),
            limit=MAX_RULES,
        )
    if len({one.name for one in given}) < max(len(given), 1):
        raise InputError("give at least one correlator, and each with a name of its own", code="integrations.rules")
    for one in given:
        reason = _cannot(one)
        if reason is not None:
            raise InputError(
                f"durable_rules cannot run correlator {one.name!r}: {reason}; servflow.correlation can",
                code="integrations.cannot",
                correlator=one.name,
                reason=reason,
            )


def _cannot(correlator: Correlator) -> str | None:
    """Why the engine cannot do it; None where it can."""
    if correlator.find == "absence":
        return "an absence is told by time, and the engine's timers run by the clock of the machine"
    if correlator.after == "slide" or correlator.quiet is not None:
        return "'after: slide' and 'quiet' keep what made a firing, and the engine uses up what it matched"
    if _joined(correlator) > MAX_COUNT:
        return f"it joins {_joined(correlator)} records in one rule, and the engine can hold {MAX_COUNT}"
    return None


def _joined(correlator: Correlator) -> int:
    return len(correlator.steps) or correlator.count or 1


def _rule(correlator: Correlator) -> dict[str, Any]:
    span = correlator.within.exact // timedelta(microseconds=1)
    return {"find": correlator.find, "count": _joined(correlator), "span": span}


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
    Every time *count* records of one key come within a span: ``DurableCorrelator`` for records that are all there already.

    A record belongs to one burst at most: after a burst counting begins anew. The span is elapsed time, and a record
    exactly that much later still belongs. The engine sees the instants of the records and no clock, so the same
    records always give the same bursts.

    Args:
        records: (ticket id, record) in any order; they are taken by (instant, ticket, sequence).
        by: the key a record counts for, None where it does not count.
        count: 2 to 8.
        within: such as ``"1h"``.
        timeout: seconds of real time after which the engine is stopped. None waits for ever.

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
    if length.business_days or not length.exact:
        raise TimeError(
            f"{within!r} is no elapsed time; tickets share no calendar, so write it as 24h or 3d", code="span", value=within
        )
    keyed = [(by(ticket, record), ticket, record) for ticket, record in records]
    facts = [
        Fact(key=key, ticket=ticket, sequence=record.sequence, at=record.at) for key, ticket, record in keyed if key is not None
    ]
    correlator = Correlator(name="bursts", key="ticket", find="count", count=count, within=length)
    with DurableCorrelator(correlator, timeout=timeout) as engine:
        found = engine.feed(sorted(facts, key=lambda fact: fact.position))
    return tuple(
        Burst(key=one.key, at=one.at, sources=tuple((fact.ticket, fact.sequence) for fact in one.facts)) for one in found
    )
