"""Knows how a tree is written as canonical text; must not know types or values at evaluation."""

from __future__ import annotations

import math
import re
from typing import Any

from servflow.expressions._nodes import (
    CONDITIONAL,
    IN,
    INDEX,
    KEYWORDS,
    NEGATE,
    NOT,
    PRECEDENCE,
    Call,
    Const,
    ListOf,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
)
from servflow.expressions._values import Uint

_TERNARY = 0
_UNARY = 6
_MEMBER = 7
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Characters a reader could not see, those that some editors take for the end of a line, and those that turn the direction.
_SPECIAL = re.compile('[\\\\"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]')


def write(node: Node) -> str:
    """The canonical text: one spelling for each tree, with no more brackets than it needs."""
    return _written(node)[0]


def identifier(text: str) -> bool:
    """Whether a text may stand as a name or field without backticks, reserved words aside."""
    return _IDENTIFIER.fullmatch(text) is not None


def quoted(text: str) -> str:
    """A string literal in double quotes."""
    return '"' + _SPECIAL.sub(lambda found: _NAMED.get(found[0]) or f"\\u{ord(found[0]):04x}", text) + '"'


def literal(value: Any) -> str:
    """A constant as it is written in an expression."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Uint):
        return f"{int(value)}u"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bytes):
        return 'b"' + "".join(_octet(octet) for octet in value) + '"'
    return repr(value)


def _octet(octet: int) -> str:
    if octet in (0x22, 0x5C):
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}"


def _within(node: Node, least: int) -> str:
    text, level = _written(node)
    return text if level >= least else f"({text})"


def _args(nodes: tuple[Node, ...]) -> str:
    return ", ".join(_written(node)[0] for node in nodes)


def _written(node: Node) -> tuple[str, int]:
    """The text of a node and how tightly its outermost operator binds."""
    if isinstance(node, Const):
        value = node.value
        number = type(value) in (int, float)
        return literal(value), _UNARY if number and math.copysign(1.0, value) < 0 else _MEMBER
    if isinstance(node, Name):
        return f".{node.name}" if node.absolute else node.name, _MEMBER
    if isinstance(node, Select):
        plain = identifier(node.field) and node.field not in KEYWORDS
        text = f"{_target(node.operand)}.{node.field if plain else f'`{node.field}`'}"
        return f"has({text})" if node.test else text, _MEMBER
    if isinstance(node, ListOf):
        return f"[{_args(node.items)}]", _MEMBER
    if isinstance(node, MapOf):
        return "{" + ", ".join(f"{_written(key)[0]}: {_written(value)[0]}" for key, value in node.entries) + "}", _MEMBER
    if isinstance(node, Macro):
        return f"{_target(node.target)}.{node.macro}({node.variable}, {_args(node.args)})", _MEMBER
    return _call(node)


def _target(node: Node) -> str:
    # A number before a dot would run into it.
    if isinstance(node, Const) and not isinstance(node.value, (str, bytes)):
        return f"({literal(node.value)})"
    return _within(node, _MEMBER)


def _call(node: Call) -> tuple[str, int]:
    name = node.function
    power = PRECEDENCE.get(name)
    if power is not None:
        sign = "in" if name == IN else name.strip("_")
        first = _within(node.args[0], power + 1 if power <= 2 else power)
        return f" {sign} ".join([first, *(_within(arg, power + 1) for arg in node.args[1:])]), power
    if name in (NOT, NEGATE):
        sign = name[0]
        text = _within(node.args[0], _UNARY)
        # The grammar repeats one sign but does not mix the two.
        return sign + (f"({text})" if text[0] in "!-" and text[0] != sign else text), _UNARY
    if name == CONDITIONAL:
        condition, then, otherwise = node.args
        return f"{_within(condition, 1)} ? {_within(then, 1)} : {_within(otherwise, _TERNARY)}", _TERNARY
    if name == INDEX:
        return f"{_target(node.args[0])}[{_written(node.args[1])[0]}]", _MEMBER
    if node.method:
        return f"{_target(node.args[0])}.{name}({_args(node.args[1:])})", _MEMBER
    return f"{name}({_args(node.args)})", _MEMBER
