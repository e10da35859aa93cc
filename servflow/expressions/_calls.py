"""Knows how a function is chosen by the kinds of its arguments and called; must not know what any function does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions._builtins import Function, Overload, accepts, coerced
from servflow.expressions._faults import OutOfSteps, fault, placed
from servflow.expressions._reading import Run
from servflow.expressions._types import type_from
from servflow.expressions._values import admit, kind, release, spend


def builtin(name: str, overloads: tuple[Overload, ...], args: tuple[Run, ...], position: int, *, lenient: bool) -> Run:
    """
    A call of a built-in function or method, its form already checked.

    Args:
        name: what it is called.
        overloads: the ways to call it in this form.
        args: the closures of the arguments, the receiver first.
        position: where the call is written.
        lenient: whether null goes in and comes out where no overload takes it.
    """
    table: dict[tuple[str, ...], Callable[..., Any]] = {overload.params: overload.run for overload in overloads}
    anything = table.get(("dyn",))
    of_texts = table.get(("string", "string"))

    def run(env: Any) -> Any:
        values = [arg(env) for arg in args]
        if of_texts is not None and type(values[0]) is str and type(values[1]) is str:
            return of_texts(*values)
        chosen = anything or table.get(tuple(map(kind, values)))
        if chosen is None:
            if lenient and None in values:
                return None
            raise fault("overload", function=name, kinds=" and ".join(map(kind, values)), position=position)
        try:
            return chosen(*values)
        except ExpressionError as error:
            raise placed(error, position)  # noqa: B904 - the same error, told where

    return run


def registered(function: Function, args: tuple[Run, ...], position: int, *, lenient: bool, before: Run | None = None) -> Run:
    """
    A call of a host's function: plain Python values in, an admitted value out.

    Args:
        function: the registration; its declared kinds are checked on both sides.
        args: the closures of the arguments.
        position: where the call is written.
        lenient: whether null makes the result null without a call, but for a parameter of type ``any``.
        before: what gives the value of the function's context; it goes to the call as it is.
    """
    params = [type_from(param, function.name).value_kind for param in function.params]
    result = type_from(function.result, function.name).value_kind
    name, call = function.name, function.call

    def run(env: Any) -> Any:
        values = []
        for param, arg in zip(params, args, strict=True):
            value = coerced(param, arg(env))
            found = kind(value)
            if value is None and lenient and param != "dyn":
                return None
            if value is not None and not accepts(param, found):
                raise fault("argument", name=name, wanted=param, kind=found, position=position)
            values.append(release(value))
        try:
            given = coerced(result, admit(call(*values) if before is None else call(before(env), *values)))
        except (OutOfSteps, RecursionError):
            raise
        except ExpressionError as error:
            raise placed(error, position)  # noqa: B904 - the same error, told where
        except Exception as error:
            raise fault("raised", name=name, kind=type(error).__name__, reason=str(error)[:200], position=position) from error
        if given is not None and not accepts(result, kind(given)):
            raise fault("returned", name=name, wanted=result, kind=kind(given), position=position)
        return given

    return run


def metered(run: Run, cost: int) -> Run:
    """The same call, each costing some steps: only a macro can make an expression call without bound."""

    def counted(env: Any) -> Any:
        spend(env, cost)
        return run(env)

    return counted


def weighed(run: Run) -> Run:
    """
    The same value, its size taken from the steps.

    Wraps the operands of calls inside macros, so that a long text or list searched once per element is
    paid for: one step for 64 characters or elements.
    """

    def counted(env: Any) -> Any:
        value = run(env)
        if isinstance(value, (str, bytes, list, tuple)):
            spend(env, len(value) >> 6)
        return value

    return counted
