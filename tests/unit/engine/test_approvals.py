"""Knows how approvals are voted and decided, and which could never be; must not know how votes are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import DefinitionError, Refused, Ticket, World, load_ticket
from servflow.engine import Workflow
from servflow.model import Actor, Engineer, Moved, Person, Received, Voted, dump

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)
CLERK, SUE, TOM, FLO = Actor("kit", ["clerk"]), Actor("sue", ["lead"]), Actor("tom", ["lead"]), Actor("flo", ["finance"])
BOTH = Actor("bea", ["lead", "finance"])
ROLES = ["clerk", "lead", "finance"]
WORLD = World(
    engineers=[Engineer(id="eve", roles=["lead"], outlets=["o1"])],
    people=[
        Person(id="sue", roles=["lead"], manager="tom"),
        Person(id="tom", roles=["lead"]),
        Person(id="flo", roles=["finance"]),
        Person(id="kit", roles=["clerk"], manager="sue"),
    ],
)


def flow(approval: Any, **more: Any) -> Workflow:
    return Workflow(
        workflow="refund",
        roles=more.pop("roles", ROLES),
        initial="new",
        states={"new": {}, "review": {"approval": approval}, "paid": {"closed": True}, "denied": {"closed": True}},
        transitions=more.pop(
            "transitions",
            [
                {"event": "ask", "source": ["new", "review"], "target": "review", "allow": ["clerk", "lead"]},
                {"event": "approved.review", "source": "review", "target": "paid"},
                {"event": "rejected.review", "source": "review", "target": "denied"},
                {"event": "withdraw", "source": "review", "target": "new", "allow": ["clerk"]},
            ],
        ),
        **more,
    )


def asked(workflow: Workflow, by: Actor = CLERK, **fields: Any) -> Ticket:
    return workflow.fire(workflow.open("T", fields, at=T0, actor=CLERK).ticket, "ask", at=T0, actor=by).ticket


def votes(workflow: Workflow, ticket: Ticket, *given: tuple[Actor, str], world: World | None = None) -> Ticket:
    for who, vote in given:
        ticket = workflow.fire(ticket, f"approval.{vote}", at=ticket.at, actor=who, world=world).ticket
    return ticket


YES, NO = "approve", "reject"


# deciding ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approval", "given", "state"),
    [
        ({"quorum": 2, "allow": ["lead"]}, [(SUE, YES)], "review"),
        ({"quorum": 2, "allow": ["lead"]}, [(SUE, YES), (TOM, YES)], "paid"),
        ({"quorum": 2, "allow": ["lead"]}, [(SUE, YES), (SUE, YES)], "review"),  # one vote per person
        ({"quorum": 2, "allow": ["lead"]}, [(SUE, YES), (TOM, NO)], "denied"),
        ({"quorum": 2, "allow": ["lead", "finance"], "reject": 2}, [(SUE, NO), (TOM, YES), (FLO, YES)], "paid"),
        (
            {"quorum": 2, "allow": ["lead", "finance"], "reject": 2},
            [(SUE, NO), (SUE, YES), (FLO, YES)],
            "paid",
        ),  # changed her mind
        ({"quorum": 2, "allow": ["lead", "finance"], "reject": 2}, [(SUE, NO), (TOM, YES), (FLO, NO)], "denied"),
        ({"allow": ["lead"]}, [(SUE, YES)], "paid"),
        ({"quorum": {"lead": 1, "finance": 1}}, [(SUE, YES)], "review"),
        ({"quorum": {"lead": 1, "finance": 1}}, [(SUE, YES), (TOM, YES)], "review"),
        ({"quorum": {"lead": 1, "finance": 1}}, [(SUE, YES), (FLO, YES)], "paid"),
        ({"quorum": {"lead": 1, "finance": 1}}, [(BOTH, YES)], "review"),  # one vote counts for one role
        ({"quorum": {"lead": 1, "finance": 1}}, [(BOTH, YES), (FLO, YES)], "paid"),
        ({"quorum": {"lead": 1, "finance": 1}}, [(BOTH, YES), (SUE, YES)], "paid"),
        ({"quorum": {"lead": 2, "finance": 1}}, [(BOTH, YES), (FLO, YES), (SUE, YES)], "paid"),
        ({"quorum": {"lead": 2, "finance": 1}}, [(BOTH, YES), (TOM, YES), (SUE, YES)], "paid"),
    ],
)
def test_votes_decide(approval: Any, given: list[tuple[Actor, str]], state: str) -> None:
    """The quorum approves, the threshold rejects, and until then nothing moves."""
    workflow = flow(approval)

    assert state == votes(workflow, asked(workflow), *given).state


@pytest.mark.parametrize(
    ("quorum", "given", "state"),
    [
        ("all", [(SUE, YES), (TOM, YES)], "review"),
        ("all", [(SUE, YES), (TOM, YES), (Actor("eve", ["lead"]), YES)], "paid"),
        ("50%", [(SUE, YES)], "review"),
        ("50%", [(SUE, YES), (TOM, YES)], "paid"),
        ("30%", [(SUE, YES)], "paid"),
        ("34%", [(SUE, YES)], "review"),
    ],
)
def test_shares_are_of_everybody_the_world_knows(quorum: str, given: list[tuple[Actor, str]], state: str) -> None:
    """A share is counted of those who may vote as the world knows them, rounded up."""
    workflow = flow({"quorum": quorum, "allow": ["lead"]})

    assert state == votes(workflow, asked(workflow, outlet="o1"), *given, world=WORLD).state


def test_scopes_limit_who_is_waited_for() -> None:
    """Somebody of another outlet may not vote on this ticket, so nobody waits for them."""
    workflow = flow({"quorum": "all", "allow": ["lead"]})
    ticket = asked(workflow, outlet="o2")

    with pytest.raises(Refused):
        votes(workflow, ticket, (Actor("eve", ["lead"]), YES), world=WORLD)
    assert "paid" == votes(workflow, ticket, (SUE, YES), (TOM, YES), world=WORLD).state


def test_whoever_may_not_vote_is_not_waited_for() -> None:
    """All means all who may: whoever asked, and whoever is denied, does not count."""
    workflow = flow({"quorum": "all", "allow": ["lead"], "not_by": "ask", "deny": [{"manager_of": "requester"}]})
    ticket = workflow.open("T", {"outlet": "o1"}, at=T0, actor=CLERK, world=WORLD).ticket  # kit, whose manager is sue
    ticket = workflow.fire(ticket, "ask", at=T0, actor=Actor("eve", ["lead"]), world=WORLD).ticket

    for who, why in ((Actor("eve", ["lead"]), "eve did ask"), (SUE, "sue is manager of requester")):
        with pytest.raises(Refused, match=why):
            workflow.fire(ticket, "approval.approve", at=T0, actor=who, world=WORLD)
    assert "paid" == votes(workflow, ticket, (TOM, YES), world=WORLD).state


def test_without_a_world_nobody_can_be_counted() -> None:
    """A share without a world is refused with the reason, and nothing changes."""
    workflow = flow({"quorum": "all", "allow": ["lead"]})

    with pytest.raises(Refused, match="without a world nobody can count them"):
        votes(workflow, asked(workflow), (SUE, YES))


# who may -------------------------------------------------------------------------------------------------------------


def test_nobody_votes_unless_granted() -> None:
    """A vote takes a granted role; without an actor it is nobody's."""
    workflow = flow({"quorum": 1, "allow": ["lead"]})
    ticket = asked(workflow)

    for who, needs in ((CLERK, ("lead",)), (None, ("lead",))):
        with pytest.raises(Refused) as refused:
            workflow.fire(ticket, "approval.approve", at=T0, actor=who)
        assert ("not_permitted", needs) == (refused.value.code, refused.value.facts["needs"])


def test_without_roles_everybody_votes_but_nobody_twice() -> None:
    """Where no roles are declared anybody may vote who says who they are."""
    workflow = flow({"quorum": 2}, roles=[])
    ticket = asked(workflow)

    with pytest.raises(Refused, match="a vote is somebody's"):
        workflow.fire(ticket, "approval.approve", at=T0)
    ticket = votes(workflow, ticket, (Actor("x"), YES), (Actor("x"), YES))
    assert "review" == ticket.state
    assert "paid" == votes(workflow, ticket, (Actor("y"), YES)).state


def test_the_event_can_grant_instead_of_the_state() -> None:
    """What the definition grants for the event holds where the approval says nothing."""
    workflow = flow({"quorum": 1}, events={"approval.approve": {"allow": ["finance"]}})

    assert "paid" == votes(workflow, asked(workflow), (FLO, YES)).state


def test_separation_of_duties() -> None:
    """Whoever asked may not approve, nor may whoever is denied, even in an allowed role."""
    workflow = flow({"quorum": 1, "allow": ["lead"], "not_by": "ask", "deny": ["requester"]})
    ticket = asked(workflow, by=SUE)

    with pytest.raises(Refused, match="sue did ask, and whoever did that may not"):
        votes(workflow, ticket, (SUE, YES))
    with pytest.raises(Refused, match="kit is requester, and requester may not vote here"):
        votes(workflow, ticket, (Actor("kit", ["lead"]), YES))
    assert "paid" == votes(workflow, ticket, (TOM, YES)).state


def test_a_decision_comes_from_votes_alone() -> None:
    """No host says that something was approved: not in any role, not as the system, not by the first word alone."""
    bare = [
        {"event": "ask", "source": "new", "target": "review"},
        {"event": "approved", "source": "review", "target": "paid"},
        {"event": "rejected", "source": "review", "target": "denied"},
    ]
    for workflow in (flow({"quorum": 2, "allow": ["lead"]}), flow({"quorum": 2}, roles=[], transitions=bare)):
        ticket = asked(workflow)
        for event in ("approved.review", "approved", "rejected.review", "approved.*"):
            for actor in (SUE, Actor("system"), None):
                with pytest.raises(Refused):
                    workflow.fire(ticket, event, at=T0, actor=actor)
        assert "paid" == votes(workflow, ticket, (SUE, YES), (TOM, YES)).state


def test_available_says_who_can_vote_now() -> None:
    """Votes are offered while something is to be approved, with the reason where one may not."""
    workflow = flow({"quorum": 1, "allow": ["lead"]})
    ticket = workflow.open("T", at=T0, actor=CLERK).ticket
    offered = [option.event for option in workflow.available(ticket, at=T0, actor=SUE)]
    assert "approval.approve" not in offered

    ticket = asked(workflow)
    told = {
        who.id: {option.event: (option.status, option.code) for option in workflow.available(ticket, at=T0, actor=who)}
        for who in (SUE, CLERK)
    }
    assert ("ready", None) == told["sue"]["approval.approve"] == told["sue"]["approval.reject"]
    assert ("refused", "not_permitted") == told["kit"]["approval.approve"]
    assert not any(event.startswith(("approved", "rejected")) for event in told["sue"])


# rounds --------------------------------------------------------------------------------------------------------------


def test_every_entry_is_a_new_round() -> None:
    """Votes are gone once the state is left, also when it is entered again at once."""
    workflow = flow({"quorum": 2, "allow": ["lead"]})
    ticket = votes(workflow, asked(workflow), (SUE, YES))
    assert ["sue"] == [vote.by for vote in ticket.approvals["review"].votes]

    out = workflow.fire(ticket, "withdraw", at=T0, actor=CLERK).ticket
    again = workflow.fire(ticket, "ask", at=T0, actor=CLERK).ticket
    assert {} == out.approvals == again.approvals
    assert "review" == votes(workflow, again, (TOM, YES)).state


def test_votes_are_records_and_survive_storing() -> None:
    """Who voted what, why, in which role and what it took is told; the ticket is what its records amount to."""
    workflow = flow({"quorum": {"lead": 1, "finance": 1}})
    opened = workflow.open("T", at=T0, actor=CLERK)
    records, ticket = list(opened.records), opened.ticket
    for event, payload, who in (
        ("ask", None, CLERK),
        ("approval.approve", {"comment": "fine"}, BOTH),
        ("approval.approve", None, FLO),
    ):
        outcome = workflow.fire(ticket, event, payload, at=T0, actor=who)
        records, ticket = [*records, *outcome.records], outcome.ticket
        assert ticket == workflow.fold(records) == load_ticket(dump(ticket))
    first, second = [record for record in records if isinstance(record, Voted)]

    assert ("bea", YES, ("lead", "finance"), "fine", 2, None) == (
        first.by,
        first.vote,
        first.roles,
        first.comment,
        first.needed,
        first.decided,
    )
    assert ("flo", ("finance",), "approved") == (second.by, second.roles, second.decided)
    raised = next(record for record in records if isinstance(record, Received) and record.event == "approved.review")
    assert (True, ("bea", "flo")) == (raised.internal, raised.payload["by"])


def test_what_is_decided_stays_decided() -> None:
    """Where a decision leads nowhere for now, it is not voted again; conditions can read the counts."""
    workflow = flow(
        {"quorum": 1, "allow": ["lead"]},
        fields={"open": {"type": "bool", "default": False}},
        transitions=[
            {"event": "ask", "source": "new", "target": "review", "allow": ["clerk"]},
            {"source": "review", "target": "paid", "when": "open && approval.approved > 0 && 'sue' in approval.by"},
        ],
        events={"ticket.update": {"allow": ["clerk"]}},
    )
    ticket = votes(workflow, asked(workflow), (SUE, YES))
    assert "review" == ticket.state
    with pytest.raises(Refused, match="review was approved"):
        votes(workflow, ticket, (TOM, NO))
    assert "paid" == workflow.fire(ticket, "ticket.update", {"open": True}, at=T0, actor=CLERK).ticket.state


def test_two_approvals_side_by_side() -> None:
    """In parallel regions a vote goes where its voter may vote, or where it says."""
    workflow = Workflow(
        workflow="w",
        roles=ROLES,
        initial="both",
        states={
            "both": {
                "parallel": True,
                "states": {
                    "a": {"states": {"a1": {"approval": {"allow": ["lead"]}}, "a2": {"final": True}}, "initial": "a1"},
                    "b": {
                        "states": {"b1": {"approval": {"allow": ["lead", "finance"]}}, "b2": {"final": True}},
                        "initial": "b1",
                    },
                },
            },
            "done": {"closed": True},
        },
        transitions=[
            {"event": "approved.a1", "source": "a1", "target": "a2"},
            {"event": "approved.b1", "source": "b1", "target": "b2"},
            {"event": "rejected", "source": "both", "target": "done"},
            {"event": "done.state.both", "source": "both", "target": "done", "allow": ["system"]},
        ],
    )
    ticket = workflow.open("T", at=T0).ticket

    with pytest.raises(Refused, match="say which with state: a1, b1"):
        votes(workflow, ticket, (SUE, YES))
    with pytest.raises(Refused, match="did you mean 'b1'"):
        workflow.fire(ticket, "approval.approve", {"state": "b11"}, at=T0, actor=SUE)
    ticket = votes(workflow, ticket, (FLO, YES))
    assert "a1+b2" == ticket.state
    assert "done" == votes(workflow, ticket, (SUE, YES)).state


def test_there_is_nothing_to_vote_elsewhere() -> None:
    """Outside the state a vote is refused with where it is possible."""
    workflow = flow({"quorum": 1, "allow": ["lead"]})

    with pytest.raises(Refused) as refused:
        workflow.fire(workflow.open("T", at=T0).ticket, "approval.approve", at=T0, actor=SUE)
    assert ("not_here", ("review",)) == (refused.value.code, refused.value.facts["allowed_in"])


# promises ------------------------------------------------------------------------------------------------------------


def test_a_decision_can_be_promised() -> None:
    """The clock of an approval is kept by a decision either way, and taken back when the state is left without one."""
    workflow = flow({"quorum": 1, "allow": ["lead"], "within": "2h", "warn": ["50%"]})
    ticket = asked(workflow)
    phase = {
        event: workflow.fire(ticket, event, at=T0 + timedelta(hours=1), actor=who).ticket.clocks["approval.review"].phase
        for event, who in (("approval.approve", SUE), ("approval.reject", SUE), ("withdraw", CLERK))
    }

    assert {"approval.approve": "met", "approval.reject": "met", "withdraw": "cancelled"} == phase
    late = workflow.advance(ticket, at=T0 + timedelta(hours=3)).ticket
    assert T0 + timedelta(hours=2) == late.clocks["approval.review"].breached_at


# load ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approval", "code", "path"),
    [
        ({"quorum": 0, "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": True, "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": "most", "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": "0%", "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": "101%", "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": {}, "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": {"lead": 0}}, "approval.quorum", "quorum"),
        ({"quorum": 1000, "allow": ["lead"]}, "approval.quorum", "quorum"),
        ({"quorum": {"boss": 1}}, "name.unknown", "quorum.boss"),
        ({"quorum": {"lead": 1, "finance": 1}, "allow": ["lead"]}, "approval.never", "quorum.finance"),
        ({"quorum": {"lead": 1}, "deny": ["lead"]}, "approval.never", "quorum.lead"),
        ({"quorum": 2, "allow": ["assignee"]}, "approval.never", "quorum"),
        ({"quorum": 3, "allow": ["owner", {"manager_of": "assignee"}]}, "approval.never", "quorum"),
        ({"quorum": 1, "allow": ["lead"], "deny": ["lead"]}, "approval.never", "quorum"),
        ({"quorum": 1}, "approval.nobody", ""),
        ({"quorum": 1, "allow": ["led"]}, "name.unknown", "allow"),
        ({"quorum": 1, "allow": ["lead"], "deny": ["assigne"]}, "name.unknown", "deny"),
        ({"quorum": 1, "allow": ["lead"], "not_by": "asked"}, "name.unknown", "not_by"),
        ({"quorum": 1, "allow": ["lead"], "reject": 0}, "approval.reject", "reject"),
        ({"quorum": 1, "allow": ["lead"], "calendar": "office"}, "idiom.needs_within", "calendar"),
        ({"quorm": 1}, "definition.unknown_key", "quorm"),
        ("two", "definition.mapping", ""),
    ],
)
def test_an_approval_that_can_never_be_met_is_refused(approval: Any, code: str, path: str) -> None:
    """Load says which approvals nobody could ever give, and what cannot be read."""
    with pytest.raises(DefinitionError) as told:
        flow(approval)

    assert (code, f"states.review.approval.{path}".rstrip(".")) in [(one.code, one.path) for one in told.value.findings]


def test_a_share_of_everybody_is_refused() -> None:
    """Where anybody may vote, nobody knows how many all are."""
    with pytest.raises(DefinitionError) as told:
        flow({"quorum": "all"}, roles=[])

    assert ["approval.share"] == [finding.code for finding in told.value.findings]


def test_a_decision_nothing_waits_for_is_noted() -> None:
    """An approval without a transition for its decision is probably not what was meant."""
    workflow = flow(
        {"quorum": 1, "allow": ["lead"]},
        transitions=[
            {"event": "ask", "source": "new", "target": "review", "allow": ["clerk"]},
            {"event": "approved.review", "source": "review", "target": "paid"},
        ],
    )

    assert ["rejected.review"] == [finding.facts["event"] for finding in workflow.check() if finding.code == "approval.unheard"]


def test_an_approval_reads_back_equal() -> None:
    """Everything that can be said of an approval survives being written and read; what is implied is left out."""
    for approval in (
        {"quorum": {"lead": 1, "finance": 2}, "deny": ["assignee"], "reject": 2, "within": "2h", "warn": ["50%"]},
        {"quorum": "50%", "allow": ["lead"], "not_by": "ask"},
        {"allow": ["lead"]},
    ):
        workflow = flow(approval)
        assert approval == workflow.to_data()["states"]["review"]["approval"]
        assert workflow == Workflow(**workflow.to_data())


def test_force_leaves_the_round_behind() -> None:
    """Forcing a ticket out of the state is permitted and recorded like any force, and drops the votes."""
    workflow = flow({"quorum": 2, "allow": ["lead"]}, events={"ticket.force": {"allow": ["finance"]}})
    ticket = votes(workflow, asked(workflow), (SUE, YES))
    outcome = workflow.fire(ticket, "ticket.force", {"state": "paid", "reason": "court order"}, at=T0, actor=FLO)
    moved = next(record for record in outcome.records if isinstance(record, Moved))

    assert ({}, "paid", ("review",)) == (outcome.ticket.approvals, outcome.ticket.state, moved.exited)


def test_refusals_are_told_in_chinese() -> None:
    """What is refused says why in Chinese too."""
    workflow = flow(
        {"quorum": 1, "allow": ["lead"]},
        transitions=[{"event": "ask", "source": "new", "target": "review", "allow": ["clerk"]}],
    )
    ticket = votes(workflow, asked(workflow), (SUE, YES))
    with pytest.raises(Refused) as decided:
        votes(workflow, ticket, (TOM, YES))
    shared = flow({"quorum": "all", "allow": ["lead"]})
    with pytest.raises(Refused) as uncounted:
        votes(shared, asked(shared), (SUE, YES))

    assert "现在不能执行 approval.approve：review 的审批已有结果（approved）" == decided.value.text("zh")
    assert "review 需要有权审批者的 all 同意，没有 world 无法计算人数" == uncounted.value.text("zh")


def test_explain_tells_the_votes() -> None:
    """Whoever waits for an approval sees what it takes, who voted what, and by when."""
    workflow = flow({"quorum": {"lead": 2, "finance": 1}, "reject": 2, "within": "2h"})
    ticket = votes(workflow, asked(workflow), (SUE, YES), (FLO, NO))
    (row,) = workflow.explain(ticket, at=T0).as_data()["approvals"]

    assert (["sue"], ["flo"], None) == (row["approved"], row["rejected"], row["decided"])
    assert ({"lead": 2, "finance": 1}, 2, "2026-11-02T03:00:00Z") == (row["quorum"], row["reject"], row["due"])
