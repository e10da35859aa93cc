"""Knows how a definition is written as YAML; must not know how it is read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.documents._plain import plain_mapping
from servflow.engine import Workflow

if TYPE_CHECKING:
    from servflow.correlation import Correlator


def save(workflow: Workflow | Correlator) -> str:
    """
    The definition as YAML 1.2 text in its canonical form, which loads as an equal one.

    Calendars of the host are versioned apart and not part of it.
    """
    return written(workflow.to_data())


def written(data: Mapping[str, Any]) -> str:
    """A document as YAML 1.2 text: mappings in their order, short lists on one line."""
    # Imported here so that a program that only runs workflows loads no YAML.
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None, documented as a flag
    writer.default_flow_style = None
    writer.allow_unicode = True
    writer.width = 120
    out = io.StringIO()
    writer.dump(plain_mapping(data)[0], out)
    return out.getvalue()
