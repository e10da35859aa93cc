"""Knows the laws of a definition that changes under tickets that are under way; must not know how they are moved."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from servflow.engine import Workflow, diff, migrate, plan_migration
from servflow.errors import DefinitionError, LimitError, Refused
from servflow.model import FrozenMap, Migrated, Record, Ticket, dump, load
from tests.laws.kernel_strategies import MICRO, MINUTE, Opening, Said, Step, Story, extended, make, openings, play, step_lists
from tests.laws.kernel_workflows import CASES, Case
from tests.laws.test_kernel_drawn_laws import STATES, at_rest, cases, only_endless

LAWS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

SECTIONS = ("transitions", "rules", "clocks", "escalations", "dispatch")


def unforced(case: Case) -> Case:
    """The case without the event that leads from everywhere to everywhere."""
    return evolve(case, menu=tuple(entry for entry in case.menu if entry[0] != "ticket.force"))


def onward(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition as a road: what would lead back stays where it is, so that later states do not see earlier ones."""
    made = copy.deepcopy(definition)
    for move in made["transitions"]:
        sources = [move["source"]] if isinstance(move["source"], str) else move["source"]
        last = max((STATES.index(name) for name in sources if name in STATES), default=0)
        target = move.get("target")
        if target is not None and STATES.index(target) < last:
            del move["target"]
    return made


@st.composite
def changed(draw: st.DrawFn, road: bool = False) -> tuple[Case, Workflow]:
    """A case, and its definition with a few elements of another one, or without a few of its own."""
    case, other = unforced(draw(cases())), draw(cases())
    if road:
        case = at_rest(evolve(case, definition=onward(case.definition)))
        other = evolve(other, definition=onward(other.definition))
    data: dict[str, Any] = copy.deepcopy(dict(case.definition))
    data["version"] = 2
    for section in draw(st.lists(st.sampled_from(("states", *SECTIONS)), min_size=1, max_size=2)):
        if section == "states":
            name = draw(st.sampled_from(STATES[:2] if road else STATES[:3]))
            data["states"][name] = other.definition["states"][name]
        elif section == "transitions":
            data[section] = [*data[section], other.definition[section][0]]
        else:
            data[section] = other.definition[section]
    note(json.dumps(data))
    try:
        return case, Workflow(**data)
    except DefinitionError as error:  # rules and chains of two definitions may go round where those of one do not
        assume(not only_endless(error))
        raise


def told(case: Case, opening: Opening, steps: list[Step]) -> Story:
    note(json.dumps(case.definition))
    try:
        return play(case, opening, steps)
    except (LimitError, Refused):
        assume(False)
        raise


def under(workflow: Workflow, case: Case) -> Case:
    """The case run by another definition."""
    made = evolve(case)
    made.__dict__["workflow"] = workflow
    return made


_PLACES = re.compile(r"(transitions|rules|dispatch|escalations)\[\d+\]")
_IDS = re.compile(r"\b[0-9a-f]{32,64}\b")


def masked(records: Iterable[Record]) -> list[str]:
    """Records as text without pins, hashes and the places of elements in their lists."""
    out = []
    for record in records:
        data = dump(record)
        data.pop("transitions", None)
        out.append(_IDS.sub("#", _PLACES.sub(r"\1", json.dumps(data, sort_keys=True))))
    return out


def outcome_of(case: Case, ticket: Ticket, call: Said) -> tuple[Ticket, list[str], str]:
    try:
        outcome = make(case, ticket, call)
    except Refused as refused:
        return ticket, [], refused.code
    return outcome.ticket, masked(outcome.records), ""


@LAWS
@given(changed(road=True), openings, step_lists(late=False, most=8), step_lists(late=False, most=8), st.integers(0, 9000))
def test_an_identical_future_is_one(
    drawn: tuple[Case, Workflow], opening: Opening, steps: list[Step], walk: list[Step], rest: int
) -> None:
    """From a state the plan calls identical, the same events make the same records under both definitions."""
    case, new = drawn
    story = told(case, (opening[0], opening[1], None, *opening[3:]), steps)
    plan = plan_migration(case.workflow, new, [story.ticket])
    assume(plan.tickets[0].status == "identical")

    before = story.ticket
    after = evolve(before, pins=new.pins, version=new.version)
    other = under(new, case)
    at = story.end
    calls = []
    for step in walk:
        at += step.gap * MINUTE
        event, payload, who = case.menu[(step.what or 0) % len(case.menu)]
        del who
        calls.append(Said("advance", at) if step.what is None else Said("fire", at, event, payload, case.opener))
    for call in (*calls, Said("advance", at + rest * MINUTE)):
        try:
            before, made, code = outcome_of(case, before, call)
        except LimitError:
            return
        after, made_new, code_new = outcome_of(other, after, call)
        # A name only one of them knows is refused by both, in other words.
        assert (made, bool(code)) == (made_new, bool(code_new))
        assert before.wake == after.wake


@LAWS
@given(changed(road=True), openings, step_lists(late=False, most=8))
def test_an_identical_ticket_moves_by_name_only(drawn: tuple[Case, Workflow], opening: Opening, steps: list[Step]) -> None:
    """A ticket of identical future is carried over whole: one record, and nothing but its pins and ended clocks differs."""
    case, new = drawn
    story = told(case, opening, steps)
    plan = plan_migration(case.workflow, new, [story.ticket])
    assume(plan.tickets[0].status == "identical")

    outcome = migrate(story.ticket, plan)

    assert [Migrated] == [type(record) for record in outcome.records]
    same = evolve(outcome.ticket, pins=story.ticket.pins, version=story.ticket.version, sequence=story.ticket.sequence)
    chains = tuple(evolve(run, hash=held.hash) for run, held in zip(same.chains, story.ticket.chains, strict=True))
    ended = {name: run for name, run in story.ticket.clocks.items() if name not in new.compiled.clock_names}
    assert {"met", "cancelled"} >= {run.phase for run in ended.values()}
    # A timer that rests for a state of another future can never go on from here, whether it is kept or not.
    resting = story.ticket.resting_timers
    lost = [held for held in resting if held not in same.resting_timers]
    assert all(plan.states[held.timer.state].status != "identical" for held in lost)
    # What a clock that is gone was told goes with it, and that of no other.
    gone = {name: heard for name, heard in story.ticket.told.items() if name in outcome.records[0].dropped}
    told_too = FrozenMap({**same.told, **gone})
    whole = evolve(same, chains=chains, clocks=FrozenMap({**same.clocks, **ended}), resting_timers=resting, told=told_too)
    assert story.ticket == whole


@LAWS
@given(changed(), openings, step_lists(most=8), st.integers(0, 4000), step_lists(most=5), st.integers(0, 9000))
def test_every_ticket_goes_on(
    drawn: tuple[Case, Workflow], opening: Opening, steps: list[Step], later: int, walk: list[Step], rest: int
) -> None:
    """Whatever changed, the whole history folds into the ticket, which can be kept, acted on, explained and woken like any."""
    case, new = drawn
    story = told(case, opening, steps)
    at = story.end + later * MINUTE
    held = story.ticket
    plan = plan_migration(case.workflow, new, [held], at=at)
    try:
        outcome = migrate(held, plan, at=at, world=case.world)
    except (Refused, LimitError) as error:
        assert held == story.ticket
        note(str(error))
        return

    known = [*story.records, *outcome.records]
    assert outcome.ticket == new.fold(known)
    assert outcome == load(json.loads(json.dumps(dump(outcome))))
    assert outcome.ticket.pins == new.pins
    assert migrate(outcome.ticket, plan).records == ()
    assert list(range(1, len(known) + 1)) == [record.sequence for record in known]
    assert sorted(record.at for record in known) == [record.at for record in known]
    assert set(outcome.ticket.clocks) <= set(new.compiled.clock_names)
    if outcome.wake is not None:
        assert outcome.wake > max(at, held.at)
        assert make(under(new, case), outcome.ticket, Said("advance", outcome.wake - MICRO)).ticket is outcome.ticket
    other = under(new, case)
    ticket = outcome.ticket
    for step in walk:
        event, payload, _ = case.menu[(step.what or 0) % len(case.menu)]
        at += step.gap * MINUTE
        try:
            made = make(other, ticket, Said("fire", at, event, payload, case.opener))
        except (Refused, LimitError):
            continue
        known += made.records
        ticket = made.ticket
        assert ticket == new.fold(known)
    try:
        last = make(other, ticket, Said("advance", at + rest * MINUTE))
    except LimitError:
        return
    assert last.ticket == new.fold([*known, *last.records])
    assert set(last.ticket.clocks) == {view.name for view in new.explain(last.ticket, at=last.ticket.at).clocks}


def renamed(value: Any, key: str = "") -> Any:
    """A definition of the grammar with every state under another name."""
    if isinstance(value, dict):
        return {(f"{name}_now" if key == "states" else name): renamed(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, key) for item in value]
    places = ("source", "target", "state", "until", "paused_in", "initial")
    if isinstance(value, str) and "in_state" in value:
        return re.sub(r"in_state\('(\w)'\)", r"in_state('\1_now')", value)
    return f"{value}_now" if key in places and value in STATES else value


@LAWS
@given(cases(), openings, step_lists(late=False, most=8), st.integers(0, 9000))
def test_new_names_change_nothing_else(case: Case, opening: Opening, steps: list[Step], rest: int) -> None:
    """With every state renamed and the names confirmed, the ticket is the one it would have been, by its new names."""
    case = unforced(case)
    new = Workflow(**{**renamed(case.definition), "version": 2})
    story = told(case, opening, steps)
    plan = plan_migration(case.workflow, new, states={name: f"{name}_now" for name in STATES})

    try:
        moved = migrate(story.ticket, plan).ticket
        story = extended(story, Said("advance", story.end + rest * MINUTE))
    except LimitError:
        return
    after = make(under(new, case), moved, Said("advance", story.end)).ticket

    assert () == plan.blocked
    assert {"renamed"} == {part.status for part in plan.states.values()}
    assert f"{story.ticket.state}_now" == after.state
    assert {f"{name}_now": since for name, since in story.ticket.entered.items()} == dict(after.entered)
    assert story.ticket.fields == after.fields
    # What a step or an approval promises has the name of its state in its own.
    promised = {name.replace("_now", ""): evolve(run, name=run.name.replace("_now", "")) for name, run in after.clocks.items()}
    assert dict(story.ticket.clocks) == promised
    assert [timer.due for timer in story.ticket.timers] == [timer.due for timer in after.timers]
    assert story.ticket.wake == after.wake


@LAWS
@given(changed())
def test_a_difference_is_told_exactly_where_there_is_one(drawn: tuple[Case, Workflow]) -> None:
    """The diff is empty exactly when the hashes are equal, is made of plain data, and is told in both languages."""
    case, new = drawn
    old = case.workflow

    for one, other in ((old, new), (new, old), (old, old), (new, Workflow(**new.to_data()))):
        found = diff(one, other)
        assert (one.hash != other.hash) == bool(found) == (len(found) > 0)
        assert json.loads(json.dumps(found.as_data()))["new"] == other.hash
        assert all(change.text("en") and change.text("zh") for change in found)
        assert len({(change.path, change.kind) for change in found}) == len(found)


def test_every_case_is_identical_to_itself() -> None:
    """Every state of every hand-made workflow has the future it has."""
    for case in CASES:
        again = Workflow(**{**case.workflow.to_data(), "version": 9, "title": "the same under another number"})
        plan = plan_migration(case.workflow, again)

        assert {"identical"} == {part.status for part in plan.states.values()}
        assert set(plan.identical) == set(case.workflow.compiled.states)
