"""Holds what check() says of chains to random walks on the kernel; must not know how it is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import DefinitionError, Finding, Refused
from servflow.escalation import Rotation
from servflow.model import ChainStarted, Escalated, Notify, Outcome

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
STATES = ("a", "b", "c")
EVENTS = ("go", "on", "nag")
SPANS = ("0h", "12h", "1d", "2d", "3d")
WORLD: dict[str, Any] = {
    "people": [{"id": "ann", "roles": ["boss"], "manager": "sue"}, {"id": "sue"}, {"id": "carl", "roles": ["clerk"]}],
    "queues": [{"id": "care", "members": ["ann"]}],
    "schedules": {"day": Rotation(["ann"], "2026-03-02T09:00", "UTC", windows={"mon": ["09:00-17:00"]})},
}
ADDRESSES = st.sampled_from(
    [
        {"role": "boss"},
        {"role": "ghost"},
        {"queue": "care", "pick": "round_robin"},
        {"queue": "none"},
        {"manager_of": {"user": "ann"}, "n": 2},
        {"manager_of": {"user": "ann"}},
        {"manager_of": "owner", "n": 3},
        {"on_call": "day"},
        {"on_call": "night"},
        "owner",
        "assignee",
        {"field": "n"},
    ]
)
CONDITIONS = st.sampled_from([None, None, None, "n == 1", "n > 2 && n < 2", "n == 0"])


@st.composite
def levels(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A level of which parts never happen."""
    made: dict[str, Any] = {"name": name, "after": draw(st.sampled_from(SPANS))}
    made["do"] = [{"notify": {"to": draw(ADDRESSES), "template": name}}]
    if draw(st.integers(0, 3)) == 0:
        made["do"].append(draw(st.sampled_from([{"set": {"n": "1"}}, {"emit": "nag"}, {"add_owner": {"to": {"user": "ann"}}}])))
    when = draw(CONDITIONS)
    if when is not None:
        made |= {"when": when, "otherwise": draw(st.sampled_from(["skip", "wait"]))}
    return made


@st.composite
def chains(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A chain of two or three levels."""
    triggers = [
        *({"state": state} for state in (*STATES, "z")),
        *({"state": state, "after": draw(st.sampled_from(SPANS[1:]))} for state in STATES),
        {"age": draw(st.sampled_from(SPANS[1:]))},
        {"event": "nag"},
        {"when": "n == 1"},
        {"when": "n > 2 && n < 2"},
        {"clock": "k"},
    ]
    made: dict[str, Any] = {
        "name": name,
        "start": draw(st.lists(st.sampled_from(triggers), min_size=1, max_size=2, unique_by=str)),
        "levels": [draw(levels(f"l{index}")) for index in range(draw(st.integers(1, 3)))],
        "until": [{"state": state} for state in draw(st.lists(st.sampled_from(STATES), max_size=1))],
        "on_reopen": draw(st.sampled_from(["restart", "resume", "next"])),
        "late": draw(st.sampled_from(["collapse", "each"])),
    }
    if draw(st.booleans()):
        made["levels"][0] |= (
            {"when": "n == 1", "otherwise": {"goto": made["levels"][-1]["name"]}} if len(made["levels"]) > 1 else {}
        )
    return made


@st.composite
def workflows(draw: st.DrawFn) -> Workflow | None:
    """Three states with timers, a closed one, and two chains."""
    states: dict[str, Any] = {"z": {"closed": True}}
    ends = draw(st.sampled_from([["a", "b", "c"], ["c"], ["b", "c"]]))
    moves: list[dict[str, Any]] = [{"event": "end", "source": ends, "target": "z"}]
    for state in STATES:
        heard = ["end"] if state in ends else []
        if draw(st.integers(0, 3)):
            event, target = draw(st.sampled_from(EVENTS)), draw(st.sampled_from([*STATES, "z"]))
            when = draw(st.sampled_from([None, None, "n == 0"]))
            moves.append({"event": event, "source": state, "target": target, "when": when})
            heard.append(event)
        timed = heard and draw(st.integers(0, 3))
        after = draw(st.sampled_from(SPANS[1:]))
        states[state] = {"timers": [{"after": after, "event": draw(st.sampled_from(heard))}]} if timed else {}
    if draw(st.integers(0, 3)) == 0:
        moves.append({"event": "ticket.reopen", "source": "z", "target": "a"})
    try:
        return Workflow(
            workflow="w",
            initial="a",
            states=states,
            fields={"n": {"type": "int", "default": 0}},
            transitions=[{**move, "allow": ["clerk", "system"]} for move in moves],
            clocks=[{"name": "k", "within": "1d", "start": {"state": draw(st.sampled_from(STATES))}, "until": "z"}],
            escalations=[draw(chains("one")), draw(chains("two"))],
            roles=["clerk", "boss", "ghost"],
            events={"ticket.update": {"allow": ["clerk"]}} if draw(st.booleans()) else {},
        )
    except DefinitionError:
        return None


def walk(workflow: Workflow, seed: int) -> Iterator[Outcome]:
    """Everything that happens to one ticket that people push about at random, as far as they are let."""
    random = Random(seed)
    actor = {"id": "carl", "roles": ["clerk"]}
    at = START
    outcome = workflow.open("T", at=at, actor=actor, world=WORLD)
    yield outcome
    for _ in range(12):
        at += timedelta(hours=random.choice([0, 1, 12, 24, 48, 60]))
        try:
            if random.random() < 0.4:
                outcome = workflow.advance(outcome.ticket, at=at, world=WORLD)
            elif random.random() < 0.3:
                fields = {"n": random.randrange(3)}
                outcome = workflow.fire(outcome.ticket, "ticket.update", fields, at=at, actor=actor, world=WORLD)
            else:
                event = random.choice([*EVENTS, "end", "ticket.reopen"])
                outcome = workflow.fire(outcome.ticket, event, at=at, actor=actor, world=WORLD)
        except Refused:
            continue
        yield outcome


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(workflows(), st.lists(st.integers(0, 10_000), min_size=5, max_size=5))
def test_what_is_said_never_to_happen_to_a_chain_never_happens(workflow: Workflow | None, seeds: list[int]) -> None:
    """A chain that nothing starts never runs, a level that never comes never fires, an address of nobody tells nobody."""
    if workflow is None:
        return
    found = [finding for finding in workflow.check(world=WORLD) if finding.code.startswith("chain.")]
    note(str([(finding.code, finding.path, finding.message("en")) for finding in found]))
    for seed in seeds:
        for outcome in walk(workflow, seed):
            _hold(workflow, found, outcome)


def _hold(workflow: Workflow, found: list[Finding], outcome: Outcome) -> None:
    orders = {chain.name: order for order, chain in enumerate(workflow.escalations)}
    never = {finding.path for finding in found if finding.code in ("chain.never_starts", "chain.too_late_to_start")}
    late = {finding.path for finding in found if finding.code == "chain.too_late"}
    mute = {finding.path for finding in found if finding.code == "chain.level_never"}
    nobody = {finding.path.removesuffix(".notify.to") for finding in found if finding.code == "chain.nobody"}
    for record in outcome.records:
        if isinstance(record, ChainStarted):
            path = f"escalations[{orders[record.run.chain]}]"
            starts = workflow.escalations[orders[record.run.chain]].start
            ways = {f"{path}.start[{index}]" for index in range(len(starts))} if len(starts) > 1 else {f"{path}.start"}
            assert record.run.phase == "armed" or (f"{path}.when" not in never and not ways <= never)
        if isinstance(record, Escalated):
            path = f"escalations[{orders[record.run.chain]}].levels[{record.level}]"
            assert record.outcome == "skipped" or not {path, f"{path}.when"} & (late | mute)
    for effect in outcome.effects:
        assert not isinstance(effect, Notify) or effect.action not in nobody
