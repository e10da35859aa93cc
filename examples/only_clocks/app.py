"""Knows a host that has tickets and a status of its own and wants promises only; must not read the real time."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from servflow import sla
from servflow.calendars import Calendar
from servflow.model import ClockRun

BERLIN = Calendar("Europe/Berlin", {"mon-fri": ["09:00-12:00", "13:00-17:00"]}, holidays=["2026-05-01"])
PROMISES = {
    "P1": sla.Clock(name="solve", within="4h", warn=["50%"]),
    "P2": sla.Clock(name="solve", within="2 business days", warn=["4h before"]),
}
TABLES = """
CREATE TABLE IF NOT EXISTS ticket (id TEXT PRIMARY KEY, priority TEXT, status TEXT, due TEXT, look_at TEXT);
CREATE INDEX IF NOT EXISTS due_first ON ticket (due);
CREATE INDEX IF NOT EXISTS look_first ON ticket (look_at);
CREATE TABLE IF NOT EXISTS change (ticket TEXT, at TEXT, operation TEXT);
"""
OPERATIONS = {"open": "start", "waiting": "pause", "working": "resume", "solved": "stop"}
"""What each status of this host does to the clock."""


class Host:
    """A ticket table with a column for when it is due, and a log of what happened to the clock."""

    def __init__(self, database: str) -> None:
        self.db = sqlite3.connect(database)
        self.db.executescript(TABLES)

    def change(self, ticket: str, status: str, at: datetime, priority: str = "P2") -> None:
        """A ticket comes to another status: one line in the log, and its due instant anew."""
        with self.db:
            self.db.execute("INSERT OR IGNORE INTO ticket (id, priority) VALUES (?, ?)", (ticket, priority))
            self.db.execute("INSERT INTO change VALUES (?, ?, ?)", (ticket, at.isoformat(), OPERATIONS[status]))
            self.db.execute("UPDATE ticket SET status = ? WHERE id = ?", (status, ticket))
            self.store(ticket, at)

    def run(self, ticket: str, at: datetime) -> ClockRun | None:
        """The clock of a ticket as its log has made it."""
        rows = self.db.execute("SELECT at, operation FROM change WHERE ticket = ?", (ticket,))
        history = [(datetime.fromisoformat(when), operation) for when, operation in rows]
        (priority,) = self.db.execute("SELECT priority FROM ticket WHERE id = ?", (ticket,)).fetchone()
        return sla.fold(PROMISES[priority], BERLIN, history, at)

    def store(self, ticket: str, at: datetime) -> None:
        """Two columns: when it is due, and when to look at it again because a mark is reached."""
        run = self.run(ticket, at)
        due, mark = (run.due, run.next_at) if run is not None else (None, None)
        columns = [None if one is None else one.isoformat() for one in (due, mark)]
        self.db.execute("UPDATE ticket SET due = ?, look_at = ? WHERE id = ?", (*columns, ticket))

    def tick(self, now: datetime) -> list[str]:
        """What time alone has brought about since the last look; it may be called as often or as rarely as one likes."""
        told = []
        due = self.db.execute("SELECT id FROM ticket WHERE look_at < ? ORDER BY look_at, id", (now.isoformat(),)).fetchall()
        for (ticket,) in due:
            (since,) = self.db.execute("SELECT look_at FROM ticket WHERE id = ?", (ticket,)).fetchone()
            run = self.run(ticket, now)
            if run is not None:
                reached = zip(run.marks, run.reached, strict=True)
                told += [f"{local(at)}  {ticket}: {mark}" for mark, at in reached if at >= datetime.fromisoformat(since)]
            with self.db:
                self.store(ticket, now)
        return told

    def late(self, now: datetime) -> list[str]:
        """Every ticket that is past its due instant and not solved: one query on an indexed column."""
        rows = self.db.execute(
            "SELECT id, due FROM ticket WHERE due < ? AND status <> 'solved' ORDER BY due", (now.isoformat(),)
        )
        return [f"{ticket} since {local(datetime.fromisoformat(due))}" for ticket, due in rows]


def local(at: datetime) -> str:
    """An instant as the office reads it."""
    return at.astimezone(ZoneInfo("Europe/Berlin")).strftime("%a %H:%M")


def main(database: str) -> None:
    """Three days of two tickets, around a holiday and a weekend."""
    host = Host(database)
    wed = datetime(2026, 4, 29, 8, tzinfo=UTC)  # ten o'clock in Berlin; Friday is a holiday
    host.change("T-1", "open", wed, "P1")
    host.change("T-2", "open", wed, "P2")
    host.change("T-1", "waiting", wed + timedelta(hours=1))
    host.change("T-1", "working", wed + timedelta(days=1))
    for days in (1.2, 2, 6):
        now = wed + timedelta(days=days)
        for line in host.tick(now):
            print(line)
        print(f"{local(now)}  late: {', '.join(host.late(now)) or 'nobody'}")
    host.change("T-1", "solved", wed + timedelta(days=6))
    run = host.run("T-1", wed + timedelta(days=7))
    assert run is not None
    print(f"T-1: {run.phase}, {run.counted} counted of {run.within}, paused {sla.paused(run, wed + timedelta(days=7))}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
