"""Knows what holds for every answer of the solver; must not know how one is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.expressions import Expression, ExpressionError, FieldType, solve

TYPES: dict[str, Any] = {
    "tier": FieldType("string", ["gold", "silver", "standard"]),
    "safe": "bool",
    "n": "int",
    "m": "int",
    "amount": "decimal",
    "word": "string",
    "name": "string",
    "tags": "list(string)",
    "due": "timestamp",
    "wait": "duration",
    "clock": {"repair": {"breached": "bool", "counted": "duration"}},
}
HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DOMAIN: dict[str, tuple[Any, ...]] = {
    "tier": ("gold", "silver", "standard", None),
    "safe": (True, False, None),
    "n": (-2**63, -1, 0, 1, 2, 3, 4, 5, 2**63 - 1, None),
    "m": (-1, 0, 1, 2, 3, 4, None),
    "amount": (Decimal(-1), Decimal(0), Decimal("0.5"), Decimal(1), Decimal("1.5"), Decimal(2), Decimal(3), None),
    "word": ("", "a", "ab", "abc", "b", "ba", "c", "aba", None),
    "name": ("", "a", "ab", "b", "c", None),
    "tags": ([], ["a"], ["b"], ["a", "b"], ["c"], ["a", "c"], ["a", "a", "b"], None),
    "due": (START, START + HOUR, START + 2 * HOUR, START + HOUR / 2, None),
    "wait": (timedelta(0), HOUR, 2 * HOUR, HOUR / 2, None),
    "clock.repair.breached": (True, False, None),
    "clock.repair.counted": (HOUR, 2 * HOUR, None),
}  # fmt: skip

SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SMALL = st.integers(0, 3)
TEXT = st.sampled_from(["''", "'a'", "'ab'", "'b'", "'c'"])
INSTANTS = st.sampled_from(["timestamp('2026-03-02T09:00:00Z')", "timestamp('2026-03-02T10:00:00Z')"])
SPANS = st.sampled_from(["duration('1h')", "duration('90m')"])


def _filled(form: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.fixed_dictionaries(parts).map(lambda values: form.format(**values))


ATOMS = st.one_of(
    _filled("tier {s} '{t}'", s=st.sampled_from(["==", "!="]), t=st.sampled_from(["gold", "silver", "standard"])),
    st.sampled_from(["tier in ['gold', 'silver']", "safe", "safe == true", "safe == false", "tier == null", "n != null"]),
    _filled("{v} {s} {c}", v=st.sampled_from(["n", "m", "amount"]), s=SIGNS, c=SMALL),
    _filled("n {o} {k} {s} {c}", o=st.sampled_from(["+", "-"]), k=SMALL, s=SIGNS, c=SMALL),
    _filled("{k} - n {s} {c}", k=SMALL, s=SIGNS, c=SMALL),
    _filled("-n {s} {c}", s=SIGNS, c=SMALL),
    _filled("n * {k} {s} {c}", k=SMALL, s=SIGNS, c=SMALL),
    _filled("n % 2 == {c}", c=SMALL),
    _filled("n {s} m", s=SIGNS),
    _filled("n + m {s} {c}", s=SIGNS, c=SMALL),
    _filled("n in [{a}, {b}]", a=SMALL, b=SMALL),
    _filled("n in [m, {b}]", b=SMALL),
    _filled("amount + {k} {s} {c}", k=SMALL, s=SIGNS, c=SMALL),
    _filled("{v} {s} {c}", v=st.sampled_from(["word", "name"]), s=SIGNS, c=TEXT),
    _filled("word {s} name", s=SIGNS),
    _filled("word == tier"),
    _filled("word.{f}({c})", f=st.sampled_from(["startsWith", "endsWith", "contains"]), c=TEXT),
    _filled("size({v}) {s} {c}", v=st.sampled_from(["word", "tags"]), s=SIGNS, c=SMALL),
    _filled("{c} in tags", c=TEXT),
    _filled("tags.exists(t, t == {c})", c=TEXT),
    _filled("due {s} {c}", s=SIGNS, c=INSTANTS),
    _filled("due + {d} {s} {c}", d=SPANS, s=SIGNS, c=INSTANTS),
    _filled("due - {c} {s} {d}", d=SPANS, s=SIGNS, c=INSTANTS),
    _filled("wait {s} {c}", s=SIGNS, c=SPANS),
    _filled("(safe ? n : 2) {s} {c}", s=SIGNS, c=SMALL),
    _filled("{c} / n > 0", c=SMALL),
    st.sampled_from(
        ["clock.repair.breached", "clock.repair.counted > duration('1h')", "has(clock.repair)", "clock.repair == null"]
    ),
    st.sampled_from(["true", "false", "null", "1 / 0 == 1"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda part: f"!({part})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=5,
)


def parsed(texts: list[str], *, strict: bool = False) -> list[Expression]:
    return [Expression.parse(text, strict=strict) for text in texts]


def holds(expression: Expression, bindings: Mapping[str, Any]) -> bool:
    try:
        return expression.test(bindings)
    except ExpressionError:
        return False


def asked(wanted: list[Expression], unwanted: list[Expression], bindings: Mapping[str, Any]) -> bool:
    return all(holds(item, bindings) for item in wanted) and not any(holds(item, bindings) for item in unwanted)


def nested(values: Mapping[str, Any], *, clock: bool = True) -> dict[str, Any]:
    inner = {name.rpartition(".")[2]: value for name, value in values.items() if "." in name}
    plain = {name: value for name, value in values.items() if "." not in name}
    return {**plain, "clock": {"repair": inner if clock else None}}


def brute(wanted: list[Expression], unwanted: list[Expression]) -> dict[str, Any] | None:
    """Values of the small domain on which it holds, by trying all of them; None where there are none."""
    reads = sorted({read for item in [*wanted, *unwanted] for read in item.reads})
    names = [name for name in DOMAIN if name in reads or (name.startswith("clock") and "clock.repair" in reads)]
    for values in product(*(DOMAIN[name] for name in names)):
        for clock in (True, False) if any(name.startswith("clock") for name in reads) else (True,):
            bindings = nested(dict(zip(names, values, strict=True)), clock=clock)
            if asked(wanted, unwanted, bindings):
                return bindings
    return None


def few(expressions: list[Expression]) -> bool:
    size = 1
    for name in {read for item in expressions for read in item.reads}:
        size *= len(DOMAIN.get(name, ()) or (1, 2))
    return size <= 4_000


@settings(deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=3), st.lists(CONDITIONS, max_size=1), st.booleans())
def test_yes_holds_and_no_is_never_said_where_something_holds(wanted: list[str], unwanted: list[str], strict: bool) -> None:
    """The values given make it so by the evaluator; where trying all small values finds some, no is not said."""
    positive, negative = parsed(wanted, strict=strict), parsed(unwanted, strict=not strict)
    found = solve(positive, negative, types=TYPES)

    if found.status == "yes":
        assert asked(positive, negative, found.bindings)
    elif found.status == "no" and few([*positive, *negative]):
        assert brute(positive, negative) is None


SURE = st.one_of(
    _filled("tier {s} '{t}'", s=st.sampled_from(["==", "!="]), t=st.sampled_from(["gold", "silver", "standard"])),
    st.sampled_from(["safe", "tier == null", "has(clock.repair)", "clock.repair.breached"]),
    _filled("{v} {s} {c}", v=st.sampled_from(["n", "m", "amount"]), s=SIGNS, c=SMALL),
    _filled("n + {k} {s} {c}", k=SMALL, s=SIGNS, c=SMALL),
    _filled("n {s} m", s=SIGNS),
    _filled("name {s} {c}", s=SIGNS, c=TEXT),
    _filled("word.{f}({c})", f=st.sampled_from(["startsWith", "endsWith", "contains"]), c=st.sampled_from(["'a'", "'ab'"])),
    _filled("{c} in tags", c=TEXT),
    _filled("size(tags) {s} {c}", s=SIGNS, c=SMALL),
    _filled("due {s} {c}", s=SIGNS, c=INSTANTS),
)


@settings(deadline=None)
@given(st.lists(SURE, min_size=1, max_size=5), st.lists(SURE, max_size=2))
def test_comparisons_with_constants_are_decided(wanted: list[str], unwanted: list[str]) -> None:
    """Where each part compares one name with constants, or two names of one type, the answer is yes or no."""
    found = solve(parsed(wanted), parsed(unwanted), types=TYPES)

    assert found.status in ("yes", "no")


@settings(deadline=None)
@given(st.lists(SURE, min_size=1, max_size=3), st.data())
def test_the_answer_differs_from_the_present_values_in_the_fewest_names(wanted: list[str], data: st.DataObject) -> None:
    """No set of values of the small domain that differs in fewer names holds."""
    positive = parsed(wanted)
    reads = sorted({read for item in positive for read in item.reads if read in DOMAIN})
    near = {name: data.draw(st.sampled_from(DOMAIN[name])) for name in reads}
    found = solve(positive, types=TYPES, near=near)
    if found.status == "yes" and not any(read.startswith("clock") for item in positive for read in item.reads):
        changed = sum(found.values[name] != near[name] for name in reads)
        for values in product(*(DOMAIN[name] for name in reads)):
            other = dict(zip(reads, values, strict=True))
            if asked(positive, [], other):
                assert changed <= sum(other[name] != near[name] for name in reads)


@settings(deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=2), st.integers(0, 30))
def test_a_small_budget_never_makes_an_answer_wrong(wanted: list[str], budget: int) -> None:
    """With little to try the answer is that of all the time there is, or open."""
    positive = parsed(wanted)
    short, long = solve(positive, types=TYPES, budget=budget), solve(positive, types=TYPES)

    assert short.status in ("open", long.status) or long.status == "open"
    assert short.status != "yes" or asked(positive, [], short.bindings)


def test_the_answer_is_the_same_in_every_process() -> None:
    """Hash seeds change neither the values nor how many were tried."""
    code = (
        "from servflow.expressions import Expression as E, solve\n"
        "t = ['word < name && name.startsWith(\"b\")', '\"a\" in tags && size(tags) > 2', 'n + m > 3 || tier != \"gold\"']\n"
        "f = solve([E.parse(x) for x in t], types=dict(word='string', name='string', tags='list', n='int', m='int'))\n"
        "print(f.status, sorted(f.values.items()), f.tried)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert 1 == len(told)
    assert json.dumps(next(iter(told))).startswith('"yes')
