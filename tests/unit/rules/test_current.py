"""Which edition is in force, while threads decide and others replace it."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest

from servflow.errors import Conflict
from servflow.rules import Current, Decision, DecisionTable


def edition(number: int, **given: Any) -> DecisionTable:
    """An edition whose every part names its number."""
    rows = [
        {"when": ['"gold"'], "then": [f'"gold {number}"', str(number)]},
        {"when": ["-"], "then": [f'"any {number}"', str(number)]},
    ]
    outputs = {"word": "string", "number": "int"}
    return DecisionTable(name="fees", hit="first", version=number, inputs=["tier"], outputs=outputs, rows=rows, **given)


def test_decisions_name_the_edition_they_come_from() -> None:
    """Name, version and hash; equal decisions of two editions are equal."""
    decision = edition(1).decide({"tier": "gold"})

    assert ("fees", 1, edition(1).hash) == (decision.table, decision.version, decision.hash)
    assert decision.hash != edition(2).hash
    assert decision == Decision(decision.outputs, decision.matched, decision.why)
    again = pickle.loads(pickle.dumps(decision))
    assert (decision, decision.hash) == (again, again.hash)


def test_the_hash_is_of_what_is_said_not_of_how_it_is_spelled() -> None:
    """A column in short or in full, a row as a list or as a mapping; the order of outputs, of rows and of values counts."""
    rows = [['"gold"', "1", "2"], ["-", "3", "4"]]
    table = DecisionTable(name="t", hit="first", inputs=["tier"], outputs={"a": "int", "b": "int"}, rows=rows)
    same = DecisionTable(
        name="t",
        hit="FIRST",
        inputs=[{"name": "tier"}],
        outputs={"a": {"type": "int"}, "b": "int"},
        rows=[{"when": ['"gold"'], "then": [1, 2]}, ["-", " 3", "4"]],
    )
    others = [
        DecisionTable(**{**table.to_data(), **change})
        for change in (
            {"outputs": {"b": "int", "a": "int"}},
            {"rows": rows[::-1]},
            {"name": "u"},
            {"hit": "any"},
            {"version": 2},
            {"inputs": [{"name": "tier", "one_of": ["gold", "x"]}]},
            {"rows": [{"when": ['"gold"'], "then": ["1", "2"], "note": "agreed"}, rows[1]]},
        )
    ]

    assert table.hash == same.hash
    assert len(others) + 1 == len({table.hash, *(other.hash for other in others)})


def test_a_swap_returns_what_was_in_force() -> None:
    """And from then on the new edition decides."""
    current = Current(edition(1))

    before = current.swap(edition(2))

    assert (edition(1), edition(2)) == (before, current.get())
    assert 2 == current.decide({"tier": "gold"}).outputs["number"]


def test_a_swap_that_expects_another_edition_changes_nothing() -> None:
    """The conflict says what is in force."""
    current = Current(edition(1))
    current.swap(edition(2), expect=edition(1).hash)

    with pytest.raises(Conflict) as caught:
        current.swap(edition(3), expect=edition(1).hash)

    assert ("rules.stale", edition(2).hash) == (caught.value.code, caught.value.facts["found"])
    assert edition(2) == current.get()


def test_every_decision_comes_whole_from_one_edition_whoever_swaps() -> None:
    """Threads decide while others replace the edition: no decision mixes two, and of swaps that expect the same one wins."""
    editions = [edition(number) for number in range(40)]
    current = Current(editions[0])
    wins: list[int] = []
    mixed: list[Decision] = []
    done = threading.Event()

    def decide() -> None:
        last = 0
        while not done.is_set():
            for decision in (current.decide({"tier": "gold"}), current.get().decide_many([{"tier": "x"}])[0]):
                number = decision.outputs["number"]
                whole = (str(number), number, editions[number].hash)
                if (decision.outputs["word"].split()[1], decision.version, decision.hash) != whole or number < last:
                    mixed.append(decision)
                last = number

    def swap() -> None:
        for number in range(1, len(editions)):
            try:
                current.swap(editions[number], expect=editions[number - 1].hash)
                wins.append(number)
            except Conflict:
                continue

    readers = [threading.Thread(target=decide) for _ in range(2)]
    writers = [threading.Thread(target=swap) for _ in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()

    assert [] == mixed
    assert sorted(set(wins)) == sorted(wins)
    assert editions[max(wins)] == current.get()
