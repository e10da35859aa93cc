"""Knows what the records of many tickets come to in figures; must not know stores, workflows or screens."""

from servflow.metrics._board import (
    DEFINITIONS,
    Board,
    board,
)
from servflow.metrics._cases import (
    Case,
    Cycle,
    read_case,
    read_cases,
)
from servflow.metrics._measures import (
    breaches,
    csat,
    escalations,
    first_response,
    load,
    offers,
    sla_attainment,
    time_to_resolve,
    volumes,
)
from servflow.metrics._values import (
    Durations,
    Load,
    Share,
    durations,
    share,
)

__all__ = [
    "DEFINITIONS",
    "Board",
    "Case",
    "Cycle",
    "Durations",
    "Load",
    "Share",
    "board",
    "breaches",
    "csat",
    "durations",
    "escalations",
    "first_response",
    "load",
    "offers",
    "read_case",
    "read_cases",
    "share",
    "sla_attainment",
    "time_to_resolve",
    "volumes",
]
