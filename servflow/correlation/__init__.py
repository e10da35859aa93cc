"""Knows how records of many tickets are looked at together, key by key; must not know stores, desks or how tickets change."""

from servflow.correlation._definition import KEYS, Correlator
from servflow.correlation._engine import Correlation
from servflow.correlation._fact import EVENT, Fact
from servflow.correlation._firing import Firing, effects_of
from servflow.correlation._names import firing_types, record_types
from servflow.correlation._story import Explanation
from servflow.correlation._view import View
from servflow.correlation._whole import AFTER, FIND, LATE

__all__ = [
    "AFTER",
    "EVENT",
    "FIND",
    "KEYS",
    "LATE",
    "Correlation",
    "Correlator",
    "Explanation",
    "Fact",
    "Firing",
    "View",
    "effects_of",
    "firing_types",
    "record_types",
]
