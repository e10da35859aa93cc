"""Knows which facts the refusals of checklists, votes, helpers, ratings and visits carry; must not know how they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from servflow.errors import Refused
from servflow.model import Actor
from tests.unit.engine.flows import CLERK, START, Case, flow

ANN, BOB = Actor("ann", ["engineer"]), Actor("bob", ["lead"])
ROLES = ["clerk", "engineer", "lead"]
STEPS = ["look", {"step": "weigh", "evidence": {"kg": {"type": "decimal"}}}, "seal"]
LISTED = {"a": {"checklist": STEPS, "ordered": True}, "b": {}, "z": {"closed": True}}
VOTE = {"allow": ["engineer", "requester"], "deny": ["requester"], "quorum": 1, "reject": 1}
VOTES = {"a": {"approval": VOTE}, "b": {}, "z": {}}

Act = Callable[[], Any]


def after(parts: dict[str, Any], *before: tuple[str, Any, Any]) -> Callable[..., Act]:
    """What fires one event at a ticket of a workflow with these parts, after other events."""

    def firing(event: str, payload: Any = None, by: Any = None) -> Act:
        def act() -> Any:
            case = Case(flow(**parts), actor=CLERK)
            for name, given, who in before:
                case.fire(name, given, actor=who)
            return case.fire(event, payload, actor=by)

        return act

    return firing


LOOKED = ("step.check", {"step": "look"}, ANN)
plain, listed = after({}), after({"states": LISTED})
looked = after({"states": LISTED}, LOOKED)
weighed = after({"states": LISTED}, LOOKED, ("step.check", {"step": "weigh", "evidence": {"kg": "2"}}, ANN))
voting = after({"states": VOTES, "roles": ROLES})
voted = after({"states": VOTES, "roles": ROLES}, ("approval.approve", None, ANN))

REFUSED: dict[str, tuple[Act, str, str, dict[str, Any], str]] = {
    "a step out of order": (
        listed("step.check", {"step": "seal"}),
        "payload",
        "step.check",
        {"field": "step", "step": "seal", "missing": ("look", "weigh")},
        "seal comes after look, weigh",
    ),
    "a misspelt step": (
        listed("step.check", {"step": "lok"}),
        "payload",
        "step.check",
        {"field": "step", "value": "lok", "known": ("look", "weigh", "seal"), "nearest": "look"},
        "state a has no checklist step 'lok'; did you mean 'look'?",
    ),
    "an unknown step": (
        listed("step.check", {"step": "xyzzy"}),
        "payload",
        "step.check",
        {"field": "step", "value": "xyzzy", "known": ("look", "weigh", "seal"), "nearest": None},
        "state a has no checklist step 'xyzzy'; it has look, weigh, seal",
    ),
    "no step": (
        listed("step.check", {}),
        "payload",
        "step.check",
        {"field": "step", "problems": {"step": "string, which is missing"}, "needs": {"step": "string"}},
        "step takes string, which is missing",
    ),
    "a step that is no text": (
        listed("step.check", {"step": 5}),
        "payload",
        "step.check",
        {"field": "step", "value": 5},
        "step is the name of a step, not 5",
    ),
    "evidence that lacks": (
        looked("step.check", {"step": "weigh"}),
        "payload",
        "step.check",
        {"problems": {"kg": "decimal, which is missing"}, "needs": {"kg": "decimal"}, "step": "weigh", "field": "evidence"},
        "kg takes decimal, which is missing",
    ),
    "evidence that is no mapping": (
        looked("step.check", {"step": "weigh", "evidence": 5}),
        "payload",
        "step.check",
        {"field": "evidence", "needs": {"kg": "decimal"}},
        "evidence of weigh is a mapping, not 5",
    ),
    "taking back what was not checked": (
        listed("step.uncheck", {"step": "look", "reason": "x"}),
        "payload",
        "step.uncheck",
        {"field": "step", "value": "look"},
        "look is not checked",
    ),
    "taking back without a reason": (
        weighed("step.uncheck", {"step": "look"}),
        "payload",
        "step.uncheck",
        {"field": "reason", "problems": {"reason": "string, which is missing"}, "needs": {"reason": "string"}},
        "reason takes string, which is missing",
    ),
    "a reason that is no text": (
        weighed("step.uncheck", {"step": "look", "reason": 5}),
        "payload",
        "step.uncheck",
        {"field": "reason", "value": 5},
        "reason is a text of at most 1000 characters, not 5",
    ),
    "taking back what others came after": (
        weighed("step.uncheck", {"step": "look", "reason": "x"}),
        "payload",
        "step.uncheck",
        {"field": "step", "later": ("weigh",)},
        "weigh came after look; uncheck that first",
    ),
    "a vote of nobody": (
        voting("approval.approve"),
        "not_permitted",
        "approval.approve",
        {"actor": None, "roles": (), "needs": ("engineer", "requester"), "not_by": None},
        "it takes engineer or requester, and no actor was given",
    ),
    "a vote of another role": (
        voting("approval.approve", None, Actor("zed", ["lead"])),
        "not_permitted",
        "approval.approve",
        {"actor": "zed", "roles": ("lead",), "needs": ("engineer", "requester"), "not_by": None},
        "it takes engineer or requester, and zed is none of these",
    ),
    "a vote of who may not": (
        voting("approval.approve", None, Actor("carl", ["engineer"])),
        "not_permitted",
        "approval.approve",
        {"actor": "carl", "roles": ("engineer",), "needs": ("engineer", "requester"), "deny": ("requester",)},
        "carl is requester, and requester may not vote here",
    ),
    "a vote on what was decided": (
        voted("approval.reject", None, Actor("eve", ["engineer"])),
        "guard",
        "approval.reject",
        {"state": "a", "approval": "a", "decided": "approved"},
        "a was approved",
    ),
    "a vote where there is none": (
        voting("approval.approve", {"state": "b"}, ANN),
        "payload",
        "approval.approve",
        {"field": "state", "value": "b", "known": ("a",), "nearest": None},
        "there is no approval in 'b' now; there is one in a",
    ),
    "a comment that is no text": (
        voting("approval.approve", {"comment": 5}, ANN),
        "payload",
        "approval.approve",
        {"field": "comment", "value": 5},
        "comment is a text of at most 10000 characters, not 5",
    ),
    "a vote nowhere": (
        plain("approval.approve", None, ANN),
        "not_here",
        "approval.approve",
        {"state": "a", "allowed_in": ()},
        "approval.approve is not allowed in state a; it is in no state",
    ),
    "done by who does not help": (
        plain("helper.done", None, ANN),
        "not_permitted",
        "helper.done",
        {"actor": "ann", "needs": ()},
        "ann does not help with this ticket",
    ),
    "removing who does not help": (
        plain("helper.remove", {"who": "ann"}, BOB),
        "payload",
        "helper.remove",
        {"field": "who", "value": "ann", "helpers": ()},
        "ann does not help with this ticket",
    ),
    "removing nobody": (
        plain("helper.remove", {}, BOB),
        "payload",
        "helper.remove",
        {"field": "who", "problems": {"who": "string, which is missing"}, "needs": {"who": "string"}},
        "who takes string, which is missing",
    ),
    "removing what is no name": (
        plain("helper.remove", {"who": 5}, BOB),
        "payload",
        "helper.remove",
        {"field": "who", "value": 5},
        "who is a text of at most 200 characters, not 5",
    ),
    "unwatching who does not watch": (
        plain("ticket.unwatch", {"who": "ann"}, BOB),
        "payload",
        "ticket.unwatch",
        {"field": "who", "value": "ann", "watchers": ()},
        "ann does not watch this ticket",
    ),
    "watching by nobody": (
        plain("ticket.watch"),
        "payload",
        "ticket.watch",
        {"field": "who", "problems": {"who": "string, which is missing"}, "needs": {"who": "string"}},
        "who takes string, which is missing",
    ),
    "taking from no line": (
        plain("queue.take", None, ANN),
        "not_here",
        "queue.take",
        {"state": "a", "allowed_in": ()},
        "the ticket does not wait in a line to be pulled",
    ),
    "a score out of bounds": (
        plain("rating.add", {"score": 9}, ANN),
        "payload",
        "rating.add",
        {"field": "score", "value": 9},
        "score of csat is a whole number from 1 to 5, not 9",
    ),
    "a misspelt scale": (
        plain("rating.add", {"score": 5, "scale": "csta"}, ANN),
        "payload",
        "rating.add",
        {"field": "scale", "value": "csta", "known": ("csat", "nps", "ces"), "nearest": "csat"},
        "scale is one of csat, nps, ces, not 'csta'; did you mean 'csat'?",
    ),
    "a visit rated as a ticket": (
        plain("rating.add", {"score": 5, "visit": "v"}, ANN),
        "payload",
        "rating.add",
        {"field": "visit"},
        "visit says which visit was rated, and about is ticket; say about: visit",
    ),
    "a rating about what is not": (
        plain("rating.add", {"score": 5, "about": "visits"}, ANN),
        "payload",
        "rating.add",
        {"field": "about", "value": "visits", "known": ("ticket", "visit", "relation"), "nearest": "visit"},
        "about is one of ticket, visit, relation, not 'visits'; did you mean 'visit'?",
    ),
    "an answer nobody waits for": (
        plain("dispatch.answer", {"to": "ann"}),
        "not_here",
        "dispatch.answer",
        {},
        "no request for dispatch waits for an answer",
    ),
    "approving nobody": (plain("dispatch.approve"), "not_here", "dispatch.approve", {}, "nobody is proposed"),
    "approving nobody as owner": (
        plain("dispatch.approve", {"slot": "owner"}),
        "not_here",
        "dispatch.approve",
        {},
        "nobody is proposed as owner",
    ),
    "booking where no visit is": (
        plain("appointment.book", {"start": START}),
        "not_here",
        "appointment.book",
        {"state": "a", "allowed_in": ()},
        "no visit is to be booked here",
    ),
    "cancelling no visit": (
        plain("appointment.cancel"),
        "not_here",
        "appointment.cancel",
        {"state": "a", "allowed_in": ()},
        "no visit is booked",
    ),
    "a child that is no text": (
        plain("ticket.child_opened", {"child": 5}, "system"),
        "payload",
        "ticket.child_opened",
        {"field": "child"},
        "child is a text of at most 300 characters, not 5",
    ),
    "acknowledging what does not run": (
        plain("chain.acknowledge", {"chain": "x"}),
        "payload",
        "chain.acknowledge",
        {"field": "chain", "running": ()},
        "no escalation 'x' is running",
    ),
    "acknowledging nothing": (
        plain("chain.acknowledge"),
        "payload",
        "chain.acknowledge",
        {"field": "chain", "running": ()},
        "no escalation is running",
    ),
    "snoozing for no time": (
        plain("chain.snooze", {"for": "1h"}),
        "payload",
        "chain.snooze",
        {"field": "until"},
        "until is an instant or a span such as '2h', not None",
    ),
    "starting no chain": (
        plain("chain.start", {"chain": "x"}),
        "payload",
        "chain.start",
        {"field": "chain", "value": "x", "nearest": None},
        "there is no chain 'x'; there are none",
    ),
}


@pytest.mark.parametrize(("act", "code", "event", "facts", "says"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_carries_its_facts(act: Act, code: str, event: str, facts: dict[str, Any], says: str) -> None:
    """A program finds every name and number in the facts, and people find them in the sentence, with the next step."""
    with pytest.raises(Refused) as caught:
        act()

    told = {key: value for key, value in caught.value.facts.items() if key not in ("each", "lines", "operands")}

    assert {"code": code, "event": event, **facts} == told
    assert says in str(caught.value)
