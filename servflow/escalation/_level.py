"""Knows what one level of a chain is and when it is written wrong; must not know how levels follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from servflow.escalation import _shape
from servflow.escalation._trigger import business_days, refuse
from servflow.model import Action, Span

MAX_REMINDERS = 100
OTHERWISE = ("skip", "wait")

_ZERO = Span()


@frozen(kw_only=True)
class Remind:
    """
    Say a level's notifications again: first ``every`` after the level, then each ``every`` after the one before.

    ``times`` is how often, from 1 to 100. ``every`` counts like the level's ``after`` and is never zero.
    """

    every: Span = field(converter=_shape.read_every)
    times: int = 1

    def __attrs_post_init__(self) -> None:
        refuse([*_shape.problems(self), *_shape.check_count(self.times, MAX_REMINDERS, "times")])

    def to_data(self) -> dict[str, Any]:
        """The reminder as its JSON-ready mapping."""
        return _shape.to_data(self)


def _actions(value: Any) -> Any:
    return _shape.read_actions(value)


def _remind(value: Any) -> Any:
    return None if value is None else _shape.read_value(Remind, value)


@frozen(kw_only=True)
class Level:
    """
    One step of a chain: what happens, and how long after the level before it.

    ``after`` counts from the scheduled instant of the level before (the first: from the start).
    Exact spans (``4h``) count in ``calendar`` where one is named, days (``3d``) always pass as time
    passes, ``2 business days`` need a calendar. ``when`` is a condition over the ticket; where it does
    not hold the level is passed over, or with ``otherwise: wait`` waits until it does. ``do`` is what
    happens. ``remind`` repeats the notifications.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    name: str
    after: Span = field(default=_ZERO, converter=_shape.read_delay)
    calendar: str | None = None
    when: Any = field(default=None, converter=_shape.read_plain)
    do: tuple[Action, ...] = field(default=(), converter=_actions)
    remind: Remind | None = field(default=None, converter=_remind)
    otherwise: str = "skip"

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_name(self.name, "name")]
        if self.calendar is not None:
            found.extend(_shape.check_name(self.calendar, "calendar"))
        found.extend(_shape.check_condition(self.when, "when"))
        found.extend(_shape.check_option(self.otherwise, OTHERWISE, "otherwise"))
        found.extend(business_days(self.after, self.calendar, "after"))
        if isinstance(self.remind, Remind):
            found.extend(business_days(self.remind.every, self.calendar, "remind.every"))
        refuse(found)

    def addressed(self, actions: Iterable[Action] | None = None) -> Iterator[tuple[str, Any]]:
        """Every ``to`` in the level's actions, or in some of them, with its path."""
        for index, action in enumerate(self.do if actions is None else actions):
            if isinstance(action.value, Mapping) and "to" in action.value:
                yield f"do[{index}].{action.kind}.to", action.value["to"]

    def to_data(self) -> dict[str, Any]:
        """The level as its JSON-ready mapping."""
        return _shape.to_data(self)
