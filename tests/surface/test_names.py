"""Knows which names servflow shows to the world; must not know what they mean."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import servflow
from tests.surface.layout import PACKAGES, ROOT, SOURCE

MAX_ROOT_NAMES = 40

HEAVY = (
    "click",
    "dbos",
    "durable",
    "holidays",
    "hypothesis",
    "numpy",
    "opentelemetry",
    "psycopg",
    "pydantic",
    "pytest",
    "rich",
    "ruamel.yaml",
    "scipy",
    "sqlalchemy",
    "sqlite3",
    "transitions",
)

NAMED_IN_THE_DESIGN = {
    "servflow": ("load", "dump", "load_ticket", "Workflow", "Desk"),
    "servflow.calendars": ("Calendar", "any_of", "all_of", "minus"),
    "servflow.dispatch": ("evaluate", "plan", "verify"),
    "servflow.escalation": ("Rotation", "Schedule", "plan"),
    "servflow.expressions": ("Expression", "ExpressionError", "evaluate"),
    "servflow.rules": ("DecisionTable",),
    "servflow.sla": ("Clock", "run"),
    "servflow.statemachine": ("Machine",),
    "servflow.stores": ("MemoryStore", "SqlStore", "SqliteStore"),
    "servflow.testing": ("StoreContract",),
}


def _visible(module: ModuleType) -> set[str]:
    """What a reader of the module finds without an underscore, whatever brought it in."""
    future = type(importlib.import_module("__future__").annotations)
    return {
        name
        for name in dir(module)
        if not name.startswith("_") and not inspect.ismodule(value := getattr(module, name)) and not isinstance(value, future)
    }


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by the alphabet."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize("package", ["servflow", *(f"servflow.{name}" for name in PACKAGES)])
def test_exported_names_are_those_visible(package: str) -> None:
    """A package shows what it exports and nothing else, once each and in order."""
    module = importlib.import_module(package)
    exported = [name for name in module.__all__ if not name.startswith("__")]

    assert sorted(_visible(module)) == sorted(exported)
    assert sorted(exported, key=_order) == exported


def test_root_is_small() -> None:
    """A newcomer reads the names of the root in one go."""
    assert len(servflow.__all__) <= MAX_ROOT_NAMES


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package, all_ in NAMED_IN_THE_DESIGN.items() for name in all_]
)
def test_names_of_the_design_are_importable(package: str, name: str) -> None:
    """What outside callers rely on can be imported from where the design puts it."""
    assert hasattr(importlib.import_module(package), name)
    assert name in importlib.import_module(package).__all__


def test_an_unknown_name_says_so() -> None:
    """A misspelt name is an AttributeError that names what was probably meant."""
    with pytest.raises(AttributeError, match="did you mean 'Workflow'"):
        _ = servflow.Worklfow  # type: ignore[attr-defined]  # the misspelling is the point of the test


def _loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    return set(run.stdout.split())


def test_importing_servflow_is_light() -> None:
    """`import servflow` loads no pydantic, no YAML reader, no database and no extra."""
    assert set() == _loaded_after("import servflow") & set(HEAVY)


KERNEL = ("engine", "statemachine", "rules", "dispatch", "sla", "escalation", "expressions", "calendars", "model", "errors")


def test_the_kernel_loads_without_the_base_install() -> None:
    """The kernel needs the standard library and attrs, and loads nothing else."""
    statement = "import " + ", ".join(f"servflow.{name}" for name in KERNEL)

    assert set() == _loaded_after(statement) & set(HEAVY)


def test_types_are_shipped() -> None:
    """Type checkers of hosts read the annotations of servflow."""
    assert (SOURCE / "py.typed").exists()


def test_lazy_names_are_the_real_ones() -> None:
    """A name that loads on first use is the very object of its package."""
    documents: Any = importlib.import_module("servflow.documents")
    desk: Any = importlib.import_module("servflow.desk")

    assert documents.load is servflow.load
    assert desk.Desk is servflow.Desk
