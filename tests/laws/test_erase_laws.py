"""Knows that nothing erased is found anywhere, and that nothing else changed; must not know how records are changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import Actor, Erased, Ticket, canonical, dump
from servflow.model._codec import encode_value
from servflow.stores import Link, MemoryStore, SqliteStore, Store, verify
from servflow.stores._chain import seal
from servflow.testing._store_values import NOON
from tests.laws.kernel_strategies import Opening, Step, openings, play, step_lists
from tests.laws.kernel_workflows import CASES, Case

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

FLOW = Workflow(
    workflow="care",
    fields={
        "name": {"personal": True, "indexed": True},
        "contact": {"type": "map", "personal": True},
        "numbers": {"type": "list", "personal": True},
        "born": {"type": "timestamp", "personal": True},
        "customer": {"personal": True},
        "copy": {"personal": True},
        "tier": {"one_of": ["gold", "plain"], "default": "plain"},
        "note": {"indexed": True},
        "score": {"type": "int", "optional": True},
    },
    initial="new",
    states={
        "new": {"timers": [{"after": "2h", "event": "remind"}]},
        "doing": {
            "checklist": [{"step": "sign", "evidence": {"by": {"personal": True, "optional": True}}}, {"step": "photo"}],
            "approval": {"quorum": 3},
        },
        "done": {"closed": True},
    },
    events={
        "ticket.message": {"payload": {"text": {"type": "string", "optional": True, "personal": True}}},
        "rating.add": {"payload": {"comment": {"type": "string", "optional": True, "personal": True}}},
    },
    transitions=[
        {"event": "start", "source": ["new", "doing"], "target": "doing"},
        {"event": "call", "source": ["new", "doing"], "payload": {"who": {"type": "any", "personal": True, "optional": True}}},
        {"event": "told", "source": "*", "do": [{"set": {"copy": "string(payload.who)"}}], "when": "payload.who != 'x'"},
        # Fails by time where the name is no number, and says so with the name in it.
        {"event": "remind", "source": "new", "when": "int(name) > 1"},
        {"event": "approved.doing rejected.doing", "source": "doing"},
        {"event": "finish", "source": "doing", "target": "done"},
        {"event": "ticket.reopen", "source": "done", "target": "new"},
    ],
    tables={
        "hello": {
            "inputs": ["tier"],
            "outputs": {"greeting": "string"},
            "hit": "first",
            "rows": [['"gold"', "'dear ' + string(name)"], ["-", "'hello'"]],
        }
    },
    rules=[
        {"name": "greet", "when": "name != null && tier == 'gold'", "then": [{"set": {"copy": "table.hello.greeting"}}]},
        {"name": "vip", "when": "contact != null || name == 'x'", "then": [{"tag": "known"}]},
    ],
    clocks=[{"name": "fix", "within": "1h", "start": [{"event": "start"}], "stop": [{"event": "finish"}], "warn": ["50%"]}],
)

EVENTS = (
    "start",
    "call",
    "told",
    "update",
    "sign",
    "photo",
    "uncheck",
    "message",
    "rate",
    "vote",
    "waive",
    "finish",
    "reopen",
    "wait",
)
Kind = tuple[str, int, str]
kinds = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(0, 200), st.text("ab'\"\\\n 王é%_{}$", max_size=4)), min_size=1, max_size=14
)

EVERYTHING: list[Kind] = [
    (kind, minutes, odd)
    for odd in ("'", "\n")
    for kind, minutes in (
        *(("update", 0), ("wait", 130), ("start", 0), ("call", 1), ("told", 1), ("sign", 1), ("photo", 1), ("uncheck", 1)),
        *(("message", 1), ("rate", 1), ("vote", 1), ("waive", 90), ("finish", 1), ("reopen", 1)),
    )
]


class Life:
    """One ticket lived through drawn events, in which every personal value is told apart from all others."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON
        self.numbers = count(1)
        self.secrets: list[str] = []
        self.desk = Desk(FLOW, store, now=lambda: self.now)

    def secret(self, odd: str) -> str:
        """A text that nobody else says, with odd characters around."""
        number = next(self.numbers)
        self.secrets.append(f"Zq{number}qZ")
        return f"{odd}Zq{number}qZ{odd}"

    def payload(self, kind: str, odd: str) -> tuple[str, Mapping[str, Any] | None]:
        """What one kind of event says."""
        some = self.secret
        quoted = f"about {some(odd)} and {some('')}"
        said: dict[str, tuple[str, Mapping[str, Any] | None]] = {
            "call": ("call", {"who": [some(odd), {"deep": some("")}], "note": "kept", "name": some(odd)}),
            "told": ("told", {"who": some(odd)}),
            "update": (
                "ticket.update",
                {
                    "name": some(odd),
                    "contact": {"mail": [some(odd)]},
                    "numbers": [some(""), 7],
                    "tier": "gold",
                    "note": f"kept {odd}",
                },
            ),
            "sign": ("step.check", {"step": "sign", "evidence": {"by": some(odd), "more": quoted}}),
            "photo": ("step.check", {"step": "photo", "evidence": [quoted]}),
            "uncheck": ("step.uncheck", {"step": "sign", "reason": quoted}),
            "message": ("ticket.message", {"text": quoted}),
            "rate": ("rating.add", {"score": 3, "comment": quoted}),
            "vote": ("approval.approve", {"comment": quoted}),
            "waive": ("clock.waive", {"clock": "fix", "reason": quoted}),
            "reopen": ("ticket.reopen", {"reason": "kept"}),
        }
        # A text that is only quoted was said in a field first, or nothing would tell that it is personal.
        if kind in ("uncheck", "vote", "waive", "photo", "sign"):
            held = self.desk.get("T").fields.get("contact") or {}
            known = [one for one in quoted.split() if "Zq" in one]
            self.fire("ticket.update", {"contact": {**held, "quoted": known, "whole": quoted[6:]}})
        return said.get(kind, (kind, None))

    def fire(self, event: str, payload: Mapping[str, Any] | None) -> None:
        with suppress(Refused):  # a story goes on without what is not allowed
            self.desk.fire("T", event, payload, actor=Actor("c-9"))

    def live(self, story: list[Kind]) -> None:
        some = self.secret
        opening = {"name": some(""), "contact": {"phone": some("")}, "customer": some("'"), "note": "kept", "born": NOON}
        self.desk.open("T", opening, actor=Actor("c-9"))
        for kind, gap, odd in story:
            self.now += timedelta(minutes=gap)
            if kind == "wait":
                self.desk.tick()
            else:
                self.fire(*self.payload(kind, odd))

    def raw(self) -> str:
        """Every text the store keeps."""
        store = self.store
        head = store.head("T")
        assert head is not None
        texts = [head.snapshot, *(f"{one.body} {one.salt} {one.seal}" for one in store.chain("T"))]
        texts += [json.dumps(dump(one), ensure_ascii=False) for one in store.effects(1_000)]
        texts += [str(claim) for claim in store.claim(self.now, 1_000)] + [str(one) for one in store.troubles(limit=1_000)]
        texts += [str(store.definition(FLOW.hash)), str(store.find(where={"note": "kept"}))]
        return "\n".join(texts)

    def left(self) -> list[str]:
        """What is still said of the person."""
        raw = self.raw()
        return [secret for secret in self.secrets if secret in raw]


def others(ticket: Ticket) -> dict[str, Any]:
    """Everything of a ticket that may not change when personal data goes."""
    apart = ("at", "sequence", "fields", "customer", "checklist", "clocks")
    kept = {one.name: getattr(ticket, one.name) for one in fields(Ticket) if one.name not in apart}
    kept["fields"] = {name: value for name, value in ticket.fields.items() if not FLOW.fields[name].personal}
    kept["clocks"] = {name: evolve(run, waived=None) for name, run in ticket.clocks.items()}
    kept["checklist"] = {
        state: {step: (one.at, one.by) for step, one in steps.items()} for state, steps in ticket.checklist.items()
    }
    return kept


def store_of(kind: str) -> Store:
    return MemoryStore() if kind == "memory" else SqliteStore(":memory:")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@LAWS
@given(kinds)
@example(EVERYTHING)
def test_nothing_erased_is_found_and_nothing_else_changed(kind: str, story: list[Kind]) -> None:
    """After it no text of the store says anything of the person, the chain is proved, and all else is as it was."""
    store = store_of(kind)
    life = Life(store)
    life.live(story)
    life.desk.tick()
    before, heads, count_before = life.desk.get("T"), verify(store).heads, len(store.history("T"))
    outcome = life.desk.erase("T")
    after = life.desk.get("T")

    assert [] == life.left()
    assert others(before) == others(after)
    assert {None} >= {after.fields.get(name) for name, spec in FLOW.fields.items() if spec.personal}
    assert after == outcome.ticket == FLOW.fold(store.history("T"))
    assert count_before + 1 == len(store.history("T"))
    assert [] == list(verify(store, noted=heads).findings)
    assert () == life.desk.erase("T").records
    life.desk.explain("T")
    life.desk.available("T")
    assert ["T"] == [one.id for one in store.find(where={"note": after.fields["note"]})]
    store.close()


@LAWS
@given(kinds, kinds)
def test_a_ticket_goes_on_and_is_erased_again(story: list[Kind], more: list[Kind]) -> None:
    """What comes in after an erasure is kept until the next one, which leaves nothing either; the ticket folds throughout."""
    life = Life(MemoryStore())
    life.live(story)
    life.desk.erase("T", people=["c-9"])
    for kind, gap, odd in more:
        life.now += timedelta(minutes=gap)
        life.fire(*life.payload(kind, odd))
        assert life.desk.get("T") == FLOW.fold(life.store.history("T"))
    life.desk.erase("T", people=["c-9"], written=True)

    assert [] == life.left()
    assert "c-9" not in life.raw()
    assert verify(life.store)


class Tampered(MemoryStore):
    """A store of which one record was changed by hand."""

    changed: Link | None = None

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as the protocol
        links = super().chain(id, after, limit)
        return tuple(
            self.changed if self.changed is not None and one.sequence == self.changed.sequence else one for one in links
        )


@LAWS
@given(kinds, st.data())
def test_tampering_with_what_was_left_is_found(story: list[Kind], data: st.DataObject) -> None:
    """A character changed in a record that was erased, a seal nothing tells of, or a text brought back: each is found there."""
    store = Tampered()
    life = Life(store)
    life.live(story)
    life.desk.tick()
    old = store.chain("T")
    life.desk.erase("T")
    new = store.chain("T")
    link = data.draw(st.sampled_from(new))
    at = data.draw(st.integers(0, len(link.body) - 1))
    body = link.body[:at] + data.draw(st.sampled_from("x7{")) + link.body[at + 1 :]
    changes = [evolve(link, body=body)] if body != link.body else []
    if link.seal:
        changes += [old[link.sequence - 1], evolve(link, seal=old[-1].chain)]
    else:
        changes += [evolve(link, body=body, salt="", seal=seal(link.body, link.salt))] if body != link.body else []
    for changed in changes:
        store.changed = changed
        found = {finding.facts.get("sequence") for finding in verify(store).findings}
        assert link.sequence in found
    store.changed = None
    assert verify(store)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@settings(LAWS, max_examples=20)
@given(openings, step_lists(), st.data())
def test_any_field_of_any_workflow(case: Case, opening: Opening, steps: list[Step], data: st.DataObject) -> None:
    """Fields taken out of tickets of every kind leave all else as it was, and records that fold into the ticket."""
    story = play(case, opening, steps)
    named = data.draw(st.lists(st.sampled_from(sorted(case.workflow.fields)), unique=True))
    made = case.workflow.erase(story.ticket, story.records, at=story.ticket.at, fields=named, written=data.draw(st.booleans()))
    changed = {record.sequence: record for record in made.records}
    records = [changed.get(record.sequence, record) for record in story.records] + list(made.outcome.records)
    after = made.outcome.ticket

    assert canonical(after) == canonical(case.workflow.fold(records))
    assert {None} >= {after.fields.get(name) for name in named}
    same = [name for name in story.ticket.fields if name not in named]
    assert canonical([encode_value(story.ticket.fields[name]) for name in same]) == canonical(
        [encode_value(after.fields[name]) for name in same]
    )
    apart = {
        "at",
        "sequence",
        "fields",
        "clocks",
        "checklist",
        *({"customer", "asset", "outlet", "channel", "queue"} & set(named)),
    }
    for one in fields(Ticket):
        if one.name not in apart:
            assert getattr(story.ticket, one.name) == getattr(after, one.name), one.name
    assert bool(changed) == any(isinstance(record, Erased) for record in made.outcome.records)
    again = case.workflow.erase(after, records, at=after.at, fields=named, written=True)
    assert (
        ()
        == case.workflow.erase(
            again.outcome.ticket,
            [{r.sequence: r for r in again.records}.get(record.sequence, record) for record in records]
            + list(again.outcome.records),
            at=after.at,
            fields=named,
            written=True,
        ).records
    )
