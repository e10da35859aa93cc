"""Knows how a dispatch policy offers and asks for less, and what the host adds; must not know how a candidate is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, frozen

from servflow.dispatch._reading import Part, finish, put, raw, span, whole, word
from servflow.errors import Finding
from servflow.model import FrozenMap, Span, frozen_map

MODES = ("assign", "offer", "pool")
"""What happens to the candidates found: the best gets it, the best are asked in turn, or all are asked at once."""

CANDIDATES = ("engineers", "outlets")

MAX_PARALLEL = 100


@frozen(kw_only=True)
class OfferOptions(Part):
    """How a ticket is offered: how long one may think (None: until withdrawn), and how many are asked at once."""

    timeout: Span | None = field(default=None, converter=raw)
    parallel: int = field(default=1, converter=raw)
    calendar: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "timeout", span(self.timeout, "timeout", found))
        put(self, "parallel", whole(self.parallel, "parallel", found, 1, MAX_PARALLEL))
        put(self, "calendar", word(self.calendar, "calendar", found))
        finish(found)


RELAXATIONS = ("widen", "drop", "lower", "mode")


@frozen(kw_only=True)
class Relaxation(Part):
    """
    One step of asking for less: what changes once ``after`` (default: at once) has passed since the search began.

    ``widen`` an area requirement to the area above, ``drop`` a requirement, ``lower`` a skill
    requirement by one level (never below 1), or change the ``mode``. The first three name a
    requirement or a kind. ``calendar`` names the calendar in which ``after`` counts (None: as time passes).
    """

    after: Span = field(default=Span(), converter=raw)
    calendar: str | None = field(default=None, converter=raw)
    widen: str | None = field(default=None, converter=raw)
    drop: str | None = field(default=None, converter=raw)
    lower: str | None = field(default=None, converter=raw)
    mode: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [key for key in RELAXATIONS if getattr(self, key) is not None]
        if len(given) != 1:
            found.append(Finding("dispatch.relaxation_kind", "", {"given": given, "known": RELAXATIONS}))
        put(self, "after", span(self.after, "after", found) or Span())
        put(self, "calendar", word(self.calendar, "calendar", found))
        for key in ("widen", "drop", "lower"):
            put(self, key, word(getattr(self, key), key, found))
        put(self, "mode", word(self.mode, "mode", found, MODES))
        finish(found)

    @property
    def kind(self) -> str:
        """Which of the four it is."""
        return next(key for key in RELAXATIONS if getattr(self, key) is not None)

    @property
    def target(self) -> str:
        """What it names: a requirement, a kind, or the mode."""
        return str(getattr(self, self.kind))


HostRequirement = Callable[[Any, Any], bool]
HostTerm = Callable[[Any, Any], int]


@frozen(kw_only=True)
class Hooks:
    """
    The host's own pure functions by name.

    A requirement is called with (candidate, needed value) and says whether it is met; a term with
    (candidate, ticket) and gives a whole number. They must depend on nothing else.
    """

    requirements: FrozenMap[str, HostRequirement] = field(default=None, converter=frozen_map)
    terms: FrozenMap[str, HostTerm] = field(default=None, converter=frozen_map)
