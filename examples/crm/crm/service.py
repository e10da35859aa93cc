"""Knows where the CRM keeps its tickets and its own rows, and how both change together; must not know any page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    create_engine,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

import servflow
from servflow.desk import Worker
from servflow.documents import load_world
from servflow.model import Notify, Unreachable, write_instant
from servflow.stores import SqliteStore, SqlStore, Store

HERE = Path(__file__).parent
ZONE = "Europe/Berlin"
"""In which the pages tell the time."""

METADATA = MetaData()
CUSTOMERS = Table(
    "customers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("phone", String(50), nullable=False),
)
CASES = Table(
    "cases",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("form", String(200), nullable=False, unique=True),  # what the browser sent: twice the same form is one case
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", String(64), primary_key=True),  # the effect's: carried out twice, it is one row
    Column("at", String(40), nullable=False, index=True),
    Column("ticket", String(200), nullable=False, index=True),
    Column("recipient", String(200), nullable=False),
    Column("template", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)


@frozen
class Customer:
    """A row of the CRM's own table."""

    id: int
    name: str
    phone: str


def _system_clock() -> datetime:
    return datetime.now(UTC)


@cache
def _definitions() -> tuple[servflow.Workflow, servflow.World]:
    return servflow.load(HERE / "repair.yaml"), load_world(HERE / "people.yaml")


class Service:
    """
    The CRM behind its pages: one database with servflow's tables and the CRM's own, a desk, and a worker.

    Args:
        database: a file of SQLite, or ``postgresql://user:password@host/name``.
        now: gives the present; the system clock where left out.
    """

    def __init__(self, database: str, now: Callable[[], datetime] = _system_clock) -> None:
        self.now = now
        self.workflow, self.world = _definitions()
        if urlsplit(database).scheme.startswith("postgres"):
            self.store: Store = SqlStore(database)
            self.engine = create_engine(f"postgresql+psycopg:{database.partition(':')[2]}")
        else:
            self.store = SqliteStore(database)
            self.engine = create_engine(f"sqlite:///{database}")
        METADATA.create_all(self.engine)
        self.handlers: Mapping[str, Callable[[Any], None]] = {
            "notify": self._notify,
            "unreachable": self._unreachable,
            "*": lambda effect: None,
        }
        self.desk = servflow.Desk(
            self.workflow,
            self.store,
            handlers=self.handlers,
            now=now,
            world=self.world,
        )
        self.actors = {one.id: servflow.Actor(one.id, roles=one.roles) for one in (*self.world.people, *self.world.engineers)}

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
        self.store.close()

    def worker(self) -> Worker:
        """What ticks and delivers in a thread of its own while the pages are served."""
        return Worker(self.desk, workers=1, every=timedelta(seconds=1))

    def work(self) -> None:
        """Do all there is to do now: what a worker does, in one go."""
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass

    # -- the CRM's own rows, in the transaction of the ticket

    @contextmanager
    def _together(self) -> Iterator[tuple[Connection, servflow.Desk]]:
        """The CRM's connection and the desk inside its transaction: both are committed, or neither."""
        with self.engine.begin() as connection:
            yield connection, self.desk.in_transaction(connection)

    def open(self, form: str, customer: Mapping[str, str], fields: Mapping[str, Any], actor: servflow.Actor) -> str:
        """
        A new ticket with its customer, both or neither; the same form again is the ticket of the first time.

        Raises:
            Refused: a field does not fit; nothing is kept, the customer neither.
        """
        try:
            with self._together() as (connection, desk):
                again = connection.scalar(select(CASES.c.number).where(CASES.c.form == form))
                if again is not None:
                    return f"T-{again}"
                known = select(CUSTOMERS.c.id).where(
                    CUSTOMERS.c.name == customer["name"], CUSTOMERS.c.phone == customer["phone"]
                )
                person = connection.scalar(known.limit(1))
                if person is None:
                    person = connection.scalar(insert(CUSTOMERS).values(**customer).returning(CUSTOMERS.c.id))
                number = connection.scalar(insert(CASES).values(form=form, customer=person).returning(CASES.c.number))
                given = {**fields, "customer": f"c-{person}", "queue": "front_desk"}
                desk.open(f"T-{number}", given, actor=actor, key=form)
                return f"T-{number}"
        except IntegrityError:  # on PostgreSQL the same form came in beside this one, and was faster
            with self.engine.connect() as connection:
                number = connection.scalar(select(CASES.c.number).where(CASES.c.form == form))
            if number is None:
                raise
            return f"T-{number}"

    def ticket(self, id_: str) -> servflow.Ticket:
        """
        A ticket by what stood in an address.

        Raises:
            NotFound: there is no such ticket.
        """
        if "\0" in id_:  # no database can be asked for it
            raise servflow.NotFound("there is no such ticket", ticket=id_)
        return self.desk.get(id_)

    def customer(self, name: str | None) -> Customer | None:
        """The customer of a ticket, as ``c-7``."""
        number = (name or "").removeprefix("c-")
        if not number.isdecimal() or len(number) > 9:
            return None
        with self.engine.connect() as connection:
            row = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == int(number))).one_or_none()
        return None if row is None else Customer(*row)

    def customers(self, names: list[str | None]) -> dict[str, str]:
        """The names of many, by what tickets call them."""
        numbers = {int(name[2:]) for name in names if name and name.startswith("c-") and name[2:].isdecimal()}
        with self.engine.connect() as connection:
            rows = connection.execute(select(CUSTOMERS.c.id, CUSTOMERS.c.name).where(CUSTOMERS.c.id.in_(numbers))).all()
        return {f"c-{number}": name for number, name in rows}

    def search(self, text: str, limit: int = 100) -> list[str]:
        """Ids of tickets: with this id or serial number, or of a customer whose name or phone number holds the text."""
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        asked = (
            select(CASES.c.number)
            .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer)
            .where(or_(CUSTOMERS.c.name.ilike(like, escape="\\"), CUSTOMERS.c.phone.ilike(like, escape="\\")))
            .order_by(CASES.c.number.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            named = [f"T-{number}" for number in connection.scalars(asked)]
        serial = [ticket.id for ticket in self.desk.find(where={"serial": text}, limit=limit)]
        return list(dict.fromkeys([*([text] if self.store.load(text) else []), *serial, *named]))

    # -- what handlers write, which are called after the commit, perhaps twice

    def _notify(self, effect: Notify) -> None:
        self._write(effect.id, effect.ticket, effect.to, effect.template, effect.reason)

    def _unreachable(self, effect: Unreachable) -> None:
        self._write(effect.id, effect.ticket, effect.to, "unreachable", effect.reason)

    def _write(self, id_: str, ticket: str, to: str, template: str, reason: str) -> None:
        row = {"id": id_, "at": write_instant(self.now()), "ticket": ticket, "recipient": to, "template": template}
        with self.engine.begin() as connection:
            held = connection.execute(update(OUTBOX).where(OUTBOX.c.id == id_).values(ticket=ticket)).rowcount
            if not held:
                connection.execute(insert(OUTBOX).values(**row, reason=reason))

    def outbox(self, ticket: str | None = None, limit: int = 100) -> list[Row[Any]]:
        """What was sent, the latest first; of one ticket or of all."""
        asked = select(OUTBOX).order_by(OUTBOX.c.at.desc(), OUTBOX.c.id).limit(limit)
        with self.engine.connect() as connection:
            return list(connection.execute(asked if ticket is None else asked.where(OUTBOX.c.ticket == ticket)))
