"""Knows what must hold where correlators are fed by the records of tickets; must not know how facts travel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.correlation import Correlator
from servflow.desk import AsyncDesk, Desk, Retry, Worker
from servflow.errors import Conflict, InputError, StoreError
from servflow.metrics import board
from servflow.model import Decided, Migrated, Received, Send
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store, export, import_ticket, verify
from tests.contracts.failing import sqlite_faults
from tests.postgres import fresh_database
from tests.unit.desk.tiny import NOON, Watch

HOUR = timedelta(hours=1)

COMPLAINT = """
workflow: complaint
fields: {amount: {type: int}}
states: {new: {}, done: {closed: true}}
transitions:
  - {event: note, source: new}
  - {event: flag, source: new}
  - {event: mail, source: new, do: [{notify: {to: {user: mia}, template: note}}]}
  - {event: finish, source: new, target: done}
"""

CARE = """
workflow: care
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done}]
"""

REPEATED: dict[str, Any] = {
    "name": "repeated",
    "when": 'kind == "Opened"',
    "key": "customer",
    "count": 3,
    "within": "24h",
    "do": [{"open": {"workflow": "care", "fields": {"customer": "key"}}}],
}

SILENT: dict[str, Any] = {
    "name": "silent",
    "workflows": ["complaint"],
    "when": 'kind == "Opened" || event == "note"',
    "key": "ticket",
    "find": "absence",
    "unless": 'event == "note"',
    "within": "4h",
    "do": [{"send": {"event": "flag"}}],
}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made: Store
    if request.param == "postgres":
        made = SqlStore(fresh_database(request.getfixturevalue("postgres")))
    else:
        made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield made
    made.close()


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


def desk_of(store: Store, watch: Watch, *parts: dict[str, Any], **more: Any) -> Desk:
    """A desk for complaints and care cases, with correlators."""
    flows = [servflow.load(COMPLAINT), servflow.load(CARE), *(Correlator(**part) for part in parts)]
    return Desk(flows, store, now=watch, retry=Retry(tries=3), **more)


def settle(desk: Desk) -> list[str]:
    """Tick and deliver until nothing is left to do; what went wrong, by code."""
    wrong = []
    while True:
        rounds = desk.tick(), desk.deliver()
        wrong += [getattr(problem.error, "code", "") for one in rounds for problem in one.problems]
        if not any(one.worked for one in rounds):
            return wrong


def cases(desk: Desk) -> list[str | None]:
    """The customers that care cases are about."""
    return sorted(str(ticket.customer) for ticket in desk.find(workflow="care"))


def events(desk: Desk, name: str) -> list[str]:
    """The events of a ticket, in order."""
    return [record.event for record in desk.history(name) if isinstance(record, Received)]


def complain(desk: Desk, *names: str, customer: str = "li") -> None:
    """Complaints of one customer."""
    for name in names:
        desk.open(name, {"customer": customer}, workflow="complaint")


def test_what_several_tickets_have_in_common_opens_another(store: Store, watch: Watch) -> None:
    """Three complaints of one customer open one care case; two of another one open none, and every record proves it."""
    desk = desk_of(store, watch, REPEATED)
    complain(desk, "A1", "A2", "A3")
    complain(desk, "B1", "B2", customer="wu")

    assert ([], ["li"]) == (settle(desk), cases(desk))
    assert [] == [one for one in verify(store).findings if one.severity == "error"]
    (decided,) = [one for one in desk.history("~repeated/li") if isinstance(one, Decided)]
    assert ["A1", "A2", "A3"] == [ticket for ticket, _, _ in decided.why["facts"]]


def test_facts_survive_whoever_committed_them(store: Store, watch: Watch) -> None:
    """A process that dies between its commit and the delivery loses nothing; the next one finds the facts in the store."""
    first = desk_of(store, watch, REPEATED)
    complain(first, "A1", "A2", "A3")
    second = desk_of(store, watch, REPEATED)

    assert ([], ["li"]) == (settle(second), cases(second))


def test_a_fact_that_is_delivered_again_counts_once(store: Store, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies between the delivery and its acknowledgement leaves facts that come again, and count once."""
    desk = desk_of(store, watch, REPEATED)
    complain(desk, "A1", "A2")
    again = store.effects()
    for _ in range(2):
        monkeypatch.setattr(store, "ack", lambda ids: None)
        desk.tick()
        desk.deliver()
        monkeypatch.undo()
        watch.at += timedelta(minutes=2)

    assert again == store.effects()
    assert ([], []) == (settle(desk), cases(desk))
    assert 2 == desk.explain("~repeated/li").have


def test_a_step_that_is_repeated_gives_its_facts_once(store: Store, watch: Watch) -> None:
    """An event or an opening with a key that was there before feeds nobody again."""
    desk = desk_of(store, watch, {**REPEATED, "when": 'kind == "Opened" || event == "note"', "count": 4})
    for _ in range(3):
        desk.open("A1", {"customer": "li"}, workflow="complaint", key="k")
        desk.fire("A1", "note", key="n")
    settle(desk)

    assert 2 == desk.explain("~repeated/li").have


def test_a_step_that_is_not_kept_gives_no_facts(store: Store, watch: Watch) -> None:
    """What a conflict or a transaction that is undone took back is counted by nobody."""
    desk = desk_of(store, watch, REPEATED)
    complain(desk, "A1")
    with pytest.raises(Conflict):
        complain(desk, "A1")

    def undone() -> None:
        with desk.batch():
            complain(desk, "A2", "A3")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    settle(desk)

    assert 1 == desk.explain("~repeated/li").have


def test_time_passes_only_after_what_was_committed(store: Store, watch: Watch) -> None:
    """Nobody delivered for hours: a ticket that was worked on in time is not taken for forgotten by the next round."""
    desk = desk_of(store, watch, SILENT)
    complain(desk, "A1", "A2")
    settle(desk)
    watch.at += 3 * HOUR
    desk.fire("A1", "note")
    watch.at += 2 * HOUR
    settle(desk)

    assert (["note"], ["flag"]) == (events(desk, "A1"), events(desk, "A2"))
    watch.at += 3 * HOUR
    settle(desk)
    assert ["note", "flag"] == events(desk, "A1")


def test_mail_is_read_before_time_passes_however_much_it_is(watch: Watch) -> None:
    """More facts wait for one key than a round hands over: it waits for the last of them before it misses anything."""
    desk = desk_of(MemoryStore(), watch, {**SILENT, "key": '"all"'})
    complain(desk, "A1")
    settle(desk)
    watch.at += HOUR
    for _ in range(150):
        desk.fire("A1", "note")
    watch.at += 2 * HOUR
    desk.fire("A1", "note")
    watch.at += 3 * HOUR
    settle(desk)

    assert "flag" not in events(desk, "A1")


def test_a_handler_that_fails_holds_up_no_fact(store: Store, watch: Watch) -> None:
    """The mail server is down, so effects of the tickets wait; what is counted does not wait with them."""

    def down(_: object) -> None:
        raise ConnectionError

    desk = desk_of(store, watch, {**REPEATED, "when": 'event == "mail"'}, handlers={"notify": down})
    complain(desk, "A1")
    for _ in range(3):
        desk.fire("A1", "mail")
        desk.deliver()
    settle(desk)

    assert ["li"] == cases(desk)


def test_what_a_firing_sets_off_feeds_nobody(store: Store, watch: Watch) -> None:
    """A correlator that counts every record and answers each time would go on for ever; it fires once."""
    loud = {**REPEATED, "name": "loud", "when": "true", "key": '"all"', "do": [{"send": "flag"}, {"open": "complaint"}]}
    other = {**loud, "name": "other", "count": 1}
    desk = desk_of(store, watch, {**loud, "when": 'kind == "Opened"'}, {**other, "workflows": ["complaint"]})
    complain(desk, "A1", "A2", "A3")

    assert [] == settle(desk)
    fired = [desk.explain(f"~{name}/all").fired for name in ("loud", "other")]
    assert [1, 3] == fired
    assert 3 + 1 + 3 == len(desk.find())


@pytest.mark.parametrize(("target", "code"), [("last", "not_here"), ('"nobody"', "ticket")])
def test_a_target_that_is_closed_or_gone_is_told_once(store: Store, watch: Watch, target: str, code: str) -> None:
    """What cannot be done any more is a problem of the report, and is not tried again."""
    desk = desk_of(store, watch, {**REPEATED, "do": [{"send": {"event": "flag", "ticket": target}}]})
    complain(desk, "A1", "A2", "A3")
    desk.fire("A3", "finish")

    assert [code] == settle(desk)
    assert ((), (), []) == (store.effects(), desk.troubles(), settle(desk))


def test_a_workflow_nobody_has_is_set_aside(store: Store, watch: Watch) -> None:
    """A firing that opens what no desk can open is a dead letter in the end, and later facts go on."""
    desk = desk_of(store, watch, {**REPEATED, "do": [{"open": "unheard_of"}]})
    complain(desk, "A1", "A2", "A3")
    for _ in range(4):
        settle(desk)
        watch.at += HOUR
    complain(desk, "A4")
    settle(desk)

    assert [True] == [one.again is None for one in desk.troubles()]
    assert 1 == desk.explain("~repeated/li").have


def test_a_condition_that_fails_stops_no_ticket(store: Store, watch: Watch) -> None:
    """An expression that cannot be computed on a record is told with the record, and the ticket's own step is kept."""
    desk = desk_of(store, watch, {**REPEATED, "key": "string(10 / size(customer))"})
    desk.open("A1", {"customer": "", "amount": 0}, workflow="complaint")

    assert ["fact"] == settle(desk)
    assert ("new", ()) == (desk.get("A1").state, desk.troubles())


def test_screens_show_tickets_of_the_host_only(store: Store, watch: Watch) -> None:
    """Tickets of correlators are found by the name of their workflow, and stand in the way of no page and no figure."""
    desk = desk_of(store, watch, {**REPEATED, "count": 2}, SILENT)
    complain(desk, "A1", "A2", "~x")
    complain(desk, "周", customer="wu")
    settle(desk)
    names = ["A1", "A2", "repeated/li", "~x", "周"]

    assert names == [ticket.id.partition(".")[0] for ticket in desk.find()]
    assert names == [ticket.id.partition(".")[0] for ticket in desk.find(order="due")]
    pages: list[str] = []
    while page := desk.find(limit=2, after=pages[-1] if pages else None):
        pages += [ticket.id for ticket in page]
    assert names == [name.partition(".")[0] for name in pages]
    assert ["~repeated/li", "~repeated/wu"] == [ticket.id for ticket in desk.find(workflow="repeated")]
    assert 5 == board((store.history(name) for name in store.ids()), watch.at).tickets


def test_one_workflow_beside_correlators_needs_no_name(watch: Watch) -> None:
    """A correlator among the workflows of a desk makes nobody say what was clear without it."""
    desk = Desk([servflow.load(COMPLAINT), Correlator(**REPEATED)], MemoryStore(), now=watch)
    desk.open("A1", {"customer": "li"})

    assert "complaint" == desk.get("A1").workflow


def test_what_a_correlator_keeps_promises_nothing(store: Store, watch: Watch) -> None:
    """A question about promises is refused with what to do, not answered by an error of Python."""
    complain(desk := desk_of(store, watch, REPEATED), "A1")
    settle(desk)

    for ask in (
        lambda: desk.what_if("~repeated/li", priority=1),
        lambda: desk.forecast("~repeated/li", "repair", "4h"),
        lambda: desk.explain_clock("~repeated/li", "repair"),
        lambda: desk.progress("~repeated/li"),
    ):
        with pytest.raises(InputError, match="kept by repeated, which promises nothing"):
            ask()
    with pytest.raises(InputError, match="as of now and of its own world; leave out at"):
        desk.what_if("A1", priority=1, at=watch.at)


def test_a_desk_without_the_correlator_reads_it_from_the_store(store: Store, watch: Watch) -> None:
    """Whoever delivers and ticks needs not be given what is in the store; whoever changes tickets does."""
    complain(desk_of(store, watch, REPEATED), "A1", "A2", "A3")
    plain = desk_of(store, watch)
    complain(plain, "A4")

    assert ([], ["li"]) == (settle(plain), cases(plain))
    assert 0 == plain.explain("~repeated/li").have


def test_a_new_version_takes_over_what_an_older_one_knows(store: Store, watch: Watch) -> None:
    """The ticket of a key goes on under the highest version that is known, with what it remembers; its records prove it."""
    complain(old := desk_of(store, watch, REPEATED), "A1", "A2")
    settle(old)
    new = desk_of(store, watch, {**REPEATED, "version": 2, "count": 4})
    complain(new, "A3")

    assert ([], [], 3) == (settle(new), cases(new), new.explain("~repeated/li").have)
    complain(new, "A4")
    assert ([], ["li"], 2) == (settle(new), cases(new), new.get("~repeated/li").version)
    assert [] == [one for one in verify(store).findings if one.severity == "error"]


def test_two_versions_side_by_side_do_not_take_a_key_from_each_other(store: Store, watch: Watch) -> None:
    """While some processes have the newer version and some the older, a key that was moved on stays there."""
    old, new = desk_of(store, watch, REPEATED), desk_of(store, watch, {**REPEATED, "version": 2, "key": "string(customer)"})
    for number, desk in enumerate((old, new, old, new, old)):
        complain(desk, f"A{number}")
        settle(desk)

    assert [2] == [record.version for record in old.history("~repeated/li") if isinstance(record, Migrated)]
    assert ["li"] == cases(old)


def test_the_ticket_of_a_key_moves_like_any_other(store: Store, watch: Watch) -> None:
    """It is exported with its records and its definition, and goes on counting where it was imported."""
    complain(desk := desk_of(store, watch, REPEATED), "A1", "A2")
    settle(desk)
    there = desk_of(MemoryStore(), watch, REPEATED)
    import_ticket(there.store, export(store, "~repeated/li"))
    complain(there, "A3")

    assert ([], ["li"]) == (settle(there), cases(there))


def test_nobody_but_the_desk_tells_it_anything(store: Store, watch: Watch) -> None:
    """What is on the ticket of a key came from records: a user cannot put a fact there, nor erase one."""
    complain(desk := desk_of(store, watch, REPEATED), "A1")
    settle(desk)
    with pytest.raises(servflow.Refused, match="nobody but the system"):
        desk.fire("~repeated/li", "record", {}, actor="mia")
    with pytest.raises(InputError, match="cannot erase"):
        desk.erase("~repeated/li")

    assert 1 == desk.explain("~repeated/li").have


def test_two_desks_at_once_count_each_fact_once(store: Store, watch: Watch) -> None:
    """Workers in several threads open, deliver and tick; whoever comes first, each customer is noticed once."""
    desks = [desk_of(store, watch, REPEATED) for _ in range(3)]

    def work(number: int) -> None:
        for turn in range(4):
            complain(desks[number], f"T{number}-{turn}", customer=f"c{turn}")
            desks[number].deliver()
            with suppress(StoreError):  # where two rounds meet, the next one does it
                desks[number].tick()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)

    assert [] == settle(desks[0])
    assert [f"c{turn}" for turn in range(4)] == cases(desks[0])


def test_a_worker_drives_it(store: Store, watch: Watch) -> None:
    """A worker brings facts, reads them and carries out what follows, without being told of correlators."""
    desk = desk_of(store, watch, REPEATED, SILENT)
    complain(desk, "A1", "A2", "A3")
    worker = Worker(desk, workers=2)
    first = worker.round()
    watch.at += 5 * HOUR
    worker.round()

    assert (False, ["li"]) == (first.failed, cases(desk))
    assert [["flag"]] * 3 == [events(desk, name) for name in ("A1", "A2", "A3")]


def test_coroutines_feed_it_too(watch: Watch) -> None:
    """An AsyncDesk keeps facts with its steps like any desk."""

    async def whole() -> list[str | None]:
        flows = [servflow.load(COMPLAINT), servflow.load(CARE), Correlator(**REPEATED)]
        desk = AsyncDesk(flows, MemoryStore(), now=watch)
        for name in ("A1", "A2", "A3"):
            await desk.open(name, {"customer": "li"}, workflow="complaint")
        while (await desk.tick()).worked or (await desk.deliver()).worked:
            pass
        return [ticket.customer for ticket in await desk.find(workflow="care")]

    assert ["li"] == asyncio.run(whole())


def test_a_desk_finds_what_the_pure_correlator_finds(watch: Watch) -> None:
    """However tickets are stepped and whenever anybody delivers, the firings are those of all records in one go."""
    correlator = Correlator(**{**REPEATED, "when": 'kind in ["Opened", "Received"]', "do": []})
    desk = desk_of(MemoryStore(), watch, {**REPEATED, "when": 'kind in ["Opened", "Received"]', "do": []})
    for turn in range(40):
        watch.at += HOUR * (turn * 7 % 5)
        complain(desk, f"T{turn}", customer=f"c{turn % 3}")
        if turn % 4 == 1:
            desk.fire(f"T{turn - 1}", "note")
        if turn % 6 == 5:
            settle(desk)
    settle(desk)
    records = [(name, record) for name in desk.store.ids() if not name.startswith("~") for record in desk.history(name)]
    expected = [(one.key, [fact.id for fact in one.facts]) for one in correlator.run(records)]
    found = [
        (record.at, str(desk.get(name).fields["key"]), [f"{ticket}:{number}" for ticket, number, _ in record.why["facts"]])
        for name in desk.store.ids()
        for record in desk.history(name)
        if isinstance(record, Decided)
    ]

    assert expected
    assert sorted(expected) == sorted((key, facts) for _, key, facts in found)


def test_facts_are_effects_that_say_where_they_are_from(store: Store, watch: Watch) -> None:
    """What waits for delivery names the record and the correlator, for whoever looks at the outbox."""
    complain(desk_of(store, watch, REPEATED), "A1")
    (effect,) = store.effects()

    assert isinstance(effect, Send)
    assert ("~repeated/li<A1:1", "A1:1", "A1:1", NOON) == (effect.id, effect.cause, effect.key, effect.at)


def test_whatever_statement_fails_each_fact_counts_once(watch: Watch) -> None:
    """The disk fails before any one statement of the whole story, and whoever failed tries again: it ends as it would have."""

    def again(work: Callable[[], object]) -> None:
        for _ in range(3):
            with suppress(StoreError):
                work()
                return

    flows, turn = [servflow.load(COMPLAINT), servflow.load(CARE), Correlator(**REPEATED)], 0
    while True:
        store = SqliteStore(":memory:")
        desk = Desk(flows, store, now=watch)
        with sqlite_faults(store, turn):
            for name in ("A1", "A2", "A3"):
                again(partial(desk.open, name, {"customer": "li"}, workflow="complaint", key="k"))
                again(desk.deliver)
                again(desk.tick)
            failed = store._db._sqlite._left < 0  # type: ignore[attr-defined]  # stands in for a connection
        settle(desk)
        watch.at += timedelta(minutes=2)  # what was taken and not reported comes again
        settle(desk)
        facts = [record.payload["ticket"] for record in desk.history("~repeated/li") if isinstance(record, Received)]
        assert (["li"], ["A1", "A2", "A3"]) == (cases(desk), facts), f"statement {turn}"
        store.close()
        if not failed:
            break
        turn += 2


def test_a_correlator_of_the_host_stops_no_ticket(watch: Watch) -> None:
    """A host's own kind of correlator may raise anything: it is told, and the ticket's step is kept."""

    class Broken(Correlator):
        def facts(self, *_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("by nothing")

    flows = [servflow.load(COMPLAINT), Broken(**REPEATED)]
    desk = Desk(flows, MemoryStore(), now=watch)
    complain(desk, "A1")

    assert (["fact"], "new") == (settle(desk), desk.get("A1").state)


def test_the_rest_of_a_step_ends_no_wait(store: Store, watch: Watch) -> None:
    """An opening starts a clock at the same instant, which is no sign of life; a silence is told in the round that sees it."""
    flow = servflow.load(COMPLAINT + "clocks: [{name: answer, within: 4h, until: done}]\n")
    correlator = Correlator(
        name="untouched", when='kind == "Opened"', key="ticket", find="absence", within="2h", do=[{"send": "flag"}]
    )
    desk = Desk([flow, correlator], store, now=watch)
    complain(desk, "A1", "A2")
    watch.at += HOUR
    desk.fire("A1", "note")
    watch.at += 2 * HOUR
    settle(desk)

    assert (["note"], ["flag"]) == (events(desk, "A1"), events(desk, "A2"))
