"""
Knows what can go wrong and how it is said; must not know any other part of servflow.

The hierarchy, so that a host can catch wide or narrow::

    ServflowError
    ├── TimeError           an instant is naive, or time goes back
    ├── DefinitionError     a workflow, calendar, table or policy is wrong; carries findings
    ├── ExpressionError     a condition cannot be parsed, typed or evaluated
    ├── Refused             an event is not allowed here and now; the ticket is unchanged
    ├── LimitError          a bound that protects the host was reached
    ├── InputError          a file, row or argument from outside cannot be read
    └── StoreError          a store cannot do what was asked
        ├── Conflict            somebody else changed the ticket first
        ├── ReservationRefused  what had to hold across tickets does not hold
        ├── NotFound            no such ticket or definition
        └── FormatError         written by a newer or foreign version

Every error has a ``code``, a mapping of ``facts`` and survives ``pickle``.
"""

from servflow.errors._catalogue import LANGUAGES, Text, nearest, render
from servflow.errors._findings import Finding
from servflow.errors._shown import shown
from servflow.errors._tree import (
    Conflict,
    DefinitionError,
    ExpressionError,
    FormatError,
    InputError,
    LimitError,
    NotFound,
    Refused,
    ReservationRefused,
    ServflowError,
    StoreError,
    TimeError,
)

__all__ = [
    "LANGUAGES",
    "Conflict",
    "DefinitionError",
    "ExpressionError",
    "Finding",
    "FormatError",
    "InputError",
    "LimitError",
    "NotFound",
    "Refused",
    "ReservationRefused",
    "ServflowError",
    "StoreError",
    "Text",
    "TimeError",
    "nearest",
    "render",
    "shown",
]
