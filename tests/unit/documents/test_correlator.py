"""Documents of correlators: read, checked, written, and told apart from workflows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

import servflow
import servflow.documents
from servflow.correlation import Correlator
from servflow.documents import definition, load, load_correlator, load_definition, save, schema
from servflow.documents._models_correlation import CorrelatorModel
from servflow.engine import Extensions
from servflow.errors import DefinitionError, InputError
from servflow.expressions import Function

TEMPLATES = sorted(
    path
    for path in (Path(servflow.documents.__file__).parent / "templates").glob("*.yaml")
    if "\ncorrelator:" in path.read_text()
)

WRONG = """
correlator: bad/name
keey: customer
find: countt
count: three
within: 2 business days
when: kind == "Opend"
do:
  - opne: care
  - send: {evnt: a}
"""


def found(source: Any, lang: str = "en") -> DefinitionError:
    """What is wrong with a document."""
    with pytest.raises(DefinitionError) as caught:
        load_correlator(source, lang=lang)
    return caught.value


def test_every_problem_is_told_at_once() -> None:
    """Shape and meaning, each with its line, in the order of the lines; what was missed is told once."""
    assert [
        (2, "correlator", "correlation.name"),
        (2, "key", "document.missing"),
        (3, "keey", "document.unknown_key"),
        (4, "find", "correlation.option"),
        (5, "count", "document.type"),
        (6, "within", "correlation.business"),
        (7, "when", "expression.invalid"),
        (9, "do[0].opne", "document.unknown_key"),
        (10, "do[1].send.event", "document.missing"),
        (10, "do[1].send.evnt", "document.unknown_key"),
    ] == sorted((one.line or 0, one.path, one.code) for one in found(WRONG).findings)


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", ["did you mean 'key'?", "did you mean 'count'?", "did you mean 'open'?"]), ("zh", ["是否想写“key”"])],
)
def test_problems_are_told_with_advice_in_both_languages(lang: str, said: list[str]) -> None:
    """A misspelt key or word is answered with the one that was probably meant."""
    text = str(found(WRONG, lang))

    assert [] == [one for one in said if one not in text]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_correlator_is_written_and_read_again(path: Path) -> None:
    """As YAML, as JSON and as what a store keeps it is an equal definition under the same hash."""
    made = load_correlator(path)
    again = [load_correlator(save(made)), load_correlator(json.dumps(servflow.dump(made))), definition(made.to_data())]

    assert 3 <= len(TEMPLATES)
    assert [made] * 3 == again
    assert [made.hash] * 3 == [one.hash for one in again]


def test_a_document_says_what_it_defines() -> None:
    """Whoever reads any definition gets a workflow or a correlator; a workflow's reader refuses a correlator."""
    small = "workflow: w\nstates: {a: {}}"

    assert isinstance(load_definition(TEMPLATES[0]), Correlator)
    assert load(small) == load_definition(small) == definition(load(small).to_data())
    with pytest.raises(DefinitionError, match="workflow"):
        load(TEMPLATES[0])


def test_the_host_s_functions_are_given() -> None:
    """A function that expressions name is the host's; without it the document is refused."""
    text = "{correlator: c, key: region(customer), within: 1h, count: 2}"
    host = Extensions(functions=[Function("region", ["string"], "string", lambda name: name[:1])])

    assert "c" == load_correlator(text, host).name
    assert ["key"] == [one.path for one in found(text).findings]


@pytest.mark.parametrize(
    "source", ["servflow: 2\ncorrelator: c\nkey: customer\nwithin: 1h\ncount: 2", {"servflow": 2}, "- 1", "{"]
)
def test_what_is_no_such_document_is_refused(source: Any) -> None:
    """Another format, something else than a mapping, and what is neither YAML nor JSON are findings too."""
    assert found(source).findings


def test_the_schema_has_the_words_of_a_correlator() -> None:
    """The schema names itself, knows every parameter under its own name, and speaks both languages."""
    made = schema("correlator")
    taken = {attribute.alias for attribute in attrs.fields(Correlator) if attribute.init} - {"functions", "name"}
    properties: Any = made["properties"]

    assert "urn:servflow:schema:correlator:1" == made["$id"]
    assert {*taken, "servflow", "correlator"} == set(properties) == set(CorrelatorModel.model_fields)
    assert [] == [name for name, part in properties.items() if not part.get("description")]
    with pytest.raises(InputError, match="not of 'ticket'"):
        schema("ticket")


@pytest.mark.parametrize("deep", ["[" * 70 + "]" * 70, "{a: " * 70 + "1" + "}" * 70])
def test_a_hostile_document_is_refused(deep: str) -> None:
    """What is nested without end is a finding, as in every document."""
    assert ["document.too_deep"] == [one.code for one in found(f"correlator: {deep}").findings]


def test_a_definition_is_read_from_data_only() -> None:
    """A workflow is no data: the message says how its data is got."""
    made = load("workflow: repair\nstates: {new: {}}\n")

    with pytest.raises(InputError, match=r"servflow\.dump\(workflow\)"):
        definition(made)  # type: ignore[arg-type]  # what is refused
    assert made == definition(servflow.dump(made))
