"""Knows how a document becomes a checked workflow; must not know how a workflow runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from servflow.calendars import OpenTime
from servflow.documents._source import Document, read_document
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, Finding, nearest

_FAR = 1 << 30
_OF_THE_HOST = ("host_calendars", "extensions")


def load(
    source: Path | str | Mapping[str, Any],
    calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
    extensions: Extensions | None = None,
    *,
    lang: str = "en",
) -> Workflow:
    """
    Read, check and link a workflow.

    Args:
        source: a path; YAML 1.2 or JSON text; or the mapping such a text stands for. A text of one line that
            names a file, or ends in ``.yaml``, ``.yml`` or ``.json``, is a path.
        calendars: the host's calendars by name, versioned apart from the definition.
        extensions: the host's functions that the definition may name.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        document = read_document(source)
        return _workflow(document, calendars, extensions)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _workflow(document: Document, calendars: Any, extensions: Extensions | None) -> Workflow:
    findings = list(document.findings)
    known = [attribute.name for attribute in attrs.fields(Workflow) if attribute.init and attribute.name not in _OF_THE_HOST]
    data = {key: value for key, value in document.data.items() if key in known}
    findings.extend(
        Finding("document.unknown_key", key, {"key": key, "known": known, "nearest": nearest(key, known)})
        for key in document.data
        if key not in known
    )
    if "workflow" not in data:
        findings.append(Finding("document.missing", "workflow", {"key": "workflow"}))
        raise DefinitionError.of(in_order(findings, document))
    given: dict[str, Any] = {"host_calendars": calendars or {}}
    if extensions is not None:
        given["extensions"] = extensions
    try:
        made = Workflow(**data, **given)
    except DefinitionError as error:
        findings.extend(error.findings)
    if findings:
        raise DefinitionError.of(in_order(findings, document))
    return made


def in_order(findings: Iterable[Finding], document: Document) -> list[Finding]:
    """The findings with their lines where the source is a text, in the order of the lines."""
    placed = []
    for finding in findings:
        if finding.line is None:
            place = document.locate(finding.path)
            if place is not None:
                finding = attrs.evolve(finding, line=place.line, column=place.column)
        placed.append(finding)
    return sorted(placed, key=lambda found: (found.line or _FAR, found.column or _FAR))
