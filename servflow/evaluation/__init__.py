"""Knows how work is judged: surveys, scorecards and samples of closed tickets; must not know how tickets run or are kept."""

from __future__ import annotations

from servflow.evaluation._asking import Surveys
from servflow.evaluation._load import load_sampling, load_scorecard
from servflow.evaluation._sampling import Sampling
from servflow.evaluation._scorecard import Criterion, Marks, RaterKind, RaterScore, Scorecard, Verdict
from servflow.evaluation._scoring import Scorecards

__all__ = [
    "Criterion",
    "Marks",
    "RaterKind",
    "RaterScore",
    "Sampling",
    "Scorecard",
    "Scorecards",
    "Surveys",
    "Verdict",
    "load_sampling",
    "load_scorecard",
]
