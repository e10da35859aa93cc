"""Knows which facts every family of refusal carries: names, numbers and what to do next; must not know how they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from servflow.errors import InputError, ServflowError
from servflow.model import Actor, World
from tests.unit.engine.flows import CLERK, START, Case, after, flow, move, notify

ANN, CARL = Actor("ann", ["engineer"]), CLERK
EVE = Actor("eve", ["engineer"], ["south", "west"])
ROLES = ["clerk", "engineer"]
AMOUNT = {"amount": {"type": "int", "default": 1}}
HEARING = {"name": "call", "within": "4h", "stop": {"event": "phoned"}}
CLOCKS = [{"name": "fix", "within": "1h"}, {"name": "call", "within": "4h"}]
VOTED = {"a": {"approval": {"allow": ["engineer"], "quorum": 2}}, "b": {}}
ASKED = {"amount": {"type": "int"}, "when": {"type": "timestamp"}, "why": {"type": "string", "optional": True}}
MANAGERS = [{"manager_of": "assignee"}, "clerk"]
A_TEXT = {"reason": "string, which is missing"}
SLOTS = ("assignee", "outlet", "owner", "queue", "provider")

Act = Callable[[], Any]
Row = tuple[Act, dict[str, Any], tuple[str, ...]]


def doing(event: Any, payload: Any = None, *, by: Any = None, expect: Any = None, key: Any = None, **parts: Any) -> Act:
    """Fire one event at a ticket of a workflow with these parts."""
    opened = CARL if "roles" in parts else None
    return lambda: Case(flow(**parts), actor=opened).fire(event, payload, actor=by, expect=expect, key=key)


def going(allow: Any, by: Any, outlet: str | None = None) -> Act:
    """Fire an event that only some may, at a ticket of an outlet."""
    workflow = flow(roles=ROLES, transitions=[move(allow=allow)])
    return lambda: Case(workflow, {"outlet": outlet}, actor=CARL).fire("go", actor=by)


def denied(needs: Any, by: Any, event: str = "go", **more: Any) -> dict[str, Any]:
    """The facts of somebody who may not."""
    who, roles = (None, ()) if by is None else (by.id, tuple(by.roles))
    return {"code": "not_permitted", "event": event, "actor": who, "roles": roles, "needs": needs, "not_by": None, **more}


def unfit(event: str, **facts: Any) -> dict[str, Any]:
    """The facts of a payload that does not fit."""
    return {"code": "payload", "event": event, **facts}


def after_a_vote() -> Any:
    """Whose vote counts fires what voters may not; the other event that it must not have done was done by nobody."""
    workflow = flow(roles=ROLES, states=VOTED, transitions=[move(allow="engineer", not_by="ticket.update approval.approve")])
    case = Case(workflow, actor=CARL)
    case.fire("approval.approve", actor=ANN)
    return case.fire("go", actor=ANN)


def after_a_message(event: str, payload: Any) -> Any:
    """Somebody who wrote a message fires what whoever wrote one may not."""
    grants = {"ticket.message": {"allow": ["engineer"]}, event: {"allow": ["engineer"], "not_by": "ticket.message"}}
    case = Case(flow(roles=ROLES, events=grants), actor=CARL)
    case.fire("ticket.message", {"text": "x"}, actor=ANN)
    return case.fire(event, payload, actor=ANN)


def behind() -> Any:
    """Fire at an instant that lies too far behind the ticket."""
    case = Case(flow())
    case.fire("go", minutes=30)
    return case.workflow.fire(case.ticket, "back", at=after(20))


def another_version() -> Any:
    """Fire at a ticket of a version that had a state this one lacks."""
    case = Case(flow())
    case.fire("go")
    return flow(states={"a": {}, "z": {}}, transitions=[move("go", "a", "z")]).fire(case.ticket, "go", at=START)


def with_a_gap() -> Any:
    """Fold records of which one is missing."""
    case = Case(flow())
    case.fire("go")
    return case.workflow.fold([case.records[0], *case.records[2:]])


def waiving(**payload: Any) -> Act:
    """Excuse something on a ticket of which one of two clocks is breached."""

    def act() -> Any:
        case = Case(flow(clocks=CLOCKS))
        case.until(61)
        return case.fire("clock.waive", {"reason": "storm", **payload})

    return act


def taking(holder: str | None, by: str) -> Act:
    """Accept an offer that nobody made, of a ticket that somebody may have."""

    def act() -> Any:
        case = Case(flow())
        if holder is not None:
            case.fire("ticket.assign", {"to": holder})
        return case.fire("offer.accept", actor=by)

    return act


def holding(parts: dict[str, Any], event: str = "go", payload: Any = None) -> Act:
    """Fire at a ticket with an amount."""
    return doing(event, payload, fields=AMOUNT, **parts)


RULE = {"name": "r", "when": "10 / (amount - 2) > 1", "then": [{"set": {"priority": "1"}}]}
SIX, TWO = (
    ("setting amount to 6 would allow it", "将 amount 改为 6 即可执行"),
    ("setting amount to 2 would allow it", "将 amount 改为 2 即可执行"),
)


def remedy(to: int, said: tuple[str, str]) -> dict[str, Any]:
    """What would allow an event that a guard holds back."""
    return {"change": {"field": "amount", "from": 1, "to": to}, "remedy": {"en": said[0], "zh": said[1]}}


WHO: dict[str, Row] = {
    "another role": (going("clerk", ANN), denied(("clerk",), ANN), ("it takes clerk,", "ann is none of these")),
    "one of two roles": (
        going(ROLES, None),
        denied(("clerk", "engineer"), None),
        ("clerk or engineer,", "and no actor was given"),
    ),
    "a manager": (going(MANAGERS, ANN), denied(("manager of assignee", "clerk"), ANN), ("manager of assignee or clerk",)),
    "nobody": (going([], CARL), denied((), CARL), ("nobody was granted it",)),
    "another outlet": (
        going("engineer", EVE, "north"),
        denied(("engineer",), EVE, outlets=("south", "west"), outlet="north"),
        ("eve acts on tickets of south, west only", "this one is of north"),
    ),
    "no outlet": (
        going("engineer", EVE),
        denied(("engineer",), EVE, outlets=("south", "west"), outlet=None),
        ("this one is of none",),
    ),
    "neither role nor outlet": (going("clerk", EVE, "north"), denied(("clerk",), EVE), ("it takes clerk",)),
    "a voter": (
        after_a_vote,
        denied(("engineer",), ANN, not_by="ticket.update approval.approve", did="ticket.update approval.approve"),
        ("ann did ticket.update approval.approve", "whoever did that may not"),
    ),
    "raised by the workflow": (
        doing("approved.a", by=ANN, states=VOTED, transitions=[move("approved.a")]),
        {"code": "not_permitted", "event": "approved.a", "actor": "ann", "needs": ()},
        ("the workflow raises it itself",),
    ),
    "a built-in event": (
        doing("ticket.update", {"priority": 1}, by=ANN, roles=ROLES, events={"ticket.update": {"allow": ["clerk"]}}),
        denied(("clerk",), ANN, "ticket.update"),
        ("it takes clerk",),
    ),
    "what only a clock hears": (
        doing("phoned", by=ANN, roles=ROLES, clocks=[HEARING], events={"phoned": {"allow": ["clerk"]}}),
        denied(("clerk",), ANN, "phoned"),
        ("phoned is not permitted: it takes clerk",),
    ),
    "what only a clock hears and nobody was granted": (
        doing("phoned", by=ANN, roles=ROLES, clocks=[HEARING]),
        denied((), ANN, "phoned"),
        ("nobody was granted it",),
    ),
    "a built-in event of who did another": (
        lambda: after_a_message("ticket.update", {"priority": 1}),
        denied(("engineer",), ANN, "ticket.update", not_by="ticket.message", did="ticket.message"),
        ("ann did ticket.message",),
    ),
    "an offer to nobody": (
        taking(None, "bob"),
        {"code": "not_permitted", "event": "offer.accept", "actor": "bob", "needs": ()},
        ("no open offer of this ticket was made to bob",),
    ),
    "an offer somebody was faster with": (
        taking("ann", "bob"),
        {"code": "not_permitted", "event": "offer.accept", "actor": "bob", "needs": ()},
        ("made to bob; ann has it",),
    ),
    "an offer one has accepted": (
        taking("bob", "bob"),
        {"code": "not_permitted", "event": "offer.accept", "actor": "bob", "needs": ()},
        ("made to bob; you have it",),
    ),
}
WHERE: dict[str, Row] = {
    "another state": (
        doing("back"),
        {"code": "not_here", "event": "back", "state": "a", "allowed_in": ("b",)},
        ("in state a; it is in b",),
    ),
    "two other states": (
        doing("fin", transitions=[move("fin", ["b", "z"], "a")]),
        {"code": "not_here", "event": "fin", "state": "a", "allowed_in": ("b", "z")},
        ("in state a; it is in b, z",),
    ),
    "no state": (
        doing("ticket.cancel"),
        {"code": "not_here", "event": "ticket.cancel", "state": "a", "allowed_in": ()},
        ("it is in no state",),
    ),
    "no name": (doing(5), {"code": "unknown", "event": "5", "nearest": None, "known": ()}, ("not 5",)),
    "a guard": (
        holding({"transitions": [move(when="amount > 5")]}),
        {"code": "guard", "event": "go", "state": "a", "transition": 0, "when": "amount > 5", **remedy(6, SIX)},
        ("amount (1) > 5 is false", SIX[0]),
    ),
    "a guard that cannot be decided": (
        holding({"transitions": [move(when="10 / (amount - 1) > 5")]}),
        {
            "code": "guard",
            "event": "go",
            "transition": 0,
            "when": "10 / (amount - 1) > 5",
            "why": "division by zero",
            **remedy(2, TWO),
        },
        ("10 / (amount - 1) > 5 cannot be decided", "division by zero"),
    ),
    "an update that cannot be computed": (
        holding({"transitions": [move(do=[{"set": {"amount": "10 / (amount - 1)"}}])]}),
        {"code": "guard", "path": "transitions[0].do[0].set.amount", "why": "division by zero"},
        ("transitions[0].do[0].set.amount", "10 / (amount - 1)", "division by zero"),
    ),
    "a rule that cannot be decided": (
        holding({"rules": [RULE]}, "ticket.update", {"amount": 2}),
        {"code": "guard", "rule": "r", "why": "division by zero"},
        ("rule 'r'", "division by zero"),
    ),
}
GIVEN: dict[str, Row] = {
    "an old screen": (
        doing("go", expect=7),
        {"code": "stale", "event": "go", "expect": 7, "revision": 1},
        ("at revision 1", "saw 7", "show it again"),
    ),
    "an instant behind": (
        behind,
        {"code": "past", "at": after(20), "ticket_at": after(30)},
        ("09:20:00+00:00 lies 0:10:00 behind ticket T1 at 2026-03-02T09:30:00+00:00", "pass the present instant"),
    ),
    "what has not happened": (
        lambda: Case(flow()).fire("go", occurred=after(5)),
        {"code": "past", "at": START, "occurred": after(5)},
        ("09:05:00+00:00 is later than at 2026-03-02T09:00:00+00:00",),
    ),
    "an empty key": (doing("go", key=""), {"code": "key", "key": "''", "limit": 200}, ("1 to 200 characters, not ''",)),
    "a key that is no text": (doing("go", key=5), {"code": "key", "key": "5", "limit": 200}, ("not 5",)),
    "a revision that is none": (doing("go", expect=True), {"code": "expect", "expect": "True"}, ("a whole number, not True",)),
    "an id that is no text": (lambda: flow().open(5, at=START), {"id": "5", "limit": 200}, ("1 to 200 characters, not 5",)),  # type: ignore[arg-type]  # as a host may
    "another workflow": (
        lambda: flow(workflow="other").fire(Case(flow()).ticket, "go", at=START),
        {"ticket": "T1", "workflow": "small"},
        ("ticket T1 belongs to workflow 'small', not 'other'",),
    ),
    "another version": (
        another_version,
        {"code": "version", "missing": ("state 'b'",)},
        ("ticket T1", "'small'", "lacks state 'b'", "ticket.pins", "migrate it"),
    ),
    "no ticket": (lambda: flow().fire({}, "go", at=START), {}, ("pass a Ticket, not a dict; load_ticket(row)",)),  # type: ignore[arg-type]  # as a host may
    "records with a gap": (with_a_gap, {"code": "fold", "expected": 2, "got": 3}, ("record 2 is missing", "given is 3")),
    "no records": (lambda: flow().fold([]), {"code": "fold"}, ("no records were given",)),
}
PAYLOAD: dict[str, Row] = {
    "values of other types": (
        doing("go", {"amount": "x", "why": 5}, transitions=[move(payload=ASKED)]),
        unfit(
            "go",
            problems={"amount": "a whole number, not 'x'", "when": "timestamp, which is missing", "why": "text, not 5"},
            needs={"amount": "int", "when": "timestamp", "why": "string"},
        ),
        ("amount takes a whole number, not 'x'; when takes timestamp, which is missing; why takes text, not 5",),
    ),
    "no map": (doing("go", [1]), unfit("go", expected="a map"), ("the payload of go takes a map",)),
    "nothing to update": (doing("ticket.update"), unfit("ticket.update", needs={}), ("names no field",)),
    "an opening with no such field": (
        lambda: flow().open("T1", {"priorty": 1}, at=START),
        unfit("open", problems={"priorty": "there is no field 'priorty'; did you mean 'priority'?"}),
        ("open: there is no field 'priorty'",),
    ),
    "an opening with no map": (
        lambda: flow().open("T1", [1], at=START),  # type: ignore[arg-type]  # as a host may
        unfit("open", expected="a map"),
        ("the payload of open takes a map",),
    ),
    "no such field": (
        doing("ticket.update", {"priorty": 1, "xyzzy": "x"}),
        unfit(
            "ticket.update",
            problems={"priorty": "there is no field 'priorty'; did you mean 'priority'?", "xyzzy": "there is no field 'xyzzy'"},
        ),
        ("'priorty'; did you mean 'priority'?; there is no field 'xyzzy'",),
    ),
    "no such slot": (
        doing("ticket.assign", {"slot": "boss", "to": "x"}),
        unfit("ticket.assign", field="slot", value="boss", known=SLOTS),
        ("assignee, outlet, owner, queue or provider, not 'boss'",),
    ),
    "nobody named": (
        doing("ticket.assign", {}),
        unfit("ticket.assign", field="to", problems={"to": "string"}, needs={"to": "string"}),
        ("to: null takes it from whoever has it",),
    ),
    "a misspelt key": (
        doing("ticket.assign", {"too": "x"}),
        unfit("ticket.assign", key="too", keys=("slot", "to"), nearest="to"),
        ("no 'too'", "did you mean 'to'?"),
    ),
    "an unknown key": (
        doing("ticket.assign", {"xyzzy": "x"}),
        unfit("ticket.assign", key="xyzzy", keys=("slot", "to"), nearest=None),
        ("no 'xyzzy'", "it takes slot, to"),
    ),
    "no such side": (
        doing("ticket.message", {"side": "us"}),
        unfit("ticket.message", field="side", value="us"),
        ("agent, customer, system, not 'us'",),
    ),
    "neither public nor not": (
        doing("ticket.message", {"public": "no"}),
        unfit("ticket.message", field="public", value="no"),
        ("true or false, not 'no'",),
    ),
    "a channel that is no text": (
        doing("ticket.message", {"channel": 5}),
        unfit("ticket.message", field="channel", value=5),
        ("at most 200 characters, not 5",),
    ),
    "no such state": (
        doing("ticket.force", {"state": "bb", "reason": "r"}),
        unfit("ticket.force", field="state", value="bb", nearest="b"),
        ("no state 'bb'", "did you mean 'b'?"),
    ),
    "no reason": (
        doing("ticket.force", {"state": "b"}),
        unfit("ticket.force", field="reason", problems=A_TEXT, needs={"reason": "string"}),
        ("reason takes string, which is missing",),
    ),
    "a clock in time": (
        waiving(clock="call"),
        unfit("clock.waive", field="clock", value="call", known=("fix",)),
        ("clock 'call' is not breached; breached are fix",),
    ),
    "no such clock": (
        waiving(clock="cal"),
        unfit("clock.waive", field="clock", value="cal", known=("fix",)),
        ("clock 'cal' is not breached, nor one of this ticket's clocks (fix, call); breached are fix",),
    ),
    "a cycle in time": (
        waiving(clock="fix", cycle=3),
        unfit("clock.waive", field="cycle", value=3, known=()),
        ("cycle 3 of clock 'fix'", "breached are none"),
    ),
    "an empty reason": (waiving(clock="fix", reason=" "), unfit("clock.waive", field="reason"), ("it is empty",)),
}
ROWS = [pytest.param(*row, id=name) for family in (WHO, WHERE, GIVEN, PAYLOAD) for name, row in family.items()]


@pytest.mark.parametrize(("act", "facts", "says"), ROWS)
def test_a_refusal_carries_its_facts(act: Act, facts: dict[str, Any], says: tuple[str, ...]) -> None:
    """A program finds every name and number in the facts, and people find them in the sentence, with the next step."""
    with pytest.raises(ServflowError) as caught:
        act()

    told = {key: value for key, value in caught.value.facts.items() if key not in ("each", "lines", "operands")}

    assert facts == told
    assert [] == [words for words in says if words not in str(caught.value)]


@pytest.mark.parametrize(("event", "close"), [("bakc", "back"), ("ticket.asign", "ticket.assign"), ("xylophone", None)])
def test_an_unknown_event_names_the_nearest_and_all(event: str, close: str | None) -> None:
    """A misspelt event comes with what was probably meant, and with every event there is, in order."""
    with pytest.raises(ServflowError) as caught:
        Case(flow()).fire(event)

    assert (event, close) == (caught.value.facts["event"], caught.value.facts["nearest"])
    assert (f"did you mean {close!r}?" if close else f"unknown event {event!r}") in str(caught.value)
    known = caught.value.facts["known"]
    assert sorted(known) == list(known)
    assert {"back", "end", "go", "ticket.assign", "ticket.reopen"} <= set(known)


@pytest.mark.parametrize(("text", "fits"), [("k", True), ("k" * 200, True), ("k" * 201, False), ("", False), ("\ud800", False)])
def test_ids_and_keys_are_texts_of_one_to_two_hundred_characters(text: str, fits: bool) -> None:
    """The longest that is allowed is taken, one character more is not, nor what no store can keep."""
    tries: list[Act] = [
        lambda: flow().open(text, at=START).ticket.id,
        lambda: Case(flow()).fire("go", key=text).records[0].key,  # type: ignore[attr-defined]  # a Received
    ]
    if fits:
        assert [text, text] == [act() for act in tries]
        return
    for act in tries:
        with pytest.raises(InputError, match="1 to 200 characters"):
            act()


def test_what_occurred_now_did_not_occur_earlier() -> None:
    """An instant at which it occurred is told only where it is another one; a naive one is named by its argument."""
    case = Case(flow())

    assert None is case.fire("go", minutes=5, occurred=after(5)).records[0].occurred  # type: ignore[attr-defined]  # a Received
    with pytest.raises(ServflowError, match="occurred"):
        case.fire("back", minutes=5, occurred=after(5).replace(tzinfo=None))


LATE: dict[str, Any] = {
    "name": "late",
    "start": {"clock": "fix", "mark": "breach"},
    "levels": [{"name": "one", "after": "9h", "do": [notify("x")]}],
}
OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
TIMED = {"clocks": [{"name": "fix", "within": "1h", "calendar": "office"}], "calendars": {"office": OFFICE}}
ASKING = {"dispatch": [{"name": "who", "state": "a", "mode": "offer", "offer": {"timeout": "9h"}}]}


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        (TIMED, {}, ("clock 'fix'", "calendar 'office'")),
        (TIMED, {"clocks": CLOCKS}, ("calendar 'office'",)),
        ({**TIMED, "escalations": [LATE]}, TIMED, ("chain 'late'",)),
        (ASKING, {}, ("dispatch entry 'who'",)),
    ],
)
def test_a_version_says_what_it_lacks_of_a_ticket(old: dict[str, Any], new: dict[str, Any], missing: tuple[str, ...]) -> None:
    """Everything live on a ticket that the definition does not have is named, by kind and once; the ticket can go nowhere."""
    case = Case(flow(**old), world=World(engineers=[{"id": "ann"}]))
    case.until(100)

    with pytest.raises(InputError, match="made by another version of 'small' and this one lacks") as caught:
        flow(**new).fire(case.ticket, "go", at=after(100))

    assert {"code": "version", "missing": missing} == caught.value.facts
    assert ", ".join(missing) in str(caught.value)


def test_another_edition_of_a_chain_is_told_by_its_hash() -> None:
    """A run that climbs a chain as it was is named with the edition it needs, short in the sentence and whole in the facts."""
    case = Case(flow(**TIMED, escalations=[LATE]))
    case.until(100)
    (run,) = case.ticket.chains
    newer = flow(**TIMED, escalations=[{**LATE, "levels": [{**LATE["levels"][0], "after": "8h"}]}])

    with pytest.raises(InputError, match="give it as past_chains=") as caught:
        newer.fire(case.ticket, "go", at=after(100))

    assert {"code": "edition", "ticket": "T1", "hashes": (run.hash,)} == caught.value.facts
    assert f"'late' as of {run.hash[:12]}, " in str(caught.value)


def refused(act: Act) -> ServflowError:
    """What is raised."""
    with pytest.raises(ServflowError) as caught:
        act()
    return caught.value


def test_a_guard_says_each_operand_in_both_languages() -> None:
    """What did not hold is told line by line with its value, in English and Chinese, and as data."""
    error = refused(holding({"transitions": [move(when="amount > 5 || priority < 2")]}))

    said = ("amount (1) > 5 is false", "priority (3) < 2 is false")
    assert {"en": said, "zh": ("amount (1) > 5 不成立", "priority (3) < 2 不成立")} == error.facts["lines"]
    assert f"go is not allowed now: {'; '.join(said)}" in str(error)
    assert ("or", False, 2) == (
        error.facts["operands"]["kind"],
        error.facts["operands"]["value"],
        len(error.facts["operands"]["operands"]),
    )
    (each,) = error.facts["each"]
    assert (0, ("a",), ("b",), "guard") == tuple(each[name] for name in ("transition", "source", "target", "code"))


def test_a_guard_that_waits_for_a_checklist_lists_its_steps() -> None:
    """Steps that are to be done come with the refusal, in order."""
    states = {"a": {"checklist": ["look", "seal"]}, "b": {}}
    error = refused(doing("go", states=states, transitions=[move(when="checklist.complete")]))

    assert ("look", "seal") == error.facts["missing"]
    assert [("still to be done: look, seal",), ("还缺 look, seal",)] == [
        error.facts["lines"][lang][-1:] for lang in ("en", "zh")
    ]


@pytest.mark.parametrize("when", ["x > 1", "table.t.ok"])
def test_a_strict_guard_names_what_is_missing(when: str) -> None:
    """A strict condition that would compare with nothing names the field, also where a table that it asks does."""
    table = {"hit": "first", "inputs": ["x"], "outputs": {"ok": "bool"}, "rows": [[">5", "true"], ["-", "false"]]}
    fields = {"x": {"type": "int", "optional": True}}
    parts = {"fields": fields, "tables": {"t": {**table, "strict": True}}, "strict": True}

    error = refused(doing("go", transitions=[move(when=when)], **parts))
    assert ("guard", ("x",)) == (error.code, error.facts["missing"])

    payload = {"y": {"type": "int"}}
    error = refused(doing("go", transitions=[move(when=f"{when} && payload.y > 2", payload=payload)], **parts))
    assert ("guard", ("x",), when, "go") == tuple(error.facts[name] for name in ("code", "missing", "when", "event"))


def test_a_reopening_without_a_window_is_never_too_late() -> None:
    """Where a closed state says no time, what hinders is its condition alone."""
    again = {"closed": True, "reopen": {"target": "a", "when": "priority == 1"}}
    case = Case(flow(states={"a": {}, "z": again}, transitions=[move("end", "a", "z")]))
    case.fire("end")

    error = refused(lambda: case.fire("ticket.reopen"))
    assert ("guard", None) == (error.code, error.facts.get("until"))
    assert "priority (3) == 1 is false" in str(error)
