"""Knows what must hold of approvals and of the outward view, whoever votes and wherever tickets go; must not know how."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import Actor

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)
ROLES = ("a", "b", "c")
quorums = st.dictionaries(st.sampled_from(ROLES), st.integers(1, 2), min_size=1)
voters = st.lists(st.lists(st.sampled_from(ROLES), unique=True), max_size=6)


def approving(quorum: dict[str, int], reject: int = 1) -> Workflow:
    return Workflow(
        workflow="w",
        roles=ROLES,
        initial="review",
        states={"review": {"approval": {"quorum": quorum, "reject": reject}}, "yes": {"closed": True}, "no": {"closed": True}},
        transitions=[
            {"event": "approved.review", "source": "review", "target": "yes"},
            {"event": "rejected.review", "source": "review", "target": "no"},
        ],
    )


def seated(quorum: dict[str, int], voted: list[list[str]]) -> bool:
    """Whether some way of giving each place to one voter of its role exists, found by trying all."""
    places = [role for role, count in quorum.items() for _ in range(count)]
    return any(
        all(role in roles for role, roles in zip(places, chosen, strict=True)) for chosen in permutations(voted, len(places))
    )


@given(quorums, voters)
def test_a_quorum_by_roles_is_met_when_everybody_can_be_seated(quorum: dict[str, int], voted: list[list[str]]) -> None:
    """Votes approve exactly when each place can be given to a voter of its role, nobody sitting on two."""
    workflow = approving(quorum)
    ticket = workflow.open("T", at=T0).ticket
    counted: list[list[str]] = []
    for number, roles in enumerate(voted):
        may = bool(set(roles) & set(quorum)) and "review" == ticket.state
        voter = Actor(f"p{number}", roles)
        with nullcontext() if may else pytest.raises(Refused):
            ticket = workflow.fire(ticket, "approval.approve", at=T0, actor=voter).ticket
            counted.append(roles)
        assert seated(quorum, counted) is ("yes" == ticket.state)


votes = st.lists(st.tuples(st.sampled_from("pqrs"), st.booleans()), max_size=12)


@given(votes, st.integers(1, 4), st.integers(1, 3))
def test_one_person_has_one_vote(given_votes: list[tuple[str, bool]], quorum: int, reject: int) -> None:
    """Only the last vote of each person counts, and the first decision stands."""
    workflow = Workflow(
        workflow="w",
        initial="review",
        states={"review": {"approval": {"quorum": quorum, "reject": reject}}, "yes": {"closed": True}, "no": {"closed": True}},
        transitions=[
            {"event": "approved.review", "source": "review", "target": "yes"},
            {"event": "rejected.review", "source": "review", "target": "no"},
        ],
    )
    ticket = workflow.open("T", at=T0).ticket
    last: dict[str, bool] = {}
    for who, approve in given_votes:
        if "review" != ticket.state:
            break
        ticket = workflow.fire(ticket, f"approval.{'approve' if approve else 'reject'}", at=T0, actor=Actor(who)).ticket
        last[who] = approve
        approved = sum(last.values())
        expected = "yes" if approved >= quorum else "no" if len(last) - approved >= reject else "review"
        assert expected == ticket.state
        assert len(last) == len(ticket.approvals["review"].votes) if "review" == expected else {} == ticket.approvals


texts = st.sampled_from([None, "A", "B", "C"])


@given(st.lists(texts, min_size=3, max_size=5), st.lists(st.integers(0, 4), max_size=12))
def test_the_outward_view_is_what_was_shown_last(shown: list[str | None], path: list[int]) -> None:
    """Whatever the way of a ticket: the current step is the last text it came by, since it came to it without a break."""
    states = {f"s{place}": {"shown": {"customer": text}} if text else {} for place, text in enumerate(shown)}
    states["s0"] = {"shown": {"customer": "A"}}
    workflow = Workflow(
        workflow="w",
        states=states,
        initial="s0",
        transitions=[{"event": f"to{place}", "source": "*", "target": f"s{place}"} for place in range(len(shown))],
    )
    ticket = workflow.open("T", at=T0).ticket
    current, since, seen = "A", T0, {"A"}
    for hour, place in enumerate((place % len(shown) for place in path), 1):
        at = T0 + timedelta(hours=hour)
        ticket = workflow.fire(ticket, f"to{place}", at=at).ticket
        text = states[f"s{place}"].get("shown", {}).get("customer")
        if text and text != current:
            current, since = text, at
        seen.add(current)

        progress = workflow.progress(ticket)
        assert ((current,), since) == (progress.current, progress.since)
        assert {step.name for step in progress.steps if step.status in ("done", "current")} <= seen
        assert len(progress.steps) == len({step.name for step in progress.steps})
