"""Knows what holds for every plan of chains: it is what happens; must not know how either is worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.escalation import LEVELS, history, plan
from servflow.model import ChainRecord, Outcome, Record, Ticket, dump
from tests.oracles.sequence_reader import read_sequence

LAWS = settings(max_examples=40, deadline=None)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFICE = {"zone": "Asia/Shanghai", "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}}
EVENTS = {"ack": "chain.acknowledge", "escalate": "chain.escalate", "stop": "chain.stop"}

spans = st.integers(0, 30).map(lambda hours: f"{hours}h") | st.integers(1, 600).map(lambda minutes: f"{minutes}m")
instants = st.integers(0, 6 * 24 * 60).map(lambda minutes: NINE + timedelta(minutes=minutes))
scripts = st.lists(st.tuples(instants, st.sampled_from(sorted(EVENTS))), max_size=4)


@st.composite
def chains(draw: st.DrawFn, *, conditions: bool) -> dict[str, Any]:
    levels = []
    for number in range(draw(st.integers(1, 4))):
        tell = {"notify": {"to": {"user": f"u{number}"}, "template": "t"}}
        level: dict[str, Any] = {"name": f"l{number}", "after": draw(spans), "do": [tell]}
        level["calendar"] = draw(st.sampled_from([None, "office"]))
        if conditions and draw(st.booleans()):
            level |= {"when": "vip", "otherwise": draw(st.sampled_from(["skip", "wait"]))}
        if conditions and draw(st.booleans()):
            level["do"] = [tell, {"tag": f"t{number}"}, {"notify": {"to": "owner", "template": "t"}}]
        if draw(st.booleans()):
            level["remind"] = {"every": draw(st.sampled_from(["30m", "5h"])), "times": draw(st.integers(1, 3))}
        levels.append(level)
    return {
        "name": "c",
        "start": {"event": "begin"},
        "levels": levels,
        "late": draw(st.sampled_from(["collapse", "each"])),
        "on_ack": draw(st.sampled_from(["pause", "continue"])),
        "ack_ttl": draw(st.sampled_from([None, "6h"])),
        "unack": draw(st.sampled_from(["continue", "restart"])),
        "repeat": draw(st.sampled_from([None, {"times": 2, "after": "3h"}])),
    }


PAYLOADS = {"stop": {"reason": "the script stops it"}}
"""What an event needs; a plan gives it the same."""


def started(spec: dict[str, Any], **fields: Any) -> tuple[Workflow, Ticket]:
    flow = Workflow(
        workflow="w",
        fields={"vip": {"type": "bool", "default": True}},
        calendars={"office": OFFICE},
        initial="a",
        states={"a": {}},
        escalations=[spec],
    )
    return flow, flow.fire(flow.open("T", fields, at=NINE).ticket, "begin", at=NINE).ticket


class Host:
    """A host that wakes its ticket whenever it asked for it, and fires what a script says."""

    def __init__(self, flow: Workflow, ticket: Ticket) -> None:
        self.flow, self.ticket, self.records = flow, ticket, list[Record]()

    def keep(self, outcome: Outcome) -> None:
        self.ticket = outcome.ticket
        self.records.extend(outcome.records)

    def until(self, end: datetime) -> None:
        while self.ticket.wake is not None and self.ticket.wake <= end:
            self.keep(self.flow.advance(self.ticket, at=self.ticket.wake))

    def play(self, script: list[tuple[datetime, str]], end: datetime) -> None:
        for at, word in sorted(script, key=lambda entry: entry[0]):
            if at < end:
                self.until(at)
                try:
                    self.keep(self.flow.fire(self.ticket, EVENTS[word], PAYLOADS.get(word), at=at))
                except Refused:
                    continue
        self.until(end)


@LAWS
@given(chains(conditions=True), scripts, instants, instants, st.booleans())
def test_a_plan_of_a_ticket_is_what_happens(
    spec: dict[str, Any], script: list[tuple[datetime, str]], now: datetime, end: datetime, vip: bool
) -> None:
    """Whatever the chain, and whenever asked, what is planned for a ticket is what then comes, to the record."""
    flow, ticket = started(spec, vip=vip)
    host = Host(flow, ticket)
    host.until(now)
    before = dump(host.ticket)
    made = flow.plan(host.ticket, at=now, until=end, script=script)
    live, host.records = host.ticket.chains, []
    assert before == dump(host.ticket)

    host.play([entry for entry in script if entry[0] >= now], end)

    def facts(runs: Any) -> list[Any]:
        return [
            [(step.at, step.recorded, step.kind, step.level, step.outcome, step.to, step.why, step.climb) for step in run.steps]
            for run in runs
        ]

    assert facts(history(host.records, live=live)) == facts(made.runs)
    told = [step for run in made.runs for step in run.steps if step.level is not None or step.kind not in LEVELS]
    assert sum(isinstance(record, ChainRecord) for record in host.records) == len(told)
    read_sequence(made.mermaid())


@LAWS
@given(chains(conditions=False), instants, instants)
def test_a_plan_of_a_run_is_what_happens_when_nothing_else_does(spec: dict[str, Any], now: datetime, end: datetime) -> None:
    """The chain alone, climbed from where a live run stands, reaches the same levels and reminders at the same instants."""
    flow, ticket = started(spec)
    host = Host(flow, ticket)
    host.until(now)
    runs = host.ticket.chains
    calendars = dict(flow.named_calendars)
    planned = [
        (item.at, item.climb, item.level, item.kind, item.to)
        for run in runs
        for item in plan(flow.escalations[0], now, end, run=run, calendars=calendars)
    ]
    made = flow.plan(host.ticket, at=now, until=end)

    assert planned == [(item.at, item.climb, item.level, item.kind, item.to) for item in made]
