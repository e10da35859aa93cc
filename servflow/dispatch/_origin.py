"""Knows what a decision depends on, as one hash and by its parts; must not know what was decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from attrs import define

from servflow.dispatch._told import jsonable
from servflow.model import World

_WRITE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def digest(*parts: Any) -> str:
    """A hash of plain values that is the same in every process."""
    return hashlib.blake2b(_WRITE(parts).encode(errors="surrogatepass"), digest_size=16).hexdigest()


_NOTHING = digest({}, [], [])
"""The hash where nothing was read but what the revision of the ticket tells."""


@define(kw_only=True, slots=False, frozen=True, eq=False)
class Origin:
    """What a decision was made from; hashed only when somebody asks."""

    policy: str
    world: World
    ticket: str
    sequence: int
    bindings: Mapping[str, Any]
    held: tuple[tuple[str, int], ...] = ()
    declined: Iterable[str] = ()
    turns: Mapping[str, int] | None = None

    @cached_property
    def parts(self) -> Mapping[str, Any]:
        """Each part by its name; ``read`` is a hash of what was read that the revision of the ticket does not tell."""
        return {
            "policy": self.policy,
            "world": self.world.version,
            "ticket": self.ticket,
            "sequence": self.sequence,
            "read": self._read() if self.bindings or self.held or self.declined or self.turns else _NOTHING,
        }

    def _read(self) -> str:
        return digest(
            jsonable(self.bindings),
            jsonable(self.held),
            sorted(self.declined),
            *([dict(self.turns)] if self.turns else []),  # a desk counts them without giving the world another version
        )

    def fingerprint(self, stage: int) -> str:
        """The hash of all parts and of how far less is asked for."""
        return digest(*self.parts.values(), stage)
