"""Knows who hears of a late ticket, when and in whose turn; must not know clocks, states or how anybody is told."""

from servflow.escalation._answers import (
    acknowledge,
    escalate,
    snooze,
    wake_up,
)
from servflow.escalation._chain import (
    MAX_LEVELS,
    MAX_REPEATS,
    Chain,
    Repeat,
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
from servflow.escalation._recipients import (
    FORMS,
    PICKS,
    RELATIONS,
    Recipients,
    Target,
    check_to,
    resolve,
    symbols,
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
    NEVER,
    CalendarOf,
    Counts,
    later,
    regained,
    time_left,
)
from servflow.escalation._steps import (
    FROZEN,
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
    "FORMS",
    "FROZEN",
    "LEVELS",
    "MAX_LEVELS",
    "MAX_REMINDERS",
    "MAX_REPEATS",
    "NEVER",
    "PICKS",
    "RELATIONS",
    "CalendarOf",
    "Chain",
    "Counts",
    "Ending",
    "Level",
    "Members",
    "Override",
    "Plan",
    "Planned",
    "Recipients",
    "Remind",
    "Repeat",
    "Roster",
    "Rotation",
    "RunStory",
    "Schedule",
    "Scripted",
    "Shift",
    "Step",
    "Target",
    "Temporary",
    "Trigger",
    "acknowledge",
    "arm",
    "begin",
    "calendar_finder",
    "check_to",
    "climb",
    "entry_level",
    "escalate",
    "held",
    "history",
    "history_text",
    "hold",
    "later",
    "migrate",
    "next_due",
    "plan",
    "regained",
    "release",
    "remind",
    "resolve",
    "snooze",
    "stop",
    "symbols",
    "time_left",
    "wake_up",
]
