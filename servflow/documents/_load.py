"""Knows how a document becomes a checked workflow; must not know how a workflow runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from servflow.calendars import OpenTime
from servflow.documents._limits import MOST_FINDINGS
from servflow.documents._prune import heal, prune, without_echoes
from servflow.documents._source import Document, read_document
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, Finding

_FAR = 1 << 30
_ROUNDS = 4


def load(
    source: Path | str | Mapping[str, Any],
    calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
    extensions: Extensions | None = None,
    *,
    past_calendars: Any = (),
    past_chains: Any = (),
    lang: str = "en",
) -> Workflow:
    """
    Read, check and link a workflow.

    Args:
        source: a path; YAML 1.2 or JSON text; or the mapping such a text stands for. A text of one line that
            names a file, or ends in ``.yaml``, ``.yml`` or ``.json``, is a path; pass what strangers send as a mapping.
        calendars: the host's calendars by name, versioned apart from the definition.
        extensions: the host's functions that the definition may name.
        past_calendars: earlier editions of the calendars, as for ``Workflow``.
        past_chains: earlier editions of escalation chains, as for ``Workflow``.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem of shape and meaning at once, each with code, path, hint and, where the
            source is a text, line and column; in the order of the lines.
    """
    try:
        past = {"past_calendars": past_calendars, "past_chains": past_chains}
        return workflow_of(read_document(source), calendars, extensions, past)
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def workflow_of(
    document: Document, calendars: Any, extensions: Extensions | None, past: Mapping[str, Any] = MappingProxyType({})
) -> Workflow:
    # Imported here so that importing servflow loads no pydantic.
    from servflow.documents._shape import check_shape

    shape = check_shape(document.data)
    told = [*document.findings, *(finding for _, finding in shape)]
    prune(document.data, shape)
    given = {"host_calendars": calendars, **past}
    given |= {} if extensions is None else {"extensions": extensions}
    for _ in range(_ROUNDS):
        try:
            made = Workflow(**{"workflow": "", **document.data}, **given)
            break
        except DefinitionError as error:
            # What could not be read hid the rest of its element; without it the rest may tell more.
            found = [_under_rules(finding) for finding in error.findings]
            told += without_echoes(told, found)
            if not heal(document.data, found):
                break
    if told:
        raise DefinitionError.of(in_order(told, document))
    return made


def _under_rules(finding: Finding) -> Finding:
    # A set of rules judges itself without knowing where it stands.
    return attrs.evolve(finding, path=f"rules{finding.path}") if finding.path.startswith("[") else finding


def in_order(findings: Iterable[Finding], document: Document) -> list[Finding]:
    """The findings with their lines where the source is a text, in the order of the lines; each problem once."""
    placed: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        finding = document.placed(finding)
        placed.setdefault((finding.code, finding.path, finding.line, finding.column), finding)
    told = sorted(placed.values(), key=lambda found: (found.line or _FAR, found.column or _FAR))
    if len(told) <= MOST_FINDINGS:
        return told
    return [*told[:MOST_FINDINGS], Finding("document.more", "", {"more": len(told) - MOST_FINDINGS})]
