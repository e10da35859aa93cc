"""Holds what a case tells of a ticket to what happened: moves, stays, hands, words, checks, levels; must not know figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.engine import Workflow, migrate, plan_migration
from servflow.errors import InputError
from servflow.metrics import Case, Reached, Said, Stay, Step, Stint, read_case, read_cases
from servflow.model import Actor, FrozenMap, Migrated, Opened, Outcome, Record, World

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

DEFINITION: dict[str, Any] = {
    "workflow": "repair",
    "queues": ["north", "south"],
    "initial": "new",
    "states": {
        "new": {},
        "on_site": {"checklist": ["photo", "repair"]},
        "both": {
            "parallel": True,
            "states": {"left": {"states": {"l1": {}, "l2": {}}}, "right": {"states": {"r1": {}, "r2": {}}}},
        },
        "closed": {"closed": True},
    },
    "transitions": [
        {"event": "arrive", "source": "new", "target": "on_site"},
        {"event": "again", "source": "on_site", "target": "on_site"},
        {"event": "split", "source": "on_site", "target": "both"},
        {"event": "step", "source": "l1", "target": "l2"},
        {"event": "close", "source": "*", "target": "closed"},
        {"event": "ticket.reopen", "source": "closed", "target": "on_site"},
    ],
    "clocks": [{"name": "fix", "within": "4h", "until": "closed"}],
    "escalations": [
        {
            "name": "late",
            "start": {"clock": "fix"},
            "levels": [
                {"name": "lead", "do": [{"notify": {"to": {"role": "lead"}, "template": "late"}}]},
                {"name": "head", "after": "1h", "do": [{"notify": {"to": {"role": "head"}, "template": "late"}}]},
            ],
        }
    ],
}
FLOW = Workflow(**DEFINITION)


class Told:
    """A ticket and everything that happened to it."""

    def __init__(self, fields: dict[str, Any] | None = None, **parts: Any) -> None:
        self.flow = FLOW
        self.records: list[Record] = []
        self.take(FLOW.open("T1", fields, at=START, world=World(), **parts))

    def take(self, outcome: Outcome) -> None:
        """Go on from an outcome."""
        self.ticket = outcome.ticket
        self.records.extend(outcome.records)

    def fire(self, hours: float, event: str, payload: dict[str, Any] | None = None, who: str = "ann", **parts: Any) -> Told:
        """Fire an event so many hours after the opening."""
        at = START + hours * HOUR
        self.take(self.flow.fire(self.ticket, event, payload, at=at, actor=Actor(who), world=World(), **parts))
        return self

    def case(self, hours: float) -> Case:
        """The case as of so many hours after the opening."""
        return read_case(self.records, START + hours * HOUR)


def test_moves_tell_from_where_to_where_by_what_and_by_whom() -> None:
    """The event and its actor are told; a state entered anew is a move to itself."""
    case = Told().fire(1, "arrive", who="bo").fire(2, "again").case(3)

    assert (
        Step(at=START + HOUR, event="arrive", source="new", target="on_site", by="bo"),
        Step(at=START + 2 * HOUR, event="again", source="on_site", target="on_site", by="ann"),
    ) == case.moves


def test_stays_are_of_leaf_states_and_parallel_ones_run_side_by_side() -> None:
    """A region that moves ends its own stay only; the last ones are open; a closed state says so."""
    told = Told().fire(1, "arrive").fire(2, "split").fire(3, "step")
    hour = [START + hours * HOUR for hours in range(6)]
    before = (
        Stay(state="new", since=hour[0], until=hour[1]),
        Stay(state="on_site", since=hour[1], until=hour[2], event="arrive"),
        Stay(state="l1", since=hour[2], until=hour[3], event="split"),
    )
    now = (Stay(state="r1", since=hour[2], event="split"), Stay(state="l2", since=hour[3], event="step"))

    assert (*before, *now) == told.case(4).stays
    assert Stay(state="closed", since=hour[5], event="close", closed=True) == told.fire(5, "close").case(6).stays[-1]


def test_stints_tell_who_had_it_in_which_slot() -> None:
    """Assignees follow each other; a queue is where it was put; helpers leave when they are done."""
    told = Told({"queue": "north"}).fire(1, "ticket.assign", {"to": "bo"}).fire(2, "ticket.assign", {"to": "cy"})
    told.fire(3, "ticket.update", {"queue": "south"}).fire(3, "ticket.assign", {"to": "cy"})
    hour = [START + hours * HOUR for hours in range(4)]

    assert (
        Stint(slot="queue", who="north", since=hour[0], until=hour[3]),
        Stint(slot="assignee", who="bo", since=hour[1], until=hour[2]),
        Stint(slot="assignee", who="cy", since=hour[2]),
        Stint(slot="queue", who="south", since=hour[3]),
    ) == told.case(4).stints


def test_words_are_told_when_they_were_written() -> None:
    """A message that was read later was written when it occurred."""
    told = Told().fire(1, "arrive")
    told.fire(2, "ticket.message", {"side": "customer", "text": "hello?", "channel": "mail"}, occurred=START + 1.5 * HOUR)

    assert (Said(at=START + 1.5 * HOUR, side="customer", channel="mail", by="ann"),) == told.case(3).said


def test_the_first_answer_is_the_earliest_however_late_it_was_noted() -> None:
    """A telephone answer that was written down after the mail was still the first."""
    told = Told().fire(2, "ticket.message", {"side": "agent", "text": "by mail"})
    told.fire(3, "ticket.message", {"side": "agent", "text": "by telephone"}, occurred=START + HOUR)

    assert START + HOUR == told.case(4).responded


def test_checks_tell_how_long_each_step_took() -> None:
    """The first counts from entering the state, the next from the one before; one that was taken back is gone."""
    told = Told().fire(1, "arrive").fire(1.5, "step.check", {"step": "photo"}).fire(3, "step.check", {"step": "repair"})

    assert [("photo", 0.5 * HOUR), ("repair", 1.5 * HOUR)] == [(done.step, done.after) for done in told.case(4).checks]


def test_checks_from_before_a_reopening_stand_beside_those_after_it() -> None:
    """The work that was done is not undone by a ticket that comes back."""
    told = Told().fire(1, "arrive").fire(2, "step.check", {"step": "photo"}).fire(3, "close").fire(5, "ticket.reopen")
    told.fire(8, "step.check", {"step": "photo"})

    assert [("photo", HOUR), ("photo", 3 * HOUR)] == [(done.step, done.after) for done in told.case(9).checks]


def test_levels_are_told_at_their_scheduled_instants() -> None:
    """However late anybody looked, the lead was reached after four hours and the head an hour later."""
    case = Told().fire(30, "arrive").case(30)
    due = START + 4 * HOUR

    assert [("late", "lead", due), ("late", "head", due + HOUR)] == [(one.chain, one.level, one.at) for one in case.reached]
    assert isinstance(case.reached[0], Reached)
    assert ("late",) == case.chains


def test_cycles_tell_their_target_and_what_they_came_to() -> None:
    """A cycle has its target, its due instant, when it stopped and what it counted; a reopening begins the next."""
    case = Told().fire(1, "arrive").fire(3, "close").fire(10, "ticket.reopen").case(11)
    first, second = case.cycles

    assert ("met", 4 * HOUR, START + 3 * HOUR, 3 * HOUR) == (first.outcome, first.target, first.stopped_at, first.counted)
    assert ("open", 2, START + 14 * HOUR) == (second.outcome, second.number, second.due)


def test_closings_and_reopenings_bound_the_time_it_was_open() -> None:
    """Each closing and each reopening is told, and so are the stretches between them."""
    case = Told().fire(1, "close").fire(3, "ticket.reopen").case(4)
    hour = [START + hours * HOUR for hours in range(4)]

    assert ((hour[1],), (hour[3],)) == (case.closings, case.reopenings)
    assert ((hour[0], hour[1]), (hour[3], None)) == case.open_spans


def test_records_of_later_are_not_read() -> None:
    """As of an instant in between, the case is what it then was."""
    told = Told().fire(1, "arrive").fire(3, "close")
    then = Told().fire(1, "arrive")

    assert then.case(2) == told.case(2)


def test_what_opens_later_is_no_case_yet() -> None:
    """One ticket alone is refused with the reason; among many it is left out."""
    with pytest.raises(InputError, match="the ticket opens after"):
        Told().case(-1)

    assert () == read_cases([Told().records], START - HOUR)


def test_a_migrated_ticket_goes_on_under_its_new_names() -> None:
    """A renamed state ends one stay and begins another, a dropped clock is given up, and a move is told."""
    told = Told().fire(1, "arrive")
    states = {name: part for name, part in DEFINITION["states"].items() if name != "on_site"}
    newer = {
        **DEFINITION,
        "version": 2,
        "states": {**states, "at_customer": {}},
        "transitions": [
            {"event": "arrive", "source": "new", "target": "at_customer"},
            {"event": "close", "source": "*", "target": "closed"},
        ],
        "clocks": [],
        "escalations": [],
    }
    flow = Workflow(**newer)
    plan = plan_migration(FLOW, flow, states={"on_site": "at_customer"})
    told.take(migrate(told.ticket, plan, at=START + 2 * HOUR))
    case = told.case(9)

    assert [("new", START + HOUR), ("on_site", START + 2 * HOUR), ("at_customer", None)] == [
        (stay.state, stay.until) for stay in case.stays
    ]
    assert ("migrate", "on_site", "at_customer") == (case.moves[-1].event, case.moves[-1].source, case.moves[-1].target)
    assert ["cancelled"] == [cycle.outcome for cycle in case.cycles]


def test_a_renamed_clock_is_one_clock() -> None:
    """Cycles are told under the name their clock has now, also those that were over; names may change places."""
    plain = {
        "workflow": "renamed",
        "states": {"new": {}, "working": {}, "closed": {"closed": True}},
        "transitions": [
            {"event": "go", "source": "new", "target": "working"},
            {"event": "stop", "source": "working", "target": "closed"},
        ],
        "clocks": [{"name": "a", "within": "1h", "until": "working"}, {"name": "b", "within": "8h", "until": "closed"}],
    }
    old, new = Workflow(**plain, version=1), Workflow(**plain, version=2)
    opened = old.open("T", at=START)
    gone = old.fire(opened.ticket, "go", at=START + HOUR / 2)
    moved = migrate(gone.ticket, plan_migration(old, new), at=START + HOUR)

    def cycles(**names: str) -> list[tuple[str, str]]:
        # The clocks that parts of a state make are called after it, and go along when it is renamed.
        told = [evolve(one, clocks=FrozenMap(names)) if isinstance(one, Migrated) else one for one in moved.records]
        case = read_case([*opened.records, *gone.records, *told], START + 2 * HOUR)
        return [(one.clock, one.outcome) for one in case.cycles]

    assert [("a", "met"), ("b", "open")] == cycles()
    assert [("arrival", "met"), ("b", "open")] == cycles(a="arrival")
    assert [("b", "met"), ("a", "open")] == cycles(a="b", b="a")


def test_a_correlators_own_ticket_is_nobodys_case() -> None:
    """It is left out, whatever it went through."""
    records = Told().records
    opened = records[0]
    assert isinstance(opened, Opened)

    assert () == read_cases([[evolve(opened, id=f"~{opened.workflow}/key"), *records[1:]]], START)
