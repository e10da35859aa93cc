"""Knows how a length of time is written; must not know which time counts."""

from __future__ import annotations

import re
from datetime import timedelta

from attrs import frozen

from servflow.errors import TimeError, shown

_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_LONG_UNITS = {"d": 86_400_000_000, "w": 7 * 86_400_000_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", re.ASCII)
_BUSINESS = re.compile(r"(\d+)\s+business\s+days?", re.ASCII)
_LIMIT = timedelta(days=36_525)
_LONGEST = 40


@frozen
class Span:
    """
    A length of time as a definition writes it.

    Exactly one of three meanings: an ``exact`` length that counts in the time the calendar counts
    (``4h``, ``30m``, a ``timedelta``); an exact length with ``elapsed`` set, which passes as time
    passes (``3d``, ``2w``); or a number of ``business_days``, which becomes a counted amount at the
    instant it starts. Never negative, at most 100 years.
    """

    exact: timedelta = timedelta()
    elapsed: bool = False
    business_days: int = 0

    @classmethod
    def of(cls, value: Span | timedelta | str) -> Span:
        """
        Read a span from what a definition holds.

        Args:
            value: a span, a ``timedelta``, or text such as ``4h``, ``1h30m``, ``3d`` or ``2 business days``.

        Raises:
            TimeError: the text is not a span, mixes days with hours, is negative or over 100 years.
        """
        if isinstance(value, Span):
            return value
        if isinstance(value, timedelta):
            return cls(_bounded(value, value))
        if isinstance(value, str):
            return cls._read(value)
        raise TimeError(
            f"{shown(value)} is not a span; write 4h, 30m, 3d or '2 business days'", code="span", value=shown(value)
        )

    @classmethod
    def _read(cls, text: str) -> Span:
        stripped = text.strip()
        if len(stripped) > _LONGEST:  # before anything looks at every character
            raise TimeError(
                f"{shown(stripped[:_LONGEST])}… is not a span; a span has at most {_LONGEST} characters, such as 4h",
                code="span",
                value=stripped[:_LONGEST] + "…",
            )
        business = _BUSINESS.fullmatch(stripped)
        if business and len(business[1]) <= 5:
            _bounded(timedelta(days=int(business[1])), text)
            return cls(business_days=int(business[1]))
        parts = _PART.findall(stripped)
        compact = "".join(stripped.split())
        if not parts or "".join(number + unit for number, unit in parts) != compact:
            raise TimeError(
                f"{shown(text)} is not a span; write 4h, 30m, 1h30m, 3d or '2 business days'", code="span", value=text
            )
        units = {unit for _, unit in parts}
        if units & _LONG_UNITS.keys() and units & _UNITS.keys():
            raise TimeError(
                f"{shown(text)} mixes days, which pass, with hours, which may be counted; write it in one kind of unit",
                code="span",
                value=text,
            )
        total = sum(round(float(number) * {**_UNITS, **_LONG_UNITS}[unit]) for number, unit in parts)
        if total > _LIMIT // timedelta(microseconds=1):
            raise TimeError(f"{shown(text)} is longer than 100 years", code="span", value=text, limit="100 years")
        return cls(timedelta(microseconds=total), elapsed=bool(units & _LONG_UNITS.keys()))

    @property
    def text(self) -> str:
        """The canonical spelling, which reads back as the same span."""
        if self.business_days:
            return f"{self.business_days} business days"
        rest = self.exact // timedelta(microseconds=1)
        if self.elapsed:
            days, rest = divmod(rest, _LONG_UNITS["d"])
            if rest:  # a fraction of a day keeps its exact value
                return f"{self.exact / timedelta(days=1)!r}d"
            return f"{days}d"
        out = []
        for unit in ("h", "m", "s", "ms"):
            count, rest = divmod(rest, _UNITS[unit])
            if count:
                out.append(f"{count}{unit}")
        if rest:
            return f"{self.exact / timedelta(seconds=1):.6f}s"
        return "".join(out) or "0s"


def _bounded(value: timedelta, source: object) -> timedelta:
    if value < timedelta():
        raise TimeError(f"{shown(source)} is negative; a span is a length of time", code="span", value=source)
    if value > _LIMIT:
        raise TimeError(f"{shown(source)} is longer than 100 years", code="span", value=source, limit="100 years")
    return value
