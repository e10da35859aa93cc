"""Taking a ticket out of a line: who may, what is recorded, and what a waiting ticket costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import InputError, Refused
from servflow.model import Decided, Received, SlotChanged, Take, Ticket, World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORLD = World(
    engineers=[
        {"id": "ann", "skills": ["ac"], "capacity": 1, "roles": ["agent"]},
        {"id": "bob", "skills": ["tv"], "roles": ["agent"]},
        {"id": "eve", "skills": ["ac"]},
    ]
)
FLOW = Workflow(
    workflow="calls",
    fields={"skill": {"type": "string", "default": "ac"}, "kind": {"type": "string", "indexed": True, "default": "call"}},
    roles=["agent", "clerk"],
    events={"queue.take": {"allow": ["agent"]}, "ticket.assign": {"allow": ["clerk"]}},
    initial="waiting",
    states={"waiting": {}, "talking": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "assigned.line", "source": "waiting", "target": "talking", "allow": ["system"]},
        {"event": "back", "source": "talking", "target": "waiting", "allow": ["assignee"]},
        {"event": "close", "source": "talking", "target": "closed", "allow": ["assignee"]},
    ],
    dispatch=[
        {
            "name": "line",
            "state": "waiting",
            "mode": "queue",
            "require": [{"skill": "skill"}, {"below": "capacity"}],
            "relax": [{"after": "1h", "drop": "skill"}, {"after": "2h", "mode": "assign"}],
        }
    ],
)


def opened(name: str = "T-1", **fields: Any) -> Ticket:
    return FLOW.open(name, fields, at=NOON, world=WORLD).ticket


def take(ticket: Ticket, who: Any, *, at: datetime = NOON, world: World | None = WORLD, **payload: Any) -> Ticket:
    return FLOW.fire(ticket, "queue.take", payload, at=at, actor=who, world=world).ticket


def test_a_ticket_waits_without_being_looked_at() -> None:
    """It is on record that it waits; nothing is decided, and another world does not wake it."""
    made = FLOW.open("T-1", at=NOON, world=WORLD)

    assert "queued" == made.ticket.slots["assignee"].phase
    assert {"queued:line": True, "kind": "call"} == dict(FLOW.index(made.ticket))
    assert not [record for record in made.records if isinstance(record, Decided)]
    assert FLOW.advance(made.ticket, at=NOON, world=World(engineers=[{"id": "zoe"}])).ticket is made.ticket


def test_whoever_takes_it_has_it() -> None:
    """The taking is recorded with its reasons, the capacity is checked when it is kept, and the line is left."""
    made = FLOW.fire(opened(), "queue.take", at=NOON, actor="ann", world=WORLD)

    assert ("talking", "ann") == (made.ticket.state, made.ticket.assignee)
    assert (Take(key="engineer:ann", limit=1),) == made.reservations
    assert [{"action": "take", "to": ("ann",)}] == [dict(one.result) for one in made.records if isinstance(one, Decided)]
    assert "queued:line" not in FLOW.index(made.ticket)
    assert made.ticket == FLOW.fold([*FLOW.open("T-1", at=NOON, world=WORLD).records, *made.records])


@pytest.mark.parametrize(
    ("who", "world", "code", "said"),
    [
        ("bob", WORLD, "guard", "bob .*ac"),
        ("ann", WORLD.with_loads({"ann": 1}), "guard", "not allowed now: ann "),
        ("ann", None, "not_permitted", "it takes agent"),
        ({"id": "ann", "roles": ["agent"]}, None, "guard", "no world was passed"),
        ({"id": "zoe", "roles": ["agent"]}, WORLD, "guard", "zoe is none of the engineers"),
        ("eve", WORLD, "not_permitted", "it takes agent, and eve is none"),
        (None, WORLD, "not_permitted", "queue.take is not permitted"),
    ],
)
def test_who_may_not_is_told_why(who: Any, world: World | None, code: str, said: str) -> None:
    """Every hard requirement holds for whoever pulls; what keeps them from it is said, and nothing changes."""
    ticket = opened()
    with pytest.raises(Refused, match=said) as refused:
        take(ticket, who, world=world)

    assert code == refused.value.code
    assert opened() == ticket


def test_a_ticket_is_taken_once() -> None:
    """Somebody who comes later is told that it does not wait any more."""
    with pytest.raises(Refused, match="does not wait in a line") as refused:
        take(take(opened(), "ann"), {"id": "eve", "roles": ["agent"]})

    assert ("not_here", ("waiting",)) == (refused.value.code, refused.value.facts["allowed_in"])
    with pytest.raises(Refused, match="does not wait in a line of other to be pulled; it waits in line"):
        take(opened(), "ann", policy="other")


def test_relaxing_widens_the_line_and_may_end_it() -> None:
    """Time asks for less while it waits, at its instants; a mode that gives it to somebody ends the waiting."""
    ticket = opened()
    relaxed = FLOW.advance(ticket, at=NOON + 1.5 * HOUR, world=WORLD).ticket
    given = FLOW.advance(ticket, at=NOON + 3 * HOUR, world=WORLD).ticket

    assert NOON + HOUR + timedelta(microseconds=1) == ticket.wake
    assert "bob" == take(relaxed, "bob", at=NOON + 1.5 * HOUR).assignee
    assert "talking" == given.state


def test_given_back_it_waits_again() -> None:
    """Who puts it back frees their capacity, and the ticket is in line anew, as of now."""
    made = FLOW.fire(take(opened(), "ann"), "back", at=NOON + HOUR, actor="ann", world=WORLD)

    assert ("queued", NOON + HOUR, None) == (
        made.ticket.slots["assignee"].phase,
        made.ticket.slots["assignee"].since,
        made.ticket.assignee,
    )


def test_what_was_pulled_is_taken_back() -> None:
    """Redispatch holds for who took it as for who was given it: the ticket waits in line again, and not for them."""
    entry = {**FLOW.to_data()["dispatch"][0], "redispatch": {"overrun": "10m", "rejection": True, "absence": True}}
    of = Workflow(**{**FLOW.to_data(), "dispatch": [entry], "roles": []})
    made = of.fire(of.open("T-1", at=NOON, world=WORLD).ticket, "queue.take", at=NOON, actor="ann", world=WORLD).ticket
    late = of.advance(made, at=made.wake or NOON, world=WORLD).ticket
    back = of.fire(made, "offer.reject", at=NOON, actor="ann", world=WORLD).ticket
    ill = World(engineers=[{"id": "ann", "skills": ["ac"], "absences": [(NOON, NOON + HOUR)]}])
    gone = of.advance(made, at=NOON, world=ill).ticket

    assert [(None, "queued", 1)] * 3 == [
        (one.assignee, one.slots["assignee"].phase, one.slots["assignee"].again) for one in (late, back, gone)
    ]
    assert ["declined"] == [one.rule for one in of.next_for([back], "ann", at=NOON, world=WORLD).passed_over["T-1"]]


def test_assigning_by_hand_ends_the_waiting() -> None:
    """A clerk may give a waiting ticket to somebody; it does not wait to be pulled then."""
    made = FLOW.fire(opened(), "ticket.assign", {"to": "bob"}, at=NOON, actor={"id": "cleo", "roles": ["clerk"]}, world=WORLD)

    assert ("talking", "bob") == (made.ticket.state, made.ticket.assignee)
    assert "assigned.line" in [one.event for one in made.records if isinstance(one, Received)]
    assert "queued" not in [one.progress.phase for one in made.records if isinstance(one, SlotChanged) and one.progress]


def test_the_next_one_can_be_taken() -> None:
    """What ``next_for`` names first can be taken at that instant with the same world, by that person."""
    tickets = [opened("a", priority=2), opened("b", skill="tv"), opened("c", priority=1), take(opened("d"), "ann")]
    found = FLOW.next_for(tickets, "ann", at=NOON, world=WORLD)

    assert ("c", ["c", "a"], {"b": ("skill",), "d": ()}) == (
        found.ticket,
        [one.ticket for one in found.ranked],
        {ticket: tuple(one.rule for one in why) for ticket, why in found.passed_over.items()},
    )
    assert "ann" == take(tickets[2], "ann").assignee
    with pytest.raises(InputError, match="no dispatch entry 'lines'"):
        FLOW.next_for(tickets, "ann", at=NOON, world=WORLD, policy="lines")


def test_what_time_has_done_is_seen_without_a_tick() -> None:
    """A ticket whose host did not look at it since less is asked for is judged as taking it would: as of now."""
    ticket = opened()
    found = [FLOW.next_for([ticket], "bob", at=NOON + hours * HOUR, world=WORLD).ticket for hours in (0.5, 1.5, 2.5)]

    assert [None, "T-1", None] == found
    assert "bob" == take(ticket, {"id": "bob", "roles": ["agent"]}, at=NOON + 1.5 * HOUR).assignee


def test_a_ticket_in_two_lines_is_taken_from_the_one_they_fit() -> None:
    """A ticket may wait for an owner and for somebody who does it; each pulls what they may take."""
    lines = [
        {"name": "owner", "slot": "owner", "state": "waiting", "mode": "queue", "require": [{"skill": "'tv'"}]},
        {"name": "work", "state": "waiting", "mode": "queue", "require": [{"skill": "'ac'"}]},
    ]
    of = Workflow(workflow="two", initial="waiting", states={"waiting": {}}, dispatch=lines)
    ticket = of.open("T-1", at=NOON, world=WORLD).ticket
    found = [of.next_for([ticket], who, at=NOON, world=WORLD).ranked[0].policy for who in ("ann", "bob")]
    taken = [of.fire(ticket, "queue.take", at=NOON, actor=who, world=WORLD).ticket for who in ("ann", "bob")]

    assert ["work", "owner"] == found
    assert [("ann", None), (None, "bob")] == [(one.assignee, one.owner) for one in taken]


def test_outlets_pull_where_the_line_is_for_outlets() -> None:
    """What waits for an outlet is next for that outlet, and for nobody who happens to pull while an outlet fits."""
    entry = {"name": "shop", "slot": "outlet", "candidates": "outlets", "state": "waiting", "mode": "queue"}
    of = Workflow(workflow="shops", initial="waiting", states={"waiting": {}}, dispatch=[entry])
    world = World(engineers=[{"id": "ann"}], outlets=[{"id": "north"}, {"id": "south"}])
    ticket = of.open("T-1", at=NOON, world=world).ticket

    assert [None, "T-1"] == [of.next_for([ticket], who, at=NOON, world=world).ticket for who in ("ann", "south")]
    assert "south" == of.fire(ticket, "queue.take", at=NOON, actor="south", world=world).ticket.outlet


@pytest.mark.parametrize("tickets", [None, ["T-1"], 5])
def test_what_is_no_ticket_is_told(tickets: Any) -> None:
    """Tickets are passed, not their ids."""
    with pytest.raises(InputError):
        FLOW.next_for(tickets, "ann", at=NOON, world=WORLD)


def test_buttons_know_who_may_take() -> None:
    """``available`` offers taking where the ticket waits, to those who may."""

    def status(ticket: Ticket, who: Any) -> str | None:
        options = FLOW.available(ticket, at=NOON, actor=who, world=WORLD)
        return next((option.status for option in options if option.event == "queue.take"), None)

    assert ("ready", "refused", "refused", None) == (
        status(opened(), "ann"),
        status(opened(), "bob"),
        status(opened(), {"id": "cleo", "roles": ["clerk"]}),
        status(take(opened(), "ann"), "ann"),
    )
