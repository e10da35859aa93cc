"""Knows what holds for all expressions; must not know how any is implemented."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.expressions import Expression, ExpressionError, evaluate

WORDS = st.sampled_from(
    [
        "a", "b", "tier", "true", "false", "null", "in", "has", "size", "int", "duration", "timestamp", "decimal", "if",
        "0", "1", "2u", "1.5", "9223372036854775807", "-", "'x'", '"y"', "b'z'", "r'\\'", "'''q'''", "'\\x41'", "'\\q'",
        "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "+", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}",
        "exists", "all", "map", "filter", "startsWith", "contains", "getHours", "`b-c`",
        "//", "\n", " ", "#", "\u00e9", "\\", "'",
    ]
)  # fmt: skip
SNIPPETS = st.lists(WORDS, max_size=25).flatmap(lambda words: st.sampled_from(["", " "]).map(lambda gap: gap.join(words)))
TEXTS = st.one_of(SNIPPETS, st.text(max_size=40))

NAMES = st.sampled_from(["a", "b", "tier", "payload", "x"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 2),
    st.floats(),
    st.sampled_from([0.0, 1.0, -1.5]),
    st.sampled_from(["", "x", "y", "absent"]),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(timedelta(days=-1000), timedelta(days=1000)),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2))
BINDINGS = st.dictionaries(NAMES, VALUES, max_size=5)


def _const(value: Any) -> dict[str, Any]:
    return {"const": value}


CONSTANTS = st.one_of(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=6)).map(_const),
    st.integers(0, 2**64 - 1).map(lambda value: {"const": value, "type": "uint"}),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: {"const": value, "type": "double"}),
    st.just({"const": "/w==", "type": "bytes"}),
)
LEAVES = st.one_of(CONSTANTS, NAMES.map(lambda name: {"name": name}), NAMES.map(lambda name: {"name": f".{name}"}))
BINARY = ["_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_in_", "_+_", "_-_", "_*_", "_/_", "_%_", "_[_]"]


def _grown(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.sampled_from(["a", "b", "signature", "b-c", "in", "if"])
    return st.one_of(
        st.builds(
            lambda name, args: {"call": name, "args": args}, st.sampled_from(BINARY), st.lists(parts, min_size=2, max_size=2)
        ),
        st.builds(
            lambda name, args: {"call": name, "args": args},
            st.sampled_from(["_&&_", "_||_"]),
            st.lists(parts, min_size=2, max_size=4),
        ),
        st.builds(lambda name, arg: {"call": name, "args": [arg]}, st.sampled_from(["!_", "-_", "size", "string"]), parts),
        st.lists(parts, min_size=3, max_size=3).map(lambda args: {"call": "_?_:_", "args": args}),
        st.builds(lambda field, of: {"select": field, "of": of}, fields, parts),
        st.builds(lambda field, of: {"has": field, "of": of}, fields, parts),
        st.builds(
            lambda target, arg: {"call": "startsWith", "target": target, "args": [arg]},
            parts,
            parts,
        ),
        st.builds(
            lambda name, target, var, arg: {"macro": name, "target": target, "var": var, "args": [arg]},
            st.sampled_from(["all", "exists", "exists_one", "filter", "map"]),
            parts,
            NAMES,
            parts,
        ),
        st.lists(parts, max_size=3).map(lambda items: {"list": items}),
        st.lists(st.lists(parts, min_size=2, max_size=2), max_size=2).map(lambda entries: {"map": entries}),
    )


TREES = st.recursive(LEAVES, _grown, max_leaves=12)


def _outcome(run: Callable[[], Any]) -> Any:
    try:
        return repr(run())
    except ExpressionError as error:
        return ("error", error.code)


@settings(max_examples=150, deadline=None)
@given(TEXTS, BINDINGS)
def test_nothing_but_an_expression_error_escapes(text: str, bindings: dict[str, Any]) -> None:
    """Law: whatever the text and the data, parsing and every way to evaluate give a value or an ExpressionError."""
    try:
        expression = Expression.parse(text)
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - the law is about both outcomes
        return
    for run in (expression.evaluate, expression.value, expression.test):
        _outcome(lambda run=run: run(bindings))
    json.dumps(expression.trace(bindings).as_data())


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_what_parses_is_written_and_read_as_the_same(text: str) -> None:
    """Law: ``parse(text).text`` is a fixed point, and text, tree and pickle all give the same expression back."""
    try:
        expression = Expression.parse(text)
    except ExpressionError:
        return
    again = Expression.parse(expression.text)

    assert expression.tree == again.tree
    assert expression.text == again.text
    assert pickle.loads(pickle.dumps(expression)) == expression


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_trees_and_texts_are_the_same_thing(tree: dict[str, Any]) -> None:
    """Law: a tree, through its text and back, is the canonical tree, also by way of JSON."""
    expression = Expression.from_tree(tree)
    canonical = expression.tree

    assert canonical == Expression.parse(expression.text).tree
    assert canonical == Expression.from_tree(json.loads(json.dumps(canonical))).tree
    assert expression == Expression.from_tree(canonical)


@settings(max_examples=150, deadline=None)
@given(TREES, BINDINGS)
def test_every_tree_evaluates_to_a_value_or_an_error(tree: dict[str, Any], bindings: dict[str, Any]) -> None:
    """Law: no tree and no data make anything but an ExpressionError escape, and a trace agrees with the test."""
    expression = Expression.from_tree(tree)
    for run in (expression.evaluate, expression.value):
        _outcome(lambda run=run: run(bindings))
    tested = _outcome(lambda: expression.test(bindings))
    trace = expression.trace(bindings)
    json.dumps(trace.as_data())
    trace.lines("zh")
    if isinstance(tested, str):
        assert trace.error is None
        assert trace.result is (tested == "True")


OPERANDS = st.lists(st.sampled_from(["true", "false", "1 / 0 > 0", "'x'", "null", "missing"]), min_size=2, max_size=5)


@settings(max_examples=100, deadline=None)
@given(OPERANDS.flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts))), st.sampled_from(["&&", "||"]))
def test_logic_is_commutative_errors_included(both: tuple[list[str], list[str]], sign: str) -> None:
    """Law: the order of the operands of ``&&`` and ``||`` changes neither the value nor whether there is one."""
    one, other = (f" {sign} ".join(parts) for parts in both)
    first, second = _outcome(lambda: evaluate(one, {})), _outcome(lambda: evaluate(other, {}))

    assert isinstance(first, str) == isinstance(second, str)
    if isinstance(first, str):
        assert first == second


WIDE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5), st.sampled_from([2**63 - 1, -(2**63), 2**32, -(2**31)]))


def _expected(sign: str, a: int, b: int) -> int | None:
    if sign in "/%" and (b == 0 or (a, b) == (-(2**63), -1)):
        return None
    exact = {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "/": lambda: int(math.copysign(1, a) * math.copysign(1, b)) * (abs(a) // abs(b)),
        "%": lambda: int(math.copysign(1, a)) * (abs(a) % abs(b)),
    }[sign]()
    return exact if -(2**63) <= exact < 2**63 else None


@settings(max_examples=300, deadline=None)
@given(WIDE, WIDE, st.sampled_from("+-*/%"))
def test_integer_arithmetic_is_exact_or_an_error(a: int, b: int, sign: str) -> None:
    """Law: int arithmetic gives the exact result, division truncates, and what needs more than 64 bits is an error."""
    expected = _expected(sign, a, b)
    found = _outcome(lambda: evaluate(f"a {sign} b", {"a": a, "b": b}))

    assert (repr(expected) if expected is not None else True) == (found if expected is not None else found[0] == "error")
    assert found == _outcome(lambda: evaluate(f"{a} {sign} {b}", {}))


FORMS = st.sampled_from(
    [
        "a {sign} b", "a {sign} 1", "1 {sign} a", "a {sign} 1.5", "a {sign} 2u", "a {sign} 'x'", "a {sign} true",
        "a {sign} null",
        "a {sign} duration('1h')", "a {sign} timestamp('2026-03-02T09:00:00Z')", "a {sign} decimal('1.5')", "a {sign} int('x')",
        "a.b {sign} 1", "a.b {sign} 'x'", "a in ['x', 'y']", "a in [1, 2]", "'x' in a", "a", "a {sign} 'x' && b {sign} 1",
        "a || b {sign} 1", "(a {sign} 1 || b) && !(a {sign} b) && b != 'y'",
    ]
)  # fmt: skip
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
DECLARED = st.sampled_from([None, "any", "int", "uint", "double", "decimal", "string", "bool", "timestamp", "duration"])


@settings(max_examples=400, deadline=None)
@given(VALUES, VALUES, FORMS, SIGNS, DECLARED)
def test_short_cuts_agree_with_the_general_way(a: Any, b: Any, form: str, sign: str, declared: str | None) -> None:
    """Law: a comparison of names and literals, and the same inside a macro, give the same however it is evaluated."""
    bindings = {name: value for name, value in (("a", a), ("b", b)) if value != "absent"}
    fields = None if declared is None else {"a": declared, "b": declared}
    text = form.format(sign=sign)
    for strict in (False, True):
        try:
            quick = Expression.parse(text, fields, strict=strict)
            asked = Expression.parse(f"[0].exists(z, {text})", fields, strict=strict)
        except ExpressionError:
            return
        assert _outcome(lambda quick=quick: quick.test(bindings)) == _outcome(lambda asked=asked: asked.test(bindings))
        assert _outcome(lambda quick=quick: quick.test(bindings)) == _outcome(lambda quick=quick: quick.test(bindings=bindings))
    general = Expression.parse(f"[0].map(z, {text})[0]", fields)
    for verb in ("evaluate", "value"):
        one, two = getattr(quick, verb), getattr(general, verb)
        assert _outcome(lambda one=one: one(bindings)) == _outcome(lambda two=two: two(bindings))


@settings(max_examples=200, deadline=None)
@given(TREES, BINDINGS)
def test_leniency_changes_nothing_where_nothing_is_missing(tree: dict[str, Any], bindings: dict[str, Any]) -> None:
    """Law: where strict evaluation gives true or false without meeting null, the condition says the same."""
    expression = Expression.from_tree(tree)
    strict = _outcome(lambda: expression.evaluate(bindings))
    if strict in ("True", "False") and "null" not in expression.text and None not in _flat(bindings):
        assert strict == _outcome(lambda: expression.test(bindings))


@settings(max_examples=200, deadline=None)
@given(TREES, BINDINGS)
def test_what_is_strict_differs_only_by_refusing(tree: dict[str, Any], bindings: dict[str, Any]) -> None:
    """Law: where a strict condition gives true or false the lenient one gives the same, and its trace agrees."""
    expression = Expression.from_tree(tree, strict=True)
    strict = _outcome(lambda: expression.test(bindings))
    trace = expression.trace(bindings)
    if isinstance(strict, str):
        assert strict == _outcome(lambda: Expression.from_tree(tree).test(bindings))
        assert trace.error is None
        assert trace.result is (strict == "True")
    elif expression.type == "bool":
        assert trace.error is not None


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [part for item in value.values() for part in _flat(item)]
    if isinstance(value, list):
        return [part for item in value for part in _flat(item)]
    return [value]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_can_be_a_literal(text: str) -> None:
    """Law: a string constant is written so that it reads back as itself."""
    assert text == evaluate(Expression.from_tree({"const": text}).text, {})


@settings(max_examples=200, deadline=None)
@given(
    st.floats(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(timedelta(days=-106_000), timedelta(days=106_000)),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12),
)
def test_canonical_texts_convert_back(number: float, at: datetime, wait: timedelta, amount: Decimal) -> None:
    """Law: what string() writes of a double, timestamp, duration or decimal, the conversion reads as the same value."""
    bindings = {"n": number, "at": at, "w": wait, "d": amount}

    assert evaluate("double(string(n)) == n && timestamp(string(at)) == at", bindings) is True
    assert evaluate("duration(string(w)) == w && decimal(string(d)) == d", bindings) is True
    assert evaluate("at.getHours() == at.getHours('UTC') && w == -1 * 0 + w || true", bindings) is True


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES)
def test_equality_is_symmetric_and_orders_exclude_each_other(a: Any, b: Any) -> None:
    """Law: ``==`` is symmetric and the opposite of ``!=``; of ``<``, ``==`` and ``>`` at most one holds."""
    bindings = {"a": a, "b": b}

    assert evaluate("(a == b) == (b == a) && (a == b) == !(a != b)", bindings) is True
    orders = [_outcome(lambda sign=sign: evaluate(f"a {sign} b", bindings)) for sign in ("<", "==", ">")]
    assert orders.count("True") <= 1


PROGRAM = """
from servflow.expressions import Expression, evaluate
bindings = {"tier": "gold", "m": {"b": 1, "a": 2, "c": 3}, "l": ["z", "y"]}
for text in ("m.map(k, k)", "tier in ['silver', 'gold', 'x']", "{'q': 1, 'p': m}", "l.filter(x, x in m)"):
    print(repr(evaluate(text, bindings)), Expression.parse(text).text, sorted(Expression.parse(text).reads))
print(Expression.parse("tier == 'x' && m.z > 1 && n.o").trace(bindings).as_data())
try:
    Expression.parse("teir == 1", {"tier": "int", "tires": "int", "tie": "int"})
except Exception as error:
    print(error)
"""


def test_hash_seeds_change_nothing() -> None:
    """Law: values, texts, traces and messages are the same bytes in processes with other hash seeds."""
    root = Path(__file__).resolve().parents[2]
    seen = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        seen.add(subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True).stdout)

    assert len(seen) == 1
