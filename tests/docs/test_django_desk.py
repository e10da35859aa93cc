"""Knows what the Django example promises: rows and tickets together, pages that escape and forgive; must not know any table."""

from __future__ import annotations

import importlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import servflow
from tests.django_settings import django_on
from tests.postgres import fresh_database

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script>{{ 7|add:7 }}'


class Workshop:
    """The application on one database, and the time a test moves."""

    def __init__(self) -> None:
        self.at = MONDAY
        self.desk = importlib.import_module("workshop.desk")
        self.models = importlib.import_module("workshop.models")

    def command(self, name: str, *said: str) -> tuple[str, str]:
        """What a command of manage.py says, and what it complains about."""
        from django.core.management import call_command

        out, err = StringIO(), StringIO()
        call_command(name, *said, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def user(self, name: str) -> Any:
        """One of the staff."""
        from django.contrib.auth.models import User

        return User.objects.get(username=name)

    def client(self, name: str | None = None, **options: Any) -> Any:
        """A browser, in which somebody is logged in."""
        from django.test import Client

        made = Client(**options)
        if name is not None:
            made.force_login(self.user(name))
        return made

    def receive(self, form: str = "page-1", **said: Any) -> Any:
        """An order of Mia's."""
        mia = self.models.Customer.objects.get(name="Mia Berg")
        return self.desk.receive(self.user("cleo"), mia, said.get("device", "Dryer"), said.get("fault", "It is loud."), form)

    def assignee(self, order: Any) -> Any:
        """The engineer who has an order."""
        return self.user(self.ticket(order).assignee)

    def ticket(self, order: Any) -> Any:
        """The ticket of an order."""
        return self.desk.desk().get(order.ticket)

    def kept(self) -> Any:
        """All that a transaction could have left: orders, invoices, tickets, and effects to be carried out."""
        store = self.desk.desk().store
        rows = [list(model.objects.order_by("pk").values()) for model in (self.models.Order, self.models.Invoice)]
        return rows, store.find(), store.effects()

    def post(self, client: Any, order: Any, event: str, **said: object) -> Any:
        """A click on a button of the order's page, as it is now unless *seen* or *key* say otherwise."""
        page = client.get(f"/orders/{order.pk}/").content.decode()
        key = re.search(r'name="_key" value="([^"]*)"', page)
        seen = said.pop("seen", self.ticket(order).revision)
        hidden = {"_form": event, "_expect": seen, "_key": said.pop("key", key[1] if key else "forged")}
        return client.post(f"/orders/{order.pk}/", {**hidden, **said})

    def act(self, user: Any, order: Any, event: str, payload: dict[str, Any], *, seen: int | None = None) -> None:
        """What a page would have the desk do, by the same click each time."""
        from servflow.embedding import Form, Submission

        form = Form(id=event, event=event, title="")
        sent = Submission(form=form, payload=payload, problems={}, expect=seen, key="click", given={})
        self.desk.act(user, order, sent)


@contextmanager
def workshop_on(database: str) -> Iterator[Workshop]:
    """The application on a database."""
    with django_on({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}):
        told = importlib.import_module("workshop.database").database(database)
    with django_on(told):
        from django.test import override_settings

        made = Workshop()
        with override_settings(NOW=lambda: made.at, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
            try:
                yield made
            finally:
                made.desk.desk().store.close()
                made.desk.desk.cache_clear()


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as the one command of the page leaves it."""
    path = tmp_path_factory.mktemp("workshop") / "made.db"
    with workshop_on(str(path)) as made:
        out, _ = made.command("demo", "--setup-only")
        assert "log in as cleo, ann, bo, lea" in out
        assert out == made.command("demo", "--setup-only")[0]  # again is nothing
    return path


@pytest.fixture
def workshop(set_up: Path, tmp_path: Path) -> Iterator[Workshop]:
    """The application on a file of its own."""
    path = shutil.copy(set_up, tmp_path / "workshop.db")
    with workshop_on(str(path)) as made:
        yield made


@contextmanager
def broken(workshop: Workshop, model: str) -> Iterator[None]:
    """The machine fails at the very moment in which a row was written, whichever code writes it."""
    from django.db.models.signals import post_save

    def breaks(**_: Any) -> None:
        raise ZeroDivisionError

    sender = getattr(workshop.models, model)
    post_save.connect(breaks, sender=sender)
    try:
        with pytest.raises(ZeroDivisionError):
            yield
    finally:
        post_save.disconnect(breaks, sender=sender)


def together_or_not_at_all(workshop: Workshop) -> None:
    """What holds on any database: a row and its ticket, with its effects, are kept together or not at all."""
    before = workshop.kept()
    with broken(workshop, "Order"):
        workshop.receive()
    with pytest.raises(servflow.Refused):  # the row was written before the ticket was refused, whose device is a text
        workshop.receive(device=7)
    assert before == workshop.kept()

    order = workshop.receive()
    ann = workshop.assignee(order)
    before = workshop.kept()
    seen = workshop.ticket(order).revision
    with broken(workshop, "Invoice"):  # the ticket was finished before the row failed
        workshop.act(ann, order, "finish", {"amount": "80"}, seen=seen)
    with broken(workshop, "Letter"), workshop.desk.together() as inside:
        workshop.models.Invoice.objects.create(order=order, amount=1)
        inside.fire(order.ticket, "finish", {"amount": "80"}, actor=workshop.desk.actor(ann))
        workshop.models.Letter.objects.create(effect="mine", order=order, to="mia", template="thanks")
    assert before == workshop.kept()

    workshop.act(ann, order, "finish", {"amount": "80"}, seen=seen)
    assert "repaired" == workshop.ticket(order).state
    assert [Decimal(80)] == list(workshop.models.Invoice.objects.values_list("amount", flat=True))
    workshop.act(ann, order, "finish", {"amount": "80"}, seen=seen)
    assert 1 == workshop.models.Invoice.objects.count()
    assert "" == workshop.command("tickets_tick")[1]
    assert [("mia@example.com", "ready")] == list(workshop.models.Letter.objects.values_list("to", "template"))


def test_rows_and_tickets_on_sqlite(workshop: Workshop) -> None:
    """In one SQLite file the order, its ticket and what is to be carried out appear together or not at all."""
    together_or_not_at_all(workshop)


def test_rows_and_tickets_on_postgresql(postgres: str) -> None:
    """On PostgreSQL likewise."""
    with workshop_on(fresh_database(postgres)) as workshop:
        workshop.command("demo", "--setup-only")
        together_or_not_at_all(workshop)


def test_what_the_host_undoes_in_part(workshop: Workshop) -> None:
    """An inner block of Django that fails takes what the desk did in it along; the rest is kept."""
    from django.db import transaction

    first = workshop.receive()
    ann = workshop.desk.actor(workshop.assignee(first))

    def in_part(inside: Any) -> None:
        with transaction.atomic():
            inside.fire(first.ticket, "finish", {"amount": "1"}, actor=ann)
            raise ZeroDivisionError

    with workshop.desk.together() as inside:
        workshop.models.Invoice.objects.create(order=first, amount=1)
        with pytest.raises(ZeroDivisionError):
            in_part(inside)
        inside.fire(first.ticket, "order_part", {"part": "belt"}, actor=ann)

    assert "waiting" == workshop.ticket(first).state
    assert 1 == workshop.models.Invoice.objects.count()


def test_an_order_from_the_first_page_to_the_last(workshop: Workshop) -> None:
    """A clerk receives it, the engineer whose turn it is works, the invoice is written, the customer told and reminded."""
    cleo = workshop.client("cleo")
    form = re.search(r'name="form" value="([^"]+)"', cleo.get("/orders/new/").content.decode())
    assert form is not None
    mia = workshop.models.Customer.objects.get(name="Mia Berg")
    said = {"customer": mia.pk, "device": "Dryer", "fault": "It is loud.", "form": form[1]}
    first, again = cleo.post("/orders/new/", said), cleo.post("/orders/new/", said)
    assert first.headers["Location"] == again.headers["Location"]
    order = workshop.models.Order.objects.get(device="Dryer")
    engineer = workshop.client(workshop.ticket(order).assignee)

    assert 302 == workshop.post(engineer, order, "order_part", part="belt").status_code
    workshop.at += timedelta(days=1)
    assert 302 == workshop.post(cleo, order, "part_came").status_code
    assert 302 == workshop.post(engineer, order, "finish", amount="80.50", note="new belt").status_code
    assert Decimal("80.50") == order.invoice.amount
    workshop.at += timedelta(days=15)
    out, err = workshop.command("tickets_tick")
    assert ("", True) == (err, out.startswith("3 tickets changed"))
    letters = list(workshop.models.Letter.objects.filter(order=order).order_by("pk").values_list("to", "template"))
    assert [("mia@example.com", "ready"), ("mia@example.com", "please_collect")] == letters
    assert 302 == workshop.post(cleo, order, "collect").status_code

    page = cleo.get(f"/orders/{order.pk}/").content.decode()
    assert "80.50 EUR" in page
    assert "Collected" in page
    assert "Promised are 16h" in page
    assert "Nothing, for you" in page


def test_late_ones_are_told_to_the_lead(workshop: Workshop) -> None:
    """A group of Django is a role: whoever is in it hears of what runs late, once, and the list shows it."""
    workshop.at += timedelta(days=5)
    workshop.command("tickets_tick")
    workshop.command("tickets_tick")

    assert [("lea", "late")] * 2 == list(workshop.models.Letter.objects.values_list("to", "template"))
    assert 2 == workshop.client("lea").get("/").content.decode().count('class="late"')


def test_buttons_are_those_of_the_user(workshop: Workshop) -> None:
    """Everybody sees what they may do; who posts something else all the same is refused, and nothing changes."""
    order = workshop.receive()
    mine = workshop.ticket(order).assignee
    other = next(name for name in ("ann", "bo") if name != mine)
    events = {
        name: re.findall(r'name="_form" value="(.+?)"', workshop.client(name).get(f"/orders/{order.pk}/").content.decode())
        for name in (mine, other, "cleo", "lea")
    }
    assert {mine: ["order_part", "finish"], other: [], "cleo": ["cancel"], "lea": ["finish", "cancel"]} == events

    before = workshop.kept()
    for event, said in (("finish", {"amount": "1"}), ("assigned.engineer", {}), ("ticket.force", {"state": "collected"})):
        answer = workshop.post(workshop.client(other), order, event, **said)
        assert 409 == answer.status_code
    assert before == workshop.kept()


def test_only_who_is_logged_in(workshop: Workshop) -> None:
    """Every page wants a login, a new order a permission of Django; a user called system is nobody."""
    from django.contrib.auth.models import User

    order = workshop.receive()
    paths = ("/", "/orders/new/", f"/orders/{order.pk}/")
    assert [f"/login/?next={path}" for path in paths] == [workshop.client().get(path).headers["Location"] for path in paths]
    assert 403 == workshop.client("ann").get("/orders/new/").status_code
    User.objects.create_user("system", password="x")
    assert 403 == workshop.client("system").get(f"/orders/{order.pk}/").status_code
    assert 404 == workshop.client("ann").get("/orders/999/").status_code


def test_no_other_site_clicks(workshop: Workshop) -> None:
    """A post without Django's token is refused."""
    order = workshop.receive()
    client = workshop.client("cleo", enforce_csrf_checks=True)
    before = workshop.kept()

    assert 403 == workshop.post(client, order, "cancel", reason="x").status_code
    assert before == workshop.kept()


def test_a_page_that_is_old(workshop: Workshop) -> None:
    """A click on a page that others overtook changes nothing, says so, and keeps what was typed; sent twice it is done once."""
    order = workshop.receive()
    engineer = workshop.client(workshop.ticket(order).assignee)
    old = workshop.ticket(order).revision
    first = workshop.post(engineer, order, "order_part", part="belt", key="f1", seen=old)
    twice = workshop.post(engineer, order, "order_part", part="belt", key="f1", seen=old)
    assert [302, 302] == [first.status_code, twice.status_code]

    cleo, before = workshop.client("cleo"), workshop.kept()
    answer = workshop.post(cleo, order, "cancel", reason="customer called", seen=old)
    assert 409 == answer.status_code
    assert 'role="alert"' in answer.content.decode()
    assert ">customer called</textarea>" in answer.content.decode()
    assert before == workshop.kept()
    assert 302 == workshop.post(cleo, order, "cancel", reason="customer called").status_code


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400),
        ({"amount": "much"}, 400),
        ({"amount": "-1"}, 409),
        ({"amount": "1", "seen": "x"}, 400),
        ({"amount": "1", "more": "y"}, 400),
    ],
)
def test_forms_that_cannot_be_read(workshop: Workshop, said: dict[str, Any], status: int) -> None:
    """What is missing or no number is told beside the field, a guard's refusal in words; the ticket is as it was."""
    order = workshop.receive()
    before = workshop.kept()
    answer = workshop.post(workshop.client("lea"), order, "finish", **said)

    assert status == answer.status_code
    assert before == workshop.kept()
    if said.get("amount"):
        assert f'value="{said["amount"]}"' in answer.content.decode()


def test_hostile_text(workshop: Workshop) -> None:
    """Whatever somebody writes is shown as they wrote it, on every page, and is never code."""
    order = workshop.receive(device=HOSTILE, fault=HOSTILE)
    engineer = workshop.client(workshop.ticket(order).assignee)
    workshop.post(engineer, order, "order_part", part=HOSTILE)
    from django.contrib.auth.models import User

    User.objects.filter(username="lea").update(is_superuser=True)
    lea = workshop.client("lea")
    answers = [
        lea.get("/"),
        lea.get(f"/orders/{order.pk}/"),
        lea.get(f"/admin/workshop/order/{order.pk}/change/"),
        workshop.post(lea, order, f"{HOSTILE.replace('/', '-')}", amount=HOSTILE),
        workshop.post(lea, order, "cancel", reason=HOSTILE, seen=1),
    ]

    assert [200, 200, 200, 409, 409] == [answer.status_code for answer in answers]
    for answer in answers:
        assert "<script>alert" not in answer.content.decode()
        assert "14</" not in answer.content.decode()


def test_administrators_look_only(workshop: Workshop) -> None:
    """The admin shows where a ticket stands and what happened; nothing there makes, changes or deletes an order."""
    from django.contrib.auth.models import User

    order = workshop.receive()
    User.objects.filter(username="lea").update(is_superuser=True)
    lea = workshop.client("lea")
    page = lea.get(f"/admin/workshop/order/{order.pk}/change/").content.decode()

    assert "repairing" in page
    assert "Received → On the bench" in page
    assert "Mon 2 Mar" in page, re.findall("<div class=.readonly.>.*?</div>", page)
    assert 'name="_save"' not in page
    assert [403, 403] == [lea.get(f"/admin/workshop/order/{path}/").status_code for path in ("add", f"{order.pk}/delete")]


def test_pages_of_the_list(workshop: Workshop) -> None:
    """The list goes on page by page, by state, and takes nonsense for no filter."""
    for count in range(60):
        workshop.receive(f"page-{count}", device=f"Dryer {count}")
    client = workshop.client("cleo")
    first = client.get("/").content.decode()
    more = re.search(r'href="(\?after=[^"]+)"', first)
    assert more is not None
    second = client.get(f"/{more[1]}").content.decode()

    assert (50, 12) == (first.count("/orders/") - 1, second.count("/orders/") - 1)
    assert 48 == client.get("/?state=repairing").content.decode().count("Dryer ")
    assert "Nothing here" in client.get("/?state=collected").content.decode()
    assert 200 == client.get("/?state=nonsense&after=nonsense").status_code


def test_the_command_says_what_went_wrong(workshop: Workshop) -> None:
    """An effect that cannot be carried out is told of, comes again later, and holds up no other order."""
    broken_order, order = workshop.receive("a"), workshop.receive("b")
    for one in (broken_order, order):
        workshop.act(workshop.user("lea"), one, "finish", {"amount": "1"})
    workshop.models.Invoice.objects.filter(order=broken_order).delete()
    broken_order.delete()  # past every page, as only a shell can

    _, err = workshop.command("tickets_tick")
    assert "matching query does not exist" in err
    assert ["ready"] == list(workshop.models.Letter.objects.values_list("template", flat=True))
