"""Knows the laws of child clocks and of marks that repeat; must not know how a cap is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servflow
from servflow.errors import Refused
from servflow.model import Effect, Outcome, Ticket, Warned

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FLOW: dict[str, Any] = {
    "servflow": 1,
    "workflow": "agreed",
    "fields": {
        "tier": {"type": "string", "one_of": ["gold", "silver"], "default": "gold"},
        "note": {"type": "int", "default": 0},
    },
    "queues": ["front", "depot"],
    "calendars": {
        "office": {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}},
        "depot": {"zone": "UTC", "week": {"mon-sat": ["06:00-22:00"]}},
    },
    "states": {"new": {}, "waiting": {}, "vendor": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "wait", "source": ["new", "vendor"], "target": "waiting"},
        {"event": "send", "source": ["new", "waiting"], "target": "vendor"},
        {"event": "back", "source": ["waiting", "vendor"], "target": "new"},
        {"event": "finish", "source": ["new", "waiting", "vendor"], "target": "done"},
        {"event": "ticket.reopen", "source": "done", "target": "new"},
    ],
    "tables": {
        "promises": {
            "hit": "first",
            "inputs": ["tier", "queue"],
            "outputs": {"repair": "string", "team": "string", "hours": "string"},
            "rows": [
                ['"gold"', '"depot"', '"5h"', '"3h"', '"depot"'],
                ['"gold"', "-", '"6h"', '"4h"', '"office"'],
                ["-", "-", '"2 business days"', '"end of business day"', '"office"'],
            ],
        }
    },
    "clocks": [
        {
            "name": "vendor",
            "within": "4h",
            "start": [{"state": "vendor"}],
            "stop": [{"state": "new"}],
            "warn": ["50%", "every 45m after"],
            "parent": "team",
        },
        {
            "name": "team",
            "within": {"table": "promises", "take": "team"},
            "calendar": {"table": "promises", "take": "hours"},
            "start": [{"queue": ["front", "depot"]}],
            "reset": [{"field": "note"}],
            "paused_in": "waiting",
            "warn": ["30m before", "every 90m after, 5 times"],
            "parent": "repair",
        },
        {
            "name": "repair",
            "within": {"table": "promises", "take": "repair"},
            "calendar": {"table": "promises", "take": "hours"},
            "until": ["done"],
            "paused_in": "waiting",
            "warn": ["80%", "every 1h after"],
            "on_reopen": "resume",
        },
    ],
    "escalations": [
        {
            "name": f"{clock}: {mark}",
            "start": {"clock": clock, "mark": mark},
            "levels": [{"name": "one", "do": [{"notify": {"to": {"user": "lea"}, "template": "late"}}]}],
            "late": "each",
        }
        for clock, mark in (("repair", "every 1h after"), ("team", "every 90m after, 5 times"), ("team", "breach"))
    ],
}
WORKFLOW = servflow.load(FLOW)
MENU: list[tuple[str, dict[str, Any] | None]] = [
    ("wait", None),
    ("send", None),
    ("back", None),
    ("finish", None),
    ("ticket.reopen", None),
    *(("ticket.update", {"tier": tier}) for tier in ("gold", "silver")),
    *(("ticket.update", {"queue": queue}) for queue in ("front", "depot")),
    *(("ticket.update", {"note": note}) for note in (1, 2)),
]
gaps = st.one_of(st.integers(0, 90), st.integers(0, 900))
steps = st.lists(st.tuples(st.integers(0, len(MENU) - 1), gaps, st.one_of(st.just(0), st.integers(1, 400))), max_size=10)


def held(ticket: Ticket) -> None:
    """A child that runs is due when its parent is, or before; unless that was broken before the child began or resumed."""
    for plan in WORKFLOW.clocks:
        child, parent = ticket.clocks.get(plan.name), ticket.clocks.get(plan.parent or "")
        if child is None or parent is None or child.phase != "running" or parent.phase != "running" or parent.due is None:
            continue
        if parent.breached_at is None or (child.since is not None and child.since < parent.breached_at):
            assert child.due is not None, (child, parent)
            assert child.due <= parent.due or child.breached_at is not None, (child, parent)


def play(story: list[tuple[int, int, int]]) -> tuple[list[Outcome], datetime]:
    """What comes of events at minutes after one another, some of them told late."""
    now = MONDAY
    made = [WORKFLOW.open("t", {"queue": "front"}, at=now)]
    for which, minutes, late in story:
        now += minutes * MINUTE
        event, payload = MENU[which]
        occurred = max(MONDAY, now - late * MINUTE) if late else None
        try:
            made.append(WORKFLOW.fire(made[-1].ticket, event, payload, at=now, occurred=occurred))
        except Refused:
            continue
        held(made[-1].ticket)
    return made, now


def ids(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """The ids of effects."""
    return [effect.id for effect in effects]


@LAWS
@given(steps)
def test_no_child_is_due_after_its_parent(story: list[tuple[int, int, int]]) -> None:
    """Whatever happens to either, on time or told late; records add up, nothing is asked for twice, and a wake lies ahead."""
    made, now = play(story)
    made.append(WORKFLOW.advance(made[-1].ticket, at=now + 1200 * MINUTE))
    held(made[-1].ticket)

    assert made[-1].ticket == WORKFLOW.fold([record for one in made for record in one.records])
    effects = [effect for one in made for effect in one.effects]
    assert len(effects) == len(set(ids(effects)))
    assert all(one.ticket.wake is None or one.ticket.wake > one.ticket.at for one in made)


@LAWS
@given(steps, st.lists(st.integers(1, 2000), min_size=1, max_size=6))
def test_looking_often_changes_nothing(story: list[tuple[int, int, int]], looks: list[int]) -> None:
    """Advancing in one call and step by step, and from wake to wake, give one ticket and the same effects."""
    made, now = play(story)
    start, end = made[-1].ticket, now + sum(looks) * MINUTE
    once = WORKFLOW.advance(start, at=end)
    ticket, effects = start, list[Effect]()
    for minutes in looks:
        now += minutes * MINUTE
        outcome = WORKFLOW.advance(ticket, at=now)
        ticket, effects = outcome.ticket, [*effects, *outcome.effects]
    woken, woken_effects = start, list[Effect]()
    while woken.wake is not None and woken.wake <= end:
        outcome = WORKFLOW.advance(woken, at=woken.wake)
        assert outcome.records
        woken, woken_effects = outcome.ticket, [*woken_effects, *outcome.effects]

    assert once.ticket == ticket == woken
    assert sorted(ids(once.effects)) == sorted(ids(effects)) == sorted(ids(woken_effects))


@LAWS
@given(steps)
def test_no_repetition_happens_twice(story: list[tuple[int, int, int]]) -> None:
    """Within one cycle a numbered mark is told again only where it was taken back or the cycle began anew."""
    made, now = play(story)
    made.append(WORKFLOW.advance(made[-1].ticket, at=now + 1200 * MINUTE))
    seen: set[tuple[str, int, str]] = set()
    for record in (record for one in made for record in one.records):
        kind = type(record).__name__
        if kind in ("Amended", "ClockReset", "ClockStarted"):
            taken = record.mark if kind == "Amended" else None  # type: ignore[attr-defined]  # it is one
            seen = {key for key in seen if key[0] != record.clock or (taken is not None and key[2] != taken)}  # type: ignore[attr-defined]  # of a clock
        elif isinstance(record, Warned):
            key = (record.clock, record.run.cycle, record.mark)
            assert key not in seen
            seen.add(key)
            assert record.run.marks.count(record.mark) == 1


@LAWS
@given(steps, st.integers(0, len(MENU) - 1), gaps, st.integers(1, 600))
def test_what_is_told_late_counts_as_on_time(story: list[tuple[int, int, int]], which: int, gap: int, delay: int) -> None:
    """One more event, told at once or late, leaves children and parents as it would have on time."""
    made, now = play([(entry, minutes, 0) for entry, minutes, _ in story])
    event, payload = MENU[which]
    occurred, told = now + gap * MINUTE, now + (gap + delay) * MINUTE
    try:
        prompt = WORKFLOW.fire(made[-1].ticket, event, payload, at=occurred).ticket
        late = WORKFLOW.fire(made[-1].ticket, event, payload, at=told, occurred=occurred).ticket
    except Refused:
        return
    end = told + 600 * MINUTE
    ends = [WORKFLOW.advance(ticket, at=end).ticket.clocks for ticket in (prompt, late)]
    # Of the repetitions a run keeps the latest; more of them were told to the one that went on and went back.
    kept = [
        {name: attrs.evolve(run, marks=run.marks[-8:], reached=run.reached[-8:]) for name, run in one.items()} for one in ends
    ]

    assert kept[0] == kept[1]
