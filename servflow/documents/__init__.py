"""Knows how definitions are written as YAML and JSON; must not know how tickets run or are kept."""

from __future__ import annotations

from servflow.documents._definitions import definition
from servflow.documents._load import load
from servflow.documents._load_correlator import load_correlator, load_definition
from servflow.documents._save import save
from servflow.documents._schedules import load_schedules, load_world
from servflow.documents._tables import load_tables, save_tables
from servflow.documents._templates import TEMPLATES, Template, copy_template, read_template, template

__all__ = [
    "TEMPLATES",
    "Template",
    "copy_template",
    "definition",
    "load",
    "load_correlator",
    "load_definition",
    "load_schedules",
    "load_tables",
    "load_world",
    "read_template",
    "save",
    "save_tables",
    "schema",
    "template",
]


def schema(of: str = "workflow", lang: str = "en") -> dict[str, object]:
    """
    The JSON Schema of a definition, for editors and for programs that write definitions.

    Its ``$id`` names the version of the format. A document that fits is well shaped; whether it means something is
    for ``load`` to say.

    Args:
        of: the kind of document: ``workflow``, ``correlator``, ``schedules``, ``intake`` and so on.
        lang: ``en`` or ``zh``: the language of titles and descriptions.

    Raises:
        InputError: there are no such definitions, or no such language.
    """
    # Imported here so that importing servflow loads no pydantic.
    from servflow.documents._schema import schema as made

    return made(of, lang)
