"""Knows what facts, firings and the tickets of keys look like to a host; must not know what the laws prove anyway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.correlation import Correlator, Fact
from servflow.errors import ExpressionError, InputError, Refused
from servflow.model import Decided, FrozenMap, Migrated, Notify, Open, Opened, Outcome, Record, Send, Unreachable, Updated

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DO: list[dict[str, Any]] = [
    {"send": {"event": "repeated", "payload": {"times": "count", "since": "first_at"}}},
    {"open": {"workflow": "care", "fields": {"customer": "key", "region": "carried.region"}}},
    {"notify": {"to": {"role": "boss"}, "template": "again"}},
]


def correlator(**more: Any) -> Correlator:
    parts: dict[str, Any] = {"when": "kind == 'Opened'", "key": "customer", "count": 3, "within": "24h", "do": DO, **more}
    return Correlator(name="repeated", carry={"region": "fields.region"}, **parts)


def opened(ticket: str, hours: float, customer: str | None = "c1", **fields: Any) -> Record:
    attributes = FrozenMap({} if customer is None else {"customer": customer})
    at = NOON + hours * HOUR
    return Opened(
        sequence=1, at=at, id=ticket, workflow="complaint", version=1, attributes=attributes, fields=FrozenMap(fields)
    )


def told(flow: Correlator, *records: Record, key: str = "c1") -> Outcome:
    """The last of the calls in which the ticket of a key hears of these records."""
    outcome = flow.open(flow.ticket_id(key), {"key": key}, at=NOON)
    for record in records:
        for fact in flow.facts(None, [record]):
            outcome = flow.fire(outcome.ticket, "record", fact.payload, at=max(fact.at, outcome.ticket.at), key=fact.event_key)
    return outcome


def test_a_firing_becomes_effects_with_stable_ids() -> None:
    """The event goes to every ticket behind it, a ticket is opened, somebody is told; the same again gives the same ids."""
    records = [opened(f"t{number}", number, region=f"r{number}") for number in range(3)]
    outcome, again = told(correlator(), *records), told(correlator(), *records)
    sends = [effect for effect in outcome.effects if isinstance(effect, Send)]
    (care,) = (effect for effect in outcome.effects if isinstance(effect, Open))
    (note,) = (effect for effect in outcome.effects if isinstance(effect, Notify))

    assert ["t0", "t1", "t2"] == [send.to_ticket for send in sends]
    assert {"times": 3, "since": NOON} == sends[0].payload
    assert ("care", {"customer": "c1", "region": "r2"}) == (care.workflow, care.fields)
    assert "role:boss" == note.to
    assert {NOON + 2 * HOUR} == {effect.at for effect in outcome.effects}
    assert outcome.effects == again.effects


def test_the_record_of_a_firing_says_which_facts_made_it() -> None:
    """So do explain and its text, in both languages."""
    flow = correlator()
    outcome = told(flow, *(opened(f"t{number}", number) for number in range(3)))
    (decided,) = (record for record in outcome.records if isinstance(record, Decided))
    explained = flow.explain(outcome.ticket, at=outcome.ticket.at)

    assert ("correlator", "repeated") == (decided.maker, decided.name)
    assert [("t0", 1, NOON), ("t1", 1, NOON + HOUR), ("t2", 1, NOON + 2 * HOUR)] == list(decided.why["facts"])
    assert "t2:1 (2026-03-02T14:00:00Z)" in explained.text()
    assert "已匹配 1 次" in explained.text("zh")
    assert (0, 3, 1) == (explained.have, explained.need, explained.fired)


def test_a_key_that_is_quiet_is_closed_and_comes_back() -> None:
    """When nothing can matter any more the ticket is idle and closed; the next fact has it watch again."""
    flow = correlator()
    ticket = told(flow, opened("t0", 0)).ticket
    assert NOON + 24 * HOUR + timedelta(microseconds=1) == ticket.wake

    idle = flow.advance(ticket, at=NOON + 25 * HOUR).ticket
    fact = flow.facts(None, [opened("t1", 30)])[0]
    back = flow.fire(idle, "record", fact.payload, at=NOON + 30 * HOUR).ticket

    assert (("idle", True, None), ("watching", False)) == ((idle.state, idle.closed, idle.wake), (back.state, back.closed))


def test_a_new_version_goes_on_with_what_is_remembered() -> None:
    """With the same conditions what came counts on; with others it is known and counts no more."""
    old = correlator()
    ticket = told(old, opened("t0", 0), opened("t1", 1)).ticket
    fact = old.facts(None, [opened("t2", 2)])[0]
    same, other = correlator(version=2, count=2), correlator(version=2, when="kind == 'Opened' && true")

    kept = same.fire(ticket, "record", fact.payload, at=NOON + 2 * HOUR)
    anew = other.fire(ticket, "record", fact.payload, at=NOON + 2 * HOUR)

    assert [Migrated, Updated] == [type(record) for record in kept.records[:2]]
    assert ((1, 2), (0, 2)) == ((kept.ticket.fields["fired"], kept.ticket.version), (anew.ticket.fields.get("fired", 0), 2))
    assert anew.ticket == other.fire(anew.ticket, "record", fact.payload, at=NOON + 2 * HOUR).ticket


def test_fold_of_a_new_version_reads_what_an_old_one_wrote() -> None:
    """What was remembered when the definition changed stands in the records in full."""
    old, new = correlator(), correlator(version=2, count=2)
    outcome = old.open(old.ticket_id("c1"), {"key": "c1"}, at=NOON)
    records = [*outcome.records]
    for flow, number in ((old, 0), (old, 1), (old, 2), (new, 3), (new, 4)):
        fact = flow.facts(None, [opened(f"t{number}", number)])[0]
        outcome = flow.fire(outcome.ticket, "record", fact.payload, at=fact.at)
        records += outcome.records

    assert outcome.ticket == new.fold(records)


def test_only_records_are_told_and_only_by_the_system() -> None:
    """Nobody can make up a fact, and what is no fact of this key is refused; the ticket is unchanged."""
    flow = correlator()
    ticket = told(flow, opened("t0", 0)).ticket
    fact = Fact(key="c1", ticket="t9", sequence=1, at=NOON + HOUR)

    for event, payload, options, code in (
        ("record", fact.payload, {"actor": "mallory"}, "not_permitted"),
        ("recrod", fact.payload, {}, "unknown"),
        ("record", {"ticket": "t9"}, {}, "payload"),
        ("record", {**fact.payload, "key": "c2"}, {}, "payload"),
        ("record", {**fact.payload, "sequence": True}, {}, "payload"),
        ("record", fact.payload, {"expect": 1}, "stale"),
    ):
        with pytest.raises(Refused) as refused:
            flow.fire(ticket, event, payload, at=NOON + HOUR, **options)
        assert code == refused.value.code
    with pytest.raises(InputError):
        flow.open("~repeated/other", {"key": "c1"}, at=NOON)


def test_nobody_to_count_for_is_no_fact() -> None:
    """A record whose key is null or empty counts for nobody; a whole number is a key like its text."""
    assert () == correlator().facts(None, [opened("t0", 0, customer=None), opened("t1", 0, customer="")])
    assert "7" == correlator(key="fields.number").facts(None, [opened("t0", 0, number=7)])[0].key


@pytest.mark.parametrize("value", [True, 1.5, ("a",)])
def test_a_key_that_cannot_be_one_is_told(value: Any) -> None:
    """A field of any type may turn out to hold what is no key; a firing that never comes would be no answer."""
    with pytest.raises(ExpressionError, match="a key is text or a whole number"):
        correlator(key="fields.tag").facts(None, [opened("t0", 0, tag=value)])


def test_a_condition_that_cannot_be_computed_is_told_and_counts_for_nobody() -> None:
    """A host that keeps tickets asks for the problems; others get the error."""
    flow = correlator(when="fields.amount > 5")
    bad = opened("t0", 0, amount="many")
    problems: list[Any] = []

    assert () == flow.facts(None, [bad], problems=problems)
    assert [bad] == [record for record, _ in problems]
    with pytest.raises(ExpressionError):
        flow.facts(None, [bad])


def test_an_action_that_cannot_be_computed_stops_no_other() -> None:
    """It is told as unreachable, with the reason."""
    do = [{"open": {"workflow": "care", "fields": {"n": "1 / (count - 2)"}}}, {"send": {"event": "x", "ticket": "last"}}]
    outcome = told(correlator(count=2, do=do), opened("t0", 0), opened("t1", 1))

    assert [Unreachable, Send] == [type(effect) for effect in outcome.effects]


def test_ids_of_tickets_are_bounded_and_told_apart() -> None:
    """Whatever a key holds, its ticket has an id of its own that any store can keep."""
    flow = correlator()
    keys = ["a", "a/b", "a%2Fb", "a\n", "a\x00", "%0A", "\ud800", "x" * 500, "x" * 501, "客户"]
    ids = [flow.ticket_id(key) for key in keys]

    assert len(keys) == len(set(ids))
    assert max(len(one) for one in ids) <= 180
    assert all(one.isprintable() and one.encode() for one in ids)
    assert len(Fact(key="a", ticket="t" * 300, sequence=1, at=NOON).event_key) <= 200


def test_a_run_over_records_needs_no_tickets() -> None:
    """Records of several tickets in any order give the firings, and silence once time has passed."""
    silent = Correlator(name="silent", key="ticket", find="absence", when="!closed", within="4h")
    records = [("t1", opened("t1", 3)), ("t0", opened("t0", 0))]

    found = silent.run(records, until=NOON + 8 * HOUR)

    assert ["t0", "t1"] == [firing.key for firing in found]
    assert "silent found what it looks for, for key t0 at 2026-03-02T16:00:00Z: t0:1 (2026-03-02T12:00:00Z)" == found[0].text()
    assert "匹配成功" in found[0].text("zh")
    assert () == silent.run(records[:1])
