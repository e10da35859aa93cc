"""Laws of charts that come from other formats and go into them; must not know how those are read."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError, InputError, LimitError
from servflow.integrations.scxml import from_scxml, to_scxml
from servflow.integrations.xstate import from_xstate
from servflow.statemachine import Machine
from tests.laws.test_statemachine_laws import EVENTS, charts
from tests.oracles.scxml_structure import problems

EXAMPLES = 80
LAWS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])

ODD = (
    "on site",
    "1st",
    "_x0020_",
    "a.b",
    "a-b",
    "\"<&>'",
    "待派单",
    "é",
    "a\tb",
    "x:y",
    "]]>",
    "\U0001f600",
    "_",
    "a  b",
    "-",
    "\ufffd",
)
GUARDS = (
    None,
    "x",
    "!x && y",
    "in_state('s0') || amount >= -1.5",
    "name != 'it\\'s \"so\"' && payload.deep.er == null",
    "size(name) > 2",
    "at - opened_at < duration('4h')",
    "a.b.c == true",
    "name in ['p', 'q']",
)


def _machine(definition: dict[str, Any]) -> Machine:
    try:
        return Machine(**definition)
    except DefinitionError:
        assume(False)
        raise


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A definition with its ids changed wherever they stand."""
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


@st.composite
def odd_charts(draw: st.DrawFn) -> dict[str, Any]:
    """Charts whose ids no XML name could be, and whose conditions ECMAScript may not say."""
    definition = draw(charts())
    odd = draw(st.permutations(ODD))
    names = {f"{kind}{number}": odd[number] for number in range(len(odd)) for kind in "s"}
    keep = draw(st.booleans())
    for move in definition["transitions"]:
        move["when"] = draw(st.sampled_from(GUARDS))
    if keep:
        return definition
    made: dict[str, Any] = _renamed(definition, names)
    return made


@LAWS
@given(odd_charts())
def test_a_machine_comes_back_from_its_plain_data(definition: dict[str, Any]) -> None:
    """`to_data` is JSON-ready and makes an equal machine, whose data is the same again."""
    machine = _machine(definition)
    data = machine.to_data()

    assert machine == Machine(**json.loads(json.dumps(data)))
    assert data == Machine(**data).to_data()


@LAWS
@given(odd_charts())
def test_a_machine_comes_back_from_its_scxml(definition: dict[str, Any]) -> None:
    """Whatever a machine is, it is equal to what is read from the document it was written to, as text and as bytes."""
    machine = _machine(definition)
    text = to_scxml(machine)

    assert machine == from_scxml(text).machine() == from_scxml(text.encode()).machine()
    assert text == to_scxml(from_scxml(text).machine())
    assert from_scxml(text) == from_scxml(to_scxml(from_scxml(text)))


@LAWS
@given(odd_charts())
def test_what_is_written_has_the_structure_of_scxml(definition: dict[str, Any]) -> None:
    """Every element and attribute stands where the schema of the Recommendation has it."""
    assert [] == problems(to_scxml(_machine(definition), name="a chart"))


def _stripped(text: str) -> str:
    """A document as a tool sees it that passes over another namespace."""
    return re.sub(r'<servflow:\w+[^>]*/>| (?:xmlns:)?servflow(?::\w+)?="[^"]*"', "", text)


@LAWS
@given(charts(), st.lists(st.sampled_from([*EVENTS, "nobody"]), max_size=6))
def test_other_tools_read_the_same_behaviour(definition: dict[str, Any], events: list[str]) -> None:
    """Without what is ours, the chart still goes where the machine goes; what SCXML cannot say is left out of this law."""
    definition["transitions"] = [{**move, "when": None} for move in definition["transitions"]]
    machine = _machine(definition)
    finals = {name for name, node in machine.states.items() if node.kind == "final"}
    parallels = [node for node in machine.states.values() if node.kind == "parallel" and node.entry]
    sources = {source for move in definition["transitions"] for source in [move["source"]] if isinstance(source, str)}
    assume(not parallels and not sources & finals)
    assume(all(isinstance(move["source"], str) for move in definition["transitions"]))
    other = from_scxml(_stripped(to_scxml(machine))).machine()
    ours, theirs = _run(machine, None), _run(other, None)
    assert ours.configuration == theirs.configuration
    for event in events:
        if machine.states[ours.configuration[0]].kind == "final" and machine.states[ours.configuration[0]].parent is None:
            return  # there an SCXML session has ended
        ours, theirs = _run(machine, ours, event), _run(other, theirs, event)

        assert (ours.configuration, ours.exited, ours.entered) == (theirs.configuration, theirs.exited, theirs.entered)


def _run(machine: Machine, step: Any, event: str = "") -> Any:
    try:
        return machine.start() if step is None else machine.step(step.state, event)
    except LimitError:  # a chart that never rests tells nothing about where it goes
        assume(False)


PIECES = (
    "<scxml>",
    '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" initial="a">',
    "</scxml>",
    '<state id="a">',
    '<state id="b" initial="a">',
    "<state>",
    "</state>",
    "<parallel>",
    "</parallel>",
    '<final id="f"/>',
    '<history id="h" type="deep"><transition target="a"/></history>',
    '<transition event="e" target="a" cond="x"/>',
    "<transition/>",
    "<onentry>",
    "</onentry>",
    '<send event="e" delay="5s"/>',
    "<initial>",
    "</initial>",
    "<!DOCTYPE scxml>",
    "&amp;",
    "&lol;",
    "]]>",
    "<!--",
    "-->",
    "<?x y?>",
    "\x00",
    "\ud800",
)


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=40), st.binary(max_size=40)))
def test_strange_documents_are_refused_by_our_own_errors(text: str | bytes) -> None:
    """Whatever is given is read or refused; nothing else comes out."""
    with contextlib.suppress(InputError, DefinitionError):
        from_scxml(text).machine()


def _as_xstate(definition: dict[str, Any]) -> dict[str, Any]:
    """The same chart as XState writes it, every target by id and every transition saying whether it reenters."""

    def node(name: str, spec: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"id": name}
        if spec.get("history"):
            made |= {"type": "history", "history": spec["history"]}
            if spec.get("default"):
                made["target"] = f"#{spec['default']}"
            return made
        if spec.get("final"):
            made["type"] = "final"
        inner = spec.get("states") or {}
        if inner:
            made["states"] = {child: node(child, below) for child, below in inner.items()}
            if spec.get("parallel"):
                made["type"] = "parallel"
            else:
                first = next(child for child, below in inner.items() if "history" not in below)
                made["initial"] = spec.get("initial") or first
        on: dict[str, list[dict[str, Any]]] = {}
        for move in definition["transitions"]:
            if move["source"] == name:
                given: dict[str, Any] = {"reenter": not move["internal"]}
                if move["target"]:
                    given["target"] = [f"#{target}" for target in _listed(move["target"])]
                if move["when"]:
                    given["guard"] = move["when"]
                on.setdefault(move["event"], []).append(given)
        return {**made, "on": on} if on else made

    made = node("(machine)", {"states": definition["states"], "initial": definition["initial"]})
    on = [move for move in definition["transitions"] if move["source"] == "*"]
    for move in on:
        given = {"target": [f"#{target}" for target in _listed(move["target"])]} if move["target"] else {}
        made.setdefault("on", {}).setdefault(move["event"], []).append(
            {**given, "reenter": True, **({"guard": move["when"]} if move["when"] else {})}
        )
    return made


def _straight(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart in which every state starts in one of its own, since XState knows no other way."""
    made = {**spec, "states": {name: _straight(inner) for name, inner in (spec.get("states") or {}).items()}}
    if made.get("initial") not in made["states"] or "history" in made["states"][made["initial"]]:
        made["initial"] = None
    if not made["states"]:
        del made["states"]
    return made


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@LAWS
@given(charts(), st.lists(st.tuples(st.sampled_from("efg"), st.booleans()), max_size=6))
def test_a_configuration_of_xstate_goes_where_the_chart_goes(
    definition: dict[str, Any], events: list[tuple[str, bool]]
) -> None:
    """A chart written for XState, with every kind of state and transition the two share, is the same machine here."""
    definition = _straight(definition)
    moves = []
    for move in definition["transitions"]:
        source = _listed(move["source"])[0]
        event = str(move["event"]).split()[0] if str(move["event"])[0] in "efg" else "e"
        compound = definition["initial"] is not None and source != "*"
        when = move["when"] if move["when"] in (None, "x") else "y"
        # Where a source is parallel or stands among its own targets the two mean different things by internal.
        internal = move["internal"] and compound and source not in _listed(move["target"])
        moves.append({**move, "source": source, "event": event.removesuffix(".*"), "internal": internal, "when": when})
    definition = {**definition, "transitions": moves}
    machine = _machine(definition)
    kinds = {name: node.kind for name, node in machine.states.items()}
    assume(all(not move["internal"] or kinds[move["source"]] == "compound" for move in moves))
    other = from_xstate(json.dumps(_as_xstate(definition)), version=5).machine()
    ours, theirs = _run(machine, None), _run(other, None)
    assert ours.configuration == theirs.configuration
    for event, x in events:
        data = {"x": x, "y": not x}
        ours, theirs = machine.step(ours.state, event, data), other.step(theirs.state, event, data)

        assert (ours.configuration, ours.exited, ours.entered) == (theirs.configuration, theirs.exited, theirs.entered)


WORDS = st.sampled_from(
    [
        "a",
        "b",
        "#a",
        ".b",
        "initial",
        "states",
        "on",
        "always",
        "target",
        "type",
        "parallel",
        "final",
        "history",
        "after",
        "100",
        "guard",
        "*",
        "",
        "x y",
    ]
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(JSON, st.dictionaries(WORDS, st.dictionaries(WORDS, JSON, max_size=3), max_size=3))
def test_strange_configurations_are_refused_by_our_own_errors(config: Any, states: Any) -> None:
    """Whatever is given is read or refused; nothing else comes out."""
    for given_ in (config, {"initial": "a", "states": states}):
        with contextlib.suppress(InputError, DefinitionError):
            from_xstate(given_).machine()
