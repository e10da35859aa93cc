"""Knows who hears of a late ticket, when and in whose turn; must not know clocks, states or how anybody is told."""

from servflow.escalation._addresses import FORMS, PICKS, RELATIONS, check_to, symbols
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
    ASKED,
    Start,
    cause_kind,
    cause_text,
    side_of,
    starts_of,
    state_of,
    with_states,
)
from servflow.escalation._chain import (
    MAX_LEVELS,
    MAX_REPEATS,
    Chain,
    Repeat,
)
from servflow.escalation._counting import (
    Finder,
    counted,
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
    first_quiet,
    hold_back,
    quiet_until,
    spoken_for,
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
    speak,
    stop,
)
from servflow.escalation._trigger import (
    SIDES,
    Ending,
    Trigger,
)

__all__ = [
    "ASKED",
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
    "SIDES",
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
    "cause_kind",
    "cause_text",
    "check_to",
    "climb",
    "counted",
    "coverage",
    "deescalate",
    "duties",
    "end_snooze",
    "entry_level",
    "escalate",
    "fairness",
    "first_quiet",
    "held",
    "history",
    "history_text",
    "hold",
    "hold_back",
    "later",
    "migrate",
    "next_due",
    "plan",
    "quiet_until",
    "regained",
    "release",
    "remind",
    "resolve",
    "side_of",
    "snooze",
    "speak",
    "spoken_for",
    "starts_of",
    "state_of",
    "stop",
    "symbols",
    "take_back",
    "time_left",
    "wake_up",
    "with_states",
]
