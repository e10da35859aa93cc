"""Knows how a test gets the CRM of the examples with time in its hand and presses buttons; must not know what comes of it."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from tests.surface.layout import ROOT

HERE = ROOT / "examples" / "crm"
MONDAY = datetime(2026, 3, 30, 8, tzinfo=UTC)
"""10:00 in Berlin."""


def module(name: str) -> Any:
    """A module of the example, as ``run.py`` would import it."""
    for needed in ("fastapi", "jinja2", "sqlalchemy"):
        pytest.importorskip(needed, reason="pip install -r examples/crm/requirements.txt")
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    from importlib import import_module

    return import_module(f"crm.{name}")


class Place:
    """The CRM on a database, its time, and a browser without a screen for everybody who uses it."""

    def __init__(self, database: str) -> None:
        self.at = MONDAY
        self.service = module("service").Service(database, now=lambda: self.at)
        self.app = module("app").create_app(self.service, secret="a secret of the test", work=False)

    def close(self) -> None:
        """Let go of the database."""
        self.service.close()

    def browser(self, user: str | None = None, lang: str = "en") -> Browser:
        """Another browser, in which somebody was picked."""
        opened = Browser(self.app)
        opened.get(f"/?lang={lang}")
        if user is not None:
            opened.send("/who", {"who": user})
        return opened

    def opened(self, **fields: str) -> str:
        """A ticket that is new."""
        given = {"subject": "Washing machine leaks", "category": "washer", **fields}
        form = f"test-{len(self.service.desk.find(limit=1000))}"
        name: str = self.service.open(form, {"name": "Mia", "phone": "0101"}, given, self.service.actors["kit"])
        return name

    def working(self) -> tuple[str, str]:
        """A ticket in work, and who has it."""
        id_ = self.opened()
        self.service.desk.fire(id_, "accept", actor=self.service.actors["kit"])
        who = str(self.service.desk.get(id_).assignee)
        self.service.desk.fire(id_, "start", actor=self.service.actors[who])
        return id_, who


class Browser:
    """What a browser does with a page: it reads the hidden inputs of a form and sends them back."""

    def __init__(self, app: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks for httpx2, which few have so far
            from fastapi.testclient import TestClient
        self.client = TestClient(app)
        self.last: Any = None
        self._token = ""

    def get(self, url: str, status: int = 200) -> str:
        """The text of a page."""
        self.last = self.client.get(url)
        self.token()
        assert status == self.last.status_code, self.last.text
        return str(self.last.text)

    def token(self) -> str:
        """What the forms of the last page that had one bring back."""
        found = re.findall(r'name="_token" value="(.*?)"', self.last.text)
        self._token = found[0] if found else self._token
        return self._token

    def form(self, id_: str, form: str) -> dict[str, str]:
        """The hidden inputs of a form on the page of a ticket."""
        page = self.get(f"/tickets/{id_}")
        return hidden(page, form)

    def send(self, url: str, data: Mapping[str, str]) -> Any:
        """Send a form of the last page, and follow where it leads."""
        self.last = self.client.post(url, data={"_token": self.token(), **data})
        self.token()
        return self.last

    def press(self, id_: str, form: str, **values: str) -> Any:
        """Look at a ticket, and send one of its forms."""
        return self.send(f"/tickets/{id_}", {**self.form(id_, form), **values})


def hidden(page: str, form: str) -> dict[str, str]:
    """The hidden inputs of one form of a page."""
    for text in re.findall(r"<form.*?</form>", page, re.DOTALL):
        found = dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)"', text))
        if found.get("_form") == form:
            return {name: unescape(value) for name, value in found.items()}
    raise AssertionError(f"there is no form {form} on the page")
