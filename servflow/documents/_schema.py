"""Knows the JSON Schema of a definition; must not know how a definition is checked for meaning."""

from __future__ import annotations

from typing import Any

from servflow.documents._models import WorkflowModel
from servflow.documents._shapes import Part
from servflow.errors import InputError, shown

FORMAT = 1
"""The version of the format; a document says it as ``servflow: 1``."""


def schema(of: str = "workflow") -> dict[str, Any]:
    """
    The JSON Schema of a definition, for editors and for programs that write definitions.

    Every part has a title and a description, with the Chinese ones as ``x-zh``. A document that fits is well
    shaped; whether it means something is for ``load`` to say.

    Args:
        of: ``workflow``, ``correlator`` or ``schedules``.

    Raises:
        InputError: there are no such definitions.
    """
    if of == "workflow":
        return schema_of(WorkflowModel)
    if of == "correlator":
        # Imported here so that a program without correlators loads none.
        from servflow.documents._models_correlation import CorrelatorModel

        return schema_of(CorrelatorModel, of)
    if of == "schedules":
        from servflow.documents._models_on_call import SchedulesModel

        return schema_of(SchedulesModel, of)
    raise InputError(f"there is a schema of a workflow, of a correlator and of schedules, not of {shown(of)}", of=shown(of))


def schema_of(model: type[Part], name: str = "workflow") -> dict[str, Any]:
    """The JSON Schema of what a model reads, under the name of that kind of definition."""
    made = model.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:servflow:schema:{name}:{FORMAT}",
        **made,
        "title": f"servflow {name}",
    }
