"""Knows how an expression is written as JSON-ready data; must not know types or evaluation."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions import _build as build
from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._nodes import (
    AND,
    ARITY,
    KEYWORDS,
    MACROS,
    OPERATORS,
    OR,
    RESERVED,
    Const,
    ListOf,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
)
from servflow.expressions._values import Uint, short
from servflow.expressions._writing import identifier

_FIELD = re.compile(r"[A-Za-z0-9_.\-/ ]+")
_SHAPES: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = (
    # the word that tells the shape, what must be there with it, what may be
    ("const", frozenset(), frozenset({"type"})),
    ("name", frozenset(), frozenset()),
    ("select", frozenset({"of"}), frozenset()),
    ("has", frozenset({"of"}), frozenset()),
    ("call", frozenset({"args"}), frozenset({"target"})),
    ("macro", frozenset({"target", "var", "args"}), frozenset()),
    ("list", frozenset(), frozenset()),
    ("map", frozenset(), frozenset()),
)


def to_tree(node: Node) -> dict[str, Any]:
    """The node as fresh JSON-ready data."""
    if isinstance(node, Const):
        return _const_tree(node.value)
    if isinstance(node, Name):
        return {"name": f".{node.name}" if node.absolute else node.name}
    if isinstance(node, Select):
        return {"has" if node.test else "select": node.field, "of": to_tree(node.operand)}
    if isinstance(node, ListOf):
        return {"list": [to_tree(item) for item in node.items]}
    if isinstance(node, MapOf):
        return {"map": [[to_tree(key), to_tree(value)] for key, value in node.entries]}
    if isinstance(node, Macro):
        args = [to_tree(arg) for arg in node.args]
        return {"macro": node.macro, "target": to_tree(node.target), "var": node.variable, "args": args}
    args = [to_tree(arg) for arg in node.args]
    if node.method:
        return {"call": node.function, "target": args[0], "args": args[1:]}
    return {"call": node.function, "args": args}


def _const_tree(value: Any) -> dict[str, Any]:
    if isinstance(value, Uint):
        return {"const": int(value), "type": "uint"}
    if isinstance(value, float):
        return {"const": value, "type": "double"}
    if isinstance(value, bytes):
        return {"const": base64.b64encode(value).decode("ascii"), "type": "bytes"}
    return {"const": value}


def from_tree(tree: Any) -> Node:
    """
    The node a tree stands for, in canonical form and without positions.

    Raises:
        ExpressionError: the tree has another shape than ``tree_schema`` tells, or is beyond a limit.
    """
    return _node(tree, "tree", 1)


def _bad(path: str, reason: str) -> ExpressionError:
    return fault("tree", path=path, reason=reason, position=0)


def _node(tree: Any, path: str, height: int) -> Node:
    if not isinstance(tree, dict):
        raise _bad(path, f"must be an object, not {type(tree).__name__}")
    if height > limits.MAX_HEIGHT:
        raise fault("too_tall", limit=limits.MAX_HEIGHT, position=0)
    for word, needed, allowed in _SHAPES:
        if word in tree:
            extra = [short(key) for key in tree if key != word and key not in needed and key not in allowed]
            if extra:
                raise _bad(path, f"has the unknown key {extra[0]!r} beside {word!r}")
            missing = sorted(needed - set(tree))
            if missing:
                raise _bad(path, f"needs {missing[0]!r} beside {word!r}")
            return _READERS[word](tree, path, height + 1)
    raise _bad(path, f"needs one of {', '.join(word for word, _, _ in _SHAPES)}")


def _nodes(value: Any, path: str, height: int) -> tuple[Node, ...]:
    if not isinstance(value, (list, tuple)):
        raise _bad(path, "must be a list")
    if len(value) > limits.MAX_ITEMS:
        raise fault("too_many", what=f"items of {path}", limit=limits.MAX_ITEMS, position=0)
    return tuple(_node(item, f"{path}[{at}]", height) for at, item in enumerate(value))


def _const(tree: dict[str, Any], path: str, height: int) -> Node:
    value, wanted = tree["const"], tree.get("type")
    if wanted is None:
        if type(value) is int:
            return build.integer(value, 0)
        if value is None or type(value) in (bool, str):
            return Const(value)
        raise _bad(path, f"a constant without a type is null, bool, int or string, not {type(value).__name__}")
    if wanted == "uint" and type(value) is int:
        return build.integer(value, 0, unsigned=True)
    if wanted == "double" and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return Const(float(value))
    if wanted == "bytes" and type(value) is str:
        try:
            return Const(base64.b64decode(value, validate=True))
        except (ValueError, binascii.Error):
            raise _bad(path, "bytes are written in base64") from None
    raise _bad(path, f"{short(value)} is no constant of type {short(wanted)}")


def _word(value: Any, path: str, *, field: bool = False) -> str:
    if not isinstance(value, str):
        raise _bad(path, f"must be a string, not {type(value).__name__}")
    if field:
        if not _FIELD.fullmatch(value):
            raise _bad(path, f"{short(value)!r} is no field")
    elif not identifier(value) or value in RESERVED or value in KEYWORDS:
        raise _bad(path, f"{short(value)!r} is no name")
    return value


def _name(tree: dict[str, Any], path: str, height: int) -> Node:
    value = tree["name"]
    absolute = isinstance(value, str) and value.startswith(".")
    return Name(_word(value[1:] if absolute else value, path), absolute)


def _select(tree: dict[str, Any], path: str, height: int) -> Node:
    word = "has" if "has" in tree else "select"
    field = _word(tree[word], f"{path}.{word}", field=True)
    return build.select(_node(tree["of"], f"{path}.of", height), field, 0, test=word == "has")


def _list(tree: dict[str, Any], path: str, height: int) -> Node:
    return build.list_of(_nodes(tree["list"], f"{path}.list", height), 0)


def _map(tree: dict[str, Any], path: str, height: int) -> Node:
    pairs = tree["map"]
    if not isinstance(pairs, (list, tuple)):
        raise _bad(f"{path}.map", "must be a list of pairs")
    entries = []
    for at, pair in enumerate(pairs[: limits.MAX_ITEMS + 1]):
        both = _nodes(pair, f"{path}.map[{at}]", height)
        if len(both) != 2:
            raise _bad(f"{path}.map[{at}]", "must be a pair of key and value")
        entries.append((both[0], both[1]))
    return build.map_of(tuple(entries), 0)


def _macro(tree: dict[str, Any], path: str, height: int) -> Node:
    name = tree["macro"]
    counts = MACROS.get(name) if isinstance(name, str) else None
    if counts is None:
        raise _bad(f"{path}.macro", f"{short(name)!r} is none of {', '.join(MACROS)}")
    target = _node(tree["target"], f"{path}.target", height)
    variable = _word(tree["var"], f"{path}.var")
    args = _nodes(tree["args"], f"{path}.args", height)
    if len(args) not in counts:
        raise _bad(f"{path}.args", f"{name} takes {' or '.join(map(str, counts))}, not {len(args)}")
    return build.macro(name, target, variable, args, position=0)


def _call(tree: dict[str, Any], path: str, height: int) -> Node:
    name = tree["call"]
    args = _nodes(tree["args"], f"{path}.args", height)
    if name in (AND, OR):
        if len(args) < 2 or "target" in tree:
            raise _bad(path, f"{name} takes two operands or more and no target")
        return build.call(name, args, 0)
    if isinstance(name, str) and name in OPERATORS:
        if len(args) != ARITY[name] or "target" in tree:
            raise _bad(path, f"{name} takes {ARITY[name]} operands and no target")
        return build.call(name, args, 0)
    name = _word(name, f"{path}.call")
    if "target" in tree:
        target = _node(tree["target"], f"{path}.target", height)
        if name in MACROS:
            raise _bad(path, f"{name} is written as a macro")
        return build.call(name, (target, *args), 0, method=True)
    if name == "has":
        raise _bad(path, "has is written as {'has': field, 'of': tree}")
    return build.call(name, args, 0)


_READERS = {
    "const": _const,
    "name": _name,
    "select": _select,
    "has": _select,
    "call": _call,
    "macro": _macro,
    "list": _list,
    "map": _map,
}


def tree_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an expression's tree, as fresh data."""
    ref = {"$ref": "#/$defs/tree"}
    many = {"type": "array", "items": ref, "maxItems": limits.MAX_ITEMS}
    word = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
    field = {"type": "string", "pattern": r"^[A-Za-z0-9_.\-/ ]+$"}

    def shape(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
        return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}

    whole = {"type": "integer", "minimum": limits.INT_MIN, "maximum": limits.INT_MAX}
    plain = {"anyOf": [{"type": ["null", "boolean", "string"]}, whole]}
    unsigned = {"type": "integer", "minimum": 0, "maximum": limits.UINT_MAX}
    operator = {"enum": sorted(OPERATORS)}
    pair = {"type": "array", "prefixItems": [ref, ref], "minItems": 2, "maxItems": 2}
    tree = {
        "oneOf": [
            shape(("const",), const=plain),
            shape(("const", "type"), const=unsigned, type={"const": "uint"}),
            shape(("const", "type"), const={"type": "number"}, type={"const": "double"}),
            shape(("const", "type"), const={"type": "string", "contentEncoding": "base64"}, type={"const": "bytes"}),
            shape(("name",), name={"type": "string", "pattern": r"^\.?[A-Za-z_][A-Za-z0-9_]*$"}),
            shape(("select", "of"), select=field, of=ref),
            shape(("has", "of"), has=field, of=ref),
            shape(("call", "args"), call={"anyOf": [operator, word]}, args=many),
            shape(("call", "target", "args"), call=word, target=ref, args=many),
            shape(("macro", "target", "var", "args"), macro={"enum": list(MACROS)}, target=ref, var=word, args=many),
            shape(("list",), list=many),
            shape(("map",), map={"type": "array", "items": pair, "maxItems": limits.MAX_ITEMS}),
        ]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:servflow:schema:expression:1",
        "title": "servflow expression tree",
        "$ref": "#/$defs/tree",
        "$defs": {"tree": tree},
    }
