"""Knows how checklists behave: order, evidence, who may, promises of steps; must not know how they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow import DefinitionError, Refused, Ticket, load_ticket
from servflow.engine import ChecklistStep, Workflow
from servflow.model import Actor, Breached, Checked, Notify, Outcome, Received, Unchecked, Warned, dump

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
OFFICE = {"zone": "Asia/Shanghai", "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}}
ANN, LEAD = Actor("ann", ["engineer"]), Actor("lea", ["lead"])


def flow(checklist: Any, **more: Any) -> Workflow:
    state = {"checklist": checklist, **more.pop("state", {})}
    return Workflow(
        workflow="site",
        initial="new",
        calendars={"office": OFFICE},
        states={"new": {}, "site": state, "parts": {}, "closed": {"closed": True}},
        transitions=[
            {"event": "arrive", "source": "new", "target": "site"},
            {"event": "wait", "source": "site", "target": "parts"},
            {"event": "back", "source": "parts", "target": "site"},
            {"event": "finish", "source": "*", "target": "closed"},
            {"event": "ticket.reopen", "source": "closed", "target": "new"},
            *more.pop("transitions", ()),
        ],
        **more,
    )


def later(**length: float) -> datetime:
    return T0 + timedelta(**length)


def arrived(workflow: Workflow) -> Ticket:
    return workflow.fire(workflow.open("T", at=T0).ticket, "arrive", at=T0).ticket


def check(workflow: Workflow, ticket: Ticket, step: str, at: datetime = T0, **evidence: Any) -> Outcome:
    payload = {"step": step, **({"evidence": evidence} if evidence else {})}
    return workflow.fire(ticket, "step.check", payload, at=at, actor=ANN)


def complete(workflow: Workflow, ticket: Ticket) -> bool:
    return bool({option.event: option for option in workflow.available(ticket, at=ticket.at)}["done"].status == "ready")


# what a step is ------------------------------------------------------------------------------------------------------


def test_a_name_alone_is_a_required_step() -> None:
    """A step told by its name alone is the same as one told in full, and is written back as its name."""
    short, told = flow(["look"]), flow([{"step": "look", "required": True}])

    assert short == told
    assert ["look"] == told.to_data()["states"]["site"]["checklist"]
    assert ChecklistStep(step="look") == short.states["site"].checklist[0]


def test_a_step_in_full_reads_back_equal() -> None:
    """Everything that can be said of a step survives being written and read."""
    step = {
        "step": "photo",
        "title": "Photograph",
        "required": False,
        "evidence": {"photo": {}, "reading": {"type": "decimal"}},
        "allow": ["assignee"],
        "within": "2h",
        "calendar": "office",
        "warn": ["50%"],
    }
    workflow = flow([step])

    assert [step] == workflow.to_data()["states"]["site"]["checklist"]
    assert workflow == Workflow(**workflow.to_data())


@pytest.mark.parametrize(
    ("checklist", "code", "path"),
    [
        (["look", "look"], "name.twice", "states.site.checklist[1]"),
        ([{"stp": "look"}], "definition.unknown_key", "states.site.checklist[0].stp"),
        ([7], "definition.mapping", "states.site.checklist[0]"),
        ([""], "definition.key", "states.site.checklist[0].step"),
        ([{"step": "look", "required": "yes"}], "definition.value", "states.site.checklist[0].required"),
        ([{"step": "look", "evidence": {"photo": "strng"}}], "field.type", "states.site.checklist[0].evidence.photo.type"),
        ([{"step": "look", "within": "soon"}], "sla.span", "states.site.checklist[0].within"),
        ([{"step": "look", "warn": ["50%"]}], "idiom.needs_within", "states.site.checklist[0].warn"),
        ([{"step": "look", "within": "2h", "calendar": "offce"}], "name.unknown", "states.site.checklist[0].calendar"),
        ([{"step": "look", "within": "2 business days"}], "clock.needs_calendar", "states.site.checklist[0].within"),
        (7, "definition.value", "states.site"),
    ],
)
def test_a_step_that_cannot_be_read_is_told(checklist: Any, code: str, path: str) -> None:
    """Load says what is wrong with a step, and where."""
    with pytest.raises(DefinitionError) as told:
        flow(checklist)

    assert (code, path) in [(finding.code, finding.path) for finding in told.value.findings]


def test_a_role_nobody_declared_cannot_check() -> None:
    """A grant of a step names declared roles and relations only, with a did-you-mean."""
    with pytest.raises(DefinitionError) as told:
        flow([{"step": "look", "allow": ["engneer"]}], roles=["engineer"])

    finding = told.value.findings[0]
    assert ("name.unknown", "states.site.checklist[0].allow") == (finding.code, finding.path)
    assert "engineer" == finding.facts["nearest"]


# checking ------------------------------------------------------------------------------------------------------------


def test_complete_means_every_required_step() -> None:
    """A checklist is complete without its optional steps, and conditions read what is done and what is missing."""
    done = {"event": "done", "source": "site", "target": "closed", "when": "checklist.complete"}
    workflow = flow(["look", {"step": "tidy", "required": False}, "repair"], transitions=[done])
    ticket = check(workflow, arrived(workflow), "look").ticket

    assert not complete(workflow, ticket)
    assert complete(workflow, check(workflow, ticket, "repair").ticket)


def test_conditions_read_what_is_done_and_what_is_missing() -> None:
    """Done steps and required steps that are missing are lists of names."""
    workflow = flow(
        ["look", {"step": "tidy", "required": False}, "repair"],
        transitions=[
            {
                "event": "tell",
                "source": "*",
                "do": [{"set": {"done": "size(checklist.done)", "missing": "checklist.missing[0]"}}],
            },
        ],
        fields={"done": "int", "missing": "string"},
    )
    ticket = workflow.fire(check(workflow, arrived(workflow), "tidy").ticket, "tell", at=T0).ticket

    assert {"done": 1, "missing": "look"} == dict(ticket.fields)


def test_order_is_among_the_required_steps() -> None:
    """In an ordered list a step waits for the required ones before it; optional ones hold nobody up."""
    workflow = flow(["look", {"step": "tidy", "required": False}, "repair"], state={"ordered": True})
    ticket = arrived(workflow)

    with pytest.raises(Refused, match="repair comes after look") as refused:
        check(workflow, ticket, "repair")
    assert ("payload", ("look",)) == (refused.value.code, refused.value.facts["missing"])
    ticket = check(workflow, check(workflow, ticket, "look").ticket, "repair").ticket
    assert {"look", "repair"} == set(ticket.checklist["site"])


def test_missing_evidence_is_refused_with_names_and_types() -> None:
    """A step that asks for evidence is not checked without it; the refusal tells which, and of which types."""
    evidence = {"photo": "string", "reading": {"type": "decimal", "optional": True}}
    workflow = flow([{"step": "photo", "evidence": evidence}])
    ticket = arrived(workflow)

    with pytest.raises(Refused, match="photo takes string, which is missing") as refused:
        check(workflow, ticket, "photo", reading="1.5")
    assert "payload" == refused.value.code
    assert {"photo": "string", "reading": "decimal"} == refused.value.facts["needs"]
    with pytest.raises(Refused, match="photo takes text, not 7"):
        check(workflow, ticket, "photo", photo=7)
    with pytest.raises(Refused, match="evidence of photo is a mapping"):
        workflow.fire(ticket, "step.check", {"step": "photo", "evidence": "p.jpg"}, at=T0)
    assert {} == ticket.checklist


def test_evidence_is_kept_in_its_types() -> None:
    """What came with a check is on its record and on the ticket, with who and when, and survives storing."""
    workflow = flow([{"step": "photo", "evidence": {"photo": "string", "reading": {"type": "decimal"}}}])
    outcome = check(workflow, arrived(workflow), "photo", later(hours=1), photo="p.jpg", reading="21.50")
    record = next(record for record in outcome.records if isinstance(record, Checked))
    held = outcome.ticket.checklist["site"]["photo"]

    assert {"photo": "p.jpg", "reading": Decimal("21.50")} == record.evidence == held.evidence
    assert ("ann", later(hours=1)) == (held.by, held.at)
    assert outcome.ticket == load_ticket(dump(outcome.ticket))


def test_a_step_can_be_left_to_somebody() -> None:
    """The grant of a step goes before that of the event, in both directions."""
    workflow = flow(
        ["look", {"step": "sign_off", "allow": ["lead"]}],
        roles=["engineer", "lead"],
        events={"step.check": {"allow": ["engineer"]}},
        transitions=[{"event": "arrive", "source": "new", "target": "site", "allow": ["engineer"]}],
    )
    ticket = workflow.fire(workflow.open("T", at=T0).ticket, "arrive", at=T0, actor=ANN).ticket

    with pytest.raises(Refused, match="checking sign_off is not permitted: it takes lead"):
        workflow.fire(ticket, "step.check", {"step": "sign_off"}, at=T0, actor=ANN)
    with pytest.raises(Refused, match="checking look is not permitted: it takes engineer"):
        workflow.fire(ticket, "step.check", {"step": "look"}, at=T0, actor=LEAD)
    assert "sign_off" in workflow.fire(ticket, "step.check", {"step": "sign_off"}, at=T0, actor=LEAD).ticket.checklist["site"]
    assert {"step.check"} <= {
        option.event for option in workflow.available(ticket, at=T0, actor=LEAD) if option.status != "refused"
    }


def test_nobody_checks_unless_granted() -> None:
    """Once roles are declared, a check needs a grant, of the event or of the step."""
    workflow = flow(
        ["look"], roles=["engineer"], transitions=[{"event": "go", "source": "new", "target": "site", "allow": ["engineer"]}]
    )
    ticket = workflow.fire(workflow.open("T", at=T0).ticket, "go", at=T0, actor=ANN).ticket

    with pytest.raises(Refused, match="nobody was granted it") as refused:
        workflow.fire(ticket, "step.check", {"step": "look"}, at=T0, actor=ANN)
    assert "not_permitted" == refused.value.code


def test_a_check_can_be_taken_back_with_a_reason() -> None:
    """Unchecking needs a reason, is recorded, and leaves the step to be done again."""
    workflow = flow(["look", "repair"])
    ticket = check(workflow, arrived(workflow), "look").ticket

    with pytest.raises(Refused, match="reason"):
        workflow.fire(ticket, "step.uncheck", {"step": "look"}, at=T0)
    with pytest.raises(Refused, match="repair is not checked"):
        workflow.fire(ticket, "step.uncheck", {"step": "repair", "reason": "x"}, at=T0)
    outcome = workflow.fire(ticket, "step.uncheck", {"step": "look", "reason": "blurred"}, at=T0, actor=LEAD)
    record = next(record for record in outcome.records if isinstance(record, Unchecked))
    assert ("site", "look", "lea", "blurred") == (record.state, record.step, record.by, record.reason)
    assert {} == outcome.ticket.checklist


def test_a_check_that_is_taken_back_leaves_the_others() -> None:
    """Only the step that is named is to be done again; who checked the others, and when, stays."""
    workflow = flow(["look", "repair"])
    ticket = check(workflow, check(workflow, arrived(workflow), "look").ticket, "repair").ticket

    after = workflow.fire(ticket, "step.uncheck", {"step": "look", "reason": "blurred"}, at=later(minutes=1)).ticket

    assert {"site": {"repair": ticket.checklist["site"]["repair"]}} == after.checklist


def test_in_an_ordered_list_the_last_check_goes_back_first() -> None:
    """A step stays checked as long as one that had to come after it is."""
    workflow = flow(["look", "repair"], state={"ordered": True})
    ticket = check(workflow, check(workflow, arrived(workflow), "look").ticket, "repair").ticket

    with pytest.raises(Refused, match="repair came after look"):
        workflow.fire(ticket, "step.uncheck", {"step": "look", "reason": "x"}, at=T0)


def test_a_second_tap_changes_nothing() -> None:
    """Checking what is checked keeps who and when of the first time."""
    workflow = flow(["look"])
    first = check(workflow, arrived(workflow), "look").ticket
    again = workflow.fire(first, "step.check", {"step": "look"}, at=later(hours=1), actor=LEAD).ticket

    assert first.checklist == again.checklist


# events --------------------------------------------------------------------------------------------------------------


def test_events_are_raised_only_where_somebody_listens() -> None:
    """Records do not grow for events nobody waits for."""
    outcome = check(workflow := flow(["look"]), arrived(workflow), "look")

    assert ["step.check"] == [record.event for record in outcome.records if isinstance(record, Received)]


def test_a_check_and_a_complete_list_can_move_the_ticket() -> None:
    """One event for each step, one when all that is required is done; nothing has to be granted for them."""
    moves = [
        {"event": "checked.site.look", "source": "site", "do": [{"set": {"seen": "true"}}]},
        {"event": "done.checklist.site", "source": "site", "target": "closed"},
    ]
    workflow = flow(
        ["look", "repair"],
        roles=["engineer"],
        events={"step.check": {"allow": ["engineer"]}},
        fields={"seen": "bool"},
        transitions=[*moves, {"event": "go", "source": "new", "target": "site", "allow": ["engineer"]}],
    )
    ticket = workflow.fire(workflow.open("T", at=T0).ticket, "go", at=T0, actor=ANN).ticket
    ticket = check(workflow, ticket, "look").ticket
    assert (True, "site") == (ticket.fields["seen"], ticket.state)
    assert "closed" == check(workflow, ticket, "repair").ticket.state


def test_no_host_fires_what_the_workflow_raises() -> None:
    """Nobody, not even the system, says from outside that a list is done; available does not offer it."""
    workflow = flow(["look"], transitions=[{"event": "done.checklist.site", "source": "site", "target": "closed"}])
    ticket = arrived(workflow)

    for actor in (None, ANN, Actor("system")):
        with pytest.raises(Refused, match="the workflow raises it itself") as refused:
            workflow.fire(ticket, "done.checklist.site", at=T0, actor=actor)
        assert "not_permitted" == refused.value.code
    assert "done.checklist.site" not in {option.event for option in workflow.available(ticket, at=T0)}


def test_events_of_ones_own_that_look_alike_stay_ones_own() -> None:
    """Words that idioms also use are free where no idiom raises them."""
    own = [{"event": name, "source": "site", "target": "closed"} for name in ("checked", "approved.by_fax", "children")]
    workflow = flow(["look"], transitions=own)
    ticket = check(workflow, arrived(workflow), "look").ticket

    assert "site" == ticket.state
    assert {"checked", "approved.by_fax", "children"} <= {option.event for option in workflow.available(ticket, at=T0)}
    assert "closed" == workflow.fire(ticket, "checked", at=T0).ticket.state


def test_an_event_no_checklist_raises_is_noted() -> None:
    """A slip in the name of a step is told with what was probably meant."""
    workflow = flow(["look"], transitions=[{"event": "checked.site.lok", "source": "site", "target": "closed"}])
    found = [finding for finding in workflow.check() if finding.code == "event.never_raised"]

    assert ["checked.site.look"] == [finding.facts["nearest"] for finding in found]


# promises ------------------------------------------------------------------------------------------------------------

TIMED = [{"step": "look", "within": "1h"}, {"step": "repair", "within": "2h", "calendar": "office", "warn": ["50%"]}]


def test_a_step_with_within_is_a_clock() -> None:
    """It starts on entering the state, is part of wake and explain, and is kept by the check."""
    workflow = flow(TIMED)
    ticket = arrived(workflow)

    assert (later(hours=1), later(hours=2)) == tuple(ticket.clocks[f"step.site.{step}"].due for step in ("look", "repair"))
    assert ["step.site.look", "step.site.repair"] == [clock.name for clock in workflow.explain(ticket, at=T0).clocks]
    ticket = check(workflow, ticket, "look", later(minutes=30)).ticket
    assert ("met", None) == (ticket.clocks["step.site.look"].phase, ticket.clocks["step.site.look"].breached_at)


def test_a_late_step_is_warned_and_breached_at_its_own_instants() -> None:
    """Marks lie where the calendar puts them, however late anyone looks."""
    workflow = flow(TIMED)
    outcome = workflow.advance(check(workflow, arrived(workflow), "look").ticket, at=later(days=2))
    marks = [(type(record), record.instant) for record in outcome.records if isinstance(record, (Warned, Breached))]

    assert [(Warned, later(hours=1)), (Breached, later(hours=2))] == marks


def test_a_step_rests_while_the_ticket_is_elsewhere() -> None:
    """Leaving the state pauses its promise, coming back resumes it, and what was checked does not start again."""
    workflow = flow([{"step": "look", "within": "1h"}, {"step": "repair", "within": "2h"}])
    ticket = check(workflow, arrived(workflow), "look", later(minutes=10)).ticket
    ticket = workflow.fire(ticket, "wait", at=later(hours=1)).ticket
    assert "paused" == ticket.clocks["step.site.repair"].phase
    ticket = workflow.fire(ticket, "back", at=later(hours=5)).ticket

    assert ("running", later(hours=6)) == (ticket.clocks["step.site.repair"].phase, ticket.clocks["step.site.repair"].due)
    assert ("met", 1) == (ticket.clocks["step.site.look"].phase, ticket.clocks["step.site.look"].cycle)


def test_closing_takes_the_promise_back_and_reopening_begins_anew() -> None:
    """A step that was not done when the ticket closed is promised again after a reopening, from the next entry on."""
    workflow = flow(TIMED)
    ticket = workflow.fire(arrived(workflow), "finish", at=later(minutes=10)).ticket
    assert "cancelled" == ticket.clocks["step.site.look"].phase
    ticket = workflow.fire(ticket, "ticket.reopen", at=later(minutes=20)).ticket
    assert "cancelled" == ticket.clocks["step.site.look"].phase
    ticket = workflow.fire(ticket, "arrive", at=later(minutes=30)).ticket

    assert ("running", 2, later(minutes=90)) == tuple(
        getattr(ticket.clocks["step.site.look"], key) for key in ("phase", "cycle", "due")
    )


def test_in_an_ordered_list_time_runs_from_ones_turn() -> None:
    """A step's time begins when the required one before it is checked; taken back, it is nobody's turn any more."""
    workflow = flow(TIMED, state={"ordered": True})
    ticket = arrived(workflow)
    assert ["step.site.look"] == list(ticket.clocks)
    ticket = check(workflow, ticket, "look", later(minutes=30)).ticket
    assert later(minutes=150) == ticket.clocks["step.site.repair"].due
    ticket = workflow.fire(ticket, "step.uncheck", {"step": "look", "reason": "blurred"}, at=later(minutes=40)).ticket

    assert "cancelled" == ticket.clocks["step.site.repair"].phase
    assert ("running", later(minutes=100)) == (ticket.clocks["step.site.look"].phase, ticket.clocks["step.site.look"].due)


def test_a_check_reported_late_counts_from_when_it_occurred() -> None:
    """An engineer without a network checked in time: the breach recorded meanwhile is amended."""
    workflow = flow(TIMED)
    ticket = workflow.advance(arrived(workflow), at=later(minutes=70)).ticket
    assert ticket.clocks["step.site.look"].breached_at is not None
    outcome = workflow.fire(ticket, "step.check", {"step": "look"}, at=later(minutes=80), occurred=later(minutes=50), actor=ANN)

    assert outcome.ticket.clocks["step.site.look"].breached_at is None


def test_chains_climb_from_a_step() -> None:
    """An escalation can start from a mark of a step's clock, and end with its check."""
    chain = {
        "name": "slow",
        "start": {"clock": "step.site.look", "mark": "breach"},
        "until": {"event": "checked.site.look"},
        "levels": [
            {"name": "one", "do": [{"notify": {"to": {"role": "lead"}, "template": "slow"}}]},
            {"name": "two", "after": "1h", "do": [{"notify": {"to": {"role": "lead"}, "template": "very slow"}}]},
        ],
    }
    workflow = flow(
        TIMED,
        roles=["lead"],
        escalations=[chain],
        events={"step.check": {"allow": ["lead"]}},
        transitions=[{"event": "go", "source": "new", "target": "site", "allow": ["lead"]}],
    )
    ticket = workflow.fire(workflow.open("T", at=T0).ticket, "go", at=T0, actor=LEAD).ticket
    outcome = workflow.advance(ticket, at=later(minutes=61))

    assert ["slow"] == [effect.template for effect in outcome.effects if isinstance(effect, Notify)]
    ended = workflow.fire(outcome.ticket, "step.check", {"step": "look"}, at=later(minutes=70), actor=LEAD).ticket
    assert () == ended.chains


def test_a_chain_on_a_step_that_is_not_there_is_refused() -> None:
    """The clock of a step is a name like any other."""
    chain = {"name": "slow", "start": {"clock": "step.site.lok", "mark": "breach"}, "levels": [{"name": "one", "do": []}]}
    with pytest.raises(DefinitionError) as told:
        flow(TIMED, escalations=[chain])

    assert ["step.site.look"] == [finding.facts["nearest"] for finding in told.value.findings]


def test_guards_read_the_clock_of_a_step() -> None:
    """A clock made from a step is read like any other, by its name in brackets."""
    move = {"event": "hurry", "source": "site", "target": "closed", "when": "clock['step.site.look'].breached"}
    workflow = flow(TIMED, transitions=[move])
    ticket = arrived(workflow)

    with pytest.raises(Refused):
        workflow.fire(ticket, "hurry", at=later(minutes=30))
    assert "closed" == workflow.fire(ticket, "hurry", at=later(minutes=61)).ticket.state


def test_refusals_are_told_in_chinese() -> None:
    """What is refused says why in Chinese too."""
    workflow = flow(["look", {"step": "photo", "evidence": {"photo": "string"}}], state={"ordered": True})
    ticket = arrived(workflow)
    told = []
    for step in ("photo", "lok"):
        with pytest.raises(Refused) as refused:
            check(workflow, ticket, step)
        told.append(refused.value.text("zh"))
    with pytest.raises(Refused) as refused:
        check(workflow, check(workflow, ticket, "look").ticket, "photo")

    assert [
        "step.check：photo 须在 look 之后",
        "step.check：step 应为 look, photo 之一，而不是 lok",
        "step.check 的数据不符，需要：photo: string",
    ] == [*told, refused.value.text("zh")]


def test_explain_tells_the_steps() -> None:
    """Whoever stands before a checklist sees what is done, by whom, what the rest needs and by when."""
    workflow = flow(["look", {"step": "photo", "evidence": {"photo": "string"}, "within": "1h", "required": False}])
    view = workflow.explain(check(workflow, arrived(workflow), "look").ticket, at=T0).as_data()
    look, photo = view["checklists"]

    assert (True, "ann", "2026-11-02T01:00:00Z", None) == (look["done"], look["by"], look["at"], look["due"])
    assert (False, False, {"photo": "string"}, "2026-11-02T02:00:00Z") == (
        photo["done"],
        photo["required"],
        photo["evidence"],
        photo["due"],
    )


def test_a_guard_on_a_complete_list_says_what_is_missing() -> None:
    """Whoever may not finish yet reads which required steps are still to be done, in either language."""
    through = {"event": "through", "source": "site", "target": "parts", "when": "checklist.complete"}
    workflow = flow(["check_in", "repair", {"step": "tidy_up", "required": False}], transitions=[through])
    ticket = check(workflow, arrived(workflow), "check_in").ticket
    with pytest.raises(Refused) as caught:
        workflow.fire(ticket, "through", at=T0)

    assert ("guard", ("repair",)) == (caught.value.code, caught.value.facts["missing"])
    assert "still to be done: repair" in caught.value.message
    assert "还缺 repair" in caught.value.text("zh")


@pytest.mark.parametrize(("event", "name"), [("step.check", "step"), ("ticket.force", "state"), ("ticket.force", "reason")])
def test_what_a_payload_lacks_is_said_by_name(event: str, name: str) -> None:
    """A text that is missing is told as missing and with its type, not as a bad value."""
    workflow = flow(["check_in"])
    payload = {"state": "done", "reason": "because", "step": "check_in"}
    del payload[name]
    with pytest.raises(Refused) as caught:
        workflow.fire(arrived(workflow), event, payload, at=T0)

    assert {name: "string"} == caught.value.facts["needs"]
    assert f"{event} needs another payload: {name} takes string, which is missing" == caught.value.message
    assert f"{name}: string" in caught.value.text("zh")
