"""Knows how values are written to and read from a store's rows; must not know which store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from servflow.errors import InputError
from servflow.model import Actor, canonical, decode_value, encode_value, freeze


def written(value: Any) -> str:
    """
    A value of the model, or JSON-ready data, as canonical text.

    Raises:
        InputError: something in it cannot be written.
    """
    try:
        return canonical(value).decode()
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(
            f"a {type(value).__name__} cannot be written: {error}; keep text, numbers, instants, spans, lists and mappings",
            kind=type(value).__name__,
        ) from error


def written_in_order(data: Mapping[str, Any]) -> str:
    """
    JSON-ready data as text that keeps the order of names, which says something in a definition.

    Raises:
        InputError: something in it cannot be written.
    """
    written(data)
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def written_payload(payload: Mapping[str, Any] | None) -> str:
    """
    A payload as canonical text.

    Raises:
        InputError: something in it cannot be written.
    """
    try:
        return written(encode_value(freeze(dict(payload or {}))))
    except (TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"the payload cannot be written: {error}; its keys must be text", payload=repr(payload)) from error


def read_payload(text: str) -> Any:
    """The payload that ``written_payload`` wrote."""
    return decode_value(json.loads(text))


def written_actor(actor: Actor | None) -> str | None:
    """Who posted, as text."""
    if actor is None:
        return None
    return written({"id": actor.id, "roles": list(actor.roles), "outlets": list(actor.outlets)})


def read_actor(text: str | None) -> Actor | None:
    """Who posted, as ``written_actor`` wrote it."""
    return None if text is None else Actor.of(json.loads(text))


def read_text(text: str) -> Any:
    """
    The JSON-ready data of a text as it is kept.

    Raises:
        InputError: it is no JSON.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"it is not JSON: {error}") from error
