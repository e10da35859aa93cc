"""Knows what is kept of a record that counts for a key; must not know what is looked for among such facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from attrs import field, frozen

from servflow.correlation._own import MARK
from servflow.errors import InputError, shown
from servflow.model import EMPTY, FrozenMap, freeze, frozen_map, instant, storable

EVENT = "record"
"""The event under which a fact reaches the ticket of its key."""

MAX_KEY = 200
"""How long the key of an event may be; longer names of facts end in a hash."""

_PLAIN_ID = 160
_ID = 177

Position: TypeAlias = "tuple[datetime, str, int]"
"""Where a fact stands among all others: (at, ticket, sequence)."""


def _carried(value: Mapping[str, Any] | None) -> FrozenMap[str, Any]:
    return frozen_map(value)


@frozen(kw_only=True)
class Fact:
    """
    One record, as far as it matters for one key.

    ``ticket`` and ``sequence`` name the record, ``at`` is its instant. ``value`` is what a distinct count tells apart,
    ``steps`` are the steps of a sequence it can be, from 0. Where an absence is looked for, ``starts`` says that the waiting
    begins with it and ``ends`` that it is what was waited for. ``carried`` is what the definition wants to know of it later.
    """

    key: str
    ticket: str
    sequence: int
    at: datetime = field(converter=instant)
    value: Any = None
    steps: tuple[int, ...] = ()
    starts: bool = True
    ends: bool = False
    carried: FrozenMap[str, Any] = field(default=EMPTY, converter=_carried)
    position: Position = field(init=False, eq=False, repr=False)
    """Where it stands among all others."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "position", (self.at, self.ticket, self.sequence))

    @property
    def id(self) -> str:
        """``<ticket>:<sequence>``, which no other record has."""
        return f"{self.ticket}:{self.sequence}"

    @property
    def event_key(self) -> str:
        """Its id as the key of an event: the same, or its beginning and a hash where it is over 200 characters."""
        return self.id if len(self.id) <= MAX_KEY else f"{self.id[: MAX_KEY - 17]}~{_hash(self.id)}"

    @property
    def payload(self) -> FrozenMap[str, Any]:
        """What the event ``record`` carries; ``Fact.of`` reads it back."""
        said: dict[str, Any] = {"key": self.key, **self.kept}
        return FrozenMap(said)

    @property
    def kept(self) -> FrozenMap[str, Any]:
        """The payload without the key, as the ticket of the key keeps it; what says nothing is left out."""
        said: dict[str, Any] = {"ticket": self.ticket, "sequence": self.sequence, "at": self.at}
        if self.value is not None:
            said["value"] = freeze(self.value)
        if self.steps:
            said["steps"] = self.steps
        if not self.starts:
            said["starts"] = False
        if self.ends:
            said["ends"] = True
        if self.carried:
            said["carried"] = freeze(self.carried)
        return FrozenMap(said)

    @classmethod
    def of(cls, payload: Mapping[str, Any], key: str | None = None) -> Fact:
        """
        Read a fact from what an event carried or a ticket kept.

        Args:
            key: what it counts for, where the payload does not say.

        Raises:
            InputError: something is missing, unknown or no such value.
            TimeError: its instant is naive.
        """
        given = dict(payload)
        if key is not None:
            given.setdefault("key", key)
        problem = _flaw(given)
        if problem is not None:
            raise InputError(f"this is no fact: {problem}", code="fact", problem=problem)
        if "steps" in given:
            given["steps"] = tuple(given["steps"])
        return cls(**given)


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "key": str,
    "ticket": str,
    "sequence": int,
    "at": datetime,
    "steps": (list, tuple),
    "starts": bool,
    "ends": bool,
    "carried": Mapping,
    "value": object,
}


def _flaw(given: Mapping[str, Any]) -> str | None:
    for name in ("key", "ticket", "sequence", "at"):
        if name not in given:
            return f"{name} is missing"
    for name, value in given.items():
        kind = _KINDS.get(name)
        if kind is None:
            return f"there is nothing called {shown(name)}; known are {', '.join(_KINDS)}"
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            return f"{name} is {shown(value)}"
    return None


def ticket_id(correlator: str, key: str) -> str:
    """
    The id of the ticket that keeps what is known about one key: ``~<correlator>/<key>``.

    The mark in front tells it from every ticket of the host, in whose screens it is not shown. Control characters, ``%`` and
    what no store can keep are written as ``%XX``; a long one ends in a hash, so that it has 177 characters and no two keys
    share one.
    """
    written = f"{MARK}{correlator}/{_escaped(key)}"
    return written if len(written) <= _PLAIN_ID else f"{written[:_PLAIN_ID]}~{_hash(written)}"


def _escaped(text: str) -> str:
    if text.isprintable() and "%" not in text and storable(text):
        return text
    out = []
    for character in text:
        if character != "%" and (character.isprintable() or character == " ") and storable(character):
            out.append(character)
        else:
            out.extend(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
    return "".join(out)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
