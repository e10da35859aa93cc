"""Knows which values the solver finds for given conditions; must not know how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.expressions import Expression, FieldType, Function, Solved, distance, solve
from servflow.expressions._supplied import SUPPLIED
from servflow.model import Field

TYPES: dict[str, Any] = {
    "tier": FieldType("string", ["gold", "silver", "standard"]),
    "safe": "bool",
    "n": "int",
    "m": "int",
    "amount": "decimal",
    "share": "double",
    "word": "string",
    "name": "string",
    "tags": "list(string)",
    "at": "timestamp",
    "opened_at": "timestamp",
    "wait": "duration",
    "clock": {"repair": {"breached": "bool", "phase": "string"}},
    "payload": "map",
}
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ask(*wanted: str, unwanted: tuple[str, ...] = (), **given: Any) -> Solved:
    """What the solver says of conditions written as texts."""
    parsed = [[Expression.parse(text, TYPES, functions=SUPPLIED) for text in texts] for texts in (wanted, unwanted)]
    return solve(*parsed, types=TYPES, **given)


@pytest.mark.parametrize(
    "condition",
    [
        "tier == 'gold' && tier != 'gold'",
        "!(tier in ['gold', 'silver', 'standard']) && tier != null",
        "n > 3 && n < 4",
        "n + 3 > 10 && n < 8",
        "10 - n > 8 && n > 1",
        "amount > amount",
        "n < m && m < n",
        "safe && !safe",
        "word.startsWith('ab') && !word.startsWith('a')",
        "word.endsWith('b') && word == 'a'",
        "word.contains('abc') && !word.contains('b')",
        "size(word) == 3 && size(word) > 3",
        "'a' in tags && size(tags) == 0",
        "at > timestamp('2026-03-02T09:00:00Z') && at < timestamp('2026-03-02T09:00:00.000001Z')",
        "wait < duration('1h') && wait >= duration('60m')",
        "clock.repair == null && clock.repair.breached",
        "in_state('x') && !in_state('x')",
        "has(payload.x) && payload.x == null",
        "(safe ? n : 2) > 5 && n < 3",
        "false",
        "null == 1",
        "1 / 0 == 1",
    ],
)
def test_what_can_never_hold_is_no(condition: str) -> None:
    """Each of these holds on no values, and that is proved."""
    assert "no" == ask(condition).status


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("tier != 'gold' && tier != 'silver'", {"tier": "standard"}),
        ("n > 3 && n < 5", {"n": 4}),
        ("amount == 7 || amount == 8 && safe", {"amount": Decimal(7)}),
        ("word == null", {"word": None}),
        ("clock.repair != null && clock.repair.breached", {"clock.repair.breached": True}),
        ("in_state('x') && !in_state('y')", {"in state": ["x"]}),
        ("'a' in tags && !('b' in tags)", {"tags": ["a"]}),
        ("word in [name, 'b'] && name == 'c' && word != 'b'", {"word": "c", "name": "c"}),
        ("n * 2 + m == 11 && m == 1", {"n": 5, "m": 1}),
        ("at - opened_at >= duration('4h')", {}),
        ("tags.exists(t, t == 'vip')", {"tags": ["vip"]}),
    ],
)
def test_what_can_hold_comes_with_values(condition: str, values: dict[str, Any]) -> None:
    """The values given are such that the condition holds, asked of the evaluator itself."""
    found = ask(condition)

    assert "yes" == found.status
    assert Expression.parse(condition, functions=SUPPLIED).test(found.bindings)
    assert values == {name: found.values[name] for name in values}


def test_unwanted_conditions_may_be_false_null_or_fail() -> None:
    """What must not hold may be false, may be null and may fail."""
    assert "yes" == ask(unwanted=("safe",)).status
    assert "yes" == ask("n == 0", unwanted=("1 / n > 0",)).status
    assert "no" == ask("safe", unwanted=("safe || n > 0",)).status


def test_what_is_fixed_stays() -> None:
    """Fixed values, nested or dotted, are not changed and are not among the values."""
    found = ask("n > m", fixed={"m": 7})

    assert {"n": 8} == found.values
    assert {"n": 8, "m": 7} == found.bindings
    assert "no" == ask("clock.repair.breached", fixed={"clock.repair.breached": False}).status
    assert "no" == ask("clock.repair.breached", fixed={"clock": {"repair": None}}).status
    assert "yes" == ask("clock.repair.breached", fixed={"clock": {"repair": {"phase": "running"}}}).status


@pytest.mark.parametrize(
    ("condition", "near", "values"),
    [
        ("amount <= 200", {"amount": Decimal(250)}, {"amount": Decimal(200)}),
        ("amount < 200", {"amount": Decimal(250)}, {"amount": Decimal("199.99")}),
        ("n > 3", {"n": 1}, {"n": 4}),
        ("n > 3", {"n": 40}, {"n": 40}),
        ("tier == 'gold' || n > 5", {"tier": "standard", "n": 5}, {"n": 6, "tier": "standard"}),
        ("n == 1 && m == 2 || tier == 'gold'", {"n": 0, "m": 0, "tier": "silver"}, {"n": 0, "m": 0, "tier": "gold"}),
        ("'a' in tags", {"tags": ("b", "c")}, {"tags": ("b", "c", "a")}),
        ("!('b' in tags)", {"tags": ("b", "c")}, {"tags": ("c",)}),
        ("at >= timestamp('2026-03-02T09:00:00Z')", {"at": START - timedelta(hours=1)}, {"at": START}),
        ("word.startsWith('ab')", {"word": "xyz"}, {"word": "ab"}),
        ("n == m", {"n": 5, "m": 7}, {"n": 5, "m": 5}),
    ],
)
def test_the_nearest_values_are_given(condition: str, near: dict[str, Any], values: dict[str, Any]) -> None:
    """Of all answers the one that changes the fewest names, and these the least."""
    found = ask(condition, near=near)
    changed = {name for name in values if found.values[name] != near[name]}

    assert "yes" == found.status
    assert len({name for name in values if values[name] != near[name]}) == len(changed)
    assert values == found.values or condition in ("n == m", "word.startsWith('ab')")


def test_what_nobody_understands_is_open_or_holds_whatever_it_comes_to() -> None:
    """A host's function is not seen through: no is said only where it does not matter."""
    odd = Function("odd", ("int",), "bool", lambda value: value == 987_654_321)
    texts = ("odd(n)", "odd(n) && !odd(n)", "odd(n) && n < 987654321", "!odd(n)")
    parsed = {text: Expression.parse(text, TYPES, functions={"odd": odd}) for text in texts}

    assert "open" == solve([parsed["odd(n)"]], types=TYPES).status
    assert "no" == solve([parsed["odd(n) && !odd(n)"]], types=TYPES).status
    assert "open" == solve([parsed["odd(n) && n < 987654321"]], types=TYPES).status
    assert "yes" == solve([parsed["!odd(n)"]], types=TYPES).status


def test_a_budget_ends_the_search() -> None:
    """With nothing to try nothing is decided; what was tried is counted."""
    assert "open" == ask("n > 3 || m > 3", budget=0).status
    assert 0 < ask("n > 3 && m > 3").tried < 20


def test_fields_as_definitions_write_them_are_types() -> None:
    """A Field, and a field written as a mapping, limit the values."""
    condition = Expression.parse("tier != 'a'")
    for declared in (Field("string", one_of=("a",)), {"type": "string", "one_of": ["a"]}):
        found = solve([condition, Expression.parse("tier != null")], types={"tier": declared})
        assert "no" == found.status


def test_many_names_are_taken_apart() -> None:
    """Conditions that share no name are solved one by one: thirty of them take no longer than thirty times one."""
    types = {f"n{index}": "int" for index in range(30)}
    wanted = [Expression.parse(f"n{index} > {index} && n{index} < {index + 2}") for index in range(30)]

    found = solve(wanted, types=types)

    assert {f"n{index}": index + 1 for index in range(30)} == found.values
    assert found.tried < 1_000


@pytest.mark.parametrize(
    ("old", "new", "choices", "far"),
    [
        (1, 1, (), 0),
        (Decimal(250), Decimal(200), (), 0.2),
        (False, True, (), 1),
        ("gold", "silver", ("gold", "silver", "standard"), 0.5),
        (None, "gold", (), 1),
        (0, 5, (), 1),
        (timedelta(hours=2), timedelta(hours=1), (), 0.5),
        (START, START + timedelta(days=1), (), 0.5),
        (("a", "b"), ("a", "b", "c", "d"), (), 0.5),
    ],
)
def test_how_far_a_change_is(old: Any, new: Any, choices: tuple[Any, ...], far: float) -> None:
    """A change is told as a share, so that changes of different fields can be compared."""
    assert far == pytest.approx(float(distance(old, new, choices)))
