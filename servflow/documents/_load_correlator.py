"""Knows how a document becomes a checked correlator; must not know how a correlator finds anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from servflow.calendars import OpenTime
from servflow.documents._load import in_order, workflow_of
from servflow.documents._prune import without_echoes
from servflow.documents._source import Document, read_document
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, Finding

if TYPE_CHECKING:
    from servflow.correlation import Correlator

_NAME = "correlator"


def load_correlator(
    source: Path | str | Mapping[str, Any], extensions: Extensions | None = None, *, lang: str = "en"
) -> Correlator:
    """
    Read and check a correlator.

    Args:
        source: as for ``load``; a mapping may also be what ``to_data()`` of a correlator gave.
        extensions: the host's functions that its expressions may name.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        return _correlator(read_document(source), extensions)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def load_definition(
    source: Path | str | Mapping[str, Any],
    calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
    extensions: Extensions | None = None,
    *,
    lang: str = "en",
) -> Workflow | Correlator:
    """
    Read and check whatever a document defines: a correlator where it has that key and no ``workflow``, else a workflow.

    Args:
        source: as for ``load``.
        calendars: as for ``load``; a correlator takes none.
        extensions: as for ``load``.
        lang: as for ``load``.

    Raises:
        DefinitionError: as for ``load`` and ``load_correlator``.
    """
    try:
        document = read_document(source)
        if _NAME in document.data and "workflow" not in document.data:
            return _correlator(document, extensions)
        return workflow_of(document, calendars, extensions)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _correlator(document: Document, extensions: Extensions | None) -> Correlator:
    # Imported here so that importing servflow loads no pydantic, and no correlator where there is none.
    from servflow.correlation import Correlator
    from servflow.documents._models_correlation import CorrelatorModel
    from servflow.documents._shape import check_shape

    data = document.data
    shape = check_shape(data, CorrelatorModel)
    told = [*document.findings, *(finding for _, finding in shape), *_format(data)]
    # What has a wrong shape is left out, so that the rest of it can still be judged.
    for wrong in {steps[0] for steps, _ in shape if steps}:
        data.pop(str(wrong), None)
    given = {_NAME: "?", "key": "'?'", "within": "1h", **data}
    given.pop("servflow", None)
    try:
        made = Correlator.from_data(given, None if extensions is None else extensions.functions)
    except DefinitionError as error:
        found = [attrs.evolve(one, path=_NAME) if one.path == "name" else one for one in error.findings]
        told += without_echoes(told, found)
    if told:
        raise DefinitionError.of(in_order(told, document))
    return made


def _format(data: Mapping[str, Any]) -> list[Finding]:
    from servflow.documents._schema import FORMAT

    written = data.get("servflow", FORMAT)
    if isinstance(written, int) and written != FORMAT:
        return [Finding("definition.format", "servflow", {"value": written, "known": FORMAT})]
    return []
