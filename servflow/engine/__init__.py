"""
Knows a complete workflow and its verbs, composed of the parts below; must not know documents, stores or clocks on a wall.
"""

from servflow.engine._calendar_changes import PastCalendars
from servflow.engine._definition import BUILT_IN, EventSpec, State, Timer, Transition
from servflow.engine._diff import Change, Diff, diff
from servflow.engine._erasing import Erasure
from servflow.engine._extensions import Extensions
from servflow.engine._idioms import Approval, ChecklistStep
from servflow.engine._law import Law
from servflow.engine._migrating import migrate
from servflow.engine._migration import AtOnce, MigrationPlan, Part, TicketMove
from servflow.engine._planning import plan_migration
from servflow.engine._progress import Progress, ProgressPromise, ProgressStep
from servflow.engine._proving import Proof
from servflow.engine._reopen import Reopen
from servflow.engine._surveys import ABOUT as SURVEY_ABOUT
from servflow.engine._surveys import CALL as SURVEY_CALL
from servflow.engine._surveys import SCALES as SURVEY_SCALES
from servflow.engine._surveys import Low, Survey
from servflow.engine._verbs import SKEW, Walk
from servflow.engine._views import ClockView, Explanation, NextUp, Option
from servflow.engine._what_if import Coming, Following, WhatIf
from servflow.engine._workflow import Workflow

__all__ = [
    "BUILT_IN",
    "SKEW",
    "SURVEY_ABOUT",
    "SURVEY_CALL",
    "SURVEY_SCALES",
    "Approval",
    "AtOnce",
    "Change",
    "ChecklistStep",
    "ClockView",
    "Coming",
    "Diff",
    "Erasure",
    "EventSpec",
    "Explanation",
    "Extensions",
    "Following",
    "Law",
    "Low",
    "MigrationPlan",
    "NextUp",
    "Option",
    "Part",
    "PastCalendars",
    "Progress",
    "ProgressPromise",
    "ProgressStep",
    "Proof",
    "Reopen",
    "State",
    "Survey",
    "TicketMove",
    "Timer",
    "Transition",
    "Walk",
    "WhatIf",
    "Workflow",
    "diff",
    "migrate",
    "plan_migration",
]
