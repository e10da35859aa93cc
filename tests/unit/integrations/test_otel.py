"""Knows what a user of OpenTelemetry sees of a desk and its handlers; must not know how a worker goes about its rounds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen

from servflow.desk import AsyncDesk, Desk, Telemetry, Worker
from servflow.errors import InputError, NotFound, Refused
from servflow.integrations import OpenTelemetry, traced
from servflow.model import Open
from servflow.stores import MemoryStore, SqliteStore
from tests.requirements import require
from tests.unit.desk.tiny import NOON, TinyWorkflow


@frozen
class Seen:
    """A telemetry, and what an exporter and a reader got of it."""

    telemetry: OpenTelemetry
    provider: Any
    exporter: Any
    reader: Any

    def spans(self) -> list[Any]:
        """Everything that ended, in the order it ended."""
        return list(self.exporter.get_finished_spans())

    def names(self) -> list[str]:
        """The names of what ended."""
        return [span.name for span in self.spans()]

    def points(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Name of an instrument -> its rows: attributes, and the figure."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: [(dict(point.attributes), _figure(point)) for point in metric.data.data_points]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def _figure(point: Any) -> Any:
    """The sum of a counter, or how many and which sum a histogram has."""
    return point.value if hasattr(point, "value") else (point.count, point.sum)


@pytest.fixture
def seen() -> Iterator[Seen]:
    """A telemetry over an SDK that keeps everything in memory."""
    require("otel")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([reader], shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield Seen(OpenTelemetry(provider, meters), provider, exporter, reader)
    provider.shutdown()
    meters.shutdown()


def _desk(**more: Any) -> Desk:
    return Desk(TinyWorkflow(), MemoryStore(), now=lambda: NOON, **more)


class TestTelemetry:
    """What the methods of the protocol become."""

    def test_a_span_with_attributes(self, seen: Seen) -> None:
        """A span has the attributes it began with and those that were set on the way, and stands for itself."""
        with seen.telemetry.span("servflow.effect", {"servflow.ticket": "T1", "servflow.tries": 2}) as note:
            note("servflow.outcome", "delivered")
        [span] = seen.spans()

        assert ("servflow.effect", True) == (span.name, span.status.is_ok)
        assert {"servflow.ticket": "T1", "servflow.tries": 2, "servflow.outcome": "delivered"} == dict(span.attributes)
        assert "servflow" == span.instrumentation_scope.name

    def test_an_exception_fails_the_span(self, seen: Seen) -> None:
        """An exception that leaves the block is recorded with its type and text, and goes on."""
        with pytest.raises(ConnectionError, match="mail"), seen.telemetry.span("servflow.effect", {}):
            raise ConnectionError("no mail")
        [span] = seen.spans()
        [event] = span.events

        assert (False, "ConnectionError: no mail") == (span.status.is_ok, span.status.description)
        assert ("exception", "ConnectionError", "no mail") == (
            event.name,
            event.attributes["exception.type"],
            event.attributes["exception.message"],
        )

    def test_spans_of_a_handler_are_children(self, seen: Seen) -> None:
        """What a handler begins in the same thread is a child; what another thread does at the same time is not."""
        own = seen.provider.get_tracer("host")

        def handle(name: str) -> None:
            with seen.telemetry.span("servflow.effect", {"servflow.effect": name}), own.start_as_current_span(f"smtp {name}"):
                barrier.wait(timeout=300)

        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=handle, args=(name,)) for name in ("e1", "e2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        effects = {span.context.span_id: span.attributes["servflow.effect"] for span in seen.spans() if span.parent is None}
        sent = {span.name: effects[span.parent.span_id] for span in seen.spans() if span.parent is not None}

        assert {"smtp e1": "e1", "smtp e2": "e2"} == sent

    def test_counters(self, seen: Seen) -> None:
        """A counter adds up, apart for each set of attributes."""
        for outcome, value in (("delivered", 2), ("failed", 1), ("delivered", 3)):
            seen.telemetry.count("servflow.effects", value, {"outcome": outcome})

        assert [({"outcome": "delivered"}, 5), ({"outcome": "failed"}, 1)] == sorted(
            seen.points()["servflow.effects"], key=lambda row: row[0]["outcome"]
        )

    def test_histograms(self, seen: Seen) -> None:
        """Of what is measured the spread is kept, with its unit."""
        for value in (0.5, 2.0):
            seen.telemetry.measure("servflow.lateness", value, {})

        assert {"servflow.lateness": [({}, (2, 2.5))]} == seen.points()

    def test_without_an_sdk(self) -> None:
        """Without an SDK nothing is recorded, and nothing fails."""
        require("otel")
        telemetry = OpenTelemetry()
        assert isinstance(telemetry, Telemetry)
        with telemetry.span("servflow.tick", {}) as note:
            note("servflow.fired", 1)
        telemetry.count("servflow.tickets", 1, {"outcome": "fired"})
        telemetry.measure("servflow.lateness", 1.0, {})


class TestWorker:
    """What a worker tells."""

    def test_handlers(self, seen: Seen) -> None:
        """Each handler, plain or not, runs inside a span that says which effect; what it begins is a child."""
        own = seen.provider.get_tracer("host")

        async def call(effect: Any) -> None:
            with own.start_as_current_span("http"):
                pass

        def send(effect: Any) -> None:
            with own.start_as_current_span("smtp"):
                raise ConnectionError("no mail today")

        desk = _desk(handlers={"call": call, "notify": send})
        desk.open("T1", {"call": [{"name": "price"}]})
        desk.open("T2", {"notify": ["ann"]})
        Worker(desk, telemetry=seen.telemetry).round()
        names = {span.context.span_id: span.attributes.get("servflow.ticket") for span in seen.spans()}
        effects = {span.attributes["servflow.ticket"]: span for span in seen.spans() if span.name == "servflow.effect"}

        assert {"http": "T1", "smtp": "T2"} == {
            span.name: names[span.parent.span_id] for span in seen.spans() if span.name in ("http", "smtp")
        }
        assert {
            "servflow.ticket": "T1",
            "servflow.effect": "T1:1:Call:0",
            "servflow.kind": "call",
            "servflow.tries": 1,
        } == dict(effects["T1"].attributes)
        assert (True, False) == (effects["T1"].status.is_ok, effects["T2"].status.is_ok)
        assert ["no mail today"] == [event.attributes["exception.message"] for event in effects["T2"].events]
        assert {"delivered": 1, "failed": 1} == {
            attributes["outcome"]: value for attributes, value in seen.points()["servflow.effects"]
        }

    def test_rounds(self, seen: Seen) -> None:
        """A round over tickets is a span with its counts, and the counts add up by outcome."""
        desk = _desk()
        desk.open("T1")
        desk.store.post("T1", "go", key="k", at=NOON)
        desk.store.post("T1", "no", key="l", at=NOON)
        Worker(desk, telemetry=seen.telemetry).round()
        first = next(span for span in seen.spans() if span.name == "servflow.tick")

        assert (1, 1) == (first.attributes["servflow.fired"], first.attributes["servflow.refused"])
        assert {"fired": 1, "refused": 1} == {
            attributes["outcome"]: value for attributes, value in seen.points()["servflow.tickets"]
        }


class TestTraced:
    """A desk whose verbs are spans."""

    def test_fire(self, seen: Seen) -> None:
        """Opening and firing say which ticket, which event and where it came to; the plain desk says nothing."""
        plain = _desk()
        desk = traced(plain, seen.telemetry)
        desk.open("T1")
        desk.fire(id="T1", event="go", key="k1")
        plain.fire("T1", "on")
        opened, fired = seen.spans()

        assert ("servflow.open", "servflow.fire") == (opened.name, fired.name)
        assert {
            "servflow.ticket": "T1",
            "servflow.event": "go",
            "servflow.workflow": "tiny",
            "servflow.state": "go",
            "servflow.revision": 3,
        } == dict(fired.attributes)
        assert "on" == desk.get("T1").state

    def test_a_refusal_is_an_answer(self, seen: Seen) -> None:
        """A refused event carries its code and is no failed span; the caller gets the same refusal."""
        desk = traced(_desk(), seen.telemetry)
        desk.open("T1")
        with pytest.raises(Refused) as caught:
            desk.fire("T1", "no")
        span = seen.spans()[-1]

        assert ("not_here", "not_here") == (caught.value.code, span.attributes["servflow.refused"])
        assert (True, ()) == (span.status.is_ok, tuple(span.events))

    @pytest.mark.parametrize(("ticket", "event", "error"), [("T9", "go", NotFound), ("T1", "bug", ZeroDivisionError)])
    def test_a_failure_is_one(self, seen: Seen, ticket: str, event: str, error: type[Exception]) -> None:
        """Any other exception fails the span; an error of servflow says its code."""
        desk = traced(_desk(), seen.telemetry)
        desk.open("T1")
        with pytest.raises(error):
            desk.fire(ticket, event)
        span = seen.spans()[-1]

        assert (False, 1) == (span.status.is_ok, len(span.events))
        assert ("ticket" if error is NotFound else None) == span.attributes.get("servflow.code")

    def test_rounds(self, seen: Seen) -> None:
        """A round says its counts, and what a handler begins is inside it."""
        own = seen.provider.get_tracer("host")

        def send(effect: Any) -> None:
            with own.start_as_current_span("smtp"):
                pass

        desk = traced(_desk(handlers={"notify": send}), seen.telemetry)
        desk.open("T1", {"notify": ["ann"]})
        desk.store.post("T1", "go", key="k", at=NOON)
        desk.tick()
        desk.deliver()
        spans = {span.name: span for span in seen.spans()}

        assert ["servflow.open", "servflow.tick", "smtp", "servflow.deliver"] == seen.names()
        assert (1, 1) == (
            spans["servflow.tick"].attributes["servflow.claimed"],
            spans["servflow.tick"].attributes["servflow.fired"],
        )
        assert {"servflow.delivered": 1} == dict(spans["servflow.deliver"].attributes)
        assert spans["servflow.deliver"].context.trace_id == spans["smtp"].context.trace_id

    def test_sources_get_the_traced_desk(self, seen: Seen) -> None:
        """What a source fires is a span inside the round."""
        made: list[Desk] = []

        def source(desk: Desk, now: Any) -> list[Open]:
            made.append(desk)
            return []

        desk = traced(_desk(sources=[source]), seen.telemetry)
        desk.tick()

        assert [desk] == made

    def test_inside_a_transaction(self, seen: Seen, tmp_path: Any) -> None:
        """A desk that joins the host's transaction is traced as well, and what it does is undone with the host's rows."""
        import sqlite3
        from contextlib import closing

        path = tmp_path / "desk.db"
        with closing(SqliteStore(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as connection:
            desk = traced(Desk(TinyWorkflow(), store, now=lambda: NOON), seen.telemetry)
            connection.execute("BEGIN IMMEDIATE")
            desk.in_transaction(connection).open("T1")
            connection.execute("ROLLBACK")

            assert ["servflow.open"] == seen.names()
            with pytest.raises(NotFound):
                desk.get("T1")

    def test_coroutines(self, seen: Seen) -> None:
        """The verbs of an AsyncDesk are children of the span of whoever awaits them."""
        own = seen.provider.get_tracer("host")

        async def work() -> None:
            desk = traced(AsyncDesk(TinyWorkflow(), MemoryStore(), now=lambda: NOON), seen.telemetry)
            with own.start_as_current_span("request"):
                await desk.open("T1")
                await desk.fire("T1", "go")
                await desk.tick()

        asyncio.run(work())
        spans = seen.spans()
        request = spans[-1]

        assert ["servflow.open", "servflow.fire", "servflow.tick", "request"] == seen.names()
        assert {request.context.span_id} == {span.parent.span_id for span in spans[:-1]}

    def test_something_else(self, seen: Seen) -> None:
        """What is no desk is refused by name."""
        with pytest.raises(InputError, match="traced takes a Desk or an AsyncDesk"):
            traced(MemoryStore(), seen.telemetry)  # type: ignore[type-var]  # the mistake is the point of the test
