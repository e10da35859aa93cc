"""A definition that is exchanged beside correlators, plans, intakes, children, other processes and coroutines."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.correlation import Correlator
from servflow.desk import AsyncDesk, Desk
from servflow.embedding import AsyncReloading, Reloading, Source, edit, follow
from servflow.errors import Conflict, InputError
from servflow.intake import load as load_intake
from servflow.model import Migrated
from servflow.recurring import Plans, Recurring
from servflow.stores import SqliteStore

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIRST = edit("""\
workflow: repair
version: 1
fields:
  fee: {type: int, default: 0}
  topic: {type: string, optional: true}
  plan: {type: string, optional: true}
  due: {type: timestamp, optional: true}
states: {new: {}, waiting: {}, closed: {closed: true}}
transitions:
  - {event: wait, source: new, target: waiting}
  - {event: close, source: [new, waiting], target: closed}
""")
SECOND = FIRST.set("", "version", 2).rename("states/waiting", "parts")
PARENT = edit("""\
workflow: order
version: 1
states: {new: {}, repairing: {}, done: {closed: true}}
transitions:
  - {event: send_in, source: new, target: repairing, do: [{open: {workflow: repair, fields: {fee: "5"}}}]}
  - {event: children.closed, source: repairing, target: done}
""")
DEAR = Correlator(
    name="dear",
    workflows=["repair"],
    when='kind == "Opened" && fields.fee > 0',
    key="customer",
    count=2,
    within="24h",
    do=[{"open": {"workflow": "repair", "fields": {"topic": "key"}}}],
)
INTAKE = load_intake("""
intake: door
channels: {phone: {key: message.call, fields: {customer: message.caller, topic: message.topic}}}
fields: {topic: {type: string}}
tables:
  route: {inputs: [channel], outputs: {workflow: string}, rows: [['"phone"', '"repair"']]}
tickets: {repair: {topic: topic}}
""")
PLANS = Recurring("care", [{"name": "yearly", "workflow": "repair", "every": "1 year", "start": "asset.installed_at"}])
ASSET = {"id": "A-1", "installed_at": MONDAY - timedelta(days=364)}


class Company:
    """A desk with all that may stand beside a workflow."""

    def __init__(self) -> None:
        self.at = MONDAY
        self.store = SqliteStore(":memory:")
        self.plans = Plans(PLANS, [ASSET], self.store)
        self.desk = Desk(
            [FIRST.workflow(), PARENT.workflow(), DEAR], self.store, now=lambda: self.at, sources=[self.plans, follow]
        )
        self.reloading = Reloading(self.desk, beside=[INTAKE])

    def reload(self, source: Source, **answers: Any) -> None:
        self.reloading.apply(self.reloading.preview(source, **answers))

    def open(self, ticket: str, fields: dict[str, Any] | None = None) -> None:
        self.desk.open(ticket, fields, workflow="repair")

    def work(self, hours: int = 1) -> None:
        """Whatever time, mail and effects ask for, until nothing is left."""
        self.at += timedelta(hours=hours)
        for _ in range(5):
            assert () == self.desk.tick().problems
            self.desk.deliver()


@pytest.fixture
def company() -> Iterator[Company]:
    made = Company()
    yield made
    made.store.close()


def test_what_stands_beside_is_asked_about_the_new_edition(company: Company) -> None:
    """A field that a correlator reads, an intake fills and a plan needs is gone: each says so, before anything is applied."""
    without = FIRST.set("", "version", 2).remove("fields/fee", "fields/topic", "fields/due")

    preview = company.reloading.preview(without, fields={"fee": None, "topic": None, "due": None})

    assert {"dear", "door", "care"} == {name for name, _ in preview.elsewhere}
    assert any("fee" in finding.message() for name, finding in preview.elsewhere if name == "dear")
    assert {"name", "code", "message"} <= preview.as_data("zh")["elsewhere"][0].keys()
    assert () == company.reloading.preview(SECOND, states={"waiting": "parts"}).elsewhere
    with pytest.raises(InputError, match="with check"):
        Reloading(company.desk, beside=[company])


def test_a_correlator_counts_over_the_exchange(company: Company) -> None:
    """What it knows of before and what comes after are counted together, and what it opens runs under the new edition."""
    company.open("R-1", {"customer": "ann", "fee": 80})
    company.work()

    company.reload(SECOND)
    company.open("R-2", {"customer": "ann", "fee": 90})
    company.work()

    opened = [ticket for ticket in company.store.find(workflow="repair") if ticket.fields.get("topic") == "ann"]
    assert [2] == [ticket.version for ticket in opened]


def test_plans_and_intakes_open_under_the_new_edition(company: Company) -> None:
    """What was opened before is not opened again."""
    company.work(24)
    company.reload(SECOND)
    INTAKE.submit(company.desk, {"channel": "phone", "topic": "noise", "call": "1", "caller": "bob"})
    company.work(24)
    company.at += timedelta(days=366)
    company.work()

    planned = [ticket.id for ticket in company.store.find(workflow="repair") if ticket.fields.get("plan") == "yearly"]
    assert 2 == len(planned)
    assert {2} == {ticket.version for ticket in company.store.find(workflow="repair")}


def test_parent_and_child_find_each_other_under_new_editions(company: Company) -> None:
    """Both are exchanged while the one waits for the other; the word of the child still closes the parent."""
    company.desk.open("O-1", workflow="order")
    company.desk.fire("O-1", "send_in")
    company.work()
    (child,) = (ticket.id for ticket in company.store.find(workflow="repair"))
    company.desk.fire(child, "wait")

    company.reload(SECOND, states={"waiting": "parts"})
    company.reload(PARENT.set("", "version", 2).rename("states/repairing", "at_work"), states={"repairing": "at_work"})
    company.desk.fire(child, "close")
    company.work()

    assert [("done", 2)] == [(ticket.state, ticket.version) for ticket in company.store.find(workflow="order")]


def test_going_back_with_tickets_that_know_the_new_edition_only(company: Company) -> None:
    """They are stranded until it is said where they go; what is new to the former edition must be let go in words."""
    company.open("R-1")
    wider = SECOND.add("states", {}, name="checking").add("fields", {"type": "string", "optional": True}, name="grade")
    wider = wider.add("transitions", {"event": "inspect", "source": "new", "target": "checking"})
    company.reload(wider, states={"waiting": "parts"})
    company.open("R-2", {"grade": "A"})
    company.desk.fire("R-2", "inspect")

    back = company.reloading.rollback("repair")
    with pytest.raises(InputError, match="R-2"):
        company.reloading.apply(back)
    assert ["R-2"] == [move.id for move in back.stranded]
    told = company.reloading.rollback("repair", states={"checking": "new"})
    fields = company.reloading.preview(told.new, states={**told.answers["states"]}, fields={"grade": None})
    company.reloading.apply(fields)

    assert [("R-1", "new", 3), ("R-2", "new", 3)] == [
        (one.id, one.state, one.version) for one in company.store.find(workflow="repair")
    ]
    assert "waiting" == company.desk.fire("R-2", "wait").ticket.state


def test_there_and_back_and_there_again(company: Company) -> None:
    """Each is one edition more; tickets are moved each time, once, and another desk goes along."""
    company.open("R-1")
    company.desk.fire("R-1", "wait")
    other = Desk([FIRST.workflow()], company.store, now=lambda: company.at, sources=[follow])

    company.reload(SECOND, states={"waiting": "parts"})
    company.reloading.apply(company.reloading.rollback("repair"))
    again = company.reloading.rollback("repair")
    assert ({"waiting": "parts"}, SECOND.workflow().states) == (again.answers["states"], again.new.states)  # type: ignore[union-attr]  # there is one
    company.reloading.apply(again)
    other.tick()

    assert [1, 2, 3, 4] == [edition["version"] for edition in company.reloading.editions("repair")]
    assert ("parts", 4) == (company.desk.get("R-1").state, company.desk.get("R-1").version)
    assert 3 == sum(isinstance(record, Migrated) for record in company.desk.history("R-1"))
    assert 4 == other.open("R-2").ticket.version


def test_coroutines_exchange_it_too() -> None:
    """The same verbs awaited; other coroutines go on, and another desk of coroutines follows."""

    async def lived() -> list[Any]:
        store = SqliteStore(":memory:")
        desk, other = (AsyncDesk(FIRST.workflow(), store, now=lambda: MONDAY, sources=[follow]) for _ in range(2))
        reloading = AsyncReloading(desk, beside=[INTAKE])
        await desk.open("R-1")
        await desk.fire("R-1", "wait")
        preview = await reloading.preview(SECOND, states={"waiting": "parts"})
        applied, opened = await asyncio.gather(reloading.apply(preview), desk.open("R-2"))
        await reloading.apply(preview)
        await other.tick()
        found: list[Any] = [
            applied.version,
            opened.ticket.id,
            (await other.get("R-1")).state,
            (await other.open("R-3")).ticket.version,
        ]
        found += [reloading.current("repair").version, len(await reloading.editions("repair"))]
        back = await reloading.apply(await reloading.rollback("repair"))
        found += [back.version, (await desk.get("R-2")).version, await reloading.catch_up()]
        with pytest.raises(Conflict):
            await reloading.apply(preview)
        store.close()
        return found

    assert [2, "R-2", "parts", 2, 2, 2, 3, 3, ()] == asyncio.run(lived())
    with SqliteStore(":memory:") as store, pytest.raises(InputError, match="there is Reloading"):
        AsyncReloading(Desk(FIRST.workflow(), store))  # type: ignore[arg-type]  # wrong on purpose


WORKER = """
import sys
from datetime import datetime
import servflow
from servflow.embedding import follow
from servflow.stores import SqliteStore
first, path, at = sys.argv[1:]
with SqliteStore(path) as store:
    desk = servflow.Desk(servflow.load(first), store, now=lambda: datetime.fromisoformat(at), sources=[follow])
    for line in sys.stdin:
        verb, *given = line.split()
        said = getattr(desk, verb)(*given)
        print(said.problems if verb == "tick" else (said.ticket.state, said.ticket.version), flush=True)
"""


def test_a_process_that_runs_meanwhile_goes_on(tmp_path: Path) -> None:
    """
    Between the batches of a move another process, which was started with the first edition, works on every ticket.

    It opens under the new edition from its next round on, and runs both editions side by side until all is moved.
    """
    path = tmp_path / "tickets.db"
    with SqliteStore(path) as store:
        desk = Desk(FIRST.workflow(), store, now=lambda: MONDAY)
        for number in range(4):
            desk.open(f"R-{number}")
        words = [sys.executable, "-c", WORKER, FIRST.text, str(path), MONDAY.isoformat()]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:

            def asked(line: str) -> str:
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write(line + "\n")
                worker.stdin.flush()
                return worker.stdout.readline().strip()

            reloading = Reloading(desk)
            preview = reloading.preview(SECOND, states={"waiting": "parts"}, check=False)
            assert "('waiting', 1)" == asked("fire R-0 wait")
            first = reloading.apply(preview, limit=2)
            said = [asked("fire R-1 wait"), asked("fire R-2 wait"), asked("open R-8"), asked("tick"), asked("open R-9")]
            second = reloading.apply(preview)
            said += [asked("fire R-2 close"), asked("fire R-9 wait")]
            assert worker.stdin is not None
            worker.stdin.close()

        states = [(ticket.id, ticket.state, ticket.version) for ticket in store.find()]
    assert (2, True, 3, False) == (first.moved, first.more, second.moved, second.more)
    assert ["('parts', 2)", "('waiting', 1)", "('new', 1)", "()", "('new', 2)", "('closed', 2)", "('parts', 2)"] == said
    assert [
        ("R-0", "parts", 2),
        ("R-1", "parts", 2),
        ("R-2", "closed", 2),
        ("R-3", "new", 2),
        ("R-8", "new", 2),
        ("R-9", "parts", 2),
    ] == states
