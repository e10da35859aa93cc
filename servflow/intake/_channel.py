"""Knows how the messages of one channel read as fields; must not know which workflow they are for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.errors import ExpressionError, InputError, TimeError
from servflow.expressions import Expression
from servflow.model import FrozenMap, instant, read_instant

_SCOPE = {"message": "map"}


def _expression(text: Any) -> Expression | None:
    return text if text is None or isinstance(text, Expression) else Expression.parse(text, _SCOPE)


def _expressions(texts: Mapping[str, Any]) -> FrozenMap[str, Expression]:
    return FrozenMap(
        {name: text if isinstance(text, Expression) else Expression.parse(text, _SCOPE) for name, text in texts.items()}
    )


@frozen(kw_only=True)
class Channel:
    """
    Where messages come from, and how they read.

    ``fields`` gives for each field of a ticket an expression over ``message``, such as ``message.subject``; what is
    missing in a message reads as null and is left out. ``key`` tells messages apart: the same key is the same
    message sent again. ``occurred`` gives when it happened: an aware instant, or text with an offset.

    Raises:
        ExpressionError: one of them cannot be read.
    """

    name: str
    key: Expression = field(converter=_expression)
    fields: FrozenMap[str, Expression] = field(factory=dict, converter=_expressions)
    occurred: Expression | None = field(default=None, converter=_expression)

    def read(self, message: Mapping[str, Any]) -> tuple[str, dict[str, Any], datetime | None]:
        """
        The key of a message, its fields, and when it happened.

        Raises:
            InputError: there is no key, or an expression cannot be evaluated; names channel and field.
        """
        scope = {"message": message}
        key = self._value("key", self.key, scope)
        if isinstance(key, bool) or not isinstance(key, (str, int)) or key == "":
            raise InputError(
                f"a message of channel {self.name!r} has no key: {self.key.text} gives {key!r}, not text or a number",
                code="intake.key",
                channel=self.name,
            )
        read = {name: self._value(name, expression, scope) for name, expression in self.fields.items()}
        fields = {name: value for name, value in read.items() if value is not None}
        return str(key), fields, self._instant(scope)

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
