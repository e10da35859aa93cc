"""Knows what a host builds on: its models, its forms, its editors; must not know any host or framework."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Loaded on first use: forms need neither the reader of documents nor a desk, and models need no editor.
_PARTS = {
    "_desk_forms": ("desk_forms",),
    "_flow": ("flow",),
    "_flow_back": ("from_flow", "positions"),
    "_form_inputs": ("Choice", "Input"),
    "_form_reading": ("Submission", "read_form"),
    "_forms": ("Form", "Target", "forms", "opening_form"),
    "_grid": ("grid",),
    "_grid_back": ("from_grid",),
    "_models": ("as_model", "fields_of", "values_of", "with_fields"),
    "_reload": ("Applied", "Reloading", "follow"),
    "_reload_async": ("AsyncReloading",),
    "_reload_preview": ("Preview",),
    "_source": ("Source", "edit"),
    "_source_ids": ("Element",),
    "_source_paste": ("paste",),
    "_stubs": ("stubs",),
}
_LAZY = {name: module for module, names in _PARTS.items() for name in names}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'servflow.embedding' has no attribute {name!r}")
    value = getattr(import_module(f"servflow.embedding.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "annotations", "import_module"})
