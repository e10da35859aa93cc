"""Knows what one level of a chain is and when it is written wrong; must not know how levels follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors import Finding, shown
from servflow.escalation import _shape
from servflow.escalation._trigger import business_days, refuse
from servflow.model import Action, Span

MAX_REMINDERS = 100
"""The most reminders that one level may send."""

OTHERWISE = ("skip", "wait")
OF = ("ticket", "outlet", "recipient")
"""Whose calendar a level may count in: the ticket's own, or the shift of its outlet or of who is addressed first."""
ZONES = ("outlet", "recipient")
"""Whose time zone a level's calendar may be read in, besides a zone by its name."""

PERSONS = ("assign", "add_owner", "add_helper", "remove_helper", "watch", "unwatch")
"""Actions that are about people; a text alone says who."""
_LEAVING = ("remove_helper", "unwatch")
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


def to_of(action: Action) -> Any:
    """The ``to`` of an action, also where it is written short (``watch: owner``); None where it has none."""
    if isinstance(action.value, Mapping):
        return action.value.get("to")
    return action.value if action.kind in PERSONS and isinstance(action.value, str) else None


@frozen(kw_only=True)
class Level:
    """
    One step of a chain: what happens, and how long after the level before it.

    ``after`` counts from the scheduled instant of the level before (the first: from the start).
    Exact spans (``4h``) count in ``calendar`` where one is given, days (``3d``) always pass as time
    passes, ``2 business days`` need a calendar. ``when`` is a condition over the ticket; where it does
    not hold the level is passed over, with ``otherwise: wait`` waits until it does, and with
    ``otherwise: {goto: level}`` the climb goes on with that later level instead of the next one. ``do``
    is what happens; with ``keep_owner`` whoever loses the ticket to an ``assign`` of this level becomes
    its owner where it has none. ``remind`` repeats the notifications.

    ``calendar`` is a name or ``{of: ticket}`` (what the ticket's clocks count in), ``{of: outlet}`` or
    ``{of: recipient}`` (the shift of the ticket's outlet, or of the first person the level addresses). ``zone`` is
    where the hours of the calendar are read: a time zone, or that of the ``outlet`` or ``recipient``; those two without
    a calendar mean ``{of: outlet}`` and ``{of: recipient}``. Whose it is is looked up when the delay begins and
    kept until the level; where nobody knows, another calendar takes its place, which the run tells in words.
    ``title`` is what people call the level, in one language or several.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    name: str
    after: Span = field(default=_ZERO, converter=_shape.read_delay)
    calendar: Any = field(default=None, converter=_shape.read_plain)
    when: Any = field(default=None, converter=_shape.read_plain)
    do: tuple[Action, ...] = field(default=(), converter=_actions)
    remind: Remind | None = field(default=None, converter=_remind)
    otherwise: Any = field(default="skip", converter=_shape.read_plain)
    zone: str | None = None
    keep_owner: bool = False
    title: str = field(default="", converter=_shape.read_title)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_name(self.name, "name")]
        found.extend(_shape.check_condition(self.when, "when"))
        found.extend(self._counting_problems())
        if isinstance(self.otherwise, Mapping):
            found.extend(_shape.check_keys(self.otherwise, ("goto",), "otherwise"))
            found.extend(_shape.check_name(self.otherwise.get("goto"), "otherwise.goto"))
        elif not isinstance(self.otherwise, _shape.Broken):
            found.extend(_shape.check_option(self.otherwise, (*OTHERWISE, "{goto: level}"), "otherwise"))
        given: object = self.keep_owner
        if not isinstance(given, bool):
            found.extend(_shape.check_option(self.keep_owner, ("true", "false"), "keep_owner"))
        refuse(found)

    def _counting_problems(self) -> list[Finding]:
        found: list[Finding] = []
        if isinstance(self.calendar, Mapping):
            found.extend(_shape.check_keys(self.calendar, ("of",), "calendar"))
            found.extend(_shape.check_option(self.calendar.get("of"), OF, "calendar.of"))
        elif self.calendar is not None and not isinstance(self.calendar, _shape.Broken):
            found.extend(_shape.check_name(self.calendar, "calendar"))
        if self.zone is not None and self.zone not in ZONES:
            found.extend(_shape.check_zone(self.zone, "zone", ZONES))
            if self.calendar is None:
                found.append(Finding("escalation.zone_alone", "zone", {"zone": shown(self.zone), "known": ZONES}))
        counts = self.calendar if self.calendar is not None else self.zone
        found.extend(business_days(self.after, counts, "after"))
        if isinstance(self.remind, Remind):
            found.extend(business_days(self.remind.every, counts, "remind.every"))
        return found

    @property
    def named(self) -> str | None:
        """The name of the calendar it counts in; None where it names none."""
        return self.calendar if isinstance(self.calendar, str) else None

    @property
    def counts_of(self) -> str | None:
        """Whose calendar it counts in, one of ``ticket``, ``outlet`` and ``recipient``; None where it names one or has none."""
        if isinstance(self.calendar, Mapping):
            return str(self.calendar["of"])
        return self.zone if self.calendar is None else None

    @property
    def asks(self) -> bool:
        """Whether what it counts in depends on who or where, so that it is looked up when a delay begins."""
        return self.zone is not None or isinstance(self.calendar, Mapping)

    @property
    def goto(self) -> str | None:
        """The level the climb goes on with where the condition does not hold; None where it is passed over or waits."""
        return str(self.otherwise["goto"]) if isinstance(self.otherwise, Mapping) else None

    def addressed(self, actions: Iterable[Action] | None = None) -> Iterator[tuple[str, Any]]:
        """Every ``to`` in the level's actions, or in some of them, with its path."""
        for index, action in enumerate(self.do if actions is None else actions):
            to = to_of(action)
            if to is not None:
                yield f"do[{index}].{action.kind}.to", to

    def responders(self) -> Iterator[Any]:
        """Every ``to`` of those who are to do or to hear something, and not of those who are sent away."""
        yield from (to for action in self.do if action.kind not in _LEAVING and (to := to_of(action)) is not None)

    def to_data(self) -> dict[str, Any]:
        """The level as its JSON-ready mapping."""
        return _shape.to_data(self)
