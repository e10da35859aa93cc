"""
Knows a complete workflow and its verbs, composed of the parts below; must not know documents, stores or clocks on a wall.
"""

from servflow.engine._definition import BUILT_IN, EventSpec, State, Timer, Transition
from servflow.engine._extensions import Extensions
from servflow.engine._verbs import SKEW, Walk
from servflow.engine._views import ClockView, Explanation, NextUp, Option
from servflow.engine._workflow import Workflow

__all__ = [
    "BUILT_IN",
    "SKEW",
    "ClockView",
    "EventSpec",
    "Explanation",
    "Extensions",
    "NextUp",
    "Option",
    "State",
    "Timer",
    "Transition",
    "Walk",
    "Workflow",
]
