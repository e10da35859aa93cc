"""Knows what an expression is to everybody else; must not know tickets, workflows or documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import NoneType
from typing import Any, NoReturn

from attrs import field, frozen

from servflow.errors import ExpressionError, nearest
from servflow.expressions import _limits as limits
from servflow.expressions._builtins import BUILTINS, Function
from servflow.expressions._check import Checker
from servflow.expressions._compile import STRICT, VALUE, Compiler, Mode, Program, program
from servflow.expressions._faults import fault, foreign, sourced
from servflow.expressions._nodes import AND, MACROS, OR, RESERVED, Call, Const, Name, Node, walk
from servflow.expressions._parser import parse
from servflow.expressions._quick import conjunction, disjunction
from servflow.expressions._reads import reads
from servflow.expressions._supplied import SUPPLIED
from servflow.expressions._trace import Trace, Tracer
from servflow.expressions._tree import from_tree, to_tree
from servflow.expressions._types import Type, type_from
from servflow.expressions._values import release
from servflow.expressions._writing import identifier, write

_NO_FUNCTIONS: Mapping[str, Function] = {}


def evaluate(text: str, bindings: Mapping[str, Any]) -> Any:
    """
    The value of an expression, strictly by the CEL specification.

    Args:
        text: the expression.
        bindings: what its names stand for: None, bool, int (64 bits), float, str, bytes, aware
            datetime, timedelta, Decimal, and lists and mappings of these.

    Returns:
        Plain Python: int for int and uint, float, aware datetimes in UTC, timedelta, list, dict; a
        type is its name, such as ``"int"``.

    Raises:
        ExpressionError: whatever is wrong with the text, the bindings or the evaluation.
    """
    return Expression.parse(text).evaluate(bindings)


@frozen(eq=False, slots=False, repr=False, init=False)
class Expression:
    """
    A parsed, checked expression. Equal by its tree and ``strict``; survives ``pickle``.

    Three ways to evaluate, one meaning each:

    * ``evaluate`` is strict CEL: a missing name or key is an error, and so is an operand of null.
    * ``value`` differs in one point: a missing name or key, and any key of null, reads as null.
    * ``test`` and ``trace`` are for conditions and never fail for want of data. What is missing is
      null, a position past the end of a list included. An operator, method or function with a null
      operand gives null (a host's function with a parameter of type ``any`` is called with it). A
      comparison (``== != < <= > >= in``) with null on either side is false, except ``x == null``
      and ``x != null`` written with the literal. ``has(a.b)`` is true when there is something other
      than null. Where a bool is wanted null reads as false, so ``!missing`` is true. Anything else
      that is wrong (types that do not fit, overflow, division by zero) is an error as in CEL.

    Parsed with ``strict=True``, ``test`` and ``trace`` refuse to compare with nothing: an operand that is missing or null,
    and null where a bool is wanted, is an ExpressionError with the code ``expression.null`` and the fact ``name``. Only
    ``x == null``, ``x != null`` and ``has(a.b)`` ask about null; ``&&`` and ``||`` absorb the error as any other, so
    ``tier != null && tier == 'gold'`` is false without a tier. ``evaluate`` and ``value`` stay as they are.
    """

    source: str
    """The text as given; positions in errors count in it."""
    _node: Node = field(alias="node")
    _program: Program = field(alias="program")
    _fields: Mapping[str, Any] | None = field(alias="fields")
    _result: Type = field(alias="result")

    def __init__(
        self, source: str, node: Node, fields: Mapping[str, Any] | None, functions: Mapping[str, Function], *, strict: bool
    ) -> None:
        checker = Checker(fields, functions)
        result = checker.check(node)
        shared = program(node, checker.types, functions, frozenset(checker.type_names), strict=strict)
        self.__attrs_init__(source=source, node=node, program=shared, fields=fields, result=result)

    @classmethod
    def parse(
        cls,
        text: str,
        fields: Mapping[str, Any] | None = None,
        *,
        functions: Mapping[str, Function] | None = None,
        strict: bool = False,
    ) -> Expression:
        """
        The expression a text stands for.

        Args:
            text: at most 10,000 characters.
            fields: the type of each name: a type name such as ``"string"`` or ``"list(int)"``, a
                FieldType, a ``servflow.model.Field``, or a mapping of attributes for an object (``"*"``
                types all others). A mapping whose ``type`` names a type and whose other keys are all among
                ``one_of default optional required personal indexed title description`` is a field as definitions
                write it, not an object. Null is allowed everywhere. With None names are of unknown type
                and found at evaluation.
            functions: the host's functions by name.
            strict: whether a condition fails where it would compare with what is missing or null.

        Raises:
            ExpressionError: with ``text``, ``position`` (an offset from 0) and a did-you-mean where one
                is near; given *fields*, also for unknown names, for operand types that can never work
                and for comparisons that can never hold.
        """
        shown: Any = text
        if not isinstance(shown, str):
            shown = f"<{type(text).__name__}>"
        try:
            registered = _NO_FUNCTIONS if functions is None else _registered(functions)
            node = parse(text)
            # Escapes and brackets can make the canonical text a few times longer than the one written.
            if len(text) > limits.MAX_LENGTH // 8 and len(write(node)) > limits.MAX_LENGTH:
                raise fault("too_long", length=len(write(node)), limit=limits.MAX_LENGTH, position=0)
            return cls(text, node, fields, registered, strict=strict)
        except ExpressionError as error:
            raise sourced(error, shown)  # noqa: B904 - the same error, told where
        except RecursionError as error:
            raise foreign(error, shown) from None

    @classmethod
    def from_tree(
        cls,
        tree: Any,
        fields: Mapping[str, Any] | None = None,
        *,
        functions: Mapping[str, Function] | None = None,
        strict: bool = False,
    ) -> Expression:
        """
        The expression a tree stands for; its ``text`` is the canonical one.

        Args:
            tree: as ``tree`` gives it; see there.
            fields: as for ``parse``.
            functions: as for ``parse``.
            strict: as for ``parse``.

        Raises:
            ExpressionError: the tree has another shape, or as for ``parse``.
        """
        try:
            text = write(from_tree(tree))
        except ExpressionError as error:
            raise sourced(error, "")  # noqa: B904 - the same error, told where
        except RecursionError as error:
            raise foreign(error, "") from None
        return cls.parse(text, fields, functions=functions, strict=strict)

    @cached_property
    def text(self) -> str:
        """The canonical text: ``parse(text).tree == tree``."""
        return write(self._node)

    @property
    def tree(self) -> dict[str, Any]:
        """
        The canonical tree as fresh JSON-ready data.

        One object for each part: ``{"const": 1}`` (null, bool, int, string; with ``"type"`` also
        ``uint``, ``double`` and ``bytes``, these in base64), ``{"name": "tier"}``, ``{"select": "field",
        "of": tree}``, ``{"has": "field", "of": tree}``, ``{"call": "_==_", "args": [...]}`` for operators
        and functions (``_&&_`` and ``_||_`` take any number of operands from two; the others are ``!_``,
        ``-_``, ``_in_``, ``_[_]``, ``_?_:_`` and the like), ``{"call": "startsWith", "target": tree, "args":
        [...]}`` for methods, ``{"macro": "exists", "target": tree, "var": "x", "args": [...]}``,
        ``{"list": [...]}`` and ``{"map": [[key, value], ...]}``.
        """
        return to_tree(self._node)

    @property
    def strict(self) -> bool:
        """Whether ``test`` fails where it would compare with what is missing or null."""
        return self._program.asked.demanding

    @property
    def type(self) -> str:
        """The type of the result: ``bool``, ``string`` ..., ``dyn`` when it shows only at evaluation."""
        return self._result.value_kind

    @cached_property
    def reads(self) -> frozenset[str]:
        """
        The dotted names read: for each free name the longest path of fields and constant keys.

        Variables of macros are not reads, nor are the names of types, unless declared as fields.
        ``in_state`` reads ``state``.
        """
        return frozenset(reads(self._node, self._program.type_names))

    @cached_property
    def roots(self) -> frozenset[str]:
        """The first parts of ``reads``."""
        return frozenset(read.partition(".")[0] for read in self.reads)

    @cached_property
    def asks(self) -> tuple[tuple[str, str], ...]:
        """The calls of ``in_state``, ``counted`` and ``after_days``, each with the state or calendar it names, as written."""
        calls = [part for part in walk(self._node) if isinstance(part, Call) and not part.method and part.function in SUPPLIED]
        named = ((part.function, part.args[0]) for part in sorted(calls, key=lambda call: call.position))
        return tuple((name, first.value) for name, first in named if isinstance(first, Const))

    def evaluate(self, bindings: Mapping[str, Any]) -> Any:
        """
        The value, strictly by the CEL specification.

        Raises:
            ExpressionError: a name or key is missing, operands do not fit, or a result is out of range.
        """
        return self._strict(bindings)

    def value(self, bindings: Mapping[str, Any]) -> Any:
        """
        The value, where missing names and keys read as null.

        Raises:
            ExpressionError: operands do not fit, null among them, or a result is out of range.
        """
        return self._loose(bindings)

    def test(self, bindings: Mapping[str, Any]) -> bool:
        """
        Whether the condition holds; the class tells how missing data reads.

        Raises:
            ExpressionError: the result is neither bool nor null, operands do not fit, or a result is out of range.
        """
        return self.compiled_test(bindings)

    def trace(self, bindings: Mapping[str, Any]) -> Trace:
        """
        The values of the parts that decided the result, evaluated as ``test`` does.

        An error inside is part of the trace and is not raised.
        """
        return self._tracer.trace(bindings)

    @cached_property
    def _tracer(self) -> Tracer:
        return Tracer(self._program, self.source)

    @cached_property
    def compiled_test(self) -> Callable[[Mapping[str, Any]], bool]:
        """``test`` as one callable, for hot paths."""
        compiler = Compiler(self._program, self._program.asked)
        run = self._settled(compiler) or self._guarded(compiler.condition(self._node), release_result=False)
        return self._direct("test", run)

    @cached_property
    def _strict(self) -> Callable[[Mapping[str, Any]], Any]:
        return self._direct("evaluate", self._compiled(STRICT))

    @cached_property
    def _loose(self) -> Callable[[Mapping[str, Any]], Any]:
        return self._direct("value", self._compiled(VALUE))

    def _direct(self, verb: str, run: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
        """The closure, called from now on where the method was: a condition costs little more than the call of a method."""
        self.__dict__[verb] = run
        return run

    def _compiled(self, mode: Mode) -> Callable[[Mapping[str, Any]], Any]:
        compiler = Compiler(self._program, mode)
        run = self._settled(compiler) or self._guarded(compiler.compile(self._node), release_result=True)
        return _named(self._node.name, run) if isinstance(self._node, Name) else run

    def _settled(self, compiler: Compiler) -> Callable[[Mapping[str, Any]], Any] | None:
        """``&&`` or ``||`` at the top, which comes to true or false and is guarded only where something fails."""
        node = self._node
        if not isinstance(node, Call) or node.function not in (AND, OR) or compiler.framed:
            return None
        terms = compiler.terms(node)
        careful = self._guarded(compiler.careful(node, terms), release_result=False)
        return (conjunction if node.function == AND else disjunction)(terms, careful)

    def _guarded(self, run: Callable[[Any], Any], *, release_result: bool) -> Callable[[Mapping[str, Any]], Any]:
        """The closure from bindings to a Python value, with every failure an ExpressionError of this text."""
        shared, escape = self._program, self._escape

        def guarded(bindings: Mapping[str, Any]) -> Any:
            try:
                value = run(shared.frame(bindings))
                return value if value is True or value is False else release(value)
            except Exception as error:  # noqa: BLE001,RUF100 - whatever a host's mapping raises is its expression's failure
                escape(error, bindings)

        def direct(bindings: Mapping[str, Any]) -> Any:
            try:
                return run(bindings)
            except Exception as error:  # noqa: BLE001,RUF100 - as above
                escape(error, bindings)

        def framed(bindings: Mapping[str, Any]) -> Any:
            try:
                return run(shared.frame(bindings))
            except Exception as error:  # noqa: BLE001,RUF100 - as above
                escape(error, bindings)

        if release_result:
            return guarded
        return framed if shared.slots else direct

    def _escape(self, error: Exception, bindings: Any) -> NoReturn:
        if not isinstance(bindings, Mapping):
            raise sourced(fault("bindings", kind=type(bindings).__name__), self.source) from None
        if not isinstance(error, ExpressionError):
            raise foreign(error, self.source) from error
        facts = error.facts
        if error.code == "expression.no_such_name" and type(bindings) is dict and "nearest" not in facts:
            close = nearest(str(facts["name"]), [name for name in bindings if isinstance(name, str)][:1000])
            if close is not None:
                error = fault("no_such_name", name=facts["name"], position=facts["position"], nearest=close)
        raise sourced(error, self.source) from None

    def __eq__(self, other: object) -> bool:
        return (self.text, self.strict) == (other.text, other.strict) if isinstance(other, Expression) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r}{', strict=True' if self.strict else ''})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Only what the text uses goes along: the rest of the host's declarations may be large, or not picklable.
        called = {part.function for part in walk(self._node) if isinstance(part, Call)}
        functions = {name: function for name, function in self._program.functions.items() if name in called}
        fields = self._fields
        if fields is not None:
            fields = {name: fields[name] for name in sorted(self.roots) if name in fields}
        return _again, (self.source, fields, functions, self.strict)


def parts_of(expression: Expression) -> tuple[Program, Mapping[str, Any] | None]:
    """The tree with what its compilations share, and the types it was checked against; for the solver."""
    return expression._program, expression._fields


def _again(text: str, fields: Mapping[str, Any] | None, functions: Mapping[str, Function], strict: bool = False) -> Expression:
    return Expression.parse(text, fields, functions=functions, strict=strict)


def _registered(functions: Mapping[str, Function]) -> Mapping[str, Function]:
    for name, function in functions.items():
        reason = _objection(name, function)
        if reason is not None:
            raise fault("registration", name=str(name)[:60], reason=reason)
        for declared in (*function.params, function.result):
            type_from(declared, name)
    return functions


def _objection(name: Any, function: Any) -> str | None:
    if not isinstance(function, Function) or function.name != name:
        return "must be a Function of that name"
    if not identifier(function.name) or function.name in RESERVED:
        return "is not an identifier, or is reserved"
    supplied = name in SUPPLIED and function.context is None
    if supplied or name in BUILTINS or name in MACROS or name in ("has", "matches"):
        return "would hide a built-in"
    return None


_AS_IT_IS = frozenset({str, bool, NoneType})


def _named(name: str, careful: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """The value of a name alone, where it is bound to text, true, false or null: that value, as the general way says too."""

    def read(bindings: Mapping[str, Any]) -> Any:
        if type(bindings) is dict:
            value = bindings.get(name, _MISSING)
            if type(value) in _AS_IT_IS:
                return value
        return careful(bindings)

    return read


_MISSING = object()
