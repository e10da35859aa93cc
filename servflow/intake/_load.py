"""Knows how a document becomes a checked intake; must not know how an intake takes anything in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from servflow.documents._load import in_order
from servflow.documents._source import Document, read_document
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, Finding
from servflow.intake._intake import Intake


def load(
    source: Path | str | Mapping[str, Any],
    workflows: Iterable[Workflow] | Mapping[str, Workflow] = (),
    extensions: Extensions | None = None,
    *,
    lang: str = "en",
) -> Intake:
    """
    Read and check an intake.

    Args:
        source: a path; YAML 1.2 or JSON text; or the mapping such a text stands for, also what ``to_data()`` gave.
        workflows: those that its tickets are of: what a message comes to is checked against them before it is submitted.
        extensions: the host's functions that its expressions may name.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        return _intake(read_document(source), workflows, extensions)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _intake(document: Document, workflows: Any, extensions: Extensions | None) -> Intake:
    # Imported here so that importing servflow.intake loads no pydantic.
    from servflow.documents._models_intake import IntakeModel
    from servflow.documents._shape import check_shape

    shape = check_shape(document.data, IntakeModel)
    told = [*document.findings, *(finding for _, finding in shape)]
    # What has a wrong shape is left out, so that the rest of it can still be judged.
    for steps, finding in shape:
        if finding.code != "document.missing":
            _drop(document.data, steps)
    functions = None if extensions is None else extensions.functions
    try:
        made = Intake.from_data({"intake": "?", "channels": {}, **document.data}, workflows, functions)
    except DefinitionError as error:
        told += [finding for finding in error.findings if not _echo(finding, told)]
    if told:
        raise DefinitionError.of(in_order(told, document))
    return made


def _drop(data: Any, steps: tuple[str | int, ...]) -> None:
    names = [index for index, step in enumerate(steps) if isinstance(step, str)]
    if not names:
        return
    holder = data
    for step in steps[: names[-1]]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(holder, dict):
        holder.pop(steps[names[-1]], None)


def _echo(finding: Finding, told: Iterable[Finding]) -> bool:
    """Whether a problem only says again what another one said of the same place, or of a place around or within it."""
    return any(one.path == "" or _within(finding.path, one.path) or _within(one.path, finding.path) for one in told)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or (inner.startswith(outer) and inner[len(outer)] in ".[")
