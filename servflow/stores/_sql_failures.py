"""Knows what the failures of PostgreSQL and of its driver mean for the host; must not know what was being done."""

from __future__ import annotations

from typing import Any

from servflow.errors import InputError, ServflowError, StoreError

_REMEDIES = {
    "53100": ("full", "the disk of the server is full; make room and try again"),
    "53200": ("full", "the server is out of memory; try again, or give it more"),
    "53300": ("too_many", "the server takes no more connections; raise max_connections or run fewer workers"),
    "25006": ("read_only", "the server is read-only (a standby?); connect to the primary"),
    "42501": ("permission", "grant the user USAGE and CREATE on the schema and all rights on its tables"),
    "28": ("cannot_open", "check the user and the password"),
    "3D": ("cannot_open", "create the database first"),
    "3F": ("cannot_open", "create the schema first, or grant CREATE on the database"),
    "55P03": ("locked", "another transaction holds the rows for long; keep transactions short"),
    "57014": ("locked", "the server gave up the statement (statement_timeout?); try again"),
    "42P01": ("damaged", "a table is missing; restore a backup"),
    "XX": ("damaged", "the server found damage; restore a backup"),
}
_CONTENDED = ("40001", "40P01")
_TEXT = ("22021", "22P05")


def imported() -> tuple[Any, Any]:
    """SQLAlchemy and psycopg, which servflow does without until somebody wants a store on PostgreSQL."""
    try:
        import psycopg
        import sqlalchemy
    except ModuleNotFoundError as error:
        raise StoreError(
            f"a store on PostgreSQL needs {error.name}; install it with: pip install 'servflow[sql]'", code="extra_missing"
        ) from error
    return sqlalchemy, psycopg


def meaning(error: Exception, where: str) -> Exception:
    """What a failure of the database *where* means for the host, with the next step."""
    if isinstance(error, ServflowError):
        return error
    sqlalchemy, driver = imported()
    if isinstance(error, UnicodeEncodeError):
        return InputError(f"{error.object!r} is not valid text: {error.reason}", value=error.object)
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return StoreError(f"no connection to {where} is free: {error}; use fewer threads", code="too_many")
    cause = getattr(error, "orig", None) or error
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    state = str(getattr(cause, "sqlstate", None) or "") or _told(said)
    if state in _TEXT or (isinstance(cause, driver.DataError) and not state):
        return InputError(f"PostgreSQL cannot hold this: {said}", code="value")
    if state.startswith(("22", "54")) or isinstance(error, (OverflowError, ValueError)):
        return InputError(f"a value cannot be written or looked for: {said}", code="value")
    if state in _CONTENDED:
        return StoreError(
            f"the store {where} gave up this transaction for the sake of another: {said}; do it again", code="contended"
        )
    for known, (code, remedy) in _REMEDIES.items():
        if state.startswith(known):
            return StoreError(f"the store {where} cannot be used: {said}; {remedy}", code=code)
    if (
        getattr(error, "connection_invalidated", False)
        or state[:2] in ("08", "57")
        or (not state and isinstance(cause, driver.OperationalError))
    ):
        return StoreError(
            f"the connection to {where} is lost or cannot be made: {said}; nothing was half-written;"
            " see that the server runs and try again",
            code="lost",
        )
    return StoreError(f"the store {where} failed: {said}; nothing was half-written", code="failed")


# A failure to connect comes without a state: only its words tell which it was, in the server's language.
_WORDS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "too many clients": "53300",
    "too many connections": "53300",
    "remaining connection slots": "53300",
}
_UNKNOWN = (("database", "3D000"), ("role", "28000"))


def _told(said: str) -> str:
    for words, state in _WORDS.items():
        if words in said:
            return state
    if said.endswith("does not exist"):
        return next((state for kind, state in _UNKNOWN if f'{kind} "' in said), "")
    return ""
