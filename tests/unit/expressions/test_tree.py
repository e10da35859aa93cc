"""Knows the canonical text and tree, identity, reads and the schema; must not know evaluation rules."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from servflow.expressions import MAX_HEIGHT, Expression, ExpressionError, FieldType, Function, tree_schema


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("tier=='gold'&&amount>100", 'tier == "gold" && amount > 100'),
        ("(a && b) && (c && d)", "a && b && c && d"),
        ("a || (b || c)", "a || b || c"),
        ("(a || b) && c", "(a || b) && c"),
        ("(a && b) || c", "a && b || c"),
        ("((1 + 2)) * 3", "(1 + 2) * 3"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("(1 - 2) - 3", "1 - 2 - 3"),
        ("a < (b < c)", "a < (b < c)"),
        ("- 1", "-1"),
        ("-(1)", "-1"),
        ("-(-1)", "--1"),
        ("!(-1)", "!(-1)"),
        ("-(a)", "-a"),
        ("-(a + b)", "-(a + b)"),
        ("!(!a)", "!!a"),
        ("(-1).foo", "(-1).foo"),
        ("(1).foo", "(1).foo"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("a ? b : (c ? d : e)", "a ? b : c ? d : e"),
        ("a ? (b ? c : d) : e", "a ? (b ? c : d) : e"),
        ("has(a.b)", "has(a.b)"),
        ("a.`b-c`", "a.`b-c`"),
        ("a.`b`", "a.b"),
        ("a.`in`.`true`", "a.`in`.`true`"),
        (".a.b", ".a.b"),
        ("x[ 0 ][ 'a' ]", 'x[0]["a"]'),
        ("{'a':1, b : [ ]}", '{"a": 1, b: []}'),
        ("[1,2,].map( x , x>1 , x )", "[1, 2].map(x, x > 1, x)"),
        ("0x10u", "16u"),
        ("1e3", "1000.0"),
        ("-0.0", "-0.0"),
        (r"r'a\b'", r'"a\\b"'),
        ("'\u00e9\u2028\\n\\x00'", '"\u00e9\\u2028\\n\\u0000"'),
        (r"b'\xff\x00a\"'", r'b"\xff\x00a\""'),
        ("a // comment", "a"),
        ("a in b == c", "a in b == c"),
    ],
)
def test_each_tree_has_one_text(text, canonical):
    """The canonical text has single spaces, double quotes and no bracket too many, and reads as the same tree."""
    expression = Expression.parse(text)

    assert canonical == expression.text
    assert expression.tree == Expression.parse(canonical).tree
    assert expression == Expression.from_tree(expression.tree)


def test_trees_have_the_documented_shapes():
    """The tree is plain JSON in the shapes the docstring names."""
    tree = Expression.parse("a.b == 1u && has(c.d) && [1.5, b'x'].exists(x, x in {'k': null}) && n.startsWith('p')").tree
    expected = {
        "call": "_&&_",
        "args": [
            {"call": "_==_", "args": [{"select": "b", "of": {"name": "a"}}, {"const": 1, "type": "uint"}]},
            {"has": "d", "of": {"name": "c"}},
            {
                "macro": "exists",
                "target": {"list": [{"const": 1.5, "type": "double"}, {"const": "eA==", "type": "bytes"}]},
                "var": "x",
                "args": [{"call": "_in_", "args": [{"name": "x"}, {"map": [[{"const": "k"}, {"const": None}]]}]}],
            },
            {"call": "startsWith", "target": {"name": "n"}, "args": [{"const": "p"}]},
        ],
    }

    assert expected == tree
    assert Expression.from_tree(json.loads(json.dumps(tree))).tree == tree


def test_a_tree_in_other_order_is_made_canonical():
    """Trees that low-code tools build with nested && are the same expression."""
    nested = {
        "call": "_&&_",
        "args": [{"name": "a"}, {"call": "_&&_", "args": [{"name": "b"}, {"call": "-_", "args": [{"const": 1}]}]}],
    }

    assert Expression.from_tree(nested).text == "a && b && -1"


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        "a",
        {},
        {"x": 1},
        {"const": 1, "name": "a"},
        {"const": [1]},
        {"const": 2**63},
        {"const": 1.5},
        {"const": -1, "type": "uint"},
        {"const": "a", "type": "double"},
        {"const": float("nan"), "type": "double"},
        {"const": float("inf"), "type": "double"},
        {"const": 10**400, "type": "double"},
        {"const": 10**5000, "type": "double"},
        {"const": 10**5000},
        {"const": 10**5000, "type": "uint"},
        {10**5000: 1, "const": 1},
        {"const": "!", "type": "bytes"},
        {"const": 1, "type": ["int"]},
        {"const": "\ud800"},
        {"name": "in"},
        {"name": "if"},
        {"name": "a b"},
        {"name": 5},
        {"name": ""},
        {"select": "a"},
        {"select": "a`b", "of": {"name": "x"}},
        {"select": "", "of": {"name": "x"}},
        {"select": "a", "of": {"name": "x"}, "more": 1},
        {"call": "_==_", "args": [{"name": "a"}]},
        {"call": "_&&_", "args": [{"name": "a"}]},
        {"call": "_==_", "args": {"a": 1}},
        {"call": "@in", "args": []},
        {"call": "has", "args": [{"name": "a"}]},
        {"call": "all", "target": {"name": "a"}, "args": []},
        {"call": "__import__('os')", "args": []},
        {"call": "nope", "args": []},
        {"call": ["_==_"], "args": []},
        {"macro": "all", "target": {"name": "a"}, "var": "in", "args": [{"const": True}]},
        {"macro": "all", "target": {"name": "a"}, "var": "x", "args": []},
        {"macro": "any", "target": {"name": "a"}, "var": "x", "args": [{"const": True}]},
        {"macro": [], "target": {"name": "a"}, "var": "x", "args": [{"const": True}]},
        {"map": [[{"const": 1}]]},
        {"map": {"a": 1}},
        {"map": [5]},
        {"list": {"a": 1}},
        {"list": [{"const": 1}] * 5000},
    ],
    ids=lambda tree: type(tree).__name__,
)
def test_a_tree_of_another_shape_is_refused(tree):
    """Hand-made trees are untrusted data; anything unexpected is an expression error."""
    with pytest.raises(ExpressionError):
        Expression.from_tree(tree)


def test_a_deep_tree_is_refused():
    """Depth is an error of the expression, never of the stack."""
    tree: dict[str, object] = {"name": "a"}
    for _ in range(100_000):
        tree = {"call": "!_", "args": [tree]}
    with pytest.raises(ExpressionError):
        Expression.from_tree(tree)
    while isinstance(tree.get("args"), list):
        tree = tree["args"].pop()  # type: ignore[attr-defined] # taken apart by hand, so that freeing it needs no stack either


def test_an_expression_at_the_height_limit_works_everywhere():
    """What the limit lets through can be checked, written, rebuilt and run."""
    text = " + ".join(["n"] * (MAX_HEIGHT - 1))
    for wrapped in (text, f"[1].map(x, {' + '.join(['n'] * (MAX_HEIGHT - 3))})[0] > 0"):
        expression = Expression.parse(wrapped, {"n": "int"})
        again = Expression.from_tree(expression.tree, {"n": "int"})

        assert expression == again
        assert again.evaluate({"n": 1}) in (MAX_HEIGHT - 1, True)
        assert again.trace({"n": 1}).error is None


def test_expressions_are_equal_by_tree():
    """Spelling does not matter, kinds of constants do."""
    assert Expression.parse("a=='x'") == Expression.parse('( a == "x" )')
    assert hash(Expression.parse("a=='x'")) == hash(Expression.parse('( a == "x" )'))
    assert Expression.parse("1") != Expression.parse("1.0")
    assert Expression.parse("1") != Expression.parse("true")
    assert Expression.parse("0.0") != Expression.parse("-0.0")
    assert Expression.parse("a") != "a"


def _twice(value: int) -> int:
    return value * 2


def test_expressions_survive_pickle_and_copy():
    """An expression is compiled again on load, with its fields and functions."""
    fields = {"a": "int", "b": {"c": FieldType("string", ("x",))}, "unused": lambda: 1}
    functions = {"twice": Function("twice", ("int",), "int", _twice), "other": Function("other", (), "int", lambda: 1)}
    expression = Expression.parse("twice(a) > 2 && b.c == 'x'", fields, functions=functions)
    assert expression.test({"a": 2, "b": {"c": "x"}}) is True

    for again in (pickle.loads(pickle.dumps(expression)), copy.deepcopy(expression), copy.copy(expression)):
        assert again == expression
        assert again.source == expression.source
        assert again.test({"a": 2, "b": {"c": "x"}}) is True


def test_errors_survive_pickle():
    """An expression error comes back with its text, place and facts."""
    with pytest.raises(ExpressionError) as caught:
        Expression.parse("a +")
    again = pickle.loads(pickle.dumps(caught.value))

    assert (again.text, again.position, again.code) == ("a +", 3, "expression.ends")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("tier == 'gold'", {"tier"}),
        ("payload.signature != ''", {"payload.signature"}),
        ("clock.repair.breached && at > opened_at", {"clock.repair.breached", "at", "opened_at"}),
        ("a['b'].c", {"a.b.c"}),
        ("a[0].c", {"a"}),
        ("a[i].c", {"a", "i"}),
        ("a['b c']", {"a"}),
        ("has(a.b)", {"a.b"}),
        ("a.b.size() > c.d.startsWith(e)", {"a.b", "c.d", "e"}),
        ("l.exists(x, x.y == z)", {"l", "z"}),
        ("l.exists(x, x == 1) && x", {"l", "x"}),
        ("l.map(x, x.filter(y, y > x + w))", {"l", "w"}),
        ("l.map(x, .x)", {"l", "x"}),
        ("type(a) == int", {"a"}),
        ("type(a) == google.protobuf.Timestamp", {"a"}),
        ("1 + 2", set()),
    ],
)
def test_reads_are_the_longest_constant_paths(text, reads):
    """Whoever must know when to look again learns every name and no variable."""
    expression = Expression.parse(text)

    assert reads == expression.reads
    assert {read.split(".")[0] for read in reads} == expression.roots


def test_a_field_named_like_a_type_is_read_when_declared():
    """Declared fields come before type names."""
    assert Expression.parse("type == 'refund'", {"type": "string"}).reads == {"type"}
    assert Expression.parse("google.protobuf.Timestamp == 1", {"google": "any"}).reads == {"google.protobuf.Timestamp"}


def test_the_schema_is_plain_data_that_names_every_shape():
    """The JSON Schema is JSON-ready, fresh on each call and refers to itself for nesting."""
    schema = tree_schema()

    assert schema == json.loads(json.dumps(schema))
    assert schema is not tree_schema()
    words = {shape["required"][0] for shape in schema["$defs"]["tree"]["oneOf"]}
    assert words == {"const", "name", "select", "has", "call", "macro", "list", "map"}


def test_expressions_cannot_be_changed():
    """An expression is a value."""
    with pytest.raises(AttributeError):
        Expression.parse("a").source = "b"  # type: ignore[misc] # the point of the test
