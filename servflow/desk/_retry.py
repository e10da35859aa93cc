"""Knows when something that failed is tried again, and when it is given up; must not know what failed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from fractions import Fraction

from attrs import frozen

from servflow.errors import InputError, shown
from servflow.model import instant

MOST_TRIES = 1_000
"""Above this nobody waits for the last try any more."""

_TICK = timedelta(microseconds=1)


def whole(value: object, name: str, low: int, high: int) -> int:
    """
    A whole number within bounds.

    Raises:
        InputError: it is none, or lies outside.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{name} is a whole number from {low} to {high}, not {shown(value)}", value=value, name=name)
    return value


def positive(value: object, name: str) -> timedelta:
    """
    A length of elapsed time, once it is known to be one.

    Raises:
        InputError: it is none, or not above zero.
    """
    if not isinstance(value, timedelta) or value <= timedelta():
        raise InputError(f"{name} is a timedelta above zero, not {shown(value)}", value=value, name=name)
    return value


def _number(value: object, name: str, low: float, high: float) -> None:
    # What is no number compares as false: NaN too.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{name} is a number from {low:g} to {high:g}, not {shown(value)}", value=value, name=name)


@frozen(kw_only=True)
class Retry:
    """
    How often, and after which elapsed times, something that failed is tried again before it is set aside.

    After the first failure it waits ``first``, then ``factor`` times as long after each, at most ``most``. To each
    wait comes a part of it between nothing and ``jitter``, drawn from the id and the number of the try: what
    failed together is not tried together, and two processes agree on when. A wait is never shorter than ``first``.

    Args:
        tries: how often in all, the first time included; 1 sets aside what fails once.
        first: elapsed time after the first failure, above zero.
        factor: 1 to 100; 1 waits equally long each time.
        most: the longest wait, jitter included; not below ``first``.
        jitter: 0 to 1; the largest part that comes on top.

    Raises:
        InputError: a number lies outside its bounds.

    >>> from datetime import UTC, datetime, timedelta
    >>> retry = Retry(tries=3, first=timedelta(seconds=10), jitter=0)
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> [str(at and at.time()) for at in (retry.again("T1", tries, noon) for tries in (1, 2, 3))]
    ['12:00:10', '12:00:20', 'None']
    """

    tries: int = 12
    first: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    most: timedelta = timedelta(hours=1)
    jitter: float = 0.1

    def __attrs_post_init__(self) -> None:
        whole(self.tries, "tries", 1, MOST_TRIES)
        positive(self.first, "first")
        positive(self.most, "most")
        _number(self.factor, "factor", 1, 100)
        _number(self.jitter, "jitter", 0, 1)
        if self.most < self.first:
            raise InputError(f"most is {self.most}, but the first wait is {self.first} already", name="most", value=self.most)

    def again(self, id: str, tries: int, at: datetime) -> datetime | None:  # noqa: A002 - the word of the whole library
        """
        When what failed *at* an instant for the *tries*-th time is tried again; None where that was the last time.

        The same arguments give the same instant, in every process.

        Args:
            tries: how often it was tried, the failure just now included; at least 1.
            at: aware.
        """
        at = instant(at, "at")
        if tries >= self.tries:
            return None
        # Exactly, in microseconds: powers of floats differ from one machine to the next.
        most, wait = self.most // _TICK, Fraction(self.first // _TICK)
        wait = min(wait * Fraction(self.factor) ** max(tries - 1, 0), Fraction(most))
        drawn = Fraction(
            int.from_bytes(hashlib.sha256(f"{id}\n{tries}".encode("utf-8", "surrogatepass")).digest()[:8]), 1 << 64
        )
        return at + min(int(wait + wait * Fraction(self.jitter) * drawn), most) * _TICK
