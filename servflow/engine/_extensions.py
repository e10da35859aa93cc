"""Knows what a host may plug in by name; must not know who calls it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from servflow.dispatch import Hooks
from servflow.dispatch._options import host_requirements, host_terms
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


def _size(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise InputError(
            f"table_size counts answers and is a whole number from 1, not {shown(value)}", code="extensions.table_size"
        )
    return value


@frozen(kw_only=True, slots=False)
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
    requirements: FrozenMap[str, Any] = field(default=None, converter=host_requirements)
    terms: FrozenMap[str, Any] = field(default=None, converter=host_terms)
    targets: FrozenMap[str, Any] = field(default=None, converter=frozen_map)
    holidays: FrozenMap[str, Any] = field(default=None, converter=frozen_map)
    table_size: int = field(default=4096, eq=False, converter=_size)

    @cached_property
    def hooks(self) -> Hooks:
        """The part that dispatch calls."""
        return Hooks(requirements=self.requirements, terms=self.terms)


NONE = Extensions()
