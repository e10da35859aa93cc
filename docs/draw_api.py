"""Knows which public name is described on which page of the API reference; must not know what is said of it there."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import servflow
from servflow.metrics import Measure

HERE = Path(__file__).parent / "reference" / "api"

# From below: a name that several packages give is described where it comes from.
LAYERS = (
    "errors",
    "model",
    "expressions",
    "calendars",
    "statemachine",
    "rules",
    "dispatch",
    "sla",
    "escalation",
    "correlation",
    "engine",
    "documents",
    "stores",
    "desk",
    "intake",
    "metrics",
    "lab",
    "recurring",
    "evaluation",
    "embedding",
    "report",
    "integrations",
    "testing",
    "cli",
)


def packages() -> tuple[str, ...]:
    """Every package that has public names, the lowest first and the root last; one unknown here comes before the root."""
    found = sorted(one.name for one in pkgutil.iter_modules(servflow.__path__) if one.ispkg)
    return (*(f"servflow.{name}" for name in sorted(found, key=_layer)), "servflow")


def _layer(name: str) -> int:
    return LAYERS.index(name) if name in LAYERS else len(LAYERS)


@cache
def homes() -> Mapping[tuple[str, str], str]:
    """For every package and public name of it, the package on whose page it is described."""
    told: dict[tuple[str, str], str] = {}
    owners: dict[int, str] = {}
    kept = []  # while these live, no other object has their identity
    for package in packages():
        module = import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            kept.append(value)
            shared = not isinstance(value, int | str | float)
            told[package, name] = owners.setdefault(id(value), package) if shared else package
    return told


def pages() -> dict[Path, str]:
    """Every page of the API reference, as it has to be."""
    made = {HERE / f"{_short(package)}.md": "\n".join(_page(package)) + "\n" for package in packages()}
    made[HERE / "README.md"] = "\n".join(_index()) + "\n"
    return made


def _short(package: str) -> str:
    return package.removeprefix("servflow.")


def _index() -> Iterator[str]:
    yield "# The public names of Python"
    yield ""
    yield "Every public name stands on the page of the package it comes from: what it means, its units and bounds, what it"
    yield "raises. All but the most used are imported from there: `from servflow.sla import forecast`. `make docs` builds the"
    yield "pages from the code."
    yield ""
    yield "| package | what it knows |"
    yield "|---|---|"
    for package in ("servflow", *packages()[:-1]):
        yield f"| [{package}]({_short(package)}.md) | {_knows(import_module(package))} |"


def _knows(module: ModuleType) -> str:
    said = " ".join((module.__doc__ or "").split()).removeprefix("Knows ").partition("; must not")[0]
    return said.replace("``", "`").replace("|", "\\|")


def _page(package: str) -> Iterator[str]:
    module = import_module(package)
    here = [name for name in module.__all__ if homes()[package, name] == package]
    elsewhere = [name for name in module.__all__ if homes()[package, name] != package]
    yield f"# {package}"
    if package == "servflow":
        yield ""
        yield "The names most used, under the root: `import servflow`, then `servflow.load(...)`."
    if elsewhere:
        yield ""
        yield "| name | described under |"
        yield "|---|---|"
        for name in elsewhere:
            home = homes()[package, name]
            yield f"| `{package}.{name}` | [{home}]({_short(home)}.md) |"
    if here:
        yield ""
        yield "```{eval-rst}"
        yield f".. py:currentmodule:: {package}"
        yield ""
        yield "On this page: " + ", ".join(f":py:obj:`{name}`" for name in here) + "."
        yield ""
        for name in here:
            yield f".. auto{_kind(getattr(module, name))}:: {package}.{name}"
        yield "```"


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) or hasattr(value, "__wrapped__") else "data"


def text_of(module: str, name: str) -> str:
    """What is written below a constant where it is made; it has no docstring of its own to ask for."""
    value = getattr(import_module(module), name, None)
    if isinstance(value, Measure):
        return f"{value.definitions['en']}\n\nHow it is counted, with an example: :doc:`/docs/reference/metrics`."
    made, names = _read(module)
    if name in made:
        return made[name]
    return text_of(*names[name]) if name in names else ""


@cache
def _read(module: str) -> tuple[Mapping[str, str], Mapping[str, tuple[str, str]]]:
    """The texts below the constants of a module, and what the module imports from which module under which name."""
    body = ast.parse(inspect.getsource(import_module(module))).body
    made: dict[str, str] = {}
    for one, below in pairwise(body):
        match one, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                made[name] = inspect.cleandoc(text)
    names = {
        alias.asname or alias.name: (one.module, alias.name)
        for top in body
        for one in ast.walk(top)
        if isinstance(top, ast.ImportFrom | ast.If) and isinstance(one, ast.ImportFrom) and one.module
        for alias in one.names
    }
    return made, names
