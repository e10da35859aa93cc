"""Knows what becomes of a message that is submitted to a desk, whatever happens meanwhile; must not know how stores work."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import AsyncDesk, Desk
from servflow.errors import Conflict, InputError
from servflow.intake import Intake, Receipt
from servflow.model import Messaged, Notify, Updated
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.postgres import fresh_database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

REPAIR = servflow.Workflow(
    workflow="repair",
    fields={"subject": "string", "serial": "string"},
    roles=["customer", "clerk"],
    events={"ticket.message": {"allow": ["customer", "clerk"]}},
    initial="new",
    states={"new": {}, "waiting": {"timers": [{"after": "2h", "event": "give_up"}]}, "closed": {"closed": True}},
    transitions=[
        {"event": "finish", "source": ["new", "waiting"], "target": "closed", "allow": ["clerk"]},
        {"event": "wait", "source": "new", "target": "waiting", "allow": ["clerk"]},
        {"event": "give_up", "source": "waiting", "target": "closed", "allow": ["system"]},
        {
            "event": "ticket.reopen",
            "source": "closed",
            "target": "new",
            "allow": ["customer"],
            "when": "at - closed_at < duration('1h')",
        },
    ],
)
CLERK = servflow.Actor("carl", ["clerk"])
PARTS: Mapping[str, Any] = {
    "channels": {
        "email": {
            "key": "message.id",
            "fields": {"customer": "message.sender", "subject": "message.subject", "serial": "message.serial"},
            "text": "message.body",
            "occurred": "message.date",
        },
        "alarm": {"key": "message.id", "fields": {"serial": "message.serial", "subject": "message.what"}},
    },
    "table": {"hit": "first", "inputs": ["channel"], "outputs": {"workflow": "string"}, "rows": [["-", "'repair'"]]},
    "unique": {"key": "serial", "window": "24h"},
    "acknowledge": {"to": "customer", "template": "received", "merged": "added", "data": {"about": "subject"}},
}


def intake(**changes: Any) -> Intake:
    """The intake of these tests, or one like it."""
    return Intake(**{**PARTS, **changes})


def mail(number: int, serial: Any = "W-1", **more: Any) -> dict[str, Any]:
    """A mail about a machine."""
    words = {"sender": "li", "subject": "leaks", "body": f"mail {number}"}
    return {"channel": "email", "id": f"<{number}>", "serial": serial, **words, **more}


class Host:
    """A desk at noon, or later."""

    def __init__(self, store: Store) -> None:
        self.now = NOON
        self.desk = Desk(REPAIR, store, now=lambda: self.now)

    def messages(self, ticket: str) -> list[str]:
        """The texts that were added to a ticket."""
        return [record.text for record in self.desk.history(ticket) if isinstance(record, Messaged)]

    def open_tickets(self) -> list[str]:
        """The ids of what is open."""
        return [ticket.id for ticket in self.desk.find() if not ticket.closed]

    def told(self) -> list[tuple[str, str, str]]:
        """Who is to be told what, on which ticket."""
        return [(one.ticket, one.to, one.template) for one in self.desk.store.effects() if isinstance(one, Notify)]


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A desk on an empty store of each kind."""
    made = request.param()
    yield Host(made)
    made.close()


def seen(receipt: Receipt) -> tuple[str, str, str]:
    """What a receipt says in short."""
    return receipt.status, receipt.ticket, receipt.first


class TestOneMatter:
    """Messages about the same thing."""

    def test_the_second_is_added_to_the_first(self, host: Host) -> None:
        """One ticket; the second message is kept on it in its own words, as said by the customer, and both are acknowledged."""
        door = intake()
        first = door.submit(host.desk, mail(1))
        second = door.submit(host.desk, mail(2))
        (said,) = [record for record in host.desk.history(first.ticket) if isinstance(record, Messaged)]

        assert ("opened", "merged", first.ticket) == (first.status, second.status, second.ticket)
        assert ("mail 2", "customer", True, "email", "li") == (said.text, said.side, said.public, said.channel, said.actor)
        assert [(first.ticket, "li", "received"), (first.ticket, "li", "added")] == host.told()

    def test_without_a_text_all_that_was_read_is_kept(self, host: Host) -> None:
        """A device says no words: the fields it sent are written out, so that nothing is lost."""
        door = intake()
        ticket = door.submit(host.desk, mail(1)).ticket
        merged = door.submit(host.desk, {"channel": "alarm", "id": 7, "serial": "W-1", "what": "door open"})

        assert ("merged", ticket) == (merged.status, merged.ticket)
        assert ["serial: W-1\nsubject: door open"] == host.messages(ticket)
        assert 1 == len(host.told()), "a device has no customer who could be thanked"

    def test_another_matter_is_another_ticket(self, host: Host) -> None:
        """What differs in the key, or has none, is never merged."""
        door = intake()
        tickets = [
            door.submit(host.desk, mail(number, serial)).ticket for number, serial in enumerate(["A", "B", None, None, ""])
        ]

        assert 5 == len(set(tickets)) == len(host.open_tickets())

    def test_a_list_is_a_key_and_null_in_it_is_none(self, host: Host) -> None:
        """Who and what together; parts cannot run into each other."""
        door = intake(unique={"key": "[customer, serial]"})
        pairs = [("li", "W-1"), ("l", "iW-1"), ("li", "W-1"), ("li", None), ("li", None)]
        tickets = [door.submit(host.desk, mail(n, serial, sender=who)).ticket for n, (who, serial) in enumerate(pairs)]

        assert [0, 1, 0, 3, 4] == [tickets.index(ticket) for ticket in tickets]

    def test_the_window_ends(self, host: Host) -> None:
        """After 24 hours, to the microsecond, a message is a new matter although the first ticket is open."""
        door = intake()
        first = door.submit(host.desk, mail(1)).ticket
        host.now += 24 * HOUR - timedelta(microseconds=1)
        assert ("merged", first, "merged") == seen(door.submit(host.desk, mail(2)))
        host.now = NOON + 24 * HOUR
        assert "opened" == door.submit(host.desk, mail(3)).status
        assert 2 == len(host.open_tickets())

    def test_a_window_in_working_time(self, host: Host) -> None:
        """Counted in a calendar: eight hours of 9 to 17 from Monday noon end on Tuesday at noon."""
        week = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
        door = intake(unique={"key": "serial", "window": "8h", "calendar": "office"}, calendars={"office": week})
        door.submit(host.desk, mail(1))
        host.now = NOON + 24 * HOUR - timedelta(seconds=1)
        assert "merged" == door.submit(host.desk, mail(2)).status
        host.now = NOON + 24 * HOUR
        assert "opened" == door.submit(host.desk, mail(3)).status

    def test_without_a_window_as_long_as_it_is_open(self, host: Host) -> None:
        """A year later the open ticket takes it in; once it is closed there is a new one."""
        door = intake(unique={"key": "serial"})
        first = door.submit(host.desk, mail(1)).ticket
        host.now += timedelta(days=365)
        assert ("merged", first, "merged") == seen(door.submit(host.desk, mail(2)))
        host.desk.fire(first, "finish", actor=CLERK)
        assert "opened" == door.submit(host.desk, mail(3)).status


class TestClosed:
    """Messages about what is closed."""

    def test_a_new_ticket(self, host: Host) -> None:
        """The closed ticket is left alone, and what it held is the new one's."""
        door = intake()
        first = door.submit(host.desk, mail(1)).ticket
        host.desk.fire(first, "finish", actor=CLERK)
        second = door.submit(host.desk, mail(2))
        third = door.submit(host.desk, mail(3))

        assert ("opened", "merged", second.ticket) == (second.status, third.status, third.ticket)
        assert first != second.ticket
        assert [] == host.messages(first)

    def test_closed_by_time_that_nobody_woke(self, host: Host) -> None:
        """A ticket whose time to close has passed is closed, although no tick has run since."""
        door = intake()
        first = door.submit(host.desk, mail(1)).ticket
        host.desk.fire(first, "wait", actor=CLERK)
        host.now += 3 * HOUR
        second = door.submit(host.desk, mail(2))

        assert ("opened", True) == (second.status, host.desk.get(first).closed)
        assert NOON + 2 * HOUR == host.desk.get(first).closed_at

    def test_reopened_where_the_workflow_lets_it(self, host: Host) -> None:
        """Within its hour a closed ticket is opened again with the message; later a new one is opened."""
        door = intake(unique={"key": "serial", "merge": "reopen"})
        first = door.submit(host.desk, mail(1)).ticket
        host.desk.fire(first, "finish", actor=CLERK)
        host.now += HOUR / 2
        assert ("merged", first, "merged") == seen(door.submit(host.desk, mail(2)))
        assert ("new", 1, ["mail 2"]) == (host.desk.get(first).state, host.desk.get(first).reopened, host.messages(first))

        host.desk.fire(first, "finish", actor=CLERK)
        host.now += HOUR
        assert "opened" == door.submit(host.desk, mail(3)).status
        assert host.desk.get(first).closed

    def test_a_workflow_that_takes_no_message(self, host: Host) -> None:
        """Nothing is lost: the message gets a ticket of its own, and the receipt says beside which, and why."""
        door = intake(unique={"key": "serial", "roles": ["stranger"]})
        first = door.submit(host.desk, mail(1)).ticket
        second = door.submit(host.desk, mail(2))

        assert ("opened", first) == (second.status, second.beside)
        assert "ticket.message" in second.reason
        assert ("duplicate", second.ticket, "opened") == seen(door.submit(host.desk, mail(2)))


class TestAnswers:
    """Messages that say which ticket they answer."""

    @staticmethod
    def door(**changes: Any) -> Intake:
        """An intake whose mails may name a ticket, and must have a subject that the others need not."""
        email = {**PARTS["channels"]["email"], "ticket": "message.ticket", "required": "subject"}
        return intake(
            **{"channels": {"email": email}, "fields": {"subject": {"type": "string", "one_of": ["leaks"]}}, **changes}
        )

    def test_it_is_added_whatever_it_is_about(self, host: Host) -> None:
        """A reply has another subject, which no row and no type would take, and another key; it is once on its ticket."""
        door = self.door()
        first = door.submit(host.desk, mail(1)).ticket
        reply = mail(2, "W-9", subject="AW: leaks", ticket=first)

        assert ("merged", first, "merged") == seen(door.submit(host.desk, reply))
        assert ("duplicate", first, "merged") == seen(door.submit(host.desk, reply))
        assert ("merged", first, "merged") == seen(door.submit(host.desk, mail(3, None, subject=None, ticket=first)))
        assert ["mail 2", "mail 3"] == host.messages(first)
        assert [(first, "li", "received"), (first, "li", "added"), (first, "li", "added")] == host.told()

    def test_nobody_writes_into_tickets_of_others(self, host: Host) -> None:
        """Whoever quotes a ticket that is not his gets one of his own, and it is said beside which."""
        door = self.door()
        first = door.submit(host.desk, mail(1)).ticket
        stranger = door.submit(host.desk, mail(2, "W-2", sender="mallory", ticket=first))
        nobody = door.submit(host.desk, mail(3, "W-3", sender=None, ticket=first))

        assert [("opened", first), ("opened", first)] == [(one.status, one.beside) for one in (stranger, nobody)]
        assert "is not one of 'mallory'" in stranger.reason
        assert [] == host.messages(first)

    def test_who_watches_may_answer(self, host: Host) -> None:
        """Somebody who asked to hear of a ticket is one of those it is with."""
        data = REPAIR.to_data()
        flow = servflow.load({**data, "events": {**data["events"], "ticket.watch": {"allow": ["customer"]}}})
        desk, door = Desk(flow, host.desk.store, now=lambda: NOON), self.door()
        first = door.submit(desk, mail(1)).ticket
        desk.fire(first, "ticket.watch", actor=servflow.Actor("wu", ["customer"]))

        assert ("merged", first) == seen(door.submit(desk, mail(2, "W-2", sender="wu", ticket=first)))[:2]

    @pytest.mark.parametrize(("merge", "status"), [("open", "opened"), ("reopen", "merged")])
    def test_a_closed_one(self, host: Host, merge: str, status: str) -> None:
        """It is reopened where that is said and allowed; otherwise the reply is a ticket of its own beside it."""
        door = self.door(unique={"key": "serial", "merge": merge})
        first = door.submit(host.desk, mail(1)).ticket
        host.desk.fire(first, "finish", actor=CLERK)
        receipt = door.submit(host.desk, mail(2, "W-2", ticket=first))

        assert (status, status == "merged") == (receipt.status, receipt.ticket == first)
        assert (first if merge == "open" else None, merge == "open") == (receipt.beside, "is closed" in receipt.reason)

    def test_without_matching(self, host: Host) -> None:
        """Numbers are enough to add replies; nothing else is merged then."""
        door = self.door(unique=None)
        first = door.submit(host.desk, mail(1)).ticket

        assert ("merged", first) == seen(door.submit(host.desk, mail(2, ticket=first)))[:2]
        assert "opened" == door.submit(host.desk, mail(3)).status

    @pytest.mark.parametrize("named", ["T-404", "", "x" * 9_000, 7, 1.5, True, ["T-1"], {"a": 1}, None], ids=repr)
    def test_what_names_no_ticket(self, host: Host, named: Any) -> None:
        """Whatever stands where the number of a ticket would, the message is taken in like any other."""
        receipt = self.door().submit(host.desk, mail(1, ticket=named))

        assert ("opened", None, "") == (receipt.status, receipt.beside, receipt.reason)

    def test_tenants_do_not_see_each_other(self, host: Host) -> None:
        """The number of another tenant's ticket is no ticket."""
        north, south = (Desk(REPAIR, host.desk.store.for_tenant(name), now=lambda: NOON) for name in ("north", "south"))
        first = self.door().submit(north, mail(1)).ticket
        receipt = self.door().submit(south, mail(2, ticket=first))

        assert ("opened", None) == (receipt.status, receipt.beside)

    def test_from_coroutines(self) -> None:
        """An AsyncDesk adds replies as well."""

        async def story() -> list[str]:
            desk, door = AsyncDesk(REPAIR, MemoryStore(), now=lambda: NOON), self.door()
            first = await door.submit(desk, mail(1))
            return [first.status, (await door.submit(desk, mail(2, "W-2", ticket=first.ticket))).status]

        assert ["opened", "merged"] == asyncio.run(story())


class TestGraver:
    """Messages that are graver than the ticket they are added to."""

    DATA: Mapping[str, Any] = REPAIR.to_data()
    FLOW = servflow.load({**DATA, "events": {**DATA["events"], "ticket.update": {"allow": ["system"]}}})
    WHEN = "priority != null && priority < ticket.priority"
    RISE: Mapping[str, Any] = {"repair": {"when": WHEN, "payload": {"priority": "priority"}}}

    @staticmethod
    def door(**changes: Any) -> Intake:
        """An intake whose mails say how urgent they are."""
        email = PARTS["channels"]["email"]
        email = {**email, "fields": {**email["fields"], "priority": "message.priority"}}
        return intake(**{"channels": {"email": email}, "fields": {"priority": "int"}, "merged": TestGraver.RISE, **changes})

    def test_it_raises_the_ticket_and_never_lowers_it(self, host: Host) -> None:
        """The open ticket is as urgent as the most urgent of its messages; each change is the system's, and once."""
        desk, door = Desk(self.FLOW, host.desk.store, now=lambda: NOON), self.door()
        first = door.submit(desk, mail(0, priority=4)).ticket
        found = []
        for number, priority in enumerate([5, 2, 2, 3, None, 1, 4], start=1):
            receipt = door.submit(desk, mail(number, priority=priority))
            found.append((receipt.status, receipt.reason, desk.get(first).priority))
        changes = [one.attributes for one in desk.history(first) if isinstance(one, Updated)]

        assert [("merged", "", priority) for priority in (4, 2, 2, 2, 2, 1, 1)] == found
        assert [{"priority": 2}, {"priority": 1}] == changes
        assert "duplicate" == door.submit(desk, mail(2, priority=2)).status
        assert desk.get(first) == self.FLOW.fold(desk.history(first))

    def test_a_closed_ticket_is_reopened_and_raised_at_once(self, host: Host) -> None:
        """All of it is one change."""
        desk, door = Desk(self.FLOW, host.desk.store, now=lambda: NOON), self.door(unique={"key": "serial", "merge": "reopen"})
        first = door.submit(desk, mail(1, priority=4)).ticket
        desk.fire(first, "finish", actor=CLERK)
        door.submit(desk, mail(2, priority=1))
        ticket = desk.get(first)

        assert ("new", 1, 1, ["mail 2"]) == (ticket.state, ticket.reopened, ticket.priority, host.messages(first))

    @pytest.mark.parametrize(
        ("merging", "said"),
        [
            ({"event": "nosuch"}, "nosuch"),
            ({"payload": {"priority": "'urgent'"}}, "priority"),
            ({"payload": {"custmer": "subject"}}, "custmer"),
            ({"when": "priority < ticket.nothing", "payload": {"priority": "1"}}, "merged.repair.when"),
        ],
    )
    def test_what_cannot_be_changed_loses_nothing(self, host: Host, merging: Any, said: str) -> None:
        """The message is on the ticket all the same, and the receipt says why nothing else changed."""
        desk, door = Desk(self.FLOW, host.desk.store, now=lambda: NOON), self.door(merged={"repair": merging})
        first = door.submit(desk, mail(1, priority=4)).ticket
        receipt = door.submit(desk, mail(2, priority=1))

        assert ("merged", first, None, 4) == (receipt.status, receipt.ticket, receipt.beside, desk.get(first).priority)
        assert said in receipt.reason
        assert ["mail 2"] == host.messages(first)

    def test_a_workflow_that_does_not_let_the_system(self, host: Host) -> None:
        """Its word stands: the message is added, nothing else."""
        door = self.door()
        first = door.submit(host.desk, mail(1, priority=4)).ticket
        receipt = door.submit(host.desk, mail(2, priority=1))

        assert ("merged", 4) == (receipt.status, host.desk.get(first).priority)
        assert "ticket.update" in receipt.reason


def test_closed_and_sent_again_on_postgres(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The keys are given back, taken and remembered there as well."""
    host, door = Host(_stores("postgres", tmp_path, request)()), intake()
    first = door.submit(host.desk, mail(1)).ticket
    door.submit(host.desk, mail(2))
    host.desk.fire(first, "finish", actor=CLERK)
    second = door.submit(host.desk, mail(3)).ticket
    again = [seen(door.submit(host.desk, mail(number))) for number in (1, 2, 3)]

    assert first != second
    assert [("duplicate", first, "opened"), ("duplicate", first, "merged"), ("duplicate", second, "opened")] == again
    host.desk.store.close()


class TestDuplicates:
    """The same message again."""

    def test_it_gives_the_first_receipt(self, host: Host) -> None:
        """Also after it was merged, and after the ticket was closed and another one opened; nothing happens again."""
        door = intake()
        first = door.submit(host.desk, mail(1)).ticket
        door.submit(host.desk, mail(2))
        host.desk.fire(first, "finish", actor=CLERK)
        other = door.submit(host.desk, mail(3)).ticket
        before = (len(host.desk.history(first)), len(host.desk.history(other)), host.told())
        again = [seen(door.submit(host.desk, mail(number))) for number in (1, 2, 3)]

        assert [("duplicate", first, "opened"), ("duplicate", first, "merged"), ("duplicate", other, "opened")] == again
        assert before == (len(host.desk.history(first)), len(host.desk.history(other)), host.told())

    def test_also_once_the_tables_have_changed(self, host: Host) -> None:
        """What was taken in is known before it is read again."""
        first = intake().submit(host.desk, mail(1)).ticket
        changed = intake(fields={"subject": {"type": "string", "one_of": ["other"]}})

        assert ("duplicate", first, "opened") == seen(changed.submit(host.desk, mail(1)))

    def test_without_matching_too(self, host: Host) -> None:
        """Channel and key alone make a message once."""
        door = intake(unique=None)

        assert ["opened", "duplicate", "opened"] == [door.submit(host.desk, mail(number)).status for number in (1, 1, 2)]

    def test_a_long_key(self, host: Host) -> None:
        """Keys of any length tell messages apart, also where they differ at the end only."""
        door = intake()
        long = "x" * 5_000
        statuses = [door.submit(host.desk, mail(1, id=f"{long}{end}")).status for end in "aba"]

        assert ["opened", "merged", "duplicate"] == statuses

    def test_an_id_that_somebody_else_took(self, host: Host) -> None:
        """A ticket of the host's own under that id is never taken for the message's."""
        door = intake()
        host.desk.open(door.receive(mail(1), NOON).id, {})
        with pytest.raises(Conflict, match="exists already"):
            door.submit(host.desk, mail(1))


class TestMeanwhile:
    """Whatever happens between looking and keeping."""

    @pytest.mark.parametrize("merge", ["open", "reopen"])
    @pytest.mark.parametrize("moment", range(1, 9))
    def test_closed_at_any_moment(self, host: Host, moment: int, merge: str) -> None:
        """Somebody closes the ticket at any reading of the time: the message is on one ticket, once, and that is open."""
        door = intake(unique={"key": "serial", "window": "24h", "merge": merge})
        first = door.submit(host.desk, mail(1)).ticket
        other, calls = Desk(REPAIR, host.desk.store, now=lambda: NOON), [0]

        def now() -> datetime:
            calls[0] += 1
            if calls[0] == moment and not other.get(first).closed:
                other.fire(first, "finish", actor=CLERK)
            return NOON

        receipt = door.submit(Desk(REPAIR, host.desk.store, now=now), mail(2))

        if receipt.status == "opened":
            assert (receipt.ticket != first, []) == (True, host.messages(first))
        else:
            assert ("merged", first, ["mail 2"]) == (receipt.status, receipt.ticket, host.messages(first))
        assert len(host.open_tickets()) <= 1

    @pytest.mark.parametrize("moment", range(1, 9))
    def test_the_same_message_at_any_moment(self, host: Host, moment: int) -> None:
        """Submitted twice at once it is taken in once."""
        door = intake()
        first = door.submit(host.desk, mail(1)).ticket
        calls, inner = [0], Desk(REPAIR, host.desk.store, now=lambda: NOON)
        got: list[Receipt] = []

        def now() -> datetime:
            calls[0] += 1
            if calls[0] == moment:
                got.append(door.submit(inner, mail(2)))
            return NOON

        got.append(door.submit(Desk(REPAIR, host.desk.store, now=now), mail(2)))

        assert (["mail 2"], {first}) == (host.messages(first), {receipt.ticket for receipt in got})
        assert 1 == sum(receipt.status == "merged" for receipt in got)

    @pytest.mark.parametrize("kind", ["sqlite", "postgres"])
    def test_many_threads(self, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        """Sixteen desks on one database, forty messages about two machines, each sent twice: two tickets, each message once."""
        made = _stores(kind, tmp_path, request)
        made().close()
        door, receipts, lock = intake(), [], threading.Lock()

        def work(share: int) -> None:
            store = made()
            desk = Desk(REPAIR, store, now=lambda: NOON)
            for number in range(share % 8, 40, 8):
                receipt = door.submit(desk, mail(number, f"W-{number % 2}"))
                with lock:
                    receipts.append(receipt)
            store.close()

        threads = [threading.Thread(target=work, args=(share,)) for share in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        host = Host(made())
        tickets = host.open_tickets()
        texts = [text for ticket in tickets for text in host.messages(ticket)]

        assert (80, 2) == (len(receipts), len(tickets))
        assert {"opened": 2, "merged": 38, "duplicate": 40} == Counter(receipt.status for receipt in receipts)
        assert (38, 38) == (len(texts), len(set(texts)))
        host.desk.store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_replies_and_graver_ones_from_many_threads(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Six desks send thirty mails about one machine, a third of them replies: each is there once, and the ticket is at 1."""
    made = _stores(kind, tmp_path, request)
    flow, email = TestGraver.FLOW, PARTS["channels"]["email"]
    email = {**email, "ticket": "message.ticket", "fields": {**email["fields"], "priority": "message.priority"}}
    door = intake(channels={"email": email}, fields={"priority": "int"}, merged=TestGraver.RISE)
    store = made()
    first = door.submit(Desk(flow, store, now=lambda: NOON), mail(0, priority=5)).ticket
    store.close()
    receipts, lock = [], threading.Lock()

    def work(share: int) -> None:
        store = made()
        desk = Desk(flow, store, now=lambda: NOON)
        for step in range(30):
            number = (step * 7 + share * 5) % 30 + 1
            how = {"ticket": first} if number % 3 == 0 else {"priority": number % 5 + 1}
            receipt = door.submit(desk, mail(number, "W-2" if number % 3 == 0 else "W-1", **how))
            with lock:
                receipts.append(receipt)
        store.close()

    threads = [threading.Thread(target=work, args=(share,)) for share in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    host = Host(made())

    assert {"merged": 30, "duplicate": 150} == Counter(receipt.status for receipt in receipts)
    assert sorted(f"mail {number}" for number in range(1, 31)) == sorted(host.messages(first))
    assert ([first], 1) == (host.open_tickets(), host.desk.get(first).priority)
    host.desk.store.close()


def _stores(kind: str, path: Path, request: pytest.FixtureRequest) -> Callable[[], Store]:
    """What opens one database again and again."""
    if kind == "sqlite":
        return lambda: SqliteStore(path / "tickets.db")
    pytest.importorskip("psycopg", reason="needs the extra sql")
    from servflow.stores import SqlStore

    url = fresh_database(request.getfixturevalue("postgres"))
    return lambda: SqlStore(url)


class TestDesks:
    """The kinds of desks."""

    def test_from_coroutines(self) -> None:
        """An AsyncDesk takes messages in by the same words; the answer is awaited."""

        async def story() -> list[str]:
            desk, door = AsyncDesk(REPAIR, MemoryStore(), now=lambda: NOON), intake()
            return [(await door.submit(desk, mail(number))).status for number in (1, 2, 1)]

        assert ["opened", "merged", "duplicate"] == asyncio.run(story())

    def test_many_coroutines(self, tmp_path: Path) -> None:
        """Forty at once, each message twice: one ticket, and each message once."""

        store = SqliteStore(tmp_path / "tickets.db")

        async def story() -> list[Receipt]:
            desk, door = AsyncDesk(REPAIR, store, now=lambda: NOON), intake()
            return list(await asyncio.gather(*(door.submit(desk, mail(number % 20)) for number in range(40))))

        receipts = asyncio.run(story())
        store.close()

        assert {"opened": 1, "merged": 19, "duplicate": 20} == Counter(receipt.status for receipt in receipts)
        assert 1 == len({receipt.ticket for receipt in receipts})

    def test_numbers_and_texts_tell_the_same_matter(self, host: Host) -> None:
        """A form sends 7 as text and a device as a number: one machine."""
        door = intake(tickets={"repair": {"subject": "subject"}})
        statuses = [door.submit(host.desk, mail(number, serial)).status for number, serial in enumerate(["7", 7])]

        assert ["opened", "merged"] == statuses

    def test_a_customer_with_a_number(self, host: Host) -> None:
        """A partner sends customers and machines as numbers: they are names, and who is thanked; a decimal number is none."""
        fields = {"customer": "message.sender", "asset": "message.serial", "subject": "message.subject"}
        door = intake(
            channels={"email": {**PARTS["channels"]["email"], "fields": fields}}, unique={"key": "asset"}, workflows=[REPAIR]
        )
        first = door.submit(host.desk, mail(1, 7, sender=1001)).ticket
        door.submit(host.desk, mail(2, "7", sender="1001"))
        (said,) = [record for record in host.desk.history(first) if isinstance(record, Messaged)]

        assert ("1001", "7", "1001") == (host.desk.get(first).customer, host.desk.get(first).asset, said.actor)
        assert ["1001", "1001"] == [to for _, to, _ in host.told()]

    def test_nobody_outside_is_the_system(self, host: Host) -> None:
        """A sender who calls himself so writes as whoever comes by the channel."""
        door = intake()
        first = door.submit(host.desk, mail(1))
        door.submit(host.desk, mail(2, sender="system"))
        (said,) = [record for record in host.desk.history(first.ticket) if isinstance(record, Messaged)]

        assert "channel:email" == said.actor

    def test_in_the_hosts_transaction(self, host: Host) -> None:
        """In a transaction that is undone nothing was taken in, and nobody is told."""
        door = intake()

        def failing() -> None:
            with host.desk.batch():
                door.submit(host.desk, mail(1))
                door.submit(host.desk, mail(2))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()

        assert ([], []) == (host.open_tickets(), host.told())
        assert "opened" == door.submit(host.desk, mail(2)).status

    def test_what_is_no_desk(self) -> None:
        """Said before anything is read."""
        with pytest.raises(InputError, match=r"submit takes a servflow\.Desk"):
            intake().submit("desk", mail(1))  # type: ignore[call-overload] # the point of the test

    def test_tenants_keep_to_themselves(self, host: Host) -> None:
        """The same message and matter of two tenants are two tickets."""
        door = intake()
        desks = [Desk(REPAIR, host.desk.store.for_tenant(name), now=lambda: NOON) for name in ("north", "south")]

        assert ["opened", "opened"] == [door.submit(desk, mail(1)).status for desk in desks]


BAD: dict[str, Any] = {
    "an unknown channel": {"channel": "fax", "id": 1},
    "no channel": {"id": 1},
    "no key": {"channel": "email"},
    "a megabyte": mail(1, body="x" * 1_000_000),
    "a megabyte in pieces": mail(1, parts=["x" * 50_000] * 20),
    "nested without end": mail(1, more={"a": {}}),
    "keys that are no text": mail(1, more={7: "x"}),
    "a key at the top that is no text": {**mail(1), 7: "x"},
    "half a character": mail(1, subject="\ud800"),
    "a lone surrogate as key": {"channel": "email", "id": "\ud800"},
    "a set": mail(1, more={"x"}),
    "a key of the matter that is a map": mail(1, serial={"a": 1}),
    "an address of a thousand characters": mail(1, sender="x" * 1_000),
    "a naive instant": mail(1, date="2026-03-02T10:00:00"),
}
_deep = BAD["nested without end"]["more"]
for _ in range(2_000):
    _deep["a"] = _deep = {}
_deep["a"] = {}


@pytest.mark.parametrize("message", [*BAD.values(), None, [], "x", 7], ids=[*BAD, "None", "list", "text", "number"])
def test_bad_messages_open_nothing(host: Host, message: Any) -> None:
    """Whatever comes in, the answer is a receipt or an InputError in one short sentence, and then nothing was opened."""
    with pytest.raises(InputError) as caught:
        intake().submit(host.desk, message)

    assert ([], []) == (host.open_tickets(), host.told())
    assert len(str(caught.value)) < 2_000
