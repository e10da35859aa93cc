"""Knows the kernel's laws about what it gives back and what it refuses; must not know how anything is decided."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.errors import InputError, Refused
from servflow.model import Actor, canonical, dump, load, load_ticket
from tests.laws.kernel_strategies import (
    MINUTE,
    Opening,
    Said,
    Step,
    extended,
    make,
    openings,
    person,
    play,
    refusal,
    step_lists,
    twice,
)
from tests.laws.kernel_workflows import BOSS, CASES, CLERK, CUSTOMER, Case

LAWS = settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ACTORS: tuple[Actor | str | None, ...] = (None, CLERK, CUSTOMER, BOSS, Actor("ann", ["engineer"]), "assignee", "offered")


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 40_000))
def test_records_fold_into_the_ticket(case: Case, opening: Opening, steps: list[Step], rest: int) -> None:
    """fold(records) == ticket after every call, without a world."""
    story = play(case, opening, steps)
    story = extended(story, Said("advance", story.end + rest * MINUTE))
    known = []

    for outcome in story.outcomes:
        known += outcome.records
        assert outcome.ticket == case.workflow.fold(known)


@EVERY
@LAWS
@given(openings, step_lists())
def test_fold_needs_every_record(case: Case, opening: Opening, steps: list[Step]) -> None:
    """Without its first record, or one in the middle, a history is refused rather than folded into something else."""
    records = play(case, opening, steps).records

    with pytest.raises(InputError):
        case.workflow.fold(records[1:])
    with pytest.raises(InputError):
        case.workflow.fold([*records[: len(records) // 2], *records[len(records) // 2 + 1 :], records[-1]])


@EVERY
@LAWS
@given(openings, step_lists())
def test_what_is_dumped_is_loaded(case: Case, opening: Opening, steps: list[Step]) -> None:
    """Tickets, records, effects and outcomes come back equal from JSON text, and their bytes are the same again."""
    story = play(case, opening, steps)

    for outcome in story.outcomes:
        text = json.dumps(dump(outcome))
        loaded = load(json.loads(text))
        assert outcome == loaded
        assert canonical(outcome) == canonical(loaded)
        assert outcome.ticket == load_ticket(json.dumps(dump(outcome.ticket)))
        assert [*outcome.records, *outcome.effects] == [
            load(json.loads(canonical(item))) for item in (*outcome.records, *outcome.effects)
        ]


@EVERY
@LAWS
@given(openings, step_lists())
def test_a_stored_ticket_goes_on_like_the_one_in_memory(case: Case, opening: Opening, steps: list[Step]) -> None:
    """Going through JSON between any two calls changes nothing that follows."""
    story = play(case, opening, steps)
    ticket = None

    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        stored = make(case, ticket, call)
        assert outcome == stored
        ticket = load_ticket(json.dumps(dump(stored.ticket)))


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 40_000))
def test_records_are_numbered_and_time_never_goes_back(case: Case, opening: Opening, steps: list[Step], rest: int) -> None:
    """Sequence numbers are consecutive, instants of records never go back, and the ticket stands at its last record."""
    story = play(case, opening, steps)
    story = extended(story, Said("advance", story.end + rest * MINUTE))

    records = story.records

    assert list(range(1, len(records) + 1)) == [record.sequence for record in records]
    assert sorted(record.at for record in records) == [record.at for record in records]
    number = 0
    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        number += len(outcome.records)
        last = records[number - 1]
        ticket = outcome.ticket
        assert (last.at, last.sequence, last.sequence) == (ticket.at, ticket.sequence, ticket.revision)
        assert last.at <= call.at


@EVERY
@LAWS
@given(openings, step_lists(), st.lists(st.integers(0, 20_000), max_size=4))
def test_no_effect_id_twice(case: Case, opening: Opening, steps: list[Step], ahead: list[int]) -> None:
    """Within the life of a ticket no two effects, of one call or of many, have the same id."""
    story = play(case, opening, steps)
    for minutes in ahead:
        story = extended(story, Said("advance", story.end + minutes * MINUTE))

    assert [] == twice(story.effects)


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 300), st.integers(0, 300))
def test_refused_means_unchanged(case: Case, opening: Opening, steps: list[Step], wait: int, late: int) -> None:
    """Whatever is refused leaves the ticket, the payload and the world as they were, to the byte."""
    story = play(case, opening, steps)
    ticket, at = story.ticket, story.end + wait * MINUTE
    before, world = canonical(ticket), case.world.with_loads(case.world.loads).version
    refused = 0

    for event, payload, who in (*case.menu, ("no.such", {"x": [1]}, CLERK), ("ticket.force", {"state": 3}, BOSS)):
        given_payload = None if payload is None else json.loads(json.dumps(payload))
        for actor in (person(ticket, who), None, Actor("stranger")):
            code = refusal(case, ticket, Said("fire", at, event, given_payload, actor, at - late * MINUTE))
            assert code in {None, "unknown", "not_here", "guard", "not_permitted", "payload"}
            refused += code is not None
            assert before == canonical(ticket)
            assert payload == given_payload

    assert refused
    assert world == case.world.with_loads(case.world.loads).version
    assert ticket == case.workflow.fold(story.records)


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 300), st.sampled_from(ACTORS))
def test_available_says_what_fire_does(
    case: Case, opening: Opening, steps: list[Step], wait: int, who: Actor | str | None
) -> None:
    """What is ready is accepted without a payload; what is not is refused with the code that was told."""
    story = play(case, opening, steps)
    ticket, at = story.ticket, story.end + wait * MINUTE
    actor = person(ticket, who)
    before = canonical(ticket)

    said = {}
    done = {}
    for option in case.workflow.available(ticket, at=at, actor=actor, world=case.world):
        assert (option.status == "ready") == (option.code is None)
        said[option.event] = option.code
        done[option.event] = refusal(case, ticket, Said("fire", at, option.event, None, actor))

    assert said == done
    assert before == canonical(ticket)


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 300))
def test_what_is_not_available_is_not_accepted(case: Case, opening: Opening, steps: list[Step], wait: int) -> None:
    """Every event of the menu that is accepted is among what available names as ready or in need of a payload."""
    story = play(case, opening, steps)
    ticket, at = story.ticket, story.end + wait * MINUTE

    for event, payload, who in case.menu:
        actor = person(ticket, who)
        if event.startswith("ticket.child_"):
            continue  # what other tickets send is nobody's button
        if refusal(case, ticket, Said("fire", at, event, payload, actor)) is None:
            options = case.workflow.available(ticket, at=at, actor=actor, world=case.world)
            assert event in {option.event for option in options if option.status != "refused"}


@EVERY
@LAWS
@given(openings, step_lists(), st.integers(0, 300), st.data())
def test_expect_is_the_revision_after_time_has_passed(
    case: Case, opening: Opening, steps: list[Step], wait: int, data: Any
) -> None:
    """expect is compared with the revision after what time has set: the user who saw that one is served, others are stale."""
    story = play(case, opening, steps)
    at = story.end + wait * MINUTE
    ticket = make(case, story.ticket, Said("advance", at)).ticket
    event, payload, who = data.draw(st.sampled_from(case.menu))
    actor, fire = person(ticket, who), case.workflow.fire

    for seen in {ticket.revision - 1, story.ticket.revision, ticket.revision, ticket.revision + 1}:
        try:
            fire(story.ticket, event, payload, at=at, actor=actor, world=case.world, expect=seen)
        except Refused as refused:
            assert (refused.code == "stale") == (seen != ticket.revision)  # noqa: PT017 - both outcomes are fine, this is their law
        else:
            assert ticket.revision == seen


@EVERY
@LAWS
@given(openings, step_lists())
def test_asking_changes_nothing(case: Case, opening: Opening, steps: list[Step]) -> None:
    """explain and available can be asked at any instant of any ticket, give data, and change nothing."""
    story = play(case, opening, steps)

    for outcome in story.outcomes[-2:]:
        before = canonical(outcome.ticket)
        for at in {outcome.ticket.at, story.end, story.end + 3000 * MINUTE, outcome.wake or story.end}:
            if at >= outcome.ticket.at:
                explained = case.workflow.explain(outcome.ticket, at=at, world=case.world)
                assert json.dumps(explained.as_data())
                assert all(item.at >= at for item in explained.coming)
        assert before == canonical(outcome.ticket)


def digest(seed: int) -> str:
    """A hash of everything a fixed set of histories gives back, refusals included."""
    chance = random.Random(seed)
    hashed = hashlib.sha256()
    for case in CASES:
        hashed.update(case.workflow.hash.encode() + case.workflow.calendars_hash.encode() + case.world.version.encode())
        for _ in range(3):
            steps = [
                Step(
                    chance.choice([None, chance.randrange(40), chance.randrange(40)]),
                    chance.randrange(600),
                    chance.choice([None, 0, 1]),
                    chance.choice([None, 30]),
                    chance.random() < 0.7,
                )
                for _ in range(15)
            ]
            story = play(case, (chance.randrange(8), chance.randrange(9000), None, chance.randrange(11), 7), steps)
            for outcome in story.outcomes:
                hashed.update(canonical(outcome))
            for event, payload, who in (*case.menu, ("tiket.update", None, None), ("ticket.closed", None, None)):
                try:
                    make(case, story.ticket, Said("fire", story.end, event, payload, person(story.ticket, who)))
                except Refused as refused:
                    hashed.update(f"{refused.code} {refused.message} {refused.facts}".encode())
            explained = case.workflow.explain(story.ticket, at=story.end, world=case.world)
            hashed.update(json.dumps(explained.as_data()).encode())
    return hashed.hexdigest()


def test_same_inputs_give_identical_bytes_in_every_process() -> None:
    """Tickets, records, effects, explanations and refusals are the same bytes whatever seeds the hashes of a process."""
    root = Path(__file__).resolve().parents[2]
    code = "from tests.laws.test_kernel_record_laws import digest; print(digest(7))"

    found = []
    for seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=True, timeout=300
        )
        found.append(run.stdout.strip())

    assert [digest(7)] * 2 == found


@EVERY
def test_the_definition_survives_its_own_data(case: Case) -> None:
    """A workflow built from the data of another is equal to it and has its hash."""
    again = type(case.workflow)(**json.loads(json.dumps(case.workflow.to_data())))

    assert case.workflow == again
    assert (case.workflow.hash, case.workflow.calendars_hash) == (again.hash, again.calendars_hash)


@EVERY
@LAWS
@given(openings, step_lists(), st.text(min_size=1, max_size=8), st.one_of(st.none(), st.text(min_size=1, max_size=8)))
def test_the_key_is_recorded_and_decides_nothing(
    case: Case, opening: Opening, steps: list[Step], key: str, other: str | None
) -> None:
    """The kernel keeps the key of an event on its record and does the same thing under any key."""
    story = play(case, opening, steps)
    event, payload, who = case.menu[len(steps) % len(case.menu)]
    actor = person(story.ticket, who)

    try:
        one, two = (
            case.workflow.fire(story.ticket, event, payload, at=story.end, actor=actor, world=case.world, key=each)
            for each in (key, other)
        )
    except Refused:
        return

    received: Any = one.records[0]
    assert key == received.key
    assert evolve(one, records=()) == evolve(two, records=())
