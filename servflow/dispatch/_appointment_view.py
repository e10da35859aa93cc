"""Knows what an expression reads of a ticket's appointment; must not know how one comes about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.model import Appointment, FrozenMap

VIEW_TYPE: Mapping[str, str] = {
    "booked": "bool",
    "phase": "string",
    "start": "timestamp",
    "end": "timestamp",
    "to": "string",
    "moved": "int",
    "missed": "int",
    "lost": "int",
}
"""What an expression may read of ``appointment``, with its type."""


def appointment_view(held: Appointment | None) -> Mapping[str, Any]:
    """What an expression reads as ``appointment``; its phase is ``none`` where no visit was ever booked."""
    return _NONE if held is None else FrozenMap({name: getattr(held, name) for name in VIEW_TYPE})


_NONE = appointment_view(Appointment(policy="", phase="none"))
