"""Knows what a store makes of what it is asked; must not know any store."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.stores._asking import read_error, read_order, read_sort, shared, written_index
from servflow.stores._protocol import MAX_ERROR


@pytest.mark.parametrize(
    ("ready", "limit", "taken"),
    [
        pytest.param("aaBB", 9, "aaBB", id="room for all"),
        pytest.param("AAAAbbbb", 4, "AAbb", id="half of it"),
        pytest.param("AAAAb", 4, "AAAb", id="fewer others than the other half"),
        pytest.param("AAAA", 3, "AAA", id="no others"),
        pytest.param("aaAA", 3, "aaA", id="no more than there is room for"),
        pytest.param("aaaA", 3, "aaa", id="in the order they were kept"),
        pytest.param("AAaa", 1, "A", id="one at least"),
        pytest.param("AAaaa", 3, "Aaa", id="half of an odd number"),
        pytest.param("Aa", 0, "", id="nothing wanted"),
    ],
)
def test_what_is_tried_again_gets_half(ready: str, limit: int, taken: str) -> None:
    """Letters are what is ready, large ones were tried before; order is kept, and at most half of a limit is large."""
    assert list(taken) == shared(ready, lambda one: int(one.isupper()), limit)


def test_no_more_is_read_than_is_taken() -> None:
    """What is ready may be endless."""
    assert [0, 1, 2] == shared(count(), lambda _: 0, 3)


def test_errors_are_cut_and_cleaned() -> None:
    """Any text is kept as far as it goes: no sign in it keeps a failure from being told."""
    assert "王 🧺" == read_error("王 🧺")
    assert MAX_ERROR == len(read_error("长" * MAX_ERROR * 2))
    assert r"a\x00b\udcff" == read_error("a\x00b\udcff")
    assert MAX_ERROR == len(read_error("\x00" * MAX_ERROR))


def test_values_are_compared_as_written() -> None:
    """A number is not the same in another form, nor the text of it; names are sorted."""
    values = [1, 1.0, "1", True, None, (1, "二")]
    written = [written_index({"f": value})["f"] for value in values]

    assert ["1", "1.0", '"1"', "true", "null", '[1,"二"]'] == written
    assert ["a", "b"] == list(written_index({"b": 1, "a": 2}))
    assert {} == written_index(None)


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, "\udcff", datetime(2026, 3, 2)],
    ids=["no value", "no names", "no text", "no zone"],
)
def test_what_cannot_be_written_is_not_asked_for(value: Any) -> None:
    """The field is named in the error."""
    with pytest.raises(InputError, match="'city'"):
        written_index({"city": value})


@pytest.mark.parametrize("index", [[1], "city", {1: 2}, {"a\x00": 1}])
def test_what_names_no_fields_is_refused(index: Any) -> None:
    """Fields are asked for by names, which every database can hold."""
    with pytest.raises(InputError, match="names of fields"):
        written_index(index)


def test_words_are_known() -> None:
    """There are two sorts and two orders; another word is refused with those that are."""
    assert ("ticket", "effect") == (read_sort("ticket"), read_sort("effect"))
    assert (False, True) == (read_order("id"), read_order("due"))
    with pytest.raises(InputError, match="a ticket or an effect"):
        read_sort("effects")
    with pytest.raises(InputError, match="id or due"):
        read_order("wake")
