"""Knows which time counts; must not know what it is counted for."""

from servflow.calendars._calendar import Calendar
from servflow.calendars._clock import WEEKDAYS
from servflow.calendars._combined import all_of, any_of, minus
from servflow.calendars._data import from_data
from servflow.calendars._open import OpenTime

__all__ = ["WEEKDAYS", "Calendar", "OpenTime", "all_of", "any_of", "from_data", "minus"]
