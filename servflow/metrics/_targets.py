"""Knows how what a figure is to be is written, and whether it is so; must not know measures or periods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from attrs import frozen

from servflow.errors import InputError, TimeError, shown
from servflow.model._spans import Span

_WRITTEN = re.compile(r"(>=|<=|≥|≤|>|<)\s*(\S.*)")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_PLAIN = {"≥": ">=", "≤": "<="}
_LONGEST = 60

Bound = Decimal | timedelta


@frozen(kw_only=True)
class Target:
    """
    What a figure is to be: at least, at most, or both; a bound belongs to it unless it is ``above`` or ``below``.

    ``low`` and ``high`` are numbers (shares from 0 to 1) or lengths of elapsed time, None where that side is open.

    >>> Target.of(">= 90 %").holds(0.9), Target.of("< 0.05").holds(0.05), Target.of("<= 4h").holds(timedelta(hours=3))
    (True, False, True)
    """

    low: Bound | None = None
    high: Bound | None = None
    above: bool = False
    below: bool = False

    @classmethod
    def of(cls, source: Target | str | Mapping[str, Any]) -> Target:
        """
        Read a target from a text such as ``>= 0.9``, ``>= 90 %``, ``<= 4h``, or from ``{at_least: ..., at_most: ...}``.

        Raises:
            InputError: it is neither, ``code`` ``target``; or no figure reaches it, ``code`` ``empty_target``.
        """
        if isinstance(source, Target):
            return source
        made = cls._read(source)
        low, high = made.low, made.high
        if low is not None and high is not None:
            if isinstance(low, timedelta) != isinstance(high, timedelta):
                raise _wrong(source)
            if low > high:  # type: ignore[operator]  # both are of one kind
                raise InputError(
                    f"no figure is at least {low} and at most {high}", code="empty_target", low=str(low), high=str(high)
                )
        return made

    @classmethod
    def _read(cls, source: object) -> Target:
        if isinstance(source, Mapping):
            if not source or not source.keys() <= {"at_least", "at_most"}:
                raise _wrong(source)
            low, high = source.get("at_least"), source.get("at_most")
            if low is None and high is None:
                raise _wrong(source)
            return cls(
                low=None if low is None else _bound(low, source),
                high=None if high is None else _bound(high, source),
            )
        found = _WRITTEN.fullmatch(source.strip()) if isinstance(source, str) and len(source) <= _LONGEST else None
        if found is None:
            raise _wrong(source)
        sign, bound = _PLAIN.get(found[1], found[1]), _bound(found[2], source)
        if sign.startswith(">"):
            return cls(low=bound, above=sign == ">")
        return cls(high=bound, below=sign == "<")

    @property
    def of_time(self) -> bool:
        """Whether it is set for a length of time rather than for a number."""
        return isinstance(self.low if self.low is not None else self.high, timedelta)

    def holds(self, value: float | Decimal | timedelta) -> bool:
        """
        Whether a figure is as it is to be.

        Raises:
            InputError: the figure is a length of time and the target a number, or the other way round.
        """
        if isinstance(value, timedelta) != self.of_time:
            raise InputError(f"{value!r} cannot be held against the target {self.text}", code="target", value=str(value))
        if self.low is not None:
            low = _like(self.low, value)
            if value < low or (self.above and value == low):
                return False
        if self.high is not None:
            high = _like(self.high, value)
            if value > high or (self.below and value == high):
                return False
        return True

    @property
    def text(self) -> str:
        """How it is written; reads back as the same target where only one side is bounded."""
        return self.told()

    def told(self, unit: str = "") -> str:
        """How it is written for people: the bounds of a ``share`` in per cent."""
        parts = []
        if self.low is not None:
            parts.append(f"{'>' if self.above else '>='} {_said(self.low, unit)}")
        if self.high is not None:
            parts.append(f"{'<' if self.below else '<='} {_said(self.high, unit)}")
        return ", ".join(parts)

    def to_data(self) -> str | dict[str, str]:
        """JSON-ready form, which ``Target.of`` reads as the same target."""
        if self.low is None or self.high is None:
            return self.text
        return {"at_least": _said(self.low), "at_most": _said(self.high)}


def _like(bound: Bound, value: Any) -> Any:
    # A share of 0.9 is the double nearest to it, an amount is exact; each is held against a bound of its own kind.
    return float(bound) if isinstance(value, float) and isinstance(bound, Decimal) else bound


def _bound(value: object, source: object) -> Bound:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        value = format(Decimal(str(value)), "f") if abs(float(value)) < 1e15 else ""  # a number that is none has no text here
    if not isinstance(value, str):
        raise _wrong(source)
    text = value.strip()
    percent = text.endswith("%")
    number = text.removesuffix("%").strip() if percent else text
    if _NUMBER.fullmatch(number):
        return Decimal(number) / 100 if percent else Decimal(number)
    try:
        span = Span.of(text)
    except TimeError:
        raise _wrong(source) from None
    if percent or span.business_days:
        raise _wrong(source)
    return span.exact


def _said(bound: Bound, unit: str = "") -> str:
    if unit == "share" and isinstance(bound, Decimal):
        return f"{_said(100 * bound)} %"
    return Span(bound).text if isinstance(bound, timedelta) else format(bound.normalize(), "f")


def _wrong(source: object) -> InputError:
    return InputError(
        f"{shown(source)} is no target; write '>= 0.9', '>= 90 %', '<= 4h', or at_least and at_most", code="target",
        value=shown(source),
    )  # fmt: skip
