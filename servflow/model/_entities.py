"""Knows how what a host says of its people and places becomes values; must not know what a decision makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from servflow.errors import InputError, TimeError, nearest, shown
from servflow.model._fields import INT_MAX, INT_MIN, name_flaw
from servflow.model._instants import instant, read_instant, write_instant
from servflow.model._maps import EMPTY, FrozenMap
from servflow.model._plain import PlainData, name_of

MAX_FACTS = 1_000_000
"""How many values the facts of a world may hold."""


def words(value: Any) -> tuple[str, ...]:
    """One name or several as a tuple, those of a set sorted; empty for None."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise InputError(f"expected names, got {shown(value)}", value=shown(value))
    found = tuple(value)
    for word in found:
        name(word)
    return tuple(sorted(found)) if isinstance(value, (set, frozenset)) else found


def words_or_none(value: Any) -> tuple[str, ...] | None:
    """Names as ``words`` reads them; None stays None."""
    return None if value is None else words(value)


def name(value: Any) -> str:
    """
    A name of the world.

    Raises:
        InputError: it is no text of 1 to 200 characters that can be stored.
    """
    flaw = name_flaw(value)
    if flaw is not None:
        raise InputError(f"expected a name; {flaw}", value=shown(value))
    text: str = value
    return text


def name_or_none(value: Any) -> str | None:
    """A name of the world, or None."""
    return None if value is None else name(value)


def zone(value: Any) -> str | None:
    """
    The name of a time zone, or None.

    Raises:
        InputError: there is no such zone; with the one that was probably meant.
    """
    if value is None:
        return None
    text = name(value.key if isinstance(value, ZoneInfo) else value)
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        close = nearest(text, available_timezones())
        hint = f"did you mean {close!r}?" if close else "write a name such as Asia/Shanghai"
        raise InputError(f"there is no time zone {shown(text)}; {hint}", zone=shown(text)) from None


def title(value: Any) -> str:
    """A text that people read; empty for None."""
    return "" if value is None or value == "" else name(value)


def count(value: Any) -> int:
    """
    A whole number.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not INT_MIN <= value <= INT_MAX:
        raise InputError(f"expected a whole number of at most 64 bits, got {shown(value)}", value=shown(value))
    return value


def count_or_none(value: Any) -> int | None:
    """A whole number, or None."""
    if isinstance(value, Mapping):
        raise InputError(
            f"expected one whole number for everything, got {shown(value)}; how much of each channel is said as per_channel",
            value=shown(value),
        )
    return None if value is None else count(value)


def amount_or_none(value: Any) -> int | None:
    """
    A whole number from 0 on, or None.

    Raises:
        InputError: it is none.
    """
    read = count_or_none(value)
    if read is not None and read < 0:
        raise InputError(f"expected a whole number from 0 on, got {read}", value=read)
    return read


def check_normal(normal: int | None, most: int | None) -> None:
    """
    Check that nobody is normally given more than they can take.

    Raises:
        InputError: the normal capacity is above the most.
    """
    if normal is not None and most is not None and normal > most:
        raise InputError(f"the normal capacity {normal} is above the capacity {most}", normal=normal, capacity=most)


def speed(value: Any) -> int:
    """
    Kilometres an hour, from 1 on.

    Raises:
        InputError: it is no such number.
    """
    read = count(value)
    if read < 1:
        raise InputError(f"speed is in whole kilometres an hour from 1 on, not {read}", value=read)
    return read


def place(value: Any) -> tuple[float, float] | None:
    """
    Latitude and longitude in degrees, or None.

    Raises:
        InputError: they are no two numbers.
    """
    if value is None:
        return None
    two = value if isinstance(value, (list, tuple)) else ()
    known = len(two) == 2 and not any(isinstance(part, bool) for part in two)
    if not known or not all(isinstance(part, (int, float)) and -360 <= part <= 360 for part in two):
        raise InputError(f"a position is (latitude, longitude) in degrees, not {shown(value)}", value=shown(value))
    return two[0], two[1]


def each(read: Callable[[Any], Any], value: Any) -> FrozenMap[str, Any]:
    """
    A mapping from names to what *read* makes of each value; empty for None.

    Raises:
        InputError: it is no mapping.
    """
    if not value and (value is None or isinstance(value, Mapping)):
        return EMPTY
    if not isinstance(value, Mapping):
        raise InputError(f"expected a mapping by name, got {shown(value)}", value=shown(value))
    return FrozenMap({name(key): read(item) for key, item in value.items()})


def counts(value: Any) -> FrozenMap[str, int]:
    """Name -> whole number."""
    return each(count, value)


def counts_or_none(value: Any) -> FrozenMap[str, int] | None:
    """Name -> whole number; None stays None."""
    return None if value is None else counts(value)


def counts_by_name(value: Any) -> FrozenMap[str, FrozenMap[str, int]]:
    """Name -> name -> whole number."""
    return each(counts, value)


def stock(value: Any) -> FrozenMap[str, FrozenMap[str, int]] | None:
    """
    Place -> part -> units, with what belongs to no place under the empty name; None stays None.

    Raises:
        InputError: something has a wrong shape.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InputError(f"expected parts and how many of each, got {shown(value)}", value=shown(value))
    central = {part: units for part, units in value.items() if not isinstance(units, Mapping)}
    places = {name(place): counts(held) for place, held in value.items() if isinstance(held, Mapping) and place != ""}
    held = value.get("")
    return FrozenMap({"": counts({**central, **(held if isinstance(held, Mapping) else {})}), **places})


def amounts_by_name(value: Any) -> FrozenMap[str, FrozenMap[str, int]]:
    """Name -> name -> whole number from 0 on."""
    return each(lambda items: each(_amount, items), value)


def _amount(value: Any) -> int:
    read = count(value)
    if read < 0:
        raise InputError(f"expected a whole number from 0 on, got {read}", value=read)
    return read


def instants(value: Any) -> FrozenMap[str, datetime]:
    """Name -> instant."""
    return each(lambda item: read_instant(item) if isinstance(item, str) else instant(item, "an instant"), value)


def contracts(value: Any) -> tuple[str, ...]:
    """Names of contracts; a mapping gives the warranty types of each brand, and none of them means all."""
    if not isinstance(value, Mapping):
        return words(value)
    found: list[str] = []
    for brand, types in value.items():
        found.extend(f"{name(brand)}/{kind}" for kind in words(types))
        if not words(types):
            found.append(brand)
    return tuple(found)


def texts(value: Any) -> FrozenMap[str, str]:
    """Name -> name."""
    return each(name, value)


def parents(value: Any) -> FrozenMap[str, str]:
    """Name -> the name above it, or None."""
    return each(name_or_none, value)


def names_by_name(value: Any) -> FrozenMap[str, tuple[str, ...]]:
    """Name -> names."""
    return each(words, value)


def skills(value: Any) -> FrozenMap[str, int]:
    """Skill -> level; a list of skills means level 1."""
    return counts(value if value is None or isinstance(value, Mapping) else dict.fromkeys(words(value), 1))


def shifts(value: Any) -> tuple[tuple[datetime, datetime], ...]:
    """
    Half-open stretches of a roster, in their order.

    Raises:
        InputError: one is no pair, ends before it begins, or begins before another one has ended.
        TimeError: an end is no instant.
    """
    read = sorted(_stretches(value, "shift"))
    for start, end in read:
        if end <= start:
            raise InputError(f"a shift ends at {write_instant(end)}, not after its start {write_instant(start)}")
    for (first, until), (start, _) in pairwise(read):
        if start < until:
            raise InputError(
                f"the shift from {write_instant(start)} overlaps the one from {write_instant(first)} to {write_instant(until)}"
            )
    return tuple(read)


def absences(value: Any) -> tuple[tuple[datetime, datetime], ...]:
    """
    Half-open stretches of time.

    Raises:
        InputError: one is no pair.
        TimeError: an end is no instant.
    """
    return tuple(_stretches(value, "absence"))


def stretches_by_name(value: Any) -> FrozenMap[str, tuple[tuple[datetime, datetime], ...]]:
    """Name -> half-open stretches of time."""
    return each(lambda item: tuple(_stretches(item, "booking")), value)


def _stretches(value: Any, what: str) -> list[tuple[datetime, datetime]]:
    items = () if value is None else value
    if not isinstance(items, Iterable) or isinstance(items, (str, Mapping)):
        raise InputError(f"{what}s are a list of (from, to), not {shown(value)}", value=shown(value))
    read = []
    for item in items:
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise InputError(f"{'an' if what[0] == 'a' else 'a'} {what} is (from, to), not {shown(item)}", value=shown(item))
        start, end = (read_instant(one) if isinstance(one, str) else instant(one, what) for one in item)
        read.append((start, end))
    return read


def _expiry(value: Any) -> datetime | None:
    if value is None:
        return None
    return read_instant(value) if isinstance(value, str) else instant(value, "the end of a certificate")


def certificates(value: Any) -> FrozenMap[str, datetime | None]:
    """Certificate -> the instant it expires, or None."""
    return each(_expiry, value)


def _answers(value: Any, *verbs: str) -> Any:
    if not all(hasattr(value, verb) for verb in verbs):
        raise InputError(f"expected an object with {' and '.join(verbs)}, got {shown(value)}", value=shown(value))
    return value


def hours(value: Any) -> FrozenMap[str, Any]:
    """Name -> calendar."""
    return each(_hours, value)


def _hours(value: Any) -> Any:
    if isinstance(value, Mapping):  # what a calendar is made of is not known here
        raise InputError(
            f"expected an object with is_open and next_opening, got the mapping {shown(value)}; make it a "
            "servflow.calendars.Calendar, or read the file that it stands in with servflow.documents.load_world",
            value=shown(value),
        )
    return _answers(value, "is_open", "next_opening")


def on_call(value: Any) -> FrozenMap[str, Any]:
    """Name -> schedule or rotation."""
    return each(_on_call, value)


def _on_call(value: Any) -> Any:
    if isinstance(value, Mapping):  # what a schedule is made of is not known here
        raise InputError(
            f"expected an object with on_call, got the mapping {shown(value)}; read it with servflow.escalation.Schedule.of, "
            "or the file that it stands in with servflow.documents.load_world",
            value=shown(value),
        )
    return _answers(value, "on_call")


def facts(value: Any) -> FrozenMap[str, Any]:
    """
    The host's own data for expressions.

    Raises:
        InputError: it is nested too deep, is too much, or holds what nobody can store.
    """
    flaws = PlainData(MAX_FACTS).flaws(value, "facts")
    if flaws:
        path, why = flaws[0]
        raise InputError(f"{path}: {why['en']}", path=path)
    return each(lambda item: item, value)


def entities(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """
    A converter for a list of values or their mappings, or a mapping by id.

    It raises InputError for an unknown attribute, a wrong shape and an id that is there twice.
    """
    word = kind.__name__.lower()

    def convert(value: Any) -> tuple[Any, ...]:
        items: Any = () if value is None else value
        if isinstance(value, Mapping):
            items = [_with_id(word, key, entry) for key, entry in value.items()]
        if not isinstance(items, Iterable) or isinstance(items, str):
            raise InputError(f"expected a list of {kind.__name__} or their mappings, got {shown(value)}", value=shown(value))
        read: dict[str, Any] = {}
        for item in items:
            made = _entity(kind, item) if isinstance(item, Mapping) else item
            if not isinstance(made, kind):
                raise InputError(f"expected a {kind.__name__} or its mapping, got {shown(made)}", entity=shown(made))
            if made.id in read:
                raise InputError(f"the world names {word} {made.id!r} twice", entity=made.id)
            read[made.id] = made
        return tuple(read.values())

    return convert


def _with_id(word: str, key: Any, entry: Any) -> Any:
    if entry is None or isinstance(entry, Mapping):
        return {"id": key, **dict(entry or {})}
    if getattr(entry, "id", None) == key:
        return entry
    raise InputError(f"{word} {shown(key)} is no mapping: {shown(entry)}", entity=name_of(key))


def _entity(kind: type[Any], item: Mapping[Any, Any]) -> Any:
    word, told = kind.__name__.lower(), name_of(item.get("id"))
    known = tuple(attribute.name for attribute in kind.__attrs_attrs__)
    refuse_unknown(item, known, f"{word} {told!r}", told)
    if "id" not in item:
        raise InputError(f"{'an' if word[0] in 'aeiou' else 'a'} {word} has no id: {shown(item)}", entity=shown(item))
    try:
        return kind(**item)
    except (InputError, TimeError) as error:
        where = unread(kind, item)
        facts = {**error.facts, "entity": told} | ({"attribute": where} if where else {})
        whose = f"{word} {told!r}{f', {where}' if where else ''}"
        raise type(error)(f"{whose}: {error.message}", **facts) from None


def unread(kind: type[Any], item: Mapping[Any, Any]) -> str:
    """Which attribute of an entity cannot be read; empty where they only contradict each other."""
    for attribute in kind.__attrs_attrs__:
        if attribute.name in item and attribute.converter is not None:
            try:
                attribute.converter(item[attribute.name])
            except (InputError, TimeError):
                return str(attribute.name)
    return ""


def unread_of(kind: type[Any], given: Mapping[Any, Any]) -> str:
    """The same of something that holds mappings by name: with the name whose value cannot be read, where that is known."""
    where = unread(kind, given)
    held = given.get(where)
    if not where or not isinstance(held, Mapping):
        return where
    attribute = next(item for item in kind.__attrs_attrs__ if item.name == where)
    for key, item in held.items():
        try:
            attribute.converter({key: item})
        except (InputError, TimeError):
            return f"{where} of {shown(key)}"
    return where


def refuse_unknown(given: Mapping[Any, Any], known: tuple[str, ...], whose: str, entity: str) -> None:
    """
    Check the keys of a mapping.

    Raises:
        InputError: one is not known; with the one that was probably meant.
    """
    for key in given:
        if key not in known:
            close = nearest(name_of(key), known)
            raise InputError(
                f"{whose} has no attribute {shown(key)}"
                + (f"; did you mean {close!r}?" if close else f"; known are {', '.join(known)}"),
                entity=entity,
                attribute=name_of(key),
            )
