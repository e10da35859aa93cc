"""Knows how one value of a form is described: its JSON Schema, its widget, what it shows; must not know which form."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from servflow.embedding._form_words import plain
from servflow.errors import LANGUAGES, TimeError
from servflow.model import Field, Span, in_language, value_text, write_instant

LONG = ("reason", "comment", "text", "description", "note", "notes")
"""Names of texts that people write more than a line of."""

_KINDS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "string": ({"type": "string"}, "text"),
    "int": ({"type": "integer"}, "number"),
    "uint": ({"type": "integer", "minimum": 0}, "number"),
    "double": ({"type": "number"}, "number"),
    "decimal": ({"type": "string", "format": "decimal", "pattern": r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"}, "decimal"),
    "bool": ({"type": "boolean"}, "checkbox"),
    "timestamp": ({"type": "string", "format": "date-time"}, "datetime"),
    "duration": ({"type": "string", "examples": ["30m", "4h", "3d"]}, "duration"),
    "bytes": ({"type": "string", "contentEncoding": "base64"}, "file"),
    "list": ({"type": "array"}, "list"),
    "map": ({"type": "object"}, "json"),
    "any": ({}, "json"),
}
"""Type of a field -> its JSON Schema, and the widget that suits it."""


_ANY_TEXT = Field()


@frozen
class Choice:
    """One value to choose, as JSON writes it, and what people read."""

    value: Any
    title: str

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"value": self.value, "title": self.title}


@frozen(kw_only=True)
class Input:
    """
    One value that a form asks for.

    ``name`` is the key of the payload, with a dot where it lies in a map (``evidence.photo``), ``path`` the keys that lead
    there; ``type`` that of a field;
    ``widget`` one of ``text textarea number decimal checkbox select datetime duration file list json hidden``. ``value`` is
    what to show at first, as JSON writes it (None: nothing), ``shown`` the same as a text in an HTML input. ``choices`` are
    the only values there are where it is ``strict``, and mere suggestions otherwise. ``low`` and ``high`` bound a number.
    ``clears`` says that null means something of its own: to assign nobody.
    """

    name: str
    title: str
    type: str = "string"
    widget: str = "text"
    description: str = ""
    required: bool = False
    value: Any = None
    default: Any = None
    choices: tuple[Choice, ...] = ()
    strict: bool = False
    low: int | None = None
    high: int | None = None
    zone: str | None = None
    clears: bool = False
    spec: Field = _ANY_TEXT
    path: tuple[str, ...] = ()
    both: Mapping[str, str] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", (self.name,))

    @property
    def called(self) -> Mapping[str, str]:
        """The title in English and Chinese, for sentences about the input in either."""
        return {lang: self.both.get(lang) or self.title for lang in LANGUAGES}

    @property
    def shown(self) -> str:
        """
        What an HTML input shows: wall time for ``datetime-local`` where the form has a zone, JSON for lists and maps.

        A list of texts stands one on each line.
        """
        return shown_text(self.value, self.type, self.zone)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of the value, with its title."""
        out: dict[str, Any] = {"title": self.title, **_KINDS[self.type][0]}
        if self.description:
            out["description"] = self.description
        bounds = {"minimum": self.low, "maximum": self.high}
        out |= {key: bound for key, bound in bounds.items() if bound is not None}
        if self.strict:
            out["oneOf"] = [{"const": choice.value, "title": choice.title} for choice in self.choices]
        elif self.choices:
            out["examples"] = [choice.value for choice in self.choices]
        if self.widget == "hidden" and self.value is not None:
            out["const"] = self.value
        if self.default is not None:
            out["default"] = self.default
        return out

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "type": self.type,
            "widget": self.widget,
            "required": self.required,
            "value": self.value,
            "shown": self.shown,
            "choices": [choice.as_data() for choice in self.choices],
            "strict": self.strict,
            "low": self.low,
            "high": self.high,
        }


def input_of(name: str, spec: Field, *, lang: str, zone: str | None, value: Any = None, inside: str = "") -> Input:
    """
    How a declared value is asked for.

    Args:
        name: the key it has in its map.
        spec: what the definition declares.
        lang: the language of titles.
        zone: the zone of wall times; None: instants are written with their offset.
        value: what it is now; None: what it is unless said.
        inside: the key of the map it lies in, where it lies in one.
    """
    now = spec.default if value is None else value
    now = next((item for item in spec.one_of if item == now), now)  # an exact number is written as its choice is
    choices = tuple(Choice(plain_json(item), spec.called(item, lang) or plain(value_text(item))) for item in spec.one_of)
    widget = _KINDS[spec.type][1]
    if widget == "text" and (name in LONG or (isinstance(now, str) and "\n" in one_newline(now))):
        # An input of one line would take the line breaks out, and send another text than it showed.
        widget = "textarea"
    return Input(
        name=f"{inside}.{name}" if inside else name,
        path=(inside, name) if inside else (name,),
        both={each: in_language(spec.title, each) or plain(name) for each in LANGUAGES},
        title=in_language(spec.title, lang) or plain(name),
        description=in_language(spec.description, lang),
        type=spec.type,
        widget="select" if choices else widget,
        required=not spec.optional and spec.default is None,
        value=plain_json(now),
        default=plain_json(spec.default),
        choices=choices,
        strict=bool(choices),
        zone=zone,
        spec=spec,
    )


def plain_json(value: Any) -> Any:
    """A plain value as the JSON of a web page writes it: exact numbers, instants, spans and bytes (base64) as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        try:
            return Span.of(value).text
        except TimeError:  # behind us, or longer than a definition may write
            return f"{value / timedelta(seconds=1)!r}s"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    return value


def one_newline(text: str) -> str:
    """A text whose line breaks are one character each, whatever sent it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_line(item: Any) -> bool:
    """Whether an item of a list is read back as it is from a line of its own."""
    return isinstance(item, str) and [item] == item.splitlines() and item == item.strip()


def _is_json(items: list[str]) -> bool:
    return bool(items) and items[0].startswith("[")


def shown_text(value: Any, kind: str, zone: str | None) -> str:
    """A value as the text of an HTML input; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "timestamp" and zone is not None and isinstance(value, str):
        wall = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
        # Browsers show nothing at all where they are given more than thousandths of a second.
        exact = "milliseconds" if wall.microsecond else "seconds" if wall.second else "minutes"
        return wall.replace(tzinfo=None).isoformat(timespec=exact)
    if kind == "list" and isinstance(value, list) and all(_is_line(item) for item in value) and not _is_json(value):
        return "\n".join(value)
    if kind in ("list", "map", "any") and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


__all__ = ["LONG", "Choice", "Input", "input_of", "one_newline", "plain_json", "shown_text"]
