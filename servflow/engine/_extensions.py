"""Knows what a host may plug in by name; must not know who calls it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from servflow.dispatch import Hooks
from servflow.errors import InputError, shown
from servflow.expressions import Function
from servflow.model import FrozenMap, frozen_map


def _functions(value: Iterable[Function] | Mapping[str, Function] | None) -> FrozenMap[str, Function]:
    if value is None:
        return FrozenMap()
    items = tuple(value.values() if isinstance(value, Mapping) else value)
    for item in items:
        if not isinstance(item, Function):
            raise InputError(
                f"functions holds Function values, with parameters and a type of the result, not {shown(item)};"
                " write Function(name, params, result, call)",
                code="extensions.functions",
            )
    return FrozenMap({item.name: item for item in items})


def _hooks(value: Any, what: str, takes: str) -> FrozenMap[str, Any]:
    """Functions of dispatch by name, each of which can be called with two values and answers at once."""
    code = f"extensions.{what}"
    if value is not None and not isinstance(value, Mapping):
        raise InputError(f"{what} is a mapping from names to functions, not {shown(value)}", code=code)
    for name, function in (value or {}).items():
        if not isinstance(name, str) or not name or not callable(function):
            raise InputError(f"{what} maps names to functions, not {shown(name)} to {shown(function)}", code=code)
        if inspect.iscoroutinefunction(function):
            raise InputError(
                f"{what} are asked in the middle of a decision; {name!r} is a coroutine and never answers", code=code
            )
        if not _takes_two(function):
            raise InputError(f"{name!r} of {what} cannot be called with {takes}", code=code, name=name)
    return frozen_map(value)


def _takes_two(function: Any) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except ValueError:
        return True  # written in C without a signature: nobody can tell
    except TypeError:
        return False
    return True


def _requirements(value: Any) -> FrozenMap[str, Any]:
    return _hooks(value, "requirements", "(candidate, needed value)")


def _terms(value: Any) -> FrozenMap[str, Any]:
    return _hooks(value, "terms", "(candidate, ticket)")


def _size(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise InputError(
            f"table_size counts answers and is a whole number from 1, not {shown(value)}", code="extensions.table_size"
        )
    return value


@frozen(kw_only=True)
class Extensions:
    """
    Pure Python functions of the host, by the names definitions use.

    ``functions`` extend expressions, ``requirements`` and ``terms`` extend dispatch, ``targets`` find
    whom an escalation tells (``{target: name}``), ``holidays`` are lists of dates that calendars name
    (``holidays: [{list: china}]``): each a ``HolidayList``, the mapping of one, or a function without
    parameters that gives it, called once for each definition that is loaded. They must give the
    same answer for the same arguments and touch nothing else; a definition that names one that is not
    registered is refused. A requirement is called with (candidate, needed value) and answers true or false, a term with
    (candidate, ticket) and answers a whole number of at most a million million, either way. What they answer is kept with
    the choice; where one raises or answers something else, that is kept in its place, the requirement is not met, and
    the term counts 0.

    ``table_size`` is how many answers of the state machine a workflow remembers, for all its tickets together,
    before it forgets them and works them out again: memory against time, and never another answer.
    """

    functions: FrozenMap[str, Function] = field(default=None, converter=_functions)
    requirements: FrozenMap[str, Any] = field(default=None, converter=_requirements)
    terms: FrozenMap[str, Any] = field(default=None, converter=_terms)
    targets: FrozenMap[str, Any] = field(default=None, converter=frozen_map)
    holidays: FrozenMap[str, Any] = field(default=None, converter=frozen_map)
    table_size: int = field(default=4096, eq=False, converter=_size)

    @property
    def hooks(self) -> Hooks:
        """The part that dispatch calls."""
        return Hooks(requirements=self.requirements, terms=self.terms) if self.requirements or self.terms else _NO_HOOKS


_NO_HOOKS = Hooks()

NONE = Extensions()
