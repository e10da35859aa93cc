"""
Knows what a promise of time is and how far it has come; must not know which event moves it or who is told.

A clock is a pure fold. `Clock` is the definition; each function takes a `ClockRun` and an instant and returns the next
`ClockRun`. All instants are in UTC, and ``cal`` is the calendar that counts, None for time as it passes.
"""

from servflow.sla._breaches import Breach, breaches
from servflow.sla._caps import capped, freed
from servflow.sla._change import clamp, recalendar, remark, retarget, rewind
from servflow.sla._clock import CONDITIONS, KEYS, MAX_ITEMS, Clock, short
from servflow.sla._conditions import KINDS, NARROWING, SIDES, Condition
from servflow.sla._explain import explain, explain_idle, rows
from servflow.sla._explain_history import explain_history
from servflow.sla._fold import begin, cancel, pause, reach, reopen, reset, resume, stop
from servflow.sla._forecast import Forecast, estimated, forecast
from servflow.sla._history import OPERATIONS, ClockState, fold, run
from servflow.sla._parts import BREACH, MAX_REPEATS, Choice, Mark, Relative, TableOutput, mark_name, mark_of, span_of
from servflow.sla._presets import OPTIONS, PRESETS
from servflow.sla._questions import counted, display_due, due_if_resumed, over, paused, percent, remaining
from servflow.sla._recompute import UNCHANGED, Unchanged, recompute, what_if
from servflow.sla._redue import Redue
from servflow.sla._rows import Row
from servflow.sla._standing import ClockChange, Standing, standing
from servflow.sla._time import passes, target
from servflow.sla._timeline import MarkAt, Step, Timeline

__all__ = [
    "BREACH",
    "CONDITIONS",
    "KEYS",
    "KINDS",
    "MAX_ITEMS",
    "MAX_REPEATS",
    "NARROWING",
    "OPERATIONS",
    "OPTIONS",
    "PRESETS",
    "SIDES",
    "UNCHANGED",
    "Breach",
    "Choice",
    "Clock",
    "ClockChange",
    "ClockState",
    "Condition",
    "Forecast",
    "Mark",
    "MarkAt",
    "Redue",
    "Relative",
    "Row",
    "Standing",
    "Step",
    "TableOutput",
    "Timeline",
    "Unchanged",
    "begin",
    "breaches",
    "cancel",
    "capped",
    "clamp",
    "counted",
    "display_due",
    "due_if_resumed",
    "estimated",
    "explain",
    "explain_history",
    "explain_idle",
    "fold",
    "forecast",
    "freed",
    "mark_name",
    "mark_of",
    "over",
    "passes",
    "pause",
    "paused",
    "percent",
    "reach",
    "recalendar",
    "recompute",
    "remaining",
    "remark",
    "reopen",
    "reset",
    "resume",
    "retarget",
    "rewind",
    "rows",
    "run",
    "short",
    "span_of",
    "standing",
    "stop",
    "target",
    "what_if",
]
