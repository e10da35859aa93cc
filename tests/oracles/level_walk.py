"""Knows a chain as a person with a watch would climb it, minute by minute; must not know how the library counts anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

OpenAt = Callable[[str | None, int], bool]
"""Whether a calendar counts the minute that begins so many minutes after the start; None: every minute counts."""


@frozen
class Told:
    """What happened in a minute: a level or a reminder, in which climb, and whether its condition let it happen."""

    minute: int
    climb: int
    level: int
    kind: str = "level"
    skipped: bool = False


@define
class _Reminder:
    level: int
    to_wait: int
    left: int


@define
class Walk:
    """
    One run, from its start at minute 0. Every wait is a number of minutes that still have to be counted down.

    Args:
        levels: ``after`` and, where there is one, ``every`` in minutes that the level's ``calendar`` counts (``days``: in
            minutes that pass), ``times``, and ``when``: None, ``skip``, ``wait`` or the place of the level to go to where the
            flag is down.
        repeat: how often the climb is repeated, and after how many minutes of the first level's calendar.
        on_ack, ttl, unack: as the chain has them, ``ttl`` in minutes.
    """

    levels: Sequence[Mapping[str, Any]]
    open_at: OpenAt
    repeat: tuple[int, int] | None = None
    on_ack: str = "pause"
    ttl: int | None = None
    unack: str = "continue"
    flag: bool = True
    told: list[Told] = field(factory=list)

    minute: int = 0
    climb: int = 1
    level: int = 0
    to_wait: int | None = 0
    reminders: list[_Reminder] = field(factory=list)
    held: bool = False
    frozen: str = ""
    until: int | None = None
    over: bool = False

    def __attrs_post_init__(self) -> None:
        self.to_wait = self.levels[0]["after"]

    def climb_to(self, end: int, script: Sequence[tuple[Any, ...]]) -> list[Told]:
        """Everything that has happened once time is past minute *end*; what people do comes first in its minute."""
        waiting = sorted(script, key=lambda entry: entry[0])
        while self.minute <= end:
            while waiting and waiting[0][0] == self.minute:
                self._do(*waiting.pop(0)[1:])
            if self.frozen and self.until == self.minute:
                self._go_on(answered=self.frozen == "acknowledged")
            self._happen()
            self._count()
            self.minute += 1
        return self.told

    # what people do -----------------------------------------------------------------------------------------------

    def _do(self, what: str, extra: Any = None) -> None:
        if what == "flag":
            self.flag = extra
            self.held = self.held and (not extra or bool(self.frozen))
        elif self.over:
            return
        elif what == "stop":
            self.over = True
        elif what == "escalate":
            passed = self.held and self.level + 1 < len(self.levels)
            self._send_to(self.level + passed if extra is None else extra)
        elif what == "ack" and self.on_ack == "pause":
            self.frozen, self.until = "acknowledged", None if self.ttl is None else self.minute + self.ttl
        elif what == "snooze":
            self.frozen, self.until = "snoozed", None if extra is None else self.minute + extra
        elif what == "unack" and self.frozen:
            self._go_on(answered=self.frozen == "acknowledged")

    def _send_to(self, place: int) -> None:
        if place >= len(self.levels):
            return
        if place < self.level:
            self.climb += 1
            self.reminders = [one for one in self.reminders if one.level < place]
        self.held = False
        self.frozen, self.until, self.level, self.to_wait = "", None, place, 0

    def _go_on(self, *, answered: bool) -> None:
        self.frozen, self.until = "", None
        self.held = self.held and not self.flag
        if answered and self.unack == "restart":
            self.climb, self.level, self.reminders, self.held = self.climb + 1, 0, [], False
            self.to_wait = self.levels[0]["after"]

    # what time does -----------------------------------------------------------------------------------------------

    def _happen(self) -> None:
        while not self.over and not self.frozen and (self._level_due() or self._reminder_due()):
            pass

    def _level_due(self) -> bool:
        if self.level >= len(self.levels) or self.to_wait != 0:
            return False
        level = self.levels[self.level]
        here = self.level
        skipped = level.get("when") is not None and not self.flag
        if skipped and level["when"] == "wait":
            self.held = True  # it is looked at again every minute
            return False
        self.held = False
        self.told.append(Told(self.minute, self.climb, here, skipped=skipped))
        if not skipped and level.get("every"):
            self.reminders = [one for one in self.reminders if one.level != here]
            self.reminders.append(_Reminder(here, level["every"], level["times"]))
        self.level = level["when"] if skipped and isinstance(level["when"], int) else here + 1
        if self.level < len(self.levels):
            self.to_wait = self.levels[self.level]["after"]
        elif self.repeat is not None and self.climb <= self.repeat[0]:
            self.climb, self.level = self.climb + 1, 0
            self.to_wait = self.repeat[1] + self.levels[0]["after"]
        self._end()
        return True

    def _reminder_due(self) -> bool:
        due = sorted((one for one in self.reminders if one.to_wait == 0), key=lambda one: one.level)
        if not due:
            return False
        one = due[0]
        self.told.append(Told(self.minute, self.climb, one.level, "reminder"))
        one.left -= 1
        one.to_wait = self.levels[one.level]["every"]
        if not one.left:
            self.reminders.remove(one)
        self._end()
        return True

    def _end(self) -> None:
        self.over = self.level >= len(self.levels) and not self.reminders

    def _count(self) -> None:
        if self.frozen:
            return
        if self.level < len(self.levels) and self.to_wait:
            self.to_wait -= self._counts(self.level)
        for one in self.reminders:
            one.to_wait -= self._counts(one.level, reminder=True)

    def _counts(self, place: int, *, reminder: bool = False) -> int:
        level = self.levels[place]
        days = level.get("every_days" if reminder else "days")
        return int(days or self.open_at(level.get("calendar"), self.minute))
