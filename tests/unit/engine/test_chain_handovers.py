"""Knows that chains which set each other off come to an end, in one call and over time; must not know what starts them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from servflow.engine._chain_handovers import MAX_HANDED_ON
from servflow.errors import DefinitionError
from servflow.model import ChainResumed, ChainStarted, ChainStopped, Escalated, Notify, Unreachable, dump, load_ticket
from tests.unit.engine.flows import Case, after, flow, move, notify, of


def pair(first: Any, second: Any, *, delay: str = "1m", emits: tuple[Any, Any], **parts: Any) -> Case:
    """A ticket under two chains, each of which does what starts the other."""
    chains = [
        {"name": name, "start": start, "levels": [{"name": "one", "after": delay, "do": [notify(name), act]}]}
        for name, start, act in (("p", first, emits[0]), ("q", second, emits[1]))
    ]
    return Case(flow(escalations=chains, **parts))


CIRCLES: dict[str, dict[str, Any]] = {
    "events": {
        "first": {"event": "ping", "when": "!in_state('z')"},
        "second": {"event": "pong"},
        "emits": ({"emit": "pong"}, {"emit": "ping"}),
    },
    "states": {
        "first": {"state": "b"},
        "second": {"state": "a"},
        "emits": ({"emit": "back"}, {"emit": "go"}),
        "transitions": [move("go", "a", "b"), move("back", "b", "a"), move("ping", "a", "b"), move("end", "*", "z")],
    },
    "waiting": {
        "first": {"state": "b", "after": "1m"},
        "second": {"state": "a", "after": "1m"},
        "emits": ({"emit": "back"}, {"emit": "go"}),
        "transitions": [move("go", "a", "b"), move("back", "b", "a"), move("ping", "a", "b"), move("end", "*", "z")],
    },
    "conditions": {
        "first": {"when": "n == 1"},
        "second": {"when": "n == 2"},
        "emits": ({"set": {"n": "2"}}, {"set": {"n": "1"}}),
        "fields": {"n": {"type": "int", "default": 0}},
        "transitions": [move("go", "a", "b"), {"event": "ping", "source": "*", "do": [{"set": {"n": "1"}}]}],
    },
}


@pytest.mark.parametrize("delay", ["0h", "1m"])
@pytest.mark.parametrize("kind", CIRCLES)
def test_two_chains_never_tell_the_same_people_for_ever(kind: str, delay: str) -> None:
    """Neither in one call nor over days: after so many runs in a row none begins, and that is said aloud."""
    case = pair(delay=delay, **CIRCLES[kind])
    case.fire("ping")
    case.until(10_000)

    assert MAX_HANDED_ON < len(of(Notify, case.effects)) <= MAX_HANDED_ON + 2
    assert "it did not begin" == of(ChainStopped, case.records)[-1].reason.partition(":")[0]
    assert [f"{MAX_HANDED_ON} times in a row" in one.reason for one in of(Unreachable, case.effects)] == [True]
    assert () == tuple(run for run in case.ticket.chains if run.phase != "armed")


def test_who_looks_when_makes_no_difference() -> None:
    """The count is kept on the run: ticks in between, and a cut through JSON, change nothing."""
    slow, quick = pair(**CIRCLES["events"]), pair(**CIRCLES["events"])
    for case in (slow, quick):
        case.fire("ping")
    ticket, records = slow.ticket, list(slow.records)
    for minute in range(1, 41):
        made = slow.workflow.advance(load_ticket(json.loads(json.dumps(dump(ticket)))), at=after(minute))
        ticket = made.ticket
        records += made.records
    quick.until(40)

    assert quick.ticket == ticket
    assert quick.records == records


def test_whatever_is_done_to_the_ticket_ends_the_row() -> None:
    """People who work on it may have brought it about; what became of a notification is no sign of anybody."""
    case, told = pair(**CIRCLES["events"]), pair(**CIRCLES["events"])
    for one in (case, told):
        one.fire("ping")
        one.until(20)
    case.fire("go")
    told.fire("chain.delivered", {"chain": "p", "to": "u"})
    for one in (case, told):
        one.until(100)

    assert [19 + MAX_HANDED_ON + 1, MAX_HANDED_ON + 1] == [len(of(Notify, one.effects)) for one in (case, told)]
    assert case.ticket == case.workflow.fold(case.records)


def test_a_run_is_not_sent_back_for_ever() -> None:
    """A jump back that a level brings about is a climb anew, and counts as one."""
    levels = [
        {"name": "one", "after": "1m", "do": [notify("one")]},
        {"name": "two", "after": "1m", "do": [{"emit": "hup"}]},
        {"name": "three", "after": "1h", "do": [notify("three")]},
    ]
    jump = {"event": "hup", "source": "*", "do": [{"jump": {"chain": "p", "level": "one"}}]}
    case = Case(flow(escalations=[{"name": "p", "start": {"event": "ping"}, "levels": levels}], transitions=[move(), jump]))
    case.fire("ping")
    case.until(10_000)

    spoke = [one for one in of(Escalated, case.records) if one.name == "one"]
    assert MAX_HANDED_ON + 1 == len(spoke)
    assert "it was not sent back" == of(ChainResumed, case.records)[-1].reason.partition(":")[0]
    assert () == case.ticket.chains


def test_handing_over_as_far_as_there_are_chains_is_no_row() -> None:
    """Twenty chains that each start the next are as good as one chain of twenty levels."""
    chains: list[dict[str, Any]] = [
        {
            "name": f"c{place}",
            "start": {"event": f"e{place}"},
            "levels": [{"name": "one", "do": [notify("u"), {"emit": f"e{place + 1}"}]}],
        }
        for place in range(20)
    ]
    case = Case(flow(escalations=chains))
    case.fire("e0")
    case.until(1)

    assert 20 == len(of(Notify, case.effects))
    assert 20 == len(of(ChainStarted, case.records))


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, True),
        ({"repeat": {"times": 2, "after": "1h"}}, True),
        ({"when": "priority > 1"}, False),
        ({"start": {"event": "ping", "when": "priority > 1"}}, False),
        ({"quiet": "office"}, False),
        ({"advance_on_failure": "all"}, False),
        ({"levels": [{"name": "one", "do": [{"emit": "pong"}]}, {"name": "two"}]}, False),
        ({"levels": [{"name": "one", "do": [{"emit": "pong"}], "when": "priority > 1"}]}, False),
        ({"levels": [{"name": "one", "do": [{"emit": "pong"}], "remind": {"every": "5m"}}]}, False),
    ],
)
def test_events_that_surely_lead_back_are_refused(more: dict[str, Any], refused: bool) -> None:
    """Where a condition may end it, or the run lives on while the other one asks for it, it may well come to an end."""
    office = {"zone": "UTC", "week": {"mon-sun": ["08:00-20:00"]}}
    ping = {"name": "p", "start": {"event": "ping"}, "levels": [{"name": "one", "do": [{"emit": "pong"}]}], **more}
    pong = {"name": "q", "start": {"event": "pong"}, "levels": [{"name": "one", "do": [{"emit": "ping"}]}]}
    found: list[tuple[str, str]] = []
    try:
        flow(escalations=[ping, pong], calendars={"office": office})
    except DefinitionError as error:
        found = [(one.code, one.path) for one in error.findings]

    expected = [("chain.circle", f"escalations[{place}].levels[0].do[0].emit") for place in (0, 1)]
    assert (expected if refused else []) == found
