"""Knows who hears of a late ticket, when and in whose turn; must not know clocks, states or how anybody is told."""

from servflow.escalation._addresses import PICKS, RELATIONS
from servflow.escalation._answers import (
    acknowledge,
    deescalate,
    end_snooze,
    escalate,
    snooze,
    take_back,
    wake_up,
)
from servflow.escalation._causes import (
    Start,
    cause_text,
)
from servflow.escalation._chain import (
    MAX_LEVELS,
    MAX_REPEATS,
    Chain,
    Repeat,
)
from servflow.escalation._counting import (
    Finder,
)
from servflow.escalation._coverage import (
    Coverage,
    IdleOverride,
    coverage,
)
from servflow.escalation._history import (
    LEVELS,
    RunStory,
    Step,
    history,
)
from servflow.escalation._level import (
    MAX_REMINDERS,
    Level,
    Remind,
)
from servflow.escalation._members import (
    Members,
)
from servflow.escalation._migrate import migrate
from servflow.escalation._overrides import (
    Override,
    Temporary,
)
from servflow.escalation._plan import (
    Planned,
    calendar_finder,
    plan,
)
from servflow.escalation._plan_views import (
    Plan,
    Scripted,
    history_text,
)
from servflow.escalation._quiet import (
    Quiet,
)
from servflow.escalation._recipients import Recipients, Target, resolve
from servflow.escalation._reports import (
    Fairness,
    PersonDuty,
    duties,
    fairness,
)
from servflow.escalation._roster import (
    Roster,
)
from servflow.escalation._rotation import (
    Rotation,
    Shift,
)
from servflow.escalation._schedule import (
    Schedule,
)
from servflow.escalation._spans import (
    ELAPSED,
    CalendarOf,
    Counts,
)
from servflow.escalation._steps import (
    arm,
    begin,
    climb,
    entry_level,
    held,
    hold,
    next_due,
    release,
    remind,
    stop,
)
from servflow.escalation._trigger import (
    Ending,
    Trigger,
)

__all__ = [
    "ELAPSED",
    "LEVELS",
    "MAX_LEVELS",
    "MAX_REMINDERS",
    "MAX_REPEATS",
    "PICKS",
    "RELATIONS",
    "CalendarOf",
    "Chain",
    "Counts",
    "Coverage",
    "Ending",
    "Fairness",
    "Finder",
    "IdleOverride",
    "Level",
    "Members",
    "Override",
    "PersonDuty",
    "Plan",
    "Planned",
    "Quiet",
    "Recipients",
    "Remind",
    "Repeat",
    "Roster",
    "Rotation",
    "RunStory",
    "Schedule",
    "Scripted",
    "Shift",
    "Start",
    "Step",
    "Target",
    "Temporary",
    "Trigger",
    "acknowledge",
    "arm",
    "begin",
    "calendar_finder",
    "cause_text",
    "climb",
    "coverage",
    "deescalate",
    "duties",
    "end_snooze",
    "entry_level",
    "escalate",
    "fairness",
    "held",
    "history",
    "history_text",
    "hold",
    "migrate",
    "next_due",
    "plan",
    "release",
    "remind",
    "resolve",
    "snooze",
    "stop",
    "take_back",
    "wake_up",
]
