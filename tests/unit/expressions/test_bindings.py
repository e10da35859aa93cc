"""Knows which Python values names may stand for; must not know static types."""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest

from servflow.expressions import Expression, ExpressionError, evaluate


class Lazy(Mapping[str, Any]):
    """A mapping that computes values when asked, and may not be looked through."""

    def __init__(self, **known: Any) -> None:
        self.known = known
        self.asked: list[str] = []

    def __getitem__(self, key: str) -> Any:
        self.asked.append(key)
        return self.known[key]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("must not be iterated")

    def __len__(self) -> int:
        raise AssertionError("must not be counted")


class Tier(StrEnum):
    GOLD = "gold"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text", "result"),
    [
        (None, "x == null", True),
        (True, "x", True),
        (5, "x + 1", 6),
        (1.5, "x * 2.0", 3.0),
        ("a", "x + 'b'", "ab"),
        (b"a", "x + b'b'", b"ab"),
        ([1, 2], "x[1]", 2),
        ((1, 2), "x + [3]", [1, 2, 3]),
        ({"a": 1}, "x.a", 1),
        (OrderedDict(a=1), "x['a']", 1),
        (MappingProxyType({"a": 1}), "x.a + size(x)", 2),
        (ChainMap({"a": 1}), "x == {'a': 1}", True),
        (datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))), "x", datetime(2026, 1, 1, tzinfo=UTC)),
        (timedelta(hours=1), "x == duration('1h')", True),
        (Decimal("1.50"), "x", Decimal("1.50")),
        (Tier.GOLD, "x == 'gold' && x in ['gold']", True),
        (Level.HIGH, "x + 1", 4),
        ({1: "a"}, "x[1]", "a"),
        ({True: "a"}, "1 in x", False),
        ([Tier.GOLD, Level.HIGH], "x == ['gold', 3]", True),
    ],
)
def test_python_values_are_what_they_look_like(value, text, result):
    """Every supported Python value, enums and foreign mappings included, is of its CEL type."""
    assert result == evaluate(text, {"x": value})


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        1j,
        datetime(2026, 1, 1),
        datetime(2026, 1, 1).date(),
        2**63,
        -(2**63) - 1,
        10**5000,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+999999"),
        timedelta.max,
        bytearray(b"a"),
        iter([]),
        lambda: 1,
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused_when_they_are_read(value):
    """A value no expression can hold is an error where it is read, and only there."""
    for text in ("x == 1", "x", "[x]", "x.a", "x > 1", "x in ['a']", "x == y"):
        with pytest.raises(ExpressionError):
            evaluate(f"{text} == 0 || ({text}) == [0]", {"x": value, "y": "a"})
    with pytest.raises(ExpressionError):
        Expression.parse("x > 1 && true").test({"x": value})

    assert evaluate("y", {"x": value, "y": "a"}) == "a"


def test_values_inside_lists_and_maps_are_checked_as_they_are_reached():
    """An unsupported value in a container is an error once it is reached or returned."""
    with pytest.raises(ExpressionError):
        evaluate("x[0]", {"x": [object()]})
    with pytest.raises(ExpressionError):
        evaluate("x", {"x": {"a": {"b": object()}}})
    with pytest.raises(ExpressionError):
        evaluate("x.map(k, k)", {"x": {1.5: "a"}})

    assert evaluate("x.size()", {"x": [object()]}) == 1


def test_a_lazy_mapping_is_asked_only_for_the_selected_keys():
    """Bindings and maps are indexed by key; they are never copied, counted or looked through."""
    inner = Lazy(total=5)
    outer = Lazy(clock=inner, tier="gold", unused=object())

    assert evaluate("tier == 'gold' && clock.total == 5", outer) is True
    assert set(outer.asked) == {"tier", "clock"}
    assert inner.asked == ["total"]
    with pytest.raises(ExpressionError, match="no such key"):
        evaluate("clock.nope == 1", outer)


def test_a_mapping_that_fails_is_an_expression_error():
    """Whatever a host's mapping raises other than KeyError is reported as an error of the expression."""

    class Broken(Lazy):
        def __getitem__(self, key: str) -> Any:
            raise RuntimeError("database is gone")

    for run in (evaluate, lambda text, b: Expression.parse(text).test(b), lambda text, b: Expression.parse(text).value(b)):
        with pytest.raises(ExpressionError, match="database is gone"):
            run("a == 'x' && b == 'y'", Broken())


@pytest.mark.parametrize("bindings", [None, 5, "abc", [("a", 1)]])
def test_bindings_must_be_a_mapping(bindings):
    """Anything else is an expression error, never a TypeError."""
    expression = Expression.parse("a == 'b'")
    for run in (expression.evaluate, expression.test, expression.value):
        with pytest.raises(ExpressionError):
            run(bindings)


def test_an_unbound_name_suggests_the_nearest():
    """Without declared fields a misspelt name is found at evaluation."""
    with pytest.raises(ExpressionError, match="did you mean 'tier'"):
        evaluate("1 == 1 && teir == 'gold'", {"tier": "gold"})


def test_dotted_names_resolve_to_the_longest_that_is_bound():
    """Where the root is not bound a qualified name may be, as the specification resolves them."""
    assert evaluate("a.b.c", {"a.b.c": "yeah", "a.b": {"c": "oops"}}) == "yeah"
    assert evaluate("a.b.c", {"a.b": {"c": "yeah"}}) == "yeah"


def test_a_bound_name_goes_before_a_type():
    """A field may bear the name of a type; then it is the field."""
    assert evaluate("type == 'refund' && list.size() == 1", {"type": "refund", "list": [1]}) is True


def test_results_are_plain_python_and_belong_to_the_caller():
    """Lists and maps that are handed back are copies; uint is an int."""
    bound = {"x": [1, {"a": [2]}]}
    result = evaluate("x", bound)
    result[1]["a"].append(3)

    assert bound == {"x": [1, {"a": [2]}]}
    assert type(evaluate("1u", {})) is int
    assert type(evaluate("[1u]", {})[0]) is int


def test_a_value_that_holds_itself_is_an_error():
    """A cyclic value is an error where it would have to be gone through; a very deep one is compared without a stack."""
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    for text in ("x", "x == y", "x in y", "[x] == [y]"):
        with pytest.raises(ExpressionError):
            evaluate(text, {"x": cyclic, "y": [list(cyclic)]})
    with pytest.raises(ExpressionError, match="levels"):
        evaluate("x", {"x": deep})

    assert evaluate("x == y", {"x": deep, "y": [deep]}) is False
    while deep:
        deep = deep.pop()
