"""Knows how to walk over the package's own source files; must not know what is expected of them."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "servflow"

PACKAGES = (
    "cli",
    "testing",
    "integrations",
    "report",
    "recurring",
    "evaluation",
    "intake",
    "metrics",
    "lab",
    "embedding",
    "desk",
    "stores",
    "documents",
    "engine",
    "statemachine",
    "rules",
    "dispatch",
    "sla",
    "escalation",
    "correlation",
    "expressions",
    "calendars",
    "model",
    "errors",
)


def modules() -> tuple[Path, ...]:
    """Every module of the package."""
    return tuple(sorted(SOURCE.rglob("*.py")))


def name(path: Path) -> str:
    """A file as it is called in this repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a module, those inside classes and functions too, with its dotted name."""
    waiting: list[tuple[str, ast.AST]] = [("", tree(path))]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            named = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                named = f"{prefix}.{child.name}" if prefix else child.name
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield named, child
            waiting.append((named, child))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Every comment of a module with its line."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
