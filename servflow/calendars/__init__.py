"""Knows which time counts; must not know what it is counted for."""

from servflow.calendars._calendar import Calendar
from servflow.calendars._clock import WEEKDAYS
from servflow.calendars._combined import all_of, any_of, minus
from servflow.calendars._data import from_data, names_lists
from servflow.calendars._diff import Change, Proposal, diff
from servflow.calendars._holidays import HolidayList, Lists
from servflow.calendars._open import OpenTime
from servflow.calendars._reading import Holiday
from servflow.calendars._tables import reload_zones
from servflow.calendars._tzdata import tz_version

__all__ = [
    "WEEKDAYS",
    "Calendar",
    "Change",
    "Holiday",
    "HolidayList",
    "Lists",
    "OpenTime",
    "Proposal",
    "all_of",
    "any_of",
    "diff",
    "from_data",
    "minus",
    "names_lists",
    "reload_zones",
    "tz_version",
]
