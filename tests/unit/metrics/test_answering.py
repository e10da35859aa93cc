"""Holds the answers to a workflow's questions for a metric to the records of a store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.errors import InputError
from servflow.metrics import Answers
from servflow.model import Call, FrozenMap
from servflow.stores import MemoryStore, Store

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
FLOW = servflow.load("""
workflow: repair
fields: {product: {}, size: {type: int, default: 1}}
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed}]
""")
OTHER = servflow.load("workflow: other\nstates: {new: {}, closed: {closed: true}}")


@pytest.fixture
def store() -> Iterator[Store]:
    """Six repairs, one a day at nine: of a fan, a fan, a pump, then the same again; and another kind of ticket."""
    made, now = MemoryStore(), [START]
    desk = Desk([FLOW, OTHER], made, now=lambda: now[0])
    for number, product in enumerate(("fan", "fan", "pump") * 2):
        now[0] = START + timedelta(days=number)
        desk.open(f"R{number}", {"product": product, "size": number % 2}, workflow="repair")
    desk.open("X", {}, workflow="other")
    now[0] += timedelta(hours=5)
    desk.fire("R5", "close")
    yield made
    made.close()


def ask(store: Store, at: datetime | None = None, /, **data: Any) -> Any:
    """The answer to a question with these data, asked at that instant."""
    when = at or START + timedelta(days=9)
    return Answers(store=store)(Call(id="e", ticket="P", at=when, cause="1", action="x", name="metric", data=FrozenMap(data)))


def test_all_tickets_of_one_kind(store: Store) -> None:
    """Without more it counts all of a workflow, and without that all there are."""
    assert (6, 7) == (ask(store, measure="opened", of="repair")["value"], ask(store, measure="opened")["value"])


def test_those_that_fit_and_are_in_time(store: Store) -> None:
    """A label must have the value asked for; the start belongs to the time, its end does not; null asks nothing."""
    fans = ask(store, measure="opened", of="repair", where={"product": "fan", "size": None}, since=START + timedelta(days=1))
    assert (3, "opened") == (fans["value"], fans["measure"])
    assert 2 == ask(store, measure="opened", of="repair", where={"product": "fan"}, until=START + timedelta(days=3))["value"]
    assert 1 == ask(store, measure="opened", of="repair", where={"size": 0, "product": "pump"})["value"]
    assert 3 == ask(store, measure="opened", of="repair", since="2026-03-05T17:00:00+08:00")["value"]


def test_as_of_the_call(store: Store) -> None:
    """What came after the question was asked changes nothing, however late it is answered."""
    assert 3 == ask(store, START + timedelta(days=2), measure="opened", of="repair")["value"]


def test_nobody_to_count(store: Store) -> None:
    """Where nobody is counted there is no value, and none is made up."""
    told = ask(store, measure="time_to_resolve", of="repair", where={"product": "fan"})
    assert (None, 0) == (told["value"], told["denominator"])


def test_times_are_seconds_and_parts_are_told(store: Store) -> None:
    """A time is told in seconds, and one part of a measure by its name."""
    assert 5 * 3600 == ask(store, measure="time_to_resolve", of="repair")["value"]
    assert 4 == ask(store, measure="opened", of="repair", settings={"by": "product"}, part="fan")["value"]
    assert ask(store, measure="opened", of="repair", part="nothing")["value"] is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "names no measure"),
        ({"measure": "opend"}, "did you mean 'opened'"),
        ({"measure": 7}, "needs a text as 'measure'"),
        ({"measure": "opened", "wher": {}}, "it takes measure, of, where"),
        ({"measure": "opened", "where": ["fan"]}, "needs names and values as 'where'"),
        ({"measure": "opened", "since": 3}, "needs an instant as 'since'"),
        ({"measure": "opened", "settings": {"bye": "x"}}, "no setting"),
        ({"measure": "opened", "of": ""}, "needs a text as 'of'"),
    ],
)
def test_questions_that_make_no_sense(store: Store, data: dict[str, Any], said: str) -> None:
    """Each is told with what is wrong."""
    with pytest.raises(InputError, match=said):
        ask(store, **data)
