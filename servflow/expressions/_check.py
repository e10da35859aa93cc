"""Knows which types can work together; must not know values or how anything is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from servflow.errors import ExpressionError, nearest
from servflow.expressions._builtins import BUILTINS, LEFT_OUT, Function, accepts
from servflow.expressions._faults import fault, placed
from servflow.expressions._nodes import (
    AND,
    CONDITIONAL,
    EQUALITY,
    IN,
    INDEX,
    MACROS,
    NEGATE,
    NOT,
    OPERATORS,
    OR,
    ORDERING,
    Call,
    Const,
    ListOf,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
    path_of,
)
from servflow.expressions._operators import ARITHMETIC, comparable, no_overload
from servflow.expressions._supplied import SUPPLIED
from servflow.expressions._types import (
    BOOL,
    DYN,
    STRING,
    Type,
    Types,
    attribute,
    joined,
    root_type,
    same_sort,
    simple,
    type_from,
)
from servflow.expressions._values import TYPE_NAMES, kind

_TYPE = simple("type")
_NO_FUNCTIONS: Mapping[str, Function] = {}


class Checker:
    """
    One pass that gives every node its type.

    With declared fields a type problem is an error; without them names are of unknown type and
    nothing but unknown functions and wrong numbers of arguments is refused before evaluation.
    """

    def __init__(self, fields: Mapping[str, Any] | None, functions: Mapping[str, Function] | None) -> None:
        self.fields = fields
        self.functions = functions or _NO_FUNCTIONS
        self.types: Types = {}
        self.scope: dict[str, Type] = {}
        self.type_names: set[int] = set()
        self.handlers: dict[type, Callable[[Any], Type]] = {
            Const: self.const,
            Name: self.name,
            Select: self.select,
            Call: self.call,
            ListOf: self.list_of,
            MapOf: self.map_of,
            Macro: self.macro,
        }

    def check(self, node: Node) -> Type:
        """
        The type of a node.

        Raises:
            ExpressionError: an unknown name or function, or operands that can never work.
        """
        found = self.handlers[type(node)](node)
        self.types[id(node)] = found
        return found

    def refuse(self, error: Exception, position: int) -> Type:
        if self.fields is None or not isinstance(error, ExpressionError):
            return DYN
        raise placed(error, position)

    @staticmethod
    def const(node: Const) -> Type:
        return simple(kind(node.value))

    def name(self, node: Name) -> Type:
        if not node.absolute and node.name in self.scope:
            return self.scope[node.name]
        if self.fields is not None:
            found = root_type(self.fields, node)
            if found is not None:
                return found
        if node.name in TYPE_NAMES:
            self.type_names.add(id(node))
            return _TYPE
        if self.fields is None:
            return DYN
        known = [*self.fields, *self.scope]
        close = nearest(node.name, known)
        raise fault("unknown_name", name=node.name, known=sorted(map(str, known))[:20], position=node.position, nearest=close)

    def select(self, node: Select) -> Type:
        if self._qualified_type(node):
            self.type_names.add(id(node))
            return _TYPE
        holder = self.check(node.operand)
        try:
            found = attribute(holder, node)
        except ExpressionError as error:
            found = self.refuse(error, node.position)
        return BOOL if node.test else found

    def _qualified_type(self, node: Select) -> bool:
        """Whether the chain spells ``google.protobuf.Timestamp`` or ``Duration`` and nothing declared is called so."""
        if node.field not in ("Timestamp", "Duration"):
            return False
        chain = path_of(node)
        if chain is None or ".".join((chain[0].name, *chain[1])) not in TYPE_NAMES:
            return False
        root = chain[0].name
        return root not in self.scope and (self.fields is None or root not in self.fields)

    def list_of(self, node: ListOf) -> Type:
        return Type("list", (joined([self.check(item) for item in node.items]),)) if node.items else simple("list")

    def map_of(self, node: MapOf) -> Type:
        if not node.entries:
            return simple("map")
        keys = [self.check(key) for key, _ in node.entries]
        values = [self.check(value) for _, value in node.entries]
        for (key, _), found in zip(node.entries, keys, strict=True):
            if not found.open and found.kind not in ("int", "uint", "bool", "string"):
                self.refuse(fault("key_kind", kind=str(found)), key.position)
        return Type("map", (joined(keys), joined(values)))

    def macro(self, node: Macro) -> Type:
        target = self.check(node.target)
        element = DYN
        if target.kind in ("list", "map"):
            element = target.args[0] if target.args else DYN
        elif target.kind == "object":
            element = STRING
        elif not target.open:
            self.refuse(no_overload(node.macro, str(target)), node.position)
        hidden = self.scope
        self.scope = {**hidden, node.variable: element}
        found = [self.check(arg) for arg in node.args]
        self.scope = hidden
        conditions = found[:-1] if node.macro == "map" else found
        for arg, condition in zip(node.args, conditions, strict=False):
            self.wants_bool(condition, node.macro, arg.position)
        if node.macro == "map":
            return Type("list", (found[-1],))
        return Type("list", (element,)) if node.macro == "filter" else BOOL

    def wants_bool(self, found: Type, function: str, position: int) -> None:
        if not found.open and found.kind != "bool":
            self.refuse(no_overload(function, str(found)), position)

    def call(self, node: Call) -> Type:
        name = node.function
        args = [self.check(arg) for arg in node.args]
        if name not in OPERATORS:
            return self.function(node, args)
        if name in (AND, OR, NOT):
            for arg, found in zip(node.args, args, strict=True):
                self.wants_bool(found, name, arg.position)
            return BOOL
        if name == CONDITIONAL:
            self.wants_bool(args[0], "?:", node.args[0].position)
            return joined(args[1:])
        if name in EQUALITY or name in ORDERING:
            return self.comparison(node, args[0], args[1])
        if name == IN:
            return self.inclusion(node, args[0], args[1])
        if name == INDEX:
            return self.indexed(node, args[0], args[1])
        if name == NEGATE:
            if args[0].open or args[0].kind in ("int", "double", "decimal"):
                return args[0] if not args[0].open else DYN
            return self.refuse(no_overload(name, str(args[0])), node.position)
        return self.arithmetic(node, args[0], args[1])

    def comparison(self, node: Call, left: Type, right: Type) -> Type:
        known = not left.open and not right.open
        if node.function in EQUALITY:
            self.one_of(left, node.args[1])
            self.one_of(right, node.args[0])
            self.whole(left, node.args[1])
            self.whole(right, node.args[0])
            fits = same_sort(left, right)
        else:
            fits = not known or comparable(left.value_kind, right.value_kind)
        if not fits:
            self.refuse(no_overload(node.function, str(left), str(right)), node.position)
        return BOOL

    def one_of(self, declared: Type, literal: Node) -> None:
        if not declared.one_of or not isinstance(literal, Const) or not isinstance(literal.value, str):
            return
        if literal.value not in declared.one_of:
            close = nearest(literal.value, declared.one_of)
            allowed = [str(value) for value in declared.one_of]
            error = fault("never_holds", value=repr(literal.value), allowed=allowed, position=literal.position, nearest=close)
            self.refuse(error, literal.position)

    def whole(self, declared: Type, literal: Node) -> None:
        """No int is equal to a double between two of them."""
        if declared.kind not in ("int", "uint") or not isinstance(literal, Const) or type(literal.value) is not float:
            return
        if not literal.value.is_integer():
            error = fault("never_whole", value=literal.value, kind=declared.kind, position=literal.position)
            self.refuse(error, literal.position)

    def inclusion(self, node: Call, item: Type, holder: Type) -> Type:
        if isinstance(node.args[1], ListOf):
            for element in node.args[1].items:
                self.one_of(item, element)
                self.whole(item, element)
                if not same_sort(item, self.types.get(id(element), DYN)):
                    self.refuse(no_overload("in", str(item), str(self.types[id(element)])), element.position)
        if holder.open:
            return BOOL
        if holder.value_kind not in ("list", "map"):
            self.refuse(no_overload("in", str(item), str(holder)), node.position)
        elif holder.args:
            self.one_of(holder.args[0], node.args[0])
            if not same_sort(item, holder.args[0]):
                self.refuse(no_overload("in", str(item), str(holder)), node.position)
        return BOOL

    def indexed(self, node: Call, holder: Type, key: Type) -> Type:
        if holder.open:
            return DYN
        literal = node.args[1]
        if holder.kind == "object" and isinstance(literal, Const) and isinstance(literal.value, str):
            try:
                return attribute(holder, Select(node.args[0], literal.value, False, literal.position, node.height))
            except ExpressionError as error:
                return self.refuse(error, literal.position)
        wanted = ("int", "uint", "double") if holder.kind == "list" else ("int", "uint", "bool", "string", "double")
        if holder.value_kind not in ("list", "map") or not (key.open or key.kind in wanted):
            return self.refuse(no_overload(INDEX, str(holder), str(key)), node.position)
        return holder.args[-1] if holder.args else DYN

    def arithmetic(self, node: Call, left: Type, right: Type) -> Type:
        name = node.function
        fitting = {
            result
            for (one, two), (result, _) in ARITHMETIC[name].items()
            if (left.open or left.kind == one) and (right.open or right.kind == two)
        }
        if not fitting:
            return self.refuse(no_overload(name, str(left), str(right)), node.position)
        if len(fitting) > 1:
            return DYN
        result = fitting.pop()
        return joined([left, right]) if result == "list" and not left.open and not right.open else simple(result)

    def function(self, node: Call, args: list[Type]) -> Type:
        registered = None if node.method else self.functions.get(node.function)
        if registered is None and self.fields is None and not node.method:
            registered = SUPPLIED.get(node.function)
        if registered is not None:
            return self.registered(node, registered, args)
        overloads = BUILTINS.get(node.function)
        if overloads is None:
            raise self.unknown(node)
        count = len(node.args)
        formed = [overload for overload in overloads if overload.fits(method=node.method, count=count)]
        if not formed:
            other = [overload for overload in overloads if overload.style != "both"]
            way = f"x.{node.function}(...)" if other and other[0].style == "method" else f"{node.function}(x)"
            raise fault("call_form", name=node.function, count=count, way=way, position=node.position)
        fitting = {
            overload.result
            for overload in formed
            if all(found.open or accepts(param, found.value_kind) for param, found in zip(overload.params, args, strict=True))
        }
        if not fitting:
            return self.refuse(no_overload(node.function, *(str(found) for found in args)), node.position)
        return simple(fitting.pop()) if len(fitting) == 1 else DYN

    def registered(self, node: Call, function: Function, args: list[Type]) -> Type:
        if len(args) != len(function.params):
            way = f"{function.name}({', '.join(function.params)})"
            raise fault("call_form", name=function.name, count=len(args), way=way, position=node.position)
        for arg, found, declared in zip(node.args, args, function.params, strict=True):
            param = type_from(declared, function.name)
            if not same_sort(param, found):
                self.refuse(fault("argument", name=function.name, wanted=str(param), kind=str(found)), arg.position)
        if function.context is not None and not _text(node.args[0]):
            raise fault("literal", name=function.name, position=node.args[0].position)
        return type_from(function.result, function.name)

    def unknown(self, node: Call) -> ExpressionError:
        name = node.function
        if name in LEFT_OUT:
            return fault("matches", position=node.position)
        if name in MACROS or name == "has":
            return fault("macro_form", macro=name, position=node.position)
        known = [*self.functions, *BUILTINS]
        listed = sorted(self.functions) or sorted(BUILTINS)
        return fault("unknown_function", name=name, known=listed[:30], position=node.position, nearest=nearest(name, known))


def _text(node: Node) -> bool:
    return isinstance(node, Const) and isinstance(node.value, str)
