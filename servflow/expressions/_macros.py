"""Knows what the macros do with the elements of a list or the keys of a map; must not know how bodies are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions._faults import fault, placed
from servflow.expressions._reading import Run
from servflow.expressions._values import admit, checked_key, kind, spend


def _elements(holder: Any, macro: str, position: int) -> Iterator[Any]:
    found = kind(holder)
    if found == "list":
        return (admit(item) for item in holder)
    if found == "map":
        return (checked_key(key) for key in holder)
    raise fault("overload", function=macro, kinds=found, position=position)


def _decide(macro: str, decisive: bool) -> Callable[..., Run]:
    """``all`` (decided by false) or ``exists`` (by true): one decisive element settles it whatever failed before."""

    def build(target: Run, slot: int, bodies: tuple[Run, ...], position: int, *, lenient: bool, cost: int) -> Run:
        body = bodies[0]

        def run(env: Any) -> Any:
            holder = target(env)
            if holder is None and lenient:
                return None
            failed: ExpressionError | None = None
            for item in _elements(holder, macro, position):
                spend(env, cost)
                env[slot] = item
                try:
                    if body(env) is decisive:
                        return decisive
                except ExpressionError as error:
                    failed = failed or placed(error, position)
            if failed is not None:
                raise failed
            return not decisive

        return run

    return build


def _exists_one(target: Run, slot: int, bodies: tuple[Run, ...], position: int, *, lenient: bool, cost: int) -> Run:
    body = bodies[0]

    def run(env: Any) -> bool | None:
        holder = target(env)
        if holder is None and lenient:
            return None
        count = 0
        for item in _elements(holder, "exists_one", position):
            spend(env, cost)
            env[slot] = item
            count += body(env)
        return count == 1

    return run


def _filter(target: Run, slot: int, bodies: tuple[Run, ...], position: int, *, lenient: bool, cost: int) -> Run:
    body = bodies[0]

    def run(env: Any) -> list[Any] | None:
        holder = target(env)
        if holder is None and lenient:
            return None
        kept = []
        for item in _elements(holder, "filter", position):
            spend(env, cost)
            env[slot] = item
            if body(env):
                kept.append(item)
        return kept

    return run


def _map(target: Run, slot: int, bodies: tuple[Run, ...], position: int, *, lenient: bool, cost: int) -> Run:
    condition = bodies[0] if len(bodies) == 2 else None
    result = bodies[-1]

    def run(env: Any) -> list[Any] | None:
        holder = target(env)
        if holder is None and lenient:
            return None
        made = []
        for item in _elements(holder, "map", position):
            spend(env, cost)
            env[slot] = item
            if condition is None or condition(env):
                made.append(result(env))
        return made

    return run


RUNNERS: Mapping[str, Callable[..., Run]] = {
    "all": _decide("all", decisive=False),
    "exists": _decide("exists", decisive=True),
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
"""From a macro's target, variable slot, bodies (conditions give a bool), position, mode and a turn's cost."""
