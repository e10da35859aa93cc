"""Knows what a host sees of ``python -m servflow.testing check``; must not know what the contract says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.surface.layout import ROOT

HOST = """
from itertools import count
from servflow.stores import MemoryStore, SqliteStore
from servflow.testing import StoreContract, _store_values as StoreValues

numbers = count()

def pair():
    path = f"{next(numbers)}.db"
    return SqliteStore(path), SqliteStore(path)

def whole():
    path = f"{next(numbers)}.db"
    return SqliteStore(path), SqliteStore(path), lambda: SqliteStore(path)

class Full(MemoryStore):
    def claim(self, now, limit=100, *, after=None):
        return ()

class OurContract(StoreContract):
    def make(self):
        return MemoryStore()

def half():
    return MemoryStore(), 5

def stuck():
    return MemoryStore(), MemoryStore(), "again"

def used():
    store = MemoryStore()
    new_ticket = StoreValues.new_ticket("left behind")
    store.commit([new_ticket])
    return store

def fails():
    raise OSError("no database here")

nothing = 3
"""


def check(directory: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code and both outputs of the command, run beside the host's module."""
    (directory / "our_store.py").write_text(HOST, "utf-8")
    command = [sys.executable, "-m", "servflow.testing", "check", *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_store_that_keeps_what_is_tried_ends_with_0(tmp_path: Path) -> None:
    """Two handles and a way to open them again prove what outlives the process."""
    code, said, _ = check(tmp_path, "our_store:whole", "-k", "outlives")

    assert (0, "kept      everything_outlives_the_store\n1 kept, 0 broken, 0 unproved\n") == (code, said)


def test_what_cannot_be_tried_is_told(tmp_path: Path) -> None:
    """A factory cannot make its storage fail, so the clauses about that are told as unproved, with what is missing."""
    code, said, _ = check(tmp_path, "our_store:whole", "-k", "fault")

    assert (0, "0 kept, 0 broken, 3 unproved") == (code, said.splitlines()[-1])
    assert 3 == said.count("faults() is not given")


def test_two_handles_without_reopen(tmp_path: Path) -> None:
    """What outlives the process is unproved where the factory cannot open again, and says what is missing."""
    code, said, _ = check(tmp_path, "our_store:pair", "-k", "outlives")

    assert 0 == code
    assert "0 kept, 0 broken, 1 unproved" == said.splitlines()[-1]
    assert "no way to open a store again" in said


def test_a_broken_store_ends_with_1(tmp_path: Path) -> None:
    """A broken clause is told by its name, its sentence, the line and the values it was seen with."""
    code, said, _ = check(tmp_path, "our_store:Full", "-k", "exact_to_the_microsecond")

    assert 1 == code
    assert "broken    a_wake_is_exact_to_the_microsecond" == said.splitlines()[0]
    assert "A ticket is claimed at its microsecond" in said
    assert "_store_contract_waking.py" in said
    assert "wake = datetime" in said
    assert "0 kept, 1 broken, 0 unproved" == said.splitlines()[-1]


def test_a_contract_class_can_be_named(tmp_path: Path) -> None:
    """A host that has a contract class for pytest names that."""
    code, said, _ = check(tmp_path, "our_store:OurContract", "-k", "stale_writer")

    assert (0, "1 kept, 0 broken, 0 unproved") == (code, said.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["our_store:Memory"], "has no 'Memory'", id="no such name"),
        pytest.param(["their_store:Memory"], "cannot be imported", id="no such module"),
        pytest.param(["our_store"], "module:name", id="no name"),
        pytest.param(["our_store:nothing"], "cannot be called", id="not a function"),
        pytest.param(["our_store:fails"], "no database here", id="a factory that fails"),
        pytest.param(["datetime:datetime.now"], "it lacks ack, answered", id="no store"),
        pytest.param(["our_store:half"], "gave (a store, 5); give", id="a store and something else"),
        pytest.param(["our_store:stuck"], "gave (a store, a store, 'again'); give", id="nothing that opens it again"),
        pytest.param(["our_store:used"], "there is a ticket already, 'left behind'", id="a store that is not empty"),
        pytest.param(["our_store:Full", "-k", "nowhere"], "no clause has 'nowhere'", id="no such clause"),
    ],
)
def test_what_cannot_be_tried_ends_with_2(arguments: list[str], told: str, tmp_path: Path) -> None:
    """A factory that gives no store, or a clause nobody knows, ends with 2 and one sentence."""
    code, said, wrong = check(tmp_path, *arguments)

    assert (2, "") == (code, said)
    assert told in wrong
    assert "Traceback" not in wrong
