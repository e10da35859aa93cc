"""Knows which connection of a driver lies under what a host's framework calls a connection; must not know any store."""

from __future__ import annotations

from typing import Any


def beneath(host: Any) -> tuple[Any, bool]:
    """
    The connection of the driver under what a host passes, and whether a framework has begun a transaction on it.

    A ``Session`` of SQLAlchemy (a scoped one too) or its ``Connection`` counts as begun from the moment it was asked for, also
    where its driver has told the database nothing yet: SQLite's says ``BEGIN`` before the first change only. What is none
    of these, and no connection of Django, is given back as it is. No framework is imported for it.
    """
    if callable(getattr(host, "ensure_connection", None)):  # of Django; there is none before the first statement
        host.ensure_connection()
        return host.connection, False
    if callable(getattr(host, "begin_nested", None)) and not hasattr(host, "dialect"):  # a Session of SQLAlchemy
        host = host.connection()
    if hasattr(host, "dialect") and not getattr(host, "closed", True):
        return getattr(host.connection, "driver_connection", host), bool(host.in_transaction())
    return host, False


__all__ = ["beneath"]
