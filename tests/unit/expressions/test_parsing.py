"""Knows how texts are read and refused; must not know evaluation beyond literals."""

from __future__ import annotations

import pytest

from servflow.expressions import (
    MAX_HEIGHT,
    MAX_ITEMS,
    MAX_LENGTH,
    MAX_NESTING,
    Expression,
    ExpressionError,
    evaluate,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("42", 42),
        ("0x2A", 42),
        ("-0x2a", -42),
        ("42u", 42),
        ("0xFFu", 255),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615u", 2**64 - 1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("'a'", "a"),
        ('"a"', "a"),
        ("''", ""),
        ("'\"'", '"'),
        ("'''it's'''", "it's"),
        ('"""two\nlines"""', "two\nlines"),
        ("'''a''b'''", "a''b"),
        (r"'\a\b\f\n\r\t\v\\\'\"\`\?'", "\a\b\f\n\r\t\v\\'\"`?"),
        (r"'\x41\X42\u00e9\U0001F600\101'", "AB\u00e9\U0001f600A"),
        (r"r'\n\x41'", r"\n\x41"),
        (r"R'''\'''", "\\"),
        ("b'abc'", b"abc"),
        ("b'\u00ff'", b"\xc3\xbf"),
        (r"b'\xff\377\n'", b"\xff\xff\n"),
        (r"br'\n'", b"\\n"),
        ("[1, 2, 3,]", [1, 2, 3]),
        ("{'a': 1, 'b': [2],}", {"a": 1, "b": [2]}),
        ("1 // the rest is a comment\n+ 1", 2),
        ("--1", 1),
        ("!!true", True),
        ("-(1)", -1),
    ],
)
def test_literals_are_read_as_the_specification_says(text, value):
    """A literal in any of its forms gives the value it stands for."""
    found = evaluate(text, {})

    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("1 +", 3),
        ("(1", 2),
        ("1 2", 2),
        ("a.", 2),
        ("a.1", 1),
        ("f(1,)", 3),
        ("a ? b", 5),
        ("a = b", 2),
        ("a & b", 2),
        ("a | b", 2),
        ("#", 0),
        ("'open", 0),
        ("'line\nbreak'", 0),
        (r"'\q'", 1),
        (r"'\uD800'", 1),
        (r"'\U00110000'", 1),
        (r"b'\u0041'", 2),
        ("9223372036854775808", 0),
        ("-9223372036854775809", 1),
        ("-(9223372036854775808)", 2),
        ("-1u + 18446744073709551616u", 6),
        ("1e999", 0),
        ("1" * 400, 0),
        ("in", 0),
        ("1 + true false", 9),
        ("!-x", 1),
        ("T{a: 1}", 1),
        ("a.b{}", 3),
        ("a?.b", 4),
        ("has(a)", 0),
        ("has(a.b, c)", 0),
        ("[1].all(1, true)", 8),
        ("[1].all(x)", 4),
        ("[1].map(x, 1, 2, 3)", 4),
        ("'\ud800'", 1),
    ],
)
def test_a_text_that_is_no_expression_is_refused_at_its_place(text, position):
    """What cannot be read is refused with the offset of the first thing that is wrong."""
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text)

    assert position == caught.value.position
    assert text == caught.value.text


@pytest.mark.parametrize(
    "word", ["as", "break", "const", "for", "function", "if", "import", "let", "package", "return", "while"]
)
def test_reserved_words_are_no_names_but_may_be_fields(word):
    """A reserved word is refused as an identifier; after a dot it is a key like any other."""
    with pytest.raises(ExpressionError, match="reserved"):
        Expression.parse(f"{word} == 1")

    assert evaluate(f"a.{word}", {"a": {word: 1}}) == 1


def test_a_field_of_any_characters_is_written_in_backticks():
    """Keys that are no identifiers, and literal words, are selected in backticks."""
    assert evaluate("a.`content-type` + a.`in`", {"a": {"content-type": "x", "in": "y"}}) == "xy"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("100 / 10 / 5", 2),
        ("1 + 1 == 2 && 2 < 3", True),
        ("true || false && false", True),
        ("!true || true", True),
        ("-2 + 3", 1),
        ("1 in [1] == true", True),
        ("true ? 1 : false ? 2 : 3", 1),
        ("false ? 1 : false ? 2 : 3", 3),
        ("[[1, 2], [3]][0][1]", 2),
        ("{'a': {'b': 5}}.a.b", 5),
        ("-{'a': 2}.a", -2),
    ],
)
def test_operators_bind_as_the_specification_orders_them(text, value):
    """Precedence and associativity follow the specification's table."""
    assert value == evaluate(text, {})


def test_matches_is_refused_with_the_reason():
    """The one standard function left out says why and what to use."""
    with pytest.raises(ExpressionError, match="unbounded time"):
        Expression.parse("name.matches('a+')")


def test_an_unknown_function_lists_what_there_is():
    """A misspelt function is refused when the text is parsed, with the nearest one."""
    with pytest.raises(ExpressionError, match="did you mean 'startsWith'"):
        Expression.parse("name.startWith('a')")


@pytest.mark.parametrize("text", ["size()", "size(a, b)", "contains(a, b)", "a.int()", "timestamp()"])
def test_a_call_in_the_wrong_form_is_refused(text):
    """A function called as a method, a method called as a function or a wrong number of arguments is refused."""
    with pytest.raises(ExpressionError):
        Expression.parse(text)


def test_what_every_implementation_must_read_is_read():
    """The specification's minimum of 32 levels and 32 repetitions is met everywhere."""
    assert evaluate("(" * 32 + "7" + ")" * 32, {}) == 7
    assert evaluate("[" * 32 + "]" * 32 + "[0]" * 31, {}) == []
    assert evaluate("-" * 32 + "19", {}) == 19
    assert evaluate("!" * 32 + "true", {}) is True
    assert evaluate(" || ".join(["false"] * 32 + ["true"]), {}) is True
    assert evaluate(" + ".join(["1"] * 33), {}) == 33
    assert evaluate("true ? true : " * 32 + "false", {}) is True
    assert evaluate("int(uint(" * 16 + "7" + "))" * 16, {}) == 7


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1),
        "[" * 5000,
        "-" * (MAX_HEIGHT + 1) + "x",
        "!" * 9000 + "x",
        "x" + ".a" * (MAX_HEIGHT + 1),
        " + ".join(["1"] * (MAX_HEIGHT + 1)),
        "[" + "1," * (MAX_ITEMS + 1) + "]",
        "||".join(["a"] * (MAX_ITEMS + 1)),
        "'" + "a" * MAX_LENGTH + "'",
        "'" + "\x01" * (MAX_LENGTH - 2) + "'",
        "true?1:" * 1000 + "1",
    ],
)
def test_a_text_beyond_a_limit_is_refused(text):
    """No text, however long or deep, is more than an error."""
    with pytest.raises(ExpressionError):
        Expression.parse(text)


@pytest.mark.parametrize("text", [None, 3, b"true", ["a"], 10**5000], ids=lambda text: type(text).__name__)
def test_what_is_no_text_is_refused(text):
    """Anything but a string is an expression error, never a TypeError."""
    with pytest.raises(ExpressionError):
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "code", "position", "told"),
    [
        ("\u0430mount > 1", "expression.foreign_character", 0, "cyrillic small letter a"),
        ("tier == \u201cgold\u201d", "expression.foreign_character", 8, "left double quotation mark"),
        ("a \uff1e 1", "expression.foreign_character", 2, "fullwidth greater-than sign"),
        ("a\u200b == 1", "expression.foreign_character", 1, "zero width space"),
        ("a\u00a0== 1", "expression.foreign_character", 1, "no-break space"),
        ("tier == 'go\u202eld'", "expression.hidden", 11, "\\u202E"),
        ("true // \u2066 false", "expression.hidden", 8, "\\u2066"),
        ("a # b", "expression.character", 2, "'#'"),
    ],
)
def test_what_looks_like_something_else_is_named(text, code, position, told):
    """A letter of another script, a sign of a word processor or a character nobody sees is told by place and name."""
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text)

    assert (code, position) == (caught.value.code, caught.value.position)
    assert told in caught.value.message


def test_a_string_may_hold_what_is_written_out():
    """A character that turns the direction is written as an escape, also by the canonical text."""
    text = Expression.from_tree({"const": "a\u202eb"}).text

    assert r'"a\u202eb"' == text
    assert "a\u202eb" == evaluate(text, {})
