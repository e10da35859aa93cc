"""Knows how errors carry their facts and how problems are told; must not know who raises them."""

from __future__ import annotations

import pickle

import pytest

from servflow import errors
from servflow.errors import (
    Conflict,
    DefinitionError,
    Finding,
    InputError,
    LimitError,
    Refused,
    ServflowError,
    StoreError,
    TimeError,
    nearest,
    render,
)

KINDS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ServflowError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_pickle_with_its_facts(kind: type[ServflowError]) -> None:
    """An error read back in another process has the same message, code and facts."""
    error = kind("it went wrong", code="odd", clock="repair")

    again = pickle.loads(pickle.dumps(error))

    assert (kind, "it went wrong", "odd", "repair") == (type(again), str(again), again.code, again.clock)
    assert error.facts == again.facts


def test_every_error_has_one_root_and_can_be_caught_wide_or_narrow() -> None:
    """All kinds are ServflowErrors; those about values are ValueErrors too, and a missing ticket is a LookupError."""
    assert all(issubclass(kind, ServflowError) for kind in KINDS)
    assert all(issubclass(kind, ValueError) for kind in (TimeError, DefinitionError, InputError))
    assert issubclass(Conflict, StoreError)
    assert issubclass(errors.NotFound, LookupError)
    assert not issubclass(Refused, ValueError)


def test_a_fact_is_an_attribute_and_a_missing_one_is_named() -> None:
    """Facts read as attributes; asking for one that is not there is an AttributeError that says so."""
    error = LimitError("too much", limit=5)

    assert (5, "limit") == (error.limit, error.code)
    with pytest.raises(AttributeError, match="no fact named 'size'"):
        _ = error.size


def test_a_refusal_speaks_both_languages() -> None:
    """Each code of a refusal has its sentence in Chinese, filled with the facts."""
    for code in ("unknown", "not_here", "guard", "not_permitted", "payload", "stale", "past"):
        refusal = Refused(
            "english", code=code, event="go", state="a", allowed_in=("b",), lines={"en": (), "zh": ()}, needs=("clerk",)
        )

        assert "english" == refusal.text()
        assert refusal.text("zh") not in ("english", f"refused.{code}")
        assert any(ord(letter) > 0x3000 for letter in refusal.text("zh")), code


def test_a_finding_tells_place_problem_hint_and_code() -> None:
    """One line tells where, what, what to do and the stable code, and the line where the source has lines."""
    finding = Finding(
        "name.unknown", "clocks[1].until", {"kind": "state", "name": "doen", "known": ("done",), "nearest": "done"}, line=7
    )

    text = finding.text()

    assert text.startswith("line 7: clocks[1].until: ")
    assert "'doen'" in text
    assert "did you mean 'done'?" in text
    assert text.endswith("[name.unknown]")
    assert "第 7 行" in finding.text("zh")
    assert "是否想写“done”" in finding.text("zh")
    assert text == str(finding)


def test_a_code_without_a_sentence_loses_nothing() -> None:
    """An unknown code reads as the code and its facts."""
    assert "some.thing: a=1, b=x" == render("some.thing", {"a": 1, "b": "x"})
    assert "some.thing" == render("some.thing", {})


def test_a_missing_fact_leaves_a_visible_hole() -> None:
    """A sentence whose fact was not given says which one instead of failing."""
    assert "<name>" in render("name.unknown", {"kind": "state"})


def test_hostile_facts_are_only_text() -> None:
    """Braces and attributes in a fact are shown, never followed."""
    assert "{0.__class__}" in render("name.unknown", {"kind": "state", "name": "{0.__class__}"})


def test_a_definition_error_counts_its_problems_in_both_languages() -> None:
    """All findings stand in the message, under their number."""
    found = [Finding("x.y", "a"), Finding("x.z", "b", {"n": 1})]

    one, two = DefinitionError.of(found[:1]), DefinitionError.of(found, "zh")

    assert str(one).startswith("1 problem in the definition:")
    assert "2 个问题" in str(two)
    assert tuple(found) == two.findings == pickle.loads(pickle.dumps(two)).findings
    assert () == DefinitionError("bare").findings


@pytest.mark.parametrize(
    ("word", "known", "meant"), [("clerc", ["clerk", "engineer"], "clerk"), ("zzz", ["done"], None), ("x", [], None)]
)
def test_nearest_guesses_only_what_is_near(word: str, known: list[str], meant: str | None) -> None:
    """A misspelt word has a nearest one; a strange word has none."""
    assert meant == nearest(word, known)
