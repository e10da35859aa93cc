"""Knows how workflows are written, compared and refused; must not know what they do."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.dispatch import Policy
from servflow.engine import EventSpec, Extensions, State, Timer, Transition, Workflow
from servflow.errors import DefinitionError
from servflow.escalation import Chain
from servflow.expressions import Function
from servflow.model import Action, Field
from servflow.rules import DecisionTable, Rule
from servflow.sla import Clock
from tests.unit.engine.flows import Case, flow, move

WRITTEN: dict[str, Any] = {
    "servflow": 1,
    "workflow": "repair",
    "version": 2,
    "title": "Repair",
    "fields": {
        "kind": {"type": "string", "one_of": ["washer", "fridge"], "default": "washer"},
        "n": "int",
        "sum": {"type": "decimal", "default": "0"},
    },
    "roles": ["clerk", "engineer"],
    "queues": ["care"],
    "events": {"ticket.update": {"allow": ["clerk"]}},
    "calendars": {
        "office": {"zone": "Asia/Shanghai", "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, "holidays": ["2026-10-01"]}
    },
    "initial": "new",
    "states": {
        "new": {"timers": [{"after": "14d", "event": "close"}]},
        "work": {"checklist": ["look", "mend"], "ordered": True},
        "closed": {"closed": True},
    },
    "transitions": [
        {"event": "assigned.person", "source": "new", "target": "work", "allow": ["system"]},
        {
            "event": "close",
            "source": ["new", "work"],
            "target": "closed",
            "when": "checklist.complete && payload.sum > 0",
            "allow": ["system", "clerk", {"manager_of": "assignee"}],
            "not_by": "ticket.update",
            "payload": {"sum": {"type": "int", "default": 1}},
            "do": [{"set": {"sum": "table.fee.total"}}, {"notify": {"to": "customer", "template": "bye"}}],
        },
    ],
    "tables": {
        "fee": {
            "hit": "first",
            "inputs": ["kind"],
            "outputs": {"total": "decimal"},
            "rows": [['"washer"', '"12.50"'], ["-", '"0"']],
        }
    },
    "rules": [{"name": "big", "when": "n > 5", "then": [{"set": {"priority": "1"}}, {"queue": "care"}], "overwrite": True}],
    "dispatch": [
        {
            "name": "person",
            "state": "new",
            "require": [{"skill": "kind"}],
            "prefer": [[{"term": "load", "weight": -1}]],
            "mode": "offer",
            "offer": {"timeout": "10m"},
        }
    ],
    "clocks": [{"name": "answer", "within": "4h", "calendar": "office", "until": "work", "warn": ["80%"]}],
    "escalations": [
        {
            "name": "late",
            "start": {"clock": "answer"},
            "levels": [{"name": "one", "do": [{"notify": {"to": "owner", "template": "late"}}]}],
        }
    ],
}

BUILT = Workflow(
    workflow="repair",
    version=2,
    title="Repair",
    fields={
        "kind": Field("string", one_of=("washer", "fridge"), default="washer"),
        "n": Field("int"),
        "sum": Field("decimal", default="0"),
    },
    roles=("clerk", "engineer"),
    queues=("care",),
    events={"ticket.update": EventSpec(allow="clerk")},
    calendars={
        "office": Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]}, holidays=["2026-10-01"])
    },
    initial="new",
    states={
        "new": State(timers=[Timer(after="14d", event="close")]),
        "work": State(checklist=["look", "mend"], ordered=True),
        "closed": State(closed=True),
    },
    transitions=[
        Transition(event="assigned.person", source="new", target="work", allow="system"),
        Transition(
            event="close",
            source=["new", "work"],
            target="closed",
            when="checklist.complete && payload.sum > 0",
            allow=["system", "clerk", {"manager_of": "assignee"}],
            not_by="ticket.update",
            payload={"sum": Field("int", default=1)},
            do=[Action("set", {"sum": "table.fee.total"}), {"notify": {"to": "customer", "template": "bye"}}],
        ),
    ],
    tables={
        "fee": DecisionTable(
            name="fee", hit="first", inputs=["kind"], outputs={"total": "decimal"}, rows=[['"washer"', '"12.50"'], ["-", '"0"']]
        )
    },
    rules=[Rule(name="big", when="n > 5", then=[{"set": {"priority": "1"}}, {"queue": "care"}], overwrite=True)],
    dispatch=[
        Policy(
            name="person",
            state="new",
            require=[{"skill": "kind"}],
            prefer=[[{"term": "load", "weight": -1}]],
            mode="offer",
            offer={"timeout": "10m"},
        )
    ],
    clocks=[Clock(name="answer", within="4h", calendar="office", until="work", warn=["80%"])],
    escalations=[
        Chain(
            name="late",
            start={"clock": "answer"},
            levels=[{"name": "one", "do": [{"notify": {"to": "owner", "template": "late"}}]}],
        )
    ],
)


def test_values_and_data_make_equal_workflows() -> None:
    """A workflow of plain data equals one of the library's values, and so do their hashes."""
    written = Workflow(**WRITTEN)

    assert BUILT == written
    assert (BUILT.hash, hash(BUILT), BUILT.calendars_hash) == (written.hash, hash(written), written.calendars_hash)


def test_the_canonical_data_reads_back_equal() -> None:
    """to_data gives JSON-ready data that makes an equal workflow."""
    assert BUILT == Workflow(**BUILT.to_data())
    assert BUILT.to_data() == Workflow(**BUILT.to_data()).to_data()


def test_a_workflow_survives_pickle() -> None:
    """A workflow can be sent to another process, host calendars and all."""
    workflow = flow(
        host_calendars={"ours": Calendar(zone="UTC", week={"mon": ["09:00-17:00"]})},
        clocks=[{"name": "k", "within": "1h", "calendar": "ours"}],
    )

    again = pickle.loads(pickle.dumps(workflow))

    assert workflow == again
    assert workflow.hash == again.hash
    assert BUILT == pickle.loads(pickle.dumps(BUILT))


def test_every_part_of_the_definition_counts_for_the_hash() -> None:
    """A change anywhere but in a calendar changes the hash; a calendar has its own."""
    for key, value in (("version", 3), ("roles", ["clerk", "engineer", "boss"]), ("rules", []), ("title", "x")):
        assert BUILT.hash != Workflow(**{**WRITTEN, key: value}).hash
    other = {**WRITTEN, "calendars": {"office": {**WRITTEN["calendars"]["office"], "holidays": ["2026-10-02"]}}}

    assert BUILT.hash == Workflow(**other).hash
    assert BUILT.calendars_hash != Workflow(**other).calendars_hash
    assert BUILT != Workflow(**other)


def test_hash_and_errors_do_not_depend_on_the_hash_seed() -> None:
    """Another process with another hash seed computes the same hash and the same sentences."""
    program = (
        "from servflow.engine import Workflow\n"
        "from servflow.errors import DefinitionError\n"
        "parts = dict(workflow='w', initial='a', states={'a': {'timers': [{'after': '1h', 'event': 'gp'}]}, 'b': {}},"
        " transitions=[{'event': 'go', 'source': 'a', 'target': 'b'}])\n"
        "try:\n    Workflow(**parts)\nexcept DefinitionError as error:\n    print(error)\n"
        "parts['states'] = {'a': {}, 'b': {}}\n"
        "print(Workflow(**parts).hash)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert 1 == len(said), said


def test_small_spellings_are_one_definition() -> None:
    """One name or a list of one, a bare type or its mapping, order of keys: the same workflow."""
    one = flow(fields={"n": "int"}, transitions=[move(allow="system")], roles="clerk")
    two = flow(
        fields={"n": {"type": "int"}},
        transitions=[{"target": ["b"], "source": ["a"], "event": "go", "allow": ["system"]}],
        roles=["clerk"],
    )

    assert one == two


def test_all_problems_are_told_at_once_with_their_paths() -> None:
    """A definition with something wrong in every section is refused once, with every problem at its place."""
    wrong: dict[str, Any] = {
        "workflow": "",
        "version": 0,
        "fields": {"at": "string", "n": {"type": "integer"}, "m": {"type": "int", "default": "x"}, "k": {"typ": "int"}},
        "roles": ["clerk"],
        "queues": ["care"],
        "events": {"ticket.updat": {}, "ticket.assign": {"allow": ["clrk"]}},
        "calendars": {"office": {"zone": "Mars/Olympus", "week": {"mon": ["09:00-17:00"]}}},
        "initial": "nwe",
        "states": {"new": {"timers": [{"after": "soon", "event": "go"}]}, "done": {"closd": True}},
        "transitions": [
            {"event": "go", "source": "new", "target": "dnoe", "when": "priorty == 1", "allow": ["clrk"]},
            {"event": "go", "target": "done"},
            {"event": "x", "source": "new", "do": [{"queue": "car"}], "not_by": "gone", "allow": ["system"]},
        ],
        "tables": {"fee": {"hit": "frist", "inputs": ["n"], "outputs": {"m": "int"}, "rows": []}},
        "rules": [{"name": "r", "when": "n >"}],
        "dispatch": [{"name": "d", "state": "nwe"}],
        "clocks": [{"name": "k", "within": "4h", "until": "dnoe"}],
        "escalations": [
            {
                "name": "c",
                "start": {"clock": "kk"},
                "levels": [{"name": "one", "do": [{"notify": {"to": "ownr", "template": "t"}}]}],
            }
        ],
    }

    with pytest.raises(DefinitionError) as caught:
        Workflow(**wrong)

    places = {finding.path for finding in caught.value.findings}
    for place in (
        "workflow",
        "version",
        "fields.at",
        "fields.n",
        "fields.m",
        "fields.k",
        "events.ticket.assign.allow",
        "calendars.office",
        "initial",
        "states.new.timers[0]",
        "states.done.closd",
        "transitions[0].target",
        "transitions[0].when",
        "transitions[0].allow",
        "transitions[1].source",
        "transitions[2].do[0].queue",
        "tables.fee",
        "rules[0]",
        "dispatch[0].state",
        "clocks[0]",
        "escalations[0].start.clock",
        "escalations[0].levels[0].do[0].notify.to",
    ):
        assert any(found.startswith(place) for found in places), (place, sorted(places))


def test_findings_read_as_sentences_in_both_languages() -> None:
    """Each finding has a sentence in English and Chinese, and a misspelt name comes with the one meant."""
    with pytest.raises(DefinitionError) as caught:
        flow(transitions=[move(target="bb", when="priorty == 1")], clocks=[{"name": "k", "within": "1h", "calendar": "x"}])

    for finding in caught.value.findings:
        assert finding.message() != finding.code
        assert finding.message("zh") != finding.message("en")
    assert "did you mean 'priority'" in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"clocks": [{"name": "k", "within": "1h"}, {"name": "k", "within": "2h"}]}, "clocks[1].name"),
        ({"rules": [{"name": "r", "then": []}, {"name": "r", "then": []}]}, "rules[1].name"),
        ({"dispatch": [{"name": "d", "state": "a"}, {"name": "d", "state": "b"}]}, "dispatch[1].name"),
        ({"escalations": [{"name": "c", "start": {"event": "x"}, "levels": [{"name": "l"}]}] * 2}, "escalations[1].name"),
    ],
)
def test_names_are_used_once(parts: dict[str, Any], path: str) -> None:
    """Two elements of one section cannot share a name."""
    with pytest.raises(DefinitionError) as caught:
        flow(**parts)

    assert path in [finding.path for finding in caught.value.findings]


def test_one_duplicate_hides_no_other_problem() -> None:
    """A name used twice does not keep other problems from being told."""
    with pytest.raises(DefinitionError) as caught:
        flow(
            rules=[{"name": "r", "then": []}, {"name": "r", "then": []}],
            clocks=[{"name": "k", "within": "1h"}, {"name": "k", "within": "1h"}],
        )

    assert {"rules[1].name", "clocks[1].name"} <= {finding.path for finding in caught.value.findings}


@pytest.mark.parametrize(
    "name",
    ["payload", "actor", "at", "opened_at", "entered_at", "closed_at", "priority", "assignee", "checklist", "clock", "table"],
)
def test_some_names_are_taken(name: str) -> None:
    """No field may take the name of something every condition reads."""
    with pytest.raises(DefinitionError) as caught:
        flow(fields={name: "string"})

    assert ["field.reserved"] == [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize("name", ["two words", "", "1st", "a-b"])
def test_a_field_has_a_name_that_conditions_can_read(name: str) -> None:
    """A field's name is a word."""
    with pytest.raises(DefinitionError):
        flow(fields={name: "string"})


@pytest.mark.parametrize(
    "parts",
    [
        {"rules": [{"name": "r", "when": "at > opened_at", "then": []}]},
        {"rules": [{"name": "r", "then": {"set": {"priority": "at > opened_at ? 1 : 2"}}}]},
        {"rules": [{"name": "r", "when": "clock.k.breached", "then": []}], "clocks": [{"name": "k", "within": "1h"}]},
        {"transitions": [move(None, when="at > opened_at")]},
        {"clocks": [{"name": "k", "within": [{"when": "at > opened_at", "take": "1h"}]}]},
    ],
)
def test_what_nobody_fires_may_not_read_time(parts: dict[str, Any]) -> None:
    """Rules, eventless transitions and targets that read time are refused with the advice to use a mark or a timer."""
    with pytest.raises(DefinitionError) as caught:
        flow(**parts)

    [finding] = caught.value.findings
    assert "expression.time" == finding.code
    assert "timer" in finding.text()


@pytest.mark.parametrize(
    "parts",
    [
        {"transitions": [move(when="priority")]},
        {"transitions": [move(when="'x'")]},
        {"clocks": [{"name": "k", "within": [{"when": "priority", "take": "1h"}]}]},
        {"dispatch": [{"name": "d", "state": "a", "when": "priority"}]},
        {"rules": [{"name": "r", "when": "priority", "then": []}]},
    ],
)
def test_a_condition_is_true_or_false(parts: dict[str, Any]) -> None:
    """Something that is no condition is refused where one is wanted."""
    with pytest.raises(DefinitionError):
        flow(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"states": {"a": {"timers": [{"after": "1h", "event": "nosuch"}]}, "b": {}, "z": {}}},
        {"states": {"a": {"timers": [{"after": "1h", "event": "back"}]}, "b": {}, "z": {}}},
        {"states": {"a": {"timers": [{"after": "1h", "event": "go", "calendar": "x"}]}, "b": {}, "z": {}}},
        {"states": {"a": {"timers": [{"after": "2 business days", "event": "go"}]}, "b": {}, "z": {}}},
        {"states": {"a": {"timers": [{"event": "go"}]}, "b": {}, "z": {}}},
    ],
)
def test_a_timer_that_cannot_work_is_refused(parts: dict[str, Any]) -> None:
    """A timer needs a length of time, a calendar that exists and an event that is heard in its state."""
    with pytest.raises(DefinitionError) as caught:
        flow(**parts)

    assert all(finding.path.startswith("states.a.timers[0]") for finding in caught.value.findings)


def test_a_timer_may_fire_an_event_that_a_wildcard_takes() -> None:
    """An event taken by a descriptor with a star is heard."""
    case = Case(flow(states={"a": {"timers": [{"after": "1h", "event": "auto.close"}]}, "b": {}}, transitions=[move("auto.*")]))

    assert "b" == case.until(61).ticket.state


@pytest.mark.parametrize(
    "parts",
    [
        {"fields": ["n"]},
        {"fields": {"n": ["int"]}},
        {"fields": {"n": {"type": ["int"]}}},
        {"roles": 5},
        {"queues": [5]},
        {"states": "a"},
        {"states": {}},
        {"transitions": {"event": "go"}},
        {"transitions": [5]},
        {"transitions": [{"event": 5, "source": "a"}]},
        {"transitions": [{"event": ["go"], "source": "a"}]},
        {"tables": {"t": 5}},
        {"rules": "r"},
        {"clocks": [None]},
        {"escalations": [[]]},
        {"dispatch": [{}]},
        {"events": {"ticket.update": {"allow": 5}}},
        {"calendars": {"c": 5}},
        {"servflow": 2},
        {"version": True},
        {"workflow": None},
    ],
)
def test_whatever_a_document_holds_is_told_as_findings(parts: dict[str, Any]) -> None:
    """A section of another shape is refused with findings, never with an error of Python's own."""
    with pytest.raises(DefinitionError):
        flow(**parts)


def test_a_function_nobody_registered_is_refused() -> None:
    """A condition may call only functions that were registered."""
    spec: dict[str, Any] = {"fields": {"n": "int"}, "transitions": [move(when="big(n)")]}

    with pytest.raises(DefinitionError):
        flow(**spec)
    big = Function("big", ("int",), "bool", lambda value: value > 5)
    case = Case(flow(**spec, extensions=Extensions(functions={"big": big})), {"n": 6})

    assert "b" == case.fire("go").ticket.state


def test_too_many_elements_are_refused() -> None:
    """A section has a bound, so that no document can fill the memory."""
    with pytest.raises(DefinitionError) as caught:
        flow(fields={f"f{number}": "int" for number in range(10_001)})

    assert "definition.too_many" in [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("states", "code", "path"),
    [
        (
            {"w": {"states": {"in": {}, "h": {"history": "deep", "checklist": ["s"]}}}},
            "state.history_part",
            "w.states.h.checklist",
        ),
        ({"w": {"states": {"in": {}, "h": {"history": "deep", "closed": True}}}}, "state.history_part", "w.states.h.closed"),
        (
            {"w": {"states": {"in": {"timers": [{"after": "1h", "event": "gone"}]}}}},
            "name.unknown",
            "w.states.in.timers[0].event",
        ),
        ({"a": {"checklist": [{"step": "s", "within": "1h"}]}}, "name.twice", "a.checklist[0]"),
        ({"z": {"closed": True, "reopen": {"target": "a", "within": "0h"}}}, "reopen.zero", "z.reopen.within"),
    ],
)
def test_what_a_state_says_wrongly_is_told_where_it_stands(states: dict[str, Any], code: str, path: str) -> None:
    """What is said of a history state, a timer deep inside, a promise whose name is taken, and a window of no time."""
    with pytest.raises(DefinitionError) as caught:
        flow(states={"a": {}, "b": {}, "z": {"closed": True}, **states}, clocks=[{"name": "step.a.s", "within": "1h"}])

    assert (code, f"states.{path}") in [(finding.code, finding.path) for finding in caught.value.findings]


@pytest.mark.parametrize("payload", [["a"], "x", {"a": "strin"}, {"a": {"type": "strin"}}, {"a": {"typ": "int"}}, {"a": 3}])
def test_a_bad_payload_is_told_where_it_stands(payload: Any) -> None:
    """What is wrong with declared payload types is found under the transition's payload."""
    with pytest.raises(DefinitionError) as caught:
        flow(transitions=[{"event": "go", "source": "a", "payload": payload}])

    [finding] = caught.value.findings
    assert finding.path.startswith("transitions[0].payload")
    assert "attribute" not in finding.text()


@pytest.mark.parametrize("part", ["roles", "queues"])
def test_a_name_declared_twice_is_told(part: str) -> None:
    """A role or a queue that stands there twice is a slip of the pen for another one."""
    with pytest.raises(DefinitionError) as caught:
        flow(**{part: ["clerk", "boss", "clerk"]}, transitions=[{"event": "go", "source": "a", "allow": "clerk"}])

    assert ("name.twice", f"{part}[2]") in [(finding.code, finding.path) for finding in caught.value.findings]


def test_a_mark_at_a_type_is_told_how_it_is_written() -> None:
    """Options write what may be left out as ``list?``; whoever writes that into a definition is told the form that loads."""
    with pytest.raises(DefinitionError) as caught:
        flow(fields={"photos": "list?"})

    assert "did you mean 'list'?" in caught.value.message
    assert "{type: string, optional: true}" in caught.value.message
    assert "{type: string, optional: true}" in DefinitionError.of(caught.value.findings, "zh").message
    assert flow(fields={"photos": {"type": "list", "optional": True}}).fields["photos"].optional
