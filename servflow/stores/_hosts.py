"""Knows which connection of a driver lies under what a host's framework calls a connection; must not know any store."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from servflow.errors import StoreError

_ROOT = "servflow.root"


def beneath(host: Any) -> tuple[Any, bool]:
    """
    The connection of the driver under what a host passes, and whether a framework has begun a transaction on it.

    A ``Session`` of SQLAlchemy (a scoped one too) or its ``Connection`` counts as begun from the moment it was asked for, also
    where its driver has told the database nothing yet: SQLite's says ``BEGIN`` before the first change only. A ``Session`` says
    ``SAVEPOINT`` only once it is asked for its connection, so whoever writes by the driver asks ``still`` each time. What is
    none of these, and no connection of Django, is given back as it is. No framework is imported for it.

    Raises:
        StoreError: there is no connection to join, say since the transaction of a session failed.
    """
    try:
        return _beneath(host)
    except Exception as error:  # whatever the framework says, or what the host hung into it
        raise StoreError(
            f"no connection can be joined: {error}; roll back and begin anew, of a session bound to the store's database",
            code="failed_transaction",
        ) from error


def _beneath(host: Any) -> tuple[Any, bool]:
    if callable(getattr(host, "ensure_connection", None)):  # of Django; there is none before the first statement
        host.ensure_connection()
        return host.connection, False
    host = _connection(host)
    if hasattr(host, "dialect") and not hasattr(host, "sync_connection") and not getattr(host, "closed", True):
        return getattr(host.connection, "driver_connection", host), bool(host.in_transaction())
    return host, False


def still(host: Any, driver: Any) -> bool:
    """
    Whether that connection of the driver is the one under the host's, whose pool may have given it to others meanwhile.

    A session whose transaction is over is not asked: it would begin another.

    Raises:
        StoreError: as ``beneath``.
    """
    if callable(getattr(host, "begin_nested", None)):
        host = getattr(host, "registry", lambda: host)()  # the session of a scoped one
        if not host.in_transaction():
            return False
    return beneath(host)[0] is driver


def only_savepoint(host: Any) -> bool:
    """
    Whether SQLite may know of a savepoint of SQLAlchemy and of no transaction around it, so that its end would commit.

    The driver says ``BEGIN`` before a change, not before ``SAVEPOINT``. What was joined outside of any savepoint has begun.
    """
    host = _connection(host)
    if not hasattr(host, "dialect") or not callable(getattr(host, "in_nested_transaction", None)):
        return False
    root = host.get_transaction()
    if not host.in_nested_transaction():
        host.info[_ROOT] = root
        return False
    return host.info.get(_ROOT) is not root and host.connection.driver_connection.isolation_level is not None


def _connection(host: Any) -> Any:
    """The ``Connection`` of a ``Session`` of SQLAlchemy; anything else as it is, a session of coroutines too."""
    given = not callable(getattr(host, "begin_nested", None)) or hasattr(host, "dialect")
    return host if given or iscoroutinefunction(host.connection) else host.connection()


__all__ = ["beneath", "only_savepoint", "still"]
