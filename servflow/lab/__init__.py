"""Knows how foreign histories run through a workflow and what they come to; must not know who asks."""

from servflow.lab._map import LogMap
from servflow.lab._replay import histories, replay, replay_all
from servflow.lab._report import ClockFigures, Damage, Edge, Report, Returned, Tally, UnknownState

__all__ = [
    "ClockFigures",
    "Damage",
    "Edge",
    "LogMap",
    "Report",
    "Returned",
    "Tally",
    "UnknownState",
    "histories",
    "replay",
    "replay_all",
]
