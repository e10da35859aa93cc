"""Knows the law of events told late: in whatever order a clock hears of things, it comes to the same; must not know how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow import sla
from servflow.calendars import Calendar
from servflow.engine import Workflow, _clock_story
from servflow.engine._call import OneCall
from servflow.model import Amended, Breached, Record, Ticket, Warned, dump, load_ticket
from tests.laws.kernel_strategies import Opening, Step, openings, play, step_lists
from tests.laws.kernel_workflows import CLOCKS

LAWS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = datetime(2026, 3, 6, 8, tzinfo=UTC)  # a Friday
MINUTE = timedelta(minutes=1)
OFFICE = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}}
WARN = ["50%", "1h before", "2h after"]
EVENTS = {name: [{"event": f"to_{name}"}] for name in sla.OPERATIONS}


def flow(calendar: bool, within: str) -> Workflow:
    """A workflow whose one clock each operation has an event of its own for."""
    clock: dict[str, Any] = {"name": "k", "within": within, "warn": WARN, **EVENTS}
    return Workflow(
        workflow="told",
        initial="a",
        states={"a": {}},
        calendars={"office": OFFICE},
        clocks=[clock | ({"calendar": "office"} if calendar else {})],
    )


FLOWS = {(calendar, within): flow(calendar, within) for calendar in (True, False) for within in ("3h", "30m")}

Happened = tuple[int, str]
histories = st.lists(
    st.tuples(st.integers(1, 6_000), st.sampled_from(sla.OPERATIONS)), min_size=1, max_size=14, unique_by=lambda item: item[0]
)


def tell(workflow: Workflow, history: list[Happened], end: datetime) -> tuple[Ticket, list[Record]]:
    """A ticket told of what happened in this order, each as soon as may be, and looked at in the end."""
    outcome = workflow.open("T", at=START)
    ticket, records = outcome.ticket, list(outcome.records)
    for minute, operation in history:
        occurred = START + minute * MINUTE
        at = max(occurred, ticket.at)
        outcome = workflow.fire(ticket, f"to_{operation}", at=at, occurred=occurred if occurred < at else None)
        ticket = load_ticket(dump(outcome.ticket))
        records += outcome.records
    outcome = workflow.advance(ticket, at=end)
    return outcome.ticket, [*records, *outcome.records]


def standing(records: list[Record]) -> list[tuple[str, datetime]]:
    """The marks that stand: told, and not amended since."""
    found: list[tuple[str, datetime]] = []
    for record in records:
        if isinstance(record, Amended):
            found.remove((record.mark, record.was))
        elif isinstance(record, (Warned, Breached)):
            found.append((record.mark if isinstance(record, Warned) else "breach", record.instant))
    return sorted(found)


@LAWS
@given(st.sampled_from(sorted(FLOWS)), histories, st.randoms(use_true_random=False))
def test_told_out_of_order_is_told_in_order(key: tuple[bool, str], history: list[Happened], random: Any) -> None:
    """
    A clock told of events out of order is the one told in order.

    Its run, its marks and its count equal those of the events in their order and those of ``sla.run`` over the sorted
    history; what was told of marks and not amended is what happened; and the records fold into the ticket.
    """
    workflow, end = FLOWS[key], START + 7_000 * MINUTE
    shuffled = list(history)
    random.shuffle(shuffled)

    late, late_records = tell(workflow, shuffled, end)
    prompt, prompt_records = tell(workflow, sorted(history), end)

    assert prompt.clocks == late.clocks
    assert standing(prompt_records) == standing(late_records)
    assert late == workflow.fold(late_records)
    calendar = Calendar(**OFFICE) if key[0] else None
    state = sla.run(workflow.clocks[0], calendar, [(START + minute * MINUTE, name) for minute, name in history], end)
    run = late.clocks.get("k")
    if run is None:
        assert "idle" == state.phase
    else:
        counted = sla.counted(run, end, calendar)
        assert (state.phase, state.cycle, state.due, state.breached_at) == (run.phase, run.cycle, run.due, run.breached_at)
        assert state.counted == counted


def test_a_mark_that_an_earlier_start_leaves_where_it_is_is_told_once() -> None:
    """A start that is told late, in hours that do not count, moves one mark; the one after it was told already and stays."""
    history: list[Happened] = [(481, "start"), (4_336, "resume"), (480, "start")]
    workflow, end = FLOWS[True, "30m"], START + 7_000 * MINUTE

    late, records = tell(workflow, history, end)

    assert tell(workflow, sorted(history), end)[0].clocks == late.clocks
    assert ["1h before", "50%", "1h before", "2h after"] == [one.mark for one in records if isinstance(one, Warned)]


# promises that depend on each other -------------------------------------------------------------------------------

ANSWER = {"message": {"side": "agent", "public": True}}
PROMISES = Workflow(
    workflow="mails",
    initial="a",
    states={"a": {}},
    calendars={"office": OFFICE},
    clocks=[
        {"name": "update", "within": "4h", "start": {**ANSWER, "after": "first"}, "reset": ANSWER, "warn": ["50%"]},
        {"name": "first", "within": "2h", "calendar": "office", "stop": ANSWER, "warn": ["1h after"]},
        {
            "name": "next",
            "within": "3h",
            "calendar": "office",
            "start": {"message": "customer", "after": "first"},
            "stop": ANSWER,
        },
        {"name": "chat", "within": "5m", "start": {"message": {"side": "customer", "channel": "chat"}}, "stop": ANSWER},
    ],
)
MAILS: list[dict[str, Any]] = [
    {"side": "customer", "channel": "mail"},
    {"side": "customer", "channel": "chat"},
    {"side": "agent"},
    {"side": "agent", "public": False},
]
mails = st.lists(st.tuples(st.integers(1, 3_000), st.integers(0, 3)), min_size=1, max_size=12, unique_by=lambda item: item[0])


def read_mails(history: list[tuple[int, int]], end: datetime) -> tuple[Ticket, list[Record]]:
    """A ticket told of mails in this order, each as soon as may be."""
    outcome = PROMISES.open("T", at=START)
    records = list(outcome.records)
    for minute, which in history:
        occurred = START + minute * MINUTE
        at = max(occurred, outcome.ticket.at)
        outcome = PROMISES.fire(outcome.ticket, "ticket.message", MAILS[which], at=at, occurred=occurred)
        records += outcome.records
    outcome = PROMISES.advance(outcome.ticket, at=end)
    return outcome.ticket, [*records, *outcome.records]


@LAWS
@given(mails, st.randoms(use_true_random=False))
def test_mails_read_in_any_order_make_the_same_promises(history: list[tuple[int, int]], random: Any) -> None:
    """First and next response, updates and chats come to the same in whatever order the mails are read."""
    end = START + 4_000 * MINUTE
    shuffled = list(history)
    random.shuffle(shuffled)

    late, records = read_mails(shuffled, end)
    prompt, prompt_records = read_mails(sorted(history), end)

    assert dict(prompt.clocks) == dict(late.clocks)
    assert standing(prompt_records) == standing(records)
    assert late == PROMISES.fold(records)


@settings(LAWS, max_examples=40)
@given(openings, step_lists(most=8))
def test_a_story_played_again_is_the_clock(opening: Opening, steps: list[Step]) -> None:
    """Whatever happens to a ticket, late or not: what each of its clocks was told comes to that very clock."""
    compiled = CLOCKS.workflow.compiled
    plans = {plan.clock.name: plan for plan in compiled.clocks}

    for outcome in play(CLOCKS, opening, steps).outcomes:
        ticket = outcome.ticket
        call = OneCall(CLOCKS.workflow, ticket, ticket.at, None)
        for name, story in ticket.told.items():
            run = ticket.clocks.get(name)
            reached = set() if run is None else set(zip(run.marks, run.reached, strict=True))
            assert run == _clock_story.play(call, plans[name], story.base, story.told, reached).run


# clocks that rest where the ticket is -------------------------------------------------------------------------------

ENDS: dict[str, Any] = {"start": {"event": "ask"}, "stop": {"event": "answer"}}
PLACES: dict[str, dict[str, Any]] = {
    "state": {**ENDS, "paused_in": "w"},
    "queue": {"paused_in": "w", "counts_in_queue": "q1"},
    "both": {**ENDS, "counts_in": "a", "counts_in_queue": "q1"},
    "hold": {**ENDS, "paused_in": "w", "pause": {"event": "hold"}, "resume": {"event": "on"}},
    "target": {"paused_in": "w", "within": [{"when": "p == 1", "take": "1h"}, {"take": "3h"}]},
}
SIGNALS = ("ask", "answer", "hold", "on")


def resting_flow(clock: dict[str, Any]) -> Workflow:
    """A workflow whose one clock rests in a state, outside a queue, or both."""
    return Workflow(
        workflow="rests",
        initial="a",
        states={"a": {}, "w": {}},
        queues=["q1", "q2"],
        fields={"p": {"type": "int", "default": 2}},
        transitions=[{"event": "move", "source": "a", "target": "w"}, {"event": "move", "source": "w", "target": "a"}],
        clocks=[
            {"name": "any", "within": "1h", "start": [{"event": name} for name in SIGNALS]},
            {"name": "k", "within": "3h", "warn": ["50%"], **clock},
        ],
    )


RESTING = {name: resting_flow(clock) for name, clock in PLACES.items()}
UPDATES: dict[str, dict[str, Any]] = {"q1": {"queue": "q1"}, "q2": {"queue": "q2"}, "p1": {"p": 1}, "p2": {"p": 2}}
lives = st.lists(
    st.tuples(st.integers(1, 900), st.sampled_from((*SIGNALS, *UPDATES, "move", "move", "move", "move"))),
    min_size=2,
    max_size=10,
    unique_by=lambda item: item[0],
)


def live(workflow: Workflow, life: list[tuple[int, int, str]]) -> tuple[Ticket, list[Record]]:
    """A ticket told of its life, each with the minute of telling and that in which it occurred."""
    outcome = workflow.open("T", {"queue": "q2"}, at=START)
    records = list(outcome.records)
    for at, minute, what in life:
        event, payload = ("ticket.update", UPDATES[what]) if what in UPDATES else (what, None)
        occurred = START + minute * MINUTE
        outcome = workflow.fire(
            outcome.ticket, event, payload, at=START + at * MINUTE, occurred=occurred if minute < at else None
        )
        records += outcome.records
    outcome = workflow.advance(outcome.ticket, at=START + 2_000 * MINUTE)
    return outcome.ticket, [*records, *outcome.records]


@settings(LAWS, max_examples=60)
@given(st.sampled_from(sorted(RESTING)), lives, st.integers(0, 9))
def test_what_is_told_late_leaves_where_the_ticket_was(name: str, life: list[tuple[int, str]], which: int) -> None:
    """
    A clock told late of an event, of the last queue or of the last fields is the one told in order.

    Where the ticket was meanwhile, by its states or by its queue, still does not count.
    """
    life = sorted(life)
    last = {what[0]: number for number, (_, what) in enumerate(life) if what in UPDATES}
    late = [number for number, (_, what) in enumerate(life) if what in SIGNALS or number in last.values()]
    if not late:
        return
    chosen = late[which % len(late)]
    prompt = [(minute, minute, what) for minute, what in life]
    told = [*prompt[:chosen], *prompt[chosen + 1 :], (901, *life[chosen])]

    (ticket, records), (other, expected) = live(RESTING[name], told), live(RESTING[name], prompt)

    assert other.clocks.get("k") == ticket.clocks.get("k")
    assert standing([one for one in expected if getattr(one, "clock", "") == "k"]) == standing(
        [one for one in records if getattr(one, "clock", "") == "k"]
    )
    assert ticket == RESTING[name].fold(records)
