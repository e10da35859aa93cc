"""Knows when a chain is to be quiet, and what then waits for the end of it; must not know who is told what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.errors import TimeError
from servflow.escalation import _shape
from servflow.escalation._counting import in_zone
from servflow.escalation._spans import CalendarOf
from servflow.escalation._trigger import refuse
from servflow.model import MAX_HELD_BACK, ChainRun, HeldBack, replace

TAKES = ("later", "drop")
RECIPIENT = "recipient"
LONGEST = timedelta(days=32)
"""Quiet that lasts longer is no quiet hours: what waited for its end would be forgotten."""


@frozen(kw_only=True)
class Quiet:
    """
    While ``calendar`` is open a chain tells nobody, unless the notification is ``urgent``; all else happens as ever.

    ``zone`` is where its hours are read: a time zone, or that of each ``recipient``, as far as the world knows it; without
    it the calendar's own. With ``take: later`` what was to be said goes out when quiet ends, with ``take: drop`` never. An
    acknowledgement, a snooze or the end of the run in between silences it. Where the calendar is open for more than 32 days
    on end nothing waits for that.
    """

    calendar: str
    take: str = "later"
    zone: str | None = None

    def __attrs_post_init__(self) -> None:
        refuse(
            [
                *_shape.problems(self),
                *_shape.check_name(self.calendar, "calendar"),
                *_shape.check_option(self.take, TAKES, "take"),
                *([] if self.zone in (None, RECIPIENT) else _shape.check_zone(self.zone, "zone", (RECIPIENT,))),
            ]
        )

    def to_data(self) -> dict[str, Any]:
        """The quiet hours as their JSON-ready mapping."""
        return _shape.to_data(self)


def read_quiet(value: Any) -> Any:
    """Quiet hours as a definition wrote them, the name of a calendar alone included; or what is wrong with them."""
    if value is None:
        return None
    return _shape.read_value(Quiet, {"calendar": value} if isinstance(value, str) else value)


def quiet_until(quiet: Quiet | None, at: datetime, cal_of: CalendarOf, zone: str | None = None) -> datetime | None:
    """
    When the quiet hours end in which an instant lies; None where it lies in none.

    Half-open as everything: at the end itself it is not quiet any more.

    Args:
        zone: that of the recipient, where the world knows it.
    """
    if quiet is None:
        return None
    calendar = cal_of(quiet.calendar)
    if not isinstance(calendar, OpenTime):
        return None
    where = zone if quiet.zone == RECIPIENT else quiet.zone
    if where is not None:
        calendar = in_zone(calendar, where)
    try:
        first = next(iter(calendar.intervals(at, at + LONGEST)), None)
    except (TimeError, OverflowError):
        return None
    return first[1] if first is not None and first[0] == at and first[1] - at < LONGEST else None


def hold_back(run: ChainRun, notices: Iterable[HeldBack], *, collapse: bool) -> tuple[ChainRun, tuple[HeldBack, ...]]:
    """
    The run with notifications that wait for quiet hours to end, and those for which it has no room.

    What is waiting already does not wait twice. With *collapse* they speak for all other levels that wait.
    """
    fresh = list(notices)
    levels = {notice.level for notice in fresh}
    kept = [notice for notice in run.quiet if not collapse or notice.level in levels]
    known = {(notice.level, notice.action, notice.to) for notice in kept}
    fresh = [notice for notice in fresh if (notice.level, notice.action, notice.to) not in known]
    room = max(0, MAX_HELD_BACK - len(kept))
    kept = sorted([*kept, *fresh[:room]], key=lambda notice: (notice.due, notice.level))
    return replace(run, quiet=tuple(kept)), tuple(fresh[room:])


def spoken_for(run: ChainRun, level: int) -> ChainRun:
    """The run when a level spoke at once, so that nothing need be said any more of the others that wait."""
    return replace(run, quiet=tuple(notice for notice in run.quiet if notice.level == level)) if run.quiet else run


def first_quiet(run: ChainRun) -> tuple[HeldBack, ...]:
    """What goes out first when quiet ends: all that waits of one level, due at one instant."""
    if not run.quiet:
        return ()
    first = run.quiet[0]
    return tuple(notice for notice in run.quiet if (notice.due, notice.level) == (first.due, first.level))
