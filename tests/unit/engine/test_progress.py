"""Knows what people outside are shown of a ticket; must not know how it is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import DefinitionError, InputError, Refused, Ticket, load_ticket
from servflow.engine import Progress, Workflow
from servflow.errors import TimeError
from servflow.model import Outcome, Progressed, Record, dump

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)

REPAIR = Workflow(
    workflow="repair",
    initial="new",
    states={
        "new": {"shown": {"customer": "Received"}},
        "internal_triage": {},
        "field": {
            "initial": "travel",
            "shown": {"customer": "Engineer assigned", "partner": "In the field"},
            "states": {
                "travel": {"shown": {"customer": "Engineer on the way"}},
                "on_site": {},
                "fraud_check": {"shown": {"customer": "Engineer on the way"}},
            },
        },
        "parts": {"shown": {"customer": "Waiting for parts"}},
        "billing": {"shown": {"partner": "Billing"}},
        "closed": {"closed": True, "shown": {"customer": "Completed", "partner": "Completed"}},
    },
    transitions=[
        *({"event": f"to_{name}", "source": "*", "target": name} for name in ("internal_triage", "field", "parts", "billing")),
        *({"event": f"to_{name}", "source": "field", "target": name} for name in ("travel", "on_site", "fraud_check")),
        {"event": "close", "source": "*", "target": "closed"},
        {"event": "ticket.reopen", "source": "closed", "target": "internal_triage"},
        {"event": "again", "source": "closed", "target": "new"},
    ],
    clocks=[
        {
            "name": "sla_gold_internal",
            "within": "10h",
            "until": "closed",
            "paused_in": "parts",
            "shown": {"customer": "Repaired by"},
        },
        {"name": "first_look", "within": "1h", "until": "internal_triage", "shown": {"customer": "Looked at by"}},
        {"name": "margin", "within": "2h", "until": "closed"},
    ],
)


def walk(*events: str, workflow: Workflow = REPAIR) -> tuple[Ticket, list[Record]]:
    outcomes: list[Outcome] = [workflow.open("T", at=T0)]
    for hour, event in enumerate(events, 1):
        outcomes.append(workflow.fire(outcomes[-1].ticket, event, at=T0 + timedelta(hours=hour)))
    return outcomes[-1].ticket, [record for outcome in outcomes for record in outcome.records]


def told(progress: Progress) -> list[tuple[str, str]]:
    return [(step.name, step.status) for step in progress.steps]


@pytest.mark.parametrize(
    ("events", "current"),
    [
        ([], ["Received"]),
        (["to_internal_triage"], ["Received"]),  # nothing is shown there: the last step stays
        (["to_field"], ["Engineer on the way"]),
        (["to_field", "to_on_site"], ["Engineer assigned"]),  # inherited from around it
        (["to_field", "to_billing"], ["Engineer on the way"]),
        (["to_parts"], ["Waiting for parts"]),
        (["to_field", "close"], ["Completed"]),
    ],
)
def test_current_is_what_the_audience_saw_last(events: list[str], current: list[str]) -> None:
    """A state shows its own text, else that of what encloses it, else the step seen last stays."""
    ticket, _ = walk(*events)

    assert current == list(REPAIR.progress(ticket).current)


def test_steps_are_the_texts_in_document_order() -> None:
    """Each text is one step, however many states show it, and says whether it was, is, or is to come."""
    ticket, _ = walk("to_internal_triage", "to_field", "to_fraud_check", "to_billing")

    assert [
        ("Received", "done"),
        ("Engineer assigned", "skipped"),
        ("Engineer on the way", "current"),
        ("Waiting for parts", "coming"),
        ("Completed", "coming"),
    ] == told(REPAIR.progress(ticket))
    assert [("In the field", "done"), ("Billing", "current"), ("Completed", "coming")] == told(
        REPAIR.progress(ticket, "partner")
    )


def test_since_is_when_the_audience_first_saw_the_step() -> None:
    """Moves inside that show the same text do not begin a step again, and are no record."""
    ticket, records = walk("to_field", "to_fraud_check", "to_travel")
    progress = REPAIR.progress(ticket)

    assert T0 + timedelta(hours=1) == progress.since == next(step.at for step in progress.steps if step.status == "current")
    assert 3 == sum(isinstance(record, Progressed) for record in records)  # received; on the way; in the field


def test_going_back_is_coming_again() -> None:
    """A step that lies ahead again is coming, though the ticket was there."""
    ticket, _ = walk("to_field", "to_parts", "to_field")

    assert ("Waiting for parts", "coming") in told(REPAIR.progress(ticket))
    assert ("Received", "done") in told(REPAIR.progress(ticket))


def test_a_reopened_ticket_begins_anew() -> None:
    """What was seen before the reopening is forgotten, also where the ticket goes on out of sight."""
    hidden, _ = walk("to_field", "close", "ticket.reopen")
    shown, _ = walk("to_field", "close", "again")

    assert ((), None, False) == tuple(getattr(REPAIR.progress(hidden), key) for key in ("current", "since", "closed"))
    assert {"coming"} == {status for _, status in told(REPAIR.progress(hidden))}
    assert [("Received", "current"), ("Engineer assigned", "coming")] == told(REPAIR.progress(shown))[:2]


def test_no_inner_name_leaks() -> None:
    """Neither states nor clocks nor people appear by their inner names."""
    ticket, _ = walk("to_internal_triage", "to_field", "to_fraud_check")
    text = json.dumps(REPAIR.progress(ticket).as_data())

    for name in ("internal_triage", "fraud_check", "field", "sla_gold_internal", "margin", "travel"):
        assert name not in text.replace("In the field", "")


def test_promises_are_those_shown() -> None:
    """A promise says by when, and whether it was kept; while it rests nobody knows by when."""
    ticket, _ = walk("to_internal_triage")
    running, looked = REPAIR.progress(ticket).promises
    assert ("Repaired by", T0 + timedelta(hours=10), None) == (running.name, running.due, running.kept)
    assert ("Looked at by", True) == (looked.name, looked.kept)
    assert () == REPAIR.progress(ticket, "partner").promises

    resting = REPAIR.progress(walk("to_parts")[0]).promises[0]
    assert (None, None) == (resting.due, resting.kept)
    late = REPAIR.progress(ticket, at=T0 + timedelta(hours=11)).promises[0]
    assert False is late.kept
    assert True is REPAIR.progress(walk("to_field", "close")[0]).promises[0].kept


def test_it_is_told_as_it_stands_or_as_of_an_instant() -> None:
    """Without an instant nothing happens; with one, what time sets off until then has happened."""
    workflow = Workflow(
        workflow="w",
        initial="a",
        states={
            "a": {"timers": [{"after": "1h", "event": "go"}], "shown": {"customer": "Waiting"}},
            "b": {"closed": True, "shown": {"customer": "Done"}},
        },
        transitions=[{"event": "go", "source": "a", "target": "b"}],
    )
    ticket = workflow.open("T", at=T0).ticket

    assert ("Waiting",) == workflow.progress(ticket).current
    assert (("Done",), True) == tuple(
        getattr(workflow.progress(ticket, at=T0 + timedelta(hours=2)), key) for key in ("current", "closed")
    )
    with pytest.raises(Refused):
        workflow.progress(ticket, at=T0 - timedelta(hours=1))
    with pytest.raises(TimeError):
        workflow.progress(ticket, at=datetime(2026, 11, 2))


def test_work_side_by_side_shows_all_of_it() -> None:
    """In parallel regions several steps are current at once."""
    workflow = Workflow(
        workflow="w",
        initial="both",
        states={
            "both": {
                "parallel": True,
                "states": {
                    "money": {"states": {"m1": {"shown": {"customer": "Refund"}}, "m2": {}}, "initial": "m1"},
                    "goods": {
                        "states": {"g1": {"shown": {"customer": "Return"}}, "g2": {"shown": {"customer": "Checked"}}},
                        "initial": "g1",
                    },
                },
            }
        },
        transitions=[{"event": "paid", "source": "m1", "target": "m2"}, {"event": "here", "source": "g1", "target": "g2"}],
    )
    ticket = workflow.open("T", at=T0).ticket
    assert ("Refund", "Return") == workflow.progress(ticket).current
    ticket = workflow.fire(ticket, "paid", at=T0).ticket
    ticket = workflow.fire(ticket, "here", at=T0).ticket

    assert [("Refund", "done"), ("Return", "done"), ("Checked", "current")] == told(workflow.progress(ticket))


def test_an_unknown_audience_is_an_error_with_advice() -> None:
    """A slip is told with what was probably meant; a workflow that shows nothing says how it could."""
    ticket, _ = walk()
    with pytest.raises(InputError, match="did you mean 'customer'"):
        REPAIR.progress(ticket, "custmer")
    with pytest.raises(InputError):
        REPAIR.progress(ticket, 7)  # type: ignore[arg-type]  # what a web handler may pass
    plain = Workflow(workflow="w", states={"a": {}}, initial="a")
    with pytest.raises(InputError, match="give states a key shown"):
        plain.progress(plain.open("T", at=T0).ticket)


def test_the_ticket_is_enough() -> None:
    """What is shown depends on the snapshot alone: stored, loaded or folded from records it is the same."""
    ticket, records = walk("to_field", "to_parts", "to_billing")
    data = REPAIR.progress(ticket).as_data()

    assert data == REPAIR.progress(load_ticket(dump(ticket))).as_data() == REPAIR.progress(REPAIR.fold(records)).as_data()
    assert data == json.loads(json.dumps(data))


def test_the_snapshot_stays_bounded() -> None:
    """However often a ticket goes round, it keeps each step once."""
    ticket, _ = walk(*["to_field", "to_parts"] * 50)

    assert 3 == len(ticket.shown["customer"])


def test_tickets_of_a_workflow_without_shown_carry_nothing() -> None:
    """Where nothing is shown, no record is made and nothing is kept."""
    plain = Workflow(
        workflow="w", states={"a": {}, "b": {}}, initial="a", transitions=[{"event": "go", "source": "a", "target": "b"}]
    )
    ticket, records = walk("go", workflow=plain)

    assert {} == ticket.shown
    assert not any(isinstance(record, Progressed) for record in records)


@pytest.mark.parametrize(
    ("state", "path"),
    [
        ({"shown": {"customer": ""}}, "states.a.shown.customer"),
        ({"shown": {"customer": 7}}, "states.a.shown.customer"),
        ({"shown": "Received"}, "states.a.shown"),
        ({"shown": {"": "x"}}, "states.a.shown"),
    ],
)
def test_what_is_shown_is_text(state: Any, path: str) -> None:
    """Load refuses anything else, and says where."""
    with pytest.raises(DefinitionError) as error:
        Workflow(workflow="w", states={"a": state}, initial="a")

    assert [path] == [finding.path for finding in error.value.findings]


@pytest.mark.parametrize("shown", ["x", {"customer": ""}, {"customer": 7}, ["x"]])
def test_what_a_clock_shows_is_text(shown: Any) -> None:
    """The same holds for clocks."""
    clock = {"name": "c", "within": "1h", "shown": shown}
    with pytest.raises(DefinitionError) as error:
        Workflow(workflow="w", states={"a": {}}, initial="a", clocks=[clock])

    assert [("sla.shown", "clocks[0].shown")] == [(finding.code, finding.path) for finding in error.value.findings]


def test_a_ticket_from_before_anything_was_shown_is_told_by_where_it_stands() -> None:
    """Where a newer version shows a text for the state a ticket is in, that is the current step, since it came there."""
    moves = [{"event": "go", "source": "a", "target": "b"}]
    old = Workflow(workflow="w", states={"a": {}, "b": {}}, initial="a", transitions=moves)
    shown = {"a": {"shown": {"customer": "Received"}}, "b": {"shown": {"customer": "At work"}}}
    new = Workflow(workflow="w", states=shown, initial="a", transitions=moves)
    ticket, _ = walk("go", workflow=old)
    progress = new.progress(ticket)

    assert (("At work",), T0 + timedelta(hours=1)) == (progress.current, progress.since)
    assert [("Received", "skipped"), ("At work", "current")] == told(progress)


def in_languages(**first: Any) -> Workflow:
    """Two states and a promise, told in English and Chinese; *first* replaces what the first state shows."""
    said = first or {"customer": {"en": "Received", "zh": "已受理"}}
    return Workflow(
        workflow="told",
        initial="new",
        states={"new": {"shown": said}, "closed": {"closed": True, "shown": {"customer": "OK"}}},
        transitions=[{"event": "close", "source": "new", "target": "closed"}],
        clocks=[
            {
                "name": "fix",
                "within": "1h",
                "until": "closed",
                "shown": {"customer": {"en": "Repaired by", "zh": "预计修复"}},
            }
        ],
    )


@pytest.mark.parametrize(
    ("lang", "steps", "promise"),
    [
        ("en", ["Received", "OK"], "Repaired by"),
        ("zh-CN", ["已受理", "OK"], "预计修复"),
        ("fr", ["Received", "OK"], "Repaired by"),
    ],
)
def test_customers_read_what_they_are_shown_in_their_language(lang: str, steps: list[str], promise: str) -> None:
    """What is said in several languages is told in the one that was asked for, and what is said in one as it stands."""
    flow = in_languages()
    seen = flow.progress(flow.open("T", at=T0).ticket, lang=lang)

    assert (steps, (steps[0],), [promise]) == (
        [one.name for one in seen.steps],
        seen.current,
        [one.name for one in seen.promises],
    )
    assert json.loads(json.dumps(seen.as_data()))["steps"][0]["name"] == steps[0]


def test_what_is_shown_in_languages_is_written_as_it_was_given() -> None:
    """The definition says the languages again, and a text in one language hashes as it ever did."""
    flow = in_languages()

    assert {"customer": {"en": "Received", "zh": "已受理"}} == flow.to_data()["states"]["new"]["shown"]
    assert {"customer": {"en": "Repaired by", "zh": "预计修复"}} == flow.to_data()["clocks"][0]["shown"]
    assert flow == Workflow(**flow.to_data())
    assert "6e56c625a7b4ed2fddf36554adaa43728020ee9765bce4d8ed4f73ea4523b5e3" == REPAIR.hash


@pytest.mark.parametrize("said", [{}, {"en": ""}, {"zz-zz-zz-zz-zz-zz": "x"}, {"en": 7}, {"en": "a", "EN": "b"}])
def test_languages_that_say_nothing_to_an_audience_are_told(said: dict[str, Any]) -> None:
    """Every language that is none and every text that is none is a finding at its place, in states and clocks alike."""
    with pytest.raises(DefinitionError) as caught:
        in_languages(customer=said)
    with pytest.raises(DefinitionError) as of_clock:
        Workflow(**{**in_languages().to_data(), "clocks": [{"name": "fix", "within": "1h", "shown": {"customer": said}}]})

    assert [True] == [finding.path.startswith("states.new.shown.customer") for finding in caught.value.findings]
    assert [True] == [finding.path.startswith("clocks[0].shown.customer") for finding in of_clock.value.findings]
