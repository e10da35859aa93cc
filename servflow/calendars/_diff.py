"""Knows what differs between two calendars, date by date, and what a list of holidays would change; must not apply anything."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars._calendar import Calendar
from servflow.calendars._clock import WEEKDAYS, day, day_text, window_text
from servflow.calendars._combined import Combined
from servflow.calendars._holidays import Dates, HolidayList, until
from servflow.calendars._open import OpenTime
from servflow.calendars._reading import Holiday, Texts
from servflow.calendars._spans import length
from servflow.calendars._zones import DAY, FIRST_DAY, LAST_DAY
from servflow.errors import Finding, InputError

_ZERO = timedelta()
_WORDS: Mapping[str, tuple[str, str]] = {
    "zone": ("zone", "时区"),
    "known_until": ("known until", "已知至"),
    "name": ("name", "名称"),
    "operation": ("made by", "组合方式"),
    "week": ("every {key}", "每{key}"),
    "yearly": ("every year on {key}", "每年 {key}"),
    "date": ("{key} {weekday}", "{key} {weekday}"),
    "closed": ("closed", "不开放"),
    "nothing": ("-", "-"),
    "the_week": ("as the week", "按每周时段"),
    "holiday": ("holiday", "节假日"),
    "was": ("was {name}", "原为{name}"),
    "in_sum": ("{count} changes, {gained} in sum", "共 {count} 处变化，合计 {gained}"),
    "one_in_sum": ("1 change, {gained} in sum", "共 1 处变化，合计 {gained}"),
    "none": ("Nothing would change.", "没有变化。"),
}
_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


@frozen
class Change:
    """
    One difference between two calendars.

    ``kind`` is ``date``, ``yearly``, ``week``, ``zone``, ``known_until``, ``name`` or ``operation``; ``key`` the date
    (``2026-10-01``, yearly ``10-01``) or the weekday (``mon``) it is about, else empty. ``before`` and ``after`` are the
    windows that count on that date once holidays, shifts and breaks are applied, or the two values of anything else.
    ``old_name`` and ``new_name`` are what the holiday is called on either side. ``gained`` is the open time won, negative
    where it is lost: of a date in all, of a weekday each week; None where that depends on the year. ``part`` leads into a
    combination (``any_of[1]``).
    """

    kind: str
    key: str = ""
    before: Texts = ()
    after: Texts = ()
    old_name: str | None = None
    new_name: str | None = None
    gained: timedelta | None = None
    part: str = ""

    @property
    def name(self) -> str | None:
        """What the date is called, the newer name first."""
        return self.new_name or self.old_name

    def text(self, lang: str = "en") -> str:
        """
        The change on one line.

        Args:
            lang: ``en`` or ``zh``.
        """
        weekday = _DAYS["zh" if lang == "zh" else "en"]
        named = weekday[WEEKDAYS.index(self.key)] if self.kind == "week" else self.key
        shown = weekday[date.fromisoformat(self.key).weekday()] if self.kind == "date" else ""
        head = _word(self.kind, lang).format(key=named, weekday=shown)
        arrow = f"{self._side(self.before, lang)} -> {self._side(self.after, lang)}"
        parts = [f"{self.part}: {head}" if self.part else head, arrow]
        if self.gained:
            parts.append(_signed(self.gained))
        if self.name is not None:
            renamed = self.old_name is not None and self.new_name is not None and self.old_name != self.new_name
            was = f" ({_word('was', lang).format(name=_plain_text(self.old_name))})" if renamed else ""
            parts.append(f"{_plain_text(self.name)}{was}")
        return "  ".join(parts)

    def to_data(self) -> dict[str, Any]:
        """The change as a JSON-ready mapping; ``gained`` in seconds."""
        return {
            "kind": self.kind,
            "key": self.key,
            "part": self.part,
            "before": list(self.before),
            "after": list(self.after),
            "old_name": self.old_name,
            "new_name": self.new_name,
            "gained": None if self.gained is None else self.gained.total_seconds(),
        }

    def _side(self, texts: Texts, lang: str) -> str:
        if self.kind == "yearly":
            return _word("holiday" if texts else "the_week", lang)
        if self.kind in ("date", "week"):
            return ", ".join(texts) or _word("closed", lang)
        return _plain_text(", ".join(texts)) or _word("nothing", lang)


def diff(old: OpenTime, new: OpenTime) -> tuple[Change, ...]:
    """
    What differs between two calendars, so that a person can agree to it.

    Dates are told one by one, with the windows that count on them before and after; yearly dates, weekdays, zone,
    ``known_until`` and names apart. Nothing is told exactly when the two are equal in all that ``to_data`` writes, but for the
    sources of holidays. A change of a weekday is told once, not for every date. Combinations are compared part by part where
    they are made alike.

    Raises:
        InputError: one of the two is not a calendar.
    """
    for given in (old, new):
        if not isinstance(given, OpenTime):
            raise InputError(f"a calendar is compared with a calendar, not with {type(given).__name__}", code="calendar.diff")
    return tuple(_changes(old, new, ""))


def _changes(old: OpenTime, new: OpenTime, part: str) -> Iterator[Change]:
    if isinstance(old, Calendar) and isinstance(new, Calendar):
        yield from _plain(old, new, part)
    elif isinstance(old, Combined) and isinstance(new, Combined) and _shape(old) == _shape(new):
        for place, (left, right) in enumerate(zip(old.parts, new.parts, strict=True)):
            where = f"{old.operation}[{place}]"
            yield from _changes(left, right, f"{part}.{where}" if part else where)
    elif old != new:
        yield Change("operation", before=(_made(old),), after=(_made(new),), part=part)


def _shape(value: Combined) -> tuple[str, int]:
    return value.operation, len(value.parts)


def _made(value: OpenTime) -> str:
    return f"{value.operation} ({len(value.parts)})" if isinstance(value, Combined) else "week"


def _plain(old: Calendar, new: Calendar, part: str) -> Iterator[Change]:
    for kind, left, right in (
        ("zone", old.zone, new.zone),
        ("known_until", old.known_until, new.known_until),
        ("name", old.name, new.name),
    ):
        if left != right:
            yield Change(kind, before=_texts(left), after=_texts(right), part=part)
    before, after = dict(old.week), dict(new.week)
    for number, name in enumerate(WEEKDAYS):
        if before.get(name, ()) != after.get(name, ()):
            gained = timedelta(microseconds=_of_week(new, number) - _of_week(old, number))
            yield Change("week", name, before.get(name, ()), after.get(name, ()), gained=gained, part=part)
    held, given = ({item.date: item for item in each.holidays} for each in (old, new))
    for text in sorted({*held, *given}):
        if day(text) is None and _differ(held.get(text), given.get(text)):
            on, off = (("holiday",) if text in each else () for each in (held, given))
            yield Change("yearly", text, on, off, *_names(text, held, given), part=part)
    yield from _dated(old, new, part)


def _dated(old: Calendar, new: Calendar, part: str) -> Iterator[Change]:
    held, given = ({item.date: item for item in each.holidays} for each in (old, new))
    entries: list[dict[str, tuple[Any, ...]]] = []
    for calendar, holidays in ((old, held), (new, given)):
        shifts, breaks = dict(calendar.shifts), dict(calendar.breaks)
        dates = {*shifts, *breaks, *(text for text in holidays if day(text) is not None)}
        entries.append({text: (text in holidays, shifts.get(text), breaks.get(text, ())) for text in dates})
    before, after = entries
    none: tuple[Any, ...] = (False, None, ())
    # A break may lie in the night that began on the date before, or reach into the next date.
    cut = {day(text) or 0 for text in {*before, *after} if before.get(text, none)[2] != after.get(text, none)[2]}
    beside = {day_text(number + step) for number in cut for step in (-1, 1) if FIRST_DAY <= number + step <= LAST_DAY}
    for text in sorted({*before, *after, *beside}):
        number = day(text) or 0
        sides = _windows_of(old, number), _windows_of(new, number)
        entry = before.get(text, none) != after.get(text, none) or _differ(held.get(text), given.get(text))
        if entry or (text in beside and sides[0] != sides[1] and old.week == new.week):
            gained = timedelta(microseconds=length(new._of_day(number)) - length(old._of_day(number)))
            yield Change("date", text, *sides, *_names(text, held, given), gained, part)


def _windows_of(calendar: Calendar, number: int) -> Texts:
    """What counts of the windows that start on a date, as a wall clock shows it; what lies on the next date is marked."""
    midnight = number * DAY
    out = []
    for start, end in calendar._local(number, number, True):
        first, last = start - midnight, end - midnight
        out.append(f"{window_text((first - DAY, last - DAY))} (+1)" if first >= DAY else window_text((first, last)))
    return tuple(out)


def _of_week(calendar: Calendar, number: int) -> int:
    return sum(end - start for start, end in calendar._rules.week[number])


def _differ(left: Holiday | None, right: Holiday | None) -> bool:
    return left != right or (left is not None and right is not None and left.name != right.name)


def _names(text: str, held: Mapping[str, Holiday], given: Mapping[str, Holiday]) -> tuple[str | None, str | None]:
    left, right = held.get(text), given.get(text)
    return (None if left is None else left.name), (None if right is None else right.name)


def _texts(value: object) -> Texts:
    return () if value is None else (str(value),)


def _plain_text(text: str | None) -> str:
    """A name on one line: a stranger's file must not write lines of its own among those that are reviewed."""
    return "".join(sign if sign.isprintable() else " " for sign in text or "")


def _word(name: str, lang: str) -> str:
    return _WORDS[name][lang == "zh"]


def _signed(amount: timedelta) -> str:
    minutes, seconds = divmod(abs(amount).total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{seconds:g}s" if seconds else "")
    return f"{'-' if amount < _ZERO else '+'}{''.join(parts)}"


@frozen
class Proposal:
    """
    What a calendar would become, and what that changes; nothing is applied unless the caller takes ``proposed``.

    ``changes`` are those of ``diff``. ``notes`` are findings that a person should read first: what the source could not
    say, and where the calendar's own entries stood against it.
    """

    current: Calendar
    proposed: Calendar
    changes: tuple[Change, ...]
    notes: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, calendar: Calendar, listed: HolidayList, *, replace: bool = False) -> Proposal:
        """
        What a list of holidays would change in a calendar.

        Holidays that came from the same source earlier and lie in the time the list covers are replaced by the list. Every
        other entry of the calendar's own stays and wins over the list, which is noted where they differ. ``known_until`` moves
        to that of the list, unless the list is older or leaves years between unspoken of.

        Args:
            calendar: what it would be laid over.
            listed: the dates.
            replace: whether all the calendar's dated holidays and shifts of the covered time make way (and its breaks, where
                the list has any); yearly ones stay.

        Raises:
            InputError: *calendar* is a combination; choose the part.
            DefinitionError: the calendar would never open, or have too many dates.
        """
        given: object = calendar
        if not isinstance(given, Calendar):
            said = f"a list is laid over a single calendar, not over {type(given).__name__}; choose one of its parts"
            raise InputError(said, code="calendar.proposal")
        dates = Dates.of(calendar)
        dates.lay(listed, replace=replace)
        known_until = until(calendar, listed, dates.tell)
        proposed = dates.made(known_until)
        return cls(calendar, proposed, diff(calendar, proposed), (*listed.notes, *dates.told))

    @property
    def gained(self) -> timedelta:
        """The open time won on single dates in all; negative where more is lost."""
        return sum((change.gained for change in self.changes if change.kind == "date" and change.gained), start=_ZERO)

    def text(self, lang: str = "en") -> str:
        """
        The proposal for a person: what changes, line by line, then the notes.

        Args:
            lang: ``en`` or ``zh``.
        """
        lines = [change.text(lang) for change in self.changes]
        if lines:
            said = _word("in_sum" if len(lines) > 1 else "one_in_sum", lang)
            lines.append(said.format(count=len(lines), gained=_signed(self.gained) if self.gained else "0"))
        else:
            lines.append(_word("none", lang))
        return "\n".join([*lines, *(f"! {note.text(lang)}" for note in self.notes)])

    def to_data(self) -> dict[str, Any]:
        """The proposal as a JSON-ready mapping; ``proposed`` reads back with ``Calendar(**data)``."""
        return {
            "changes": [change.to_data() for change in self.changes],
            "gained": self.gained.total_seconds(),
            "notes": [{"code": note.code, "path": note.path, "facts": dict(note.facts)} for note in self.notes],
            "current": self.current.to_data(),
            "proposed": self.proposed.to_data(),
        }
