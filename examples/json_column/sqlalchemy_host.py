"""Knows how a host keeps tickets in a JSON column of its own table, with SQLAlchemy; must not know any workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Engine, ForeignKey, String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError

import servflow
from servflow.model import load, micros

TRIES = 20
"""How often a step is decided again when others were first."""

workflow = servflow.load(Path(__file__).with_name("repair.yaml"))


class Base(DeclarativeBase):
    """The host's tables."""


class Case(Base):
    """The host's own table, with three columns more: the snapshot, its revision, and when time alone changes it."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer: Mapped[str] = mapped_column(String(200))
    finished: Mapped[bool] = mapped_column(default=False)
    ticket: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column()
    wake: Mapped[int | None] = mapped_column(BigInteger, index=True)  # microseconds since 1970
    # Every UPDATE says WHERE revision = the one that was read, and fails where somebody was faster.
    __mapper_args__ = {"version_id_col": revision, "version_id_generator": False}  # noqa: RUF012 - as SQLAlchemy asks for


class Entry(Base):
    """What has happened to a case: the records, which nobody changes; and which keys made them."""

    __tablename__ = "case_entries"
    case: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class Done(Base):
    """Keys that were used: the same request twice is one step."""

    __tablename__ = "case_keys"
    case: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)


class Effect(Base):
    """The outbox: what is to be done once the step is committed."""

    __tablename__ = "case_effects"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class Host:
    """What the application does with its cases; *now* gives the present."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self.engine, self.now = engine, now
        Base.metadata.create_all(engine)

    def open(self, id_: str, customer: str, fields: Mapping[str, Any]) -> servflow.Ticket:
        """A new case and its ticket, in one transaction."""
        with Session(self.engine) as session, session.begin():
            outcome = workflow.open(id_, {**fields, "customer": customer}, at=self.now())
            case = Case(id=id_, customer=customer)
            session.add(case)
            self._keep(session, case, outcome)
            return outcome.ticket

    def fire(
        self, id_: str, event: str, payload: Mapping[str, Any] | None = None, *, actor: Any = None, key: str | None = None
    ) -> servflow.Ticket:
        """What a user does; the host's own column changes in the same transaction."""

        def step(session: Session, case: Case, ticket: servflow.Ticket) -> servflow.Outcome | None:
            if key is not None:
                if session.get(Done, (id_, key)):
                    return None
                session.add(Done(case=id_, key=key))
            outcome = workflow.fire(ticket, event, payload, at=max(self.now(), ticket.at), actor=actor, key=key)
            case.finished = outcome.ticket.state == "done"
            return outcome

        return self._change(id_, step)

    def tick(self, limit: int = 100) -> dict[str, Exception]:
        """Let time pass for the cases that wake, each in its own transaction; what failed, by case, for the log."""
        with Session(self.engine) as session:
            due = select(Case.id).where(Case.wake <= micros(self.now())).order_by(Case.wake, Case.id).limit(limit)
            ids = session.scalars(due).all()
        failed: dict[str, Exception] = {}
        for id_ in ids:
            try:
                self._change(id_, lambda _, __, ticket: workflow.advance(ticket, at=max(self.now(), ticket.at)))
            except Exception as error:  # one case that fails must not stop the others
                failed[id_] = error
        return failed

    def deliver(self, handler: Callable[[Any], None], limit: int = 100) -> int:
        """Hand out effects in order, at least once: one whose handler raises stays, with all behind it."""
        with Session(self.engine) as session:
            pending = session.scalars(select(Effect).order_by(Effect.number).limit(limit)).all()
            for effect in pending:
                handler(load(effect.body))
                session.execute(delete(Effect).where(Effect.number == effect.number))
                session.commit()
            return len(pending)

    def ticket(self, id_: str) -> servflow.Ticket:
        """The ticket of a case."""
        with Session(self.engine) as session:
            return servflow.load_ticket(session.get_one(Case, id_).ticket)

    def _change(self, id_: str, step: Callable[[Session, Case, servflow.Ticket], servflow.Outcome | None]) -> servflow.Ticket:
        for _ in range(TRIES):
            try:
                with Session(self.engine) as session, session.begin():
                    case = session.get_one(Case, id_)
                    ticket = servflow.load_ticket(case.ticket)
                    outcome = step(session, case, ticket)
                    if outcome is not None and outcome.records:
                        self._keep(session, case, outcome)
                        ticket = outcome.ticket
                return ticket
            except (StaleDataError, IntegrityError):  # somebody was faster: read again, decide again
                continue
        raise servflow.Conflict(f"others changed case {id_!r} first, {TRIES} times in a row; try again later", ticket=id_)

    def _keep(self, session: Session, case: Case, outcome: servflow.Outcome) -> None:
        """Everything of one step, in the transaction that is open."""
        if outcome.reservations:  # capacity, unique keys and turns hold across tickets: that takes a store
            raise servflow.StoreError("a workflow that takes reservations needs a servflow store", code="reservations")
        ticket = outcome.ticket
        case.ticket, case.revision = servflow.dump(ticket), ticket.revision
        case.wake = None if ticket.wake is None else micros(ticket.wake)
        session.flush()  # the revision is compared here, before anything else is written
        session.add_all(Entry(case=case.id, sequence=record.sequence, body=servflow.dump(record)) for record in outcome.records)
        session.add_all(Effect(id=effect.id, body=servflow.dump(effect)) for effect in outcome.effects)
