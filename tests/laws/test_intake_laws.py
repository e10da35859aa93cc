"""Knows what holds of intake for whatever comes in, in whatever order; must not know how it is kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import servflow
from servflow.desk import Desk
from servflow.errors import DefinitionError, Finding, InputError, Refused, ServflowError
from servflow.intake import Intake, Receipt, load
from servflow.model import Messaged
from servflow.stores import MemoryStore

LAWS = settings(deadline=None)
"""Threads, desks and documents take their time on a machine that has other things to do."""

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLOW = servflow.Workflow(
    workflow="case",
    fields={"what": {"type": "string", "optional": True}},
    initial="new",
    states={"new": {}, "held": {"timers": [{"after": "90m", "event": "close"}]}, "closed": {"closed": True}},
    transitions=[
        {"event": "close", "source": ["new", "held"], "target": "closed"},
        {"event": "hold", "source": "new", "target": "held"},
        {"event": "ticket.reopen", "source": "closed", "target": "new", "when": "at - closed_at < duration('2h')"},
    ],
)
TABLE = {"hit": "first", "inputs": ["channel"], "outputs": {"workflow": "string"}, "rows": [["-", "'case'"]]}


def door(window: str | None, merge: str) -> Intake:
    """An intake that tells matters apart by one letter."""
    unique = {"key": "matter", "merge": merge, "roles": [], **({"window": window} if window else {})}
    channel = {"key": "message.id", "fields": {"what": "message.what", "matter": "message.matter"}, "text": "message.what"}
    return Intake({"c": channel}, TABLE, unique=unique, tickets={"case": {"what": "what"}})


def message(number: int) -> dict[str, Any]:
    """The message of a number: what it says, and one of three matters, which follow from it."""
    return {"channel": "c", "id": number, "what": f"w{number}", "matter": "abc"[number % 3]}


with suppress(DefinitionError):  # what reads documents, and the texts, are imported now, not within the time of an example
    load({**door("1h", "open").to_data(), "fields": [], "c": 0})

WINDOWS = st.sampled_from(["1h", "24h", None])
MERGES = st.sampled_from(["open", "reopen"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(0, 11)),
        st.tuples(st.just("close"), st.integers(0, 5)),
        st.tuples(st.just("hold"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(1, 100)),
    ),
    max_size=25,
)


@LAWS
@given(WINDOWS, MERGES, STEPS)
def test_a_message_is_once_on_one_ticket(window: str | None, merge: str, steps: Sequence[tuple[str, int]]) -> None:
    """
    Law: every message that was submitted stands once in the store, on the ticket of its first receipt, and each later
    submission gives that receipt as a duplicate; two tickets of one matter are never open within the window of the later one.
    """
    now = [NOON]
    desk, intake = Desk(FLOW, MemoryStore(), now=lambda: now[0]), door(window, merge)
    first: dict[int, Receipt] = {}
    opened: dict[str, datetime] = {}
    for word, number in steps:
        if word == "wait":
            now[0] += timedelta(minutes=number)
        elif word == "submit":
            receipt = intake.submit(desk, message(number))
            if number in first:
                assert ("duplicate", first[number].ticket, first[number].status) == (
                    receipt.status,
                    receipt.ticket,
                    receipt.first,
                )
            first.setdefault(number, receipt)
            if receipt.status == "opened":
                opened[receipt.ticket] = now[0]
        elif opened:
            ticket = [*opened][number % len(opened)]
            try:
                desk.fire(ticket, word)
            except Refused:
                continue

    on = Counter(
        (ticket, text)
        for ticket in opened
        for text in [str(desk.get(ticket).fields["what"])]
        + [record.text for record in desk.history(ticket) if isinstance(record, Messaged)]
    )
    assert Counter((receipt.ticket, f"w{number}") for number, receipt in first.items()) == on
    length = timedelta.max if window is None else timedelta(hours=int(window[:-1]))
    for matter in range(3):
        numbers = [number for number, one in first.items() if number % 3 == matter and one.status == "opened"]
        born = [(opened[first[number].ticket], first[number].ticket) for number in numbers]  # in the order of their opening
        for (early, one), (late, _) in pairwise(born):
            closings = [record.at for record in desk.history(one) if getattr(record, "configuration", None) == ("closed",)]
            assert late - early >= length or any(early <= at <= late for at in closings)


GRADED = servflow.Workflow(
    workflow="case",
    fields={},
    roles=["customer", "clerk"],
    events={"ticket.message": {"allow": ["customer"]}, "ticket.update": {"allow": ["system"]}},
    initial="new",
    states={"new": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "close", "source": "new", "target": "closed", "allow": ["clerk"]},
        {
            "event": "ticket.reopen",
            "source": "closed",
            "target": "new",
            "allow": ["customer"],
            "when": "at - closed_at < duration('1h')",
        },
    ],
)
LETTERS = st.lists(
    st.one_of(
        st.tuples(
            st.just("mail"),
            st.sampled_from(["li", "wu"]),
            st.sampled_from(["W-1", "W-2", None]),
            st.sampled_from([1, 2, 4, None]),
            st.none() | st.integers(0, 4),
        ),
        st.tuples(st.just("close"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([10, 45, 60, 90])),
    ),
    max_size=20,
)


def grading(window: str | None, merge: str) -> Intake:
    """An intake whose mails say how urgent they are, and may quote a ticket."""
    fields = {"customer": "message.who", "asset": "message.asset", "priority": "message.priority"}
    unique = {"key": "asset", "merge": merge, **({"window": window} if window else {})}
    return Intake(
        {"c": {"key": "message.id", "text": "message.text", "ticket": "message.ticket", "fields": fields}},
        TABLE,
        fields={"priority": "int"},
        unique=unique,
        tickets={"case": {}},
        merged={"case": {"when": "priority != null && priority < ticket.priority", "payload": {"priority": "priority"}}},
    )


class Office:
    """A slow clerk with a list: what should become of each mail, by reading the rules aloud."""

    def __init__(self, window: str | None, merge: str) -> None:
        self.length = timedelta.max if window is None else timedelta(hours=int(window[:-1]))
        self.merge = merge
        self.tickets: dict[str, dict[str, Any]] = {}

    def takes(self, ticket: str, now: datetime) -> bool:
        """Whether a ticket is open, or may be opened again."""
        closed = self.tickets[ticket]["closed"]
        return closed is None or (self.merge == "reopen" and now - closed < timedelta(hours=1))

    def place(self, mail: dict[str, Any], now: datetime) -> tuple[str | None, str | None, bool]:
        """The ticket that a mail is added to, if any; the one it is beside; and whether it was sorted."""
        quoted, beside = mail["ticket"], None
        if quoted in self.tickets:
            if mail["who"] == self.tickets[quoted]["who"] and self.takes(quoted, now):
                return quoted, None, False
            beside = quoted
        same = [name for name, one in self.tickets.items() if mail["asset"] and one["asset"] == mail["asset"]]
        if same and now - self.tickets[same[-1]]["born"] < self.length and self.takes(same[-1], now):
            return same[-1], None if same[-1] == beside else beside, True
        return None, beside, True

    def note(self, ticket: str, mail: dict[str, Any], now: datetime, *, fresh: bool, sorted_: bool) -> None:
        """Write a mail on its ticket."""
        if fresh:
            new = {"who": mail["who"], "asset": mail["asset"], "born": now, "texts": [], "priority": mail["priority"] or 3}
            self.tickets[ticket] = {**new, "closed": None}
            return
        one = self.tickets[ticket]
        one["texts"].append(mail["text"])
        one["closed"] = None
        if sorted_ and mail["priority"]:
            one["priority"] = min(one["priority"], mail["priority"])


@LAWS
@given(WINDOWS, MERGES, LETTERS)
def test_a_clerk_with_a_list_agrees(window: str | None, merge: str, steps: Sequence[Any]) -> None:
    """
    Law: replies go to the ticket they quote where it is theirs and takes them; others by their matter; a ticket is as urgent
    as the most urgent message that was sorted onto it, as a slow reading of the rules says.
    """
    now, office = [NOON], Office(window, merge)
    desk, intake = Desk(GRADED, MemoryStore(), now=lambda: now[0]), grading(window, merge)
    for number, (word, *rest) in enumerate(steps):
        names = [*office.tickets]
        if word == "wait":
            now[0] += timedelta(minutes=rest[0])
        elif word == "close":
            if names and office.tickets[name := names[rest[0] % len(names)]]["closed"] is None:
                desk.fire(name, "close", actor=servflow.Actor("carl", ["clerk"]))
                office.tickets[name]["closed"] = now[0]
        else:
            who, asset, priority, quoted = rest
            ticket = "none" if quoted is None or not names else names[quoted % len(names)]
            mail = {"channel": "c", "id": number, "text": f"t{number}", "who": who, "asset": asset, "priority": priority}
            mail |= {"ticket": ticket}
            there, beside, sorted_ = office.place(mail, now[0])
            receipt = intake.submit(desk, mail)

            assert (there or receipt.ticket, "merged" if there else "opened", beside) == (
                receipt.ticket,
                receipt.status,
                receipt.beside,
            )
            assert ("duplicate", receipt.ticket) == ((again := intake.submit(desk, mail)).status, again.ticket)
            office.note(receipt.ticket, mail, now[0], fresh=there is None, sorted_=sorted_)

    for name, one in office.tickets.items():
        ticket, said = desk.get(name), [record.text for record in desk.history(name) if isinstance(record, Messaged)]
        assert (one["closed"] is not None, one["priority"], one["texts"]) == (ticket.closed, ticket.priority, said)
        assert ticket == GRADED.fold(desk.history(name))


@LAWS
@given(WINDOWS, st.lists(st.integers(0, 8), min_size=2, max_size=12), st.integers(2, 4))
def test_whoever_is_at_it_at_once(window: str | None, numbers: list[int], desks: int) -> None:
    """Law: threads that submit the same messages, each in its order, open one ticket to a matter and keep each message once."""
    store, intake = MemoryStore(), door(window, "open")
    wrong: list[ServflowError] = []

    def work(share: int) -> None:
        desk = Desk(FLOW, store, now=lambda: NOON)
        try:
            for number in numbers[share:] + numbers[:share]:
                intake.submit(desk, message(number))
        except ServflowError as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in range(desks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk = Desk(FLOW, store, now=lambda: NOON)
    tickets = [ticket.id for ticket in desk.find()]
    texts = [str(desk.get(ticket).fields["what"]) for ticket in tickets]
    texts += [record.text for ticket in tickets for record in desk.history(ticket) if isinstance(record, Messaged)]

    assert [] == wrong
    assert sorted({f"w{number}" for number in numbers}) == sorted(texts)
    assert len({number % 3 for number in numbers}) == len(tickets)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@LAWS
@given(st.dictionaries(st.sampled_from(["channel", "id", "what", "matter", "x"]), PLAIN | st.just("c"), max_size=5) | PLAIN)
def test_any_message_has_an_answer(given_message: Any) -> None:
    """Law: whatever comes in, the answer is a receipt or an InputError, and after an error nothing is in the store."""
    store = MemoryStore()
    desk = Desk(FLOW, store, now=lambda: NOON)
    try:
        receipt = door("1h", "open").submit(desk, given_message)
    except (InputError, Refused):
        assert () == store.find()
    else:
        assert receipt.ticket == desk.get(receipt.ticket).id


@LAWS
@given(
    st.dictionaries(
        st.sampled_from([*"abc", "intake", "channels", "table", "tables", "unique", "acknowledge", "fields"]), PLAIN
    )
)
def test_any_document_has_an_answer(data: dict[str, Any]) -> None:
    """Law: whatever a document holds, it loads, or every problem is a finding; no other error gets out."""
    base = door("1h", "open").to_data()
    for document in (data, {**base, **data}):
        found: tuple[Finding, ...] = (Finding("none"),)
        try:
            load(document)
        except DefinitionError as error:
            found = error.findings
        assert found
