"""Knows what a condition is made of as far as solving it needs; must not know how values are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import ExpressionError
from servflow.expressions._compile import Compiler, Program
from servflow.expressions._expression import Expression, parts_of
from servflow.expressions._faults import OutOfSteps
from servflow.expressions._nodes import (
    AND,
    CONDITIONAL,
    EQUALITY,
    IN,
    NEGATE,
    NOT,
    OR,
    ORDERING,
    Call,
    Const,
    ListOf,
    Name,
    Node,
    Select,
    is_null,
    walk,
)
from servflow.expressions._operators import alike
from servflow.expressions._reads import path_of_reads, reads
from servflow.expressions._solve_bindings import MISSING, at_path, put
from servflow.expressions._solve_trees import FAULT, NO, YES, Tree, negated
from servflow.expressions._solve_values import EDGES, ORDERED, fitted
from servflow.expressions._supplied import ACTIVE, DEPENDS, SUPPLIED
from servflow.expressions._types import DYN, STRING, Type, attribute, type_from
from servflow.expressions._values import KINDS, admit, kind
from servflow.expressions._writing import write
from servflow.model import CONVERTERS, ValueProblem

MAX_LIFTED = 64
"""Most comparisons one comparison of conditional operands is taken apart into."""

_LEAN = frozenset({"_+_", "_-_"})
_TURNED = {"_<_": "_>_", "_>_": "_<_", "_<=_": "_>=_", "_>=_": "_<=_"}
_AFFIXES = {"startsWith": "prefix", "endsWith": "suffix", "contains": "part"}


@define(eq=False)
class Variable:
    """One name that is read, and what the conditions ask of it."""

    read: str
    type: Type
    choices: tuple[Any, ...] = ()
    """All its values, where they can be listed."""
    constants: list[Any] = field(factory=list)
    edges: list[Any] = field(factory=list)
    """Where calculating with it begins to fail; they tell its values apart too."""
    tried: list[Any] = field(factory=list)
    """Values worth trying that prove nothing."""
    asked: dict[str, list[Any]] = field(factory=dict)
    """By sort of question, what it is asked about: parts of texts, sizes, members."""
    inner: bool = False
    """Whether names below it are read too: then it is there or null."""

    @property
    def kind(self) -> str:
        return self.type.value_kind

    def ask(self, sort: str, value: Any = None) -> None:
        values = self.asked.setdefault(sort, [])
        if value is not None and not any(same_kind(value, other) for other in values):
            values.append(value)


@define(eq=False)
class Atom:
    """A part of a condition that is asked of values: its closure, whose values, and what about them."""

    text: str
    run: Callable[[Mapping[str, Any]], Any]
    names: tuple[str, ...]
    """What it reads itself."""
    variables: tuple[Variable, ...]
    """These, and the holders of what it reads."""
    sides: tuple[Callable[[Mapping[str, Any]], Any], ...] = ()
    """Both operands of a comparison that nobody understands."""
    sorts: dict[str, str] = field(factory=dict)
    """By name read, the sort of question; empty where nothing is known about what it asks."""
    linked: bool = False
    """Whether two names are compared with each other."""
    index: int = 0

    def ask(self, bindings: Mapping[str, Any]) -> int:
        """What it comes to on full bindings."""
        try:
            return YES if self.run(bindings) else NO
        except Exception:  # noqa: BLE001,RUF100 - whatever a host's function raises, the condition fails on it
            return FAULT


def same_kind(one: Any, two: Any) -> bool:
    """Whether two values are the same value of the same Python type."""
    return type(one) is type(two) and bool(one == two)


def names_of(node: Node, program: Program) -> set[str]:
    """
    What has to be known to evaluate a part: the names it reads, and the bindings its functions ask.

    ``in_state`` asks the active states, however they are told.
    """
    found = reads(node, program.type_names)
    calls = [part for part in walk(node) if isinstance(part, Call) and not part.method]
    for call in calls:
        host = program.functions.get(call.function) or SUPPLIED.get(call.function)
        if host is not None and host.context is not None:
            found.add(host.context)
    shadows = {DEPENDS[call.function] for call in calls if call.function in DEPENDS}
    return found - shadows | (shadows & {part.name for part in walk(node) if isinstance(part, Name)})


class Reader:
    """Takes conditions apart into atoms over the names that are not fixed."""

    def __init__(self, types: Mapping[str, Any], fixed: Mapping[str, Any] | None) -> None:
        self.types = types
        self.fixed = fixed
        self.base: dict[str, Any] = {}
        self.variables: dict[str, Variable] = {}
        self.atoms: list[Atom] = []
        self._known: dict[tuple[str, int, bool], int] = {}
        self._program: Program | None = None
        self._lifted = 0

    def declare(self, expressions: list[Expression]) -> None:
        """Look up every name read: fixed, or a variable of some type."""
        for expression in expressions:
            program = parts_of(expression)[0]
            for read in sorted(names_of(program.node, program)):
                if read in self.variables:
                    continue
                value = at_path(self.fixed, read)
                if value is not MISSING:
                    put(self.base, read, value)
                else:
                    found = self._type_of(read, expression)
                    self.variables[read] = Variable(read, found, _choices(found))
        names = sorted(self.variables)
        for name in names:
            self.variables[name].inner = any(other.startswith(name + ".") for other in names)

    def _type_of(self, read: str, expression: Expression) -> Type:
        if read == ACTIVE:
            return Type("list", (STRING,))
        root, *rest = read.split(".")
        declared, fields = self.types.get(root), parts_of(expression)[1]
        if declared is None and fields is not None:
            declared = fields.get(root)
        if declared is None:
            return DYN
        try:
            found = type_from(declared, root)
            for step in rest:
                found = attribute(found, Select(Const(None), step, False, 0, 1))
        except ExpressionError:
            return DYN
        return found

    def read(self, expression: Expression) -> Tree:
        """The condition as a tree of atoms."""
        self._program = parts_of(expression)[0]
        return self._tree(self._program.node)

    # the shape ------------------------------------------------------------------------------------------------

    def _tree(self, node: Node) -> Tree:
        if isinstance(node, Call):
            if node.function in (AND, OR):
                return ("and" if node.function == AND else "or", [self._tree(arg) for arg in node.args])
            if node.function == NOT:
                return negated(self._tree(node.args[0]))
            if node.function == CONDITIONAL:
                return ("if", [self._tree(arg) for arg in node.args])
            if node.function in EQUALITY or node.function in ORDERING or node.function == IN:
                taken = self._taken_apart(node)
                if taken is not None:
                    return taken
        return self._atom(node)

    def _taken_apart(self, node: Call) -> Tree | None:
        """A comparison of ``c ? a : b`` is one of two comparisons; ``x in [a, b]`` is equal to one of them."""
        left, right = node.args
        for place, side in enumerate((left, right)):
            if isinstance(side, Call) and side.function == CONDITIONAL and self._lifted < MAX_LIFTED:
                if any(map(is_null, side.args[1:])):
                    continue  # comparing with the literal is another question than comparing with a null
                self._lifted += 1
                pair = [self._tree(_with(node, place, side.args[1])), self._tree(_with(node, place, side.args[2]))]
                return ("if", [self._tree(side.args[0]), *pair])
        if node.function == IN and isinstance(right, ListOf) and self._path(left) and right.items:
            items = [item for item in right.items if not is_null(item)]
            # Where null is demanded away, one among the elements is no operand and no error; as an operand it would be.
            split = self._program is not None and not self._program.asked.demanding
            if split and all(isinstance(item, Const) or self._path(item) for item in items) and not all(map(_is_const, items)):
                return ("or", [self._tree(Call("_==_", (left, item), False, node.position, node.height)) for item in items])
        return None

    def _atom(self, node: Node) -> Tree:
        program = self._program
        assert program is not None
        names = sorted(name for name in names_of(node, program) if name in self.variables)
        text = write(node)
        known = (text, id(program.functions) if program.functions else 0, program.asked.demanding)
        if known in self._known:
            return ("atom", self._known[known])
        run = Compiler(program, program.asked).condition(node)
        involved = [self.variables[name] for name in names]
        holders = [
            variable
            for variable in self.variables.values()
            if variable.inner and any(name.startswith(variable.read + ".") for name in names)
        ]
        frame = program.frame
        closure = run if not program.slots else lambda bindings: run(frame(bindings))
        atom = Atom(text, closure, tuple(names), tuple(dict.fromkeys([*involved, *holders])))
        if not atom.variables:
            return ("known", atom.ask(self.base))
        atom.index = self._known[known] = len(self.atoms)
        self.atoms.append(atom)
        self._study(atom, node)
        return ("atom", len(self.atoms) - 1)

    # what an atom asks ----------------------------------------------------------------------------------------

    def _study(self, atom: Atom, node: Node) -> None:
        if isinstance(node, Select) and node.test:
            path = self._read_of(node)
            if path is not None:
                atom.sorts[path] = "null"
                return
        if isinstance(node, Call):
            if node.function in EQUALITY or node.function in ORDERING:
                self._comparison(atom, node)
            elif node.function == IN:
                self._inclusion(atom, node)
            elif node.function in _AFFIXES and node.method:
                self._affix(atom, node)
            elif node.function == "in_state" and atom.names == (ACTIVE,) and isinstance(node.args[0], Const):
                atom.sorts[ACTIVE] = "member"
                self.variables[ACTIVE].ask("member", node.args[0].value)
        else:
            path = self._path(node)
            if path and self.variables[path].kind in ("bool", "dyn"):
                atom.sorts[path] = "bare"
                self.variables[path].ask("bare")
        if not atom.sorts:
            self._harvest(atom, node)

    def _comparison(self, atom: Atom, node: Call) -> None:
        left, right = node.args
        if node.function in EQUALITY and (is_null(left) or is_null(right)):
            path = self._path(left if is_null(right) else right)
            if path:
                atom.sorts[path] = "null"
            return
        for one, two in ((left, right), (right, left)):
            value = self._constant(two)
            if value is not MISSING:
                self._against(atom, one, value, ordering=node.function in ORDERING)
                return
        first, second = self._path(left), self._path(right)
        if first and first == second:
            if self.variables[first].kind in ORDERED - {"double"}:  # not-a-number differs from itself
                atom.sorts[first] = "null"
        elif first and second:
            self._link(atom, self.variables[first], self.variables[second], ordering=node.function in ORDERING)

    def _against(self, atom: Atom, node: Node, value: Any, *, ordering: bool) -> None:
        path = self._path(node)
        if path:
            if ordering:
                self.variables[path].ask("order")
            if self._boundary(self.variables[path], value, ordering=ordering):
                atom.sorts[path] = "order" if ordering else "equal"
            return
        sized = self._sized(node)
        if sized and type(value) is int:
            atom.sorts[sized] = "size"
            self.variables[sized].ask("size", value)
            return
        line = self._line(node)
        if line is not None:
            variable, steps, exact = line
            self._bound(variable, _back(value, steps))
            if exact:
                for start in range(len(steps)):
                    for edge in (edge for edges in EDGES.values() for edge in edges):
                        self._bound(variable, _back(edge, steps[start:]), variable.edges)
                atom.sorts[variable.read] = "order" if ordering else "equal"

    @staticmethod
    def _bound(variable: Variable, value: Any, among: list[Any] | None = None) -> None:
        """Keep a value as one the variable is told apart by, in the variable's own form."""
        kept = variable.constants if among is None else among
        for one in [value] if variable.kind == "dyn" else fitted(variable.kind, value):
            if one is not None and not any(same_kind(one, other) for other in kept):
                kept.append(one)

    def _boundary(self, variable: Variable, value: Any, *, ordering: bool) -> bool:
        """Keep a value a variable is compared with; gives whether nothing else tells its values apart."""
        self._bound(variable, value)
        if value is None:
            return True  # a comparison with null never holds, whatever the variable
        if variable.kind == "dyn":
            return not ordering
        return bool(fitted(variable.kind, value)) or (not ordering and not alike(variable.kind, kind(value)))

    def _link(self, atom: Atom, one: Variable, two: Variable, *, ordering: bool) -> None:
        if one.choices and two.choices:
            return
        if one.kind != two.kind or one.kind not in ORDERED:
            return
        for variable, other in ((one, two), (two, one)):
            atom.sorts[variable.read] = "order" if ordering else "equal"
            for choice in other.choices:
                self._bound(variable, choice)
        atom.linked = True

    def _inclusion(self, atom: Atom, node: Call) -> None:
        left, right = node.args
        path, held = self._path(left), self._constant(right)
        if path and isinstance(held, (list, tuple)):
            clear = [self._boundary(self.variables[path], admit(item), ordering=False) for item in held]
            if all(clear):
                atom.sorts[path] = "equal"
            return
        path, item = self._path(right), self._constant(left)
        if path and item is not MISSING and self.variables[path].kind == "list":
            if item is not None:
                self.variables[path].ask("member", item)
            atom.sorts[path] = "member"

    def _affix(self, atom: Atom, node: Call) -> None:
        path, part = self._path(node.args[0]), self._constant(node.args[1])
        if path and isinstance(part, str) and self.variables[path].kind == "string":
            sort = _AFFIXES[node.function]
            atom.sorts[path] = sort
            self.variables[path].ask(sort, part)

    def _sized(self, node: Node) -> str | None:
        if isinstance(node, Call) and node.function == "size" and len(node.args) == 1:
            path = self._path(node.args[0])
            if path and self.variables[path].kind in ("string", "bytes", "list"):
                return path
        return None

    def _line(self, node: Node) -> tuple[Variable, list[Callable[[Any], Any]], bool] | None:
        """
        A name with constants added to it or taken from it.

        Gives the steps from what it comes to back to the name's own value, and whether they are exact.
        """
        steps: list[Callable[[Any], Any]] = []
        exact = True
        while isinstance(node, Call):
            if node.function == NEGATE:
                steps.append(lambda value: -value)
                node = node.args[0]
                continue
            if node.function not in _LEAN:
                return None
            one, two = (self._constant(arg) for arg in node.args)
            held, constant = (0, two) if two is not MISSING and two is not None else (1, one)
            if constant is MISSING or constant is None:
                return None
            exact = exact and kind(constant) in EDGES
            steps.append((_undo, _undo_left)[held](node.function, constant))
            node = node.args[held]
        path = self._path(node)
        if not path:
            return None
        variable = self.variables[path]
        return variable, steps, exact and variable.kind in EDGES and not variable.choices

    def _harvest(self, atom: Atom, node: Node) -> None:
        """Whatever constants stand in a part nobody understands are worth trying where their type fits."""
        program = self._program
        assert program is not None
        if isinstance(node, Call) and (node.function in EQUALITY or node.function in ORDERING) and not program.slots:
            atom.sides = tuple(Compiler(program, program.asked).compile(arg) for arg in node.args)
        found = [part.value for part in walk(node) if isinstance(part, Const) and part.value is not None]
        for part in walk(node):
            if isinstance(part, Call) and not isinstance(part, Const):
                value = self._constant(part)
                if value is not MISSING and value is not None and type(value) in KINDS:
                    found.append(value)
        for variable in atom.variables:
            for value in found:
                if variable.kind == "list":
                    variable.ask("member", value)
                elif variable.kind == "dyn":
                    variable.tried.append(value)
                else:
                    variable.tried.extend(fitted(variable.kind, value))

    # parts ----------------------------------------------------------------------------------------------------

    def _path(self, node: Node) -> str | None:
        """The name a part reads, where it is nothing but that and not fixed."""
        if isinstance(node, Select) and node.test:
            return None
        path = self._read_of(node)
        return path if path in self.variables else None

    def _read_of(self, node: Node) -> str | None:
        program = self._program
        assert program is not None
        return path_of_reads(node, program.type_names)

    def _constant(self, node: Node) -> Any:
        """The value of a part that reads nothing but what is fixed."""
        program = self._program
        assert program is not None
        if isinstance(node, Const):
            return node.value
        if any(name in self.variables for name in names_of(node, program)):
            return MISSING
        try:
            return admit(Compiler(program, program.asked).compile(node)(program.frame(self.base)))
        except (ExpressionError, OutOfSteps, RecursionError):
            return MISSING


def _is_const(node: Node) -> bool:
    return isinstance(node, Const)


def _with(node: Call, place: int, part: Node) -> Call:
    args = (part, node.args[1]) if place == 0 else (node.args[0], part)
    return Call(node.function, args, node.method, node.position, node.height)


def _undo(function: str, constant: Any) -> Callable[[Any], Any]:
    return (lambda value: value - constant) if function == "_+_" else (lambda value: value + constant)


def _undo_left(function: str, constant: Any) -> Callable[[Any], Any]:
    return (lambda value: value - constant) if function == "_+_" else (lambda value: constant - value)


def _back(value: Any, steps: list[Callable[[Any], Any]]) -> Any:
    try:
        for step in steps:
            value = step(value)
    except (OverflowError, TypeError, ArithmeticError):
        return None
    return value


def _choices(found: Type) -> tuple[Any, ...]:
    if found.kind == "bool":
        return (False, True)
    if not found.one_of or found.kind == "list":
        return ()
    listed = [one for value in found.one_of for one in _as_listed(found.kind, value)]
    return tuple(dict.fromkeys(listed))


def _as_listed(wanted: str, value: Any) -> list[Any]:
    try:
        return [CONVERTERS[wanted](value)] if wanted in CONVERTERS else [value]
    except ValueProblem:
        return []


__all__ = ["Atom", "Reader", "Variable", "same_kind"]
