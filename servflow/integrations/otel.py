"""Knows how what a desk and its workers do becomes spans and figures of OpenTelemetry; must not know where those are sent."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs

from servflow.desk import AsyncDesk, Desk
from servflow.errors import InputError, Refused, ServflowError, shown
from servflow.model import Outcome

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from servflow.desk import Telemetry

SCOPE = "servflow"
"""The name of the instrumentation scope of everything recorded here."""

Value = str | int | float | bool
Note = Callable[[str, Value], None]
D = TypeVar("D", Desk, AsyncDesk)

_COUNTED = ("servflow.tickets", "servflow.effects")
_UNITS: Mapping[str, str] = {"servflow.tickets": "{ticket}", "servflow.effects": "{effect}", "servflow.lateness": "s"}


class OpenTelemetry:
    """
    Spans, counters and histograms of OpenTelemetry, for ``Worker(telemetry=...)`` and ``traced``.

    Only the API of OpenTelemetry is used: what becomes of the spans and figures is up to the SDK that the host
    sets up, and without one nothing is recorded. A span is current in the thread it was begun in until it ends,
    so the spans that a handler begins are its children.

    Args:
        tracer_provider: the host's, where it is not the global one.
        meter_provider: the host's, where it is not the global one.

    Raises:
        InputError: OpenTelemetry is not installed.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise InputError(
                "OpenTelemetry is not installed; pip install 'servflow[otel]'",
                code="integrations.missing",
                package="opentelemetry-api",
            ) from error
        from servflow import __version__

        self._tracer = trace.get_tracer(SCOPE, __version__, tracer_provider)
        meter = metrics.get_meter(SCOPE, __version__, meter_provider)
        # Two instruments of one name would be two rows in some back ends, and a warning in the SDK.
        self._counter = functools.cache(lambda name: meter.create_counter(name, unit=_UNITS.get(name, "1")))
        self._histogram = functools.cache(lambda name: meter.create_histogram(name, unit=_UNITS.get(name, "1")))
        for name in _UNITS:  # before several threads ask for it at once
            (self._counter if name in _COUNTED else self._histogram)(name)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Value]) -> Iterator[Note]:
        """
        What is done inside, as a span that is current meanwhile; gives a function that sets a further attribute.

        An exception that leaves the block is recorded, and the span has failed.
        """
        with self._tracer.start_as_current_span(name, attributes=dict(attributes)) as span:
            yield span.set_attribute

    def count(self, name: str, value: int, attributes: Mapping[str, Value]) -> None:
        """Add to a counter; *value* is not negative."""
        self._counter(name).add(value, dict(attributes))

    def measure(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """One more figure of a histogram; *value* is not negative."""
        self._histogram(name).record(value, dict(attributes))


def traced(desk: D, telemetry: Telemetry | None = None) -> D:
    """
    The same desk, whose ``open``, ``fire``, ``tick``, ``deliver`` and ``migrate`` are spans, named ``servflow.open`` and so on.

    ``open`` and ``fire`` say the ticket, the event, the workflow, the state it came to and its revision; a round says its
    counts. A refusal is an answer and not a failure: its code is kept as ``servflow.refused``. Any other exception
    fails the span, with ``servflow.code`` where the error has one. The desk that is given stays as it is; both are over the
    same store. A ``Worker`` tells of its rounds itself: give it the plain desk.

    Args:
        telemetry: where the spans go; ``OpenTelemetry()`` where left out.

    Raises:
        InputError: it is no desk, or OpenTelemetry is not installed.
    """
    given: object = desk
    if not isinstance(given, (Desk, AsyncDesk)):
        raise InputError(f"traced takes a Desk or an AsyncDesk, not {shown(given)}")
    spans = OpenTelemetry() if telemetry is None else telemetry
    inside: Any = copy(desk)
    if isinstance(given, AsyncDesk):
        inside._desk = traced(inside._desk, spans)  # its verbs are those of this one, in threads that see the same span
        return cast("D", inside)
    for verb, said in (("open", _opened), ("fire", _fired), ("tick", _round), ("deliver", _round), ("migrate", _round)):
        # Bound to the copy, so that sources are handed the desk that is traced.
        setattr(inside, verb, _around(spans, f"servflow.{verb}", getattr(type(desk), verb).__get__(inside), said))
    # What joins a transaction is a copy too, and would take along verbs that are bound to this one.
    inside.in_transaction = lambda connection: traced(given.in_transaction(connection), spans)
    return cast("D", inside)


def _around(
    spans: Telemetry, name: str, verb: Callable[..., Any], said: Callable[..., Mapping[str, Value]]
) -> Callable[..., Any]:
    """A verb inside a span; *said* gives its attributes from the arguments, and from the result once there is one."""

    @functools.wraps(verb)
    def run(*given: Any, **named: Any) -> Any:
        refused: Refused | None = None
        with spans.span(name, said(None, *given, **named)) as note:
            try:
                result = verb(*given, **named)
            except Refused as error:
                note("servflow.refused", error.code)
                refused = error
            except ServflowError as error:
                note("servflow.code", error.code)
                raise
            else:
                for key, value in said(result, *given, **named).items():
                    note(key, value)
                return result
        try:
            raise refused
        finally:
            del refused  # it holds this frame, which would hold it

    return run


def _opened(
    outcome: Outcome | None,
    id: object = "",  # noqa: A002 - the word of the verb
    *_: object,
    **named: object,
) -> Mapping[str, Value]:
    return _came_to(outcome, {"servflow.ticket": str(id)})


def _fired(
    outcome: Outcome | None,
    id: object = "",  # noqa: A002 - as above
    event: object = "",
    *_: object,
    **named: object,
) -> Mapping[str, Value]:
    return _came_to(outcome, {"servflow.ticket": str(id), "servflow.event": str(event)})


def _came_to(outcome: Outcome | None, known: Mapping[str, Value]) -> Mapping[str, Value]:
    if outcome is None:
        return known
    ticket = outcome.ticket
    return {"servflow.workflow": ticket.workflow, "servflow.state": ticket.state, "servflow.revision": ticket.revision}


def _round(report: Any | None, *_: object, **named: object) -> Mapping[str, Value]:
    counts = {} if report is None else attrs.asdict(report, recurse=False)
    return {f"servflow.{name}": count for name, count in counts.items() if isinstance(count, int) and count}
