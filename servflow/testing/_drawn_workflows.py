"""Knows a small grammar of workflows and draws from it whole definitions that load; must not know any workflow's meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import DefinitionError

STATES = ("a", "b", "c", "d")
"""The outer states of a drawn workflow; ``d`` is closed."""

EVENTS = ("e1", "e2", "e3")
"""What hosts fire on it."""

CALENDARS: Mapping[str, Mapping[str, Any]] = {
    "office": {
        "zone": "Asia/Shanghai",
        "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
        "holidays": ["2026-03-10"],
    },
    "night": {"zone": "America/New_York", "week": {"mon-sun": ["22:00-06:00"]}, "holidays": ["2026-03-07"]},
    "odd": {"zone": "Asia/Kathmandu", "week": {"mon-sat": ["08:45-12:15"]}, "shifts": {"2026-03-08": ["10:00-10:30"]}},
}
"""By which its clocks, levels and timers count."""

_ENDLESS = frozenset({"rules.endless_cycle", "chain.circle"})
_FIELDS = {
    "n": {"type": "int", "default": 1},
    "flag": {"type": "bool", "default": False},
    "x": {"type": "string"},
    "kind": {"type": "string", "one_of": ["p", "q"], "default": "p"},
    "fee": {"type": "decimal", "default": "0"},
}

states = st.sampled_from(STATES)
events = st.sampled_from(EVENTS)
spans = st.sampled_from(["0s", "5m", "20m", "1h", "3h", "1d", "2d"])
lengths = st.sampled_from(["5m", "20m", "1h", "3h", "1d", "2d"])
names = st.sampled_from(["office", "odd", "night"])
guards = st.sampled_from(
    [
        "n > 1",
        "n < 3",
        "flag",
        "!flag",
        "x == 'p'",
        "priority < 3",
        "assignee == 'ann'",
        "10 / n > 4",
        "in_state('b')",
        "!in_state('c') || flag",
    ]
)
to = st.sampled_from(
    [{"role": "lead"}, {"queue": "q"}, {"manager_of": "assignee"}, "requester", "owner", {"role": "nobody_has_it"}]
)
actions = st.one_of(
    st.sampled_from(
        [
            {"set": {"n": "n + 1"}},
            {"set": {"flag": "!flag"}},
            {"set": {"x": "'p'"}},
            {"set": {"x": "'q'", "priority": "2"}},
            {"queue": "q"},
            {"raise_priority": 1},
            {"tag": "t"},
            {"unassign": "assignee"},
            {"assign": {"to": {"user": "bob"}}},
            {"add_owner": {"to": {"queue": "q", "pick": "least_loaded"}}},
            {"set": {"n": "10 / n"}},
        ]
    ),
    to.map(lambda who: {"notify": {"to": who, "template": "t"}}),
    events.map(lambda name: {"emit": name}),
)


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with some of the parts."""
    return st.fixed_dictionaries({}, optional=parts)


transitions = st.builds(
    lambda head, rest: {**head, **rest},
    st.fixed_dictionaries({"event": events, "source": st.one_of(states, st.lists(states, min_size=1, unique=True))}),
    some(target=states, when=guards, do=st.lists(actions, max_size=2)),
)
eventless = st.fixed_dictionaries({"source": states, "target": states, "when": guards})
conditions = st.one_of(
    states.map(lambda name: {"state": name}),
    events.map(lambda name: {"event": name}),
    st.sampled_from([{"field": "n"}, {"field": {"flag": True}}, {"queue": "q"}]),
)
clocks = st.builds(
    lambda head, rest: {**head, **rest},
    st.fixed_dictionaries(
        {
            "within": st.one_of(
                lengths,
                st.tuples(guards, lengths, lengths).map(
                    lambda drawn: [{"when": drawn[0], "take": drawn[1]}, {"take": drawn[2]}]
                ),
            )
        }
    ),
    some(
        calendar=names,
        start=conditions,
        until=st.lists(states, min_size=1, max_size=2, unique=True),
        pause=conditions,
        resume=conditions,
        paused_in=states,
        reset=conditions,
        cancel=conditions,
        warn=st.lists(st.sampled_from(["50%", "80%", "5m before", "20m after", "150%"]), unique=True, max_size=3),
        on_retarget=st.sampled_from(["carry", "restart", "recount", "keep"]),
        on_reopen=st.sampled_from(["new_cycle", "resume", "ignore"]),
    ),
)
levels = some(
    after=spans,
    when=guards,
    otherwise=st.sampled_from(["skip", "wait"]),
    do=st.lists(actions, max_size=2),
    remind=st.fixed_dictionaries({"every": lengths, "times": st.integers(1, 3)}),
)
chains = st.builds(
    lambda head, rest: {**head, **rest, **({"fallback": {"role": "lead"}} if rest.get("on_empty") == "fallback" else {})},
    st.fixed_dictionaries(
        {
            "start": st.one_of(
                st.sampled_from(["breach", "50%"]).map(lambda mark: {"clock": "k0", "mark": mark}),
                lengths.map(lambda span: {"age": span}),
                events.map(lambda name: {"event": name}),
                st.tuples(states, lengths).map(lambda pair: {"state": pair[0], "after": pair[1]}),
                states.map(lambda name: {"state": name}),
            ),
            "levels": st.lists(levels, min_size=1, max_size=3),
        }
    ),
    some(
        until=st.one_of(states.map(lambda name: {"state": name}), events.map(lambda name: {"event": name})),
        when=guards,
        late=st.sampled_from(["collapse", "each"]),
        on_empty=st.sampled_from(["skip", "hold", "fallback"]),
        on_ack=st.sampled_from(["pause", "continue"]),
        ack_ttl=lengths,
        unack=st.sampled_from(["continue", "restart"]),
        on_reopen=st.sampled_from(["restart", "resume", "next"]),
        repeat=st.fixed_dictionaries({"times": st.integers(1, 3), "after": lengths}),
    ),
)
rules = st.builds(
    lambda when, then, more: {"when": when, "then": then, **more},
    guards,
    st.lists(actions, min_size=1, max_size=2),
    some(overwrite=st.booleans()),
)
requirements = st.lists(
    st.sampled_from(
        [
            {"skill": "'s'"},
            {"open": "shift"},
            {"below": "capacity"},
            {"when": "candidate.id != x"},
            {"skill": "'s'", "level": "n"},
        ]
    ),
    max_size=3,
    unique_by=json.dumps,
)
policies = st.builds(
    lambda head, rest: {**head, **rest, **({"offer": {"timeout": "20m"}} if rest.get("mode") == "offer" else {})},
    st.fixed_dictionaries({"state": st.lists(states, min_size=1, max_size=2, unique=True), "require": requirements}),
    some(
        mode=st.sampled_from(["assign", "offer", "pool"]),
        when=guards,
        until=states,
        event=events,
        relax=st.lists(st.sampled_from([{"after": "1h", "mode": "pool"}, {"after": "3h", "mode": "assign"}]), max_size=2),
    ),
)


promised = some(within=lengths, calendar=names, warn=st.sampled_from([["50%"], ["20m after"]])).map(
    lambda drawn: drawn if "within" in drawn else {}
)
idioms = some(
    checklist=st.tuples(promised, promised, st.booleans()).map(
        lambda drawn: [{"step": "s1", **drawn[0]}, {"step": "s2", **drawn[1]}, {"step": "s3", "required": drawn[2]}]
    ),
    ordered=st.booleans(),
    approval=st.tuples(st.integers(1, 2), st.integers(1, 2), promised).map(
        lambda drawn: {"quorum": drawn[0], "reject": drawn[1], **drawn[2]}
    ),
    shown=st.fixed_dictionaries({}, optional={"customer": st.sampled_from(["one", "two"]), "partner": st.just("in")}),
)
raised = st.builds(
    lambda state, word, target, do: {"event": f"{word}.{state}", "source": state, **target, "do": do},
    st.sampled_from(STATES[:3]),
    st.sampled_from(["done.checklist", "checked", "unchecked", "approved", "rejected"]),
    some(target=states),
    st.lists(actions, max_size=1),
)


def named(prefix: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items with names of their own."""
    return [{"name": f"{prefix}{index}", **item} for index, item in enumerate(items)]


timers = st.lists(
    st.fixed_dictionaries(
        {"after": lengths, "event": events},
        optional={"resume": st.sampled_from(["restart", "deadline", "remaining"]), "calendar": names},
    ),
    max_size=2,
)
reopenings = st.one_of(st.none(), st.fixed_dictionaries({"target": states, "within": lengths}, optional={"calendar": names}))
_memories: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"h": {"history": "shallow"}}, {"h": {"history": "deep"}}],
)
_inside: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    _memories.map(lambda memory: {"initial": "b1", "states": {"b1": {}, "b2": {}, **memory}}),
    _memories.map(
        lambda memory: {
            "parallel": True,
            "states": {
                "left": {"initial": "l1", "states": {"l1": {}, "l2": {"final": True}, **memory}},
                "right": {"initial": "r1", "states": {"r1": {}, "r2": {"final": True}}},
            },
        }
    ),
)
_table = st.sampled_from(
    [
        [['"p"', "-", '"10"'], ["-", "-", '"20"']],
        [['"p"', "> 1", '"10"'], ['"q"', "-", '"0.50"'], ["-", "-", '"5"']],
    ]
)


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """
    A definition of up to a few of everything, as plain data.

    Most of them load. Where rules or chains set each other off without end, which load refuses, it does not.
    """
    reopen = draw(reopenings)
    places = {name: {"timers": draw(timers), **draw(idioms)} for name in STATES[:3]}
    for place in places.values():
        if "approval" in place:
            place["approval"] = {**place["approval"], "allow": ["clerk", "lead"]}
    inside = draw(_inside)
    if inside:
        places["b"] = {**places["b"], **inside}
        for idiom in ("checklist", "ordered", "approval"):
            places["b"].pop(idiom, None)
    grants = st.sampled_from([{}, {}, {"allow": ["clerk"]}, {"allow": ["lead", "clerk"]}])
    asked = {"event": "pay", "source": ["a", "b"], "target": draw(states), "payload": {"amount": "decimal"}}
    moves = [{**move, **draw(grants)} for move in draw(st.lists(transitions, min_size=2, max_size=6))]
    deep = {"b1": [("b1", "b2")], "left": [("l1", "l2"), ("r1", "r2")]}.get(next(iter(inside.get("states", {})), ""), [])
    chosen = draw(st.lists(policies, max_size=2))
    if len(chosen) == 2:
        chosen[1] = {**chosen[1], "slot": draw(st.sampled_from(["assignee", "outlet"]))}
        if chosen[1]["slot"] == "outlet":
            chosen[1]["require"] = [{"open": "shift"}]
    return {
        "workflow": "drawn",
        "fields": _FIELDS,
        "roles": ["clerk", "lead", "nobody_has_it"],
        "queues": ["q", "other"],
        "events": {
            name: {"allow": ["clerk", "lead"]}
            for name in ("ticket.update", "ticket.assign", "ticket.message", "step.check", "chain.acknowledge")
        },
        "calendars": CALENDARS,
        "initial": "a",
        "states": {**places, "d": {"closed": True, **({"reopen": reopen} if reopen is not None else {})}},
        "transitions": [
            *moves,
            {**asked, "when": "payload.amount <= decimal('100')", "do": [{"set": {"fee": "table.fee.total"}}]},
            *({"event": "step", "source": one, "target": other} for one, other in deep),
            *([{"event": "resume", "source": "c", "target": "h"}] if '"h"' in json.dumps(inside) else []),
            *draw(st.lists(eventless, max_size=1)),
            *[move for move in draw(st.lists(raised, max_size=2)) if not inside or move["source"] != "b"],
            *({"event": name, "source": "*"} for name in EVENTS),
            {"event": "assigned.p0", "source": draw(states), "target": draw(states)},
            *([{"event": "ticket.reopen", "source": "d", "target": "a", "allow": ["clerk"]}] if reopen is None else []),
        ],
        "tables": {
            "fee": {"hit": "first", "inputs": ["kind", "n"], "outputs": {"total": "decimal"}, "rows": draw(_table)},
        },
        "rules": named("r", draw(st.lists(rules, max_size=2))),
        "clocks": named("k", [{"within": "3h", "warn": ["50%"]}, *draw(st.lists(clocks, max_size=2))]),
        "escalations": named(
            "c", [{**item, "levels": named("l", item["levels"])} for item in draw(st.lists(chains, max_size=3))]
        ),
        "dispatch": named("p", chosen),
    }


def workflows() -> st.SearchStrategy[Workflow]:
    """
    Whole workflows: states, often nested, parallel or with a history, guarded transitions with payloads and roles, fields,
    clocks by several calendars, timers, a table, rules, chains, checklists, approvals and dispatch.

    For tests of code that takes any workflow: editors, exports, analyses. Together with ``worlds_for``, ``histories_for``
    and ``machine_for`` what holds can be tried on tickets of workflows that nobody thought of.
    """
    return definitions().map(_loaded).filter(lambda found: found is not None).map(_there)


def _loaded(data: Mapping[str, Any]) -> Workflow | None:
    """The workflow, unless its rules or chains set each other off for ever."""
    try:
        return Workflow(**data)
    except DefinitionError as error:
        if _ENDLESS.issuperset(finding.code for finding in error.findings if finding.severity == "error"):
            return None
        raise


def _there(found: Workflow | None) -> Workflow:
    assert found is not None
    return found
