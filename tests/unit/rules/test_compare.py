"""Knows what comparing editions over recorded tickets must count; must not know how editions decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.model import Ticket
from servflow.rules import Change, Current, DecisionTable, Example, RuleSet, compare, diff

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def rules(limit: int, **more: Any) -> RuleSet:
    """Rules that rank and tell somebody from an amount on."""
    then: list[Any] = [{"set": {"rank": "'high'"}}, {"send": {"event": "look"}}]
    return RuleSet(
        [
            {"name": "big", "when": f"amount >= {limit}", "then": then, **more},
            {"name": "rest", "then": {"set": {"seen": "true"}}},
        ]
    )


def ticket(name: str, at: datetime, **fields: Any) -> Ticket:
    return Ticket(id=name, workflow="w", version=1, at=at, opened_at=at, fields=fields)


def test_sets_of_rules_are_compared_by_what_they_set_and_do() -> None:
    """Who fired does not count, what came of it does; the first tickets of a change are kept."""
    tickets: list[Any] = [{"amount": amount} for amount in (1, 6, 7, 12)]

    found = compare(rules(5), rules(10), tickets, examples=1)

    high = {"outputs": {"rank": "high", "seen": True}, "actions": [{"send": {"event": "look"}}]}
    (change,) = found.changes
    assert (4, 2, 2, 0) == (found.total, found.same, found.changed, found.errors)
    assert high == change.old
    assert {"outputs": {"seen": True}, "actions": []} == change.new
    assert (2, (Example(1, {"amount": 6}),)) == (change.count, change.examples)


def test_recorded_tickets_are_asked_at_their_own_instant() -> None:
    """Unless one instant is given for all of them; an id goes with the example."""
    old, new = rules(5), rules(5, effective={"start": "2026-06-01T00:00:00Z"})
    tickets = [ticket("T-1", MAY, amount=9), ticket("T-2", JUNE, amount=9)]

    found = compare(old, Current(new), tickets)

    assert ["T-1"] == [each.id for each in found.examples]
    assert 2 == compare(old, new, tickets, at=MAY).changed
    assert 2 == compare(old, new, tickets, at=JUNE).same


def test_a_ticket_one_edition_cannot_answer_is_an_error() -> None:
    """With the code that was raised; errors that stay the same are counted and are no change."""
    old = DecisionTable(name="t", hit="first", inputs=[{"name": "n", "type": "int"}], outputs={"o": "int"}, rows=[["> 1", "1"]])
    new = DecisionTable(
        name="t", hit="unique", inputs=[{"name": "n", "type": "int"}], outputs={"o": "int"}, rows=[["> 1", "1"], ["> 2", "1"]]
    )

    def read() -> Iterator[Any]:
        yield from ({"n": 2}, {"n": 3}, {"n": "many"})

    found = compare(old, new, read())

    assert (3, 1, 0, 2) == (found.total, found.same, found.changed, found.errors)
    assert (Change({"o": 1}, {"error": "rules.not_unique"}, 1, (Example(1, {"n": 3}),)),) == found.changes


def test_what_has_no_fields_is_refused_by_its_place() -> None:
    """Nothing is guessed from text."""
    with pytest.raises(InputError) as caught:
        compare(rules(5), rules(6), [{"amount": 1}, "amount"])

    assert ("rules.no_fields", 1) == (caught.value.code, caught.value.facts["index"])


def test_tables_that_count_differ_from_those_that_do_not_where_nothing_matches() -> None:
    """No rows count 0; the greatest of no rows is nothing."""
    made = [
        DecisionTable(name="t", hit=hit, inputs=["a"], outputs={"o": "int"}, rows=[["1", "1"]])
        for hit in ("collect count", "collect max")
    ]

    (difference,) = diff(*made)

    assert ((), (), 0, None) == (difference.old_rows, difference.new_rows, difference.old, difference.new)
