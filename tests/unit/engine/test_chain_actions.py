"""Knows what levels do with helpers, watchers, owners and the world outside; must not know when levels are due."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.desk import Desk
from servflow.errors import DefinitionError, Refused
from servflow.model import (
    Actor,
    Assign,
    Call,
    ChainStopped,
    Escalated,
    HelperBreached,
    HelperEnded,
    HelperStarted,
    Received,
    Ticket,
    Unreachable,
    Watched,
    World,
    dump,
    load_ticket,
)
from servflow.stores import MemoryStore
from tests.unit.engine.climbs import climbing, level
from tests.unit.engine.flows import Case, after, flow, move, notify, of, told

BOB, ANN = Actor("bob"), Actor("ann")
NIGHT = Calendar("UTC", {"mon-fri": ["20:00-22:00"]})
WORLD = World(engineers=[{"id": "bob", "shift": "night"}], calendars={"night": NIGHT})


def helped(within: Any = "2h", *chains: dict[str, Any], who: str = "bob", **more: Any) -> Case:
    """A ticket in b whose helper promised something when it came there."""
    action = {"add_helper": {"to": {"user": who}, "within": within, **more}}
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    transitions = [move(do=[action]), move("end", "b", "z"), move("ask", "b", "b", do=[action])]
    case = Case(flow(calendars={"office": office}, transitions=transitions, escalations=list(chains)))
    case.fire("go", world=WORLD)
    return case


# helpers --------------------------------------------------------------------------------------------------------


def test_a_helper_has_a_clock_of_their_own() -> None:
    """The promise of a helper counts by itself; whoever owns or has the ticket stays responsible."""
    case = helped()
    case.fire("ticket.assign", {"to": "ann"})
    promise = case.ticket.helping["bob"]

    assert (after(), after(120), None) == (promise.since, promise.due, promise.breached_at)
    assert ("ann", ("bob",), after(120)) == (case.ticket.assignee, case.ticket.helpers, _left(case.ticket))


def _left(ticket: Ticket) -> datetime | None:
    """The instant that the ticket's wake stands for."""
    return None if ticket.wake is None else ticket.wake.replace(microsecond=0)


@pytest.mark.parametrize(
    ("within", "more", "due"),
    [
        ("2h", {}, after(120)),
        ("9h", {"calendar": "office"}, after(hours=1, days=1)),
        ("1h", {"calendar": {"of": "recipient"}}, after(hours=12)),
        ("1h", {"zone": "recipient"}, after(hours=12)),
        ("2 business days", {"calendar": "office"}, after(hours=8, days=1)),
    ],
)
def test_it_counts_in_any_calendar_a_level_may_count_in(within: str, more: dict[str, Any], due: datetime) -> None:
    """A helper's time passes, or counts in a calendar by name or in their own shift."""
    assert due == helped(within, **more).ticket.helping["bob"].due


def test_a_breach_is_recorded_at_its_own_instant_and_may_start_a_chain() -> None:
    """However late anybody looks the breach lies at the due instant, and a chain that waits for it begins there."""
    chain = {"name": "c", "start": {"event": "helper.breached"}, "levels": [level("boss", "30m")]}
    case = helped("2h", chain)

    outcome = case.until(600)

    (breached,) = of(HelperBreached, outcome.records)
    assert (after(120), after(120)) == (breached.at, breached.promise.breached_at)
    assert [after(150)] == [record.scheduled for record in of(Escalated, outcome.records)]
    assert {"helper": "bob", "due": after(120)} == of(Received, outcome.records)[0].payload


def test_a_helper_who_is_done_in_time_breaches_nothing() -> None:
    """Done stops the clock, takes them off the ticket and tells the host."""
    case = helped()

    outcome = case.fire("helper.done", {"reason": "it was the fuse"}, minutes=60, actor=BOB)

    (ended,) = of(HelperEnded, outcome.records)
    assert ("done", "bob", "it was the fuse", None) == (
        ended.outcome,
        ended.by,
        ended.reason,
        ended.promise and ended.promise.breached_at,
    )
    assert ((), {}, None) == (outcome.ticket.helpers, outcome.ticket.helping, outcome.wake)
    assert [("helper", None, "bob")] == [(effect.slot, effect.to, effect.previous) for effect in of(Assign, outcome.effects)]


def test_done_exactly_on_time_is_in_time() -> None:
    """At the due instant itself the promise is kept; a microsecond later it is not."""
    case, late = helped(), helped()

    kept = case.fire("helper.done", minutes=120, actor=BOB)
    broken = late.wake()

    assert ([], 1) == (of(HelperBreached, kept.records), len(of(HelperBreached, broken.records)))


def test_done_that_is_told_late_was_in_time() -> None:
    """What occurred before the due instant was in time, though the breach was recorded meanwhile."""
    case = helped()
    case.until(200)

    outcome = case.fire("helper.done", minutes=210, actor=BOB, occurred=after(100))

    (ended,) = of(HelperEnded, outcome.records)
    assert (None, after(120)) == (
        ended.promise.breached_at if ended.promise else after(),
        case.records[[type(record) for record in case.records].index(HelperBreached)].at,
    )


def test_a_chain_ends_whose_breach_did_not_happen_after_all() -> None:
    """Where the breach is taken back, the run it started ends; while another helper is late it goes on."""
    chain = {"name": "c", "start": {"event": "helper.breached"}, "levels": [level("boss", "9h")]}
    asked = [{"add_helper": {"to": {"user": name}, "within": "1h"}} for name in ("bob", "ann")]
    case = Case(flow(transitions=[move(do=asked)], escalations=[chain]))
    case.fire("go")
    case.until(100)

    first = case.fire("helper.done", minutes=110, actor=BOB, occurred=after(50))
    second = case.fire("helper.done", minutes=120, actor=ANN, occurred=after(50))

    assert (1, 0) == (len(first.ticket.chains), len(second.ticket.chains))
    assert ["what started it was amended"] == [record.reason for record in of(ChainStopped, second.records)]


def test_what_another_helper_began_goes_on_though_this_one_was_in_time() -> None:
    """Who was late first began the run; that a later breach is taken back takes nothing from it."""
    chain = {"name": "c", "start": {"event": "helper.breached"}, "levels": [level("boss", "9h")]}
    asked = [{"add_helper": {"to": {"user": name}, "within": span}} for name, span in (("bob", "1h"), ("ann", "2h"))]
    case = Case(flow(transitions=[move(do=asked)], escalations=[chain]))
    case.fire("go")
    case.fire("helper.done", minutes=90, actor=BOB)

    told_late = case.fire("helper.done", minutes=150, actor=ANN, occurred=after(110))

    assert [after(60)] == [run.started_at for run in told_late.ticket.chains]


def test_a_closing_that_is_told_late_was_in_time() -> None:
    """A ticket that closed before the due instant left nobody time to be late, though the breach was recorded meanwhile."""
    case = helped()
    case.until(200)

    outcome = case.fire("end", minutes=210, occurred=after(100))

    assert [("closed", None)] == [
        (ended.outcome, ended.promise and ended.promise.breached_at) for ended in of(HelperEnded, outcome.records)
    ]


def test_only_a_helper_is_done_and_others_remove_them() -> None:
    """Nobody says done for somebody else; whoever may, sends a helper away."""
    case = helped()

    with pytest.raises(Refused, match="ann does not help"):
        case.fire("helper.done", actor=ANN)
    with pytest.raises(Refused, match="carl does not help"):
        case.fire("helper.remove", {"who": "carl"}, actor=ANN)
    with pytest.raises(Refused, match="who"):
        case.fire("helper.remove", actor=ANN)
    outcome = case.fire("helper.remove", {"who": "bob"}, actor=ANN)

    assert [("removed", "ann")] == [(record.outcome, record.by) for record in of(HelperEnded, outcome.records)]
    assert () == outcome.ticket.helpers


def test_an_action_removes_helpers() -> None:
    """A definition lets all helpers go; those who are not there are passed over."""
    gone = [{"remove_helper": "helpers"}, {"remove_helper": {"to": {"user": "carl"}}}]
    asked = [{"add_helper": {"to": {"user": name}, "within": "1h"}} for name in ("bob", "ann")]
    case = Case(flow(transitions=[move(do=asked), move("back", "b", "a", do=gone)]))
    case.fire("go")

    outcome = case.fire("back", minutes=5)

    assert ["bob", "ann"] == [record.helper for record in of(HelperEnded, outcome.records)]
    assert ((), None) == (outcome.ticket.helpers, outcome.wake)


def test_closing_stops_their_clocks() -> None:
    """When the ticket closes nothing is promised any more; who helped stays on it."""
    case = helped()

    outcome = case.fire("end", minutes=10)

    assert ["closed"] == [record.outcome for record in of(HelperEnded, outcome.records)]
    assert (("bob",), {}, None) == (outcome.ticket.helpers, outcome.ticket.helping, outcome.wake)


def test_asked_again_a_helper_keeps_the_clock_they_have() -> None:
    """A second request while they help moves no promise."""
    case = helped()

    outcome = case.fire("ask", minutes=30)

    assert ([], after(120)) == (of(HelperStarted, outcome.records), outcome.ticket.helping["bob"].due)


def test_helpers_are_bounded() -> None:
    """A ticket keeps a hundred helpers; one more is told of and not kept."""
    asked = [{"add_helper": {"to": {"user": f"h{number}"}, "within": "1h"}} for number in range(101)]
    case = Case(flow(transitions=[move(do=asked)]))

    outcome = case.fire("go")

    assert (100, 100) == (len(outcome.ticket.helpers), len(outcome.ticket.helping))
    assert ["h100"] == [effect.to for effect in of(Unreachable, outcome.effects)]


def test_a_ticket_with_helpers_comes_back_from_json_and_from_its_records() -> None:
    """Dump, load and fold give the helpers, what they promised and who watches."""
    case = helped("1h", zone="recipient")
    case.fire("ticket.watch", actor=ANN)
    case.until(60 * 13)

    row = json.loads(json.dumps(dump(case.ticket)))
    assert case.ticket == load_ticket(row) == case.workflow.fold(case.records)
    assert after(hours=12) == case.ticket.helping["bob"].breached_at


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"within": "soon"}, "within", "escalation.span"),
        ({"within": "0h"}, "within", "action.value"),
        ({"within": "1h", "calendar": "nowhere"}, "calendar", "name.unknown"),
        ({"within": "1h", "calendar": {"of": "moon"}}, "calendar.of", "escalation.option"),
        ({"within": "1h", "zone": "Mars"}, "zone", "escalation.zone"),
        ({"within": "2 business days"}, "within", "escalation.business_days"),
        ({"calendar": "office"}, "calendar", "action.without"),
        ({"whithin": "1h"}, "whithin", "name.unknown"),
    ],
)
def test_what_a_helper_promises_is_checked_at_load(more: dict[str, Any], path: str, code: str) -> None:
    """A promise that cannot be counted is refused with its place."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    with pytest.raises(DefinitionError) as caught:
        flow(calendars={"office": office}, transitions=[move(do=[{"add_helper": {"to": {"user": "bob"}, **more}}])])

    assert (f"transitions[0].do[0].add_helper.{path}", code) in [(found.path, found.code) for found in caught.value.findings]


def test_an_explanation_shows_who_helps_and_by_when() -> None:
    """A screen sees every helper with the promise they have and whose time it counts in, and who watches."""
    case = helped("1h", zone="recipient")
    case.fire("ticket.watch", actor=ANN)

    view = case.workflow.explain(case.ticket, at=after(), world=WORLD)

    (row,) = view.helpers
    assert ("bob", "1h", "2026-03-02T21:00:00Z", None, "counts in night, the shift of bob") == tuple(
        row[name] for name in ("helper", "within", "due", "breached_at", "counts")
    )
    assert (("ann",), [("helper", "bob")]) == (view.watchers, [(item.kind, item.name) for item in view.coming])
    assert ["bob"] == [helper["helper"] for helper in view.as_data()["helpers"]]


# watchers -------------------------------------------------------------------------------------------------------


def test_watchers_hear_of_a_ticket_until_they_stop() -> None:
    """Who watches can be addressed; the host hears of each who begins and stops."""
    one = {"name": "one", "do": [{"watch": {"to": [{"user": "ann"}, {"user": "bob"}]}}]}
    two = {
        "name": "two",
        "after": "1h",
        "do": [{"unwatch": {"to": {"user": "ann"}}}, {"notify": {"to": "watchers", "template": "t"}}],
    }
    case = climbing(one, two)
    case.fire("go")

    first, second = case.until(1), case.until(61)

    assert [("watcher", "ann", None), ("watcher", "bob", None)] == [
        (effect.slot, effect.to, effect.previous) for effect in of(Assign, first.effects)
    ]
    assert [("ann", False)] == [(record.who, record.watching) for record in of(Watched, second.records)]
    assert (["bob"], ("bob",)) == (told(second), second.ticket.watchers)


def test_people_watch_by_themselves() -> None:
    """Who fires the event watches, or names somebody else; twice is once, and closing ends nothing."""
    case = climbing()
    case.fire("ticket.watch", actor=ANN)
    case.fire("ticket.watch", {"who": "carl"}, actor=ANN)
    again = case.fire("ticket.watch", actor=ANN)
    case.fire("ticket.unwatch", {"who": "carl"}, actor=ANN)
    case.fire("end")

    assert ([], ("ann",)) == (of(Watched, again.records), case.ticket.watchers)
    with pytest.raises(Refused, match="who"):
        case.fire("ticket.watch")
    with pytest.raises(Refused, match="carl does not watch"):
        case.fire("ticket.unwatch", {"who": "carl"}, actor=ANN)


def test_watchers_are_bounded() -> None:
    """At most five hundred people watch a ticket; one more is told of."""
    groups = [{"watch": {"to": [{"user": f"w{number}"} for number in range(first, first + 50)]}} for first in range(0, 550, 50)]
    case = Case(flow(transitions=[move(do=groups)]))

    outcome = case.fire("go")

    assert (500, 50) == (len(outcome.ticket.watchers), len(of(Unreachable, outcome.effects)))


def test_watching_is_a_right() -> None:
    """Where roles are declared, watching and sending helpers away are granted like everything else."""
    granted = {"roles": ["clerk"], "events": {"ticket.watch": {"allow": ["clerk"]}, "go": {"allow": ["clerk"]}}}
    case = Case(flow(**granted))
    case.fire("ticket.watch", actor=Actor("carl", ["clerk"]))

    with pytest.raises(Refused, match="not permitted"):
        case.fire("ticket.watch", actor=ANN)
    assert ("carl",) == case.ticket.watchers


def test_what_a_person_can_do_is_offered() -> None:
    """Done is offered to helpers only, and nobody is removed where nobody helps."""
    case = helped()
    offered = {option.event for option in case.workflow.available(case.ticket, at=after(), actor=BOB)}
    others = {option.event for option in case.workflow.available(case.ticket, at=after(), actor=ANN)}

    assert ({"helper.done", "helper.remove", "ticket.watch"}, {"helper.remove", "ticket.watch"}) == tuple(
        {name for name in found if name.startswith("helper.") or name.endswith("watch")} for found in (offered, others)
    )


# functional and hierarchical ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "do",
    [
        [{"watch": "assignee"}, notify("nobody")],
        [{"add_owner": "assignee"}],
        [{"remove_helper": {"to": {"user": "ann"}}}, {"unwatch": {"to": {"user": "ann"}}}, notify("bob")],
    ],
)
def test_a_level_counts_for_whoever_has_something_to_do(do: list[dict[str, Any]]) -> None:
    """Who is written short counts like anybody, and who is sent away does not."""
    world = World(
        engineers=[{"id": "ann", "shift": "day"}, *WORLD.engineers], calendars={"night": NIGHT, "day": Calendar.always()}
    )
    case = climbing({"name": "one", "after": "1h", "calendar": {"of": "recipient"}, "do": do})
    case.fire("ticket.assign", {"to": "bob"}, world=world)
    case.fire("go", world=world)

    assert after(hours=12) == case.ticket.chains[0].due


def test_who_works_and_who_is_told_are_kept_apart() -> None:
    """Telling a manager moves nothing, and giving the work on tells nobody by itself."""
    one = {"name": "one", "do": [notify("manager")]}
    two = {
        "name": "two",
        "after": "1h",
        "do": [{"assign": {"to": {"user": "expert"}}}, {"add_owner": {"to": {"user": "olga"}}}],
    }
    case = climbing(one, two)
    case.fire("ticket.assign", {"to": "bob"})
    case.fire("go")

    first, second = case.until(1), case.until(61)

    assert ("bob", None, ["manager"]) == (first.ticket.assignee, first.ticket.owner, told(first))
    assert ("expert", "olga", []) == (second.ticket.assignee, second.ticket.owner, told(second))
    assert ["assignee", "owner"] == [effect.slot for effect in of(Assign, second.effects)]


@pytest.mark.parametrize(("now", "by", "ceiling", "then"), [(3, 1, 1, 2), (3, 9, 2, 2), (2, 1, 2, 2), (1, 3, 2, 1)])
def test_a_priority_rises_to_its_ceiling_and_never_falls(now: int, by: int, ceiling: int, then: int) -> None:
    """A level raises the priority by so many steps, not beyond the ceiling, and lowers none that is beyond it."""
    case = climbing({"name": "one", "do": [{"raise_priority": {"by": by, "ceiling": ceiling}}]})
    case.fire("ticket.update", {"priority": now})
    case.fire("go")
    case.until(1)

    assert then == case.ticket.priority


def test_a_level_lets_an_event_follow() -> None:
    """An event of the ticket follows a level as a step of its own."""
    one = {"name": "one", "do": [{"emit": {"event": "end"}}]}
    case = climbing(one)
    case.fire("go")

    assert "z" == case.until(1).ticket.state


def test_the_last_level_may_lie_outside() -> None:
    """A regulator is asked by a call of the last level, and their answer comes back as an event that ends the climb."""
    ombudsman = {"call": {"name": "ombudsman", "data": {"since": "opened_at"}, "reply": "ruling"}}
    chain = {
        "name": "complaint",
        "start": {"state": "b"},
        "until": {"event": "ruling"},
        "levels": [level("manager", "24h"), {"name": "external", "after": "48h", "do": [ombudsman], "remind": {"every": "1h"}}],
    }
    transitions = [
        move(),
        {
            "event": "ruling",
            "source": "b",
            "target": "z",
            "payload": {"upheld": "bool"},
            "do": [{"set": {"ruled": "payload.upheld"}}],
        },
    ]
    workflow = flow(fields={"ruled": {"type": "bool", "optional": True}}, transitions=transitions, escalations=[chain])
    now, asked = [after()], list[Call]()

    def rule(effect: Call) -> dict[str, Any]:
        asked.append(effect)
        return {"upheld": True}

    desk = Desk(workflow, MemoryStore(), handlers={"notify": lambda _: None, "call:ombudsman": rule}, now=lambda: now[0])
    desk.open("T1")
    desk.fire("T1", "go")
    now[0] = after(days=4)
    desk.tick()
    desk.deliver()
    desk.tick()

    ticket = desk.get("T1")
    assert (["ombudsman"], "z", True) == ([call.name for call in asked], ticket.state, ticket.fields["ruled"])
    assert ((), None) == (ticket.chains, ticket.wake)
    actors = [record.actor for record in desk.history("T1") if isinstance(record, Received) and record.event == "ruling"]
    assert ["system"] == actors


# personal data --------------------------------------------------------------------------------------------------


def test_who_watched_or_was_counted_for_can_be_erased() -> None:
    """A watcher, and somebody whose time a level counted in, leave the ticket and the records when they are erased."""
    world = World(people=[{"id": "watcher-9", "zone": "Asia/Tokyo"}])
    one = {
        "name": "one",
        "after": "30h",
        "calendar": "office",
        "zone": "recipient",
        "do": [notify("watcher-9"), {"watch": {"to": {"user": "nobody-7"}}}],
    }
    case = climbing(one)
    case.fire("ticket.watch", {"who": "watcher-9"}, actor=ANN, world=world)
    case.fire("go", minutes=5, world=world)

    erasure = case.workflow.erase(case.ticket, case.records, people=["watcher-9"], at=after(10))

    kept = json.dumps(dump(erasure.outcome.ticket)) + "".join(json.dumps(dump(record)) for record in erasure.records)
    assert "watcher-9" in json.dumps(dump(case.ticket))
    assert ("watcher-9" in kept, ("erased-1",)) == (False, erasure.outcome.ticket.watchers)
