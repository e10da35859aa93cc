"""Knows what a host is told of an event that may not happen; must not know how it is worked out."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.engine import Option, Workflow
from servflow.errors import Refused
from servflow.model import Actor
from tests.unit.engine.flows import CLERK, Case, after, flow, move


def option(case: Case, event: str = "go", **given: Any) -> Option:
    """What is said of one event."""
    found = case.workflow.available(case.ticket, **{"at": case.ticket.at, **given})
    return next(one for one in found if one.event == event)


def refusal(case: Case, event: str = "go", payload: Any = None, **given: Any) -> Refused:
    """The refusal of an event; the ticket stands where it stood."""
    before = case.ticket
    with pytest.raises(Refused) as caught:
        case.workflow.fire(before, event, payload, **{"at": before.at, **given})
    assert before == case.ticket
    return caught.value


FIELDS: dict[str, Any] = {
    "amount": {"type": "decimal", "default": "250"},
    "limit": {"type": "decimal", "default": "200"},
    "score": {"type": "int", "default": 80},
    "tier": {"type": "string", "one_of": ["gold", "silver", "standard"], "default": "standard"},
    "safe": {"type": "bool", "default": False},
    "signature": {"type": "string", "optional": True},
    "wait": {"type": "duration", "default": "2h"},
}


def guarded(when: str, **more: Any) -> Case:
    """A ticket whose one event waits for a condition."""
    return Case(flow(fields=FIELDS, transitions=[move(when=when, **more)]))


@pytest.mark.parametrize(
    ("when", "field", "old", "new"),
    [
        ("amount <= 200", "amount", "250", "200"),
        ("amount < 200", "amount", "250", "199.99"),
        ("amount <= limit && limit < 210", "amount", "250", "200"),
        ("score >= 90", "score", 80, 90),
        ("score > 89 && score < 200 && tier == 'standard'", "score", 80, 90),
        ("score / 7 > 20", "score", 80, 147),
        ("score % 7 == 0 && score > 85", "score", 80, 91),
        ("tier == 'gold'", "tier", "standard", "gold"),
        ("tier in ['gold', 'silver']", "tier", "standard", "silver"),
        ("safe", "safe", False, True),
        ("!(tier == 'standard')", "tier", "standard", "silver"),
        ("wait < duration('1h')", "wait", "2h", "3599.999999s"),
        ("wait <= duration('90m')", "wait", "2h", "1h30m"),
        ("priority <= 2", "priority", 3, 2),
        ("'vip' in tags", "tags", (), ("vip",)),
        ("queue == 'care'", "queue", None, "care"),
        ("amount * 2 <= 300", "amount", "250", "150"),
        ("amount - limit <= 10", "amount", "250", "210"),
        ("score + 5 > 100", "score", 80, 96),
        ("size(tags) == 1", "tags", (), ("other",)),
    ],
)
def test_the_one_field_that_would_allow_it(when: str, field: str, old: Any, new: Any) -> None:
    """The change told is the smallest one; with it the event is allowed, without it not."""
    case = guarded(when)
    change = refusal(case).facts["change"]

    assert (field, old, new) == (change["field"], change["from"], change["to"])
    assert change == option(case).change
    assert json.loads(json.dumps(option(case).as_data()))["change"]["field"] == field

    if new != "3599.999999s":
        fixed = case.workflow.fire(case.ticket, "ticket.update", {field: new}, at=case.ticket.at)
        assert "b" == case.workflow.fire(fixed.ticket, "go", at=case.ticket.at).ticket.state


@pytest.mark.parametrize(
    "when",
    [
        "amount <= 200 && score >= 90",
        "at > timestamp('2030-01-01T00:00:00Z')",
        "assignee == 'li'",
        "score > 80 && score < 81",
        "priority < 1",
        "actor.id == 'boss'",
    ],
)
def test_nothing_is_told_where_no_single_field_suffices(when: str) -> None:
    """Two fields, time, people and values no field can have are not suggested."""
    case = guarded(when)

    assert "change" not in refusal(case).facts
    assert option(case).change is None


def test_of_several_fields_the_nearest_is_told_then_the_first() -> None:
    """A change is measured as a share of what it changes; where two are alike the definition's order decides."""
    assert "score" == refusal(guarded("amount <= 200 || score >= 90")).facts["change"]["field"]
    assert "amount" == refusal(guarded("amount <= 249 || score >= 90")).facts["change"]["field"]
    assert "safe" == refusal(guarded("safe || signature != null")).facts["change"]["field"]


def test_the_sentence_says_it_in_both_languages() -> None:
    """People read what would help; where any other value would, none is named."""
    told = refusal(guarded("amount <= 200"))
    filled, cleared = refusal(guarded("signature != null")), refusal(guarded("amount == null"))

    assert str(told).endswith("; setting amount to 200 would allow it")
    assert told.text("zh").endswith("；将 amount 改为 200 即可执行")
    assert filled.message.endswith("; setting signature would allow it")
    assert filled.facts["change"]["any"]
    assert filled.text("zh").endswith("填写 signature 即可执行")
    assert cleared.message.endswith("; clearing amount would allow it")


def test_a_change_is_for_this_actor_and_payload() -> None:
    """What the actor may not do no field mends; where the payload stands in the way, it and no field is to be another."""
    roles = {"roles": ["clerk", "boss"]}
    workflow = flow(
        fields=FIELDS,
        transitions=[
            move(when="amount <= 1", allow=["clerk"]),
            move(target="z", when="amount <= 249", allow=["boss"]),
            move("pay", when="amount >= 251 && payload.sum <= amount", payload={"sum": "decimal"}, allow=["clerk"]),
        ],
        **roles,
    )
    case = Case(workflow)

    assert "1" == refusal(case, actor=CLERK).facts["change"]["to"]
    assert "249" == refusal(case, actor=Actor("b", ["boss"])).facts["change"]["to"]
    assert "251" == refusal(case, "pay", {"sum": "20"}, actor=CLERK).facts["change"]["to"]
    assert "change" not in refusal(case, "pay", {"sum": "300"}, actor=CLERK).facts
    assert "change" not in refusal(case, actor=Actor("x", ())).facts


ASKED: dict[str, Any] = {
    "sum": "decimal",
    "kind": {"type": "string", "one_of": ["cash", "card"]},
    "note": {"type": "string", "optional": True},
    "n": {"type": "int", "optional": True},
}


@pytest.mark.parametrize(
    ("when", "sent", "name", "old", "new"),
    [
        ("payload.sum <= limit", {"sum": "300", "kind": "cash"}, "sum", "300", "200"),
        ("payload.kind == 'card'", {"sum": "1", "kind": "cash"}, "kind", "cash", "card"),
        ("payload.note == tier", {"sum": "1", "kind": "cash", "note": "vip"}, "note", "vip", "standard"),
        ("payload.n % 7 == 3", {"sum": "1", "kind": "cash", "n": 5}, "n", 5, 3),
        ("payload.n > 4", {"sum": "1", "kind": "cash"}, "n", None, 5),
        ("payload.sum > 500 || payload.sum <= limit", {"sum": "450", "kind": "cash"}, "sum", "450", "500.01"),
    ],
)
def test_the_one_value_of_the_payload_that_would_allow_it(when: str, sent: Any, name: str, old: Any, new: Any) -> None:
    """Where what came with the event stands in the way; sent so, the event is allowed."""
    case = guarded(when, payload=ASKED)

    change = dict(refusal(case, payload=sent).facts["change"])
    allowed = case.workflow.fire(case.ticket, "go", {**sent, name: new}, at=case.ticket.at)

    assert {"payload": name, "from": old, "to": new} == change
    assert ("a", "b") == (case.ticket.state, allowed.ticket.state)


def test_a_value_of_the_payload_is_told_in_both_languages() -> None:
    """By the name that a condition reads it with; where other texts would do as well none is named."""
    case = guarded("payload.sum <= limit && size(payload.note) > 3", payload=ASKED)

    told = refusal(case, payload={"sum": "300", "kind": "cash", "note": "long"})
    longer = refusal(case, payload={"sum": "100", "kind": "cash", "note": "x"})
    both = refusal(case, payload={"sum": "300", "kind": "cash", "note": "x"})

    assert told.message.endswith("; setting payload.sum to 200 would allow it")
    assert told.text("zh").endswith("将 payload.sum 改为 200 即可执行")
    assert longer.message.endswith("; another value of payload.note would allow it")
    assert longer.facts["change"]["any"]
    assert "change" not in both.facts
    assert {"payload": "x", "from": 2, "to": 6} == dict(refusal(guarded("payload.x > 5"), payload={"x": 2}).facts["change"])


def test_an_event_that_waits_for_one_value_says_which_would_do() -> None:
    """Before anybody fills it in; not where several are asked for, or the guard does not care."""
    one = {"sum": "decimal"}

    assert {"payload": "sum", "from": None, "to": "200"} == dict(
        option(guarded("payload.sum <= limit", payload=one)).change or {}
    )
    assert option(guarded("payload.sum <= limit", payload=ASKED)).change is None
    assert option(guarded("score > 1", payload=one)).change is None
    assert option(guarded("payload.sum <= 1 && payload.sum > 1", payload=one)).change is None


@pytest.mark.parametrize(
    ("when", "kind"),
    [
        ("payload.code == code", "string"),
        ("payload.code.startsWith(code)", "string"),
        ("code in payload.code", "list"),
        ("payload.code == codes[0]", "string"),
        ("payload.code == pin", "int"),
        ("payload.code > pin - 1", "int"),
    ],
)
def test_what_whoever_is_asked_should_know_is_not_told(when: str, kind: str) -> None:
    """Neither a text that only a field holds, nor anything of a field about a person: not before, and not after an attempt."""
    fields = {
        "code": {"type": "string", "default": "k-4711"},
        "codes": {"type": "list", "default": ["k-4711"]},
        "pin": {"type": "int", "default": 4711, "personal": True},
    }
    case = Case(flow(fields=fields, transitions=[move(when=when, payload={"code": kind})]))
    sent = {"string": "x", "list": ["x"], "int": 1}[kind]

    assert "4711" not in json.dumps(option(case).as_data())
    assert "change" not in refusal(case, payload={"code": sent}).facts


def test_a_list_of_texts_that_would_do_is_one_of_many() -> None:
    """Where only the length of a list counts, no text of it is named as the one."""
    change = refusal(guarded("size(payload.x) > 1", payload={"x": "list"}), payload={"x": ["a"]}).facts["change"]

    assert change["any"]
    assert 2 == len(change["to"])


def test_a_value_with_which_the_event_would_fail_elsewhere_is_not_told() -> None:
    """A guard that holds is not enough: what the transition sets has to be worked out as well."""
    case = guarded("payload.n > 5", payload={"n": "int"}, do=[{"set": {"score": "10 / (payload.n - 6)"}}])

    assert option(case).change is None
    assert "change" not in refusal(case, payload={"n": 1}).facts
    with pytest.raises(Refused, match="zero"):
        case.workflow.fire(case.ticket, "go", {"n": 6}, at=case.ticket.at)
    assert "change" not in refusal(guarded("score >= 90", do=[{"set": {"score": "10 / (score - 90)"}}])).facts


def test_fields_that_only_a_table_reads_are_tried_too() -> None:
    """Where a guard asks a decision table, a value its rows tell apart may be what is missing."""
    table = {
        "hit": "first",
        "inputs": ["tier"],
        "outputs": {"rate": {"type": "int"}},
        "rows": [["'gold'", "1"], ["'silver'", "5"], ["-", "9"]],
    }
    case = Case(flow(fields=FIELDS, tables={"rates": table}, transitions=[move(when="table.rates.rate < 3")]))

    assert ("tier", "gold") == ((change := refusal(case).facts["change"])["field"], change["to"])


def test_each_transition_says_why_it_was_not_taken() -> None:
    """Every transition of the event is told with its own reason: the values of its guard, or the role it takes."""
    workflow = flow(
        fields=FIELDS,
        roles=["clerk", "boss"],
        transitions=[
            move(when="amount <= 200 && safe", allow=["clerk"]),
            move(target="z", when="amount <= 1000", allow=["boss"]),
            move(target="z", when="score > 90", allow=["clerk"]),
        ],
    )
    case = Case(workflow)
    told = refusal(case, actor=CLERK).facts["each"]

    assert [(0, "guard", ("b",)), (1, "not_permitted", ("z",)), (2, "guard", ("z",))] == [
        (one["transition"], one["code"], one["target"]) for one in told
    ]
    assert ["amount <= 200", "safe"] == [part["text"] for part in told[0]["operands"]["operands"]]
    assert "250" == told[0]["operands"]["operands"][0]["operands"][0]["value"]
    assert ("boss",) == told[1]["needs"]
    assert told == option(case, actor=CLERK).refusals
    assert ("b", "z") == option(case, actor=CLERK).targets
    assert json.dumps([one["operands"] for one in told if "operands" in one])


def test_each_region_says_why_it_does_not_move() -> None:
    """In parallel regions the event may happen in one and be refused in another; both are told."""
    states = {
        "p": {
            "parallel": True,
            "states": {
                "r": {"initial": "r1", "states": {"r1": {}, "r2": {}}},
                "s": {"initial": "s1", "states": {"s1": {}, "s2": {"initial": "x", "states": {"x": {}, "y": {}}}}},
            },
        }
    }
    transitions = [
        move("go", "r1", "r2", when="score > 90"),
        move("go", "s1", "s2", when="amount > 300"),
        move("one", "r1", "r2"),
    ]
    transitions.append(move("one", "s1", "s2", when="safe"))
    case = Case(flow(states=states, initial="p", fields=FIELDS, transitions=transitions))

    assert [0, 1] == [one["transition"] for one in refusal(case).facts["each"]]
    assert ("r2", "x") == option(case).targets
    assert {"field": "score", "from": 80, "to": 91} == option(case).change
    assert ("ready", ("r2",), [3]) == (
        (one := option(case, "one")).status,
        one.targets,
        [refused["transition"] for refused in one.refusals],
    )


def test_where_it_leads() -> None:
    """The leaf states entered are told: the initial one of a compound, what history remembers; or that it stays."""
    states = {
        "a": {},
        "b": {"initial": "b1", "states": {"b1": {}, "b2": {}, "h": {"history": "shallow", "default": "b2"}}},
        "z": {"closed": True},
    }
    workflow = flow(
        states=states,
        transitions=[
            move("in"),
            move("again", target="h"),
            move("poke", target=None),
            move("next", "b1", "b2"),
            move("out", "b", "a"),
            move("inner", "b", "b2", internal=True),
            move("self", "b", "b"),
        ],
    )
    case = Case(workflow)
    first = {name: (option(case, name).targets, option(case, name).stays) for name in ("in", "again", "poke")}
    case.fire("in")
    second = {name: option(case, name).targets for name in ("inner", "self")}
    case.fire("out")

    assert {"in": (("b1",), False), "again": (("b2",), False), "poke": ((), True)} == first
    assert {"inner": ("b2",), "self": ("b1",)} == second
    assert ("b1",) == option(case, "again").targets


def test_wildcards_are_told_by_the_events_they_take() -> None:
    """A descriptor with a wildcard is no button; the events the definition names and it takes are."""
    case = Case(flow(events={"order.paid": {}, "order.lost": {}}, transitions=[move("order.*"), move("end", "b", "z")]))
    names = {one.event for one in case.workflow.available(case.ticket, at=case.ticket.at)}

    assert {"order.paid", "order.lost"} < names
    assert not [name for name in names if "*" in name]


def test_a_guard_on_an_undeclared_payload_needs_it() -> None:
    """Where a guard reads a payload that is not declared, the option asks for it instead of refusing."""
    case = guarded("payload.sum <= 100 && score > 5")

    assert ("needs", {"sum": "any"}, ("b",)) == ((one := option(case)).status, dict(one.payload), one.targets)
    assert "refused" == option(guarded("payload.sum <= 100 && score > 500")).status
    assert {"field": "score", "from": 80, "to": 501} == option(guarded("payload.sum <= 100 && score > 500")).change


@pytest.mark.parametrize(
    ("when", "payload", "asked"),
    [
        ("payload.sum <= 100", {}, "sum (any)"),
        ("payload.sum > 2", {"sum": {"type": "int", "optional": True}}, "sum (int)"),
        ("payload.sum > 5", {"sum": {"type": "int", "default": 3}}, "sum (int)"),
        ("amount <= 200 || payload.sum > 1", {}, "sum (any)"),
    ],
)
def test_what_a_guard_misses_of_the_payload_is_told_before_and_after(when: str, payload: Any, asked: str) -> None:
    """Where only what the payload lacks stands in the way the button asks for it; firing tells the guard and its values."""
    case = guarded(when, payload=payload)

    assert ("needs", f"needs {asked}") == ((one := option(case)).status, one.why)
    assert ("guard", "guard", True) == (one.code, (told := refusal(case)).code, "payload.sum" in str(told))
    assert "guard" == refusal(case, payload={"sum": -1 if ">" in when else 101}).code


def test_a_payload_is_the_last_thing_to_miss() -> None:
    """Where one transition lacks a payload only and another is held back by its guard, both sides tell the payload."""
    case = Case(flow(fields=FIELDS, transitions=[move(payload={"sum": "int"}), move(target="z", when="amount <= 200")]))

    assert ("needs", "payload") == (option(case).status, refusal(case).code)


@pytest.mark.parametrize(
    ("do", "code"),
    [
        ({"set": {"score": "10 / score"}}, "guard"),
        ({"set": {"tier": "signature"}}, None),
        ({"set": {"tier": "'x'"}}, "payload"),
    ],
)
def test_an_update_that_fails_is_no_ready_button(do: Any, code: str | None) -> None:
    """What an event would be refused for while it happens is told before, and asking leaves nothing behind."""
    steps = [move("other", do=[{"notify": {"to": {"user": "u"}, "template": "t"}}]), move(do=[{"set": {"safe": "true"}}, do])]
    case = Case(flow(fields={**FIELDS, "score": {"type": "int", "default": 0}}, transitions=steps))
    one = option(case)

    assert ("ready" if code is None else "refused", code, ("b",)) == (one.status, one.code, one.targets)
    assert one.why == (refusal(case).message if code else "")
    assert "ready" == option(case, "other").status
    assert "T1:b" == f"{case.ticket.id}:{case.fire('other').ticket.state}"


def test_whoever_did_the_one_may_not_do_the_other() -> None:
    """An event with not_by is refused to who did the other, and says so; others may."""
    workflow = flow(
        roles=["clerk"],
        transitions=[
            move("ask", "a", "b", allow=["clerk"]),
            move("grant", "b", "z", allow=["clerk"], not_by="ask"),
        ],
    )
    case = Case(workflow)
    case.fire("ask", actor=CLERK)
    mine, other = option(case, "grant", actor=CLERK), option(case, "grant", actor=Actor("dora", ["clerk"]))

    assert ("refused", "not_permitted") == (mine.status, mine.code)
    assert "ask" == mine.refusals[0]["not_by"]
    assert "carl did ask" in mine.why
    assert "ready" == other.status


def test_what_is_made_up_for_a_list_is_no_advice() -> None:
    """A list that only has to be long enough is told as any other value, of items that differ as tags must."""
    told = refusal(guarded("size(tags) >= 2"))

    assert {"field": "tags", "from": (), "to": ("other", "other 2"), "any": True} == told.facts["change"]
    assert told.message.endswith("; another value of tags would allow it")
    assert "any" not in refusal(guarded("'vip' in tags")).facts["change"]


def test_bytes_are_never_proposed() -> None:
    """Whatever is proposed can be passed on as JSON-ready data, which bytes are not."""
    case = Case(flow(fields={"seal": {"type": "bytes", "optional": True}}, transitions=[move(when="size(seal) > 0")]))

    assert "change" not in refusal(case).facts


def test_only_what_is_looked_at_is_worked_out() -> None:
    """A refusal by many transitions is told of each of them, as of the refusal, also once the ticket has gone on."""
    case = Case(flow(fields=FIELDS, transitions=[move(when=f"score > {100 + n}") for n in range(50)]))
    told = refusal(case)
    case.fire("ticket.update", {"score": 500})

    assert [f"go is not allowed now: score (80) > {100 + n} is false" for n in range(50)] == [
        each["why"] for each in told.facts["each"]
    ]
    assert repr(told).startswith("Refused('go is not allowed now: score (80) > 100 is false")


def test_a_refusal_can_be_kept_and_copied() -> None:
    """What is worked out late is worked out as of the refusal, and survives pickle and copy."""
    case = guarded("amount <= 200")
    told = refusal(case)
    case.fire("ticket.update", {"amount": "100"})
    again = pickle.loads(pickle.dumps(told))

    assert "250" == told.facts["change"]["from"]
    assert told.facts["change"] == again.facts["change"] == copy.copy(told).facts["change"]
    assert told.message == again.message == str(again)
    assert "guard" == told.code == again.code


def test_a_guard_with_a_hard_condition_is_refused_all_the_same() -> None:
    """A condition nobody can take to pieces is refused without a suggestion, and without an error."""
    case = guarded("size(tags) * size(tags) == 144 && amount * amount == 2")

    assert "guard" == refusal(case).code
    assert option(case).change is None


def test_no_suggestion_changes_the_ticket() -> None:
    """Asking what would help leaves ticket, wake and options as they are."""
    case = guarded("amount <= 200 || score > 90 || tier == 'gold'")
    before = case.workflow.available(case.ticket, at=after(1))

    assert before == case.workflow.available(case.ticket, at=after(1))
    assert Decimal(250) == case.ticket.fields["amount"]
    assert timedelta(hours=2) == case.ticket.fields["wait"]
    assert isinstance(case.workflow, Workflow)


def test_what_a_built_in_event_asks_for_is_told_where_transitions_take_it() -> None:
    """A rating that closes the ticket needs its score as any rating does, though the transition declares no payload."""
    case = Case(flow(transitions=[move("rating.add", target="z")]))

    told = option(case, "rating.add")

    assert ("needs", "payload", "int") == (told.status, told.code, told.payload["score"])
    assert ("z",) == told.targets
    assert "payload" == refusal(case, "rating.add").code
    assert "z" == case.fire("rating.add", {"score": 5}).ticket.state
