"""Knows the grammar of the language; must not know types, values or how anything is run."""

from __future__ import annotations

import math

from servflow.errors import ExpressionError
from servflow.expressions import _build as build
from servflow.expressions import _limits as limits
from servflow.expressions._faults import fault
from servflow.expressions._lexer import TURNING, Token, tokens
from servflow.expressions._nodes import (
    CONDITIONAL,
    IN,
    INDEX,
    MACROS,
    NEGATE,
    NOT,
    PRECEDENCE,
    RESERVED,
    Const,
    Name,
    Node,
    Select,
)

_BINARY = {name.strip("_"): (name, power) for name, power in PRECEDENCE.items() if name != IN}


def parse(text: str) -> Node:
    """
    The expression a text stands for, every node with its position in the text.

    Raises:
        ExpressionError: the text is not an expression or is beyond a limit.
    """
    if not isinstance(text, str):
        raise fault("not_text", kind=type(text).__name__, position=0)
    if len(text) > limits.MAX_LENGTH:
        raise fault("too_long", length=len(text), limit=limits.MAX_LENGTH, position=limits.MAX_LENGTH)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise fault("surrogate", position=error.start) from None
        turning = TURNING.search(text)
        if turning is not None:
            code = f"{ord(turning[0]):04X}"
            raise fault("hidden", found=f"U+{code}", escape=f"\\u{code}", position=turning.start())
    parser = _Parser(tokens(text))
    node = parser.expression()
    if parser.token.kind != "end":
        raise parser.unexpected("an operator or the end")
    return node


class _Parser:
    """One pass over the words; only brackets, arguments and the macros' bodies make it go deeper."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0
        self.token = words[0]
        self.nesting = 0

    def step(self) -> Token:
        passed = self.token
        self.at += 1
        self.token = self.words[self.at]
        return passed

    def unexpected(self, wanted: str) -> ExpressionError:
        token = self.token
        if token.kind == "end":
            return fault("ends", wanted=wanted, position=token.position)
        shown = token.kind if token.value is None else str(token.value)[:40]
        return fault("syntax", found=shown, wanted=wanted, position=token.position)

    def expect(self, kind: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected(repr(kind))
        return self.step()

    def expression(self) -> Node:
        """``a ? b : c``; the chain of else parts is a loop, so it costs no stack."""
        self.nesting += 1
        if self.nesting > limits.MAX_NESTING:
            raise fault("too_nested", limit=limits.MAX_NESTING, position=self.token.position)
        arms: list[tuple[Node, Node, int]] = []
        node = self.operators()
        while self.token.kind == "?":
            position = self.step().position
            then = self.operators()
            self.expect(":")
            arms.append((node, then, position))
            node = self.operators()
        for condition, then, position in reversed(arms):
            node = build.call(CONDITIONAL, (condition, then, node), position)
        self.nesting -= 1
        return node

    def operators(self) -> Node:
        """All binary operators by precedence climbing, with an explicit stack."""
        operands = [self.unary()]
        waiting: list[tuple[str, int, int]] = []
        while True:
            token = self.token
            if token.kind == "keyword" and token.value == "in":
                entry: tuple[str, int] | None = (IN, PRECEDENCE[IN])
            else:
                entry = _BINARY.get(token.kind)
            power = 0 if entry is None else entry[1]
            function = "" if entry is None else entry[0]
            while waiting and waiting[-1][1] >= power and not (waiting[-1][0] == function and power <= 2):
                self._reduce(operands, waiting)
            if entry is None:
                return operands[0]
            waiting.append((function, power, token.position))
            self.step()
            operands.append(self.unary())

    @staticmethod
    def _reduce(operands: list[Node], waiting: list[tuple[str, int, int]]) -> None:
        function, power, position = waiting.pop()
        count = 2
        # A run of && or || is one call, so a long one is built once and not once per operand.
        while power <= 2 and waiting and waiting[-1][0] == function:
            position = waiting.pop()[2]
            count += 1
        args = tuple(operands[-count:])
        del operands[-count:]
        operands.append(build.call(function, args, position))

    def unary(self) -> Node:
        """``!``, ``!!`` ..., ``-``, ``--`` ...; the grammar does not mix the two."""
        kind = self.token.kind
        if kind not in ("!", "-"):
            return self.member(negated=False)
        positions = []
        while self.token.kind == kind:
            positions.append(self.step().position)
        node = self.member(negated=kind == "-")
        for position in reversed(positions):
            node = build.call(NOT if kind == "!" else NEGATE, (node,), position)
        if kind == "-" and isinstance(node, Const) and type(node.value) is int:
            return build.integer(node.value, node.position)
        return node

    def member(self, *, negated: bool) -> Node:
        """A primary with everything selected from, indexed in or called on it."""
        start = self.token
        node = self.primary()
        if isinstance(node, Const) and type(node.value) is int and node.value > limits.INT_MAX:
            # 2^63 is a literal only under a minus that stands right before it.
            if not negated or node.value > limits.INT_MAX + 1 or self.token.kind in (".", "["):
                raise fault("literal_range", literal=str(node.value), kind="int", position=start.position)
            return node
        while True:
            token = self.token
            if token.kind == ".":
                self.step()
                node = self.selected(node)
            elif token.kind == "[":
                self.step()
                index = self.expression()
                self.expect("]")
                node = build.call(INDEX, (node, index), token.position)
            elif token.kind == "{" and isinstance(node, (Name, Select)):
                raise fault("messages", position=token.position)
            else:
                return node

    def selected(self, operand: Node) -> Node:
        token = self.token
        if token.kind not in ("name", "quoted"):
            raise self.unexpected("a field or method name")
        self.step()
        if token.kind == "quoted" or self.token.kind != "(":
            return build.select(operand, token.value, token.position)
        if token.value in RESERVED:
            raise fault("reserved", name=token.value, position=token.position)
        self.step()
        args = self.until(")")
        if token.value in MACROS:
            return self.macro(token, operand, args)
        return build.call(token.value, (operand, *args), token.position, method=True)

    @staticmethod
    def macro(token: Token, operand: Node, args: tuple[Node, ...]) -> Node:
        counts = MACROS[token.value]
        if len(args) - 1 not in counts:
            raise fault(
                "macro_arity", macro=token.value, wanted=" or ".join(str(n + 1) for n in counts), position=token.position
            )
        variable = args[0]
        if not isinstance(variable, Name) or variable.absolute:
            raise fault("macro_variable", macro=token.value, position=variable.position)
        return build.macro(token.value, operand, variable.name, args[1:], position=token.position)

    def primary(self) -> Node:
        token = self.token
        kind = token.kind
        if kind == "name":
            return self.named(absolute=False)
        if kind in ("string", "bytes"):
            self.step()
            return Const(token.value, token.position)
        if kind == "int":
            self.step()
            # The range is checked by member, which knows of a minus before it.
            return Const(token.value, token.position)
        if kind == "uint":
            self.step()
            return build.integer(token.value, token.position, unsigned=True)
        if kind == "double":
            self.step()
            value = float(token.value)
            if math.isinf(value):
                raise fault("literal_range", literal=token.value[:30], kind="double", position=token.position)
            return Const(value, token.position)
        if kind == "keyword" and token.value != "in":
            self.step()
            return Const({"true": True, "false": False, "null": None}[token.value], token.position)
        return self.bracketed()

    def bracketed(self) -> Node:
        token = self.token
        if token.kind == "(":
            self.step()
            node = self.expression()
            self.expect(")")
            return node
        if token.kind == "[":
            self.step()
            return build.list_of(self.until("]", trailing=True), token.position)
        if token.kind == "{":
            self.step()
            return self.entries(token.position)
        if token.kind == ".":
            self.step()
            if self.token.kind != "name":
                raise self.unexpected("a name")
            return self.named(absolute=True)
        raise self.unexpected("a value")

    def named(self, *, absolute: bool) -> Node:
        token = self.step()
        if token.value in RESERVED:
            raise fault("reserved", name=token.value, position=token.position)
        if self.token.kind != "(":
            return Name(token.value, absolute, token.position)
        self.step()
        args = self.until(")")
        if token.value != "has":
            return build.call(token.value, args, token.position)
        if len(args) != 1 or not isinstance(args[0], Select) or args[0].test:
            raise fault("has", position=token.position)
        return build.select(args[0].operand, args[0].field, args[0].position, test=True)

    def until(self, close: str, *, trailing: bool = False) -> tuple[Node, ...]:
        items: list[Node] = []
        while self.token.kind != close:
            items.append(self.expression())
            if self.token.kind != ",":
                break
            comma = self.step()
            if self.token.kind == close and not trailing:
                raise fault("syntax", found=close, wanted="a value after the comma", position=comma.position)
        self.expect(close)
        return tuple(items)

    def entries(self, position: int) -> Node:
        found: list[tuple[Node, Node]] = []
        while self.token.kind != "}":
            key = self.expression()
            self.expect(":")
            found.append((key, self.expression()))
            if self.token.kind != ",":
                break
            self.step()
        self.expect("}")
        return build.map_of(tuple(found), position)
