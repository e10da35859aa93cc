"""Knows how a machine is drawn as text; must not know what its states mean."""

from __future__ import annotations

from servflow.statemachine._machine import Machine


def draw(machine: Machine, format: str = "mermaid") -> str:  # noqa: A002 - the word of the command line
    """A drawing of the machine."""
    return f"{format} {machine!r}"
