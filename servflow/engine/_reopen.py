"""Knows how long a closed state can be reopened and the transition that comes down to; must not know how it is taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from servflow.engine._building import allow_list, at_path, build, names, refuse_shapes
from servflow.errors import DefinitionError, Finding, TimeError
from servflow.escalation._spans import later
from servflow.expressions import Expression
from servflow.model import Action, Span, actions, titled

if TYPE_CHECKING:
    from servflow.calendars import OpenTime
    from servflow.engine._compile import Compiled

EVENT = "ticket.reopen"


def _within(value: Any) -> Span | None:
    try:
        span = None if value is None else Span.of(value)
    except TimeError as error:
        raise DefinitionError.of([Finding("definition.span", "within", {"value": value, "why": error.message})]) from None
    if span is not None and not span.exact and not span.business_days:
        raise DefinitionError.of([Finding("reopen.zero", "within", {"value": value})])
    return span


@frozen(kw_only=True)
class Reopen:
    """
    How a closed state can be reopened: short for a ``ticket.reopen`` transition out of it.

    ``target`` is where it leads. ``within`` is how long after the closing (none: at any time): as time passes, or
    counted in ``calendar`` where one is named and the span is no days; the last instant does not belong to it.
    ``when`` must hold besides; ``allow``, ``not_by``, ``do`` and ``title`` are those of the transition.
    """

    target: tuple[str, ...] = field(converter=names)
    within: Span | None = field(default=None, converter=_within)
    calendar: str | None = None
    when: Any = None
    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    do: tuple[Action, ...] = field(default=(), converter=actions)
    title: str = field(default="", converter=titled)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("calendar", "not_by", "title"))

    @property
    def window(self) -> str | None:
        """The condition that the window is still open; None where it never closes."""
        span = self.within
        if span is None:
            return None
        if span.business_days:
            return f"at < after_days({_literal(self.calendar or '')}, closed_at, {span.business_days})"
        length = f"duration('{_seconds(span.exact)}s')"
        if self.calendar is None or span.elapsed:
            return f"at - closed_at < {length}"
        return f"counted({_literal(self.calendar)}, closed_at, at) < {length}"

    def ends(self, closed_at: datetime, calendar: OpenTime) -> datetime:
        """The first instant at which a ticket closed then cannot be reopened any more; only where there is a window."""
        assert self.within is not None
        return later(self.within, closed_at, calendar)

    def counts(self, compiled: Compiled) -> bool:
        """Whether the window can be told: its calendar is there, and there is one where days of work need it."""
        if self.calendar is None:
            return self.within is not None and not self.within.business_days
        return self.calendar in compiled.calendars

    def parts(self, state: str, compiled: Compiled, path: str) -> dict[str, Any]:
        """The transition it comes down to, as the constructor takes it; what is wrong goes to the findings."""
        problems = compiled.problems
        if self.calendar is not None:
            problems.known("calendar", self.calendar, compiled.calendars, f"{path}.calendar")
        elif self.within is not None and self.within.business_days:
            problems.add("reopen.needs_calendar", f"{path}.within", within=self.within.text)
        before = len(problems.findings)
        made = compiled.condition(self.when, f"{path}.when", types=compiled.types, timeless=False)
        conditions = [f"({made.text})"] if made is not None and len(problems.findings) == before else []
        if self.window is not None and self.counts(compiled):
            conditions.append(self.window)
        return {
            "event": EVENT,
            "source": state,
            "target": self.target,
            "when": " && ".join(conditions) or None,
            "allow": self.allow,
            "not_by": self.not_by,
            "do": self.do,
            "title": self.title,
        }


def _literal(text: str) -> str:
    return Expression.from_tree({"const": text}).text


def _seconds(length: timedelta) -> str:
    whole, rest = divmod(length, timedelta(seconds=1))
    return f"{whole}.{rest // timedelta(microseconds=1):06d}".rstrip("0") if rest else str(whole)


@frozen
class Derived:
    """A transition that a state is short for: its parts, what it comes from and where that is written."""

    parts: dict[str, Any]
    path: str
    reopen: Reopen | None = None


def reopenings(compiled: Compiled) -> tuple[Derived, ...]:
    """The transitions that states are short for."""
    made = []
    for name, state in compiled.states.items():
        if state.reopen is None:
            continue
        path = f"{compiled.paths[name]}.reopen"
        if not any(compiled.states[around].closed for around in compiled.around[name]):
            compiled.problems.add("reopen.not_closed", path, state=name)
        made.append(Derived(state.reopen.parts(name, compiled, path), path, state.reopen))
    return tuple(made)


def reopen(value: Any) -> Reopen | None:
    """
    How a state is reopened, from its mapping; None stays None.

    Raises:
        DefinitionError: with everything that cannot be read.
    """
    if value is None:
        return None
    try:
        made: Reopen = build(Reopen, value)
    except DefinitionError as error:
        raise DefinitionError.of(at_path(error, "reopen")) from None
    return made
