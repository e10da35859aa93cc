"""Knows how to hear what a workflow asks itself while it runs; must not know what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from servflow.engine import Option, Workflow
from servflow.engine._compile import Compiled, Link
from servflow.errors import Refused, ServflowError
from servflow.expressions import Expression
from servflow.model import Outcome, Ticket
from servflow.rules import DecisionTable
from servflow.testing._coverage_items import guard_key, row_key

_HEARD: ContextVar[list[str] | None] = ContextVar("heard", default=None)
"""What the call that runs now has asked; None outside of one, so that what is worked out later for a screen counts nothing."""

Told = Callable[[list[str], Outcome | Refused], None]


class _Within(Workflow):
    """What runs inside a watched workflow: a class of its own, so that nobody takes it for one still to be watched."""


class Watched(Workflow):
    """
    A workflow that decides as the one it was made of, and tells what it asked itself.

    It shares everything compiled but the guards of transitions and the decision tables, which are copies that
    note their answers. It equals the original, has its hash, and pickles as it.
    """

    def open(self, *args: Any, **options: Any) -> Outcome:
        """Open a ticket, as ``Workflow.open`` does."""
        return self._heard(lambda within: Workflow.open(within, *args, **options))

    def fire(self, *args: Any, **options: Any) -> Outcome:
        """Fire an event, as ``Workflow.fire`` does."""
        return self._heard(lambda within: Workflow.fire(within, *args, **options))

    def advance(self, ticket: Ticket, **options: Any) -> Outcome:
        """Let time pass, as ``Workflow.advance`` does."""
        return self._heard(lambda within: Workflow.advance(within, ticket, **options))

    def available(self, *args: Any, **options: Any) -> tuple[Option, ...]:
        """What may be done, as ``Workflow.available`` says; asking exercises nothing."""
        return Workflow.available(self.__dict__.get("_within", self), *args, **options)

    def _heard(self, step: Callable[[Workflow], Outcome]) -> Outcome:
        told: Told | None = self.__dict__.get("_told")
        if told is None:  # made anew out of this one's parts, with others
            return step(self)
        result: Outcome | Refused
        with _listening() as heard:
            try:
                # Of a workflow that tells nothing: what is tried only to say what would help has not happened.
                result = step(self.__dict__["_within"])
            except Refused as refused:
                result = refused
        told(heard, result)  # when nothing listens any more: what a refusal says is worked out only now
        if isinstance(result, Refused):
            raise result
        return result


@contextmanager
def _listening() -> Iterator[list[str]]:
    heard: list[str] = []
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def watched(workflow: Workflow, told: Told) -> Watched:
    """
    The workflow's twin, which after each verb tells what was asked in it and what it came to.

    Args:
        told: gets the keys of guards' answers and tables' rows, and the outcome or the refusal.
    """
    compiled = object.__new__(Compiled)
    compiled.__dict__.update(workflow.compiled.__dict__)
    compiled.links = tuple(_link(link) for link in compiled.links)
    tables = {name: _table(name, table) for name, table in compiled.tables.items()}
    compiled.tables = tables
    for name in ("plain_opening", "first_fields"):
        compiled.__dict__.pop(name, None)
    within, made = object.__new__(_Within), object.__new__(Watched)
    within.__dict__.update(workflow.__dict__, compiled=compiled)
    made.__dict__.update(within.__dict__, _told=told, _within=within)
    return made


def _link(link: Link) -> Link:
    return link if link.guard is None else attrs.evolve(link, guard=_guard(link.index, link.guard))


def _guard(index: int, guard: Expression) -> Expression:
    asked = guard.compiled_test

    def test(bindings: Mapping[str, Any]) -> bool:
        heard = _HEARD.get()
        if heard is None:
            return asked(bindings)
        try:
            held = asked(bindings)
        except ServflowError:
            heard.append(guard_key(index, False))  # what cannot be decided is not allowed
            raise
        heard.append(guard_key(index, held))
        return held

    twin = object.__new__(Expression)
    twin.__dict__.update(guard.__dict__)
    twin.__dict__.update(compiled_test=test, test=test)
    return twin


def _table(name: str, table: DecisionTable) -> DecisionTable:
    asked = table.decide

    def decide(*args: Any, **options: Any) -> Any:
        decision = asked(*args, **options)
        heard = _HEARD.get()
        if heard is not None:
            heard.extend(row_key(name, row) for row in decision.matched)
            if not decision.matched:
                heard.append(row_key(name, None))
        return decision

    twin = object.__new__(DecisionTable)
    twin.__dict__.update(table.__dict__)
    twin.__dict__["decide"] = decide
    return twin
