"""Knows how commands look into a database of tickets; must not know what they look for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.cli._urls import SERVERS, path_of
from servflow.documents import definition
from servflow.engine import Extensions, Workflow
from servflow.errors import InputError, NotFound, ServflowError, nearest
from servflow.model import Ticket

if TYPE_CHECKING:
    from servflow.stores import SqliteStore, SqlStore, Store

PAGE = 500


def open_existing(url: str, *, tenant: str = "default") -> SqliteStore | SqlStore:
    """
    Open a database that must be there; a file is not created, and in a PostgreSQL database only servflow's own tables are.

    Raises:
        InputError: there is no such file, it is empty, or the URL is none.
        FormatError: it was written by a newer servflow or another program.
        StoreError: it cannot be opened.
    """
    # Here and below: most commands look at a file only, and none of them shall wait for what reads databases.
    from servflow.stores import SqliteStore, SqlStore

    if url.startswith(SERVERS):
        return SqlStore(url, tenant=tenant)
    path = path_of(url)
    if not path.is_file():
        near = nearest(path.name, (other.name for other in path.parent.glob("*.db"))) if path.parent.is_dir() else None
        hint = f"did you mean {str(path.parent / near)!r}?" if near else "make one with: servflow demo"
        raise InputError(f"there is no database {str(path)!r}; {hint}", code="no_database", path=str(path), nearest=near)
    if not path.stat().st_size:
        raise InputError(
            f"{str(path)!r} is empty and no database; make one with: servflow demo", code="empty_database", path=str(path)
        )
    return SqliteStore(path, tenant=tenant)


def everything(store: Store) -> Iterator[Ticket]:
    """Every ticket of a store, by id, with those in which correlators keep what they know."""
    after: str | None = None
    while page := store.find(limit=PAGE, after=after):
        yield from page
        after = page[-1].id


def tickets(store: Store) -> Iterator[Ticket]:
    """Every ticket of the host in a store, by id."""
    from servflow.correlation._own import own

    return (ticket for ticket in everything(store) if not own(ticket))


def workflow_of(store: Store, hash_: str, extensions: Extensions | None = None) -> Any:
    """
    The workflow or correlator kept under a hash, with the host's functions where it needs some.

    Raises:
        NotFound: the store holds no definition of that hash.
    """
    data: Any = store.definition(hash_)
    if data is None:
        raise NotFound(
            f"the database holds no definition {hash_!r}, so it was written without a desk; keep it there with Store.define",
            code="definition",
            hash=hash_,
        )
    return definition(data, extensions=extensions)


def done_in(store: Store, hash_: str) -> frozenset[str]:
    """The states in which the work is done: where dispatch lets whoever did it go; none where the definition is not here."""
    try:
        flow = workflow_of(store, hash_)
    except ServflowError:
        return frozenset()
    return done_states([flow])


def done_states(flows: Iterable[Any]) -> frozenset[str]:
    """The states in which the work is done by any of some workflows."""
    return frozenset(state for flow in flows for policy in getattr(flow, "dispatch", ()) for state in policy.until)


def one(store: Store, name: str) -> Ticket:
    """
    One ticket by its id.

    Raises:
        NotFound: there is none of that id; with a did-you-mean.
    """
    ticket = store.load(name)
    if ticket is not None:
        return ticket
    known = [other.id for other in tickets(store)]
    close = nearest(name, known)
    if close is not None:
        hint = f"did you mean {close!r}?"
    elif known:
        hint = f"there are {len(known)}, for example {known[0]!r}"
    else:
        hint = "there is none at all"
    raise NotFound(f"there is no ticket {name!r}; {hint}", code="ticket", ticket=name, nearest=close)


def latest(store: Store) -> datetime | None:
    """The latest instant any ticket of the store has seen: the present, as far as the database knows."""
    return max((ticket.at for ticket in tickets(store)), default=None)


def zone_of(workflow: Workflow | Any) -> str:
    """The zone of the workflow's calendars, the first one's where there are several; UTC where there is none."""
    for calendar in getattr(workflow, "calendars", {}).values():
        zone = getattr(calendar, "zone", None)
        if zone:
            return str(zone)
    return "UTC"
