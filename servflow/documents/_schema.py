"""Knows the JSON Schema of a definition; must not know how a definition is checked for meaning."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from servflow.documents._shapes import Part
from servflow.errors import InputError, nearest, shown

FORMAT = 1
"""The version of the format; a document says it as ``servflow: 1``."""


MODELS: Mapping[str, str] = {
    "workflow": "_models:WorkflowModel",
    "correlator": "_models_correlation:CorrelatorModel",
    "schedules": "_models_on_call:SchedulesModel",
    "intake": "_models_intake:IntakeModel",
    "scorecard": "_models_evaluation:ScorecardModel",
    "sampling": "_models_evaluation:SamplingModel",
    "recurring": "_models_recurring:RecurringModel",
    "goals": "_models_goals:GoalsModel",
    "stories": "_models_story:StoriesModel",
}
"""For each kind of document the module and the name of its model; imported when it is asked for."""


def schema(of: str = "workflow") -> dict[str, Any]:
    """
    The JSON Schema of a definition, for editors and for programs that write definitions.

    Every part has a title and a description, with the Chinese ones as ``x-zh``. A document that fits is well
    shaped; whether it means something is for ``load`` to say.

    Args:
        of: the kind of document: a name of ``MODELS``.

    Raises:
        InputError: there are no such definitions.
    """
    asked: object = of
    named = MODELS.get(asked) if isinstance(asked, str) else None
    if named is None:
        meant = nearest(asked, MODELS) if isinstance(asked, str) else None
        tail = f"; did you mean {meant!r}?" if meant else ""
        raise InputError(f"there are schemas of {', '.join(MODELS)}, not of {shown(of)}{tail}", of=shown(of))
    module, _, model = named.partition(":")
    return schema_of(getattr(import_module(f"servflow.documents.{module}"), model), of)


def schema_of(model: type[Part], name: str = "workflow") -> dict[str, Any]:
    """The JSON Schema of what a model reads, under the name of that kind of definition."""
    made = model.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:servflow:schema:{name}:{FORMAT}",
        **made,
        "title": f"servflow {name}",
    }
