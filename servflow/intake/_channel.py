"""Knows how the messages of one channel read as fields; must not know which workflow they are for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.errors import ExpressionError, InputError, TimeError, shown
from servflow.expressions import Expression
from servflow.model import CONVERTERS, FrozenMap, ValueProblem, instant, name_flaw, read_instant, storable

SCOPE = {"message": "map"}
"""What the expressions of a channel read."""

MAX_CHANNEL = 100
"""How many characters the name of a channel has at most; ids of tickets begin with it."""

MAX_KEY = 10_000
"""How many characters the key of a message has at most."""

MAX_MESSAGE = 300_000
"""How many characters a message has in all, keys and texts together; one text has at most 100,000."""

MAX_SAID = 100_000
"""How many characters the text of a message has that is added to an open ticket."""


def _expression(text: Any) -> Expression | None:
    return text if text is None or isinstance(text, Expression) else Expression.parse(text, SCOPE)


def _expressions(texts: Mapping[str, Any]) -> FrozenMap[str, Expression]:
    return FrozenMap(
        {name: text if isinstance(text, Expression) else Expression.parse(text, SCOPE) for name, text in texts.items()}
    )


def _words(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@frozen(kw_only=True)
class Channel:
    """
    Where messages come from, and how they read.

    ``fields`` gives for each field of a ticket an expression over ``message``, such as ``message.subject``; what is
    missing in a message reads as null and is left out. ``key`` tells messages apart: the same key (a text, a whole number, or
    a list of these) is the same message sent again. ``occurred`` gives when it happened: an aware instant, or text with an
    offset. ``text`` gives what the sender said, which is kept where the message is added to an open ticket; where it is left
    out, or gives null, all the fields read are written out. ``required`` names fields without which a message of this
    channel is refused. ``ticket`` gives the id of the ticket that a message answers, such as one that stands in the subject
    of a mail: it is added there, see ``Intake.submit``.

    Raises:
        ExpressionError: one of them cannot be read.
    """

    name: str
    key: Expression = field(converter=_expression)
    fields: FrozenMap[str, Expression] = field(factory=dict, converter=_expressions)
    occurred: Expression | None = field(default=None, converter=_expression)
    text: Expression | None = field(default=None, converter=_expression)
    ticket: Expression | None = field(default=None, converter=_expression)
    required: tuple[str, ...] = field(default=(), converter=_words)
    title: str = ""

    def read(self, message: Mapping[str, Any]) -> tuple[str, dict[str, Any], datetime | None]:
        """
        The key of a message, its fields, and when it happened.

        Raises:
            InputError: there is no key, or expressions cannot be evaluated; names the channel and all these fields.
        """
        scope = {"message": message}
        key = self.key_of(message)
        fields: dict[str, Any] = {}
        wrong: list[InputError] = []
        for name, expression in self.fields.items():
            try:
                value = self._value(name, expression, scope)
            except InputError as error:
                wrong.append(error)
                continue
            if value is not None:
                fields[name] = value
        if wrong:
            said = tuple(error.message for error in wrong)
            raise InputError(
                "; ".join(said), code="intake.expression", channel=self.name, field=wrong[0].facts["field"], problems=said
            )
        return key, fields, self._instant(scope)

    def key_of(self, message: Mapping[str, Any]) -> str:
        """
        What tells a message from others of this channel.

        Raises:
            InputError: there is none, or it cannot be kept.
        """
        key = self._value("key", self.key, {"message": message})
        parts = list(key) if isinstance(key, (list, tuple)) and key else [key]
        if any(isinstance(part, bool) or not isinstance(part, (str, int)) or part == "" for part in parts):
            raise self._keyless(f"has no key: {self.key.text} gives {shown(key)}, not text or a number")
        text = str(key) if parts == [key] else json.dumps(parts, ensure_ascii=False)
        if len(text) > MAX_KEY or not storable(text):
            raise self._keyless(f"has no key that can be kept: {self.key.text} gives {shown(key)}")
        return text

    def answered(self, message: Mapping[str, Any]) -> str | None:
        """
        The id of the ticket that a message says it answers; None where it says none, or what cannot be an id.

        Raises:
            InputError: the expression cannot be evaluated.
        """
        if self.ticket is None:
            return None
        value = self._value("ticket", self.ticket, {"message": message})
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        return text if name_flaw(text) is None else None

    def _keyless(self, why: str) -> InputError:
        return InputError(f"a message of channel {self.name!r} {why}", code="intake.key", channel=self.name)

    def said(self, message: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
        """
        What the sender said, in words.

        Raises:
            InputError: it is no text, or longer than ``MAX_SAID``.
        """
        given = None if self.text is None else self._value("text", self.text, {"message": message})
        if given is None:
            given = "\n".join(f"{name}: {_written(value)}" for name, value in fields.items())
        if not isinstance(given, str) or len(given) > MAX_SAID or not storable(given):
            raise InputError(
                f"channel {self.name!r}, text: expected text of at most {MAX_SAID} characters, got {shown(given)}",
                code="intake.text",
                channel=self.name,
            )
        return given

    def _value(self, name: str, expression: Expression, scope: Mapping[str, Any]) -> Any:
        try:
            return expression.value(scope)
        except ExpressionError as error:
            raise InputError(
                f"channel {self.name!r}, {name}: {error.message}", code="intake.expression", channel=self.name, field=name
            ) from error

    def _instant(self, scope: Mapping[str, Any]) -> datetime | None:
        if self.occurred is None:
            return None
        value = self._value("occurred", self.occurred, scope)
        try:
            return None if value is None else read_instant(value) if isinstance(value, str) else instant(value, "occurred")
        except TimeError as error:
            raise InputError(
                f"channel {self.name!r}, occurred: {error.message}", code="intake.occurred", channel=self.name
            ) from error


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def bounded(message: Mapping[str, Any], channel: str) -> None:
    """
    Refuse a message that is too large, too deep, or holds what no store can keep.

    Raises:
        InputError: with every part that is wrong in ``problems``.
    """
    problems: list[str] = []
    if len(message) > MAX_PARTS:
        problems.append(f"it has {len(message)} parts; at most {MAX_PARTS}")
    else:
        for name, value in message.items():
            try:
                CONVERTERS["any"]({name: value})
            except ValueProblem as problem:
                problems.append(f"{shown(name)} is {shown(value)}, expected {problem}")
            if len(problems) == MOST_TOLD:
                break
    if not problems and (size := _size(message)) > MAX_MESSAGE:
        problems.append(f"it has {size} characters in all; at most {MAX_MESSAGE}")
    if problems:
        raise InputError(
            f"a message of channel {channel!r} cannot be taken in: {'; '.join(problems)}",
            code="intake.message",
            channel=channel,
            problems=tuple(problems),
        )


MAX_PARTS = 1_000
"""How many parts a message has at most, at its top."""

MOST_TOLD = 20
"""How many problems of one message are told at once."""


def _size(value: Any) -> int:
    size, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (str, bytes)):
            size += len(one)
        elif isinstance(one, Mapping):
            waiting.extend(one.keys())
            waiting.extend(one.values())
        elif isinstance(one, (list, tuple)):
            waiting.extend(one)
    return size
