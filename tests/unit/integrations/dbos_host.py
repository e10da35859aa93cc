"""Knows a host whose process is killed while DBOS carries out an effect; must not know who kills it, nor when."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS

from servflow.desk import Desk
from servflow.integrations import durable
from servflow.stores import SqlStore
from tests.unit.desk.tiny import TinyWorkflow


def say(line: str) -> None:
    """Tell whoever watches, in one write: two threads may speak at once."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main(url: str, log: Path, hangs: str) -> None:
    """
    Open a ticket whose effect is a call with a reply, deliver it, and wait until it is done.

    *hangs* is ``handler`` or ``reply``: this is where the process stays until it is killed; ``nowhere`` goes through. Every
    call of the handler is a line in *log*.
    """

    def hang(where: str) -> None:
        if where == hangs:
            say("hanging")
            sys.stdin.read()

    def price(effect: Any) -> dict[str, Any]:
        with log.open("a", encoding="utf-8") as lines:
            lines.write(effect.id + "\n")
        hang("handler")
        return {}

    def now() -> datetime:
        hang("reply")
        return datetime(2026, 3, 2, 12, tzinfo=UTC)

    store = SqlStore(url)
    effects = durable({"call:price": price}, store, now=now)
    DBOS(config={"name": "shop", "system_database_url": url, "log_level": "CRITICAL"})
    DBOS.launch()
    desk = Desk(TinyWorkflow(), store, now=lambda: datetime(2026, 3, 2, 12, tzinfo=UTC), handlers=effects)
    desk.open("T1", {"call": [{"name": "price", "reply": "priced"}]}, key="once")
    desk.deliver()
    if hangs != "nowhere":
        say("acknowledged")
    for workflow in DBOS.list_workflows():
        DBOS.retrieve_workflow(workflow.workflow_id).get_result(polling_interval_sec=0.05)
    desk.tick()
    say(desk.get("T1").state)
    DBOS.destroy()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
