"""Knows who may fill a slot of a ticket, who is best and why; must not know states, clocks or stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from servflow.dispatch._again import Again, Difference, again
from servflow.dispatch._appointments import Window, slots
from servflow.dispatch._candidates import CANDIDATES, PEOPLE
from servflow.dispatch._change import CHANGES, Change, Unblock
from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._lint import check_policy, check_world
from servflow.dispatch._options import MODES, Hooks, OfferOptions, Relaxation
from servflow.dispatch._policy import CANDIDATE_FIELDS, STANDING, Policy
from servflow.dispatch._queue import NextFor, Waiting, next_for
from servflow.dispatch._redispatch import CAUSES, Redispatch
from servflow.dispatch._requirement import REQUIREMENTS, UNITS, Requirement
from servflow.dispatch._term import TERMS, Term
from servflow.dispatch._visit import Stay, VisitOptions
from servflow.dispatch._waiting import ORDER, AppointmentOptions, PullOptions
from servflow.dispatch._why_not import WhyNot, why_not

if TYPE_CHECKING:
    from servflow.dispatch._insertions import Insertion, insertions
    from servflow.dispatch._plan import SOLVERS, Plan, plan
    from servflow.dispatch._prices import Prices, learn
    from servflow.dispatch._stops import Route, Routing, Stop
    from servflow.dispatch._unblock import unblock
    from servflow.dispatch._verify import Violation, verify

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

# Whole days of many tickets and their routes: loaded on first use, since whoever runs tickets one by one needs none of it.
_LAZY = {
    "SOLVERS": "_plan",
    "Insertion": "_insertions",
    "Plan": "_plan",
    "Prices": "_prices",
    "Route": "_stops",
    "Routing": "_stops",
    "Stop": "_stops",
    "Violation": "_verify",
    "insertions": "_insertions",
    "learn": "_prices",
    "plan": "_plan",
    "unblock": "_unblock",
    "verify": "_verify",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'servflow.dispatch' has no attribute {name!r}")
    value = getattr(import_module(f"servflow.dispatch.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "annotations", "import_module"})
