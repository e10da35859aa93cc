"""Knows what starts and ends a run of a chain, and when that is written wrong; must not know levels or tickets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding
from servflow.escalation import _shape
from servflow.model import Span

_ZERO = Span()
_OWN = ("clock", "age", "event", "state", "silent", "correlator")
_TRIGGERS = (*_OWN, "when")
_ENDINGS = ("state", "event", "message")
_DELAYED = ("state", "age", "silent")
SIDES = ("agent", "customer", "system")
"""Who may write a message."""


def refuse(findings: list[Finding]) -> None:
    if findings:
        raise DefinitionError.of(findings)


def business_days(span: Any, calendar: Any, path: str) -> list[Finding]:
    if isinstance(span, Span) and span.business_days and calendar is None:
        return [Finding("escalation.business_days", path, {"span": span.text})]
    return []


def zero(span: Any, path: str) -> list[Finding]:
    if isinstance(span, Span) and span == _ZERO:
        return [Finding("escalation.zero", path, {})]
    return []


def _flag(value: Any, name: str) -> list[Finding]:
    return [] if value is None or isinstance(value, bool) else _shape.check_option(value, ("true", "false"), name)


@frozen(kw_only=True, slots=False)
class Trigger:
    """
    What starts a run, one of seven kinds:

    * ``{clock: repair, mark: breach}``: a mark of a clock (``mark`` is ``breach`` unless given; ``80%`` and every
      other mark the clock has are allowed).
    * ``{age: 3d}``: the ticket is that old, from its opening or its last reopening.
    * ``{event: complain}``: an event happens.
    * ``{state: waiting, after: 4h}``: the ticket is in a state, for that long without leaving it.
    * ``{silent: agent, after: 4h}``: no message by that side for so long, from the opening or reopening or its last
      message; ``public`` true or false counts only such messages.
    * ``{correlator: repeat_complaint}``: something that correlator found reached the ticket.
    * ``{when: "severity == 'major'"}`` alone: a condition becomes true on an open ticket. One that holds when the
      ticket is opened or reopened becomes true then. It may not read time. With ``closed`` true it counts on closed
      tickets as well, and a reopening makes nothing true.

    ``when`` beside one of the others must hold when the run would begin; beside ``event`` and ``correlator`` it may read
    ``payload`` and ``actor``. A condition that fails on a ticket's values does not hold. ``calendar`` names what
    ``age`` and ``after`` count in; without it they are time as it passes. ``level`` names where the run enters, which is
    due at once.

    Raises:
        DefinitionError: none or several of them are given, or a part does not go with the others.
    """

    clock: str | None = None
    mark: str | None = None
    age: Span | None = field(default=None, converter=_shape.read_span)
    event: str | None = None
    state: str | None = None
    after: Span | None = field(default=None, converter=_shape.read_span)
    calendar: str | None = None
    silent: str | None = None
    public: bool | None = None
    correlator: str | None = None
    when: Any = field(default=None, converter=_shape.read_plain)
    level: str | None = None
    closed: bool | None = None

    def __attrs_post_init__(self) -> None:
        found = _shape.problems(self)
        given = [name for name in _OWN if getattr(self, name) is not None]
        if not given and self.when is not None:
            given = ["when"]
        if len(given) != 1:
            refuse([*found, Finding("escalation.trigger", "", {"given": tuple(given), "known": _TRIGGERS})])
        (kind,) = given
        belongs = {"mark": ("clock",), "after": ("state", "silent"), "calendar": _DELAYED}
        belongs |= {"public": ("silent",), "closed": ("when",)}
        found.extend(
            Finding("escalation.belongs", name, {"key": name, "kind": kind, "kinds": kinds})
            for name, kinds in belongs.items()
            if getattr(self, name) is not None and kind not in kinds
        )
        for name in ("clock", "mark", "event", "state", "calendar", "correlator", "level"):
            if getattr(self, name) is not None:
                found.extend(_shape.check_name(getattr(self, name), name))
        if kind == "silent":
            found.extend(self._silence_problems())
        found.extend(_shape.check_condition(self.when, "when"))
        found.extend(_flag(self.closed, "closed"))
        found.extend(business_days(self.age, self.calendar, "age") + business_days(self.after, self.calendar, "after"))
        refuse(found)
        if kind == "clock" and self.mark is None:
            object.__setattr__(self, "mark", "breach")
        if self.closed is False:  # as if it were not there, so that equal chains have equal hashes
            object.__setattr__(self, "closed", None)

    def _silence_problems(self) -> list[Finding]:
        found = _shape.check_option(self.silent, SIDES, "silent")
        found += _flag(self.public, "public")
        if self.after is None:
            found.append(Finding("escalation.missing", "after", {"key": "after"}))
        return found + zero(self.after, "after")

    def heard(self, message: Mapping[str, Any]) -> bool:
        """Whether a message, with its ``side`` and ``public``, breaks the silence this waits for."""
        return message["side"] == self.silent and self.public in (None, message["public"])

    @cached_property
    def kind(self) -> str:
        """``clock``, ``age``, ``event``, ``state``, ``silent``, ``correlator``, or ``when`` for a condition alone."""
        return next((name for name in _OWN if getattr(self, name) is not None), "when")

    @property
    def delay(self) -> Span | None:
        """How long after its cause the run begins: the age, the time in the state or in silence; None: it begins at once."""
        return self.age if self.age is not None else self.after

    def to_data(self) -> dict[str, Any]:
        """The trigger as its JSON-ready mapping; the mark ``breach`` goes without saying."""
        data = _shape.to_data(self)
        if data.get("mark") == "breach":
            del data["mark"]
        return data


@frozen(kw_only=True, slots=False)
class Ending:
    """
    What ends a run early: the ticket enters a state, an event happens, or a side writes a message.

    Write ``{state: x}``, ``{event: x}`` or ``{message: agent}``; ``public`` true or false counts only such messages.
    """

    state: str | None = None
    event: str | None = None
    message: str | None = None
    public: bool | None = None

    def __attrs_post_init__(self) -> None:
        given = [name for name in _ENDINGS if getattr(self, name) is not None]
        if len(given) != 1:
            refuse([Finding("escalation.ending", "", {"given": tuple(given), "known": _ENDINGS})])
        if self.message is not None:
            refuse(_shape.check_option(self.message, SIDES, "message") + _flag(self.public, "public"))
        elif self.public is not None:
            refuse([Finding("escalation.belongs", "public", {"key": "public", "kind": given[0], "kinds": ("message",)})])
        refuse(_shape.check_name(self.value, given[0]))

    @cached_property
    def kind(self) -> str:
        """``state``, ``event`` or ``message``."""
        return next(name for name in _ENDINGS if getattr(self, name) is not None)

    @property
    def value(self) -> str:
        """The name of the state, of the event or of the side."""
        value: str = getattr(self, self.kind)
        return value

    def heard(self, message: Mapping[str, Any]) -> bool:
        """Whether a message, with its ``side`` and ``public``, is one that this waits for."""
        return message["side"] == self.message and self.public in (None, message["public"])

    def to_data(self) -> dict[str, Any]:
        """The ending as its JSON-ready mapping."""
        return _shape.to_data(self)
