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
