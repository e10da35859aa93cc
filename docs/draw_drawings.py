"""Knows how drawings are made from what the library answers; must not hold a figure that it did not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from svg import Drawing

import servflow
from servflow.stores import Change, MemoryStore

HERE = Path(__file__).parent / "drawings"
BERLIN = ZoneInfo("Europe/Berlin")


def drawings() -> dict[Path, str]:
    """Every drawing, as it has to be."""
    return {HERE / f"{name}.svg": make().svg() for name, make in DRAWINGS.items()}


def _length(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes % 60 else f"{minutes // 60} h"


# -- how time is counted ---------------------------------------------------------------------------------------------

COUNTED = """
workflow: repair
calendars:
  office: {zone: Europe/Berlin, week: {mon-fri: ["09:00-12:00", "13:00-17:00"]}}
states: {on_site: {}, waiting: {}, done: {closed: true}}
transitions:
  - {event: wait, source: on_site, target: waiting}
  - {event: go_on, source: waiting, target: on_site}
  - {event: finish, source: on_site, target: done}
clocks: [{name: fix, within: 9h, calendar: office, until: done, paused_in: waiting}]
"""


def counted() -> Drawing:
    """Five days of a clock: when the office is open, what counts of it, a pause, a weekend, and where it is due."""
    workflow = servflow.load(COUNTED)
    office = workflow.calendars["office"]
    first = datetime(2026, 3, 5, tzinfo=BERLIN)  # a Thursday
    outcomes = [workflow.open("T", at=first + timedelta(hours=15))]
    for event, hours in (("wait", 34), ("go_on", 38)):
        outcomes.append(workflow.fire(outcomes[-1].ticket, event, at=first + timedelta(hours=hours)))
    ticket, records = outcomes[-1].ticket, [record for outcome in outcomes for record in outcome.records]
    line = workflow.explain_clock(ticket, "fix", at=ticket.clocks["fix"].due, records=records)
    due = line.due.astimezone(BERLIN)

    made = Drawing(860, 420, "How time is counted: elapsed and counted time over a weekend")
    made.text(
        24,
        34,
        f"A promise of {_length(timedelta(hours=9))}, counted by the office: 09:00-12:00 and 13:00-17:00, Monday to Friday",
        "bold",
    )
    left, hour = 110, 46.0

    def across(instant: datetime) -> float:
        local = instant.astimezone(BERLIN)
        return left + (local.hour + local.minute / 60 - 8) * hour

    for number in range(8, 19):
        made.text(left + (number - 8) * hour, 66, f"{number:02d}", "faint small", anchor="middle")
    made.text(670, 66, "elapsed", "small bold", anchor="end")
    made.text(760, 66, "open", "small bold", anchor="end")
    made.text(836, 66, "counted", "small bold", anchor="end")
    sums = [timedelta()] * 3
    for index in range(5):
        day, top = first + timedelta(days=index), 80 + index * 48
        end = day + timedelta(days=1)
        made.text(24, top + 22, f"{day:%a %d %b}", "" if index not in {2, 3} else "faint")
        made.box(left, top, 10 * hour, 32, "soft", round_=3)
        for start, close in office.intervals(day, end):
            made.box(across(start), top, across(close) - across(start), 32, "open", round_=0)
        here = [timedelta()] * 3
        for row in line.rows:
            start, until = max(row.start, day), min(row.end, end)
            if start >= until:
                continue
            opened = office.between(start, until)
            for begin, close in office.intervals(start, until):
                kind, inset = ("counted", 4) if row.phase == "running" else ("paused", 11)
                made.box(across(begin), top + inset, across(close) - across(begin), 32 - 2 * inset, kind, round_=2)
            here = [
                a + b
                for a, b in zip(here, (until - start, opened, opened if row.phase == "running" else timedelta()), strict=True)
            ]
        sums = [a + b for a, b in zip(sums, here, strict=True)]
        for place, amount in zip((670, 760, 836), here, strict=True):
            made.text(place, top + 21, _length(amount) if amount else "-", "faint" if not amount else "", anchor="end")
        if day.date() == due.date():
            x = across(due)
            made.line([(x, top - 8), (x, top + 40)], "stroke-late")
            made.text(x + 6, top + 21, f"due {due:%H:%M}", "late bold")
    assert sums[2] == sum((row.counted for row in line.rows), timedelta()), "the drawing adds up as the library does"
    made.line([(left, 322), (836, 322)])
    made.text(left, 342, "in sum", "bold")
    for place, amount in zip((670, 760, 836), sums, strict=True):
        made.text(place, 342, _length(amount), "bold", anchor="end")
    for x, kind, said in (
        (110, "open", "open"),
        (196, "counted", "counted"),
        (304, "paused", "open, but paused: the ticket waits"),
    ):
        made.box(x, 362, 16, 12, kind, round_=2)
        made.text(x + 24, 373, said, "small")
    made.text(
        110,
        401,
        f"The last counted moment is just before {due:%H:%M}; so it is due then, and not at 13:00 when the office opens again.",
        "small",
    )
    return made


# -- one call --------------------------------------------------------------------------------------------------------

CALL = """
workflow: visit
fields:
  amount: {type: decimal, default: "0"}
  price: {type: string, default: usual}
states: {new: {}, given: {}, done: {closed: true}}
transitions:
  - {event: accept, source: new, target: given, payload: {amount: decimal}, do: [{set: {amount: "payload.amount"}}]}
  - {event: finish, source: given, target: done}
rules: [{name: dear, when: "amount > decimal('100')", then: [{set: {price: "'dear'"}}]}]
clocks:
  - {name: answer, within: 1h, until: given}
  - {name: fix, within: 4h, start: {state: given}, until: done}
escalations:
  - name: late
    start: {clock: answer, mark: breach}
    until: {state: given}
    levels: [{name: lead, do: [{notify: {to: {user: lea}, template: late}}]}]
dispatch: [{name: engineer, state: given, until: done, require: [{below: capacity}]}]
"""

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _world(load: int) -> servflow.World:
    return servflow.World(engineers=[servflow.Engineer(id="bo", capacity=1)], loads={"bo": load}, version=str(load))


def call() -> Drawing:
    """One real call: what goes in, which records each of the five steps leaves, what comes out."""
    workflow = servflow.load(CALL)
    ticket = workflow.open("T", at=NINE, world=_world(0)).ticket
    at = NINE + timedelta(minutes=65)
    outcome = workflow.fire(ticket, "accept", {"amount": "120"}, at=at, world=_world(0))
    steps = _by_step(outcome.records)

    made = Drawing(860, 470, "One call of the kernel")
    made.text(
        24,
        34,
        "fire(ticket, 'accept', {'amount': '120'}, at=10:05): the answer was due at 10:00, and nobody has looked since",
        "bold",
    )
    for index, (name, said) in enumerate(
        (
            ("workflow", "the definition"),
            ("ticket", f"{ticket.state}, revision {ticket.revision}"),
            ("event", "accept, and a payload"),
            ("at", f"{at:%H:%M}"),
            ("world", "bo is free"),
        )
    ):
        y = 70 + index * 70
        made.box(24, y, 150, 48)
        made.text(36, y + 20, name, "bold")
        made.text(36, y + 38, said, "small faint")
        made.arrow((174, y + 24), (214, y + 24))
    made.box(214, 56, 400, 376)
    told = (
        "what was set before 10:05 happens first",
        "the event, as one step",
        "rules whose fields changed",
        "clocks, chains, dispatch and timers react",
        "what it set before 10:05 happens too",
    )
    for index, title in enumerate(told):
        y = 70 + index * 71
        made.box(226, y, 376, 62, "paper")
        made.text(238, y + 20, f"{index + 1}", "bold counted")
        made.text(256, y + 20, title, "bold")
        for row, names in enumerate(_lines(steps[index]) or ["-"]):
            made.text(256, y + 38 + row * 16, names, "small mono" if steps[index] else "small faint")
    outs: Sequence[tuple[str, str]] = (
        ("ticket", f"{outcome.ticket.state}, revision {outcome.ticket.revision}"),
        ("records", f"{len(outcome.records)}: what has happened"),
        ("effects", ", ".join(_kind(effect) for effect in outcome.effects)),
        ("reservations", ", ".join(f"{_kind(one)} {one.key}" for one in outcome.reservations)),
        ("waits", ", ".join(outcome.waits) or "for no capacity"),
        ("wake", f"{outcome.wake:%H:%M:%S.%f}"),
    )
    for index, (name, said) in enumerate(outs):
        y = 60 + index * 63
        made.arrow((614, y + 24), (654, y + 24))
        made.box(654, y, 182, 48)
        made.text(666, y + 20, name, "bold")
        made.text(666, y + 38, said, "small faint")
    made.text(
        24,
        455,
        "No clock, table or network was read, and nothing was written: the host commits the outcome, or throws it away.",
        "small",
    )
    return made


def _kind(value: object) -> str:
    return type(value).__name__


def _by_step(records: Sequence[Any]) -> list[list[str]]:
    """The records of the call, by the step they belong to; each begins where a kind of record begins."""
    names = [_kind(record) for record in records]
    event = names.index("Received")
    rules = names.index("Decided")
    react = next(index for index in range(rules, len(names)) if names[index].startswith("Clock"))
    return [
        [f"{record.at:%H:%M} {_kind(record)}" for record in records[:event]],
        names[event:rules],
        names[rules:react],
        names[react:],
        [],
    ]


def _lines(names: Sequence[str]) -> list[str]:
    counted = [name if names.count(name) == 1 else f"{name} x{names.count(name)}" for name in dict.fromkeys(names)]
    lines: list[str] = []
    for name in counted:
        if lines and len(lines[-1]) + len(name) < 46:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return lines


# -- reservations and wake -------------------------------------------------------------------------------------------

RESERVED = """
workflow: visit
states: {new: {}, given: {}, done: {closed: true}}
transitions:
  - {event: assigned.engineer, source: new, target: given}
  - {event: finish, source: given, target: done}
clocks: [{name: fix, within: 4h, until: done}]
dispatch: [{name: engineer, state: new, until: done, require: [{below: capacity}]}]
"""


def reserved() -> Drawing:
    """Two desks that choose the same engineer at once, and what the store makes of it, with the wake of both tickets."""
    workflow, store = servflow.load(RESERVED), MemoryStore()
    two = NINE + timedelta(hours=2)
    mine, yours = (workflow.open(name, at=NINE, world=_world(0)) for name in ("A", "B"))
    steps: list[tuple[int, str, str, str]] = [
        (0, "decides A: bo is free", _reads(mine), ""),
        (2, "decides B: bo is free", _reads(yours), ""),
    ]

    def commit(desk: int, outcome: servflow.Outcome, expected: int | None) -> None:
        [answer] = store.commit([Change.of(outcome, expected)])
        said = f"commits {outcome.ticket.id}"
        if answer.status == "refused":
            steps.append((desk, said, f"refused: {answer.held} of {answer.reservation.limit} of {answer.key} is taken", "late"))
        else:
            held = ", ".join(f"{key} {units}" for key, units in store.usage().items()) or "nobody"
            steps.append((desk, said, f"kept; busy: {held}", "good"))

    commit(0, mine, None)
    commit(2, yours, None)
    again = workflow.open("B", at=NINE, world=_world(1))
    steps.append((2, "decides B again: bo is busy", _reads(again), ""))
    commit(2, again, None)
    done = workflow.fire(mine.ticket, "finish", at=two, world=_world(1))
    steps.append((0, "11:00  finish A", _reads(done), ""))
    commit(0, done, mine.ticket.revision)
    [claim] = store.claim(two)
    steps.append((1, f"B waits for what was released: wake of B = {claim.wake:%H:%M}", "", "counted"))
    last = workflow.advance(store.load("B"), at=two, world=_world(0))
    steps.append((2, "ticks B: bo is free", _reads(last), ""))
    commit(2, last, again.ticket.revision)
    assert store.load("B").assignee == "bo", "the story ends well"
    store.close()

    made = Drawing(860, 132 + len(steps) * 44, "Reservations and wake: two desks, one engineer")
    made.text(24, 34, "bo takes one ticket at a time; two desks decide at 09:00, each for a ticket of its own", "bold")
    middles, height = (150, 430, 710), 132 + len(steps) * 44
    for x, name in zip(middles, ("a desk", "the store", "another desk"), strict=True):
        made.box(x - 70, 52, 140, 30)
        made.text(x, 72, name, "bold", anchor="middle")
        made.line([(x, 82), (x, height - 20)], "stroke dash")
    for index, (lane, said, found, kind) in enumerate(steps):
        y = 96 + index * 44
        if said.startswith("commits"):
            made.arrow((middles[lane], y + 24), (middles[1] + (8 if lane else -8), y + 24))
            x = (middles[lane] + middles[1]) / 2
            made.text(x, y + 18, said, "small bold", anchor="middle")
            made.text(x, y + 38, found, f"small {kind}", anchor="middle")
        else:
            wide = 250 if lane != 1 else 330
            made.box(middles[lane] - wide / 2, y + 3, wide, 38 if found else 26)
            made.text(middles[lane], y + 19, said, f"small bold {kind}", anchor="middle")
            made.text(middles[lane], y + 35, found, "small faint", anchor="middle")
    return made


def _reads(outcome: servflow.Outcome) -> str:
    told = [f"{_kind(one)}({one.key}, {one.units})" for one in outcome.reservations]
    told += [f"waits for {key}" for key in outcome.waits]
    return f"{', '.join(told)}; wake {f'{outcome.wake:%H:%M}' if outcome.wake else 'none'}"


DRAWINGS: Mapping[str, Callable[[], Drawing]] = {
    "how-time-is-counted": counted,
    "one-call": call,
    "reservations-and-wake": reserved,
}

if __name__ == "__main__":
    for path, text in drawings().items():
        path.write_text(text, "utf-8")
