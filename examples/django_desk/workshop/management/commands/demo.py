"""Knows the command that shows the workshop to somebody who has nothing yet; must not be used by anybody who has."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from workshop.desk import receive
from workshop.models import Customer

STAFF = {"cleo": "clerk", "ann": "engineer", "bo": "engineer", "lea": "lead"}
BROUGHT = {"Mia Berg": ("Washer W-40", "It does not spin."), "Noor Aziz": ("Coffee machine C-3", "Water comes out below.")}


class Command(BaseCommand):
    """Tables, four people, two orders, and the site on this machine only."""

    help = "Sets up a workshop to look at, and serves it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to serve it, or whether at all."""
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000")
        parser.add_argument("--setup-only", action="store_true", help="do not serve it")

    def handle(self, **said: Any) -> None:
        """Set up what is not there, and serve it."""
        try:
            call_command("migrate", verbosity=0)
        except OperationalError as error:
            raise CommandError(f"{str(error).strip()}; name a database that can be opened in WORKSHOP_DATABASE") from error
        if User.objects.exists() and not User.objects.filter(username__in=STAFF).exists():
            raise CommandError("this database has users of its own; name another one in WORKSHOP_DATABASE")
        for name, role in STAFF.items():
            user, new = User.objects.get_or_create(username=name, defaults={"is_staff": role == "lead"})
            if new:
                user.set_password(name)
                user.save()
                user.groups.add(Group.objects.get_or_create(name=role)[0])
        Group.objects.get(name="clerk").permissions.add(Permission.objects.get(codename="add_order"))
        Group.objects.get(name="lead").permissions.add(*Permission.objects.filter(codename__startswith="view_"))
        for customer, (device, fault) in BROUGHT.items():
            email = f"{customer.split()[0].lower()}@example.com"
            who, _ = Customer.objects.get_or_create(email=email, defaults={"name": customer})
            receive(User.objects.get(username="cleo"), who, device, fault, f"demo-{email}")
        self.stdout.write(f"http://{said['address']}/ - log in as {', '.join(STAFF)}; the password is the name")
        if not said["setup_only"]:
            call_command("runserver", said["address"], use_reloader=False, insecure_serving=True)
