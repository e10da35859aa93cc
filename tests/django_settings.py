"""Knows how the tests of one process share Django, which takes one settings for good; must not know any application."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.requirements import require

WORKSHOP = Path(__file__).resolve().parents[1] / "examples" / "django_desk"


@contextmanager
def django_on(database: Mapping[str, Any]) -> Iterator[Any]:
    """
    Django with the settings of the workshop, and for as long as this lasts with another database; gives its connection.

    Args:
        database: as in ``DATABASES``. What is in memory goes with the end of this.
    """
    require("django")
    if str(WORKSHOP) not in sys.path:
        sys.path.append(str(WORKSHOP))
    os.environ["DJANGO_SETTINGS_MODULE"] = "workshop.settings"
    import django
    from django.db import connections

    django.setup()
    before = connections.settings["default"]
    connections.settings["default"] = connections.configure_settings({"default": dict(database)})["default"]
    connection = connections.create_connection("default")
    connections["default"] = connection
    try:
        yield connection
    finally:
        if connection.connection is not None:
            connection.connection.close()  # Django leaves one in memory open, for other threads
        connection.connection = None
        connection.close()
        connections.settings["default"] = before
        del connections["default"]
