"""Knows how a path, a text or a mapping becomes plain data with places; must not know what a definition is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from servflow.documents._limits import LONGEST_RUN, MOST_BYTES
from servflow.documents._plain import plain_mapping
from servflow.documents._tree import Builder, Place, find, refusal
from servflow.errors import DefinitionError, Finding

_SUFFIXES = (".yaml", ".yml", ".json")
_LONGEST_PATH = 1_000


@frozen
class Document:
    """Plain data, the place of every value where it came from a text, and what was wrong on the way."""

    data: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    place: Place | None = None
    file: str | None = None

    def locate(self, path: str) -> Place | None:
        """Line and column of a path, or of the nearest thing around it; None for a mapping."""
        return find(self.place, path)

    def placed(self, finding: Finding) -> Finding:
        """A finding with the line and column of what it is about, and the file, where they are known and it has none yet."""
        place = self.locate(finding.path) if finding.line is None else None
        if place is not None:
            return evolve(finding, line=place.line, column=place.column, file=self.file)
        return finding if finding.line is None or finding.file is not None else evolve(finding, file=self.file)


def read_document(source: object) -> Document:
    """
    Read a document from wherever it is.

    Args:
        source: a ``Path``; a text; a text that names an existing file or ends in ``.yaml``, ``.yml`` or ``.json``;
            or a mapping.

    Raises:
        DefinitionError: it cannot be read at all.
    """
    if isinstance(source, Mapping):
        copied, findings = plain_mapping(source)
        return Document(copied, tuple(findings))
    if isinstance(source, Path):
        return _from_file(source)
    if isinstance(source, str):
        return _from_file(Path(source)) if _names_file(source) else read_text(source)
    raise DefinitionError.of([Finding("document.source", "", {"value": type(source).__name__})])


def _names_file(text: str) -> bool:
    if len(text) > _LONGEST_PATH or "\n" in text or "\0" in text:
        return False
    if looks_like_path(text):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def looks_like_path(text: str) -> bool:
    """Whether a text says no more than the name of a definition's file, whether or not there is one."""
    return len(text) <= _LONGEST_PATH and "\n" not in text and ": " not in text and text.lower().endswith(_SUFFIXES)


def _from_file(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DefinitionError.of([Finding("document.file", "", {"file": str(path), "why": why})]) from None
    try:
        return evolve(read_text(_decoded(content), json_only=path.suffix.lower() == ".json"), file=str(path))
    except DefinitionError as error:
        raise DefinitionError.of(evolve(finding, file=str(path)) for finding in error.findings) from None


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise refusal("too_large", 1, 1, limit=MOST_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise refusal("encoding", line, error.start - content.rfind(b"\n", 0, error.start)) from None


def read_text(text: str, *, json_only: bool = False, seen: list[Any] | None = None) -> Document:
    """
    Read a document from a text, which is never taken for the name of a file; *seen* as for ``read_yaml``.

    Raises:
        DefinitionError: it cannot be read at all.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise refusal("too_large", 1, 1, limit=MOST_BYTES)
    if not json_only and "!" * (LONGEST_RUN + 1) in text:
        raise refusal("run", 1, 1, limit=LONGEST_RUN)
    builder = _read(text, json_only, seen)
    if not isinstance(builder.data, dict):
        place = builder.place or Place(1, 1)
        raise refusal("no_mapping", place.line, place.column, got=_kind(builder.data))
    return Document(builder.data, tuple(builder.findings), builder.place)


def _read(text: str, json_only: bool, seen: list[Any] | None) -> Builder:
    # Imported here so that a program that only passes mappings loads neither parser.
    from servflow.documents._json import read_json
    from servflow.documents._yaml import read_yaml

    if json_only:
        return read_json(text)
    if not text.lstrip().startswith("{"):
        return read_yaml(text, seen)
    try:
        return read_json(text)
    except DefinitionError as error:
        if error.findings[0].code != "document.json":
            raise
    # A YAML mapping may also begin with a brace, without quotes around its keys.
    return read_yaml(text, seen)


def _kind(value: object) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a single value"
