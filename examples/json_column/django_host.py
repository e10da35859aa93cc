"""Knows how a host keeps tickets in a JSON column of its own table, with the Django ORM; must not know any workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from django.db import IntegrityError, models, transaction

import servflow
from servflow.model import load, micros

TRIES = 20
"""How often a step is decided again when others were first."""

workflow = servflow.load(Path(__file__).with_name("repair.yaml"))


class Case(models.Model):
    """The host's own table, with three columns more: the snapshot, its revision, and when time alone changes it."""

    id = models.CharField(max_length=64, primary_key=True)
    customer = models.CharField(max_length=200)
    finished = models.BooleanField(default=False)
    ticket = models.JSONField()
    revision = models.IntegerField()
    wake = models.BigIntegerField(null=True)  # microseconds since 1970

    class Meta:
        app_label = "cases"
        indexes: ClassVar = [models.Index(fields=["wake", "id"], name="case_wake")]


class Entry(models.Model):
    """What has happened to a case: the records, which nobody changes."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    sequence = models.IntegerField()
    body = models.JSONField()

    class Meta:
        app_label = "cases"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "sequence"], name="entry_once")]


class Done(models.Model):
    """Keys that were used: the same request twice is one step."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)

    class Meta:
        app_label = "cases"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "key"], name="key_once")]


class Effect(models.Model):
    """The outbox: what is to be done once the step is committed."""

    id = models.BigAutoField(primary_key=True)
    effect = models.CharField(max_length=64, unique=True)
    body = models.JSONField()

    class Meta:
        app_label = "cases"


MODELS = (Case, Entry, Done, Effect)


def columns(ticket: servflow.Ticket) -> dict[str, Any]:
    """The three columns of a ticket."""
    wake = None if ticket.wake is None else micros(ticket.wake)
    return {"ticket": servflow.dump(ticket), "revision": ticket.revision, "wake": wake}


class Host:
    """What the application does with its cases; *now* gives the present."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def open(self, id_: str, customer: str, fields: Mapping[str, Any]) -> servflow.Ticket:
        """A new case and its ticket, in one transaction."""
        outcome = workflow.open(id_, {**fields, "customer": customer}, at=self.now())
        with transaction.atomic():
            Case.objects.create(id=id_, customer=customer, **columns(outcome.ticket))
            self._log(id_, outcome)
        return outcome.ticket

    def fire(
        self, id_: str, event: str, payload: Mapping[str, Any] | None = None, *, actor: Any = None, key: str | None = None
    ) -> servflow.Ticket:
        """What a user does; the host's own column changes in the same transaction."""

        def decide(ticket: servflow.Ticket) -> servflow.Outcome:
            return workflow.fire(ticket, event, payload, at=max(self.now(), ticket.at), actor=actor, key=key)

        return self.change(id_, decide, key=key)

    def tick(self, limit: int = 100) -> dict[str, Exception]:
        """Let time pass for the cases that wake, each in its own transaction; what failed, by case, for the log."""
        due = Case.objects.filter(wake__lte=micros(self.now())).order_by("wake", "id").values_list("id", flat=True)
        failed: dict[str, Exception] = {}
        for id_ in list(due[:limit]):
            try:
                self.change(id_, lambda ticket: workflow.advance(ticket, at=max(self.now(), ticket.at)))
            except Exception as error:  # one case that fails must not stop the others
                failed[id_] = error
        return failed

    def deliver(self, handler: Callable[[Any], None], limit: int = 100) -> int:
        """Hand out effects in order, at least once: one whose handler raises stays, with all behind it."""
        pending = list(Effect.objects.order_by("id")[:limit])
        for effect in pending:
            handler(load(effect.body))
            effect.delete()
        return len(pending)

    def ticket(self, id_: str) -> servflow.Ticket:
        """The ticket of a case."""
        return servflow.load_ticket(Case.objects.get(id=id_).ticket)

    def change(
        self, id_: str, decide: Callable[[servflow.Ticket], servflow.Outcome], *, key: str | None = None
    ) -> servflow.Ticket:
        """Read, decide, and keep where nobody was faster; otherwise again."""
        for _ in range(TRIES):
            if key is not None and Done.objects.filter(case_id=id_, key=key).exists():
                return self.ticket(id_)
            before = self.ticket(id_)
            outcome = decide(before)
            if not outcome.records or self._kept(id_, before.revision, outcome, key):
                return outcome.ticket
        raise servflow.Conflict(f"others changed case {id_!r} first, {TRIES} times in a row; try again later", ticket=id_)

    def _kept(self, id_: str, revision: int, outcome: servflow.Outcome, key: str | None) -> bool:
        """Keep a step in one transaction; False where the case no longer stands where it was read, or the key was used."""
        finished = outcome.ticket.state == "done"
        try:
            with transaction.atomic():
                there = Case.objects.filter(id=id_, revision=revision)
                if not there.update(finished=finished, **columns(outcome.ticket)):
                    return False
                if key is not None:
                    Done.objects.create(case_id=id_, key=key)
                self._log(id_, outcome)
        except IntegrityError:
            return False
        return True

    def _log(self, id_: str, outcome: servflow.Outcome) -> None:
        """Records and effects of one step, in the transaction that is open."""
        if outcome.reservations:  # capacity, unique keys and turns hold across tickets: that takes a store
            raise servflow.StoreError("a workflow that takes reservations needs a servflow store", code="reservations")
        Entry.objects.bulk_create(
            Entry(case_id=id_, sequence=record.sequence, body=servflow.dump(record)) for record in outcome.records
        )
        Effect.objects.bulk_create(Effect(effect=effect.id, body=servflow.dump(effect)) for effect in outcome.effects)
