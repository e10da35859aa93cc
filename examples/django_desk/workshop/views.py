"""Knows the pages: the list of orders, one order, and what its buttons do; must not know what may be done: servflow says so."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

import servflow
from servflow.embedding import Form, Submission, desk_forms, read_form
from servflow.report import story_lines
from workshop import desk as joined
from workshop.models import Customer, Order

PAGE = 50


class OrderForm(django_forms.ModelForm):
    """A device that is brought. ``form`` names the page, so that the same one sent twice is one order."""

    form = django_forms.CharField(widget=django_forms.HiddenInput, max_length=64)
    customer = django_forms.ModelChoiceField(Customer.objects.order_by("name"))

    class Meta:
        model = Order
        fields = ("customer", "device", "fault")
        widgets: ClassVar = {"fault": django_forms.Textarea(attrs={"rows": 4})}


def orders(request: HttpRequest) -> HttpResponse:
    """What is in the workshop; what is due first stands first."""
    desk, states = joined.desk(), joined.workflow.states
    state = request.GET.get("state")
    state = state if state in states else None
    tickets = desk.find(workflow="repair", state=state, order="due", after=request.GET.get("after") or None, limit=PAGE)
    by_ticket = {order.ticket: order for order in Order.objects.filter(pk__in=[number(ticket) for ticket in tickets])}
    now = joined.now()
    rows = [
        {
            "order": by_ticket[ticket.id],
            "ticket": ticket,
            "title": title(ticket.state),
            "late": ticket.due is not None and ticket.due <= now,
        }
        for ticket in tickets
        if ticket.id in by_ticket
    ]
    context = {
        "rows": rows,
        "states": [(name, title(name)) for name in states],
        "state": state,
        "next": tickets[-1].id if len(tickets) == PAGE else None,
    }
    return render(request, "workshop/orders.html", context)


@permission_required("workshop.add_order", raise_exception=True)
def receive(request: HttpRequest) -> HttpResponse:
    """A device is brought."""
    form = OrderForm(request.POST or None, initial={"form": secrets.token_urlsafe(16)})
    if form.is_valid():
        said = form.cleaned_data
        order = joined.receive(request.user, said["customer"], said["device"], said["fault"], said["form"])
        return redirect("order", order.pk)
    return render(request, "workshop/receive.html", {"form": form}, status=400 if form.errors else 200)


def order(request: HttpRequest, number: int) -> HttpResponse:
    """
    One order: where it stands and why, what can be done, what happened; and what a button of it does.

    Refused, or sent from a page that others overtook, nothing has changed, and what was typed is shown again.
    """
    order = get_object_or_404(Order, pk=number)
    if request.method != "POST":
        return page(request, order)
    sent = read_form(offered(request, order), request.POST)
    if joined.done_before(order, sent.key):
        return redirect("order", order.pk)
    if not sent.ok:
        error = sent.problems[""].message() if "" in sent.problems else ""
        return page(request, order, sent, error=error, status=409 if sent.form is None else 400)
    try:
        ticket = joined.act(request.user, order, sent)
    except servflow.Refused as refused:
        return page(request, order, sent, error=refused.message, status=409)
    except servflow.Conflict:
        return page(request, order, sent, error="others were faster again and again; try once more", status=409)
    except OperationalError:  # another process holds the database for too long, or it is away
        return page(request, order, sent, error="the database is busy; nothing was changed, send it again", status=503)
    messages.success(request, f"{order}: {title(ticket.state)}")
    return redirect("order", order.pk)


def page(
    request: HttpRequest, order: Order, sent: Submission | None = None, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The page of one order as it stands now; *sent* is what did not happen."""
    desk = joined.desk()
    ticket, workflow, history = desk.get(order.ticket), desk.workflow_of(order.ticket), desk.history(order.ticket)
    context = {
        "order": order,
        "ticket": ticket,
        "title": title(ticket.state),
        "forms": [drawn(form, sent) for form in offered(request, order)],
        "clocks": [desk.explain_clock(order.ticket, clock.name) for clock in desk.explain(order.ticket).clocks],
        "story": [line for line in story_lines(history, workflow, zone=settings.TIME_ZONE) if not line.minor],
        "key": secrets.token_urlsafe(16),
        "error": error,
    }
    return render(request, "workshop/order.html", context, status=status)


def offered(request: HttpRequest, order: Order) -> list[Form]:
    """What this user may do with an order now, or could if something else held; nothing that is for others."""
    found = desk_forms(joined.desk(), order.ticket, actor=joined.actor(request.user), zone=settings.TIME_ZONE)
    return [form for form in found if form.code not in ("not_permitted", "not_here")]


def drawn(form: Form, sent: Submission | None) -> dict[str, Any]:
    """A form with what was typed into it, and what is wrong with that."""
    again = sent if sent is not None and sent.form is not None and sent.form.id == form.id else None
    inputs = [
        {
            "input": one,
            "value": again.given.get(one.name, "") if again else one.shown,
            "problem": again.problems[one.name].message() if again and one.name in again.problems else "",
        }
        for one in form.inputs
    ]
    return {"form": form, "inputs": inputs}


def number(ticket: servflow.Ticket) -> str:
    """The number of a ticket's order."""
    return ticket.id.removeprefix("order-")


def title(state: str) -> str:
    """What people call a state."""
    return joined.workflow.states[state].title or state
