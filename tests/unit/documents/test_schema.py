"""The JSON Schema and the models it is made from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

import servflow.documents
from servflow.calendars import Calendar
from servflow.dispatch import MODES, TERMS, OfferOptions, Policy, Relaxation, Requirement, Term
from servflow.documents import _models, _models_actions, _models_chains, _models_choosing, _models_time, schema
from servflow.documents._shapes import Part
from servflow.documents._source import read_document
from servflow.engine import EventSpec, State, Timer, Transition, Workflow
from servflow.escalation import Chain, Ending, Level, Remind, Repeat, Trigger
from servflow.escalation._addresses import FORMS
from servflow.model import ACTIONS, CONVERTERS, Field
from servflow.rules import HITS, DecisionTable, Rule
from servflow.sla import KINDS, NARROWING, OPTIONS, Clock

FILES = [
    Path(servflow.documents.__file__).parent / "templates" / "appliance_repair.yaml",
    Path(__file__).parent / "everything.yaml",
]

PARTS: list[tuple[type[Part], type[Any], set[str]]] = [
    (_models.WorkflowModel, Workflow, {"host_calendars", "past_calendars", "past_chains", "extensions"}),
    (_models.FieldModel, Field, set()),
    (_models.EventModel, EventSpec, set()),
    (_models.StateModel, State, set()),
    (_models.TransitionModel, Transition, set()),
    (_models_time.TimerModel, Timer, set()),
    (_models_time.ClockModel, Clock, set()),
    (_models_chains.EscalationModel, Chain, set()),
    (_models_chains.TriggerModel, Trigger, set()),
    (_models_chains.EndingModel, Ending, set()),
    (_models_chains.LevelModel, Level, set()),
    (_models_chains.RemindModel, Remind, set()),
    (_models_chains.RepeatModel, Repeat, set()),
    (_models_choosing.TableModel, DecisionTable, {"functions"}),
    (_models_choosing.RuleModel, Rule, {"functions"}),
    (_models_choosing.DispatchModel, Policy, set()),
    (_models_choosing.RequirementModel, Requirement, set()),
    (_models_choosing.TermModel, Term, set()),
    (_models_choosing.OfferModel, OfferOptions, set()),
    (_models_choosing.RelaxModel, Relaxation, set()),
]


def nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in the schema."""
    if isinstance(node, Mapping):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


@pytest.mark.parametrize(("model", "part", "of_the_host"), PARTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_model_has_the_keys_of_the_part_it_describes(model: type[Part], part: type[Any], of_the_host: set[str]) -> None:
    """Whatever a part takes a document can say, and nothing else but what only a host can give."""
    taken = {attribute.alias for attribute in attrs.fields(part) if attribute.init}

    assert taken - of_the_host == set(model.model_fields)


def test_models_know_every_action_addressee_and_condition() -> None:
    """The forms that are told apart by their key are all there."""
    assert set(ACTIONS) == set(_models_actions.ActionModel.model_fields)
    assert {*FORMS, *(key for beside in FORMS.values() for key in beside)} == set(_models_actions.ToModel.model_fields)
    assert {*KINDS, *NARROWING} == set(_models_time.ConditionModel.model_fields)
    calendar = {"zone", "week", "holidays", "shifts", "breaks", "known_until", "name"}
    assert calendar | {"any_of", "all_of", "minus"} == set(_models_time.CalendarModel.model_fields)
    assert set(Calendar("UTC", {"mon": ["09:00-10:00"]}).to_data()) <= calendar


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_loads_fits_the_models(path: Path) -> None:
    """The example and the file with every part have the shape the schema describes."""
    assert _models.WorkflowModel.model_validate(read_document(path).data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_canonical_form_fits_the_models(path: Path) -> None:
    """What a workflow writes has the shape the schema describes."""
    data = json.loads(json.dumps(servflow.documents.load(path).to_data()))

    assert _models.WorkflowModel.model_validate(data)


def test_the_schema_says_what_it_is() -> None:
    """It has an id for its version of the format, and dialect, title and description."""
    made = schema()

    assert "urn:servflow:schema:workflow:1" == made["$id"]
    assert "https://json-schema.org/draft/2020-12/schema" == made["$schema"]
    assert "servflow workflow" == made["title"]
    assert ["workflow"] == made["required"]
    assert made == json.loads(json.dumps(made, ensure_ascii=False))


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    """No reference hangs."""
    made = schema()
    named = {node["$ref"] for node in nodes(made) if "$ref" in node}

    assert named == {f"#/$defs/{name}" for name in made["$defs"]}


def test_every_key_is_described_in_both_languages() -> None:
    """Editors can show what a key is for, in English and in Chinese."""
    made, chinese = schema(), schema(lang="zh")
    for owner, other in zip((made, *made["$defs"].values()), (chinese, *chinese["$defs"].values()), strict=True):
        assert owner["description"]
        assert re.search("[\u4e00-\u9fff]", other["description"])
        assert owner["additionalProperties"] is False
        for key, described in owner["properties"].items():
            assert described["description"], key
            assert re.search("[\u4e00-\u9fff]", other["properties"][key]["description"]), key


def test_the_schema_lists_the_words_the_engine_knows() -> None:
    """Each list of words has one source."""
    listed = {tuple(node["enum"]) for node in nodes(schema()) if "enum" in node}

    assert {tuple(CONVERTERS), HITS, MODES, TERMS, *OPTIONS.values()} <= listed
