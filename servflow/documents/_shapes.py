"""Knows the shapes that values of a document may take and how models tell them apart; must not know any one key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

MARK = "\N{MIDDLE DOT}"
"""Begins the name of every shape, so that a shape in a place that pydantic reports cannot be taken for a key."""


def shape(value: Any) -> str:
    """What a value looks like: the tag of the model that reads it."""
    if isinstance(value, bool):
        return f"{MARK}flag"
    if isinstance(value, str):
        return f"{MARK}text"
    if isinstance(value, (int, float)):
        return f"{MARK}number"
    if isinstance(value, (list, tuple)):
        return f"{MARK}list"
    if isinstance(value, (dict, BaseModel)):
        return f"{MARK}mapping"
    return f"{MARK}nothing"


TEXT = Tag(f"{MARK}text")
NUMBER = Tag(f"{MARK}number")
FLAG = Tag(f"{MARK}flag")
LIST = Tag(f"{MARK}list")
MAPPING = Tag(f"{MARK}mapping")
BY_SHAPE = Discriminator(shape)


class Part(BaseModel):
    """A part of a definition: exact types, and no key that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def about(en: str, zh: str, default: Any = None, **bounds: int) -> Any:
    """A key that may be left out, with what it means in both languages; bounds are for the schema, like ``words``."""
    return Field(default, description=en, json_schema_extra={"x-zh": zh, **bounds})


def needed(en: str, zh: str) -> Any:
    """A key that must be there, with what it means in both languages."""
    return Field(description=en, json_schema_extra={"x-zh": zh})


def titled(zh: str, **bounds: int) -> ConfigDict:
    """The Chinese title of a model, and bounds for the schema."""
    return ConfigDict(json_schema_extra={"x-zh": zh, **bounds})


def words(known: Iterable[str]) -> Any:
    """
    The words a text may be, for the schema.

    Whether the text is one of them is judged where the words come from, so that a wrong one is told once, with advice.
    """
    return Field(json_schema_extra={"enum": list(known)})


Name = Annotated[str, Field(json_schema_extra={"minLength": 1})]
Names = Annotated[Annotated[str, TEXT] | Annotated[list[str], LIST], BY_SHAPE]
Said = Annotated[Annotated[str, TEXT] | Annotated[dict[str, str], MAPPING], BY_SHAPE]
"""A text for people: one text, or a text for each language (``{en: On site, zh: ...}``)."""

Length = Annotated[
    str,
    Field(
        examples=["4h", "30m", "3d", "2 business days"],
        json_schema_extra={"x-form": "span"},
    ),
]
"""A length of time as text; what it means is judged where it is used."""

Condition = Annotated[
    Annotated[str, TEXT] | Annotated[bool, FLAG] | Annotated[int | float, NUMBER] | Annotated[dict[str, Any], MAPPING],
    BY_SHAPE,
]
"""An expression: its text, its tree, or a constant that stands for itself."""

Expressions = dict[str, Condition]
