"""Knows decision tables and condition/action rules; must not know tickets, workflows or who runs a rule."""

from servflow.rules._cases import Case, CaseResult, failed_cases, unreached
from servflow.rules._compare import Change, Comparison, Example, compare
from servflow.rules._current import Current
from servflow.rules._decision import Decision
from servflow.rules._definition import HITS, Input, Output, Row
from servflow.rules._diff import diff
from servflow.rules._difference import Difference
from servflow.rules._explain import Explained
from servflow.rules._rules import Rule
from servflow.rules._ruleset import RuleSet
from servflow.rules._ruleset_decide import RulesDecision
from servflow.rules._table import DecisionTable

__all__ = [
    "HITS",
    "Case",
    "CaseResult",
    "Change",
    "Comparison",
    "Current",
    "Decision",
    "DecisionTable",
    "Difference",
    "Example",
    "Explained",
    "Input",
    "Output",
    "Row",
    "Rule",
    "RuleSet",
    "RulesDecision",
    "compare",
    "diff",
    "failed_cases",
    "unreached",
]
