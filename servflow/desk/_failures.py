"""Knows what a failure concerns and how it is kept in words; must not know what is done about it."""

from __future__ import annotations

from servflow.errors import Conflict, FormatError, NotFound, ReservationRefused, ServflowError, StoreError

ELSEWHERE = frozenset({"closed", "contended", "full", "locked", "lost", "read_only", "too_many", "unknown"})
"""Codes of a ``StoreError`` that lie in the storage and what surrounds it, and never in the ticket at hand."""

_ONE_TICKETS = (Conflict, ReservationRefused, NotFound, FormatError)
_ITS_OWN = frozenset({"damaged", "numbering", "salts", "seals", "erased"})


def concerns_all(error: Exception) -> bool:
    """Whether it is a failure of the store and not of the one ticket or effect that was worked on."""
    return isinstance(error, StoreError) and not isinstance(error, _ONE_TICKETS) and error.code not in _ITS_OWN


def in_words(error: BaseException) -> str:
    """An error as a store can keep it: its kind, its code and its sentence, in text that any database takes."""
    try:
        said = str(error)
    except Exception:  # a stranger's error may not even be able to say itself
        said = "(it cannot be shown)"
    code = f" ({error.code})" if isinstance(error, ServflowError) else ""
    text = f"{type(error).__name__}{code}: {said}" if said else f"{type(error).__name__}{code}"
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
