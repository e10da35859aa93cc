"""Knows what administrators may look at and change; must not know how a ticket changes: not here, only by its events."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from servflow.report import story_lines
from workshop import desk as joined
from workshop.models import Customer, Invoice, Letter, Order


def clock(at: datetime | None) -> str:
    """An instant as the clock on the wall shows it; Django's admin would show its UTC."""
    return "-" if at is None else date_format(localtime(at), "D j M, H:i")


class ReadOnly(admin.ModelAdmin):
    """Rows that only their tickets' events write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a row made here would have no ticket."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: its ticket would go on without it."""
        return False


@admin.register(Order)
class OrderAdmin(ReadOnly):
    """An order with its ticket beside it."""

    list_display = ("pk", "device", "customer")
    fields: ClassVar = ["customer", "device", "fault", "state", "assignee", "due", "wake", "story"]
    readonly_fields: ClassVar = ["state", "assignee", "due", "wake", "story"]

    def state(self, order: Order) -> str:
        """Where its ticket stands."""
        return joined.desk().get(order.ticket).state

    def assignee(self, order: Order) -> str | None:
        """Who has it."""
        return joined.desk().get(order.ticket).assignee

    def due(self, order: Order) -> str:
        """When the first promise is due."""
        return clock(joined.desk().get(order.ticket).due)

    def wake(self, order: Order) -> str:
        """When time alone changes it."""
        return clock(joined.desk().get(order.ticket).wake)

    def story(self, order: Order) -> SafeString:
        """What happened."""
        desk = joined.desk()
        lines = story_lines(desk.history(order.ticket), desk.workflow_of(order.ticket), zone=settings.TIME_ZONE)
        return format_html_join("", "<div>{} {}</div>", ((clock(line.at), line.en) for line in lines))


admin.site.register([Invoice, Letter], ReadOnly)
admin.site.register(Customer)
