"""Knows what can be edited as a text, and what not; must not know how texts change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from servflow.embedding._refusing import refusal
from servflow.embedding._source_spans import read
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Finding, shown


def text_of(source: Any) -> str:
    """
    The text of a file, a mapping or a workflow; a text is one already.

    Raises:
        DefinitionError: the file cannot be read.
        InputError: it is nothing of these.
    """
    from servflow.documents._save import save, written
    from servflow.documents._source import read_document

    if isinstance(source, Workflow):
        return save(source)
    if isinstance(source, Mapping):
        return written(source)
    if isinstance(source, str):
        return source
    if isinstance(source, Path):
        read_document(source)  # with the limits of every definition, before it is read as a whole
        with source.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    raise refusal("edit.source", value=shown(source))


def readable(text: str) -> str:
    """
    The text as it is kept.

    Raises:
        DefinitionError: it cannot be read at all.
    """
    from servflow.documents._source import looks_like_path

    text = text.removeprefix("\ufeff")
    if looks_like_path(text):
        raise DefinitionError.of([Finding("document.path", "", {"value": text})])
    read(text)
    return text


def still_readable(text: str) -> str:
    """
    The text that an edit made.

    Raises:
        InputError: nobody could read it any more: a name is longer than YAML allows a key to be, or holds half a character.
    """
    try:
        read(text)
    except DefinitionError as error:
        first = error.findings[0]
        raise refusal("edit.unreadable", why=error.findings, cause=(first.code, first.facts)) from error
    return text
