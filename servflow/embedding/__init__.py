"""Knows what a host builds on: its models, its forms, its editors; must not know any host or framework."""

from __future__ import annotations

from servflow.embedding._desk_forms import desk_forms
from servflow.embedding._flow import flow
from servflow.embedding._flow_back import from_flow, positions
from servflow.embedding._form_inputs import Choice, Input
from servflow.embedding._form_reading import Submission, read_form
from servflow.embedding._forms import Form, Target, forms, opening_form
from servflow.embedding._grid import grid
from servflow.embedding._grid_back import from_grid
from servflow.embedding._models import as_model, fields_of, values_of, with_fields
from servflow.embedding._reload import Applied, Reloading, follow
from servflow.embedding._reload_async import AsyncReloading
from servflow.embedding._reload_preview import Preview
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import Element
from servflow.embedding._source_paste import paste
from servflow.embedding._stubs import stubs

__all__ = [
    "Applied",
    "AsyncReloading",
    "Choice",
    "Element",
    "Form",
    "Input",
    "Preview",
    "Reloading",
    "Source",
    "Submission",
    "Target",
    "as_model",
    "desk_forms",
    "edit",
    "fields_of",
    "flow",
    "follow",
    "forms",
    "from_flow",
    "from_grid",
    "grid",
    "opening_form",
    "paste",
    "positions",
    "read_form",
    "stubs",
    "values_of",
    "with_fields",
]
