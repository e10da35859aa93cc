"""Knows how an escalation chain is defined and when its definition is wrong; must not know any ticket or run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding
from servflow.escalation import _shape
from servflow.escalation._level import Level
from servflow.escalation._quiet import Quiet, read_quiet
from servflow.escalation._shape import Broken
from servflow.escalation._trigger import Ending, Trigger, business_days, refuse, zero
from servflow.model import Span, canonical

MAX_LEVELS = 50
"""The most levels that one chain may have."""

MAX_REPEATS = 100
"""The most times that the levels of a chain may be climbed again."""

MAX_TRIGGERS = 20

LATE = ("collapse", "each")
ON_EMPTY = ("skip", "hold", "fallback")
ON_ACK = ("pause", "continue")
UNACK = ("continue", "restart")
ON_REOPEN = ("restart", "resume", "next")
ON_FAILURE = ("never", "all", "any")

_ZERO = Span()


@frozen(kw_only=True)
class Repeat:
    """
    Climb the chain again when its last level has fired: ``times`` more, from 1 to 100.

    The next climb begins ``after`` the scheduled instant of the last level and then waits for the
    first level as any climb does; ``after`` counts in the first level's calendar. A climb that somebody sent
    back, or an acknowledgement that ran out with ``unack: restart``, has begun is one of them.
    """

    times: int = 1
    after: Span = field(default=_ZERO, converter=_shape.read_delay)

    def __attrs_post_init__(self) -> None:
        refuse([*_shape.problems(self), *_shape.check_count(self.times, MAX_REPEATS, "times")])

    def to_data(self) -> dict[str, Any]:
        """The repetition as its JSON-ready mapping."""
        return _shape.to_data(self)


def _levels(value: Any) -> Any:
    return _shape.read_values(Level, value, MAX_LEVELS)


def _triggers(value: Any) -> Any:
    return _shape.read_values(Trigger, value, MAX_TRIGGERS)


def _endings(value: Any) -> Any:
    """A state's name alone is short for ``{state: name}``; a list of names in one mapping is several endings."""
    items = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
    spread: list[Any] = []
    for item in items[: MAX_TRIGGERS + 1]:
        if isinstance(item, str):
            spread.append({"state": item})
        elif isinstance(item, Mapping) and len(item) == 1 and isinstance(next(iter(item.values())), (list, tuple)):
            kind, names = next(iter(item.items()))
            spread.extend({kind: name} for name in names[: MAX_TRIGGERS + 1])
        else:
            spread.append(item)
    return _shape.read_values(Ending, spread, MAX_TRIGGERS)


def _repeat(value: Any) -> Any:
    return None if value is None else _shape.read_value(Repeat, value)


@frozen(kw_only=True, slots=False)
class Chain:
    """
    Ordered levels climbed when a trigger holds.

    ``start`` is one trigger or several; each of them starts a run of its own. ``until`` ends a run
    early; the ticket's closing always does. ``when`` must hold for a run to start. The options, the
    first named is the default: ``late`` ``collapse`` or ``each`` (whether every level that is caught
    up late notifies, or the last one for all), ``on_empty`` ``skip``, ``hold`` or ``fallback`` (nobody
    to reach; ``fallback`` is then who), ``on_ack`` ``pause`` or ``continue``, ``ack_ttl`` how long an
    acknowledgement lasts (as time passes; None: until it is taken back), ``unack`` ``continue`` with
    what was left or ``restart`` from the first level, ``on_reopen`` ``restart`` from the first level,
    ``resume`` with the highest level reached or go to the ``next`` one above it, ``advance_on_failure``
    ``never`` or make the next level due at once when ``all`` notifications of a level failed, or ``any`` did.
    ``quiet`` are hours in which only what is urgent is said. ``title`` is what people call it, in one language or several.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    name: str
    start: tuple[Trigger, ...] = field(converter=_triggers)
    until: tuple[Ending, ...] = field(default=(), converter=_endings)
    levels: tuple[Level, ...] = field(converter=_levels)
    when: Any = field(default=None, converter=_shape.read_plain)
    late: str = "collapse"
    on_empty: str = "skip"
    fallback: Any = field(default=None, converter=_shape.read_plain)
    on_ack: str = "pause"
    ack_ttl: Span | None = field(default=None, converter=_shape.read_span)
    unack: str = "continue"
    on_reopen: str = "restart"
    repeat: Repeat | None = field(default=None, converter=_repeat)
    advance_on_failure: str = "never"
    quiet: Quiet | None = field(default=None, converter=read_quiet)
    title: str = field(default="", converter=_shape.read_title)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_name(self.name, "name")]
        found.extend(
            Finding("escalation.empty", name, {"key": name}) for name in ("start", "levels") if getattr(self, name) == ()
        )
        found.extend(_shape.check_condition(self.when, "when"))
        options = (
            ("late", LATE),
            ("on_empty", ON_EMPTY),
            ("on_ack", ON_ACK),
            ("unack", UNACK),
            ("on_reopen", ON_REOPEN),
            ("advance_on_failure", ON_FAILURE),
        )
        for name, known in options:
            found.extend(_shape.check_option(getattr(self, name), known, name))
        if (self.on_empty == "fallback") != (self.fallback is not None) and self.on_empty in ON_EMPTY:
            found.append(Finding("escalation.fallback", "fallback", {"on_empty": self.on_empty}))
        found.extend(business_days(self.ack_ttl, None, "ack_ttl") + zero(self.ack_ttl, "ack_ttl"))
        found.extend(self._level_problems())
        refuse(found)

    def _level_problems(self) -> list[Finding]:
        if isinstance(self.levels, Broken) or not self.levels:
            return []
        found = []
        seen: set[str] = set()
        for index, level in enumerate(self.levels):
            if level.name in seen:
                found.append(Finding("escalation.twice", f"levels[{index}].name", {"name": level.name}))
            seen.add(level.name)
        names = [level.name for level in self.levels]
        for index, level in enumerate(self.levels):
            if level.goto is not None and level.goto not in (later := tuple(names[index + 1 :])):
                facts = {"level": level.goto, "known": later, "nearest": _shape.near(level.goto, later)}
                found.append(Finding("escalation.goto", f"levels[{index}].otherwise.goto", facts))
        triggers = () if isinstance(self.start, Broken) else self.start
        for index, trigger in enumerate(triggers):
            if trigger.level is not None and trigger.level not in names:
                facts = {"level": trigger.level, "known": tuple(names), "nearest": _shape.near(trigger.level, names)}
                path = "start.level" if len(triggers) == 1 else f"start[{index}].level"
                found.append(Finding("escalation.no_level", path, facts))
        if isinstance(self.repeat, Repeat):
            counts = self.levels[0].counts_of or self.levels[0].named
            found.extend(business_days(self.repeat.after, counts, "repeat.after"))
        return found

    @classmethod
    def of(cls, source: Chain | Mapping[str, Any]) -> Chain:
        """
        Read a chain from a mapping with the constructor's keys; a chain is returned as it is.

        Raises:
            DefinitionError: with every problem, unknown keys included.
        """
        read = _shape.read_value(cls, source)
        if isinstance(read, Broken):
            raise DefinitionError.of(read.findings)
        chain: Chain = read
        return chain

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical definition without titles, in hex; a run is pinned to it."""
        data = {key: value for key, value in self.to_data().items() if key != "title"}
        data["levels"] = [{key: value for key, value in level.items() if key != "title"} for level in data["levels"]]
        return hashlib.sha256(canonical(data)).hexdigest()

    def index(self, level: str) -> int | None:
        """The place of a level from 0 by its name; None where no level has it."""
        return next((place for place, known in enumerate(self.levels) if known.name == level), None)

    def addressed(self) -> Iterator[tuple[str, Any]]:
        """Every ``to`` in the chain with its path below the chain, so that ``check_to`` can judge it."""
        if self.fallback is not None:
            yield "fallback", self.fallback
        for place, level in enumerate(self.levels):
            for path, to in level.addressed():
                yield f"levels[{place}].{path}", to

    def to_data(self) -> dict[str, Any]:
        """
        The canonical, JSON-ready form: ``Chain(**data)`` is this chain again.

        What equals its default is left out; a single trigger stands alone.
        """
        data = _shape.to_data(self)
        if len(self.start) == 1:
            data["start"] = data["start"][0]
        return data
