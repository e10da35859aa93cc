"""Knows whether the rules of a definition come to rest, by trying it on tickets; must not change anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.errors import Finding, LimitError, ServflowError
from servflow.model import SYSTEM
from servflow.rules._ruleset_check import RuleCheck
from servflow.rules._ruleset_cycles import cycles

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

_TRIED = 20_000  # values tried whenever a definition is loaded; a check tries more


def rule_check(workflow: Workflow, budget: int | None = None) -> RuleCheck:
    """The check of the rules of a workflow; that they never come to rest is shown by opening a ticket."""
    compiled = workflow.compiled

    def endless(fields: Mapping[str, Any], at: datetime) -> frozenset[str]:
        given = {name: value for name, value in fields.items() if name in workflow.fields}
        try:
            workflow.open("T1", given, at=at, actor=SYSTEM)
        except LimitError as error:
            return frozenset(error.facts["rules"]) if error.code == "rules" else frozenset()
        except ServflowError:
            pass
        return frozenset()

    return RuleCheck(
        compiled.ruling.plan,
        compiled.ruling.conditions,
        compiled.rule_set.reads_of,
        compiled.timeless,
        endless=endless,
        budget=budget,
    )


def endless_rules(workflow: Workflow) -> Iterator[Finding]:
    """
    The circles of rules that do not come to rest, each with the fields a ticket cannot be opened with.

    Only a few are tried, and most definitions have no circle at all: it costs next to nothing to ask this of each.
    """
    if cycles(workflow.rules, workflow.compiled.rule_set.reads_of):
        for item in rule_check(workflow, _TRIED).endless():
            yield Finding(item.code, f"rules{item.path}", item.facts, item.severity, witness=item.witness)


__all__ = ["endless_rules", "rule_check"]
