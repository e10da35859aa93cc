"""Knows who may fill a slot of a ticket, who is best and why; must not know states, clocks or stores."""

from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._options import CANDIDATES, MODES, Hooks, OfferOptions, Relaxation
from servflow.dispatch._plan import SOLVERS, Plan, plan
from servflow.dispatch._policy import CANDIDATE_FIELDS, STANDING, Policy
from servflow.dispatch._requirement import REQUIREMENTS, Requirement
from servflow.dispatch._term import TERMS, Term
from servflow.dispatch._verify import Violation, verify
from servflow.dispatch._why_not import WhyNot, why_not

__all__ = [
    "CANDIDATES",
    "CANDIDATE_FIELDS",
    "MODES",
    "REQUIREMENTS",
    "SOLVERS",
    "STANDING",
    "TERMS",
    "Choice",
    "Hooks",
    "OfferOptions",
    "Plan",
    "Policy",
    "Ranked",
    "Relaxation",
    "Requirement",
    "Term",
    "Verdict",
    "Violation",
    "WhyNot",
    "evaluate",
    "plan",
    "verify",
    "why_not",
]
