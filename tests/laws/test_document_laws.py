"""Laws of documents: nothing else escapes, and writing is the inverse of reading."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import servflow.documents
from servflow.documents import load, save
from servflow.documents._json import read_json
from servflow.documents._source import read_document
from servflow.documents._tree import find, joined
from servflow.documents._yaml import read_yaml
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Finding

EXAMPLES = [
    read_document(Path(servflow.documents.__file__).parent / "templates" / "appliance_repair.yaml").data,
    read_document(Path(__file__).parents[1] / "unit" / "documents" / "everything.yaml").data,
]

WORDS = st.sampled_from(
    [
        "",
        "a",
        "new",
        "close",
        "4h",
        "3d",
        "2 business days",
        "50%",
        "assignee",
        "clerk",
        "tier == 'gold'",
        "at > opened_at",
        "1 +",
        "-",
        "UTC",
        "mon",
        "09:00-17:00",
        "2026-10-01",
        "*",
        "first",
        "int",
        "list",
        "\x00",
        "no",
        "中",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 10) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
KEYS = st.sampled_from(
    [
        "workflow",
        "states",
        "fields",
        "transitions",
        "event",
        "source",
        "target",
        "when",
        "do",
        "then",
        "name",
        "within",
        "calendar",
        "levels",
        "start",
        "until",
        "timers",
        "after",
        "set",
        "notify",
        "to",
        "require",
        "rows",
        "inputs",
        "outputs",
        "type",
        "x",
    ]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
TEXTS = st.text(max_size=200) | st.text(alphabet="ab:-?[]{},&*!|>'\"%@` \n\t#~<.\\u1", max_size=80)


def steps(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value in a tree."""
    found: list[tuple[Any, ...]] = []
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting:
        way, item = waiting.pop()
        pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        for key, inner in pairs:
            found.append((*way, key))
            waiting.append(((*way, key), inner))
    return sorted(found, key=repr)


WAYS = [steps(example) for example in EXAMPLES]


@st.composite
def broken_examples(draw: st.DrawFn) -> dict[str, Any]:
    """An example of which up to three places were removed or overwritten with anything."""
    number = draw(st.integers(0, len(EXAMPLES) - 1))
    data: dict[str, Any] = copy.deepcopy(EXAMPLES[number])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(WAYS[number]))
        holder: Any = data
        try:
            for step in way:
                holder = holder[step]
            holder[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
        if isinstance(holder, (dict, list)):
            if draw(st.booleans()):
                del holder[last]
            else:
                holder[last] = draw(VALUES)
    return data


def problems(source: Any) -> list[Finding]:
    """What is wrong with a definition, nothing where it loads; anything else gets out and fails the test."""
    try:
        load(source)
    except DefinitionError as error:
        return list(error.findings) or [Finding("nothing")]
    return []


@settings(deadline=None)
@given(TEXTS)
def test_no_text_raises_anything_but_a_definition_error(text: str) -> None:
    """Whatever a file holds, the answer is a workflow or its problems."""
    assert all(finding.text("zh") for finding in problems("workflow: w\n" + text))


@settings(deadline=None)
@given(VALUES.filter(lambda value: isinstance(value, dict)))
def test_no_mapping_raises_anything_but_a_definition_error(data: dict[str, Any]) -> None:
    """Whatever a host passes on, the answer is a workflow or its problems."""
    for source in (data, {"workflow": "w", "states": {"a": {}}, **data}):
        assert all(finding.text("en") != finding.text("zh") for finding in problems(source))


@settings(max_examples=60, deadline=None)
@given(broken_examples())
def test_a_broken_example_is_told_or_loads_and_saves_equal(data: dict[str, Any]) -> None:
    """A definition with something changed is refused with findings, or loads, saves and loads equal."""
    if not problems(data):
        workflow = load(data)

        assert workflow == load(save(workflow)) == load(json.dumps(data)) == Workflow(**data)


@settings(max_examples=40, deadline=None)
@given(broken_examples())
def test_text_and_mapping_have_the_same_problems(data: dict[str, Any]) -> None:
    """The source changes lines and order, never what is wrong."""
    one, other = ([(found.code, found.path) for found in problems(source)] for source in (data, json.dumps(data)))

    assert sorted(one) == sorted(other)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_every_value_of_a_json_text_has_a_place(data: dict[str, Any]) -> None:
    """JSON is read as the standard library reads it, and each value is found where it stands."""
    text = json.dumps(data, indent=1)
    built = read_json(text)

    assert data == built.data
    for way in steps(data):
        place = built.place
        for step in way:
            assert place is not None
            place = place.inner[step]
        assert place is not None
        line = text.splitlines()[place.line - 1]
        expected = json.dumps(way[-1]) if isinstance(way[-1], str) else None
        assert expected is None or line[place.column - 1 :].startswith(expected)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_json_is_yaml(data: dict[str, Any]) -> None:
    """A JSON text read as YAML gives the same data, and the same places lead to it."""
    text = json.dumps(data, indent=1)
    as_yaml, as_json = read_yaml(text), read_json(text)

    assert as_json.data == as_yaml.data
    for way in steps(data):
        path = ""
        for step in way:
            path = joined(path, step)
        one, other = find(as_yaml.place, path), find(as_json.place, path)
        assert one is not None
        assert other is not None
        assert (one.line, one.column) == (other.line, other.column)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_the_place_of_any_path_is_the_nearest_around_it(tail: str) -> None:
    """A path that leads nowhere is shown at what stands around it."""
    built = read_yaml("workflow: w\nstates:\n  a:\n    timers: [1]\n")
    place = find(built.place, f"states.a.timers[0].{tail}")

    assert place is not None
    assert 4 == place.line
