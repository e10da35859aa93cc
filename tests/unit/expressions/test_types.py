"""Knows which type problems are found when a text is parsed; must not know evaluation."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.expressions import Expression, ExpressionError, FieldType
from servflow.model import Field

FIELDS = {
    "tier": FieldType("string", one_of=("gold", "silver", "standard")),
    "name": "string",
    "count": "int",
    "size_of": "uint",
    "ratio": "double",
    "amount": "decimal",
    "safety": "bool",
    "photo": "bytes",
    "tags": "list(string)",
    "levels": FieldType("list(string)", ("low", "high")),
    "fees": "map(string, int)",
    "grid": "list(list(int))",
    "at": "timestamp",
    "closed_at": "timestamp",
    "wait": "duration",
    "extra": "any",
    "list": "list",
    "payload": {"signature": "string", "kind": FieldType("string", one_of=["a", "b"]), "inner": {"deep": "int"}},
    "clock": {"*": {"breached": "bool", "remaining": "duration"}},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tier", "string"),
        ("count + 1", "int"),
        ("size_of + 1u", "uint"),
        ("ratio * 2.0", "double"),
        ("amount * 2", "decimal"),
        ("count * amount", "decimal"),
        ("amount > 100 && safety", "bool"),
        ("photo + b'x'", "bytes"),
        ("tags", "list"),
        ("tags[0]", "string"),
        ("grid[0][1] + count", "int"),
        ("fees.visit", "int"),
        ("fees['visit']", "int"),
        ("at - closed_at", "duration"),
        ("at + wait", "timestamp"),
        ("at - wait < closed_at", "bool"),
        ("extra", "dyn"),
        ("extra + 1", "dyn"),
        ("extra.a.b", "dyn"),
        ("payload", "map"),
        ("payload.signature", "string"),
        ("payload['signature']", "string"),
        ("payload.inner.deep", "int"),
        ("clock.repair.breached", "bool"),
        ("clock['repair'].remaining", "duration"),
        ("null", "null_type"),
        ("safety ? 1 : 2", "int"),
        ("safety ? 1 : 'a'", "dyn"),
        ("safety ? null : 'a'", "string"),
        ("tags.map(t, size(t))", "list"),
        ("tags.map(t, size(t))[0]", "int"),
        ("tags.filter(t, t != '')[0]", "string"),
        ("tags.exists(t, t == 'x')", "bool"),
        ("fees.exists(k, k.startsWith('v'))", "bool"),
        ("size(payload)", "int"),
        ("string(count)", "string"),
        ("decimal('1')", "decimal"),
        ("at.getHours('Asia/Shanghai')", "int"),
        ("wait.getHours()", "int"),
        ("type(count) == int", "bool"),
        ("type(count)", "type"),
        ("list.size()", "int"),
        ("{'a': 1}.a", "int"),
        ("-amount", "decimal"),
        ("[1, 2] + [3]", "list"),
        ("tier == null || name != null", "bool"),
        ("count == ratio", "bool"),
        ("tier in ['gold', 'silver']", "bool"),
        ("'gold' in tags", "bool"),
        ("has(payload.signature)", "bool"),
        ("tags == []", "bool"),
    ],
)
def test_well_typed_expressions_know_their_type(text, found):
    """What fits the declared fields parses, and its result type is known."""
    assert found == Expression.parse(text, FIELDS).type


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("teir == 'gold'", 0, "did you mean 'tier'"),
        ("safety && cuont > 1", 10, "did you mean 'count'"),
        ("payload.signatur != ''", 8, "did you mean 'signature'"),
        ("payload['signatur'] != ''", 8, "did you mean 'signature'"),
        ("payload.inner.deeep == 1", 14, "did you mean 'deep'"),
        ("clock.repair.breach", 13, "did you mean 'breached'"),
        ("has(payload.signatur)", 12, "did you mean"),
        ("tier == 'glod'", 8, "did you mean 'gold'"),
        ("'glod' != tier", 0, "can never hold"),
        ("tier in ['gold', 'platinum']", 17, "can never hold"),
        ("payload.kind == 'c'", 16, "can never hold"),
        ("'hihg' in levels", 0, "did you mean 'high'"),
        ("levels.exists(l, l == 'hihg')", 22, "can never hold"),
        ("levels[0] == 'hihg'", 13, "can never hold"),
        ("count == 'a'", 6, "no such overload"),
        ("count > 'a'", 6, "no such overload"),
        ("tier > 5", 5, "no such overload"),
        ("amount > 1.5", 7, "no such overload"),
        ("amount == 1.5", 7, "no such overload"),
        ("amount * ratio", 7, "no such overload"),
        ("count + ratio", 6, "no such overload"),
        ("count + size_of", 6, "no such overload"),
        ("at > 5", 3, "no such overload"),
        ("at + at", 3, "no such overload"),
        ("wait == 'a'", 5, "no such overload"),
        ("safety < 1", 7, "no such overload"),
        ("tags == ['a', 1] || tags == [1]", 25, "no such overload"),
        ("5 in tags", 2, "no such overload"),
        ("'a' in count", 4, "no such overload"),
        ("count && safety", 0, "no such overload"),
        ("!count", 1, "no such overload"),
        ("-name", 0, "no such overload"),
        ("count ? 1 : 2", 0, "no such overload"),
        ("count.a", 6, "only maps"),
        ("tags['a']", 4, "no such overload"),
        ("count[0]", 5, "no such overload"),
        ("count.exists(x, true)", 6, "no such overload"),
        ("tags.exists(t, t)", 15, "no such overload"),
        ("tags.exists(t, t > 1)", 17, "no such overload"),
        ("tags.exists(t, u == 'a')", 15, "no name u"),
        ("size(count)", 0, "no such overload"),
        ("count.startsWith('a')", 6, "no such overload"),
        ("name.startsWith(1)", 5, "no such overload"),
        ("duration(5)", 0, "no such overload"),
        ("{[1]: 2}", 1, "key of a map cannot be"),
        ("false && count == 'a'", 15, "no such overload"),
    ],
)
def test_what_can_never_work_is_refused_when_parsed(text, position, words):
    """A type problem is found before anything runs, at its place, with what was probably meant."""
    with pytest.raises(ExpressionError, match=words) as caught:
        Expression.parse(text, FIELDS)

    assert position == caught.value.position


def test_without_fields_only_evaluation_finds_type_problems():
    """An untyped parse accepts what the specification would dispatch at evaluation."""
    expression = Expression.parse("true || 1 + 'a' == unknown")

    assert expression.type == "bool"
    assert expression.evaluate({}) is True


@pytest.mark.parametrize(
    "declared", ["text", "list(int", "list()", "map(string)", "list(int, int)", "list(" * 50 + ")" * 50, 5]
)
def test_an_unknown_type_is_refused(declared):
    """A declaration that names no type is an expression error with the name it belongs to."""
    with pytest.raises(ExpressionError, match="no type for name"):
        Expression.parse("name == null", {"name": declared})


@pytest.mark.parametrize(
    ("declared", "text", "value", "result"),
    [
        ("uint", "x + 1u", 1, 2),
        ("double", "x / 2.0", 5, 2.5),
        ("decimal", "x / 2", 5, 2.5),
        ({"n": "double"}, "x.n / 2.0", {"n": 5}, 2.5),
        ("list(uint)", "x[0] + 1u", [1], 2),
        ("list(double)", "x.map(e, e / 2.0)", [5], [2.5]),
    ],
)
def test_a_python_int_takes_the_declared_kind(declared, text, value, result):
    """Where uint, double or decimal is declared an int from JSON is one."""
    assert result == Expression.parse(text, {"x": declared}).evaluate({"x": value})


def test_a_negative_int_is_no_uint():
    """A declared uint refuses what it cannot hold."""
    with pytest.raises(ExpressionError):
        Expression.parse("x == 1u", {"x": "uint"}).evaluate({"x": -1})


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "string", "one_of": ["gold"]},
        {"type": "string", "one_of": ("gold",), "default": "gold", "optional": True, "required": False, "personal": False},
        {"type": "string", "one_of": ["gold"], "title": "Tier", "description": "what was bought"},
        Field(type="string", one_of=["gold"]),
    ],
)
def test_a_field_may_be_declared_as_definitions_write_it(declared: Any) -> None:
    """A field's mapping, and a Field, type the name as a FieldType does, also as an attribute of an object."""
    for text, fields in (("tier == 'gold'", {"tier": declared}), ("user.tier == 'gold'", {"user": {"tier": declared}})):
        assert "bool" == Expression.parse(text, fields).type
        with pytest.raises(ExpressionError, match="did you mean 'gold'"):
            Expression.parse(text.replace("gold", "gld"), fields)


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "string", "size": "int"},
        {"type": {"name": "string"}},
        {"type": "string", "one_of": "string"},
        {"title": "string"},
    ],
)
def test_any_other_mapping_has_attributes(declared: Any) -> None:
    """A mapping that is not wholly a field is an object, whose attributes may be called type or title."""
    name = "type" if "type" in declared else "title"

    assert Expression.parse(f"thing.{name} != null", {"thing": declared}).evaluate({"thing": {name: 1}})
    with pytest.raises(ExpressionError, match="nothing"):
        Expression.parse("thing.nothing", {"thing": declared})


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("n == 1.5", "expression.never_whole", 5),
        ("1.5 != n", "expression.never_whole", 0),
        ("n in [1, 2.5]", "expression.never_whole", 9),
        ("n in [1, 'x']", "expression.overload", 9),
        ("s in ['x', 1]", "expression.overload", 11),
    ],
)
def test_what_no_value_of_the_type_equals_is_told_by_its_place(text, code, position):
    """An int beside a fraction, or beside an element of another kind, can never be equal to it."""
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text, {"n": "int", "s": "string"})

    assert (code, position) == (caught.value.code, caught.value.position)
    Expression.parse(text)
    Expression.parse("n == 1.0 && n < 1.5 && n in [1, 2u, 3.0, null]", {"n": "int", "s": "string"})
