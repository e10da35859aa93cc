"""Knows how a checked tree becomes one Python closure; must not know how it was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from servflow.errors import ExpressionError
from servflow.expressions import _limits as limits
from servflow.expressions._builtins import BUILTINS, COERCED, FOLDED, Function, coerced
from servflow.expressions._calls import builtin, metered, registered, weighed
from servflow.expressions._comparing import comparison
from servflow.expressions._faults import fault, placed
from servflow.expressions._macros import RUNNERS
from servflow.expressions._nodes import (
    AND,
    COMPARISONS,
    CONDITIONAL,
    INDEX,
    NEGATE,
    NOT,
    OPERATORS,
    OR,
    Call,
    Const,
    ListOf,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
    children,
    path_of,
    walk,
)
from servflow.expressions._operators import MISSING, arithmetic, index, negative
from servflow.expressions._quick import conjunction, disjunction, holds
from servflow.expressions._reading import Reading, Run, selector
from servflow.expressions._reads import told
from servflow.expressions._supplied import SUPPLIED
from servflow.expressions._types import Types, kind_at, type_from
from servflow.expressions._values import TYPE_NAMES, admit, checked_key, kind

# Where macro variables start in a frame; before them lie the bindings and the steps that are left.
_FRAME = 2
# Comparisons of names, fields of names and conversions of literals, and nothing taller.
_FLAT = 3


@frozen
class Mode:
    """
    How absent things are read.

    ``absent`` reads a missing name or key as null. ``lenient`` also lets null pass through what
    cannot take it, makes a comparison with it false and reads it as false where a bool is wanted.
    ``demanding`` makes null in such a place an error that names what is null.
    """

    absent: bool
    lenient: bool
    demanding: bool = False


STRICT = Mode(absent=False, lenient=False)
VALUE = Mode(absent=True, lenient=False)
TEST = Mode(absent=True, lenient=True)
DEMAND = Mode(absent=True, lenient=False, demanding=True)


@frozen(eq=False)
class Program:
    """
    What every compilation of one expression shares.

    ``slots`` is how many macro variables it can have at once; ``asked`` is how it reads null as a condition.
    """

    node: Node
    types: Types
    functions: Mapping[str, Function]
    type_names: frozenset[int]
    slots: int
    asked: Mode

    def frame(self, bindings: Any) -> Any:
        """What the closures run in: the bindings themselves, or with macros a frame around them."""
        return [bindings, limits.MAX_STEPS, *([None] * self.slots)] if self.slots else bindings


def program(
    node: Node, types: Types, functions: Mapping[str, Function], type_names: frozenset[int], *, strict: bool
) -> Program:
    """The shared part of an expression's compilations."""
    slots = sum(isinstance(part, Macro) for part in walk(node))
    return Program(node, types, functions, type_names, slots, DEMAND if strict else TEST)


class Compiler:
    """Turns nodes into closures for one mode; knows the slots of the macro variables around the node."""

    def __init__(self, shared: Program, mode: Mode) -> None:
        self.shared = shared
        self.mode = mode
        self.framed = shared.slots > 0
        self.slots: dict[str, int] = {}
        self.around = 0
        self.reading = Reading(framed=self.framed, absent=mode.absent)
        self.handlers: dict[type, Callable[[Any], Run]] = {
            Const: self.const,
            Name: self.name,
            Select: self.select,
            Call: self.call,
            ListOf: self.list_of,
            MapOf: self.map_of,
            Macro: self.macro,
        }

    def compile(self, node: Node) -> Run:
        """The closure of a node."""
        return self.handlers[type(node)](node)

    @staticmethod
    def const(node: Const) -> Run:
        value = node.value
        return lambda env: value

    def declared(self, run: Run, node: Node) -> Run:
        """The value in the form its declared kind has, where Python writes several kinds alike."""
        wanted = kind_at(self.shared.types, node)
        return (lambda env: coerced(wanted, run(env))) if wanted in COERCED else run

    def name(self, node: Name) -> Run:
        slot = None if node.absolute else self.slots.get(node.name)
        if slot is not None:
            return self.declared(lambda env: env[slot], node)
        found = TYPE_NAMES[node.name] if id(node) in self.shared.type_names else None
        return self.declared(self.reading.name(node.name, node.position, found), node)

    def select(self, node: Select) -> Run:
        if node.test:
            return self.has(node)
        chain = path_of(node)
        if chain is None or (chain[0].name in self.slots and not chain[0].absolute):
            return self.declared(selector(self.compile(node.operand), node.field, node.position, absent=self.mode.absent), node)
        root, fields = chain
        found = TYPE_NAMES[".".join((root.name, *fields))] if id(node) in self.shared.type_names else None
        return self.declared(self.reading.path(root, fields, node.position, found), node)

    def has(self, node: Select) -> Run:
        operand = self.compile(node.operand)
        field, position, absent = node.field, node.position, self.mode.absent
        nothing = self.mode.lenient or self.mode.demanding

        def run(env: Any) -> bool:
            holder = operand(env)
            if holder is None and absent:
                return False
            if kind(holder) != "map":
                raise fault("not_a_map", field=field, kind=kind(holder), position=position)
            try:
                found = holder[field]
            except KeyError:
                return False
            return not (nothing and found is None)

        return run

    def list_of(self, node: ListOf) -> Run:
        items = [self.compile(item) for item in node.items]
        return lambda env: [item(env) for item in items]

    def map_of(self, node: MapOf) -> Run:
        entries = [(self.present(key), self.compile(value)) for key, value in node.entries]
        position, lenient = node.position, self.mode.lenient

        def run(env: Any) -> dict[Any, Any] | None:
            made: dict[Any, Any] = {}
            for key, value in entries:
                found = key(env)
                if found is None and lenient:
                    return None
                try:
                    checked = checked_key(found)
                except ExpressionError as error:
                    raise placed(error, position)  # noqa: B904 - the same error, told where
                if checked in made:
                    raise fault("repeated_key", key=str(checked)[:60], position=position)
                made[checked] = value(env)
            return made

        return run

    def macro(self, node: Macro) -> Run:
        target = self.present(node.target)
        slot = _FRAME + self.around
        hidden = self.slots
        self.slots = {**hidden, node.variable: slot}
        self.around += 1
        mapping = node.macro == "map"
        bodies = [self.condition(arg) for arg in (node.args[:-1] if mapping else node.args)]
        if mapping:
            bodies.append(self.compile(node.args[-1]))
        self.slots = hidden
        self.around -= 1
        return RUNNERS[node.macro](target, slot, tuple(bodies), node.position, lenient=self.mode.lenient, cost=_cost(node.args))

    def condition(self, node: Node) -> Run:
        """The closure of a node where a bool is wanted: it gives True or False or raises."""
        if isinstance(node, Call):
            if node.function in (AND, OR):
                return self.junction(node, self.terms(node))
            if node.function in COMPARISONS:
                return comparison(node, self)
            if node.function == NOT:
                return self.opposite(node.args[0])
        run = self.present(node)
        lenient, position = self.mode.lenient, node.position

        def checked(value: Any) -> bool:
            if value is True or value is False:
                return bool(value)
            if value is None and lenient:
                return False
            raise fault("not_bool", kind=kind(admit(value)), position=position)

        def asked(env: Any) -> Any:
            value = run(env)
            return value if value is True or value is False else checked(value)

        if not self.framed and isinstance(node, Name) and id(node) not in self.shared.type_names:
            return holds(node.name, asked)
        return asked

    def terms(self, node: Call) -> tuple[Run, ...]:
        """The operands of ``&&`` or ``||``."""
        return tuple(self.condition(arg) for arg in node.args)

    def junction(self, node: Call, terms: tuple[Run, ...]) -> Run:
        """``&&`` decided by false, ``||`` by true: one decisive operand settles it whatever failed before."""
        careful = self.careful(node, terms)
        # Where terms were made of such themselves, starting again could double the work at each level.
        if self.framed or any(isinstance(arg, Call) and arg.height > _FLAT for arg in node.args):
            return careful
        return (conjunction if node.function == AND else disjunction)(terms, careful)

    def careful(self, node: Call, terms: tuple[Run, ...]) -> Run:
        """The same, term by term, with the failures kept until nothing settles it."""

        def every(env: Any) -> bool:
            failed: ExpressionError | None = None
            for term in terms:
                try:
                    if not term(env):
                        return False
                except ExpressionError as error:
                    failed = failed or error
            if failed is not None:
                raise failed
            return True

        def some(env: Any) -> bool:
            failed: ExpressionError | None = None
            for term in terms:
                try:
                    if term(env):
                        return True
                except ExpressionError as error:
                    failed = failed or error
            if failed is not None:
                raise failed
            return False

        return every if node.function == AND else some

    def folded(self, node: Node) -> Node:
        """The node, or the constant it always comes to: a conversion of a literal is made once."""
        if not isinstance(node, Call) or node.method or node.function not in FOLDED or node.function in self.shared.functions:
            return node
        if len(node.args) != 1 or not isinstance(node.args[0], Const):
            return node
        made = Compiler(self.shared, STRICT).function(node, (self.const(node.args[0]),))
        try:
            return Const(made(self.shared.frame({})), node.position)
        except ExpressionError:
            return node  # it fails where it is reached

    def call(self, node: Call) -> Run:
        name = node.function
        constant = self.folded(node)
        if isinstance(constant, Const):
            return self.const(constant)
        if name in (AND, OR):
            return self.junction(node, self.terms(node))
        if name in COMPARISONS:
            return comparison(node, self)
        if name == CONDITIONAL:
            return self.conditional(node)
        if name == NOT:
            return self.opposite(node.args[0])
        if name == INDEX:
            held, key = node.args
            return self.declared(self.indexed((self.nullable(held), self.operand(key)), node.position), node)
        operands = tuple(
            self.nullable(arg) if self.takes_null(node, at) else self.operand(arg) for at, arg in enumerate(node.args)
        )
        return self.operator(node, operands) if name in OPERATORS else self.function(node, operands)

    def operand(self, node: Node) -> Run:
        """The closure of an operand; in an expression with macros its size is paid for."""
        return self.paid(node, self.present(node))

    def nullable(self, node: Node) -> Run:
        """The closure of an operand that null suits, whatever the mode."""
        return self.paid(node, self.compile(node))

    def paid(self, node: Node, run: Run) -> Run:
        return weighed(run) if self.framed and not isinstance(node, Const) else run

    def present(self, node: Node) -> Run:
        """The closure of a node that null does not suit: an error that names it, where the mode demands so."""
        run = self.compile(node)
        if not self.mode.demanding:
            return run
        name, position = told(node, self.shared.type_names), node.position

        def checked(env: Any) -> Any:
            value = run(env)
            if value is None:
                raise fault("null", name=name, position=position)
            return value

        return checked

    def takes_null(self, node: Call, place: int) -> bool:
        """Whether a function is called with null there: ``type``, ``dyn`` and a host's parameter of type ``any``."""
        if node.method or node.function in OPERATORS:
            return False
        host = self.shared.functions.get(node.function) or SUPPLIED.get(node.function)
        if host is not None:
            return type_from(host.params[place], host.name).value_kind == "dyn"
        return any(overload.params == ("dyn",) for overload in BUILTINS[node.function])

    def opposite(self, node: Node) -> Run:
        """``!`` before a node."""
        if isinstance(node, Call) and node.function in COMPARISONS:
            return comparison(node, self, negated=True)
        operand = self.condition(node)
        return lambda env: not operand(env)

    def conditional(self, node: Call) -> Run:
        condition = self.condition(node.args[0])
        then, otherwise = self.compile(node.args[1]), self.compile(node.args[2])
        return lambda env: then(env) if condition(env) else otherwise(env)

    def indexed(self, operands: tuple[Run, ...], position: int) -> Run:
        holder, key = operands
        absent, lenient = self.mode.absent, self.mode.lenient

        def run(env: Any) -> Any:
            held, at = holder(env), key(env)
            if (held is None and absent) or (at is None and lenient):
                return None
            try:
                found = index(held, at)
            except ExpressionError as error:
                raise placed(error, position)  # noqa: B904 - the same error, told where
            if found is not MISSING:
                return found
            if absent:
                return None
            raise fault("no_such_key", key=repr(at)[:60], position=position)

        return run

    def operator(self, node: Call, operands: tuple[Run, ...]) -> Run:
        lenient, position = self.mode.lenient, node.position
        if node.function == NEGATE:
            operand = operands[0]
            work: Callable[..., Any] = negative
            return _one(operand, work, lenient, position)
        compute = arithmetic(node.function)
        left, right = operands

        def run(env: Any) -> Any:
            one, two = left(env), right(env)
            if lenient and (one is None or two is None):
                return None
            try:
                return compute(one, two)
            except ExpressionError as error:
                raise placed(error, position)  # noqa: B904 - the same error, told where

        return run

    def function(self, node: Call, operands: tuple[Run, ...]) -> Run:
        lenient = self.mode.lenient
        host = None if node.method else self.shared.functions.get(node.function) or SUPPLIED.get(node.function)
        if host is not None:
            before = self.reading.context(host.name, host.context, node.position) if host.context is not None else None
            if before is not None and len(node.args) == 1 and isinstance(node.args[0], Const):
                run = _asked(host, before, node.args[0].value)
            else:
                run = registered(host, operands, node.position, lenient=lenient, before=before)
            return metered(run, 1) if self.framed else run
        fitting = tuple(
            overload for overload in BUILTINS[node.function] if overload.fits(method=node.method, count=len(operands))
        )
        run = builtin(node.function, fitting, operands, node.position, lenient=lenient)
        return metered(run, max(overload.cost for overload in fitting)) if self.framed else run


def _cost(bodies: tuple[Node, ...]) -> int:
    """What a turn of a macro takes from the steps: one, and one more for 8 parts of its bodies; inner macros pay theirs."""
    parts, waiting = 0, list(bodies)
    while waiting:
        part = waiting.pop()
        parts += 1
        waiting.extend((part.target,) if isinstance(part, Macro) else children(part))
    return 1 + parts // 8


def _asked(function: Function, before: Run, name: str) -> Run:
    """A question about one name written out, as ``in_state`` asks; both sides of the call are ours and need no check."""
    call = function.call
    return lambda env: call(before(env), name)


def _one(operand: Run, work: Callable[[Any], Any], lenient: bool, position: int) -> Run:
    def run(env: Any) -> Any:
        value = operand(env)
        if value is None and lenient:
            return None
        try:
            return work(value)
        except ExpressionError as error:
            raise placed(error, position)  # noqa: B904 - the same error, told where

    return run
