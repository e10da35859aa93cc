"""Knows the parts a clock's definition is made of and how each is written; must not know how time is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen

from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.model import Span, freeze

BREACH = "breach"
"""The mark every clock has: the end of its time."""

MAX_REPEATS = 1_000
"""How often at most a mark that comes again and again is reached in one cycle; also how often where nothing is said."""

_RELATIVE_KEYS = ("end_of", "at", "of")
_TABLE_KEYS = ("table", "take")
_CHOICE_KEYS = ("when", "take")
_NAMED_DAYS = {"business day": 0, "same business day": 0, "this business day": 0, "next business day": 1}
_COUNTED_DAYS = re.compile(r"(?:in )?(\d{1,5}) business days?", re.ASCII)
_WALL = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_PERCENT = re.compile(r"(\d{1,6})(?:\.(\d{1,3}))?\s*%", re.ASCII)
_EVERY = re.compile(r"every (.{1,60}?) after(?:, (\d{1,6}) times?)?", re.ASCII)
_PLACE = re.compile(r"(?:(end)|(\d{1,2}:\d{2})) of (?:the )?(.{1,40})", re.ASCII)
_NUMBER = " #"  # between the name of a mark that repeats and which time it is
_MOST_DAYS = 36_525
_MOST_TEXT = 100  # characters of a place in the calendar written as one text
_FULL = 100_000  # 100 % in thousandths of a percent
_MOST_DEPTH = 64  # of a condition given as a tree: it is frozen by walking that deep
_MOST_NODES = 10_000  # of such a tree, counting each place at which one value is shared


class Problems:
    """The findings collected while one definition is read, each under the path where it was met."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, code: str, path: str, **facts: Any) -> None:
        """Note one problem; the facts fill its sentence."""
        self.found.append(Finding(f"sla.{code}", path, facts))

    def settle(self) -> None:
        """
        Say everything at once.

        Raises:
            DefinitionError: something was noted.
        """
        if self.found:
            raise DefinitionError.of(self.found)


def misspelt(words: Collection[Any], known: Collection[str]) -> dict[str, str]:
    """As a fact, the known word most like the first one that is not known; nothing where none is."""
    close = nearest(next((word for word in words if word not in known), ""), known)
    return {} if close is None else {"nearest": close}


@frozen
class Relative:
    """
    A target that is a place in the calendar rather than a length of time.

    It is the end of the ``days``-th business day after the start (0: of the day it starts on), or
    the wall time ``at`` on it. What lies between start and that place becomes the counted amount.
    """

    days: int = 0
    at: str | None = None

    def to_data(self) -> dict[str, str]:
        """The canonical spelling, which reads back as an equal value."""
        named = {0: "business day", 1: "next business day"}
        day = named.get(self.days, f"{self.days} business days")
        return {"end_of": day} if self.at is None else {"at": self.at, "of": day}


@frozen
class TableOutput:
    """
    A target or a calendar that a decision table gives: the output ``take`` of ``table``, for the ticket as it is.

    Where the table gives nothing there is no target, and nothing is promised; or no calendar, and time counts as it passes.
    """

    table: str
    take: str

    def to_data(self) -> dict[str, str]:
        """The mapping it is written as."""
        return {"table": self.table, "take": self.take}


@frozen
class Choice:
    """
    One line of a list of which the first that holds is taken.

    ``when`` is a condition as text or tree, None for the line that always holds; ``take`` is what it gives.
    """

    when: Any
    take: Any


@frozen
class Mark:
    """
    A point on a clock, told by its canonical ``name``.

    It lies at ``thousandths`` of a percent of the target, ``ahead`` of its end, or ``beyond`` the breach; or it comes
    again ``every`` so much counted time after the breach, ``times`` times in a cycle.
    """

    name: str
    thousandths: int | None = None
    ahead: timedelta | None = None
    beyond: timedelta | None = None
    every: timedelta | None = None
    times: int = MAX_REPEATS

    @property
    def late(self) -> bool:
        """Whether it lies beyond the breach."""
        return self.every is not None or self.beyond is not None or (self.thousandths is not None and self.thousandths > _FULL)

    def amount(self, within: timedelta) -> timedelta:
        """
        Counted time from the start to the mark; never negative, a mark before the start lies on it.

        Of one that repeats it is the first time.
        """
        if self.thousandths is not None:
            return within * self.thousandths // _FULL
        beyond = self.beyond or self.every
        if beyond is not None:
            return within + beyond
        return max(timedelta(), within - (self.ahead or timedelta()))

    def numbered(self, number: int) -> str:
        """What one repetition is called, counted from 1: ``every 4h after #2``."""
        return f"{self.name}{_NUMBER}{number}"

    def number(self, name: str) -> int:
        """Which repetition of this mark a name means; 0 for what is none of it."""
        base, _, digits = name.rpartition(_NUMBER)
        return int(digits) if base == self.name and digits.isdecimal() else 0


def own_calendar(calendar: str | None, clock: str) -> str | None:
    """What people call a calendar that is written in a clock: as the clock; the others of several by their number."""
    written, _, number = (calendar or "").rpartition("#")
    if written != clock or not number.isdigit():
        return calendar
    return clock if number == "0" else f"{clock} {int(number) + 1}"


def mark_name(text: str) -> str:
    """How a clock spells a mark: ``every 1h30m after`` for ``every 90m after``; what is none stays as it is."""
    mark = read_mark(text, "", Problems())
    return text if mark is None else mark.name


def mark_of(name: str) -> str:
    """The mark as the definition writes it, of a mark that was reached: ``every 4h after`` of ``every 4h after #2``."""
    return name.rpartition(_NUMBER)[0] or name


def read_target(value: Any, path: str, problems: Problems) -> Span | Relative | TableOutput | None:
    """A span, or the output of a table that gives one; None when it is neither, and the problem is noted."""
    if isinstance(value, TableOutput) or (isinstance(value, Mapping) and "table" in value):
        return read_output(value, path, problems)
    return read_span(value, path, problems)


def read_output(value: Any, path: str, problems: Problems) -> TableOutput | None:
    """The output of a table from its mapping; None when it is none, and the problem is noted."""
    if isinstance(value, TableOutput):
        return value
    sound = set(value) == set(_TABLE_KEYS) and all(isinstance(one, str) and one.strip() for one in value.values())
    if not sound:
        problems.add("table_output", path, value=shown(dict(value)), **misspelt(value, _TABLE_KEYS))
        return None
    return TableOutput(value["table"].strip(), value["take"].strip())


def span_of(value: Any) -> Span | Relative:
    """
    A length of time or a place in the calendar, as ``within`` may give it: ``4h``, ``end of next business day``.

    Raises:
        DefinitionError: it is neither.
    """
    problems = Problems()
    found = read_span(value, "", problems)
    problems.settle()
    assert found is not None
    return found


def read_span(value: Any, path: str, problems: Problems) -> Span | Relative | None:
    """A length of time or a place in the calendar; None when it is neither, and the problem is noted."""
    if isinstance(value, Relative):
        return value
    if isinstance(value, Mapping):
        return _read_relative(value, path, problems)
    if isinstance(value, str) and len(value) <= _MOST_TEXT and (place := _PLACE.fullmatch(" ".join(value.split()))):
        data = {"end_of": place[3]} if place[1] else {"at": place[2], "of": place[3]}
        return _read_relative(data, path, problems)
    span = _span(value, value, path, problems)
    if span is not None and not span.exact and not span.business_days:
        problems.add("zero", path, value=shown(value))
        return None
    return span


def _span(text: Any, value: Any, path: str, problems: Problems) -> Span | None:
    """The length of time in what was written as *value*."""
    try:
        return Span.of(text)
    except TimeError as error:
        problems.add("span", path, value=shown(value), why=error.message.partition("; write 4h")[0])
        return None


def _read_relative(data: Mapping[str, Any], path: str, problems: Problems) -> Relative | None:
    day = data.get("end_of", data.get("of"))
    if set(data) not in ({"end_of"}, {"at", "of"}) or not isinstance(day, str):
        problems.add("relative", path, value=shown(dict(data)), **misspelt(data, _RELATIVE_KEYS))
        return None
    words = " ".join(day.split())
    counted = _COUNTED_DAYS.fullmatch(words)
    days = int(counted[1]) if counted else _NAMED_DAYS.get(words)
    if days is None or days > _MOST_DAYS:
        problems.add("day", path, value=shown(day), **misspelt((words,), _NAMED_DAYS))
        return None
    if "at" not in data:
        return Relative(days)
    wall = _WALL.fullmatch(data["at"].strip()) if isinstance(data["at"], str) else None
    if wall is None or int(wall[2]) > 59 or int(wall[1]) * 60 + int(wall[2]) > 24 * 60:
        problems.add("wall_time", path, value=shown(data["at"]))
        return None
    return Relative(days, f"{int(wall[1]):02}:{wall[2]}")


def read_choice(data: Any, path: str, problems: Problems) -> Choice | None:
    """One line of a list of choices with its ``take`` still as written; None when it is none."""
    if isinstance(data, Choice):
        return data
    if not isinstance(data, Mapping) or "take" not in data or not set(data) <= set(_CHOICE_KEYS):
        keys = data if isinstance(data, Mapping) else ()
        problems.add("choice", path, value=shown(data), **misspelt(keys, _CHOICE_KEYS))
        return None
    when = data.get("when")
    if isinstance(when, str):
        when = when.strip()
    if when is not None and not is_condition(when):
        problems.add("choice", path, value=shown(data))
        return None
    return Choice(freeze(when), data["take"])


def is_condition(when: Any) -> bool:
    """Whether a value can be a condition: text, or a tree that is not deeper or larger than any is."""
    return isinstance(when, (str, Mapping)) and bool(when) and not _too_large(when)


def _too_large(tree: Any) -> bool:
    layer, left = [tree], _MOST_NODES
    for _ in range(_MOST_DEPTH):
        deeper: list[Any] = []
        for item in layer:
            if isinstance(item, (Mapping, list, tuple)):
                deeper.extend(item.values() if isinstance(item, Mapping) else item)
            if len(deeper) > left:
                return True
        if not deeper:
            return False
        left -= len(deeper)
        layer = deeper
    return True


def read_names(value: Any, path: str, problems: Problems) -> tuple[str, ...]:
    """One name or a list of names, each once, in the order written."""
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in listed):
        problems.add("names", path, value=shown(value))
        return ()
    names = tuple(name.strip() for name in listed)
    for name in sorted(name for name, number in Counter(names).items() if number > 1):
        problems.add("duplicate", path, value=shown(name))
    return names


def read_mark(value: Any, path: str, problems: Problems) -> Mark | None:
    """A mark from its text; None when it is none, and the problem is noted."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    percent = _PERCENT.fullmatch(text)
    if percent:
        thousandths = int(percent[1]) * 1000 + int((percent[2] or "").ljust(3, "0"))
        if not 0 < thousandths <= 10 * _FULL or thousandths == _FULL:
            problems.add("percent", path, value=shown(value))
            return None
        whole, rest = divmod(thousandths, 1000)
        tail = f".{rest:03}".rstrip("0") if rest else ""
        return Mark(f"{whole}{tail}%", thousandths=thousandths)
    if text.startswith("every "):
        return _read_every(text, value, path, problems)
    length, _, side = text.rpartition(" ")
    if side not in {"before", "after"}:
        problems.add("mark", path, value=shown(value))
        return None
    span = _span(length, value, path, problems)
    if span is None:
        return None
    if not span.exact:  # no length at all, or business days, which are no length before the clock starts
        problems.add("mark", path, value=shown(value))
        return None
    name = f"{span.text} {side}"
    return Mark(name, ahead=span.exact) if side == "before" else Mark(name, beyond=span.exact)


def _read_every(text: str, value: Any, path: str, problems: Problems) -> Mark | None:
    found = _EVERY.fullmatch(text)
    if found is None:
        problems.add("mark", path, value=shown(value))
        return None
    times = MAX_REPEATS if found[2] is None else int(found[2])
    if not 0 < times <= MAX_REPEATS:
        problems.add("times", path, value=shown(value), limit=MAX_REPEATS)
        return None
    span = _span(found[1], value, path, problems)
    if span is None:
        return None
    if not span.exact:
        problems.add("mark", path, value=shown(value))
        return None
    said = "" if found[2] is None else f", {times} time" + ("s" if times > 1 else "")
    return Mark(f"every {span.text} after{said}", every=span.exact, times=times)
