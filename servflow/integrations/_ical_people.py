"""Knows whom an event of an on-call calendar names; must not know when it happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import InputError, shown
from servflow.integrations._ical_times import text_of
from servflow.model import World

PLACES = ("summary", "attendee", "description")
"""Where an event may name people; the first place that names somebody decides."""

OWN = "X-SERVFLOW-USER"
"""The property in which ``write_shifts`` says whose shift an event is."""

Names = Mapping[str, Any] | World | Callable[[str], Any] | None

_LONGEST_TEXT = 2_000
_LONGEST_NAME = 200
_MOST_WORDS = 8
_MOST_NAMES = 50_000

_LEVEL = re.compile(r"\s*\[L(\d{1,3})\]\s*", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r"[,;/|\u3001\uff0c\uff1b\uff0f\n]|\s[&+]\s|\s(?=@)")
_KNOWN_FORM = re.compile(r"on[ -]?call\s*[-:\u2013]\s*(.+?)(?:\s+[-\u2013]\s+.*)?", re.IGNORECASE)
# A character of a script without spaces is a word of its own.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s,;/|\u3001\uff0c\uff1b\uff0f()<>\[\]:\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_TRIM = ".'\"@-"


def level(text: str) -> tuple[int, str]:
    """The level that a summary begins with, such as ``[L2]``, 0 without one; and the rest of it."""
    found = _LEVEL.match(text)
    return (int(found[1]), text[found.end() :]) if found else (0, text.strip())


def names_of(world: World) -> dict[str, str]:
    """The ids of a world's people by their ids and names; a name that several of them have stands for nobody."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for one in world.persons.values():
        name = " ".join((one.name or "").casefold().split())
        if name and found.setdefault(name, one.id) != one.id:
            shared.add(name)
    return {name: user for name, user in found.items() if name not in shared} | {user: user for user in world.persons}


@define
class People:
    """Finds the ids of those whom a text names, by a table, a world or a function; without any of them names are ids."""

    table: dict[str, tuple[str, ...]] | None = None
    ask: Callable[[str], Any] | None = None
    _known: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(factory=dict)

    @classmethod
    def of(cls, people: Names) -> People:
        """
        Read what a caller gave.

        Raises:
            InputError: it is no table, world or function, or maps to something that is no id.
        """
        if people is None:
            return cls()
        if isinstance(people, World):
            return cls({_plain(text): (user,) for text, user in names_of(people).items()})
        if isinstance(people, Mapping):
            if len(people) > _MOST_NAMES:
                raise InputError(f"people: more than {_MOST_NAMES:,} names", code="ical.people", limit=_MOST_NAMES)
            return cls({_plain(str(name)): _ids(user, str(name)) for name, user in people.items()})
        if callable(people):
            return cls(ask=people)
        raise InputError(f"people is a mapping of names to ids, a world or a function, not {shown(people)}", code="ical.people")

    def named(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of those whom a text names, in its order, and the parts of it that name nobody known."""
        text = " ".join(text[:_LONGEST_TEXT].split(" ")).strip()
        if text not in self._known:
            self._known[text] = self._asked(text) if self.ask is not None else self._found(text)
        return self._known[text]

    def meant(self, user: str) -> tuple[str, ...]:
        """The ids that a written id stands for: itself, where the caller knows it at all."""
        if self.ask is not None:
            return _ids(self.ask(user), user)
        if self.table is None or any(user in ids for ids in self.table.values()):
            return (user,)
        return self.table.get(_plain(user), ())

    def _asked(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        ask = self.ask or (lambda _: None)
        whole = _ids(ask(text), text) if text else ()
        if whole:
            return whole, ()
        parts = _parts(text)
        answers = [_ids(ask(part), part) for part in parts]
        unknown = [part for part, ids in zip(parts, answers, strict=True) if not ids]
        return tuple(dict.fromkeys(one for ids in answers for one in ids)), tuple(unknown)

    def _found(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self.table is None:
            return tuple(dict.fromkeys(part[:_LONGEST_NAME] for part in _parts(_bare(text)))), ()
        if _plain(text) in self.table:
            return self.table[_plain(text)], ()
        words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
        ids: list[str] = []
        taken: list[tuple[int, int]] = []
        place = 0
        while place < len(words):
            for last in range(min(place + _MOST_WORDS, len(words)), place, -1):
                start, end = words[place][0], words[last - 1][1]
                known = self.table.get(_plain(text[start:end]))
                if known is not None:
                    ids += known
                    taken.append((start, end))
                    place = last - 1
                    break
            place += 1
        unknown, start = [], 0
        for gap in [*_BETWEEN.finditer(text), None]:
            end = len(text) if gap is None else gap.start()
            part = text[start:end].strip()
            if part and not any(low < end and start < high for low, high in taken):
                unknown.append(part[:_LONGEST_NAME])
            start = end if gap is None else gap.end()
        return tuple(dict.fromkeys(ids)), tuple(unknown)


def texts(event: Any, place: str) -> list[list[str]]:
    """What an event says at one place: of each person or line the spellings that may be known."""
    if place == "attendee":
        found = event.get("ATTENDEE")
        items = found if isinstance(found, list) else [] if found is None else [found]
        return [_spellings(item) for item in items if _takes_part(item)]
    text = text_of(event, place.upper()) or ""
    return [[level(text)[1]]] if text.strip() else []


def own(event: Any) -> tuple[str, ...]:
    """The ids that an event written by this library says it is about."""
    found = event.get(OWN)
    items = found if isinstance(found, list) else [] if found is None else [found]
    return tuple(dict.fromkeys(str(item)[:_LONGEST_NAME] for item in items if str(item)))


def who(event: Any, people: People, places: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids of those who are on call by an event, and the names in it that nobody is known by."""
    written = own(event)
    if written:
        found = [people.meant(user) for user in written]
        lacking = tuple(user for user, users in zip(written, found, strict=True) if not users)
        return tuple(dict.fromkeys(user for users in found for user in users)), lacking
    unknown_all: list[str] = []
    for place in places:
        ids: list[str] = []
        unknown: list[str] = []
        for spellings in texts(event, place):
            answers = [people.named(text) for text in spellings]
            best = next((answer for answer in answers if answer[0]), None)
            if best is not None:
                ids += best[0]
                unknown += best[1]
            elif answers:
                unknown += answers[0][1]
        if ids:
            return tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(unknown))
        unknown_all += unknown
    return (), tuple(dict.fromkeys(unknown_all))


def _takes_part(attendee: Any) -> bool:
    """Whether an attendee is somebody who has not declined; rooms and equipment are invited too."""
    facts = getattr(attendee, "params", {})
    declined = str(facts.get("PARTSTAT", "")).upper() == "DECLINED"
    return not declined and str(facts.get("CUTYPE", "")).upper() not in ("ROOM", "RESOURCE")


def _spellings(attendee: Any) -> list[str]:
    address = re.sub(r"(?i)^mailto:", "", str(attendee)).strip()
    called = str(getattr(attendee, "params", {}).get("CN", "")).strip()
    return [text for text in (address, called) if text]


def _parts(text: str) -> list[str]:
    found = [part.strip().lstrip("@").strip() for part in _BETWEEN.split(text)]
    return [part for part in found if part]


def _bare(text: str) -> str:
    """The text without what on-call systems write around a name."""
    found = _KNOWN_FORM.fullmatch(text.strip())
    return found[1].strip() if found else text


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_TRIM + " ")


def _ids(value: Any, name: str) -> tuple[str, ...]:
    items = (value,) if isinstance(value, str) else () if value is None else value
    good = isinstance(items, (list, tuple, set, frozenset)) and all(isinstance(one, str) and one for one in items)
    if not good:
        raise InputError(f"people: {shown(name)} becomes {shown(value)}, which is no id", code="ical.people", name=shown(name))
    return tuple(dict.fromkeys(sorted(items) if isinstance(items, (set, frozenset)) else items))
