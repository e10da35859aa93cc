"""Knows the name of this application; must not know anything else of it."""

from django.apps import AppConfig


class WorkshopConfig(AppConfig):
    """The workshop."""

    name = "workshop"
