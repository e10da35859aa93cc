"""Holds choices to being decided again: from themselves, from their data and from the log of a ticket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

import servflow
from servflow.dispatch import Hooks, Policy, again, evaluate
from servflow.errors import DefinitionError, InputError
from servflow.model import Decided, FrozenMap, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy(name="p", require=[{"skill": "category"}, {"below": "capacity"}], prefer=[[{"term": "load", "weight": -1}]])
WORLD = World(engineers=[{"id": "ann", "skills": ["ac"], "capacity": 2}, {"id": "bob", "skills": ["ac"], "capacity": 2}])


def ticket(**fields: Any) -> Ticket:
    """A ticket that nobody has yet."""
    return Ticket(id="T1", workflow="w", at=AT, opened_at=AT, fields=FrozenMap({"category": "ac", **fields}))


def test_the_same_again() -> None:
    """A choice, and the data of it, decided again on what it was made from is the same."""
    choice = evaluate(POLICY, ticket(), WORLD, AT)
    read = json.loads(json.dumps(choice.as_data()))

    for told in (choice, read):
        found = again(told, POLICY, ticket(), WORLD)
        assert found.same
        assert choice == found.choice
        assert found.text().startswith("decided again it is the same\n2 engineers: 2 fit, best ")


@pytest.mark.parametrize(
    ("changed", "inputs", "results"),
    [
        ({"world": WORLD.with_load("ann", 2).with_load("bob", 1)}, ["world"], {"counts", "ranked"}),
        ({"policy": Policy(name="p", require=[{"skill": "category"}])}, ["policy"], {"ranked"}),
        ({"ticket": ticket(category="tv")}, ["read"], {"action", "to", "counts", "ranked"}),
        ({"ticket": attrs.evolve(ticket(), id="T2")}, ["ticket", "read"], set()),
        ({"ticket": attrs.evolve(ticket(), sequence=7)}, ["sequence", "read"], set()),
    ],
)
def test_what_differs_is_said(changed: dict[str, Any], inputs: list[str], results: set[str]) -> None:
    """Another world, policy, revision or ticket is named, with all that comes out otherwise, in both languages."""
    choice = evaluate(POLICY, ticket(), WORLD, AT)
    found = again(choice, **{"policy": POLICY, "ticket": ticket(), "world": WORLD, **changed})
    told = {item.what for item in found.results}

    assert set(inputs) >= {item.what for item in found.inputs} - {"read"}
    assert inputs[0] in {item.what for item in found.inputs}
    assert results <= told
    assert len(found.inputs) + len(told) + 2 == len(found.text().splitlines())
    assert "dispatch.again" not in found.text() + found.text("zh")


def test_each_part_counts_in_the_fingerprint() -> None:
    """Choices made from another policy, world, ticket, revision or stage have other fingerprints; the instant is no part."""
    relaxing = attrs.evolve(POLICY, relax=[{"after": "1h", "drop": "skill"}])
    made = [
        evaluate(POLICY, ticket(), WORLD, AT),
        evaluate(relaxing, ticket(), WORLD, AT),
        evaluate(relaxing, ticket(), WORLD, AT, stage=1),
        evaluate(POLICY, ticket(), WORLD.with_load("ann", 1), AT),
        evaluate(POLICY, ticket(category="tv"), WORLD, AT),
        evaluate(POLICY, attrs.evolve(ticket(), sequence=3), WORLD, AT),
    ]

    assert len(made) == len({choice.fingerprint for choice in made})
    assert made[0].fingerprint == evaluate(POLICY, ticket(), WORLD, AT + HOUR).fingerprint


@pytest.mark.parametrize("told", [None, "T1", {}, {"at": "yesterday", "action": "wait"}, {"at": None, "action": 1}, 7])
def test_what_is_no_choice_is_refused(told: Any) -> None:
    """Anything else than a choice is refused with what to pass."""
    with pytest.raises(InputError, match="pass a Choice"):
        again(told, POLICY, ticket(), WORLD)


FLOW = servflow.load(
    {
        "workflow": "repair",
        "fields": {"category": {"type": "string", "default": "ac"}},
        "roles": ["engineer"],
        "initial": "new",
        "states": {"new": {}, "going": {}},
        "transitions": [{"event": "assigned.engineer", "source": "new", "target": "going"}],
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


def test_every_decision_of_a_log_is_decided_again() -> None:
    """Folding the records before a decision gives the very ticket it was made on; with its world the same comes out."""
    people = [
        {"id": "ann", "skills": {"ac": 2}, "capacity": 1},
        {"id": "bob", "skills": {"ac": 2}, "capacity": 1},
        {"id": "eve", "skills": {"ac": 1}, "capacity": 1},
    ]
    worlds = {world.version: world for world in (World(engineers=people, loads={"ann": load}) for load in (1, 0))}
    full, free = worlds.values()
    outcome = FLOW.open("T1", at=AT, world=full)
    records = list(outcome.records)
    for minutes, world in ((5, full), (15, free), (28, free), (45, full)):
        outcome = FLOW.advance(outcome.ticket, at=AT + timedelta(minutes=minutes), world=world)
        records += outcome.records
    made = [record for record in records if isinstance(record, Decided) and record.maker == "dispatch"]

    assert 4 <= len(made)
    for record in made:
        found = FLOW.again(records, world=worlds[str(record.world)], sequence=record.sequence)
        assert (True, True, ()) == (found.same, found.known, found.inputs)
    assert ["world"] == [item.what for item in FLOW.again(records, world=World(engineers=people)).inputs][:1]
    with pytest.raises(InputError, match="no decision of dispatch with the sequence 1"):
        FLOW.again(records, world=full, sequence=1)


def test_a_record_of_an_early_version_is_compared_as_far_as_it_goes() -> None:
    """Without the parts of its fingerprint a record still names the world, and what came out."""
    world = World(engineers=[{"id": "ann", "skills": {"ac": 2}}])
    outcome = FLOW.open("T1", at=AT, world=world)
    records = [
        attrs.evolve(item, why=FrozenMap({key: value for key, value in item.why.items() if key != "origin"}))
        if isinstance(item, Decided)
        else item
        for item in outcome.records
    ]
    same, other = FLOW.again(records, world=world), FLOW.again(records, world=World())

    assert (True, False) == (same.same, same.known)
    assert ["world"] == [item.what for item in other.inputs]
    assert {"action", "to", "ranked", "considered"} <= {item.what for item in other.results}


# functions of the host ------------------------------------------------------------------------------------------

ASKING = Policy(name="p", require=[{"host": "van"}], prefer=[{"host": "score"}])


def asked(**score: int) -> Hooks:
    """Functions of the host: everybody has a van, and the scores are these."""
    return Hooks(requirements={"van": lambda *_: True}, terms={"score": lambda who, _: score[who.id]})


def test_without_functions_it_is_decided_by_what_they_answered() -> None:
    """Whoever audits a choice need not have the host's functions; with them, those that answer otherwise are named."""
    choice = evaluate(ASKING, ticket(), WORLD, AT, hooks=asked(ann=1, bob=2))

    for told in (choice, json.loads(json.dumps(choice.as_data()))):
        assert again(told, ASKING, ticket(), WORLD).same
        assert again(told, ASKING, ticket(), WORLD, hooks=asked(ann=1, bob=2)).same
        found = again(told, ASKING, ticket(), WORLD, hooks=asked(ann=3, bob=2))
        assert [("answers", {"score": {"ann": 1}}, {"score": {"ann": 3}})] == [
            (one.what, one.then, one.now) for one in found.inputs
        ]
        assert ("ann", {"to", "ranked"}) == (found.choice.best, {one.what for one in found.results})
        assert "score ann 3; answered: score ann 1" in found.text()
        assert "score ann 3；原为：score ann 1" in found.text("zh")


def test_of_whom_no_answer_was_kept_nothing_is_known() -> None:
    """Somebody who is new has no answer of then, and so does not fit; a function that never answered is refused."""
    choice = evaluate(ASKING, ticket(), WORLD, AT, hooks=asked(ann=1, bob=2))
    found = again(choice, ASKING, ticket(), WORLD.with_engineer({"id": "new"}))

    assert ("bob", "raised NotKept") == (found.choice.best, found.choice.answers["van"]["new"])
    with pytest.raises(DefinitionError, match="no function 'other'"):
        again(choice, Policy(name="p", prefer=[{"host": "other"}]), ticket(), WORLD)
    with pytest.raises(InputError, match="pass a Choice"):
        again({**choice.as_data(), "answers": 7}, ASKING, ticket(), WORLD)
