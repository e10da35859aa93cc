"""Knows which edition of a chain a run climbs once the chain is edited; must not know stores or desks."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from servflow import load
from servflow.engine import Workflow, migrate, plan_migration
from servflow.errors import DefinitionError, InputError
from servflow.model import ChainStopped, Escalated, Notify
from tests.unit.engine.climbs import OFFICE, level, reached
from tests.unit.engine.flows import Case, after, flow, of, told


def edition(*levels: dict[str, Any], version: int = 1, past: Any = (), parts: Any = None, **chain: Any) -> Workflow:
    spec = {"name": "c", "start": {"state": "b"}, "levels": list(levels), **chain}
    more = {"version": version, "calendars": {"office": OFFICE}, "past_chains": past, "escalations": [spec], **(parts or {})}
    return flow(**more)


OLD = edition(level("one"), level("two"), level("three"), until={"event": "calm"})
NEW_LEVELS = (level("zero"), level("one", who="ONE"), level("three", "4h", who="THREE"))
NEW = edition(*NEW_LEVELS, version=2)
BOTH = edition(*NEW_LEVELS, version=2, past=OLD.escalations)


def under_way(minutes: float = 0) -> Case:
    case = Case(OLD)
    case.fire("go")
    case.until(minutes)
    return case


def test_an_edited_chain_applies_to_new_runs() -> None:
    """A live run goes on under the edition it is pinned to, a run that begins later climbs the new one."""
    held = migrate(under_way(61).ticket, plan_migration(OLD, BOTH)).ticket
    on = BOTH.advance(held, at=after(1000))
    fresh = Case(BOTH)
    fresh.fire("go")

    assert (OLD.escalations[0].hash, 1) == (held.chains[0].hash, held.chains[0].level)
    assert ["two", "three"] == [name for name, _ in reached(on)]
    assert [("zero", "coalesced"), ("one", "coalesced"), ("three", "fired")] == reached(fresh.until(1000))


def test_an_edition_that_nobody_gave_is_asked_for() -> None:
    """A definition with an edited chain does not guess what a live run has promised: the error says what to give it."""
    held = under_way(61).ticket

    for verb in (NEW.advance, NEW.available, NEW.explain, lambda ticket, at: NEW.fire(ticket, "calm", at=at)):
        with pytest.raises(InputError, match=r"past_chains=old\.escalations") as caught:
            verb(held, at=after(1000))
        assert ("edition", (OLD.escalations[0].hash,)) == (caught.value.code, caught.value.facts["hashes"])
    assert ["two", "three"] == [name for name, _ in reached(BOTH.advance(held, at=after(1000)))]


def test_a_run_that_waits_to_begin_begins_under_the_present_edition() -> None:
    """It has promised nothing yet, so an edit of the chain keeps no ticket from going on, migrated or not."""
    old, new = (edition(level(name), start={"age": "2h"}, version=number) for number, name in enumerate(("one", "other"), 1))
    held = old.open("T1", at=after(0)).ticket
    moved = migrate(held, plan_migration(old, new)).ticket

    assert [["other"], ["other"]] == [[n for n, _ in reached(new.advance(one, at=after(1000)))] for one in (held, moved)]


def test_an_earlier_edition_keeps_its_endings() -> None:
    """What ends a run, and which events may be fired for that, follows the edition the run is pinned to."""
    held = migrate(under_way(61).ticket, plan_migration(OLD, BOTH)).ticket

    assert ["event calm"] == [record.reason for record in of(ChainStopped, BOTH.fire(held, "calm", at=after(70)).records)]
    with pytest.raises(DefinitionError):
        edition(level("one"), past=[{"name": "c", "start": {"event": "x"}, "levels": [level("x", when="nosuch")]}])


def test_effects_of_an_earlier_edition_have_ids_of_their_own() -> None:
    """The ids of what an earlier edition does stay the same where one more edition is given."""
    held = migrate(under_way(61).ticket, plan_migration(OLD, BOTH)).ticket
    more = edition(*NEW_LEVELS, version=2, past=[edition(level("x")).escalations[0], *OLD.escalations])
    ids = [[effect.id for effect in of(Notify, each.advance(held, at=after(121)).effects)] for each in (BOTH, more)]

    assert 1 == len(ids[0])
    assert ids[0] == ids[1]


@pytest.mark.parametrize(("new", "chains"), [(BOTH, "move"), (NEW, "keep"), (NEW, "move")])
def test_a_run_may_be_moved(new: Workflow, chains: str) -> None:
    """Told to move, or where nobody knows its edition, a run goes on at the level of the same name when it was due."""
    case = under_way()
    moved = migrate(case.ticket, plan_migration(OLD, new, chains=chains)).ticket

    assert (new.escalations[0].hash, 1, after(60)) == (moved.chains[0].hash, moved.chains[0].level, moved.chains[0].due)
    assert ["ONE"] == told(new.advance(moved, at=after(61)))


def test_where_a_level_is_gone_the_next_one_comes() -> None:
    """A run whose next level was deleted goes on with the next one above that is still there, at the very instant."""
    moved = migrate(under_way(61).ticket, plan_migration(OLD, NEW)).ticket

    assert ("three", after(120)) == (NEW.escalations[0].levels[moved.chains[0].level].name, moved.chains[0].due)


def test_where_no_level_is_left_above_it_stops() -> None:
    """A run with nothing left to climb ends with a record that says so."""
    outcome = migrate(under_way(61).ticket, plan_migration(OLD, edition(level("one"), version=2)))

    assert ["the definition changed: no level is left above"] == [one.reason for one in of(ChainStopped, outcome.records)]


def test_an_armed_run_begins_under_its_own_edition() -> None:
    """A run that waits for its trigger is pinned as well."""
    old = edition(level("one"), start={"state": "b", "after": "2h"})
    new = edition(level("uno"), version=2, past=old.escalations, start={"state": "b", "after": "9h"})
    case = Case(old)
    case.fire("go")
    held = migrate(case.ticket, plan_migration(old, new)).ticket

    assert [("one", "fired")] == reached(new.advance(held, at=after(181)))


def test_an_answer_that_is_none() -> None:
    """Whether runs move is one of two words."""
    with pytest.raises(InputError, match="keep, move"):
        plan_migration(OLD, NEW, chains="stay")


def test_past_chains_are_no_part_of_the_definition() -> None:
    """They change neither hash nor data; pickle and load carry them."""
    again = pickle.loads(pickle.dumps(BOTH))
    loaded = load(NEW.to_data(), past_chains=[chain.to_data() for chain in OLD.escalations])

    assert NEW.hash == BOTH.hash
    assert NEW == BOTH == again
    assert BOTH.past_chains == again.past_chains == loaded.past_chains
    assert {OLD.escalations[0].hash} == set(loaded.compiled.past_chains)


def test_what_is_wrong_with_an_earlier_edition_is_told_at_its_place() -> None:
    """A past chain that does not fit the definition is refused with its place; what would start it is not looked at."""
    wrong = {"name": "c", "start": {"clock": "gone"}, "levels": [level("one", calendar="ofice")]}
    with pytest.raises(DefinitionError) as caught:
        edition(level("one"), past=[wrong])

    assert ["past_chains[0].levels[0].calendar"] == [finding.path for finding in caught.value.findings]


# who speaks for whom --------------------------------------------------------------------------------------------


def test_a_coalesced_level_says_who_spoke_for_it() -> None:
    """The record of a level that was folded away names the level that spoke, or what silenced it."""
    case = under_way()
    late = case.workflow.advance(case.ticket, at=after(1000))
    answered = case.workflow.fire(case.ticket, "chain.acknowledge", at=after(90))

    assert [("two spoke for it",), ("three spoke for it",)] == [one.why[-1:] for one in of(Escalated, late.records)[:2]]
    assert ("the call that caught it up acknowledged the run",) == of(Escalated, answered.records)[0].why[-1:]


def test_a_reminder_does_not_silence_a_level_above() -> None:
    """Late, a reminder speaks for its own level; people of the level above it still hear."""
    first = level("one", remind={"every": "2h", "times": 1})
    case = Case(edition(first, level("two")))
    case.fire("go")

    assert ["two", "one"] == told(case.until(1000))


def test_what_an_event_raises_silences_too() -> None:
    """A run that is ended by an event which the host's own event raised tells nobody of the level caught up."""
    transitions = [
        {"event": "go", "source": "a", "target": "b"},
        {"event": "solve", "source": "b", "do": [{"emit": {"event": "solved"}}]},
        {"event": "solved", "source": "b", "target": "z"},
    ]
    case = Case(edition(level("one"), level("two"), parts={"transitions": transitions}))
    case.fire("go")

    outcome = case.fire("solve", minutes=90)

    assert ([("one", "coalesced")], []) == (reached(outcome), told(outcome))


def test_a_level_that_waits_for_somebody_does_nothing_meanwhile() -> None:
    """With on_empty: hold a level that finds nobody leaves the ticket alone, and is carried out whole when it finds one."""
    spec = {"name": "one", "do": [{"notify": {"to": "owner", "template": "t"}}, {"set": {"n": "n + 1"}}, {"raise_priority": 1}]}
    case = Case(edition(spec, on_empty="hold", parts={"fields": {"n": {"type": "int", "default": 0}}}))
    case.fire("go")
    waiting = case.until(10)
    held = case.ticket
    case.fire("ticket.update", {"tags": ["x"]}, minutes=20)
    case.until(30)
    case.fire("ticket.assign", {"slot": "owner", "to": "ann"}, minutes=40)

    outcome = case.until(50)

    assert ([("one", "empty")], 0, None) == (reached(waiting), held.fields["n"], held.wake)
    assert (["ann"], 1) == (told(outcome), case.ticket.fields["n"])
    assert len({effect.id for effect in case.effects}) == len(case.effects)
