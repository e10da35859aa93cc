"""Knows what can have happened to the appointment of a ticket; must not know why it was decided so."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from servflow.model._appointment import Appointment
from servflow.model._records import Record


@frozen(kw_only=True, slots=False)
class Booked(Record):
    """A visit was booked, or moved; ``appointment`` is what holds from now on, ``was`` what held before where it was moved."""

    appointment: Appointment
    was: Appointment | None = None
    by: str | None = None


@frozen(kw_only=True, slots=False)
class Unbooked(Record):
    """
    A visit will not be, or was: ``was`` is the visit, ``appointment`` what is left of it, with its counts.

    ``appointment.phase`` says what became of it, ``reason`` why in words.
    """

    appointment: Appointment
    was: Appointment
    reason: str = ""
    by: str | None = None


@frozen(kw_only=True, slots=False)
class VisitNear(Record):
    """A reminder of the visit at ``scheduled`` was due; ``appointment`` counts it."""

    appointment: Appointment
    scheduled: datetime
