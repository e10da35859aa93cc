"""Knows how the workshop's orders and servflow's tickets are joined; must not know any page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

import servflow
from servflow.embedding import Submission
from servflow.model import Notify
from workshop.database import store
from workshop.models import Customer, Invoice, Letter, Order

workflow = servflow.load(Path(__file__).with_name("repair.yaml"))


def now() -> datetime:
    """The present; a setting, so that tests and demonstrations can move it."""
    return settings.NOW()


def actor(user: User) -> servflow.Actor:
    """Who a user is to servflow: their groups are roles."""
    if user.get_username() == "system":  # that is who timers and dispatch are: what is theirs to do, no user may
        raise PermissionDenied("no user may be called system")
    return servflow.Actor(user.get_username(), [group.name for group in user.groups.all()])


def world() -> servflow.World:
    """Who works here, as Django knows it at this moment."""
    users = User.objects.filter(is_active=True).prefetch_related("groups").order_by("username")
    staff = [servflow.Person(id=user.username, roles=[group.name for group in user.groups.all()]) for user in users]
    engineers = [servflow.Engineer(id=person.id) for person in staff if "engineer" in person.roles]
    return servflow.World(people=[person for person in staff if "engineer" not in person.roles], engineers=engineers)


def letter(effect: Notify) -> None:
    """Somebody is to be told. An effect may come twice, after a crash; its id does not change, so it is one letter."""
    order = Order.objects.get(pk=effect.ticket.removeprefix("order-"))
    Letter.objects.get_or_create(effect=effect.id, defaults={"order": order, "to": effect.to, "template": effect.template})


@cache
def desk() -> servflow.Desk:
    """The desk of this process, in the very database that Django uses; its tables are made on first use."""
    return servflow.Desk(
        workflow,
        store(connection.settings_dict),
        now=now,
        world=world,
        handlers={"notify": letter, "*": lambda effect: None},
    )


@contextmanager
def together() -> Iterator[servflow.Desk]:
    """A transaction of Django with the desk inside: rows and tickets are kept together, or not at all."""
    shared = desk()  # before the transaction: where it makes its tables, it takes a connection of its own
    with transaction.atomic():
        yield shared.in_transaction(connection)


def receive(user: User, customer: Customer, device: str, fault: str, form: str) -> Order:
    """An order and its ticket; a form that was sent before gives the order it made."""
    with together() as inside:
        order, new = Order.objects.get_or_create(form=form, defaults={"customer": customer, "device": device, "fault": fault})
        if new:
            inside.open(order.ticket, {"device": device, "customer": customer.email}, actor=actor(user))
    return order


def act(user: User, order: Order, sent: Submission) -> servflow.Ticket:
    """What a user sent for an order, and what the workshop's own tables have to hold then; sent twice, it is done once."""
    with together() as inside:
        outcome = inside.fire(order.ticket, sent.event, sent.payload, actor=actor(user), expect=sent.expect, key=sent.key)
        if sent.event == "finish":
            Invoice.objects.get_or_create(order=order, defaults={"amount": outcome.ticket.fields["amount"]})
    return outcome.ticket


def done_before(order: Order, key: str | None) -> bool:
    """Whether a page was sent before: then its form may be gone by now, and nothing is wrong with that."""
    return bool(key) and desk().store.answered(order.ticket, str(key)) is not None
