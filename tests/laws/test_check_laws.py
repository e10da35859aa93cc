"""Holds what check() and prove() say to random walks on the kernel: nothing proved is ever seen broken, all else is shown."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.engine._witnesses import holds
from servflow.errors import DefinitionError, ServflowError
from servflow.expressions import Expression
from servflow.model import Actor, Ticket

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATES = ("a", "b", "c", "d")
EVENTS = ("go", "on", "off")
AFTER = ("1h", "2h", "3h")
GUARDS = (
    None,
    None,
    "ok",
    "!ok",
    "n > 1",
    "n <= 1",
    "n == 2 || ok",
    "tier == 'gold'",
    "tier != 'gold' && n < 3",
    "payload.m > 1",
    "payload.m > n",
    "in_state('a') || ok",
    "priority == 1",
)
UPDATES: tuple[dict[str, Any], ...] = (
    {"set": {"ok": "true"}},
    {"set": {"ok": "false"}},
    {"set": {"n": "2"}},
    {"set": {"n": "payload.m"}},
    {"set": {"n": "n + 1"}},
    {"set": {"tier": "'gold'"}},
    {"set": {"tier": "ok ? 'gold' : 'std'"}},
    {"emit": {"event": "off"}},
    {"raise_priority": {"by": 1}},
)
CONDITIONS = (
    "in_state('b')",
    "in_state('c') && !ok",
    "in_state('d') && n > 1",
    "in_state('b') && tier == 'gold'",
    "closed",
    "in_state('d') && n == 2",
    "ok && n < 1",
    "priority == 1 && in_state('c')",
)
FIELDS = {
    "ok": {"type": "bool", "default": False},
    "n": {"type": "int"},
    "tier": {"type": "string", "one_of": ["gold", "std"], "default": "std"},
}
PEOPLE = (Actor("ann", ["clerk"]), Actor("bob", ["boss"]), Actor("cy", ["clerk", "boss"]))


@st.composite
def laws(draw: st.DrawFn) -> dict[str, Any]:
    """One law of any form."""
    form = draw(st.sampled_from(("never", "never", "always_possible", "leads_to")))
    condition = st.sampled_from(CONDITIONS)
    if form != "leads_to":
        return {form: draw(condition)}
    within = draw(st.sampled_from((None, "2h", "5h", "9h")))
    return {"when": draw(condition), "leads_to": draw(condition), **({"within": within} if within else {})}


@st.composite
def moves(draw: st.DrawFn, *, nested: bool) -> dict[str, Any]:
    """One transition."""
    sources = [*STATES, "p"] if nested else list(STATES)
    event = draw(st.sampled_from((*EVENTS, None))) if draw(st.integers(0, 5)) == 0 else draw(st.sampled_from(EVENTS))
    guard = draw(st.sampled_from(GUARDS))
    if event is None:
        guard = draw(st.sampled_from(("ok", "n > 1", "tier == 'gold'")))
    made: dict[str, Any] = {
        "event": event,
        "source": draw(st.sampled_from(sources)),
        "target": draw(st.sampled_from((*sources, *sources, None))),
        "do": draw(st.lists(st.sampled_from(UPDATES), max_size=2)),
    }
    if event is None or guard is None or "payload" not in guard:
        made["do"] = [item for item in made["do"] if "payload" not in str(item) or event is not None]
    if guard is not None:
        made["when"] = guard
    if event is not None:
        made["allow"] = draw(st.lists(st.sampled_from(("clerk", "boss", "system")), min_size=1, max_size=3, unique=True))
        if "payload" in str(made):
            made["payload"] = {"m": "int"}
    return made


@st.composite
def workflows(draw: st.DrawFn) -> Workflow | None:
    """A small workflow of flat or nested states, timers, rules and laws; None where it does not load."""
    nested = draw(st.booleans())
    timers = st.lists(st.fixed_dictionaries({"after": st.sampled_from(AFTER), "event": st.sampled_from(EVENTS)}), max_size=2)
    states: dict[str, Any] = {name: {"timers": draw(timers)} if draw(st.booleans()) else {} for name in STATES}
    states["d"]["closed"] = True
    if nested:
        inner = {name: states.pop(name) for name in ("b", "c")}
        outer = {"timers": draw(timers)} if draw(st.booleans()) else {}
        states["p"] = {"states": inner, "parallel": draw(st.booleans()), **outer}
    transitions = draw(st.lists(moves(nested=nested), min_size=1, max_size=6))
    every = {**states, **states.get("p", {}).get("states", {})}
    for name, state in every.items():
        for timer in state.get("timers", ()):
            target = draw(st.sampled_from((*STATES, None)))
            transitions.append({"event": timer["event"], "source": name, "target": target, "allow": ["system"]})
    rules = [{"name": "r", "when": "ok && n > 1", "then": [{"set": {"tier": "'gold'"}}]}] if draw(st.booleans()) else []
    events = {"ticket.update": {"allow": ["boss"]}} if draw(st.integers(0, 3)) == 0 else {}
    try:
        return Workflow(
            workflow="w",
            fields=FIELDS,
            roles=["clerk", "boss"],
            events=events,
            states=states,
            transitions=transitions,
            rules=rules,
            laws=[{"name": f"law {index}", **law} for index, law in enumerate(draw(st.lists(laws(), min_size=1, max_size=3)))],
        )
    except DefinitionError:
        return None


def walk(workflow: Workflow, seed: int, steps: int = 25) -> Iterator[Ticket]:
    """A ticket on a random way through all the kernel lets it do; every ticket at rest on it."""
    dice = random.Random(seed)
    given_fields: dict[str, Any] = {}
    for name, values in (("ok", (True, False)), ("n", (0, 1, 2, 3)), ("tier", ("gold", "std")), ("priority", (1, 3))):
        if dice.random() < 0.6:
            given_fields[name] = dice.choice(values)
    try:
        ticket = workflow.open("T", given_fields, at=START, actor=dice.choice((None, *PEOPLE))).ticket
    except ServflowError:
        return
    yield ticket
    now = START
    for _ in range(steps):
        try:
            if dice.random() < 0.3 and ticket.wake is not None:
                now = ticket.wake
                ticket = workflow.advance(ticket, at=now).ticket
            else:
                now = max(now, ticket.at) + timedelta(minutes=dice.choice((0, 0, 20, 60)))
                while ticket.wake is not None and ticket.wake <= now:
                    ticket = workflow.advance(ticket, at=ticket.wake).ticket
                    yield ticket
                event = dice.choice((*EVENTS, "ticket.update"))
                payload = {"n": dice.randint(0, 3)} if event == "ticket.update" else {"m": dice.randint(0, 3)}
                ticket = workflow.fire(ticket, event, payload, at=now, actor=dice.choice(PEOPLE)).ticket
        except ServflowError:
            continue
        yield ticket


TRIES: tuple[tuple[str, dict[str, Any]], ...] = (
    *((event, {"m": m}) for event in EVENTS for m in (0, 2, 3)),
    *(("ticket.update", {"n": n}) for n in (0, 2, 3)),
    *(("ticket.update", {"ok": ok}) for ok in (True, False)),
    *(("ticket.update", {"tier": tier}) for tier in ("gold", "std")),
    ("ticket.update", {"priority": 1}),
)
"""What a person may try on a ticket."""


def reaches(workflow: Workflow, ticket: Ticket, wanted: Expression) -> bool:
    """Whether some way of a few steps leads to a condition: breadth first over what the kernel lets happen."""
    seen, front = set(), [ticket]
    for _ in range(6):
        following = []
        for now in front:
            if holds(workflow, wanted, now):
                return True
            key = (now.configuration, tuple(sorted(now.fields.items(), key=str)), now.priority, len(now.timers))
            if key in seen:
                continue
            seen.add(key)
            if now.wake is not None:
                following.append(workflow.advance(now, at=now.wake).ticket)
            for event, payload in TRIES:
                for actor in PEOPLE[:2]:
                    try:
                        following.append(workflow.fire(now, event, payload, at=now.at, actor=actor).ticket)
                    except ServflowError:
                        continue
        front = following[:400]
    return False


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows(), st.integers(0, 2**32))
def test_what_is_proved_is_never_seen_broken(workflow: Workflow | None, seed: int) -> None:
    """Random walks of the kernel never break a law that prove() calls proved."""
    if workflow is None:
        return
    proofs = {proof.name: proof for proof in workflow.prove(budget=3_000)}
    for plan in workflow.compiled.laws:
        if proofs[plan.law.name].verdict != "proved":
            continue
        note(f"{plan.law} {workflow.to_data()}")
        for number in range(4):
            tickets = list(walk(workflow, seed + number))
            if plan.law.form == "never":
                assert not any(holds(workflow, plan.wanted, ticket) for ticket in tickets)
            elif plan.law.form == "always_possible" and tickets:
                assert reaches(workflow, tickets[-1], plan.wanted)
            elif plan.law.form == "leads_to":
                _comes_to_pass(workflow, plan, tickets)


def _comes_to_pass(workflow: Workflow, plan: Any, tickets: list[Ticket]) -> None:
    """Each ticket at which a law begins comes, on this walk or if left alone after it, to what it leads to in time."""
    assert plan.when is not None
    if not tickets:
        return
    last = tickets[-1]
    for _ in range(60):
        if last.wake is None:
            break
        last = workflow.advance(last, at=last.wake).ticket
        tickets.append(last)
    for index, ticket in enumerate(tickets):
        if holds(workflow, plan.when, ticket):
            met = next((later for later in tickets[index:] if holds(workflow, plan.wanted, later)), None)
            assert met is not None
            if plan.law.within is not None:
                assert met.at - ticket.at <= plan.law.within.exact


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows())
def test_what_is_refuted_is_shown_by_a_ticket(workflow: Workflow | None) -> None:
    """The witness of a refuted law is a ticket of the kernel that breaks it."""
    if workflow is None:
        return
    plans = {plan.law.name: plan for plan in workflow.compiled.laws}
    for proof in workflow.prove(budget=3_000):
        if proof.verdict != "refuted":
            assert proof.verdict == "proved" or proof.why["en"]
            continue
        plan = plans[proof.name]
        tickets = [outcome.ticket for outcome in workflow.replay_witness(proof)]
        assert proof.witness is not None
        assert proof.story["en"]
        assert proof.story["zh"]
        if plan.law.form == "never":
            assert holds(workflow, plan.wanted, tickets[-1])
        elif plan.law.form == "always_possible":
            assert not reaches(workflow, tickets[-1], plan.wanted)
        else:
            assert plan.when is not None
            begins = [index for index, ticket in enumerate(tickets) if holds(workflow, plan.when, ticket)]
            assert any(not any(holds(workflow, plan.wanted, later) for later in tickets[index:]) for index in begins)
            assert not holds(workflow, plan.wanted, tickets[-1])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows(), st.integers(0, 2**32))
def test_what_check_says_of_states_is_never_seen_otherwise(workflow: Workflow | None, seed: int) -> None:
    """No walk enters a state that is called unreachable, leaves a dead end or closes from where nothing can close."""
    if workflow is None:
        return
    found = workflow.check(budget=300)
    blocked = {item.facts["state"] for item in found if item.code in ("state.unreachable", "state.blocked")}
    traps = {item.facts["state"] for item in found if item.code == "state.dead_end"}
    unclosed = {item.facts["state"] for item in found if item.code == "state.cannot_close"}
    never = {int(item.path.split("[")[1].split("]")[0]) for item in found if item.code == "guard.never"}
    note(str(workflow.to_data()))
    for number in range(4):
        stood: set[str] = set()
        for ticket in walk(workflow, seed + number):
            assert not blocked & ticket.entered.keys()
            assert not {trap for trap in traps & stood if trap not in ticket.configuration}
            assert not (ticket.closed and unclosed & stood)
            stood |= set(ticket.configuration)
    assert never <= set(range(len(workflow.transitions)))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows())
def test_every_witness_with_a_ticket_replays(workflow: Workflow | None) -> None:
    """Whatever a witness tells can be done again on the kernel, and ends where it says."""
    if workflow is None:
        return
    for finding in workflow.check(budget=300):
        assert "<" not in finding.text("en").replace("<=", "").replace(" < ", ""), finding.text()
        if not isinstance(finding.witness, dict) or "path" not in finding.witness:
            continue
        ticket = workflow.replay_witness(finding)[-1].ticket
        if finding.code in ("state.dead_end", "state.cannot_close"):
            assert finding.facts["state"] in ticket.configuration
        elif finding.code in ("transition.overlap", "transition.gap"):
            assert finding.facts["state"] in ticket.entered
        elif finding.code == "timer.loop":
            assert finding.witness["cycle"][-1] == ticket.state
