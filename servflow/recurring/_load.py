"""Knows how a document becomes checked plans; must not know when anything is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from servflow.calendars import OpenTime
from servflow.documents._load import in_order
from servflow.documents._prune import prune, without_echoes
from servflow.documents._source import Document, read_document
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Finding
from servflow.recurring._definition import Recurring
from servflow.recurring._fitting import misfits

_KEYS = ("plans", "expiry", "zone", "calendars", "version", "title")


def load(
    source: Path | str | Mapping[str, Any],
    calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
    *,
    workflows: Iterable[Workflow] | Mapping[Any, Workflow] | None = None,
    lang: str = "en",
) -> Recurring:
    """
    Read and check plans of recurring work.

    Args:
        source: a path; YAML 1.2 or JSON text; or the mapping such a text stands for.
        calendars: the host's calendars by name, beside those of the document, which come first.
        workflows: those its tickets run under; with them it is also checked that they are there and declare the fields that
            are filled: ``plan`` (string), ``due`` (timestamp), with a counter ``reading`` (double), and what plans name.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        return _recurring(read_document(source), calendars, workflows)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _recurring(document: Document, calendars: Mapping[str, Any] | None, workflows: Any) -> Recurring:
    # Imported here so that importing servflow.recurring loads no pydantic.
    from servflow.documents._models_recurring import RecurringModel
    from servflow.documents._shape import check_shape

    data = document.data
    shape = check_shape(data, RecurringModel)
    told = [*document.findings, *(finding for _, finding in shape), *_format(data)]
    prune(data, shape)
    given = {key: data[key] for key in _KEYS if data.get(key) is not None}
    given["calendars"] = {**(calendars or {}), **(given.get("calendars") or {})}
    try:
        made = Recurring(data.get("recurring", "?"), **given)
    except DefinitionError as error:
        told += without_echoes(told, error.findings)
    else:
        told += [] if workflows is None else misfits(made, workflows)
    if told:
        raise DefinitionError.of(in_order(told, document))
    return made


def _format(data: Mapping[str, Any]) -> list[Finding]:
    from servflow.documents._schema import FORMAT

    written = data.get("servflow", FORMAT)
    if isinstance(written, int) and written != FORMAT:
        return [Finding("definition.format", "servflow", {"value": written, "known": FORMAT})]
    return []
