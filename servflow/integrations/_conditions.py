"""Knows the part of ECMAScript that conditions of charts use and what it is as an expression; must not know any chart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import ExpressionError
from servflow.expressions import Expression

MAX_LENGTH = 2_000
MAX_DEPTH = 40

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<name>[A-Za-z_$][\w$]*(?:\s*\.\s*[A-Za-z_$][\w$]*)*)
      | (?P<sign>===|!==|==|!=|<=|>=|&&|\|\||[<>!()-])
    )""",
    re.VERBOSE | re.ASCII,
)
_EQUAL = {"===": "_==_", "==": "_==_", "!==": "_!=_", "!=": "_!=_"}
_ORDER = {"<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_"}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}
_PAYLOAD = "_event.data."
_OPEN = "?"

Tree = dict[str, Any]


class NotReadable(ValueError):
    """A condition uses what the small subset does not have; the text says what and where."""


@define
class Reader:
    """
    Reads conditions one after the other and gathers what they say about the names in them.

    ``kinds`` holds for each name what it is compared with, or ``bool`` where it stands as a condition of its own.
    ``state`` gives the state that an id in ``In()`` means.
    """

    state: Callable[[str], str] = str
    kinds: dict[str, set[str]] = field(factory=dict)
    _tokens: list[tuple[str, str, int]] = field(factory=list, init=False)
    _place: int = field(default=0, init=False)
    _depth: int = field(default=0, init=False)

    def condition(self, text: str) -> str:
        """
        The expression that a condition is.

        Raises:
            NotReadable: it is outside the subset.
        """
        tree = self._whole(text)
        self._truth(tree)
        return self._written(tree)

    def value(self, text: str) -> str:
        """
        The expression that a value is: a literal, a name, or a condition.

        Raises:
            NotReadable: it is outside the subset.
        """
        return self._written(self._whole(text))

    def kind_of(self, text: str) -> str | None:
        """The field type of a literal; None for what is none."""
        try:
            tree = self._whole(text)
        except NotReadable:
            return None
        return _kind(tree)

    def fields(self) -> dict[str, dict[str, Any]]:
        """A field for every name, of the type that all uses agree on."""
        found = {}
        for name, kinds in self.kinds.items():
            # What is only compared with other names may be anything, unless something else tells.
            told = kinds - {_OPEN} or {"any"}
            kind = next(iter(told)) if len(told) == 1 else "double" if told == {"int", "double"} else "any"
            found[name] = {"type": kind, "default": False} if kind == "bool" else {"type": kind, "optional": True}
        return found

    def note(self, name: str, kind: str) -> None:
        """Take down that a name was used as something of a type."""
        self.kinds.setdefault(name, set()).add(kind)

    # reading ----------------------------------------------------------------------------------------------------

    def _whole(self, text: str) -> Tree:
        if len(text) > MAX_LENGTH:
            raise NotReadable(f"it is longer than {MAX_LENGTH:,} characters")
        self._tokens, self._place, self._depth = _tokens(text), 0, 0
        tree = self._either()
        if self._place < len(self._tokens):
            raise NotReadable(self._unexpected())
        return tree

    @staticmethod
    def _written(tree: Tree) -> str:
        try:
            return Expression.from_tree(tree).text
        except ExpressionError as error:
            raise NotReadable(str(error)) from None

    def _next(self, *signs: str) -> str | None:
        if self._place < len(self._tokens):
            kind, text, _ = self._tokens[self._place]
            if kind == "sign" and text in signs:
                self._place += 1
                return text
        return None

    def _unexpected(self) -> str:
        if self._place >= len(self._tokens):
            return "it ends too early"
        _, text, position = self._tokens[self._place]
        return f"{text!r} is not expected at position {position}"

    def _either(self) -> Tree:
        return self._joined("||", "_||_", self._both)

    def _both(self) -> Tree:
        return self._joined("&&", "_&&_", self._same)

    def _joined(self, sign: str, call: str, part: Callable[[], Tree]) -> Tree:
        first = part()
        parts = [first]
        while self._next(sign):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        for operand in parts:
            self._truth(operand)
        return {"call": call, "args": parts}

    def _same(self) -> Tree:
        left = self._ordered()
        sign = self._next(*_EQUAL)
        return left if sign is None else self._compared(_EQUAL[sign], left, self._ordered())

    def _ordered(self) -> Tree:
        left = self._unary()
        sign = self._next(*_ORDER)
        return left if sign is None else self._compared(_ORDER[sign], left, self._unary())

    def _compared(self, call: str, left: Tree, right: Tree) -> Tree:
        for name, other in ((left, right), (right, left)):
            if "name" in name:
                kind = _kind(other)
                if kind is not None:
                    self.note(name["name"], kind)
                elif other.get("const", 0) is not None:
                    self.note(name["name"], _OPEN)
        return {"call": call, "args": [left, right]}

    def _unary(self) -> Tree:
        if self._next("!"):
            return {"call": "!_", "args": [self._truth(self._deeper(self._unary))]}
        if self._next("-"):
            number = self._primary()
            if isinstance(number.get("const"), (int, float)) and not isinstance(number["const"], bool):
                return {**number, "const": -number["const"]}
            raise NotReadable("a minus sign stands before something that is no number")
        return self._primary()

    def _deeper(self, part: Callable[[], Tree]) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotReadable(f"it is nested more than {MAX_DEPTH} deep")
        found = part()
        self._depth -= 1
        return found

    def _primary(self) -> Tree:
        if self._next("("):
            inner = self._deeper(self._either)
            if not self._next(")"):
                raise NotReadable(self._unexpected())
            return inner
        if self._place >= len(self._tokens) or self._tokens[self._place][0] == "sign":
            raise NotReadable(self._unexpected())
        kind, text, _ = self._tokens[self._place]
        self._place += 1
        if kind == "number":
            return {"const": int(text)} if text.isdigit() else {"const": float(text), "type": "double"}
        if kind == "string":
            return {"const": _unquoted(text)}
        if text in _WORDS:
            return {"const": _WORDS[text]}
        return self._named(text)

    def _named(self, text: str) -> Tree:
        if self._next("("):
            if text != "In":
                raise NotReadable(f"it calls {text}(), and only In() can be called")
            if self._place >= len(self._tokens) or self._tokens[self._place][0] != "string":
                raise NotReadable("In() takes the id of a state as a literal text")
            state = _unquoted(self._tokens[self._place][1])
            self._place += 1
            if not self._next(")"):
                raise NotReadable(self._unexpected())
            return {"call": "in_state", "args": [{"const": self.state(state)}]}
        text = "".join(text.split())
        if text.startswith(_PAYLOAD):
            text = f"payload.{text.removeprefix(_PAYLOAD)}"
        elif text.startswith("_"):
            raise NotReadable(f"it reads {text.partition('.')[0]}, of which only _event.data.<name> is known here")
        first, *rest = text.split(".")
        tree: Tree = {"name": first}
        if rest and first != "payload":
            self.note(first, "map")
        for key in rest:
            tree = {"select": key, "of": tree}
        return tree

    def _truth(self, tree: Tree) -> Tree:
        if "name" in tree:
            self.note(tree["name"], "bool")
        return tree


def _kind(tree: Tree) -> str | None:
    if "const" not in tree or tree["const"] is None:
        return None
    value = tree["const"]
    return {bool: "bool", int: "int", float: "double", str: "string"}.get(type(value))


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            raise NotReadable(f"position {start} holds {text[start : start + 20]!r}, which is not known here")
        kind = str(match.lastgroup)
        found.append((kind, match[kind], match.start(kind)))
        place = match.end()
    return found


def _unquoted(text: str) -> str:
    body = text[1:-1]
    if "\\" not in body:
        return body
    if text[0] == "'":
        body = body.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{body}"'))
    except ValueError:
        raise NotReadable(f"the text {text[:40]} has an escape that is not known here") from None


# writing --------------------------------------------------------------------------------------------------------

_BINARY = {"_==_": "===", "_!=_": "!==", "_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">=", "_&&_": "&&", "_||_": "||"}


# How close a call binds; brackets stand around what binds no closer than what it stands in.
_RANKS = {"_||_": 1, "_&&_": 2, "_==_": 3, "_!=_": 3, "_<_": 4, "_<=_": 4, "_>_": 4, "_>=_": 4, "!_": 5}


def ecmascript(expression: Expression, written: Callable[[str], str] = str, meant: Callable[[str], str] = str) -> str | None:
    """
    The condition in ECMAScript that reads back as this expression; None where there is none.

    Args:
        written: how the id of a state is written.
        meant: the state that a written id means.
    """
    text = _script(expression.tree, written)
    if text is None:
        return None
    try:
        back = Reader(meant).condition(text)
        return text if Expression.parse(back) == expression else None
    except (NotReadable, ExpressionError):
        return None


def _script(tree: Any, written: Callable[[str], str]) -> str | None:
    if "const" in tree:
        return None if tree.get("type") not in (None, "double") else json.dumps(tree["const"], ensure_ascii=False)
    if "name" in tree:
        return str(tree["name"])
    if "select" in tree:
        of = _script(tree["of"], written) if set(tree) == {"select", "of"} else None
        if of is None:
            return None
        return f"_event.data.{tree['select']}" if of == "payload" else f"{of}.{tree['select']}"
    call, inner = tree.get("call", ""), tree.get("args", ())
    if call == "in_state" and len(inner) == 1 and isinstance(inner[0].get("const"), str):
        return f"In({json.dumps(written(inner[0]['const']), ensure_ascii=False)})"
    parts = [_script(part, written) for part in inner]
    if "target" in tree or not parts or None in parts:
        return None
    bound = [
        f"({text})" if _RANKS.get(part.get("call", ""), 9) <= _RANKS.get(call, 0) else text
        for text, part in zip(parts, inner, strict=True)
    ]
    if call == "!_":
        return f"!{bound[0]}"
    sign = _BINARY.get(call)
    return None if sign is None else f" {sign} ".join(str(part) for part in bound)
