"""Knows how a dispatch policy offers and asks for less, and what the host adds; must not know how a candidate is judged."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from servflow.dispatch._reading import Part, finish, put, raw, span, whole, word, words
from servflow.errors import Finding, InputError, shown
from servflow.model import FrozenMap, Span, frozen_map

MODES = ("assign", "offer", "pool", "approve", "queue", "appointment")
"""
What happens to the candidates found: the best gets it, the best are asked in turn, all are asked at once, a dispatcher
confirms the best or names another, the ticket waits until somebody pulls it, or until the customer books a visit.
"""

MAX_PARALLEL = 100
MAX_BROADCAST = 200
MAX_ATTEMPTS = 1_000


@frozen(kw_only=True)
class OfferOptions(Part):
    """
    How a ticket is offered: how long one may think (None: until withdrawn), and how many are asked at once.

    ``parallel`` is how many have an offer at once; a pool goes to the best ``broadcast`` (None: to all who fit). Who lets an
    offer run out is not asked again before ``cool_off`` has passed (None: not in this search). After so many
    ``attempts`` nobody is asked any more until less is asked for (None: as many as fit). ``timeout`` and
    ``cool_off`` count in ``calendar`` where one is named.
    """

    timeout: Span | None = field(default=None, converter=raw)
    parallel: int = field(default=1, converter=raw)
    calendar: str | None = field(default=None, converter=raw)
    cool_off: Span | None = field(default=None, converter=raw)
    attempts: int | None = field(default=None, converter=raw)
    broadcast: int | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "timeout", span(self.timeout, "timeout", found))
        put(self, "cool_off", span(self.cool_off, "cool_off", found))
        if self.cool_off is not None and self.timeout is None:
            found.append(Finding("dispatch.only_with", "cool_off", {"key": "cool_off", "needs": "timeout"}))
        for key, most in (("attempts", MAX_ATTEMPTS), ("broadcast", MAX_BROADCAST)):
            if getattr(self, key) is not None:
                put(self, key, whole(getattr(self, key), key, found, 1, most))
        put(self, "parallel", whole(self.parallel, "parallel", found, 1, MAX_PARALLEL))
        put(self, "calendar", word(self.calendar, "calendar", found))
        finish(found)


RELAXATIONS = ("widen", "drop", "lower", "neighbours", "below", "mode")

NAMING = ("widen", "drop", "lower", "neighbours")
"""The kinds of relaxation that name requirements, or kinds of them."""


@frozen(kw_only=True)
class Relaxation(Part):
    """
    One step of asking for less: what changes once ``after`` (default: at once) has passed since the search began.

    ``widen`` an area requirement to the area above, or a limit of travel by as much again; ``drop`` a requirement;
    ``lower`` a skill requirement by one level (never below 1); let in the ``neighbours`` of the outlets that an area
    requirement or ``of`` admits; ask with ``below: capacity`` for the most where ``below: normal`` asked for what
    somebody takes without a pinch; or change the ``mode``. The first four name requirements or kinds, one or
    several; a step may do several of these at once. ``calendar`` names the calendar in which ``after`` counts (None: as
    time passes).
    """

    after: Span = field(default=Span(), converter=raw)
    calendar: str | None = field(default=None, converter=raw)
    widen: tuple[str, ...] = field(default=(), converter=raw)
    drop: tuple[str, ...] = field(default=(), converter=raw)
    lower: tuple[str, ...] = field(default=(), converter=raw)
    neighbours: tuple[str, ...] = field(default=(), converter=raw)
    below: str | None = field(default=None, converter=raw)
    mode: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        if not any(getattr(self, key) not in (None, (), []) for key in RELAXATIONS):
            found.append(Finding("dispatch.relaxation_kind", "", {"known": RELAXATIONS}))
        put(self, "after", span(self.after, "after", found) or Span())
        put(self, "calendar", word(self.calendar, "calendar", found))
        for key in NAMING:
            put(self, key, words(getattr(self, key), key, found))
        put(self, "below", word(self.below, "below", found, ("capacity",)))
        put(self, "mode", word(self.mode, "mode", found, MODES))
        finish(found)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it does, each once."""
        return tuple(key for key in RELAXATIONS if getattr(self, key))

    @property
    def kind(self) -> str:
        """What it does; of several ``mode`` where it changes that, else the first."""
        return "mode" if self.mode is not None else self.kinds[0]

    @property
    def target(self) -> str:
        """What it names: requirements, kinds, the mode, or the capacity."""
        named = getattr(self, self.kind)
        return named if isinstance(named, str) else ", ".join(named)

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """What it does but for the mode, with each name that it does it to."""
        named = tuple((key, name) for key in NAMING for name in getattr(self, key))
        return named if self.below is None else (*named, ("below", self.below))

    @property
    def text(self) -> str:
        """All that it does, for records and people."""
        named = ((key, getattr(self, key)) for key in self.kinds)
        return "; ".join(f"{key} {value if isinstance(value, str) else ', '.join(value)}" for key, value in named)

    def to_data(self) -> dict[str, Any]:
        """Canonical JSON-ready form without defaults; one name stands without its list."""
        data = super().to_data()
        data.update((key, data[key][0]) for key in NAMING if len(data.get(key, ())) == 1)
        return data


HostRequirement = Callable[[Any, Any], bool]
HostTerm = Callable[[Any, Any], int]


def _callable(value: Any, what: str, takes: str) -> FrozenMap[str, Any]:
    """Functions of the host by name, each of which can be called with two values and answers at once."""
    code = f"extensions.{what}"
    if value is not None and not isinstance(value, Mapping):
        raise InputError(f"{what} is a mapping from names to functions, not {shown(value)}", code=code)
    for name, function in (value or {}).items():
        if not isinstance(name, str) or not name or not callable(function):
            raise InputError(f"{what} maps names to functions, not {shown(name)} to {shown(function)}", code=code)
        if inspect.iscoroutinefunction(function):
            raise InputError(
                f"{what} are asked in the middle of a decision; {name!r} is a coroutine and never answers", code=code
            )
        if not _takes_two(function):
            raise InputError(f"{name!r} of {what} cannot be called with {takes}", code=code, name=name)
    return frozen_map(value)


def _takes_two(function: Any) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except ValueError:
        return True  # written in C without a signature: nobody can tell
    except TypeError:
        return False
    return True


def host_requirements(value: Any) -> FrozenMap[str, HostRequirement]:
    """Requirements of the host by name, looked at before any ticket depends on them."""
    return _callable(value, "requirements", "(candidate, needed value)")


def host_terms(value: Any) -> FrozenMap[str, HostTerm]:
    """Terms of the host by name, looked at before any ticket depends on them."""
    return _callable(value, "terms", "(candidate, ticket)")


@frozen(kw_only=True)
class Hooks:
    """
    The host's own pure functions by name.

    A requirement is called with (candidate, needed value) and says whether it is met; a term with
    (candidate, ticket) and gives a whole number. They must depend on nothing else. What raises or answers something else
    meets nothing and counts 0; the choice keeps what was answered.

    Raises:
        InputError: something is no function of two values, or is a coroutine.
    """

    requirements: FrozenMap[str, HostRequirement] = field(default=None, converter=host_requirements)
    terms: FrozenMap[str, HostTerm] = field(default=None, converter=host_terms)

    @classmethod
    def of(cls, source: Any) -> Hooks:
        """
        Read hooks from themselves, from their mapping, or from an ``Extensions``; None is none.

        Raises:
            InputError: it is none of these.
        """
        found = getattr(source, "hooks", source)
        if found is None or isinstance(found, Hooks):
            return found or cls()
        if not isinstance(found, Mapping) or not set(found) <= {"requirements", "terms"}:
            raise InputError(
                f"hooks are Hooks(requirements={{...}}, terms={{...}}), or the extensions of a workflow, not {shown(found)}",
                code="dispatch.hooks",
            )
        return cls(**found)
