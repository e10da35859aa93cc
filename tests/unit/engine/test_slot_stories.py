"""Holds explanations to what records tell of how slots were filled: considered, asked, waited for, asked less of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.engine._slot_stories import SlotStep, SlotStory
from servflow.errors import InputError
from servflow.model import Record, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
ENGINEER: dict[str, Any] = {"roles": ["engineer"]}
FLOW = servflow.load(
    {
        "workflow": "repair",
        "fields": {"category": {"type": "string", "default": "ac"}},
        "roles": ["engineer"],
        "events": {
            "offer.accept": {"allow": ["engineer"]},
            "offer.reject": {"allow": ["engineer"]},
            "back": {"allow": ["engineer"]},
        },
        "initial": "new",
        "states": {"new": {}, "going": {}},
        "transitions": [
            {"event": "assigned.engineer", "source": "new", "target": "going"},
            {"event": "back", "source": "going", "target": "new"},
        ],
        "dispatch": [
            {
                "name": "engineer",
                "state": "new",
                "require": [{"skill": "category", "level": "2"}, {"below": "capacity"}],
                "prefer": [{"term": "load", "weight": -1}],
                "mode": "offer",
                "offer": {"timeout": "10m"},
                "relax": [{"after": "30m", "lower": "skill"}],
            }
        ],
    }
)
PEOPLE = [
    {"id": "ann", "skills": {"ac": 2}, "capacity": 1},
    {"id": "bob", "skills": {"ac": 2}, "capacity": 1},
    {"id": "eve", "skills": {"ac": 1}, "capacity": 1},
]
WORLD = World(engineers=PEOPLE, loads={"ann": 1}, free_at={"ann": AT + timedelta(hours=3)})


def a_day() -> tuple[Ticket, list[Record]]:
    """Bob rejects, nobody else has the level, less is asked, and Eve accepts."""
    outcome = FLOW.open("T1", at=AT, world=WORLD)
    records = list(outcome.records)

    def later(minutes: int, event: str | None = None, who: str = "", payload: Any = None) -> None:
        nonlocal outcome
        at, actor = AT + timedelta(minutes=minutes), {"id": who, **ENGINEER}
        if event is None:
            outcome = FLOW.advance(outcome.ticket, at=at, world=WORLD)
        else:
            outcome = FLOW.fire(outcome.ticket, event, payload, at=at, world=WORLD, actor=actor)
        records.extend(outcome.records)

    later(5, "offer.reject", "bob", {"reason": "too far"})
    later(31)
    later(32, "offer.accept", "eve")
    return outcome.ticket, records


def story() -> SlotStory:
    """What is told of that day."""
    ticket, records = a_day()
    (told,) = FLOW.explain(ticket, at=ticket.at, records=records).dispatch
    return told


def test_the_story_is_told_in_words() -> None:
    """Each search, decision, offer, answer, wait and relaxation is a line, with the best few below a decision."""
    assert [
        "2026-03-02 10:00  looks for somebody for the slot assignee",
        "2026-03-02 10:00  3 engineers: 1 lacks skill ac level 2, 1 full until 13:00, 1 fits: bob; it is offered to bob",
        "  1. bob  0  (load 0)",
        "2026-03-02 10:00  asks bob, who may answer until 10:10",
        "2026-03-02 10:05  bob rejected it: too far",
        "2026-03-02 10:05  3 engineers: 1 lacks skill ac level 2, 1 declined, 1 full until 13:00, nobody fits; it waits",
        "2026-03-02 10:05  waits for room of ann, asks for less at 10:30",
        "2026-03-02 10:30  asks for less (1): lower skill after 30m",
        "2026-03-02 10:30  3 engineers: 1 declined, 1 full until 13:00, 1 fits: eve; it is offered to eve",
        "  1. eve  0  (load 0)",
        "2026-03-02 10:30  asks eve, who may answer until 10:40",
        "2026-03-02 10:32  eve accepted",
        "2026-03-02 10:32  eve has it",
    ] == story().text(zone="Asia/Shanghai").splitlines()[:13]
    assert "2026-03-02 10:05  bob 拒绝：too far" in story().text("zh", "Asia/Shanghai")
    assert "2026-03-02 02:05 UTC  bob rejected it" in story().text()


def test_steps_survive_as_data() -> None:
    """What a step says is the same once it was written as JSON and read."""
    for step in story().steps:
        read = SlotStep.read(json.loads(json.dumps(step.as_data())))
        for lang in ("en", "zh"):
            assert step.text(lang, "Asia/Shanghai") == read.text(lang, "Asia/Shanghai")
        assert step.places == read.places


def test_no_step_is_told_by_its_code() -> None:
    """Both languages have words for all that happened."""
    assert "dispatch." not in story().text() + story().text("zh")


def test_the_latest_search_is_what_is_told_on_the_command_line() -> None:
    """A search that began again is told from there; all of them stay in the story."""
    ticket, records = a_day()
    again = FLOW.fire(ticket, "back", at=AT + timedelta(hours=1), world=WORLD, actor={"id": "eve", **ENGINEER})
    (told,) = FLOW.explain(again.ticket, at=again.ticket.at, records=[*records, *again.records]).dispatch

    assert 2 == sum(step.kind == "began" for step in told.steps)
    assert AT + timedelta(hours=1) == told.latest[0].at
    assert "eve no longer has it" in told.text()


def test_without_records_or_dispatch_nothing_is_told() -> None:
    """An explanation of the snapshot alone has no story; a wrong zone is refused."""
    ticket, _ = a_day()

    assert () == FLOW.explain(ticket, at=ticket.at).dispatch
    with pytest.raises(InputError, match="no time zone"):
        story().text(zone="Nowhere")


def test_a_host_that_gives_no_world_is_told_so() -> None:
    """Without a world the host is asked, and that is said."""
    outcome = FLOW.open("T2", at=AT)
    (told,) = FLOW.explain(outcome.ticket, at=AT, records=outcome.records).dispatch

    assert "unasked" == told.steps[-1].kind
    assert "no world was given; the host was asked" in told.text()
