"""Knows how the contract is run against a store outside of pytest, and told; must not know what the contract says."""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from servflow.errors import InputError, nearest, shown
from servflow.stores import Store
from servflow.testing._store_contract import StoreContract
from servflow.testing._store_machine import store_machine

MACHINE = "answers_like_the_store_in_memory"
"""The clause that is a machine: many operations in any order."""

EXAMPLES = 100
"""How many runs of the machine are tried."""

PREFIX = "test_"


@frozen
class Clause:
    """
    What became of one clause of the contract.

    ``kept``, ``broken``, or ``unproved`` where the factory does not give what it takes; ``detail`` says where
    it broke and on what, or what is missing.
    """

    name: str
    sentence: str
    status: Literal["kept", "broken", "unproved"]
    detail: str = ""


@frozen
class _Given:
    """What a factory gave: one empty store, perhaps another handle on it and a way to open it again."""

    store: Store
    other: Store | None = None
    reopen: Callable[[], Store] | None = None

    @classmethod
    def of(cls, value: object) -> _Given:
        if isinstance(value, Store):
            return cls(value)
        if (
            isinstance(value, tuple)
            and len(value) in {2, 3}
            and all(isinstance(one, Store) for one in value[:2])
            and all(callable(one) for one in value[2:])
        ):
            return cls(*value)
        if isinstance(value, tuple):
            given = ", ".join("a store" if isinstance(one, Store) else shown(one) for one in value)
            raise InputError(
                f"the factory gave ({given}); give a store, two handles on one, or the two with a function that opens it again",
                code="factory",
                value=shown(value),
            )
        missing = [name for name in dir(Store) if not name.startswith("_") and not hasattr(value, name)]
        raise InputError(
            f"the factory gave {shown(value)}, which is no store; give a store, two handles on one, "
            "or the two with a function that opens it again" + (f"; it lacks {', '.join(missing)}" if missing else ""),
            code="factory",
            value=shown(value),
        )


class _FactoryContract(StoreContract):
    """The contract of what a factory gives."""

    def __init__(self, factory: Callable[[], object]) -> None:
        self._factory = factory
        self._reopen: Callable[[], Store] | None = None
        self._unused: Store | None = None

    def make(self) -> Store:
        given = self._give()
        return given.store

    def handles(self) -> tuple[Store, Store]:
        given = self._give()
        if given.other is None:
            given.store.close()
            pytest.skip("the factory gives one handle; nothing is proved between two processes")
        return given.store, given.other

    def _give(self) -> _Given:
        self.let_go()
        given = _Given.of(self._factory())
        self._unused, self._reopen = given.other, given.reopen
        return given

    def let_go(self) -> None:
        """Close the handle that the clause before did not ask for."""
        if self._unused is not None:
            self._unused.close()
        self._unused = None

    def reopen(self, store: Store) -> Store:
        if self._reopen is None:
            pytest.skip("the factory gives no way to open a store again; nothing is proved about what outlives it")
        store.close()
        self.let_go()
        return self._reopen()


def contract_of(factory: object) -> StoreContract:
    """
    The contract a factory is to keep.

    Args:
        factory: a subclass of ``StoreContract`` (its fixtures are not run), or a function without arguments that
            gives, anew each time, an empty store; two independent handles on one; or the two and a function that
            opens it again after both were closed.

    Raises:
        InputError: it is neither, or gives no store.
    """
    if isinstance(factory, type) and issubclass(factory, StoreContract):
        return factory()
    if not callable(factory):
        raise InputError(
            f"{shown(factory)} cannot be called; name a function that gives a store", code="factory", value=shown(factory)
        )
    contract = _FactoryContract(factory)
    try:
        store = contract.make()
        held = _held(store)
        store.close()
    except InputError:
        raise
    except Exception as error:  # a host's factory may raise anything
        raise InputError(f"the factory {shown(factory)} fails: {error}", code="factory", value=shown(factory)) from error
    contract.let_go()
    if held:
        raise InputError(
            f"the factory gave a store in which there is a ticket already, {held[0]!r}; give an empty one each time, such as in"
            " a file of a new temporary folder",
            code="factory",
            ticket=held[0],
        )
    return contract


def _held(store: Store) -> tuple[str, ...]:
    """A ticket that is in a store; that it cannot say is told by the clauses."""
    try:
        return store.ids(1)
    except Exception:  # as above
        return ()


def run_contract(factory: object, only: str = "") -> Iterator[Clause]:
    """
    Try every clause of the contract on what a factory gives, one after the other.

    Args:
        factory: as ``contract_of`` says.
        only: tries only clauses whose name holds this text.
    """
    contract = contract_of(factory)
    for name, sentence, run in _cases(contract):
        if only in name:
            yield _tried(name, sentence, run)
            if isinstance(contract, _FactoryContract):
                contract.let_go()


def read_factory(named: str) -> object:
    """
    What ``module:name`` names; modules of the working directory are found too.

    Raises:
        InputError: there is no such thing.
    """
    module, _, name = named.partition(":")
    if not module or not name:
        raise InputError(f"a factory is written module:name, not {named!r}", code="factory", factory=named)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        imported = import_module(module)
    except Exception as error:  # a host's module may raise anything while it is imported
        raise InputError(f"{module} cannot be imported: {error}", code="factory", factory=named) from error
    try:
        return attrgetter(name)(imported)
    except AttributeError as error:
        near = nearest(name, dir(imported))
        raise InputError(
            f"{module} has no {name!r}" + (f"; did you mean {near!r}?" if near else ""), code="factory", factory=named
        ) from error


def _cases(contract: StoreContract) -> Iterator[tuple[str, str, Callable[[], None]]]:
    methods = inspect.getmembers(type(contract), inspect.isfunction)
    tests = [method for name, method in methods if name.startswith(PREFIX)]
    for method in sorted(tests, key=lambda method: (method.__code__.co_filename, method.__code__.co_firstlineno)):
        name, sentence = method.__name__.removeprefix(PREFIX), " ".join((inspect.getdoc(method) or "").split())
        for suffix, values in _parameters(method):
            yield name + suffix, sentence, partial(_call, contract, method, values)
    yield (
        MACHINE,
        "Whatever is asked of it in whatever order is answered as the store in memory does.",
        partial(_machine, contract),
    )


def _parameters(method: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """What a clause is tried with, as its one ``parametrize`` mark says, and what each of that is called."""
    marks = [mark for mark in getattr(method, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        return [("", {})]
    names, values = marks[0].args
    names = (names,) if isinstance(names, str) else names
    return [(f"[{value.id}]", dict(zip(names, value.values, strict=True))) for value in values]


def _call(contract: StoreContract, method: Callable[..., None], values: Mapping[str, Any]) -> None:
    fixtures: dict[str, Callable[[], AbstractContextManager[Any]]] = {
        "store": contract.opened_store,
        "pair": contract.opened_pair,
    }
    given = dict(values)
    with ExitStack() as open_stores:
        for name in inspect.signature(method).parameters:
            if name in fixtures:
                given[name] = open_stores.enter_context(fixtures[name]())
        method(contract, **given)


def _machine(contract: StoreContract) -> None:
    # The same runs every time, and nothing written beside the host's files.
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(store_machine(contract.make), settings=how)


def _tried(name: str, sentence: str, run: Callable[[], None]) -> Clause:
    try:
        run()
    except pytest.skip.Exception as reason:
        return Clause(name, sentence, "unproved", str(reason))
    except (Exception, pytest.fail.Exception) as error:  # whatever a store raises is what is to be told
        return Clause(name, sentence, "broken", _where(error))
    return Clause(name, sentence, "kept")


def _where(error: BaseException) -> str:
    """The error, the line of the contract it came from, and what was known there."""
    here = Path(__file__).parent
    frames = [
        (frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if _is_clause(frame.f_code.co_filename, here)
    ]
    lines = [f"{type(error).__name__}: {error}".rstrip(": ")]
    for frame, number in frames[-1:]:
        path = Path(frame.f_code.co_filename)
        lines.append(f"{path.name}:{number}: {linecache.getline(str(path), number).strip()}")
        lines += [f"  {name} = {shown(value)}" for name, value in frame.f_locals.items() if name != "self"]
    lines += [text for note in getattr(error, "__notes__", ()) for text in str(note).splitlines()]
    return "\n".join(lines)


def _is_clause(filename: str, here: Path) -> bool:
    path = Path(filename)
    return path.parent == here and path.name.startswith("_store_") and path.name != "_store_values.py"
