"""Knows what starts and ends a run of a chain, and when that is written wrong; must not know levels or tickets."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding
from servflow.escalation import _shape
from servflow.model import Span

_ZERO = Span()
_TRIGGERS = ("clock", "age", "event", "state")
_ENDINGS = ("state", "event")


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


@frozen(kw_only=True)
class Trigger:
    """
    What starts a run, exactly one of four: a mark of a clock, the age of the ticket, an event, or a state.

    Write ``{clock: repair, mark: breach}`` (``mark`` is ``breach`` unless given; ``80%`` and every
    other mark the clock has are allowed), ``{age: 3d}``, ``{event: complain}`` or
    ``{state: waiting, after: 4h}``. ``calendar`` names what an ``age`` or ``after`` counts in;
    without it they are time as it passes.

    Raises:
        DefinitionError: none or several of the four are given, or a part does not go with the others.
    """

    clock: str | None = None
    mark: str | None = None
    age: Span | None = field(default=None, converter=_shape.read_span)
    event: str | None = None
    state: str | None = None
    after: Span | None = field(default=None, converter=_shape.read_span)
    calendar: str | None = None

    def __attrs_post_init__(self) -> None:
        found = _shape.problems(self)
        given = [name for name in _TRIGGERS if getattr(self, name) is not None]
        if len(given) != 1:
            refuse([*found, Finding("escalation.trigger", "", {"given": tuple(given), "known": _TRIGGERS})])
        (kind,) = given
        belongs = {"mark": ("clock",), "after": ("state",), "calendar": ("age", "state")}
        found.extend(
            Finding("escalation.belongs", name, {"key": name, "kind": kind, "kinds": kinds})
            for name, kinds in belongs.items()
            if getattr(self, name) is not None and kind not in kinds
        )
        for name in ("clock", "mark", "event", "state", "calendar"):
            if getattr(self, name) is not None:
                found.extend(_shape.check_name(getattr(self, name), name))
        found.extend(business_days(self.age, self.calendar, "age") + business_days(self.after, self.calendar, "after"))
        refuse(found)
        if kind == "clock" and self.mark is None:
            object.__setattr__(self, "mark", "breach")

    @property
    def kind(self) -> str:
        """``clock``, ``age``, ``event`` or ``state``."""
        return next(name for name in _TRIGGERS if getattr(self, name) is not None)

    @property
    def delay(self) -> Span | None:
        """How long after its cause the run begins: the age, or the time in the state; None where it begins at once."""
        return self.age if self.age is not None else self.after

    def to_data(self) -> dict[str, Any]:
        """The trigger as its JSON-ready mapping; the mark ``breach`` goes without saying."""
        data = _shape.to_data(self)
        if data.get("mark") == "breach":
            del data["mark"]
        return data


@frozen(kw_only=True)
class Ending:
    """What ends a run early: the ticket enters a state, or an event happens. Write ``{state: x}`` or ``{event: x}``."""

    state: str | None = None
    event: str | None = None

    def __attrs_post_init__(self) -> None:
        given = [name for name in _ENDINGS if getattr(self, name) is not None]
        if len(given) != 1:
            refuse([Finding("escalation.ending", "", {"given": tuple(given), "known": _ENDINGS})])
        refuse(_shape.check_name(self.value, given[0]))

    @property
    def kind(self) -> str:
        """``state`` or ``event``."""
        return "state" if self.state is not None else "event"

    @property
    def value(self) -> str:
        """The name of the state or event."""
        return self.state if self.state is not None else self.event or ""

    def to_data(self) -> dict[str, Any]:
        """The ending as its JSON-ready mapping."""
        return _shape.to_data(self)
