"""Knows the command that tells whether servflow can work here: doctor; must not load what may be missing."""

from __future__ import annotations

from typing import Any

import click

from servflow.cli._checks import Check, checks
from servflow.cli._doctor import diagnosis
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Say, command


@click.command("doctor", cls=Told)
@click.argument("db", required=False)
@command
def doctor_command(say: Say, db: str | None) -> int | None:
    """Whether servflow can work here: Python, SQLite, time zones, packages, and the database that is named.

    Nothing is changed. The status is 1 where something fails.
    """
    found, tried = diagnosis(), list(checks(db))
    status = FINDINGS if any(check.status == "fail" for check in tried) else None
    if say.json:
        say.data({**found, "checks": [_told(say, check) for check in tried]})
        return status
    words = say.words
    say.line(words("doctor.python", **{name: found[name] for name in ("python", "sqlite", "servflow")}), style="bold")
    told = [_told(say, check) for check in tried]
    columns = [words("doctor.check"), words("doctor.status"), words("doctor.found")]
    say.table(columns, [(one["title"], words(f"doctor.{one['status']}"), one["message"]) for one in told])
    steps = [f"  {one['title']}: {one['next']}" for one in told if one["next"]]
    if steps:
        say.head(words("doctor.next"))
    for step in steps:
        say.line(step)
    say.line()
    say.table(
        [words("package"), words("version"), words("extra")],
        [
            (part["name"], part["version"] or words("missing", install=part["install"]), part["extra"])
            for part in found["packages"]
        ],
    )
    say.head(words("doctor.uses"))
    for use in found["uses"]:
        say.line(f"  {use['package']}: {use['where']}")
    return status


def _told(say: Say, check: Check) -> dict[str, Any]:
    key = f"doctor.{check.told}"
    return {
        "check": check.name,
        "title": say.words(f"doctor.{check.name}"),
        "status": check.status,
        "message": say.words(key, **check.facts),
        "next": "" if check.status == "ok" else say.words(f"{key}.next", **check.facts),
    }


COMMANDS = (doctor_command,)
