"""What a person said, and what was said of them, can be taken out of a ticket and of all its records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from servflow.engine import Erasure, Workflow, migrate, plan_migration
from servflow.errors import InputError, Refused
from servflow.model import Actor, Decided, Erased, Messaged, Outcome, Received, Record, Ticket, canonical
from servflow.testing._store_values import NOON

PHONE, NAME, STREET = "+86 138 0013 8000", "Anna Schmidt", "Nanjing Road 7"

PARTS: dict[str, Any] = {
    "workflow": "repair",
    "fields": {
        "name": {"personal": True},
        "phone": {"personal": True},
        "address": {"type": "map", "personal": True},
        "tier": {"one_of": ["gold", "plain"], "default": "plain", "personal": True},
        "model": {},
        "note": {},
    },
    "initial": "new",
    "states": {
        "new": {},
        "doing": {
            "checklist": [{"step": "arrive", "evidence": {"signed_by": {"personal": True, "optional": True}, "photo": {}}}],
            "approval": {"quorum": 2},
        },
        "done": {"closed": True},
    },
    "events": {"ticket.message": {"payload": {"text": {"type": "string", "optional": True, "personal": True}}}},
    "transitions": [
        {"event": "start", "source": "new", "target": "doing", "when": "phone != null"},
        {
            "event": "call",
            "source": "doing",
            "payload": {"spoke_to": {"personal": True}, "about": {}},
            "do": [{"notify": {"to": "requester", "template": "called", "data": {"who": "name"}}}],
        },
        {"event": "finish", "source": "doing", "target": "done"},
        {"event": "approved.doing rejected.doing", "source": "doing"},
    ],
    "rules": [{"name": "vip", "when": "tier == 'gold' && phone != null", "then": [{"tag": "vip"}]}],
    "clocks": [{"name": "fix", "within": "1h", "start": [{"event": "start"}], "stop": [{"event": "finish"}]}],
}
FLOW = Workflow(**PARTS)
OPENING = {"name": NAME, "phone": PHONE, "address": {"street": STREET}, "tier": "gold", "model": "X-200", "note": "call first"}


class Story:
    """One ticket with all it ever said."""

    def __init__(self, flow: Workflow = FLOW, opening: Mapping[str, Any] = OPENING, **more: Any) -> None:
        self.flow = flow
        self.records: tuple[Record, ...] = ()
        self.at = NOON
        self.keep(flow.open("T", opening, at=NOON, **more))

    def keep(self, outcome: Outcome) -> Outcome:
        self.ticket: Ticket = outcome.ticket
        self.records += outcome.records
        return outcome

    def fire(self, event: str, payload: Mapping[str, Any] | None = None, **more: Any) -> Story:
        self.at += timedelta(minutes=1)
        self.keep(self.flow.fire(self.ticket, event, payload, at=self.at, **more))
        return self

    def erase(self, **more: Any) -> Erasure:
        made = self.flow.erase(self.ticket, self.records, at=self.at, **more)
        changed = {record.sequence: record for record in made.records}
        self.records = tuple(changed.get(record.sequence, record) for record in self.records)
        self.keep(made.outcome)
        return made

    def says(self, *texts: str) -> list[str]:
        """Which of the texts still stand in the ticket or its records."""
        kept = "".join(canonical(value).decode() for value in (self.ticket, *self.records))
        return [text for text in texts if text in kept]

    def of(self, kind: type[Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


def lived() -> Story:
    """A ticket on which everything that can hold something of a person does."""
    story = Story(actor=Actor("c-17"))
    story.fire("start").fire("ticket.update", {"phone": "+86 1", "note": "call last"})
    story.fire("call", {"spoke_to": "Bert", "about": "the pump", "aside": {"said": f"{NAME} was kind"}})
    story.fire("step.check", {"step": "arrive", "evidence": {"signed_by": "Carla", "photo": "p-1"}}, actor=Actor("e-1"))
    story.fire("ticket.message", {"side": "customer", "text": "I am away on Friday"}, actor=Actor("c-17"))
    story.fire("approval.approve", {"comment": f"asked {NAME}"}, actor=Actor("b-1"))
    return story


def test_everything_marked_is_taken_out() -> None:
    """Fields, payloads, evidence and messages marked personal are gone, and so is every text that quotes them."""
    story = lived()
    before = story.ticket
    made = story.erase(reason="request 12", actor=Actor("boss", ["lead"]))

    assert [] == story.says(NAME, PHONE, STREET, "+86 1", "Bert", "Carla", "Friday")
    assert ["X-200", "call last", "the pump", "p-1", "c-17"] == story.says("X-200", "call last", "the pump", "p-1", "c-17")
    fields = {"name": None, "phone": None, "address": None, "tier": None, "model": "X-200", "note": "call last"}
    assert fields == story.ticket.fields
    assert story.ticket == story.flow.fold(story.records)
    (erased,) = made.outcome.records
    assert isinstance(erased, Erased)
    assert ("address", "name", "phone", "tier") == erased.fields
    assert ("boss", ("lead",), "request 12") == (erased.actor, erased.roles, erased.reason)
    assert sorted(int(number) for number in erased.records) == [record.sequence for record in made.records]
    names = (
        "configuration",
        "clocks",
        "entered",
        "requester",
        "tags",
        "wake",
        "opened_at",
        "set_by_person",
        "priority",
        "closed",
    )
    assert [getattr(before, name) for name in names] == [getattr(story.ticket, name) for name in names]


def test_the_ticket_goes_on() -> None:
    """A ticket without its personal data can be looked at, advanced, fired on and closed; records fold at every step."""
    story = lived()
    story.erase()
    story.flow.explain(story.ticket, at=story.at)
    story.flow.available(story.ticket, at=story.at)
    story.fire("finish")

    assert story.ticket.closed
    assert story.ticket == story.flow.fold(story.records)
    story.erase(fields=["note"])
    assert [] == story.says("call last", "call first")


def test_a_second_time_changes_nothing() -> None:
    """What is erased already needs no record; what came in since is erased by another one."""
    story = lived()
    story.erase(people=["c-17"], written=True)
    ticket = story.ticket

    assert Erasure(outcome=Outcome(ticket=ticket)) == story.erase(people=["c-17"], written=True)
    story.fire("ticket.update", {"phone": "+49 99999"})
    again = story.erase()
    assert [] == story.says("+49 99999")
    assert 2 == len(story.of(Erased))
    assert {"+49 99999"} & {str(value) for record in again.records for value in vars(record).values()} == set()


def test_named_fields_only() -> None:
    """Only the fields that are named are taken out, marked or not, and attributes by their name."""
    story = Story(opening={**OPENING, "customer": "ACME", "tags": ["anna"]})
    story.erase(fields=["note", "customer", "tags"])

    assert [] == story.says("call first", "ACME", "anna")
    assert [NAME, PHONE] == story.says(NAME, PHONE)
    assert (None, ()) == (story.ticket.customer, story.ticket.tags)


def test_people_get_another_name() -> None:
    """Somebody who did things is called otherwise everywhere, the same name each time; others keep theirs."""
    story = lived()
    story.fire("rating.add", {"score": 5}, actor=Actor("c-17")).fire("call", {"spoke_to": "c-17", "about": "told c-17 so"})
    made = story.erase(people=["c-17", "nobody"])

    assert [] == story.says("c-17", "nobody")
    assert "erased-1" == story.ticket.requester
    assert ["erased-1"] == [record.actor for record in story.of(Messaged)]
    assert ("erased-1",) == made.outcome.records[0].people  # type: ignore[attr-defined]  # an Erased
    assert ["e-1", "b-1"] == story.says("e-1", "b-1")
    assert story.ticket == story.flow.fold(story.records)
    story.fire("rating.add", {"score": 1}, actor=Actor("c-18"))
    story.erase(people=["c-18"])
    assert ["erased-1", "erased-2"] == story.says("erased-1", "erased-2")


def test_who_does_the_work_stays() -> None:
    """The id of somebody the ticket was assigned to is not taken out."""
    story = lived()
    story.fire("ticket.assign", {"to": "e-1"})

    with pytest.raises(InputError, match="can be accounted for"):
        story.erase(people=["e-1"])


def test_all_that_people_wrote() -> None:
    """Comments, reasons and messages go as a whole where that is asked for; what the kernel wrote stays."""
    flow = Workflow(**{**PARTS, "events": {}})
    story = Story(flow)
    story.fire("start").fire("ticket.message", {"text": "ok"}).fire("approval.approve", {"comment": "fine"}, actor=Actor("b-1"))
    story.fire("step.check", {"step": "arrive", "evidence": {"photo": "p-1"}})
    story.fire("step.uncheck", {"step": "arrive", "reason": "was me"})
    before = story.says("ok", "fine", "was me")
    story.erase(fields=[], written=True)

    assert ["ok", "fine", "was me"] == before
    assert [] == story.says('"ok"', '"fine"', "was me")
    assert [NAME, "vip"] == story.says(NAME, "vip")


def test_an_excuse_of_a_clock() -> None:
    """Why a breach was excused is taken out of the clock and of every record that holds it."""
    story = Story().fire("start")
    story.at += timedelta(hours=2)
    story.keep(story.flow.advance(story.ticket, at=story.at))
    story.fire("clock.waive", {"clock": "fix", "reason": f"{NAME} was out"}).fire("finish")
    story.erase()

    assert [] == story.says(NAME, "was out")
    assert "[erased]" == story.ticket.clocks["fix"].waived
    assert story.ticket == story.flow.fold(story.records)


def test_decisions_keep_what_says_nothing() -> None:
    """What a rule read is gone where it was personal; that it decided so stays."""
    story = lived()
    story.erase()

    decided = story.of(Decided)
    assert [("vip", True)] * len(decided) == [(record.name, record.result) for record in decided]
    assert {None} == {value for record in decided for value in record.values.values()}


def test_a_field_that_was_renamed() -> None:
    """What a field was called in an earlier version is taken out too, and what was personal only there."""
    new = Workflow(
        **{
            **PARTS,
            "version": 2,
            "fields": {
                "name": {},
                "mobile": {"personal": True},
                "tier": {"one_of": ["gold", "plain"], "default": "plain"},
                "note": {},
                "model": {},
            },
            "transitions": [{**PARTS["transitions"][0], "when": "mobile != null"}, *PARTS["transitions"][1:]],
            "rules": [],
        }
    )
    plan = plan_migration(FLOW, new, fields={"phone": "mobile", "address": None})
    story = lived()
    story.keep(migrate(story.ticket, plan, at=story.at))
    story.flow = new
    story.fire("ticket.update", {"mobile": "+49 55555", "name": "Anne Schmitt"})
    with pytest.raises(InputError, match=r"before=\[\.\.\.\]"):
        story.erase()
    story.erase(before=[FLOW])

    assert [] == story.says(NAME, PHONE, STREET, "+49 55555", "Anne Schmitt", "Bert")
    assert story.ticket == new.fold(story.records)


def test_what_is_refused() -> None:
    """Unknown fields, records of something else, a ticket that has something to do, and an instant before it."""
    story = lived()
    with pytest.raises(InputError, match="did you mean 'phone'"):
        story.erase(fields=["phnoe"])
    with pytest.raises(InputError, match="whole history"):
        FLOW.erase(story.ticket, story.records[:-1], at=story.at)
    with pytest.raises(InputError, match="advance it first"):
        FLOW.erase(story.ticket, story.records, at=story.at + timedelta(hours=3))
    with pytest.raises(Refused, match="lies"):
        FLOW.erase(story.ticket, story.records, at=story.at - timedelta(minutes=1))
    with pytest.raises(InputError, match="texts"):
        story.erase(people=[3])
    with pytest.raises(InputError, match="1000"):
        story.erase(reason="x" * 1001)
    assert [NAME, PHONE] == story.says(NAME, PHONE)


def test_payload_of_other_events() -> None:
    """A payload entry with the name of a personal field counts, in whatever event it came."""
    story = lived()
    story.fire("call", {"spoke_to": "x", "about": "y", "phone": 5_550_001, "note": "stays"})
    story.erase()

    assert [] == story.says("5550001")
    assert {"spoke_to": None, "about": "y", "phone": None, "note": "stays"} == story.of(Received)[-1].payload


def test_an_erased_ticket_is_migrated() -> None:
    """A value that is required and was erased keeps no ticket from moving; one that was never given does."""
    old = Workflow(**{**PARTS, "fields": {**PARTS["fields"], "name": {"personal": True, "required": True}}})
    new = Workflow(
        **{**PARTS, "version": 2, "fields": {**PARTS["fields"], "name": {"personal": True, "required": True, "title": "N"}}}
    )
    other = Workflow(**{**PARTS, "version": 2, "fields": {**PARTS["fields"], "mail": {"personal": True, "required": True}}})
    story = Story(old)
    story.erase()
    moved = migrate(story.ticket, plan_migration(old, new), at=story.at).ticket

    assert (2, None) == (moved.version, moved.fields["name"])
    with pytest.raises(Refused, match="mail"):
        migrate(story.ticket, plan_migration(old, other), at=story.at)


def test_a_copy_that_would_stay_is_told() -> None:
    """A text set from personal data by a rule or a transition is to be marked too; what only depends on it need not be."""
    flow = Workflow(
        workflow="w",
        fields={
            "name": {"personal": True},
            "title": {},
            "known": "bool",
            "kind": {"one_of": ["a", "b"]},
            "who": {},
            "own": {"personal": True},
        },
        initial="new",
        states={"new": {}},
        transitions=[
            {
                "event": "call",
                "source": "new",
                "payload": {"spoke_to": {"personal": True}, "about": {}},
                "do": [{"set": {"who": "payload.spoke_to", "own": "name"}}, {"set": {"title": "payload.about"}}],
            }
        ],
        rules=[
            {
                "name": "greet",
                "when": "name != null",
                "then": [{"set": {"title": "'dear ' + name", "known": "name != null", "kind": "name == 'x' ? 'a' : 'b'"}}],
            }
        ],
    )

    found = [(one.path, one.severity, one.facts["reads"]) for one in flow.check() if one.code == "field.personal_copy"]
    assert [
        ("transitions[0].do[0].set.who", "warning", ["payload.spoke_to"]),
        ("rules[0].then[0].set.title", "warning", ["name"]),
    ] == found


def test_who_asks_for_it_may_be_who_it_is_about() -> None:
    """A person who asks to be erased is not named by the very record that says so, nor by the reason."""
    story = lived()
    made = story.erase(people=["c-17"], actor=Actor("c-17"), reason=f"{NAME} asked for it")

    assert [] == story.says("c-17", NAME)
    assert ["erased-1"] == [record.actor for record in made.outcome.records]  # type: ignore[attr-defined]  # an Erased
