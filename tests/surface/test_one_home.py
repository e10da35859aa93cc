"""Knows that a private module offers its own names only; must not know what the names mean."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "servflow"

KNOWN = {
    ("integrations/_transitions_moves.py", "name_of_state"),
    ("testing/_coverage.py", "Item"),
    ("testing/_machine.py", "Call"),
    ("testing/_machine.py", "Setting"),
}
"""What is still handed on; nothing is to be added."""


def handed_on(path: Path) -> set[tuple[str, str]]:
    """Names that a module lists as its own though it imports them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("servflow")
        for alias in node.names
    }
    listed: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets):
            listed |= {
                item.value for item in ast.walk(node.value) if isinstance(item, ast.Constant) and isinstance(item.value, str)
            }
    return {(path.relative_to(ROOT).as_posix(), name) for name in listed & imported}


def test_a_name_is_imported_from_where_it_is_made() -> None:
    """Packages gather names for those outside; among themselves private modules never pass on what another one made."""
    modules = [path for path in ROOT.rglob("_*.py") if path.name != "__init__.py"]

    assert 500 < len(modules)
    assert set() == {pair for path in modules for pair in handed_on(path)} - KNOWN
