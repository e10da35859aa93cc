"""Holds stories of dispatch to one language: reasons that records keep in English are said in Chinese too."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import servflow
from servflow.desk import Desk
from servflow.engine._slot_reasons import reason_said
from servflow.engine._slot_stories import SlotStep, SlotStory
from servflow.model import FrozenMap, OfferEnded, World
from servflow.stores import SqliteStore

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NAMES = ("ann", "bob", "cai")
WORLD = World(engineers=[{"id": who, "skills": {"ac": 3}, "capacity": 2} for who in NAMES])
AWAY = World(
    engineers=[{"id": who, "skills": {"ac": 3}, "capacity": 2} for who in NAMES], presence=dict.fromkeys(NAMES, "offline")
)
BACK = {"absence": True, "presence": True, "overrun": "20m", "rejection": True, "state": "going"}
WORDS = {*NAMES, "assignee", "skill", "new", "going", "pool", "ticket", "assign", "holiday", "ill"}
"""What a Chinese story may hold in Latin letters: ids, names of the definition, and what people wrote."""

WHO = {"roles": ["engineer", "dispatcher"]}
Step = int | World | tuple[str, Any, str]


def told(policy: dict[str, Any], steps: Sequence[Step], world: World = WORLD) -> SlotStory:
    """What is told of a ticket: a number goes on by minutes, a world is looked at, anything else is fired by somebody."""
    entry = {"name": "engineer", "state": "new", "require": [{"skill": "'ac'"}, {"below": "capacity"}], **policy}
    flow = servflow.load(
        {
            "workflow": "repair",
            "roles": ["engineer", "dispatcher"],
            "events": {
                name: {"allow": ["engineer"]}
                for name in ("offer.accept", "offer.reject", "dispatch.approve", "dispatch.decline", "ticket.assign")
            },
            "initial": "new",
            "states": {"new": {}, "going": {}, "closed": {"closed": True}},
            "transitions": [
                {"event": "assigned.engineer", "source": "new", "target": "going"},
                {"event": "close", "source": ["new", "going"], "target": "closed", "allow": ["engineer"]},
            ],
            "dispatch": [entry],
        }
    )
    outcome = flow.open("T-1", at=AT, world=world)
    records, at = list(outcome.records), AT
    for step in steps:
        at += step * MINUTE if isinstance(step, int) else MINUTE
        world = step if isinstance(step, World) else world
        if isinstance(step, tuple):
            actor = {"id": step[2], **WHO}
            outcome = flow.fire(outcome.ticket, step[0], step[1], at=at, world=world, actor=actor)
        else:
            outcome = flow.advance(outcome.ticket, at=at, world=world)
        records.extend(outcome.records)
    (story,) = flow.explain(outcome.ticket, at=at, records=records).dispatch
    return story


def words(story: SlotStory) -> set[str]:
    """Every word in Latin letters of a story in Chinese."""
    return set(re.findall(r"[A-Za-z]{3,}", story.text("zh", "Asia/Shanghai")))


OFFER = {"mode": "offer", "offer": {"timeout": "10m", "parallel": 3}}


@pytest.mark.parametrize(
    ("policy", "steps", "kind"),
    [
        (OFFER, [("offer.accept", None, "cai")], "answered_withdrawn"),
        (OFFER, [("ticket.assign", {"to": "ann"}, "bob")], "answered_withdrawn"),
        (OFFER, [("close", None, "bob")], "ended"),
        (OFFER, [11], "answered_expired"),
        ({**OFFER, "redispatch": BACK}, [AWAY], "answered_withdrawn"),
        ({"mode": "offer", "relax": [{"after": "5m", "mode": "pool", "drop": "skill"}]}, [6], "relaxed"),
        ({"mode": "approve"}, [("dispatch.decline", {"reason": "holiday"}, "bob")], "declined"),
        ({"mode": "queue", "relax": [{"after": "5m", "drop": "skill"}]}, [1], "queued"),
        ({"mode": "assign", "redispatch": BACK}, [21], "taken_back"),
        ({"mode": "assign", "redispatch": BACK}, [AWAY], "taken_back"),
        ({"mode": "assign", "redispatch": BACK}, [("offer.reject", {"reason": "ill"}, "ann")], "taken_back"),
    ],
)
def test_a_chinese_story_has_no_english_reasons(policy: dict[str, Any], steps: list[Step], kind: str) -> None:
    """Why offers were withdrawn, a ticket was taken back, or less was asked for, is said in the language of the story."""
    story = told(policy, steps)

    assert kind in {step.kind for step in story.steps}
    assert set() == words(story) - WORDS


@pytest.mark.parametrize(
    ("kind", "reason", "en", "zh"),
    [
        ("ended", "left new, on hold", "left new, on hold", "工单已离开 new, on hold"),
        ("taken_back", "redispatch for rejection: ann gave it back: ill", "ann gave it back: ill", "ann 退回：ill"),
        ("taken_back", "redispatch for rejection: ann gave it back", "ann gave it back", "ann 退回"),
        ("answered_rejected", "left new", "left new", "left new"),
        ("relaxed", "drop area; lower skill after 2 business days", "drop area; lower skill after 2 business days", None),
        ("relaxed", "after some time", "after some time", "after some time"),
        ("ended", "as nobody foresaw", "as nobody foresaw", "as nobody foresaw"),
        ("failed", "failed: no such thing", "no such thing", "no such thing"),
    ],
)
def test_reasons_of_records_are_known_again(kind: str, reason: str, en: str, zh: str | None) -> None:
    """A reason is told by its English sentence in the record; what people wrote, and what nobody knows, stays as it is."""
    assert en == reason_said(kind, reason)
    assert (zh or "2 business days 后取消 area；降低 skill") == reason_said(kind, reason, "zh")


def test_a_slot_and_the_states_it_left_are_told_as_people_call_them() -> None:
    """Whoever knows the titles gets a sentence of titles; what people wrote is never taken for a name."""

    def called(kind: str, name: str) -> str:
        return f"<{kind} {name}>"

    step = SlotStep(at=datetime(2026, 3, 2, tzinfo=UTC), sequence=1, kind="began", facts=FrozenMap({"slot": "assignee"}))

    assert "为 <slot assignee> 寻找人选" == step.text("zh", called=called)
    assert "工单已离开 <state new>, <state on_hold>" == reason_said("ended", "left new, on_hold", "zh", called)
    assert "left new" == reason_said("answered_rejected", "left new", "zh", called)


def test_offers_withdrawn_at_once_are_one_step() -> None:
    """Two hundred who are told that somebody else was faster are one line, not two hundred."""
    story = told({"mode": "pool"}, [("offer.accept", None, "cai")])
    (step,) = (step for step in story.steps if step.kind == "answered_withdrawn")

    assert {"ann", "bob"} == set(step.to)
    assert f"the offer to {', '.join(step.to)} was withdrawn: somebody else took it" == step.text()


def test_early_records_are_told_as_well() -> None:
    """Records that were written before keep their words, and are read by them."""
    assert "reason" in {item.name for item in attrs.fields(OfferEnded)}
    assert "未按时答复" == reason_said("answered_expired", "no answer in time", "zh")


def test_a_proposal_that_was_declined_is_told_with_its_reason() -> None:
    """Whom the dispatcher did not want, and why, is part of the story; no points are shown where nothing is preferred."""
    story = told({"mode": "approve"}, [("dispatch.decline", {"reason": "holiday"}, "bob")])

    assert "the dispatcher declined ann: holiday" in story.text()
    assert "  1. cai\n" in story.text()


def test_a_story_from_a_store_is_told_in_the_same_order(tmp_path: Path) -> None:
    """A store keeps the keys of mappings sorted; rules and terms are still told in the order in which they are looked at."""
    flow = servflow.load(
        {
            "workflow": "repair",
            "fields": {"region": {"type": "string", "default": "x"}},
            "initial": "new",
            "states": {"new": {}},
            "dispatch": [
                {
                    "name": "engineer",
                    "state": "new",
                    "require": [{"skill": "'ac'"}, {"area": "region"}, {"open": "shift"}, {"below": "capacity"}],
                    "prefer": [[{"term": "sticky"}, {"term": "cost", "weight": -1}], [{"term": "load", "weight": -1}]],
                }
            ],
        }
    )
    good = {"skills": {"ac": 1}, "areas": ["x"], "capacity": 1}
    absent = [(AT - MINUTE, AT + MINUTE)]
    world = World(
        engineers=[
            {**good, "id": "ann"},
            {**good, "id": "bob", "absences": absent},
            {**good, "id": "cai", "areas": []},
            {**good, "id": "dan", "skills": {}},
            {**good, "id": "eve"},
        ],
        loads={"eve": 1},
    )
    outcome = flow.open("T-1", at=AT, world=world)
    (told,) = flow.explain(outcome.ticket, at=AT, records=outcome.records).dispatch
    with contextlib.closing(SqliteStore(tmp_path / "t.db")) as store:
        desk = Desk(flow, store, now=lambda: AT, world=world)
        desk.open("T-1")
        (kept,) = desk.explain("T-1").dispatch

    assert told.text() == kept.text()
    assert "1 lacks skill ac, 1 out of area x, 1 full, 1 absent until 02:01 UTC, 1 fits: ann" in kept.text()
    assert "  1. ann  0/0  (sticky 0, cost 0, load 0)" in kept.text()
