"""Knows what a host builds on: its models, its forms, its editors; must not know any host or framework."""

from __future__ import annotations

from servflow.embedding._form_inputs import Choice, Input
from servflow.embedding._form_reading import Submission, read_form
from servflow.embedding._forms import Form, Target, forms, opening_form
from servflow.embedding._models import as_model, fields_of, values_of, with_fields
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import Element
from servflow.embedding._stubs import stubs

__all__ = [
    "Choice",
    "Element",
    "Form",
    "Input",
    "Source",
    "Submission",
    "Target",
    "as_model",
    "edit",
    "fields_of",
    "forms",
    "opening_form",
    "read_form",
    "stubs",
    "values_of",
    "with_fields",
]
