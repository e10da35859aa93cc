"""Every part of every record is known to say nothing of a person, or is looked at when data is erased."""

from __future__ import annotations

import typing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from servflow.engine._redacting import FREE, MARK, NAMED, STAFF, WHO, sought
from servflow.model import FrozenMap, Record
from servflow.model._codec import KINDS

STRUCTURE = frozenset(
    (
        # names that stand in the definition, words of this library, and hashes
        *("workflow", "given", "roles", "configuration", "entered", "exited", "pins", "history", "event", "state", "states"),
        *("step", "slot", "policy", "audience", "scale", "vote", "maker", "name", "code", "clock", "clocks", "chain", "mark"),
        *("marks", "next_mark", "phase", "calendar", "outcome", "relation", "side", "decided", "reads", "hash", "dropped"),
        *("last_actor", "before", "source", "records", "people", "queue", "shift", "zone", "within"),
        *("action", "effect", "levels"),
        # what the host calls its things, and how it makes them once
        *("id", "key", "other", "cause", "world"),
        *("operation", "moved", "after"),
        # spare parts: which, where from, and in what order they came back
        *("part", "place", "origin", "serials", "condition"),
        # what was rated, and by which survey
        *("about", "visit", "survey", "low"),
    )
)
"""Parts of records that cannot say anything of a person, or that are the host's own identifiers."""


def parts(kind: type, seen: set[type]) -> set[tuple[str, str]]:
    """The names of all parts of a kind of record, and of what it holds, that may hold a text."""
    if kind in seen:
        return set()
    seen.add(kind)
    found: set[tuple[str, str]] = set()
    for name, hint in typing.get_type_hints(kind).items():
        if name not in {attribute.name for attribute in attrs.fields(kind)}:
            continue
        inner = [hint, *typing.get_args(hint), *(deep for one in typing.get_args(hint) for deep in typing.get_args(one))]
        found |= {(kind.__name__, name) for one in inner if one in (str, Any)}
        for one in inner:
            if isinstance(one, type) and attrs.has(one):
                found |= parts(one, seen)
    return found


def test_every_part_of_a_record_is_classified() -> None:
    """A part added to a record must be said to be structure, or erasing has to look at it."""
    seen: set[type] = set()
    held = {part for kind in KINDS.values() if issubclass(kind, Record) for part in parts(kind, seen)}
    known = FREE | NAMED | WHO | STAFF | STRUCTURE

    assert set() == {(kind, name) for kind, name in held if name not in known}
    assert set() == (FREE | NAMED | WHO) & STRUCTURE


WHEN = datetime(1984, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Anna Schmidt", "spoke to anna schmidt today"),
        ("O'Brien\n2", 'field name takes text, not "O\'Brien\\n2"'),
        ("王伟", "联系王伟先生"),
        ("Li", "called Li."),
        ("x" * 30 + "end", f"not '{'x' * 28}…"),
        (4_912_345_678, "called 4912345678 twice"),
        (Decimal("12.3450"), "paid 12.3450"),
        (WHEN, "born 1984-05-06T00:00:00Z"),
        ({"city": ["Berlin"]}, "moved to Berlin"),
    ],
)
def test_a_quoted_value_is_found(value: Any, text: str) -> None:
    """A text that quotes a value in any of the ways messages do is taken out as a whole."""
    assert MARK == sought([value], [], {}).text(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [("Li", "a list of lights"), ("x", "x marks the spot"), (3, "3 visits"), (True, "True"), ("", "anything"), (None, "None")],
)
def test_what_says_too_little_is_not_looked_for(value: Any, text: str) -> None:
    """A short text inside of words, a small number, or nothing at all does not take other texts out."""
    assert text == sought([value], [], {}).text(text)


def test_values_are_found_at_any_depth() -> None:
    """A value is taken out of lists and maps, also where it is no text; people get the name that stands for them."""
    found = sought(["+49 1234", WHEN, 4_912_345_678, timedelta(days=3)], ["ok"], {"c-1": "erased-1"})
    before = {
        "a": ["+49 1234", 4_912_345_678, 7, {"who": "c-1", "when": WHEN}],
        "b": "ok",
        "c": "ok then",
        "d": timedelta(days=3),
    }

    assert FrozenMap(
        {
            "a": (MARK, None, 7, FrozenMap({"who": "erased-1", "when": None})),
            "b": MARK,
            "c": "ok then",
            "d": None,
        }
    ) == found.value(before)
