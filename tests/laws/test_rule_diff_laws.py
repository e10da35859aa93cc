"""Knows the laws of comparing two tables; must not know how differences are found."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import InputError
from servflow.rules import Decision, DecisionTable, compare, diff
from tests.laws.test_rule_analysis_laws import EVERY, defaults, hits, rows, table_of

pairs = st.tuples(hits, rows, rows, st.lists(st.integers(0, 5), max_size=6), defaults, defaults)


def edited(first: list[Any], second: list[Any], places: list[int]) -> list[Any]:
    """The first rows with some of the second put in their places, or dropped."""
    made = list(first)
    for number, place in enumerate(places):
        if place < len(made):
            if number < len(second):
                made[place] = second[number]
            else:
                del made[place]
    return made


def decided(table: DecisionTable, fields: dict[str, Any]) -> tuple[Any, tuple[int, ...]]:
    try:
        decision: Decision = table.decide(fields)
    except InputError as error:
        return {"error": error.code}, error.facts["rows"]
    single = table.hit in ("unique", "first", "priority", "any")
    return decision.outputs, decision.matched[:1] if single else decision.matched


@given(pairs)
@settings(max_examples=70, deadline=None)
def test_every_difference_is_told_and_none_is_invented(drawn: Any) -> None:
    """For all values: where the answers differ some entry holds, and the cells of an entry hold only where they differ."""
    hit, first, second, places, old_default, new_default = drawn
    old, new = table_of(hit, first, old_default), table_of(hit, edited(first, second, places), new_default)

    found = diff(old, new)

    assert not [each for each in found if each.reason is not None]
    boxes = []
    for each in found:
        assert (each.old, each.old_rows) == decided(old, each.witness)
        assert (each.new, each.new_rows) == decided(new, each.witness)
        assert each.old != each.new
        cells = tuple(each.where.get(name, "-") for name in "abc")
        boxes.append(("at" in each.where, table_of("first", [(cells, "1", None)], None)))
    differing = set()
    for fields in EVERY:
        before, after = decided(old, fields), decided(new, fields)
        if before[0] != after[0]:
            differing.add((before[1], after[1]))
        for timed, box in boxes:
            assert timed or not box.decide(fields).matched or before[0] != after[0]
    told = {(each.old_rows, each.new_rows) for each in found}
    if hit in ("first", "priority"):
        assert differing <= told
    assert bool(differing) <= bool(told)


@given(hits, rows, defaults)
@settings(max_examples=30, deadline=None)
def test_a_table_does_not_differ_from_itself(hit: str, written: list[Any], default: int | None) -> None:
    """Nothing is told, also where rows contradict each other."""
    assert () == diff(table_of(hit, written, default), table_of(hit, written, default))


@given(pairs, st.lists(st.sampled_from(EVERY), max_size=30))
@settings(max_examples=30, deadline=None)
def test_comparing_tickets_counts_each_of_them_once(drawn: Any, tickets: list[Any]) -> None:
    """The counts are those of asking one by one, and add up."""
    hit, first, second, places, old_default, new_default = drawn
    old, new = table_of(hit, first, old_default), table_of(hit, edited(first, second, places), new_default)

    found = compare(old, new, iter(tickets))

    answers = [(decided(old, fields)[0], decided(new, fields)[0]) for fields in tickets]
    failing = [pair for pair in answers if any(isinstance(each, dict) and "error" in each for each in pair)]
    assert len(tickets) == found.total == found.same + found.changed + found.errors
    assert len(failing) == found.errors
    assert sum(left == right for left, right in answers) == found.same + sum(left == right for left, right in failing)
    for change in found.changes:
        assert answers.count((change.old, change.new)) == change.count
        assert all(answers[each.index] == (change.old, change.new) for each in change.examples)
        assert len(change.examples) == min(3, change.count)
