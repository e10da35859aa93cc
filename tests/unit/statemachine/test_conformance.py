"""
Knows what other people's suites expect of a step; must not know how it is computed.

``conformance/peers.json`` restates in our notation what the W3C's implementation report for SCXML and the test framework
of the SCION project check, where it can be said with events, numbers and states alone: names of states say where
they lie (``b2a`` is the first state in the second of ``b``), descriptions and payloads are left out. Cases that want
invocation, data from outside, scripts or messages to other sessions have no counterpart here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from servflow.statemachine import Machine
from tests.unit.statemachine.session import Session

CASES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "conformance" / "peers.json").read_text("utf-8"))
PLAIN = [name for name, case in CASES.items() if not {"enter", "leave", "during", "data"} & set(case)]


@pytest.mark.parametrize("name", CASES)
def test_a_session_goes_where_the_suite_says(name: str) -> None:
    """Microsteps with actions between them lead to the configurations a suite expects."""
    case = CASES[name]
    session = Session(case)
    seen = [list(session.configuration)]
    for event, _ in case["events"]:
        session.fire(event)
        seen.append(list(session.configuration))

    assert [case["first"], *(expected for _, expected in case["events"])] == seen


@pytest.mark.parametrize("name", PLAIN)
def test_steps_go_where_the_suite_says(name: str) -> None:
    """Start and step alone lead to the configurations a suite expects, through JSON each time."""
    case = CASES[name]
    machine = Machine(**case["definition"])
    step = machine.start()

    assert case["first"] == list(step.configuration)
    for event, expected in case["events"]:
        step = machine.step(json.loads(json.dumps(step.state)), event, {"event_name": event})
        assert expected == list(step.configuration)
