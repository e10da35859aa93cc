"""Knows how a clock's standing before a change and after it are laid side by side; must not know what the change is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.calendars._local import language, zone_name
from servflow.model import EPOCH, ClockRun, write_instant
from servflow.model._copying import lean
from servflow.sla._clock import Clock
from servflow.sla._fold import Ahead
from servflow.sla._questions import counted as counted_at
from servflow.sla._questions import due_if_resumed

SECOND = timedelta(seconds=1)

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
_WORDS: Mapping[str, tuple[str, str]] = {
    "due": ("due {new}, was {old}", "到期 {new}，原为 {old}"),
    "never": ("never", "无"),
    "starts": ("starts, due {new}", "开始计时，到期 {new}"),
    "ends": ("no longer promised", "不再承诺"),
    "phase": ("{new}, was {old}", "{new}，原为{old}"),
    "left": ("{new} left, was {old}", "剩余 {new}，原为 {old}"),
    "mark": ("next is {new}, was {old}", "下一节点 {new}，原为 {old}"),
    "appears": ("it is breached by that", "因此违约"),
    "vanishes": ("it is not breached any more", "不再违约"),
    "provisional": ("provisional", "暂定"),
    "same": ("as before", "不变"),
    "running": ("running", "计时中"),
    "paused": ("paused", "已暂停"),
    "met": ("stopped", "已停止"),
    "cancelled": ("cancelled", "已取消"),
}


def word(key: str, lang: str, /, **facts: Any) -> str:
    """A sentence of these answers in English or Chinese."""
    return _WORDS[key][language(lang) == "zh"].format(**facts)


def told(at: datetime | None, zone: str, lang: str) -> str:
    """An instant as a wall clock of a zone shows it, to the second."""
    if at is None:
        return word("never", lang)
    try:
        local = at.astimezone(ZoneInfo(zone_name(zone)))
    except OverflowError:  # at either end of what a datetime holds
        return write_instant(at)
    return local.strftime("%Y-%m-%d %H:%M" if not (local.second or local.microsecond) else "%Y-%m-%d %H:%M:%S")


def length(span: timedelta | None) -> str:
    """A length of time as hours, minutes and seconds, with its sign."""
    if span is None:
        return "-"
    seconds = abs(int(span / SECOND))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if not hours and seconds:
        said = (f"{minutes}m" if minutes else "") + (f"{rest}s" if rest else "")
    else:
        said = f"{hours}h" + (f"{minutes:02}m" if seconds % 3600 else "") + (f"{rest:02}s" if rest else "")
    return ("-" if span < timedelta() and seconds else "") + said


@lean
@frozen(kw_only=True, slots=False)  # kept in a dict, which is filled at once where there are many: see from_dict()
class Standing:
    """
    Where a clock stands at an instant.

    ``counted`` and the signed ``remaining`` are open time, None where what counted so far is not known any more. ``due`` is
    None while paused and unbreached. ``due_if_resumed`` is what it would be if a paused clock went on at that instant. ``late``
    says that the clock is breached, or will be once time is past that instant. ``provisional``: the due instant lies beyond
    what its calendar knows.
    """

    phase: str
    within: timedelta
    calendar: str | None = None
    counted: timedelta | None = None
    remaining: timedelta | None = None
    due: datetime | None = None
    breached_at: datetime | None = None
    next_mark: str | None = None
    next_at: datetime | None = None
    due_if_resumed: datetime | None = None
    late: bool = False
    provisional: bool = False

    def as_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, lengths in seconds."""
        return {name: _plain(getattr(self, name)) for name in NAMES}


NAMES = tuple(name for name in Standing.__annotations__ if not name.startswith("_"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(value)
    return value / SECOND if isinstance(value, timedelta) else value


def standing(run: ClockRun, at: datetime, cal: OpenTime | None, clock: Clock | None = None) -> Standing:
    """
    Where a run stands at an instant that is not before its latest change, with nothing due before it undone.

    Args:
        cal: the calendar that counts; None for time as it passes.
        clock: its definition, which matters with ``breached_by: over`` only.
    """
    counted = counted_at(run, at, cal)
    return Standing(
        phase=run.phase,
        within=run.within,
        calendar=run.calendar,
        counted=counted,
        remaining=run.within - counted,
        due=run.due,
        breached_at=run.breached_at,
        next_mark=run.next_mark,
        next_at=run.next_at,
        due_if_resumed=due_if_resumed(run, at, cal, clock) if run.phase == "paused" else None,
        late=is_late(run, at),
        provisional=run.provisional,
    )


def is_late(run: ClockRun, at: datetime) -> bool:
    """Whether a run is breached, or will be once time is past an instant."""
    return run.breached_at is not None or (run.phase == "running" and run.due is not None and run.due <= at)


@lean
@frozen(kw_only=True, slots=False)
class ClockChange:
    """
    One clock before a change and after it, both as of the instant ``at``.

    ``before`` is None where only the change starts the clock; ``after`` is None where there is none any more. ``ticket`` is
    the ticket's id, empty where the host has only clocks and did not name it.
    """

    clock: str
    at: datetime
    before: Standing | None
    after: Standing | None
    ticket: str = ""

    @property
    def differs(self) -> tuple[str, ...]:
        """The names of what is not the same before and after, as attributes of ``Standing``."""
        if self.before is None or self.after is None:
            return () if self.before is self.after else ("phase",)
        old, new = self.before, self.after
        return tuple(name for name in NAMES if getattr(old, name) != getattr(new, name))

    @property
    def breach(self) -> str | None:
        """``appears`` or ``vanishes``; None where the clock is late before and after, or neither."""
        old, new = (one is not None and one.late for one in (self.before, self.after))
        return None if old == new else "appears" if new else "vanishes"

    @property
    def moved(self) -> timedelta | None:
        """How much later the due instant is, negative for earlier, as time passes; None where either has none."""
        if self.before is None or self.after is None or self.before.due is None or self.after.due is None:
            return None
        return self.after.due - self.before.due

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        moved = self.moved
        return {
            **({"ticket": self.ticket} if self.ticket else {}),
            "clock": self.clock,
            "at": write_instant(self.at),
            "before": None if self.before is None else self.before.as_data(),
            "after": None if self.after is None else self.after.as_data(),
            "differs": list(self.differs),
            "breach": self.breach,
            "moved": None if moved is None else moved / SECOND,
        }

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """
        One line for people; instants as a wall clock of the zone shows them.

        Raises:
            InputError: no such zone, or another language.
        """
        name = f"{self.ticket} {self.clock}" if self.ticket else self.clock
        return f"{name}: {(', ' if lang != 'zh' else '，').join(self._said(lang, zone))}"

    def _said(self, lang: str, zone: str) -> list[str]:
        old, new, differs = self.before, self.after, self.differs
        if new is None or old is None:
            return [word("ends", lang) if new is None else word("starts", lang, new=told(new.due, zone, lang))]
        said = []
        if old.phase != new.phase:
            said.append(word("phase", lang, new=word(new.phase, lang), old=word(old.phase, lang)))
        if old.due != new.due:
            said.append(word("due", lang, new=told(new.due, zone, lang), old=told(old.due, zone, lang)))
        elif old.next_at != new.next_at or old.next_mark != new.next_mark:
            marks = (f"{one.next_mark or '-'} {told(one.next_at, zone, lang)}" for one in (new, old))
            said.append(word("mark", lang, new=next(marks), old=next(marks)))
        if "remaining" in differs and (old.due == new.due or old.within != new.within):
            said.append(word("left", lang, new=length(new.remaining), old=length(old.remaining)))
        if self.breach is not None:
            said.append(word(self.breach, lang))
        if new.provisional:
            said.append(word("provisional", lang))
        return said or [word("same", lang)]


class _Later:
    """
    Makes the standings of a change that was counted in bulk on the first read; a value in the instance goes before it.

    Of very many changes a screen reads few, and what is found for each fits into the one dict of its change.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, held: ClockChange | None, kind: type) -> Any:
        if held is None:
            return self
        made = held.__dict__
        run, at, resumed = made["_run"], held.at, made.get("_resumed", (None, None))
        ahead = Ahead(run.due, run.next_mark, run.next_at, run.provisional)
        made["before"] = _laid_out(run, made["_before"], ahead, resumed[0], at)
        next_at = made["_next_at"]
        if isinstance(next_at, int):
            next_at = EPOCH + timedelta(microseconds=next_at)
        ahead = Ahead(made["_due"], made["_next_mark"], next_at, made["_provisional"])
        made["after"] = _laid_out(run, made["_after"], ahead, resumed[1], at)
        return made[self._name]


def _laid_out(run: ClockRun, counted: int, ahead: Ahead, resumed: datetime | None, at: datetime) -> Standing:
    spent = timedelta(microseconds=counted)
    return Standing(
        phase=run.phase,
        within=run.within,
        calendar=run.calendar,
        counted=spent,
        remaining=run.within - spent,
        due=ahead.due,
        breached_at=run.breached_at,
        next_mark=ahead.next_mark,
        next_at=ahead.next_at,
        due_if_resumed=resumed,
        late=run.breached_at is not None or (run.phase == "running" and ahead.due is not None and ahead.due <= at),
        provisional=ahead.provisional,
    )


for _name in ("before", "after"):
    setattr(ClockChange, _name, _Later(_name))


__all__ = ["ClockChange", "Standing", "is_late", "length", "standing", "told", "word"]
