"""Holds laws to their three verdicts, their stories and their bounds; must not know how a proof is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.documents import load
from servflow.engine import Law, Proof, Workflow
from servflow.errors import DefinitionError
from servflow.model import Ticket

REFUND: dict[str, Any] = {
    "workflow": "refund",
    "fields": {
        "amount": "int",
        "approved": {"type": "bool", "default": False},
        "tier": {"type": "string", "one_of": ["gold", "silver"], "default": "silver"},
    },
    "roles": ["clerk", "boss"],
    "calendars": {"office": {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}},
    "states": {
        "asked": {},
        "waiting": {"timers": [{"after": "14d", "event": "close"}]},
        "paid": {"timers": [{"after": "3d", "event": "back"}]},
        "closed": {"closed": True},
    },
    "transitions": [
        {"event": "approve", "source": "asked", "allow": ["boss"], "do": [{"set": {"approved": "true"}}]},
        {"event": "take", "source": "asked", "target": "waiting", "allow": ["clerk"], "when": "approved || amount < 100"},
        {
            "event": "pay",
            "source": "waiting",
            "target": "paid",
            "allow": ["clerk"],
            "payload": {"sum": "int"},
            "when": "payload.sum >= 300",
        },
        {"event": "back", "source": "paid", "target": "waiting", "allow": ["system"]},
        {"event": "close", "source": ["waiting", "paid"], "target": "closed", "allow": ["system", "clerk"]},
    ],
}


def proved(*laws: dict[str, Any], **parts: Any) -> tuple[Workflow, tuple[Proof, ...]]:
    """What comes of laws about the refund."""
    named = [{"name": f"law {index}", **law} for index, law in enumerate(laws)]
    workflow = Workflow(**{**REFUND, **parts, "laws": named})
    return workflow, workflow.prove()


def verdicts(*laws: dict[str, Any], **parts: Any) -> list[str]:
    """The verdicts alone."""
    return [proof.verdict for proof in proved(*laws, **parts)[1]]


def end(workflow: Workflow, proof: Proof) -> Ticket:
    """Where the witness of a refuted law leads."""
    return workflow.replay_witness(proof)[-1].ticket


def test_never_is_proved_where_no_ticket_gets_there() -> None:
    """Guards, updates and regions of values decide together."""
    assert ["proved", "proved", "refuted"] == verdicts(
        {"never": "in_state('waiting') && !approved && amount >= 100"},
        {"never": "in_state('waiting') && in_state('paid')"},
        {"never": "in_state('waiting') && !approved"},
    )


def test_a_refuted_law_is_told_as_the_shortest_story() -> None:
    """The story says what was opened, who did what, and what then holds, in both languages; the witness is that ticket."""
    workflow, (proof,) = proved({"never": "in_state('paid') && tier == 'gold'"})

    assert (
        "opened with tier=gold, approved=true; clerk fires take; clerk fires pay (sum 300); "
        'now in_state("paid") && tier == "gold" holds' == proof.story["en"]
    )
    assert "以 tier=gold, approved=true 开单；clerk 触发 take；clerk 触发 pay（sum 300）" in proof.story["zh"]
    assert "paid" == end(workflow, proof).state
    assert ["take", "pay"] == [step["event"] for step in (proof.witness or {})["path"]]


def test_what_must_stay_possible() -> None:
    """A way for people and time proves it, a trap refutes it, and what hangs on time in a guard is open."""
    trapped = [*REFUND["transitions"], {"event": "lose", "source": "waiting", "target": "lost", "allow": ["boss"]}]
    states = {**REFUND["states"], "lost": {}}
    late = [
        *(move for move in REFUND["transitions"] if move["event"] != "close"),
        {**REFUND["transitions"][4], "when": "at - opened_at < duration('1h')"},
    ]

    assert ["proved"] == verdicts({"always_possible": "closed"})
    workflow, (proof,) = proved({"always_possible": "closed"}, transitions=trapped, states=states)
    assert ("refuted", "lost") == (proof.verdict, end(workflow, proof).state)
    assert ["undecided"] == verdicts({"always_possible": "closed"}, transitions=late)


def test_leading_somewhere_fails_where_a_ticket_may_rest() -> None:
    """No timer forces anybody in the first state."""
    workflow, (proof,) = proved({"when": "in_state('asked')", "leads_to": "closed"})

    assert "refuted" == proof.verdict
    assert "asked" == end(workflow, proof).state
    assert "nothing makes it go on" in proof.story["en"]


def test_leading_somewhere_fails_where_timers_begin_anew_for_ever() -> None:
    """Paying and coming back sets the timer anew each time; the story goes round once."""
    workflow, (proof,) = proved({"when": "in_state('waiting')", "leads_to": "closed"})

    assert "refuted" == proof.verdict
    assert "and so on for ever" in proof.story["en"]
    assert {"waiting", "paid"} <= {outcome.ticket.state for outcome in workflow.replay_witness(proof)}


def test_a_deadline_holds_to_the_longest_run() -> None:
    """Paid once at most: fourteen days, three days and fourteen days are just enough."""
    once = [dict(move) for move in REFUND["transitions"]]
    once[2] = {**once[2], "when": "payload.sum >= 300 && tier == 'gold'", "do": [{"set": {"tier": "'silver'"}}]}
    law = {"when": "in_state('waiting')", "leads_to": "closed"}
    workflow, (enough, less) = proved({**law, "within": "31d"}, {**law, "within": "30d"}, transitions=once)

    assert ("proved", "refuted") == (enough.verdict, less.verdict)
    began = next(outcome.ticket.at for outcome in workflow.replay_witness(less) if outcome.ticket.state == "waiting")
    last = (less.witness or {})["path"][-1]["at"]
    assert began + timedelta(days=30) < end(workflow, less).at.fromisoformat(last)
    assert "closed" != end(workflow, less).state


def test_a_counted_timer_is_bounded_by_its_calendar() -> None:
    """Four office hours may take from Friday evening to Monday noon, and no longer."""
    states = {
        "asked": {},
        "waiting": {"timers": [{"after": "4h", "calendar": "office", "event": "close"}]},
        "paid": {"timers": [{"after": "3d", "event": "back"}]},
        "closed": {"closed": True},
    }
    law = {"when": "in_state('waiting')", "leads_to": "closed || in_state('paid')"}

    assert ["proved", "undecided"] == verdicts({**law, "within": "69h"}, {**law, "within": "60h"}, states=states)


def test_timers_that_were_armed_apart_are_followed_in_their_order() -> None:
    """A timer of the state around runs on while those inside begin anew, and ends it."""
    workflow = Workflow(
        workflow="w",
        roles=["clerk"],
        states={
            "open": {
                "timers": [{"after": "6h", "event": "end"}],
                "states": {
                    "one": {"timers": [{"after": "4h", "event": "turn"}]},
                    "two": {"timers": [{"after": "1h", "event": "turn"}]},
                },
            },
            "z": {"closed": True},
        },
        transitions=[
            {"event": "turn", "source": "one", "target": "two", "allow": ["clerk", "system"]},
            {"event": "turn", "source": "two", "target": "one", "allow": ["clerk", "system"]},
            {"event": "end", "source": "open", "target": "z", "allow": ["system"]},
        ],
        laws=[
            {"name": "ends", "leads_to": "closed"},
            {"name": "in time", "leads_to": "closed", "within": "6h"},
            {"name": "too soon", "leads_to": "closed", "within": "5h"},
        ],
    )

    assert ["proved", "proved", "refuted"] == [proof.verdict for proof in workflow.prove()]


def test_what_is_not_decided_says_so() -> None:
    """A budget that is too small is named in the reason."""
    workflow, _ = proved({"never": "in_state('paid') && amount == 7 && approved && tier == 'gold' && amount == 8"})
    (proof,) = workflow.prove(budget=3)
    (finding,) = [finding for finding in workflow.check(budget=3) if finding.code == "law.undecided"]

    assert ("undecided", "not decided within 3 abstract states") == (proof.verdict, proof.why["en"])
    assert "info" == finding.severity
    assert "3" in finding.text("zh")


def test_what_people_may_do_by_hand_counts_where_it_is_granted() -> None:
    """With roles, ticket.update and ticket.force break laws if somebody may use them."""
    law = {"never": "in_state('waiting') && !approved && amount >= 100"}

    assert ["proved"] == verdicts(law)
    assert ["refuted"] == verdicts(law, events={"ticket.update": {"allow": ["clerk"]}})
    assert ["refuted"] == verdicts(law, events={"ticket.force": {"allow": ["boss"]}})


def test_a_proof_says_what_it_takes_for_granted() -> None:
    """Without roles everybody may force; the proof leaves that out and says so."""
    moves = [{key: value for key, value in move.items() if key != "allow"} for move in REFUND["transitions"]]
    _, (proof,) = proved({"never": "in_state('waiting') && in_state('paid')"}, roles=[], transitions=moves)

    assert "proved" == proof.verdict
    assert "ticket.force" in proof.assumes["en"]
    assert "ticket.force" in proof.assumes["zh"]


def test_roles_nobody_in_a_world_holds_do_not_count() -> None:
    """Where nobody is the boss, nothing is ever approved."""
    workflow, (proof,) = proved({"never": "approved && in_state('waiting') && amount >= 100"}, fields=REFUND["fields"])
    world = {"people": [{"id": "carl", "roles": ["boss"]}]}

    assert "refuted" == proof.verdict
    assert ["proved"] == [proof.verdict for proof in workflow.prove(world=world)]


def test_laws_reach_through_dispatch_and_checklists() -> None:
    """The shipped appliance repair: a story finds an engineer, who accepts, arrives and checks every step."""
    data = load("servflow/documents/templates/appliance_repair.yaml").to_data()
    workflow = Workflow(
        **{
            **data,
            "laws": [
                {"name": "one place", "never": "in_state('settling') && in_state('new')"},
                {"name": "never settled", "never": "in_state('settling')"},
                {"name": "rated in two weeks", "when": "in_state('evaluating')", "leads_to": "closed", "within": "14d"},
                {"name": "can close", "always_possible": "closed"},
            ],
        }
    )
    found = workflow.prove()

    assert ["proved", "refuted", "proved", "proved"] == [proof.verdict for proof in found]
    assert "settling" == end(workflow, found[1]).state


@pytest.mark.parametrize(
    ("law", "code"),
    [
        ({"name": "n"}, "law.form"),
        ({"name": "n", "never": "closed", "always_possible": "closed"}, "law.form"),
        ({"name": "n", "never": "closed", "within": "3d"}, "law.form"),
        ({"name": "n", "never": "closed", "when": "closed"}, "law.form"),
        ({"name": "n", "leads_to": "closed", "within": "soon"}, "definition.span"),
        ({"name": "n", "leads_to": "closed", "within": "2 business days"}, "definition.span"),
        ({"name": "n", "never": "amount"}, "expression.not_a_condition"),
        ({"name": "n", "never": "at > opened_at"}, "expression.time"),
        ({"name": "n", "never": "in_state('payed')"}, None),
        ({"name": "n", "never": "amuont > 1"}, "expression.invalid"),
        ({"name": 3, "never": "closed"}, "definition.value"),
        ({"never": "closed"}, "definition.missing_key"),
        ({"name": "n", "nevr": "closed"}, "definition.unknown_key"),
    ],
)
def test_laws_that_cannot_be_read_are_refused_at_load(law: dict[str, Any], code: str | None) -> None:
    """Every law is one of the three, of known names and without time; what is wrong has a place and a sentence."""
    with pytest.raises(DefinitionError) as refused:
        Workflow(**{**REFUND, "laws": [law]})

    found = refused.value.findings
    assert all(finding.path.startswith("laws[0]") for finding in found), found
    assert code is None or code in {finding.code for finding in found}
    assert all(finding.text("zh") for finding in found)


def test_two_laws_of_one_name_are_refused() -> None:
    """A name says which law is meant."""
    with pytest.raises(DefinitionError) as refused:
        Workflow(**{**REFUND, "laws": [{"name": "n", "never": "closed"}] * 2})

    assert {"name.twice"} == {finding.code for finding in refused.value.findings}


def test_laws_are_part_of_the_definition() -> None:
    """They compare, travel as data, and take values of the library."""
    by_hand = Workflow(**{**REFUND, "laws": [Law(name="n", when="closed", leads_to="closed", within="3d")]})
    as_data = Workflow(**by_hand.to_data())

    assert by_hand == as_data
    assert [{"name": "n", "when": "closed", "leads_to": "closed", "within": "3d"}] == by_hand.to_data()["laws"]
    assert by_hand.hash != Workflow(**REFUND).hash


def test_children_that_somebody_opens_by_hand_are_followed() -> None:
    """A law that the closing of a child breaks is refuted by a ticket, though the definition itself opens none."""
    workflow = Workflow(
        workflow="w",
        states={"a": {}, "z": {"closed": True}},
        transitions=[{"event": "children.closed", "source": "a", "target": "z"}],
        laws=[{"name": "stays", "never": "closed"}],
    )
    (proof,) = workflow.prove()

    assert "refuted" == proof.verdict
    assert ["ticket.child_opened", "ticket.child_closed"] == [step["event"] for step in proof.witness["path"]]
    assert workflow.replay_witness(proof)[-1].ticket.closed


@pytest.mark.parametrize(
    ("clock", "mark", "times", "hours"),
    [("repair", "every 2h after, 3 times", 2, 12), ("vendor", "every 2h after, 3 times", 1, 10), ("vendor", "breach", 1, 8)],
)
def test_what_marks_that_come_again_set_off_is_followed(clock: str, mark: str, times: int, hours: int) -> None:
    """A law that only a repetition breaks, or a child broken at its parent's cap, is refuted by a ticket that waits for it."""
    workflow = Workflow(
        workflow="w",
        roles=["clerk"],
        fields={"times": {"type": "int", "default": 0}},
        states={"new": {}, "lost": {}, "done": {"closed": True}},
        transitions=[
            {"event": "finish", "source": ["new", "lost"], "target": "done", "allow": ["clerk"]},
            {"event": "lose", "source": "new", "target": "lost", "allow": ["system"], "when": f"times == {times}"},
        ],
        clocks=[
            {"name": "repair", "within": "8h", "until": "done", "warn": ["every 2h after, 3 times"]},
            {"name": "vendor", "within": "9h", "until": "done", "parent": "repair", "warn": ["every 2h after, 3 times"]},
        ],
        escalations=[
            {
                "name": "again",
                "start": {"clock": clock, "mark": mark},
                "levels": [{"name": "count", "do": [{"set": {"times": "times + 1"}}, {"emit": "lose"}]}],
            }
        ],
        laws=[{"name": "kept", "never": "in_state('lost')"}],
    )
    (proof,) = workflow.prove()
    ticket = workflow.replay_witness(proof)[-1].ticket

    assert ("refuted", "lost", times) == (proof.verdict, ticket.state, ticket.fields["times"])
    assert hours == (ticket.entered_at - ticket.opened_at) / timedelta(hours=1)
