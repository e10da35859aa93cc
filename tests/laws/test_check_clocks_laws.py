"""Holds what check() says of clocks to random walks on the kernel; must not know how it is found."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import ClockRun
from tests.laws.test_check_laws import EVENTS, STATES, walk, workflows

CONDITIONS = st.sampled_from(
    [
        *({"state": name} for name in STATES),
        *({"left": name} for name in STATES[:2]),
        *({"event": name} for name in (*EVENTS, "nobody", "ticket.message", "ticket.update")),
        {"event": "go", "when": "ok"},
        {"event": "on", "when": "ok && !ok"},
        {"event": "off", "after": "one"},
        {"state": "b", "after": "other"},
        {"field": "tier"},
        {"field": {"tier": "gold"}},
        {"field": {"tier": "bronze"}},
        {"message": {"side": "agent"}},
        {"queue": "care"},
    ]
)
LISTS = st.lists(CONDITIONS, max_size=2, unique_by=str)


@st.composite
def clocks(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """One clock of conditions of every kind, some of which never come."""
    made: dict[str, Any] = {"name": name, "within": draw(st.sampled_from(["2h", "5h"]))}
    for key in ("start", "stop"):
        made[key] = draw(LISTS)
    if draw(st.booleans()):
        made |= {"pause": draw(LISTS), "resume": draw(LISTS)}
    if draw(st.booleans()):
        key = draw(st.sampled_from(["paused_in", "paused_in", "counts_in"]))
        made[key] = draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=2, unique=True))
    return made


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(workflows(), clocks("one"), clocks("other"), st.lists(st.integers(0, 10_000), min_size=6, max_size=6))
def test_what_is_said_never_to_happen_to_a_clock_never_happens(
    drawn: Workflow | None, one: dict[str, Any], other: dict[str, Any], seeds: list[int]
) -> None:
    """A clock that never starts is on no ticket, one that never stops is never met, a pause that never ends goes on."""
    if drawn is None:
        return
    try:
        workflow = attrs.evolve(drawn, clocks=[one, other], laws=[])
    except DefinitionError:
        return
    found = [finding for finding in workflow.check() if "clock" in finding.facts]
    said = {(finding.code, finding.facts["clock"], finding.path.rpartition(".")[2]) for finding in found}
    note(f"{one} {other} {said}")

    for seed in seeds:
        before: dict[str, ClockRun] = {}
        for ticket in walk(workflow, seed):
            for name, run in ticket.clocks.items():
                codes = {code: key for code, clock, key in said if clock == name}
                assert "clock.never_starts" not in codes
                assert "clock.never_stops" not in codes or run.phase != "met"
                past = before.get(name)
                resumed = past is not None and past.phase == "paused" and run.phase == "running" and past.cycle == run.cycle
                assert not (resumed and codes.get("clock.never_resumed") == "pause" and not workflow_rests(workflow, name))
                assert "clock.never_counts" not in codes or run.phase != "running"
            before = dict(ticket.clocks)


def workflow_rests(workflow: Workflow, name: str) -> bool:
    """Whether a clock also rests by where the ticket is, which ends by leaving."""
    clock = next(clock for clock in workflow.clocks if clock.name == name)
    return bool(clock.paused_in or clock.counts_in)
