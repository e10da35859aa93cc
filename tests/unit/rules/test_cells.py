"""Knows what each form of an input cell means; must not know hit policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.errors import DefinitionError, ExpressionError, InputError, TimeError
from servflow.expressions import Function
from servflow.rules import DecisionTable


def matches(cell: str, fields: dict[str, Any], source: Any = "x", **more: Any) -> bool:
    table = DecisionTable(name="t", hit="first", inputs=[source], outputs={"o": "bool"}, rows=[[cell, "true"]], **more)
    return table.decide(fields).matched == (0,)


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, True),
        ("", 5, True),
        ('"a"', "a", True),
        ("'a'", "a", True),
        ('"a"', "b", False),
        ('"a", "b"', "b", True),
        ('"a,b"', "a,b", True),
        ('"a,b"', "a", False),
        ('"say \\"hi\\", ok", "z"', 'say "hi", ok', True),
        ("r'a\\', 'b'", "a\\", True),
        ("1, 2", 2, True),
        ("1", 1.0, True),
        ("1", Decimal(1), True),
        ("1", True, False),
        ("true", True, True),
        ("true", 1, False),
        ("true", "anything", False),
        (">= 3", 3, True),
        ("> 3", 3, False),
        ("<= 3", 3, True),
        ("< 3", 2.5, True),
        ("= 3", 3, True),
        ("== 3", 4, False),
        ("!= 3", 4, True),
        ("!= 3", 3, False),
        ('>= "b"', "c", True),
        (">= 3", "c", False),
        (">= 3", True, False),
        ("[1..5]", 5, True),
        ("[1..5)", 5, False),
        ("(1..5]", 1, False),
        ("]1..5[", 5, False),
        ("]1..5[", 1.5, True),
        ("[-2..-1]", -1.5, True),
        ("[1.5..2.5]", 2, True),
        ("[1..2], 7, > 9", 7, True),
        ("[1..2], 7, > 9", 10, True),
        ("[1..2], [5..6]", 5.5, True),
        ("[1..2], [5..6]", 3, False),
        ("not(1)", 2, True),
        ("not(1, 2)", 2, False),
        ("not([1..5))", 5, True),
        ("not(< 3, > 5)", 4, True),
        ("not (1)", 1, False),
        ("null", None, True),
        ("null", 0, False),
        ("null, 1", 1, True),
        ("null, 1", None, True),
        ('["a", "b"]', "b", True),
        ('["a", "b"]', "c", False),
        ('not(["a", "b"])', "c", True),
        ("- 5", -5, True),
        ("2 + 3", 5, True),
        ("duration('1h')", timedelta(hours=1), True),
        ("> duration('1h')", timedelta(hours=2), True),
        ("timestamp('2026-03-02T12:00:00Z')", NOON, True),
        ("[timestamp('2026-03-02T00:00:00Z')..timestamp('2026-03-03T00:00:00Z')]", NOON, True),
        ('"类别"', "类别", True),
    ],
)
def test_a_constant_cell_matches_as_written(cell: str, value: Any, expected: bool) -> None:
    """Lists, comparisons, ranges, negation and expressions mean what a reader of the table expects."""
    assert expected is matches(cell, {"x": value})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"a"', False),
        ("> 1", False),
        ("[1..2]", False),
        ('not("a")', True),
        ("not(> 1)", False),
        ("not(null)", False),
        ("null", True),
        ("other", False),
        ("not(other)", True),
        ("!= 3", True),
    ],
)
def test_null_and_missing_are_decided_by_equality_and_by_nothing_else(cell: str, expected: bool) -> None:
    """A missing input is null: unequal to every value, and without an order even inside not()."""
    assert expected is matches(cell, {"x": None})
    assert expected is matches(cell, {})


def test_a_condition_over_other_fields_decides_alone() -> None:
    """A bool expression beside an input that is no bool is a condition; beside a bool it is a value to compare with."""
    assert matches("amount > limit && tier == 'gold'", {"x": "any", "amount": 3, "limit": 2, "tier": "gold"})
    assert not matches("amount > limit", {"x": "any", "amount": 2, "limit": 2})
    assert not matches("amount > limit", {"x": "any", "amount": 2})
    assert matches("amount > limit", {"x": False, "amount": 2, "limit": 2})
    assert matches("vip", {"x": "any", "vip": True})


def test_a_cell_may_hold_the_value_of_another_field() -> None:
    """Bounds, values and lists may come from fields given to decide."""
    assert matches("> limit", {"x": 3, "limit": 2})
    assert matches("[low..high)", {"x": 3, "low": 3, "high": 4})
    assert matches("home", {"x": "north", "home": "north"})
    assert matches("areas", {"x": "north", "areas": ["south", "north"]})
    assert matches("[a[0]..a[1]]", {"x": 3, "a": [2, 4]})
    assert not matches("> limit", {"x": 3})


def test_text_beside_a_decimal_is_that_decimal() -> None:
    """Where the input is a decimal, by declaration or by value, text and numbers with a point are exact."""
    declared = {"name": "x", "type": "decimal"}
    for source in ("x", declared):
        assert matches('"0.10"', {"x": Decimal("0.1")}, source)
        assert matches("0.1", {"x": Decimal("0.1")}, source)
        assert matches('>= "99.95"', {"x": Decimal("99.95")}, source)
        assert matches("[0.1..0.3]", {"x": Decimal("0.3")}, source)
    assert matches("limit", {"x": Decimal("0.1"), "limit": "0.10"})
    assert matches(">= 100", {"x": "120"}, declared)


def test_an_instant_is_the_same_in_every_zone() -> None:
    """Also in an hour that is repeated, where Python compares instants of two zones as unequal."""
    repeated = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)

    assert matches("timestamp('2026-10-25T01:30:00Z')", {"x": repeated})
    assert matches("seen", {"x": repeated, "seen": datetime(2026, 10, 25, 1, 30, tzinfo=UTC)})
    assert matches("seen", {"x": NOON, "seen": NOON.astimezone(timezone(timedelta(hours=8)))})


def test_a_naive_instant_is_refused() -> None:
    """An input without a zone is no instant."""
    with pytest.raises(TimeError) as caught:
        matches("-", {"x": datetime(2026, 1, 1)})

    assert "naive" == caught.value.code


def test_nan_equals_nothing() -> None:
    """Neither a constant nor an order holds for it."""
    for value in (float("nan"), Decimal("NaN")):
        assert not matches("1", {"x": value})
        assert not matches("> 1", {"x": value})
        assert matches("not(1)", {"x": value})


def test_values_that_cannot_be_compared_do_not_match() -> None:
    """A host's list, mapping or object beside a constant is simply another value."""
    for value in ([1], {"a": 1}, [[1]], object(), {1}):
        assert not matches("1", {"x": value})
        assert not matches("> 1", {"x": value})
    assert matches("[1, 2]", {"x": [1, 2]})


@pytest.mark.parametrize(
    "cell", ["<", "1,", ",1", "[1..]", "(..2)", "not()", "not(-)", "not(not(1))", "1 ++ 2", '"a', "gold coin", "matches(("]
)
def test_a_cell_that_cannot_be_read_is_a_finding_with_its_place(cell: str) -> None:
    """The finding names the cell, its text and why."""
    with pytest.raises(DefinitionError) as caught:
        matches(cell, {})

    (finding,) = caught.value.findings
    assert ("rules.cell", "rows[0][0]", cell) == (finding.code, finding.path, finding.facts["cell"])


def test_declared_inputs_refuse_values_that_do_not_fit() -> None:
    """A type or a list of values is a promise about the input; null keeps it."""
    source = {"name": "x", "type": "string", "one_of": ["a", "b"]}

    with pytest.raises(InputError) as wrong_type:
        matches("-", {"x": 5}, source)
    with pytest.raises(InputError) as unlisted:
        matches("-", {"x": "c"}, source)

    assert "rules.input_value" == wrong_type.value.code == unlisted.value.code
    assert "table t: the input x is 'c', expected one of a, b" == unlisted.value.message
    assert matches("null", {}, source)


def test_inputs_are_names_paths_or_expressions() -> None:
    """A name needs no spelling that an expression could read; an expression is computed once per decision."""
    assert matches('"a"', {"x y": "a"}, "x y")
    assert matches('"a"', {"类别": "a"}, "类别")
    assert matches('"a"', {"in": "a"}, "in")
    assert matches('"a"', {"customer": {"tier": "a"}}, "customer.tier")
    assert not matches('"a"', {"customer": None}, "customer.tier")
    assert matches("> 2", {"a": 1, "b": 2}, "a + b")
    assert matches("> 2", {"a": 1, "b": 2}, {"name": "sum", "expr": "a + b"})
    assert matches("true", {"a": 1}, "a > 0")


def test_fields_may_be_found_only_when_asked_by_name() -> None:
    """A mapping that computes its values on demand serves as well as a dict."""

    class Lazy(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            if name == "other":
                return Lazy()
            if name == "x":
                return "a"
            raise KeyError(name)

    assert matches('"a"', Lazy())
    assert matches('"a"', Lazy(), "other.x")
    assert matches("null", Lazy(), "none")


def test_an_error_while_deciding_says_which_cell() -> None:
    """A cell that cannot be computed on these fields is named by table and place."""
    with pytest.raises(ExpressionError) as caught:
        matches("1 / n == 1", {"x": 1, "n": 0})

    assert "rows[0][0]" == caught.value.path
    assert caught.value.message.startswith("table t, rows[0][0]: ")


def test_cells_call_the_functions_of_the_host() -> None:
    """A registered function is known to inputs, cells and outputs."""
    functions = {"twice": Function("twice", ("int",), "int", lambda value: value * 2)}

    assert matches("twice(n)", {"x": 4, "n": 2}, functions=functions)
    assert matches("4", {"n": 2}, "twice(n)", functions=functions)
    with pytest.raises(DefinitionError):
        matches("twice(n)", {"x": 4, "n": 2})
