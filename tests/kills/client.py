"""
Knows how a host's process asks for things and writes down what it was promised; must not know who kills it.

Run as ``python -m tests.kills.client URL JOURNAL NAME SEED``; it ends when its standard input is closed. Each call is
written into the journal before it is made and again when it was answered, both on the disk before it goes on. A process
that takes over a dead one's journal first makes the calls again that were never answered, with the same keys.
"""

from __future__ import annotations

import json
import os
import random
import select
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import servflow
from servflow.desk import Desk
from servflow.errors import Conflict, ReservationRefused, StoreError
from servflow.stores import SqliteStore, SqlStore, Store
from tests.kills.checker import lines
from tests.kills.host import JOB, PEOPLE

SHARED = 4
"""How many jobs all clients open, each with the same key as the others, and work on together."""
PAUSE = 0.02
"""Seconds a client lets pass between two calls, on the average half of it; so that workers keep up."""


def ended(seconds: float) -> bool:
    """Whether standard input was closed, after at most that many seconds."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


class Journal:
    """The file of one client; every line is on the disk before the next step."""

    def __init__(self, path: Path) -> None:
        self._out = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        before = lines(path)
        answered = {entry["done"] for entry in before if "done" in entry}
        self.asked = {entry["try"]: entry["ask"] for entry in before if "try" in entry}
        self.open = [(number, ask) for number, ask in self.asked.items() if number not in answered]
        self.jobs = [self.asked[number]["ticket"] for number in answered if self.asked[number]["do"] == "open"]
        size = os.fstat(self._out).st_size
        if size and os.pread(self._out, 1, size - 1) != b"\n":  # whoever died did not finish this line
            os.write(self._out, b"\n")

    def write(self, entry: dict[str, Any]) -> None:
        os.write(self._out, (json.dumps(entry) + "\n").encode())
        os.fsync(self._out)


class Client:
    """One host: asks, is answered, and asks again where it was not."""

    def __init__(self, desk: Desk, journal: Journal, name: str, seed: str) -> None:
        self.desk, self.journal, self.name, self.chance = desk, journal, name, random.Random(seed)

    def run(self) -> None:
        for number, ask in self.journal.open:
            if not self.carry_out(number, ask):
                return
        while not ended(self.chance.random() * PAUSE):
            number = len(self.journal.asked) + 1
            ask = self.next(number)
            self.journal.asked[number] = ask
            self.journal.write({"try": number, "ask": ask})
            print("ask", flush=True)
            if not self.carry_out(number, ask):
                return

    def next(self, number: int) -> dict[str, Any]:
        """What to ask for now."""
        if number <= SHARED:
            return {"do": "open", "ticket": f"shared-{number}", "key": f"open-{number}"}
        key = f"{self.name}.{number}"
        if self.chance.random() < 0.08:
            return {"do": "open", "ticket": f"{self.name}-{number}", "key": key}
        job, other = self.chance.choices(self.journal.jobs, k=2)
        event = self.chance.choices(["add", "pass_on", "spawn"], [12, 3, 1])[0]
        payload = {"mark": key}
        if event != "spawn":
            payload |= {"n": self.chance.randint(1, 9)}
        if event == "pass_on":
            payload |= {"to": other}
        return {"do": self.chance.choice(["fire", "post"]), "ticket": job, "key": key, "event": event, "payload": payload}

    def carry_out(self, number: int, ask: dict[str, Any]) -> bool:
        """Ask until there is an answer; False where the process shall end before."""
        while True:
            try:
                answer = self.ask(ask)
                break
            except (StoreError, Conflict, ReservationRefused) as error:
                print(f"{self.name} {number}: {error}", file=sys.stderr, flush=True)
                if ended(0.05):
                    return False
        self.journal.write({"done": number, "answer": answer})
        if ask["do"] == "open":
            self.journal.jobs.append(ask["ticket"])
        print("answered", flush=True)
        return True

    def ask(self, ask: dict[str, Any]) -> dict[str, Any]:
        if ask["do"] == "post":
            at = datetime.now(UTC)
            return {"new": self.desk.store.post(ask["ticket"], ask["event"], ask["payload"], key=ask["key"], at=at)}
        if ask["do"] == "open":
            outcome = self.desk.open(ask["ticket"], key=ask["key"])
        else:
            outcome = self.desk.fire(ask["ticket"], ask["event"], ask["payload"], key=ask["key"])
        return {"first": outcome.records[0].sequence, "last": outcome.records[-1].sequence}


def opened(url: str) -> Store | None:
    """The store, as soon as it can be opened; None where the process shall end before."""
    while True:
        try:
            return SqlStore(url) if "://" in url else SqliteStore(url)
        except StoreError as error:
            print(f"cannot open: {error}", file=sys.stderr, flush=True)
            if ended(0.05):
                return None


def main(url: str, journal: str, name: str, seed: str) -> None:
    """Work until standard input is closed."""
    store = opened(url)
    if store is None:
        return
    while True:
        try:
            desk = Desk(servflow.load(JOB), store, world=PEOPLE)
            break
        except StoreError as error:
            print(f"cannot begin: {error}", file=sys.stderr, flush=True)
            if ended(0.05):
                return
    Client(desk, Journal(Path(journal)), name, seed).run()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
