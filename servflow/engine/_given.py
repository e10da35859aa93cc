"""Knows how what a host passes besides ticket and event is read and checked; must not know what it is for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from servflow.errors import InputError, Refused, shown
from servflow.model import Actor, World, instant, storable

MAX_ID = 200
"""How long ids and keys may be."""


@attrs.frozen
class Given:
    """What a host passes besides ticket and event, read and checked."""

    at: datetime
    actor: Actor | None
    world: World | None
    occurred: datetime | None
    key: str | None = None
    expect: int | None = None
    unasked: bool = False
    """Whether the event is only tried, in nobody's name, so that nobody's permission is asked."""

    @classmethod
    def of(
        cls,
        at: datetime,
        actor: Any,
        world: Any,
        occurred: datetime | None,
        *,
        key: str | None = None,
        expect: int | None = None,
    ) -> Given:
        """
        Read what a host passed.

        Raises:
            TimeError: an instant is naive.
            Refused: *occurred* is later than *at*.
        """
        now = instant(at)
        if key is not None:
            _check_key(key)
        if expect is not None:
            _check_expect(expect)
        if actor is None and world is None and occurred is None:
            return cls(now, None, None, None, key, expect)
        happened = None if occurred is None else instant(occurred, "occurred")
        if happened is not None and happened > now:
            raise Refused(
                f"occurred {happened.isoformat()} is later than at {now.isoformat()}; what has not happened cannot be told",
                code="past",
                at=now,
                occurred=happened,
            )
        return cls(now, Actor.of(actor), World.of(world), None if happened == now else happened, key, expect)


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_ID or not storable(key):
        raise InputError(
            f"key is a text of 1 to {MAX_ID} characters, not {shown(key)}", code="key", key=shown(key), limit=MAX_ID
        )


def _check_expect(expect: object) -> None:
    if isinstance(expect, bool) or not isinstance(expect, int):
        raise InputError(f"expect is a revision, a whole number, not {shown(expect)}", code="expect", expect=shown(expect))
