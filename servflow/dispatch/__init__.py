"""Knows who may fill a slot of a ticket, who is best and why; must not know states, clocks or stores."""

from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._evaluate import evaluate, why_not
from servflow.dispatch._parts import (
    CANDIDATES,
    MODES,
    REQUIREMENTS,
    TERMS,
    Hooks,
    OfferOptions,
    Relaxation,
    Requirement,
    Term,
)
from servflow.dispatch._policy import CANDIDATE_FIELDS, STANDING, Policy

__all__ = [
    "CANDIDATES",
    "CANDIDATE_FIELDS",
    "MODES",
    "REQUIREMENTS",
    "STANDING",
    "TERMS",
    "Choice",
    "Hooks",
    "OfferOptions",
    "Policy",
    "Ranked",
    "Relaxation",
    "Requirement",
    "Term",
    "Verdict",
    "evaluate",
    "why_not",
]
