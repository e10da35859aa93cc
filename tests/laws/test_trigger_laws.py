"""Knows what holds for everything that starts a chain, however late anybody looks; must not know how it is found."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import ChainRecord, ChainStarted, Escalated, Outcome, Record, Ticket, dump, load_ticket
from tests.laws.kernel_strategies import unfolded

LAWS = settings(max_examples=60, deadline=None)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

TRIGGERS: tuple[dict[str, Any], ...] = (
    {"clock": "k", "mark": "50%"},
    {"clock": "k", "when": "n > 1"},
    {"age": "5h"},
    {"age": "3h", "calendar": "office", "when": "n < 3"},
    {"event": "call", "when": "payload.n >= n"},
    {"event": "rating.add", "when": "payload.score <= 2", "level": "two"},
    {"state": "b"},
    {"state": "b", "after": "2h"},
    {"state": "b", "after": "4h", "level": "two"},
    {"silent": "agent", "after": "3h"},
    {"silent": "customer", "after": "2h", "calendar": "office", "public": True},
    {"correlator": "found", "when": "payload.count > 2"},
    {"when": "n > 2"},
    {"when": "reopened > 1 || 6 / n == 3"},
    {"when": "n == 2", "closed": True},
)


@st.composite
def flows(draw: st.DrawFn) -> Workflow:
    """A workflow with a few chains, each started by a few of everything."""
    chains = []
    for number in range(draw(st.integers(1, 3))):
        start = draw(st.lists(st.sampled_from(TRIGGERS), min_size=1, max_size=4))
        acts: list[Any] = [{"notify": {"to": {"user": "u"}, "template": "t"}}]
        acts += draw(st.sampled_from([[], [{"set": {"n": "n + 1"}}], [{"emit": {"event": "call", "payload": {"n": "3"}}}]]))
        levels = [
            {"name": "one", "after": draw(st.sampled_from(["0h", "1h"])), "do": acts},
            {"name": "two", "after": draw(st.sampled_from(["0h", "6h"])), "do": acts[:1]},
        ]
        until = draw(st.sampled_from([[], [{"message": "agent"}], [{"event": "call"}]]))
        chains.append({"name": f"c{number}", "start": start, "levels": levels, "until": until})
    return Workflow(
        workflow="w",
        fields={"n": {"type": "int", "default": 0}},
        initial="a",
        states={"a": {}, "b": {}, "z": {"closed": True}},
        transitions=[
            {"event": "go", "source": "a", "target": "b"},
            {"event": "back", "source": "b", "target": "a"},
            {"event": "end", "source": ["a", "b"], "target": "z"},
            {"event": "ticket.reopen", "source": "z", "target": "a"},
        ],
        calendars={"office": {"zone": "UTC", "week": {"mon-fri": ["08:00-12:00", "13:00-17:00"]}}},
        clocks=[{"name": "k", "within": "4h", "warn": ["50%"]}],
        escalations=chains,
    )


@frozen
class Said:
    """Something that happens, minutes after the start; a message may be told later than it was written."""

    minute: int
    event: str
    payload: dict[str, Any]
    late: int = 0


numbers = st.integers(0, 4)
messages = st.builds(dict, side=st.sampled_from(["agent", "customer"]), public=st.booleans())
events = st.one_of(
    st.sampled_from([("go", {}), ("back", {}), ("end", {}), ("ticket.reopen", {})]),
    st.tuples(st.just("ticket.update"), st.builds(dict, n=numbers)),
    st.tuples(st.just("call"), st.builds(dict, n=numbers)),
    st.tuples(st.just("rating.add"), st.builds(dict, score=st.integers(1, 5))),
    st.tuples(st.just("correlator.fired"), st.builds(dict, correlator=st.just("found"), count=numbers)),
    st.tuples(st.just("ticket.message"), messages),
)


@st.composite
def scripts(draw: st.DrawFn) -> list[Said]:
    """What happens, in its order."""
    minutes = sorted(draw(st.lists(st.integers(0, 2_000), max_size=9)))
    found = []
    for minute in minutes:
        event, payload = draw(events)
        late = draw(st.sampled_from([0, 0, 30, 200, 700])) if event == "ticket.message" else 0
        found.append(Said(minute, event, payload, min(late, minute)))
    return found


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def played(
    flow: Workflow, script: list[Said], ticks: list[int], *, cut: bool = False
) -> tuple[Ticket, list[Record], list[Any]]:
    """The ticket after a script and a last tick, with ticks in between; what is refused has not happened."""
    outcome = flow.open("T", {}, at=START)
    records, effects = list(outcome.records), list(outcome.effects)
    calls: list[tuple[int, Said | None]] = [(said.minute, said) for said in script]
    calls += [(minute, None) for minute in (*ticks, 4_000)]
    for minute, said in sorted(calls, key=lambda call: (call[0], call[1] is not None)):
        outcome = _called(
            flow, load_ticket(json.loads(json.dumps(dump(outcome.ticket)))) if cut else outcome.ticket, minute, said
        )
        records += outcome.records
        effects += outcome.effects
    return outcome.ticket, records, effects


def _called(flow: Workflow, ticket: Ticket, minute: int, said: Said | None) -> Outcome:
    if said is None:
        return flow.advance(ticket, at=at(minute))
    occurred = at(minute - said.late) if said.late else None
    try:
        return flow.fire(ticket, said.event, said.payload, at=at(minute), occurred=occurred)
    except Refused:
        return flow.advance(ticket, at=at(minute))


@LAWS
@given(flows(), scripts(), st.lists(st.integers(0, 2_500), max_size=8))
def test_it_does_not_matter_who_looks_when(flow: Workflow, script: list[Said], ticks: list[int]) -> None:
    """Whatever starts a chain: ticks in between, and a cut through JSON at each call, change neither ticket nor records."""
    ticket, records, effects = played(flow, script, [])
    ticked, more, _ = played(flow, script, ticks, cut=True)

    assert ticket == ticked
    assert [unfolded(record) for record in records] == [unfolded(record) for record in more]
    assert ticket == flow.fold(records)
    assert [] == [id_ for id_, count in Counter(effect.id for effect in effects).items() if count > 1]
    assert ticket == flow.advance(flow.rerun(records, None).ticket, at=at(4_000)).ticket


@LAWS
@given(flows(), scripts())
def test_one_cause_has_one_live_run(flow: Workflow, script: list[Said]) -> None:
    """Of one chain and one cause at most one run lives at any time, and what waits was set for once."""
    _, records, _ = played(flow, script, [])
    live: dict[tuple[str, str], str] = {}
    for record in records:
        if not isinstance(record, ChainRecord):
            continue
        run = record.run
        key = (run.chain, run.cause)
        if isinstance(record, ChainStarted) and run.phase != "armed":
            assert live.get(key) in (None, "armed")
        live[key] = run.phase
        if run.phase == "done":
            del live[key]
    assert all(key[1].startswith(("age", "state", "silent")) for key, phase in live.items() if phase == "armed")


def single(start: dict[str, Any]) -> Workflow:
    """One chain of one level, which is climbed at once."""
    return Workflow(
        workflow="w",
        fields={"n": {"type": "int", "default": 0}},
        initial="a",
        states={"a": {}, "z": {"closed": True}},
        transitions=[
            {"event": "end", "source": "a", "target": "z"},
            {"event": "ticket.reopen", "source": "z", "target": "a"},
        ],
        escalations=[{"name": "c", "start": start, "levels": [{"name": "one", "do": [{"tag": "late"}]}]}],
    )


SILENCE, RISE = single({"silent": "agent", "after": "3h"}), single({"when": "n > 2"})
spoken = st.sampled_from(
    [("ticket.message", {"side": "agent"}), ("ticket.message", {"side": "customer"}), ("end", {}), ("ticket.reopen", {})]
)


@LAWS
@given(st.lists(st.tuples(st.integers(0, 3_000), spoken), max_size=12, unique_by=lambda item: item[0]))
def test_silence_is_what_a_list_of_messages_says(happened: list[tuple[int, Any]]) -> None:
    """A slow reading of the story: three hours of silence on an open ticket after each message, opening and reopening."""
    script = [Said(minute, event, payload) for minute, (event, payload) in sorted(happened, key=lambda item: item[0])]
    _, records, _ = played(SILENCE, script, [])
    moments: list[tuple[int, bool]] = [(0, True)]  # when the silence counts anew, and whether it counts at all
    is_open = True
    for said in script:
        if said.event in ("end", "ticket.reopen") and is_open == (said.event == "end"):
            is_open = not is_open
            moments.append((said.minute, is_open))
        elif said.payload.get("side") == "agent" and is_open:
            moments.append((said.minute, True))
    moments.append((4_000, False))
    expected = [minute + 180 for (minute, counts), (coming, _) in pairwise(moments) if counts and minute + 180 < coming]

    assert [at(minute) for minute in expected] == [one.scheduled for one in records if isinstance(one, Escalated)]


changes = st.one_of(
    st.tuples(st.just("ticket.update"), st.builds(dict, n=numbers)), st.sampled_from([("end", {}), ("ticket.reopen", {})])
)


@LAWS
@given(
    st.lists(st.tuples(st.integers(0, 3_000), changes), max_size=12, unique_by=lambda item: item[0]),
    st.lists(st.integers(0, 3_000)),
)
def test_a_condition_rises_as_often_as_it_became_true(happened: list[tuple[int, Any]], ticks: list[int]) -> None:
    """On an open ticket, each time it holds after a step and did not after the one before."""
    script = [Said(minute, event, payload) for minute, (event, payload) in sorted(happened, key=lambda item: item[0])]
    _, records, _ = played(RISE, script, ticks)
    expected, is_open, n, held = [], True, 0, False
    for said in script:
        if said.event == "ticket.update":
            n = said.payload["n"]
        elif is_open == (said.event == "end"):
            is_open = not is_open
        holds = is_open and n > 2
        expected += [at(said.minute)] if holds and not held else []
        held = holds

    assert expected == [one.run.started_at for one in records if isinstance(one, ChainStarted)]
