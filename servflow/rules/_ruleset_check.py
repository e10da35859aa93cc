"""Knows what is wrong with rules taken together, each with a witness; must not change or run anything."""

from __future__ import annotations

from typing import Any

from servflow.errors import Finding


def check_rules(rule_set: Any, conditions: Any, types: Any, budget: int | None) -> tuple[Finding, ...]:
    """Nothing yet."""
    return ()
