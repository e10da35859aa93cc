"""Knows what a Django host that keeps tickets in a JSON column can rely on; must not know a store of servflow."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from tests.django_settings import django_on

HERE = Path(__file__).resolve().parents[2] / "examples" / "json_column"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = {"id": "ann", "roles": ["agent"]}
NAME = "json_column_django_host"


def example() -> Any:
    """The module of the example, loaded once."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(NAME, HERE / "django_host.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[NAME] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[NAME]


class Place:
    """One host on one database, and the time a test moves."""

    def __init__(self) -> None:
        self.module = example()
        self.at = NOON
        self.host = self.module.Host(lambda: self.at)


@pytest.fixture
def place() -> Iterator[Place]:
    """The host with empty tables in memory."""
    with django_on({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}) as connection:
        made = Place()
        with connection.schema_editor() as editor:
            for model in made.module.MODELS:
                editor.create_model(model)
        yield made


def test_a_case_from_opening_to_its_end(place: Place) -> None:
    """The host's column and the ticket change together; time and effects come by two plain queries."""
    place.host.open("C1", "Ann", {"device": "washer"})
    assert {} == place.host.tick()
    assert "new" == place.host.ticket("C1").state
    place.at += timedelta(days=2, seconds=1)
    assert {} == place.host.tick()
    assert "reminded" == place.host.ticket("C1").state
    ticket = place.host.fire("C1", "finish", {"note": "done"}, actor=ANN, key="click")
    assert ticket == place.host.ticket("C1")
    assert place.module.Case.objects.get(id="C1").finished

    sent: list[Any] = []
    assert 2 == place.host.deliver(sent.append)
    assert ["delayed", "finished"] == [effect.template for effect in sent]
    bodies = place.module.Entry.objects.order_by("sequence").values_list("body", flat=True)
    assert ticket == place.module.workflow.fold([place.module.load(body) for body in bodies])


def test_the_same_key_is_once(place: Place) -> None:
    """A request that comes twice is one step."""
    place.host.open("C1", "Ann", {"device": "washer"})
    first = place.host.fire("C1", "finish", {"note": "a"}, actor=ANN, key="click")

    assert first == place.host.fire("C1", "finish", {"note": "b"}, actor=ANN, key="click")
    assert 1 == place.host.deliver(lambda _: None)


def test_refused_means_unchanged(place: Place) -> None:
    """Nothing of a refused step is kept, the host's own column and the key included."""
    place.host.open("C1", "Ann", {"device": "washer"})
    before = list(place.module.Case.objects.values())
    with pytest.raises(servflow.Refused):
        place.host.fire("C1", "finish", {"note": "a"}, actor={"id": "eve", "roles": []}, key="click")

    assert before == list(place.module.Case.objects.values())
    assert not place.module.Done.objects.exists()


def test_somebody_was_faster(place: Place) -> None:
    """A step decided on an old revision is not kept, and decided again on the new one."""
    place.host.open("C1", "Ann", {"device": "washer"})
    asked: list[int] = []

    def decide(ticket: servflow.Ticket) -> servflow.Outcome:
        asked.append(ticket.revision)
        if len(asked) == 1:
            place.host.fire("C1", "finish", {"note": "theirs"}, actor=ANN)
        outcome: servflow.Outcome = place.module.workflow.advance(ticket, at=NOON + timedelta(days=3))
        return outcome

    place.host.change("C1", decide)
    assert 2 == len(asked)
    assert asked[0] < asked[1]
    assert "done" == place.host.ticket("C1").state


def test_a_failure_in_the_middle_keeps_nothing(place: Place) -> None:
    """Where the outbox cannot be written the case stays as it was."""
    place.host.open("C1", "Ann", {"device": "washer"})
    before = list(place.module.Case.objects.values())
    outcome = place.module.workflow.fire(place.host.ticket("C1"), "finish", {"note": "a"}, at=NOON, actor=ANN)
    place.module.Effect.objects.create(effect=outcome.effects[0].id, body={})

    with pytest.raises(servflow.Conflict):
        place.host.fire("C1", "finish", {"note": "a"}, actor=ANN)
    assert before == list(place.module.Case.objects.values())


def test_a_case_that_fails_holds_up_no_other(place: Place) -> None:
    """A snapshot somebody broke is told of; the other cases go on."""
    place.host.open("C1", "Ann", {"device": "washer"})
    place.host.open("C2", "Bob", {"device": "dryer"})
    place.module.Case.objects.filter(id="C1").update(ticket={})
    place.at += timedelta(days=3)

    assert ["C1"] == list(place.host.tick())
    assert "reminded" == place.host.ticket("C2").state


def test_an_index_finds_who_wakes(place: Place) -> None:
    """Who wakes is found, in order, by the index on the wake column alone."""
    wakes = place.module.Case.objects.filter(wake__lte=5).order_by("wake", "id").values_list("id", flat=True)

    plan = wakes.explain()
    assert "case_wake" in plan
    assert "TEMP B-TREE" not in plan
