"""Holds configurations of XState to what they mean, and what cannot be read to errors that say where; must not know how."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.errors import DefinitionError, InputError
from servflow.integrations import from_xstate

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

REPAIR: dict[str, Any] = {
    "id": "repair",
    "initial": "new",
    "context": {"tries": 0},
    "on": {"CANCEL": {"target": "#over", "guard": {"type": "not", "guard": "locked"}}},
    "states": {
        "new": {"on": {"ASSIGN": [{"target": "work", "guard": "covered", "actions": ["log"]}, {"target": "quote"}]}},
        "quote": {"description": "Angebot", "after": {"3600000": "over", "SOON": {"actions": {"type": "remind"}}}},
        "work": {
            "type": "parallel",
            "entry": "startWork",
            "exit": [{"type": "stopWork"}],
            "states": {
                "site": {
                    "initial": "trip",
                    "states": {
                        "trip": {"on": {"ARRIVE": "fix"}},
                        "fix": {
                            "on": {
                                "FIXED": {
                                    "target": "#repair.work.site.ok",
                                    "actions": {"type": "xstate.raise", "event": {"type": "READY"}},
                                }
                            }
                        },
                        "ok": {"type": "final"},
                        "back": {"type": "history", "history": "deep", "target": "trip"},
                    },
                },
                "bill": {"initial": "open", "states": {"open": {"on": {"READY": "paid"}}, "paid": {"type": "final"}}},
            },
            "on": {"HOLD": "waiting"},
            "onDone": "over",
        },
        "waiting": {"on": {"RESUME": "#repair.work.site.back", "*": {"actions": "note"}}, "invoke": {"src": "timer"}},
        "over": {"id": "over", "type": "final"},
    },
}


def _moves(config: Any, **more: Any) -> list[dict[str, Any]]:
    return [dict(move) for move in from_xstate(config, **more).transitions]


def _chart(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "m", "initial": next(iter(states)), "states": states, **more}


def test_the_structure_is_read() -> None:
    """States of every type, history with its default, and targets beside, inside and by id come out."""
    machine = from_xstate(REPAIR, delays={"SOON": "5m"}).machine()
    kinds = {name: node.kind for name, node in machine.states.items()}

    assert ("atomic", "parallel", "compound", "deep", "final") == tuple(
        kinds[name] for name in ("new", "work", "site", "back", "over")
    )
    assert ("trip",) == machine.states["back"].entry


def test_the_machine_goes_where_the_configuration_says() -> None:
    """Guards are asked in turn, regions run side by side, history brings back, completion leads on."""
    machine = from_xstate(json.dumps(REPAIR), delays={"SOON": "5m"}).machine()
    start = machine.start().state
    assert ("quote",) == machine.step(start, "ASSIGN").configuration
    step = machine.step(start, "ASSIGN", {"covered": True})
    assert ("trip", "open") == step.configuration
    step = machine.step(machine.step(machine.step(step.state, "ARRIVE").state, "HOLD").state, "RESUME")
    assert ("fix", "open") == step.configuration
    assert step.configuration == machine.step(step.state, "CANCEL", {"locked": True}).configuration
    assert ("over",) == machine.step(step.state, "CANCEL", {"locked": False}).configuration
    step = machine.step(machine.step(step.state, "READY").state, "FIXED")

    assert ("over",) == step.configuration


def test_a_configuration_makes_a_workflow() -> None:
    """Named actions are calls, named guards are fields, delays are timers, the final state at the top is closed."""
    parts = from_xstate(REPAIR, delays={"SOON": "5m"})
    workflow = servflow.Workflow(**parts.definition("repair"))
    ticket = workflow.open("T", {"covered": True}, at=AT).ticket
    assigned = workflow.fire(ticket, "ASSIGN", at=AT)
    assert ["log", "startWork"] == [effect.name for effect in assigned.effects]
    fixed = workflow.fire(workflow.fire(assigned.ticket, "ARRIVE", at=AT).ticket, "FIXED", at=AT)
    assert ("over", True, ["stopWork"]) == (fixed.ticket.state, fixed.ticket.closed, [effect.name for effect in fixed.effects])
    quoted = workflow.fire(workflow.open("U", at=AT).ticket, "ASSIGN", at=AT).ticket
    late = workflow.advance(quoted, at=AT + timedelta(hours=2))

    assert ("over", ["remind"]) == (late.ticket.state, [effect.name for effect in late.effects])
    assert {"covered": {"type": "bool", "default": False}, "locked": {"type": "bool", "default": False}} == parts.fields
    assert {"log", "startWork", "stopWork", "remind", "note"} == set(parts.calls)
    assert "Angebot" == parts.states["quote"]["title"]


def test_what_needs_code_is_told() -> None:
    """Invocations, context, params and what depends on what is active are listed."""
    dropped = from_xstate(REPAIR, delays={"SOON": "5m"}).dropped

    assert {
        "context of the machine; declare fields instead",
        "invoke of waiting",
        "what is done on exit of work, where CANCEL from * leaves it in some cases",
    } == set(dropped)


@pytest.mark.parametrize(
    ("given", "version", "internal", "target"),
    [
        ({"target": ".y"}, 4, True, "y"),
        ({"target": ".y", "internal": False}, 4, False, "y"),
        ({"target": "#m.x.y"}, 4, False, "y"),
        ({"target": "#m.x.y", "internal": True}, 4, True, "y"),
        ({"target": "x"}, 4, False, "x"),
        ({"target": ".y"}, 5, True, "y"),
        ({"target": "#m.x.y"}, 5, True, "y"),
        ({"target": "#m.x.y", "reenter": True}, 5, False, "y"),
        ({"target": "x", "reenter": True}, 5, False, "x"),
        ({"target": "x"}, 5, True, "z"),
        ({"target": "z"}, 5, False, "z"),
        ({"actions": "a"}, 5, False, None),
    ],
)
def test_versions_differ_in_what_is_left(given: dict[str, Any], version: int, internal: bool, target: str | None) -> None:
    """A transition into its own state leaves it in version 4 and stays in version 5, unless it says otherwise."""
    states = {"x": {"initial": "z", "states": {"z": {}, "y": {}}, "on": {"E": given}}, "z2": {}}
    if given.get("target") == "z":
        states["z"] = {}
        states["x"]["states"] = {"y": {}}
        states["x"]["initial"] = "y"
    (move,) = _moves(_chart(states), version=version)

    assert (internal, target) == (move.get("internal", False), move.get("target"))


def test_a_leaf_that_leads_to_itself_stays_in_version_5() -> None:
    """There is nothing inside to begin anew, so no state is left; with `reenter` it is."""
    states = {"x": {"on": {"E": "x", "F": {"target": "x", "reenter": True}}}}
    machine = from_xstate(_chart(states), version=5).machine()

    assert () == machine.step(machine.start().state, "E").exited
    assert ("x",) == machine.step(machine.start().state, "F").exited


@pytest.mark.parametrize(
    ("more", "internal"),
    [({}, True), ({"cond": "g"}, False), ({"internal": False}, False), ({"in": "#m.x"}, False)],
)
def test_the_version_is_seen_from_how_it_is_written(more: dict[str, Any], internal: bool) -> None:
    """What only version 4 writes makes the whole configuration one of version 4."""
    states = {"x": {"initial": "y", "states": {"y": {}}, "on": {"E": {"target": "#m.x.y", **more}}}}
    (move,) = _moves(_chart(states))

    assert internal == move.get("internal", False)


def test_transitions_are_written_in_many_ways() -> None:
    """A key, an object, a list of both, nothing at all, a list with events, and `always` with its older spelling."""
    states = {
        "a": {
            "on": {
                "S": "b",
                "O": {"target": ["b"]},
                "L": [{"target": "b", "guard": "g"}, "c"],
                "N": None,
                "": [{"target": "c", "guard": "h"}],
            }
        },
        "b": {"on": [{"event": "E", "target": "c"}], "always": {"target": "c", "guard": "h"}},
        "c": {},
    }

    assert [
        {"event": "S", "source": "a", "target": "b"},
        {"event": "O", "source": "a", "target": "b"},
        {"event": "L", "source": "a", "target": "b", "when": "g"},
        {"event": "L", "source": "a", "target": "c"},
        {"event": "N", "source": "a"},
        {"source": "a", "target": "c", "when": "h"},
        {"event": "E", "source": "b", "target": "c"},
        {"source": "b", "target": "c", "when": "h"},
    ] == _moves(_chart(states))


def test_wildcards_are_asked_last() -> None:
    """Whole names win over longer wildcards, those over shorter ones, and the star comes last, wherever it is written."""
    states = {"a": {"on": {"*": "b", "x.*": "c", "x.y.*": "d", "x.y.z": "e"}}, "b": {}, "c": {}, "d": {}, "e": {}}

    assert ["x.y.z", "x.y.*", "x.*", "*"] == [move["event"] for move in _moves(_chart(states))]


def test_guards_made_of_guards() -> None:
    """`and`, `or`, `not` and `in` combine names; a name with a meaning is replaced by it."""
    guard = {"type": "and", "guards": ["a", {"type": "or", "guards": ["b", {"type": "not", "guard": "c"}]}]}
    states = {
        "x": {"on": {"E": {"target": "y", "guard": guard}, "F": {"target": "y", "cond": {"type": "rich"}, "in": "#m.x"}}},
        "y": {},
    }
    parts = from_xstate(_chart(states), {"rich": "amount > 100", "c": "closed_at != null"})

    assert ["(a) && ((b) || (!((closed_at != null))))", "((amount > 100)) && in_state('x')"] == [
        move["when"] for move in parts.transitions
    ]
    assert {"a", "b"} == set(parts.fields)
    assert parts.machine()


def test_delays_are_timers() -> None:
    """Milliseconds, names with a meaning and a list of delays all become timers with an event of their own."""
    states = {"a": {"after": [{"delay": 1500, "target": "b"}, {"delay": "LONG", "target": "b"}]}, "b": {"after": {"250": "a"}}}
    parts = from_xstate(_chart(states), delays={"LONG": timedelta(days=2)})

    assert ({"after": "1s500ms", "event": "after.1500.a"}, {"after": "48h", "event": "after.LONG.a"}) == parts.states["a"][
        "timers"
    ]
    assert ("b",) == parts.machine().step(parts.machine().start().state, "after.LONG.a").configuration


def test_keys_that_are_taken_become_paths() -> None:
    """A key that stands once stays; one that stands twice goes by its path, in completions and timers too."""
    inner = {"initial": "open", "states": {"open": {"after": {"1000": "end"}}, "end": {"type": "final"}}}
    parts = from_xstate(_chart({"a": {**inner, "onDone": "b"}, "b": inner}))

    assert ["a", "a.open", "a.end", "b", "b.open", "b.end"] == list(parts.machine().states)
    assert ["done.state.a", "after.1000.a.open", "after.1000.b.open"] == [move["event"] for move in parts.transitions]


def test_a_machine_of_regions_gets_a_state_around_it() -> None:
    """Here one state is active at the top, so parallel regions at the top lie in a parallel state with the machine's id."""
    regions = {name: {"initial": f"{name}1", "states": {f"{name}1": {}}} for name in "pq"}
    machine = from_xstate({"id": "both", "type": "parallel", "states": regions}).machine()

    assert ("p1", "q1") == machine.start().configuration
    assert "parallel" == machine.states["both"].kind


def test_completions_are_named_after_states() -> None:
    """An event spelled with the id of a state listens to that state under the name it has here."""
    states = {
        "a": {
            "id": "deep",
            "initial": "z",
            "states": {"z": {"type": "final"}},
            "on": {"done.state.deep": "b", "xstate.done.state.m.a": "b"},
        },
        "b": {},
    }

    assert ["done.state.a", "xstate.done.state.m.a"] == [move["event"] for move in _moves(_chart(states))]


def test_what_goes_otherwise_is_told() -> None:
    """Here an event also matches transitions of what it begins with, by words; there it does not."""
    states = {"a": {"on": {"pay": "b", "pay.card": "b"}}, "b": {}}

    assert ("pay.card is also taken by transitions of pay, which names what it begins with",) == from_xstate(
        _chart(states)
    ).differs


def test_events_that_a_region_and_its_parallel_state_take_are_told() -> None:
    """There the region alone would take it; here both do where they do not conflict."""
    regions = {
        "p": {"initial": "x", "states": {"x": {"on": {"E": {"actions": "a"}, "F": "x"}}}},
        "q": {"initial": "y", "states": {"y": {}}},
    }
    config = _chart(
        {"both": {"type": "parallel", "states": regions, "on": {"E": "end", "G": "end"}}, "end": {}}, on={"F": {"actions": "b"}}
    )

    assert [
        "E is taken by both or a state around it also where one of its regions takes it",
        "F is taken by both or a state around it also where one of its regions takes it",
    ] == list(from_xstate(config).differs)


def test_all_problems_are_told_at_once_with_their_paths() -> None:
    """Targets, keys, types, guards, delays, events and shapes that are wrong each get a finding of their own."""
    config = {
        "initial": "a",
        "states": {
            "a": {
                "on": {
                    "E": "bb",
                    "F": {"traget": "b"},
                    "G H": "b",
                    "I": 3,
                    "J": {"target": "b", "guard": {"x": 1}},
                    "K": {"target": "b", "guard": "is it?"},
                },
                "after": {"SOMETIME": "b", "-5": "b"},
                "entry": [{"no": "name"}],
            },
            "b": {"type": "finel"},
            "c": {"states": {"d": {}}},
            "e": [],
            "f": {"id": "same"},
            "g": {"id": "same"},
        },
    }
    with pytest.raises(DefinitionError) as caught:
        from_xstate(config)
    # What is wrong with the tree itself is told before anything that needs the tree.
    assert [("states.e", "xstate.shape"), ("states.g", "xstate.duplicate")] == [
        (finding.path, finding.code) for finding in caught.value.findings
    ]
    del config["states"]["e"], config["states"]["g"]
    with pytest.raises(DefinitionError) as caught:
        from_xstate(config)
    found = sorted((finding.path, finding.code.removeprefix("xstate.")) for finding in caught.value.findings)

    assert [
        ("states.a.after.-5", "delay"),
        ("states.a.after.SOMETIME", "delay_name"),
        ("states.a.entry[0]", "action"),
        ("states.a.on", "event"),
        ("states.a.on.E.target", "unknown_state"),
        ("states.a.on.F", "unknown_key"),
        ("states.a.on.I", "shape"),
        ("states.a.on.J.guard", "guard"),
        ("states.a.on.K.guard", "guard_name"),
        ("states.b.type", "value"),
        ("states.c", "no_initial"),
    ] == found
    assert "did you mean 'target'?" in str(caught.value)
    assert all(finding.message("zh") != finding.message("en") for finding in caught.value.findings)


def _deep(levels: int) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for level in range(levels):
        config = {"initial": f"s{level}", "states": {f"s{level}": config}}
    return config


@pytest.mark.parametrize(
    ("config", "kind", "said"),
    [
        ("{", InputError, "no JSON"),
        ("[" * 100_000, InputError, "no JSON"),
        ("[]", InputError, "JSON object"),
        (3, InputError, "JSON object"),
        ("x" * 4_000_001, InputError, "longer than"),
        ({}, DefinitionError, "no states"),
        ({"states": []}, DefinitionError, "a mapping"),
        (_deep(200), DefinitionError, "more than 50 deep"),
        (
            {"initial": "s0", "states": {f"s{number}": {} for number in range(10_001)}},
            DefinitionError,
            "more than 10000|10,000",
        ),
        ({"initial": "a", "states": {"a": {"on": {"E": "#(machine)"}}}}, DefinitionError, "the machine itself"),
    ],
)
def test_hostile_configurations_are_refused(config: Any, kind: type[Exception], said: str) -> None:
    """What is too large, too deep or no configuration at all is refused before it costs anything."""
    with pytest.raises(kind, match=said):
        from_xstate(config)


def test_an_unknown_version_is_refused() -> None:
    """There are versions 4 and 5."""
    with pytest.raises(InputError, match="4 or 5"):
        from_xstate(_chart({"a": {}}), version=3)


def test_what_editors_export_is_unwrapped() -> None:
    """A configuration that lies under `config` or `machine` is found."""
    assert ["a"] == list(from_xstate({"config": _chart({"a": {}})}).machine().states)


@pytest.mark.parametrize(
    ("version", "events"),
    [
        (4, ("done.invoke.load", "error.platform.m.a:invocation[1]")),
        (5, ("xstate.done.actor.load", "xstate.error.actor.1.m.a")),
    ],
)
def test_the_end_of_what_is_invoked_is_an_event(version: int, events: tuple[str, str]) -> None:
    """Otherwise everything behind a call would be out of reach; the host tells when it has ended."""
    invoked = [{"src": "fetch", "id": "load", "onDone": "b"}, {"src": "watch", "onError": {"target": "c", "guard": "bad"}}]
    config = {"id": "m", "initial": "a", "states": {"a": {"invoke": invoked}, "b": {}, "c": {}}}
    parts = from_xstate(config, version=version)

    assert [
        {"event": events[0], "source": "a", "target": "b"},
        {"event": events[1], "source": "a", "target": "c", "when": "bad"},
    ] == [dict(move) for move in parts.transitions]
    assert (f"invoke of a; fire {' or '.join(events)} when it has ended",) == parts.dropped
    flow = servflow.Workflow(**parts.definition("w"))
    assert "b" == flow.fire(flow.open("1", at=AT).ticket, events[0], at=AT).ticket.state


def test_an_event_raised_later_is_not_raised_at_once() -> None:
    """There is no delay in an update, and what an event carries is not carried on."""
    actions = [
        {"type": "xstate.raise", "event": {"type": "GO"}, "delay": 1000},
        {"type": "raise", "event": {"type": "OK", "x": 1}},
    ]
    parts = from_xstate({"initial": "a", "states": {"a": {"on": {"E": {"actions": actions}}}}})

    assert [{"emit": "OK"}] == [dict(action) for action in parts.transitions[0]["do"]]
    assert (
        "the event GO raised after a delay at states.a.on.E.actions",
        "what the event OK carries, raised at states.a.on.E.actions",
    ) == parts.dropped


def test_a_wildcard_beside_a_guarded_event_is_told() -> None:
    """Version 5 asks it only where the state does not name the event; version 4 asks it as a statechart does."""
    on: dict[str, Any] = {"X.y": {"guard": "g"}, "X.*": "b", "Z": "b", "X.z": [], "*": "b"}
    config = {"initial": "a", "states": {"a": {"on": on}, "b": {}}}

    said = from_xstate(config).differs
    assert [f"X.{name} in a is also taken by X.*, * of the same state where no guard of its own holds" for name in "yz"] == [
        line for line in said if "guard" in line
    ]
    assert not [line for line in from_xstate(config, version=4).differs if "guard" in line]


def test_delays_are_numbers_of_milliseconds_as_javascript_writes_them() -> None:
    """A key of JSON is a text, whatever number it was."""
    config = {"initial": "a", "states": {"a": {"after": {"2.5e2": "b", "1e3": "b", "0": "b"}}, "b": {}}}

    timers = from_xstate(config).states["a"]["timers"]
    assert ["250ms", "1s", "0s"] == [timer["after"] for timer in timers]


def test_a_large_chart_with_actions_is_read() -> None:
    """A thousand states that do something on entry and exit, and five thousand transitions; what crosses too much is told."""
    count = 1_000
    states = {
        f"s{index}": {"entry": "in", "exit": "out", "on": {f"E{way}": f"s{(index * 7 + way) % count}" for way in range(5)}}
        for index in range(count)
    }
    parts = from_xstate({"initial": "s0", "states": states})

    assert 5 * count == len(parts.transitions)
    assert all(len(move["do"]) == 2 for move in parts.transitions if "target" in move)
    with pytest.raises(DefinitionError, match=r"cross at most 500,?000 states together"):
        from_xstate({"initial": "s0", "states": states, "on": {f"R{way}": ".s0" for way in range(count)}})
