"""Knows who may fill a slot of a ticket, who is best and why; must not know states, clocks or stores."""

from servflow.dispatch._again import Again, Difference, again
from servflow.dispatch._appointments import Window, slots
from servflow.dispatch._candidates import CANDIDATES, PEOPLE
from servflow.dispatch._change import CHANGES, Change, Unblock
from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._insertions import Insertion, insertions
from servflow.dispatch._lint import check_policy, check_world
from servflow.dispatch._options import MODES, Hooks, OfferOptions, Relaxation
from servflow.dispatch._plan import SOLVERS, Plan, plan
from servflow.dispatch._policy import CANDIDATE_FIELDS, STANDING, Policy
from servflow.dispatch._prices import Prices, learn
from servflow.dispatch._queue import NextFor, Waiting, next_for
from servflow.dispatch._redispatch import CAUSES, Redispatch
from servflow.dispatch._requirement import REQUIREMENTS, UNITS, Requirement
from servflow.dispatch._stops import Route, Routing, Stop
from servflow.dispatch._term import TERMS, Term
from servflow.dispatch._unblock import unblock
from servflow.dispatch._verify import Violation, verify
from servflow.dispatch._visit import Stay, VisitOptions
from servflow.dispatch._waiting import ORDER, AppointmentOptions, PullOptions
from servflow.dispatch._why_not import WhyNot, why_not

__all__ = [
    "CANDIDATES",
    "CANDIDATE_FIELDS",
    "CAUSES",
    "CHANGES",
    "MODES",
    "ORDER",
    "PEOPLE",
    "REQUIREMENTS",
    "SOLVERS",
    "STANDING",
    "TERMS",
    "UNITS",
    "Again",
    "AppointmentOptions",
    "Change",
    "Choice",
    "Difference",
    "Hooks",
    "Insertion",
    "NextFor",
    "OfferOptions",
    "Plan",
    "Policy",
    "Prices",
    "PullOptions",
    "Ranked",
    "Redispatch",
    "Relaxation",
    "Requirement",
    "Route",
    "Routing",
    "Stay",
    "Stop",
    "Term",
    "Unblock",
    "Verdict",
    "Violation",
    "VisitOptions",
    "Waiting",
    "WhyNot",
    "Window",
    "again",
    "check_policy",
    "check_world",
    "evaluate",
    "insertions",
    "learn",
    "next_for",
    "plan",
    "slots",
    "unblock",
    "verify",
    "why_not",
]
