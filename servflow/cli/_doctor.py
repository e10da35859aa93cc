"""Knows which packages servflow stands on and where each is used; must not know how they work."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from attrs import frozen

USES: tuple[tuple[str, str], ...] = (
    ("attrs", "every value that travels: tickets, records, effects and definitions are frozen attrs classes"),
    (
        "pydantic",
        "servflow.documents: the shape of definitions in YAML and JSON, their JSON Schema; servflow.embedding: models of hosts",
    ),
    (
        "transitions",
        "servflow.integrations.transitions: its machines become workflows, tickets its models; also measured against",
    ),
    (
        "durable-rules",
        "servflow.integrations.durable_rules: runs correlators for hosts that already use it; also measured against",
    ),
    ("holidays", "servflow.integrations.holidays: public holidays and make-up workdays of a country, proposed for a calendar"),
    ("icalendar", "servflow.integrations.icalendar: files of calendar programs and on-call feeds, read and written"),
    (
        "opentelemetry-api",
        "servflow.integrations.otel: spans and figures of desks and workers; what becomes of them is the host's",
    ),
    ("dbos", "servflow.integrations.dbos: effects carried out as durable workflows on the same PostgreSQL"),
    ("pandas", "servflow.metrics: tables of figures as data frames; also measured against"),
    ("scipy", "servflow.dispatch, solver `library`: batches where the assignment is one to one"),
    ("ortools", "servflow.dispatch, solver `library`: batches as a flow of least cost; also measured against"),
    ("pyvroom", "servflow.integrations.vroom: routes of visits by VROOM; also measured against"),
    ("sphinx", "`make docs`: the pages as a site, with myst-parser and furo"),
    ("hypothesis", "servflow.testing and tests/laws: every law of the kernel is a property"),
    ("pytest", "servflow.testing: contracts a host runs against its own store; and this project's own tests"),
)
"""Package -> where it is used; the README says the same."""

BASE = ("attrs", "pydantic", "ruamel.yaml", "tzdata")

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "cli": ("click", "rich"),
    "sql": ("sqlalchemy", "psycopg"),
    "holidays": ("holidays",),
    "ical": ("icalendar",),
    "transitions": ("transitions",),
    "durable": ("durable-rules",),
    "testing": ("hypothesis", "pytest"),
    "plan": ("ortools", "scipy"),
    "routes": ("pyvroom",),
    "otel": ("opentelemetry-api",),
    "dbos": ("dbos",),
    "frames": ("pandas",),
    "docs": ("sphinx", "myst-parser", "furo"),
}
"""Extra -> what it brings."""


@frozen
class Part:
    """One package: the version that is installed or None, and the extra that brings it (empty: always needed)."""

    name: str
    version: str | None
    extra: str = ""

    @property
    def install(self) -> str:
        """The command that brings it."""
        return f"pip install 'servflow[{self.extra}]'" if self.extra else "pip install servflow"


def installed(name: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def parts() -> tuple[Part, ...]:
    """Every package servflow needs or can use."""
    extra = [Part(name, installed(name), extra) for extra, names in EXTRAS.items() for name in names]
    return (*(Part(name, installed(name)) for name in BASE), *extra)


def diagnosis() -> dict[str, Any]:
    """What `servflow doctor` tells, JSON-ready."""
    found = parts()
    return {
        "servflow": installed("servflow"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": [
            {"name": part.name, "version": part.version, "extra": part.extra, "install": part.install} for part in found
        ],
        "uses": [{"package": name, "where": where} for name, where in USES],
        "missing": [part.name for part in found if part.version is None and not part.extra],
    }
