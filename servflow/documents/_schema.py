"""Knows the JSON Schema of a definition; must not know how a definition is checked for meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from servflow.documents._schema_words import PARTS
from servflow.documents._shapes import Part
from servflow.errors import LANGUAGES, InputError, nearest, shown

FORMAT = 1
"""The version of the format; a document says it as ``servflow: 1``."""


_MORE = re.compile("[，；：（。]")  # noqa: RUF001 - Chinese text uses full-width punctuation

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
    "flow": "_models_editors:FlowModel",
    "grid": "_models_editors:GridModel",
}
"""For each kind of document the module and the name of its model; imported when it is asked for."""


def schema(of: str = "workflow", lang: str = "en") -> dict[str, Any]:
    """
    The JSON Schema of a definition, for editors and for programs that write definitions.

    Every part and every key has a title and a description in the language that is asked for, where editors look for them,
    and there are no keywords but those of the dialect, so that validators take it in their strict modes. A document that
    fits is well shaped; whether it means something is for ``load`` to say.

    Args:
        of: the kind of document: ``workflow``, ``correlator``, ``schedules``, ``intake`` and so on; ``flow`` and ``grid``
            are what editors get and give back.
        lang: ``en`` or ``zh``. Only titles and descriptions differ, and the ``$id``, which says so.

    Raises:
        InputError: there are no such definitions, or no such language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"schemas are written in {' and '.join(LANGUAGES)}, not in {shown(lang)}", lang=shown(lang))
    asked: object = of
    named = MODELS.get(asked) if isinstance(asked, str) else None
    if named is None:
        meant = nearest(asked, MODELS) if isinstance(asked, str) else None
        tail = f"; did you mean {meant!r}?" if meant else ""
        raise InputError(f"there are schemas of {', '.join(MODELS)}, not of {shown(of)}{tail}", of=shown(of))
    module, _, model = named.partition(":")
    return schema_of(getattr(import_module(f"servflow.documents.{module}"), model), of, lang)


def schema_of(model: type[Part], name: str = "workflow", lang: str = "en") -> dict[str, Any]:
    """The JSON Schema of what a model reads, under the name of that kind of definition."""
    made = model.model_json_schema()
    for part, spec in made.get("$defs", {}).items():
        _say_part(part, spec, lang)
    _say_part(name, made, lang)
    made = _plain(made)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:servflow:schema:{name}:{FORMAT}{'' if lang == 'en' else f':{lang}'}",
        **made,
        "title": f"servflow {name}" if lang == "en" else f"servflow {made['title']}",
    }


def _say_part(part: str, spec: dict[str, Any], lang: str) -> None:
    """Give a part and its keys titles and descriptions in a language."""
    if "properties" not in spec:
        return
    if lang == "zh":
        spec |= {"title": spec.pop("x-zh"), "description": PARTS.get(part, spec["description"])}
    else:
        spec |= {"title": _words(part.removesuffix("Model"))}
        spec.pop("x-zh", None)
    for key, held in spec["properties"].items():
        if lang == "zh":
            told = held.pop("x-zh")
            head = _MORE.split(told, maxsplit=1)[0]
            # A Chinese description begins with what the thing is, and says more of it after a comma; some begin with a value.
            held |= {"title": told if head.isascii() else head, "description": told}
        else:
            held["title"] = _words(key)
            held.pop("x-zh", None)


def _plain(node: Any) -> Any:
    """
    The same schema in keywords of the dialect alone, said such that an error leads to its place.

    What may be left out or null is one type, rather than a choice of two: a validator that tries both tells of a slip deep
    inside that the whole fits neither.
    """
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _plain(item) for key, item in node.items() if not key.startswith("x-") and (key, item) != ("default", None)}
    choice = made.get("anyOf")
    if isinstance(choice, list) and len(choice) == 2 and choice[1] == {"type": "null"}:
        one = choice[0]
        if isinstance(one.get("type"), str) and not one.keys() & {"enum", "const"}:
            del made["anyOf"]
            made = {**one, **made, "type": [one["type"], "null"]}
    return made


def _words(name: str) -> str:
    """A name as words: ``WithinChoice`` as ``Within choice``, ``not_by`` as ``Not by``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").capitalize()
