"""Knows the functions, methods and macros of the language and of the host; must not know leniency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow.expressions import Expression, ExpressionError, Function, evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("size('caf\u00e9')", 4),
        ("'\U0001f600'.size()", 1),
        ("size(b'caf\u00e9')", 5),
        ("[1, 2].size()", 2),
        ("size({'a': 1})", 1),
        ("'abc'.contains('')", True),
        ("'abc'.contains('bc')", True),
        ("'abc'.startsWith('ab')", True),
        ("'abc'.endsWith('ab')", False),
        ("int(1.9)", 1),
        ("int(-1.9)", -1),
        ("int('-12')", -12),
        ("int(7u)", 7),
        ("int(timestamp('1969-12-31T23:59:59.5Z'))", -1),
        ("uint(7)", 7),
        ("uint(3.9)", 3),
        ("uint('12')", 12),
        ("uint(1e19)", 10**19),
        ("double(1)", 1.0),
        ("double('6.02e23')", 6.02e23),
        ("double(18446744073709551615u)", 1.8446744073709552e19),
        ("string(-1)", "-1"),
        ("string(1u)", "1"),
        ("string(true)", "true"),
        ("string(1.0)", "1"),
        ("string(-4.5e-3)", "-0.0045"),
        ("string(6.02214e+23)", "6.02214e+23"),
        ("string(double('inf'))", "+Inf"),
        ("string(b'\\303\\277')", "\u00ff"),
        ("string('a')", "a"),
        ("bytes('\u00ff')", b"\xc3\xbf"),
        ("bool('t')", True),
        ("bool('FALSE')", False),
        ("bool(true)", True),
        ("type(1)", "int"),
        ("type(1u)", "uint"),
        ("type(1.0)", "double"),
        ("type('')", "string"),
        ("type(b'')", "bytes"),
        ("type([])", "list"),
        ("type({})", "map"),
        ("type(decimal('1'))", "decimal"),
        ("type(int)", "type"),
        ("bool", "bool"),
        ("google.protobuf.Timestamp", "google.protobuf.Timestamp"),
        ("dyn([1, 'one'])", [1, "one"]),
        ("duration('1h30m')", timedelta(hours=1, minutes=30)),
        ("duration('-1.5s')", timedelta(seconds=-1.5)),
        ("duration('0')", timedelta(0)),
        ("duration('100us')", timedelta(microseconds=100)),
        ("duration('.5s1ms')", timedelta(milliseconds=501)),
        ("duration(duration('1s'))", timedelta(seconds=1)),
        ("string(duration('1h'))", "3600s"),
        ("string(duration('-1.5s'))", "-1.5s"),
        ("timestamp('2026-03-02T09:00:00+08:00')", datetime(2026, 3, 2, 1, tzinfo=UTC)),
        ("timestamp(0)", datetime(1970, 1, 1, tzinfo=UTC)),
        ("string(timestamp('2026-03-02T09:00:00.250+00:00'))", "2026-03-02T09:00:00.25Z"),
        ("string(timestamp('0001-01-01T00:00:00Z'))", "0001-01-01T00:00:00Z"),
    ],
)
def test_conversions_and_string_functions(text, value):
    """Each conversion gives the value and the canonical text of the specification."""
    found = evaluate(text, {})

    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    "text",
    [
        "int(1e99)", "int(-1e99)", "int(9223372036854775808.0)", "int(18446744073709551615u)", "int('1.5')", "int('')",
        "int(' 1')", "int('1_0')", "int('\u0661')", "int('99999999999999999999')", "int(double('nan'))", "int(true)",
        "uint(-1)", "uint(-0.5)", "uint(1e20)", "uint('-1')", "uint(double('inf'))", "double('x')", "double('1_0')",
        "double('1e999')", "string(b'\\xff')", "string([1])", "string(null)", "bytes(1)", "bool('yes')", "bool('TrUe')",
        "bool(1)", "duration('1')", "duration('')", "duration('1d')", "duration('1h 30m')", "duration('h')",
        "duration('320000000000s')", "duration('1ns')", "timestamp('2026-03-02')", "timestamp('2026-03-02T09:00:00')",
        "timestamp('2026-02-30T09:00:00Z')", "timestamp('2026-03-02t09:00:00z')", "timestamp('0000-01-01T00:00:00Z')",
        "timestamp('2026-03-02T24:00:00Z')", "timestamp('2026-03-02T09:00:00+24:00')", "timestamp(99999999999999)",
        "size(1)", "(1).size()", "'a'.contains(1)", "duration(1)", "timestamp(1.0)",
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_an_error(text):
    """A conversion that would lose the value, or has no such source, is refused."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})


AT = "timestamp('2009-02-13T23:31:30.5Z')"


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("getFullYear()", 2009),
        ("getMonth()", 1),
        ("getDate()", 13),
        ("getDayOfMonth()", 12),
        ("getDayOfWeek()", 5),
        ("getDayOfYear()", 43),
        ("getHours()", 23),
        ("getMinutes()", 31),
        ("getSeconds()", 30),
        ("getMilliseconds()", 500),
        ("getDate('Australia/Sydney')", 14),
        ("getDayOfWeek('Asia/Shanghai')", 6),
        ("getHours('02:00')", 1),
        ("getHours('-09:30')", 14),
        ("getMinutes('Asia/Kathmandu')", 16),
        ("getSeconds('-00:00')", 30),
    ],
)
def test_timestamps_are_taken_apart_in_utc_or_a_zone(call, value):
    """Months and days of the month count from 0, getDate from 1, the week starts on Sunday."""
    assert value == evaluate(f"{AT}.{call}", {})


@pytest.mark.parametrize("zone", ["", "Mars/Base", "+25:00", "+08:60", "../../etc/passwd", "Asia", "/etc/localtime", "a\\x00b"])
def test_an_unknown_zone_is_an_error(zone):
    """A zone that is neither IANA nor an offset is refused, whatever it looks like."""
    with pytest.raises(ExpressionError):
        evaluate(f"{AT}.getHours('{zone}')", {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("duration('10000s').getHours()", 2),
        ("duration('-10000s').getHours()", -2),
        ("duration('3730s').getMinutes()", 62),
        ("duration('3730.9s').getSeconds()", 3730),
        ("duration('-1.5s').getSeconds()", -1),
        ("duration('123.321456s').getMilliseconds()", 321),
        ("duration('-123.321456s').getMilliseconds()", -321),
        ("timestamp('2026-03-02T09:00:00Z') - timestamp('2026-03-02T08:00:00Z') == duration('1h')", True),
        ("timestamp(0) + duration('90s') == timestamp(90)", True),
        ("duration('90s') + timestamp(0) > timestamp(89)", True),
        ("timestamp(90) - duration('90s') == timestamp(0)", True),
        ("duration('1m') + duration('1s') == duration('61s')", True),
        ("duration('1m') - duration('61s') < duration('0')", True),
    ],
)
def test_time_arithmetic(text, value):
    """Timestamps differ by durations; hours, minutes and seconds of a duration are those of the whole."""
    assert value == evaluate(text, {})


@pytest.mark.parametrize(
    "text",
    [
        "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
        "timestamp('0001-01-01T00:00:00Z') - duration('1s')",
        "timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')",
        "duration('2500000h') + duration('2500000h')",
        "timestamp(0) + timestamp(0)",
        "duration('1s') - timestamp(0)",
        "duration('1s') * 2",
        "timestamp(0) + 1",
        "timestamp('9999-12-31T23:59:59Z').getHours('+01:00')",
    ],
)
def test_time_out_of_range_is_an_error(text):
    """Results outside the years 1 to 9999, or beyond 64 bits of nanoseconds, are refused."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2, 3].all(x, x > 0)", True),
        ("[].all(x, x > 0)", True),
        ("[1, 2, 3].all(x, 6 / (2 - x) == 6)", False),
        ("[1, 'foo', 3].all(x, x % 2 == 0)", False),
        ("[1, 2, 3].exists(x, x == 2)", True),
        ("[].exists(x, true)", False),
        ("[0, 1].exists(x, 1 / x == 1)", True),
        ("{'a': 1, 'b': 2}.exists(k, k == 'b')", True),
        ("[6, 7, 8].exists_one(x, x % 5 == 2)", True),
        ("[7, 7].exists_one(x, x == 7)", False),
        ("[2, 4].map(x, x / 2)", [1, 2]),
        ("[1, 2, 3].map(x, x > 1, x * 10)", [20, 30]),
        ("{1: 'a', 2: 'b'}.map(k, k * k)", [1, 4]),
        ("[0, 1, 2].filter(x, x % 2 == 0)", [0, 2]),
        ("{'a': 1, 'b': 2}.filter(k, k > 'a')", ["b"]),
        ("[1, 2].map(x, [10, 20].map(y, x + y))", [[11, 21], [12, 22]]),
        ("[1].map(x, [2].map(x, x))", [[2]]),
        ("[1].map(x, [2].map(y, .x + x))", [[101]]),
        ("[[1, 2], [3]].map(l, l.filter(e, e > 1))", [[2], [3]]),
        ("[{'a': 1}].exists(m, m.a == 1 && has(m.a))", True),
    ],
)
def test_macros(text, value):
    """Macros run over list elements and map keys; a leading dot reaches the name behind a variable."""
    assert value == evaluate(text, {"x": 100})


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2].all(x, x / 0 == 1)",
        "[3, 2, 0].exists_one(x, 12 / x > 1)",
        "[3, 0].filter(x, 12 / x > 1)",
        "[2, 0].map(x, 4 / x)",
        "[1].filter(x, x)",
        "[1].exists_one(x, null)",
        "(1).all(x, true)",
        "'abc'.map(x, x)",
        "null.exists(x, true)",
    ],
)
def test_macros_do_not_hide_errors_that_settle_nothing(text):
    """Only all and exists absorb errors, and only next to a decisive element."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})


DOUBLE = Function("twice", ("int",), "int", lambda x: x * 2)
NEAR = Function("near", ("any", "string"), "bool", lambda place, region: place == region)


def test_a_host_function_gets_python_values_and_gives_one_back():
    """A registered function is called by name with plain values; its result type is known."""
    expression = Expression.parse("twice(n) + 1", {"n": "int"}, functions={"twice": DOUBLE})

    assert expression.evaluate({"n": 20}) == 41
    assert expression.type == "int"


def test_a_host_function_that_fails_is_an_expression_error():
    """What a host function raises, and what it should not return, becomes an error of the expression."""
    broken = Function("broken", (), "int", lambda: 1 // 0)
    lying = Function("lying", (), "int", lambda: "x")
    huge = Function("huge", (), "int", lambda: 2**70)
    foreign = Function("foreign", (), "any", object)
    for function in (broken, lying, huge, foreign):
        expression = Expression.parse(f"{function.name}()", functions={function.name: function})
        with pytest.raises(ExpressionError):
            expression.evaluate({})


@pytest.mark.parametrize("text", ["twice('a')", "twice(1u)", "twice(1, 2)", "twice()", "twice(null)", "n.twice()", "twise(1)"])
def test_a_host_function_is_called_as_it_is_declared(text):
    """Wrong kinds, numbers and forms of arguments never reach the host."""
    with pytest.raises(ExpressionError):
        Expression.parse(text, functions={"twice": DOUBLE}).evaluate({"n": 1})


def test_an_unknown_function_lists_the_registered_ones():
    """The error for a misspelt host function names the functions there are."""
    with pytest.raises(ExpressionError, match=r"near, twice.*did you mean 'twice'"):
        Expression.parse("twise(1)", functions={"twice": DOUBLE, "near": NEAR})


@pytest.mark.parametrize("name", ["size", "has", "all", "matches", "in", "if", "a.b", "1x", ""])
def test_a_host_function_may_not_hide_a_builtin(name):
    """Names of built-ins, macros and reserved words cannot be registered."""
    with pytest.raises(ExpressionError):
        Expression.parse("1", functions={name: Function(name, (), "int", lambda: 1)})


def test_lenient_evaluation_does_not_call_a_host_function_with_null_unless_it_asks_for_any():
    """Null makes the result null; a parameter of type any receives it."""
    functions = {"twice": DOUBLE, "near": NEAR}

    assert Expression.parse("twice(n) == 2", functions=functions).test({}) is False
    assert Expression.parse("near(n, 'x')", functions=functions).test({}) is False
    assert Expression.parse("near('x', 'x')", functions=functions).test({}) is True
