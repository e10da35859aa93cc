"""Knows the JSON Schema of a definition; must not know how a definition is checked for meaning."""

from __future__ import annotations

from typing import Any

from servflow.documents._models import WorkflowModel

FORMAT = 1
"""The version of the format; a document says it as ``servflow: 1``."""


def schema() -> dict[str, Any]:
    """
    The JSON Schema of a definition, for editors and for programs that write definitions.

    Every part has a title and a description, with the Chinese ones as ``x-zh``. A document that fits is well
    shaped; whether it means something is for ``load`` to say.
    """
    made = WorkflowModel.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:servflow:schema:workflow:{FORMAT}",
        **made,
        "title": "servflow workflow",
    }
