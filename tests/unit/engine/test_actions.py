"""Knows what every kind of action does and asks of the host; must not know what triggers it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import DefinitionError, Refused
from servflow.model import (
    Assign,
    Assigned,
    Call,
    Decided,
    Linked,
    Notify,
    Open,
    Outcome,
    Person,
    Queue,
    Send,
    Unreachable,
    Updated,
    World,
)
from tests.unit.engine.flows import Case, flow, move, of

WORLD = World(
    people=[Person(id="dee", roles=["director"]), Person(id="ann", manager="mia"), Person(id="bob")],
    queues=[Queue(id="care", members=["bob", "ann"])],
    loads={"ann": 2, "bob": 1},
)


def done(*actions: Any, fields: dict[str, Any] | None = None, world: Any = None, given: Any = None, **more: Any) -> Outcome:
    """What an event with these actions comes to."""
    return Case(flow(fields=fields or {}, transitions=[move(do=list(actions))], **more), given).fire("go", world=world)


# set ------------------------------------------------------------------------------------------------------------


def test_set_evaluates_all_values_before_it_sets_any() -> None:
    """The values of one set see the ticket as it was, so two fields can change places."""
    fields = {"x": {"type": "int", "default": 1}, "y": {"type": "int", "default": 2}}

    ticket = done({"set": {"x": "y", "y": "x"}}, fields=fields).ticket

    assert (2, 1) == (ticket.fields["x"], ticket.fields["y"])


def test_each_action_sees_what_the_one_before_it_did() -> None:
    """Actions are carried out in order."""
    fields = {"x": {"type": "int", "default": 1}, "y": "int"}

    assert 6 == done({"set": {"x": "5"}}, {"set": {"y": "x + 1"}}, fields=fields).ticket.fields["y"]


def test_set_reaches_attributes() -> None:
    """Priority, queue, outlet, customer, asset and channel can be set like fields."""
    ticket = done({"set": {"priority": "2", "queue": "'q'", "outlet": "'o'", "customer": "'c'", "asset": "'s'"}}).ticket

    assert (2, "q", "o", "c", "s") == (ticket.priority, ticket.queue, ticket.outlet, ticket.customer, ticket.asset)


def test_what_keeps_its_value_is_no_change() -> None:
    """Setting a field to what it holds leaves no record."""
    assert [] == of(Updated, done({"set": {"priority": "3"}}).records)


def test_a_text_in_a_decimal_field_is_that_decimal() -> None:
    """A string literal set to a decimal field is exactly that number."""
    assert Decimal("0.10") == done({"set": {"sum": "'0.10'"}}, fields={"sum": "decimal"}).ticket.fields["sum"]


def test_a_table_in_set_is_recorded_with_its_reasons() -> None:
    """A table that an update asks leaves the values it read, the row that matched and the result."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"fee": "decimal"}, "rows": [[">5", '"180"'], ["-", '"120"']]}

    outcome = done(
        {"set": {"sum": "table.fee.fee"}},
        fields={"n": {"type": "int", "default": 9}, "sum": "decimal"},
        tables={"fee": table},
    )

    [decided] = of(Decided, outcome.records)
    assert Decimal(180) == outcome.ticket.fields["sum"]
    assert ("table", "fee", {"n": 9}, (0,)) == (decided.maker, decided.name, dict(decided.values), decided.why["matched"])
    assert Decimal(180) == decided.result["fee"]


def test_a_table_asked_by_a_guard_leaves_no_record() -> None:
    """Asking is no decision: a guard that reads a table records nothing."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"ok": "bool"}, "rows": [["-", "true"]]}

    case = Case(flow(fields={"n": "int"}, tables={"t": table}, transitions=[move(when="table.t.ok")]))

    assert [] == of(Decided, case.fire("go").records)


def test_a_guard_asked_after_an_update_leaves_no_record_either() -> None:
    """Only what an update takes from a table is a decision, not what a later guard of the same call asks."""
    table = {"hit": "first", "inputs": ["n"], "outputs": {"ok": "bool", "more": "int"}, "rows": [["-", "true", "n + 1"]]}
    ways = [move(do=[{"set": {"n": "table.t.more"}}]), move(None, "b", "z", when="table.t.ok")]

    outcome = Case(flow(fields={"n": {"type": "int", "default": 1}}, tables={"t": table}, transitions=ways)).fire("go")

    assert ("z", [2]) == (outcome.ticket.state, [one.result["more"] for one in of(Decided, outcome.records)])


def test_a_value_that_cannot_be_computed_refuses() -> None:
    """An update that fails on these values refuses the event and names its place."""
    with pytest.raises(Refused) as caught:
        done({"set": {"n": "10 / n"}}, fields={"n": {"type": "int", "default": 0}})

    assert ("guard", "transitions[0].do[0].set.n") == (caught.value.code, caught.value.path)


# notify ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ({"user": "eve"}, ["eve"]),
        ({"role": "director"}, ["dee"]),
        ({"queue": "care"}, ["ann", "bob"]),
        ({"queue": "care", "pick": "least_loaded"}, ["bob"]),
        ({"manager_of": "assignee"}, ["mia"]),
        ("assignee", ["ann"]),
        ("customer", ["cora"]),
        ({"field": "contact"}, ["carl"]),
        ([{"user": "eve"}, "assignee", {"user": "eve"}], ["eve", "ann"]),
    ],
)
def test_notify_finds_its_recipients(to: Any, found: list[str]) -> None:
    """A notification goes to each person a ``to`` means, once."""
    workflow = flow(fields={"contact": "string"}, transitions=[move(do=[{"notify": {"to": to, "template": "t"}}])])
    case = Case(workflow, {"contact": "carl", "customer": "cora"})
    case.fire("ticket.assign", {"to": "ann"}, world=WORLD)

    assert found == [effect.to for effect in of(Notify, case.fire("go", world=WORLD).effects)]


def test_notify_without_a_world_leaves_finding_to_the_host() -> None:
    """Without a world a role stays a word for the host to look up."""
    assert ["role:director"] == [
        effect.to for effect in of(Notify, done({"notify": {"to": {"role": "director"}, "template": "t"}}).effects)
    ]


def test_notify_carries_data_and_urgency() -> None:
    """What a template needs is computed when the notification is made."""
    action = {"notify": {"to": "customer", "template": "t", "data": {"n": "n + 1"}, "urgent": True}}

    [effect] = done(action, fields={"n": {"type": "int", "default": 1}}, given={"customer": "cora"}).effects

    assert isinstance(effect, Notify)
    assert ("cora", "t", {"n": 2}, True) == (effect.to, effect.template, dict(effect.data), effect.urgent)


def test_nobody_to_tell_is_no_silence() -> None:
    """A notification that finds nobody becomes an unreachable effect with the reason."""
    [effect] = done({"notify": {"to": "owner", "template": "t"}}).effects

    assert isinstance(effect, Unreachable)
    assert ("owner", "owner is nobody") == (effect.to, effect.reason)


# people ---------------------------------------------------------------------------------------------------------


def test_assign_gives_the_ticket_to_one_person() -> None:
    """The action assign fills the assignee like the event does."""
    outcome = done({"assign": {"to": {"queue": "care", "pick": "least_loaded"}}}, world=WORLD)

    assert "bob" == outcome.ticket.assignee
    assert ["bob"] == [effect.to for effect in of(Assign, outcome.effects)]


def test_assign_needs_a_person() -> None:
    """Where the world does not say who it is, nobody is assigned and the host is told."""
    outcome = done({"assign": {"to": {"role": "director"}}})

    assert (None, 1) == (outcome.ticket.assignee, len(of(Unreachable, outcome.effects)))


def test_add_owner_and_add_helper() -> None:
    """An owner replaces the one before, helpers come together, each once; the assignee stays."""
    outcome = done(
        {"add_owner": {"to": {"user": "olga"}}},
        {"add_helper": {"to": {"user": "hal"}}},
        {"add_helper": {"to": {"user": "hal"}}},
        {"add_helper": {"to": {"user": "ann"}}},
    )

    ticket = outcome.ticket
    assert ("olga", ("hal", "ann"), None) == (ticket.owner, ticket.helpers, ticket.assignee)
    assert ["owner", "helper", "helper"] == [record.slot for record in of(Assigned, outcome.records)]


def test_unassign_empties_a_slot() -> None:
    """The action unassign empties the assignee, or the slot it names."""
    case = Case(flow(transitions=[move(do=[{"unassign": True}]), move("back", "b", "a", do=[{"unassign": "owner"}])]))
    case.fire("ticket.assign", {"to": "ann"})
    case.fire("ticket.assign", {"to": "olga", "slot": "owner"})

    assert (None, "olga") == ((ticket := case.fire("go").ticket).assignee, ticket.owner)
    assert case.fire("back").ticket.owner is None


# other tickets, the host ----------------------------------------------------------------------------------------


def test_call_asks_the_host_and_names_the_reply() -> None:
    """A call carries its data and the event that brings the answer back."""
    [effect] = done(
        {"call": {"name": "credit", "data": {"who": "customer"}, "reply": "go"}}, given={"customer": "cora"}
    ).effects

    assert isinstance(effect, Call)
    assert ("credit", {"who": "cora"}, "go") == (effect.name, dict(effect.data), effect.reply)


def test_open_makes_a_child() -> None:
    """Opening another ticket names its id at once, and the ticket remembers its open child."""
    case = Case(flow(transitions=[move("part", "a", None, do=[{"open": {"workflow": "parts", "fields": {"n": "priority"}}}])]))

    first, second = case.fire("part"), case.fire("part")

    [one], [two] = of(Open, first.effects), of(Open, second.effects)
    assert ("parts", {"n": 3}, "T1") == (one.workflow, dict(one.fields), one.parent)
    assert (one.new_ticket, two.new_ticket) == case.ticket.children
    assert one.new_ticket != two.new_ticket
    assert one.new_ticket.endswith(one.id[:10])


def test_open_may_relate_in_another_way() -> None:
    """A ticket that is no child has no parent and is no open child."""
    outcome = done({"open": {"workflow": "recall", "relation": "follow_up"}})

    assert [None] == [effect.parent for effect in of(Open, outcome.effects)]
    assert (["follow_up"], ()) == ([record.relation for record in of(Linked, outcome.records)], outcome.ticket.children)


def test_send_fires_on_another_ticket_once() -> None:
    """A send names the ticket, event and payload, and a key that makes it happen once."""
    workflow = flow(transitions=[move(do=[{"send": {"ticket": "parent", "event": "part_done", "payload": {"n": "priority"}}}])])
    [effect] = Case(workflow, {"parent": "T0"}).fire("go").effects

    assert isinstance(effect, Send)
    assert ("T0", "part_done", {"n": 3}) == (effect.to_ticket, effect.event, dict(effect.payload))
    assert effect.key


def test_send_to_no_ticket_is_no_silence() -> None:
    """A send to a ticket that is not there is told as unreachable."""
    assert 1 == len(of(Unreachable, done({"send": {"ticket": "customer", "event": "x"}}).effects))


def test_send_to_several_tickets() -> None:
    """A list of ids is sent to each once, with ids and keys of their own; what is no id is told."""
    sends = {"send": {"ticket": "['A', 'B', 'A', '']", "event": "x", "payload": {"n": "priority"}}}
    effects = done(sends).effects

    sent = of(Send, effects)
    assert ["A", "B"] == [one.to_ticket for one in sent]
    assert 2 == len({one.id for one in sent}) == len({one.key for one in sent})
    assert 1 == len(of(Unreachable, effects))
    assert 1 == len(of(Unreachable, done({"send": {"ticket": "[]", "event": "x"}}).effects))


# small ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "expected"), [(1, 2), ({"by": 5}, 1), ({"by": 2, "ceiling": 2}, 2), ({"ceiling": 4}, 3)])
def test_raise_priority_stops_at_its_ceiling(by: Any, expected: int) -> None:
    """Raising goes towards 1, not past the ceiling, and never lowers."""
    assert expected == done({"raise_priority": by}).ticket.priority


def test_tags_are_added_once() -> None:
    """Tags come together in their first order."""
    assert ("x", "y") == done({"tag": "x"}, {"tag": ["y", "x"]}).ticket.tags


def test_queue_moves_the_ticket() -> None:
    """The action queue puts the ticket into a queue."""
    assert "care" == done({"queue": "care"}, queues=["care"]).ticket.queue


def test_effects_name_their_cause_and_place() -> None:
    """Each effect says which record and which place in the definition is behind it, and no id occurs twice."""
    call = {"call": {"name": "f"}}
    outcome = done(call, call, {"notify": {"to": [{"user": "x"}, {"user": "y"}], "template": "t"}})

    assert ["transitions[0].do[0]", "transitions[0].do[1]", "transitions[0].do[2]", "transitions[0].do[2]"] == [
        effect.action for effect in outcome.effects
    ]
    assert {"event:2"} == {effect.cause for effect in outcome.effects}
    assert 4 == len({effect.id for effect in outcome.effects})


# definitions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ({"notfy": {}}, "do[0]"),
        ({"notify": {"to": "owner"}}, "do[0].notify.template"),
        ({"notify": {"to": "ownr", "template": "t"}}, "do[0].notify.to"),
        ({"notify": {"to": {"role": "directr"}, "template": "t"}}, "do[0].notify.to.role"),
        ({"notify": {"to": "owner", "template": "t", "tempalte": "u"}}, "do[0].notify.tempalte"),
        ({"notify": {"to": "owner", "template": "t", "data": {"n": "nn + 1"}}}, "do[0].notify.data.n"),
        ({"notify": {"to": "owner", "template": "t", "data": ["n"]}}, "do[0].notify.data"),
        ({"set": {"nn": "1"}}, "do[0].set.nn"),
        ({"set": {"n": "1 +"}}, "do[0].set.n"),
        ({"set": "n"}, "do[0].set"),
        ({"set": {"n": None}}, "do[0].set.n"),
        ({"queue": "car"}, "do[0].queue"),
        ({"queue": ["care"]}, "do[0].queue"),
        ({"assign": 5}, "do[0].assign"),
        ({"unassign": "chair"}, "do[0].unassign"),
        ({"call": {}}, "do[0].call.name"),
        ({"call": {"name": "f", "reply": "gone"}}, "do[0].call.reply"),
        ({"call": {"name": "f", "data": "x"}}, "do[0].call.data"),
        ({"open": {}}, "do[0].open.workflow"),
        ({"open": {"workflow": "w", "fields": ["x"]}}, "do[0].open.fields"),
        ({"send": {"event": "x"}}, "do[0].send.ticket"),
        ({"send": {"ticket": "parent", "event": "x", "payload": "xy"}}, "do[0].send.payload"),
        ({"emit": {}}, "do[0].emit.event"),
        ({"emit": {"event": "x", "payload": 3}}, "do[0].emit.payload"),
        ({"notify": {"to": "owner", "template": "t", "urgent": "no"}}, "do[0].notify.urgent"),
        ({"assign": {"to": "owner", "keep_owner": "no"}}, "do[0].assign.keep_owner"),
        ({"raise_priority": 10}, "do[0].raise_priority"),
        ({"raise_priority": True}, "do[0].raise_priority"),
        ({"raise_priority": {"ceiling": True}}, "do[0].raise_priority"),
        ({"tag": 5}, "do[0].tag"),
        ({"tag": [5]}, "do[0].tag"),
        ({"start": "c"}, "do[0].start"),
    ],
)
def test_a_wrong_action_is_found_at_its_place(action: Any, path: str) -> None:
    """A definition with a wrong action is refused with a finding that leads to the very part."""
    with pytest.raises(DefinitionError) as caught:
        flow(fields={"n": "int"}, roles=["director"], queues=["care"], transitions=[move(do=[action], allow=["system"])])

    places = [finding.path for finding in caught.value.findings]
    assert any(place.startswith(f"transitions[0].{path}") for place in places), places
