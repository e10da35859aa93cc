"""Holds measures of how tickets went to their definitions; must not know how tables are made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.metrics import (
    Case,
    Cycle,
    Measure,
    Reached,
    Said,
    Stay,
    Stint,
    Visit,
    attainment,
    escalation_rate,
    first_contact_resolution,
    one_visit,
    ping_pong,
    reassignment_rate,
    reassignments,
    reopen_rate,
    visits_per_ticket,
)
from servflow.metrics._example import at

DAY = timedelta(days=1)


def case(**facts: Any) -> Case:
    """A case that began at the start."""
    return Case(id="T", began=at(0), **facts)


def hands(*holders: str, slot: str = "assignee") -> tuple[Stint, ...]:
    """Who had it in turn, an hour each; the last one has it still."""
    last = len(holders) - 1
    return tuple(
        Stint(slot=slot, who=who, since=at(hour), until=None if hour == last else at(hour + 1))
        for hour, who in enumerate(holders)
    )


def through(*states: str, hours: float = 0.25) -> tuple[Stay, ...]:
    """Where it was in turn, so long each; in the last one it is still."""
    last = len(states) - 1
    return tuple(
        Stay(state=state, since=at(hours * number), until=None if number == last else at(hours * (number + 1)))
        for number, state in enumerate(states)
    )


def went(*outcomes: str) -> tuple[Visit, ...]:
    """Visits, and what became of each."""
    return tuple(Visit(start=at(0.5), end=at(1), outcome=outcome, at=at(1)) for outcome in outcomes)


def told(measure: Measure[Any], cases: list[Case], **settings: Any) -> dict[str, tuple[Any, int]]:
    """Part -> numerator and denominator; parts without a figure are left out."""
    return {
        part: (figure.numerator, figure.denominator)
        for part, figure in measure.by_part(cases, **settings).items()
        if figure is not None
    }


def resolved(**facts: Any) -> Case:
    """A case that was resolved after two hours."""
    return case(done_at=at(2), closed_at=at(2), closings=(at(2),), **facts)


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        ({}, True),
        ({"said": (Said(at=at(1), side="agent"), Said(at=at(1), side="agent", public=False))}, True),
        ({"said": (Said(at=at(1), side="agent"), Said(at=at(2), side="agent"))}, False),
        ({"said": (Said(at=at(0), side="customer"), Said(at=at(1), side="agent"))}, True),
        ({"said": (Said(at=at(1), side="agent"), Said(at=at(2), side="customer"))}, False),
        ({"stints": hands("bo")}, True),
        ({"stints": hands("bo", "bo")}, True),
        ({"stints": hands("bo", "cy")}, False),
        ({"stints": hands("first line", "second line", slot="queue")}, False),
        ({"stints": hands("north", "south", slot="outlet")}, False),
        ({"reopened": 1}, False),
        ({"stays": through("new", "working", "resolved")}, True),
        ({"stays": through("new", "working", "waiting", "working", "resolved")}, False),
        ({"stays": through("new", "working", "resolved", "working", "resolved", hours=0.5)}, False),
        ({"stays": through("new", "working", "resolved", "asked", "resolved", hours=1)}, True),
        ({"stays": through("new", "working", "checked", "working", hours=0)}, True),
        ({"visits": went("done")}, True),
        ({"visits": went("cancelled", "done", "lost")}, True),
        ({"visits": went("missed", "done")}, False),
    ],
)
def test_first_contact(facts: dict[str, Any], first: bool) -> None:
    """One answer, one visit, one holder of each slot, one pass and no way back: that is one contact."""
    assert {"all": (int(first), 1)} == told(first_contact_resolution, [resolved(**facts)])


def test_first_contact_as_the_desk_counts_it() -> None:
    """Two answers with thanks in between may be one contact, and slots are those that matter here."""
    said = (Said(at=at(1), side="agent"), Said(at=at(1.5), side="customer"), Said(at=at(2), side="agent"))
    answers = resolved(said=said, stints=hands("bo", "cy"))

    assert {"all": (1, 1)} == told(first_contact_resolution, [answers], contacts=2, repeats=1, slots="queue")


def test_a_second_visit_for_a_part_is_seen_without_appointments() -> None:
    """Who goes again once the part is there was not done at first contact, and not in one visit; in one go is one."""
    again = resolved(stays=through("new", "on_site", "waiting_parts", "on_site", "closed"))
    once = resolved(stays=through("new", "on_site", "closed"))
    split = resolved(stays=through("on_site", "measuring", "closed"))
    missed = resolved(stays=through("new", "on_site", "closed"), visits=went("missed", "done"))
    from_afar = resolved(stays=through("new", "closed"))

    assert {"all": (2, 4)} == told(first_contact_resolution, [again, once, missed, from_afar])
    assert {"all": (1, 3)} == told(one_visit, [again, once, missed, from_afar])
    assert {"all": (5, 3)} == told(visits_per_ticket, [again, once, missed, from_afar])
    assert {"all": (1, 1)} == told(one_visit, [split], states=["on_site", "measuring"])
    assert {} == told(one_visit, [again], states=())


def test_what_needed_somebody_to_come_is_no_first_contact_where_a_help_desk_counts() -> None:
    """Without visits allowed, only what was resolved from afar counts; and states that mean nothing can be left out."""
    by_visit, back_and_forth = resolved(visits=went("done")), resolved(stays=through("new", "queue", "new", "queue", "working"))

    assert {"all": (1, 2)} == told(first_contact_resolution, [by_visit, resolved()], visits=0)
    assert {"all": (0, 1)} == told(first_contact_resolution, [back_and_forth])
    assert {"all": (1, 1)} == told(first_contact_resolution, [back_and_forth], states="working")


def test_first_contact_may_wait_until_it_is_settled() -> None:
    """What may still come back is left out, and so are open and cancelled tickets."""
    cases = [
        resolved(at=at(2) + DAY),
        resolved(at=at(1) + DAY),
        case(at=at(99)),
        case(at=at(99), closed_at=at(3), cancelled=True),
    ]
    found = first_contact_resolution(cases, settled=DAY)

    assert found is not None
    assert (1, 1, {"cancelled": 1, "open": 1, "too early": 1}) == (found.numerator, found.denominator, dict(found.excluded))


def test_reopened_counts_once_however_often() -> None:
    """Twice reopened is one ticket; a ticket that is open again counts as well."""
    twice = case(closings=(at(1), at(3)), reopenings=(at(2), at(4)))

    assert {"all": (1, 2)} == told(reopen_rate, [twice, resolved()])


@pytest.mark.parametrize(("hours", "again"), [(23, True), (24, True), (25, False)])
def test_reopened_within_a_window(hours: float, again: bool) -> None:
    """Exactly as long after the closing as the window is still within it."""
    one = case(closings=(at(1),), reopenings=(at(1 + hours),), at=at(100))

    assert {"all": (int(again), 1)} == told(reopen_rate, [one], within=DAY)


def test_reopen_rate_leaves_out_what_cannot_say_yet() -> None:
    """Never closed, cancelled for good, and closed too short ago."""
    cases = [case(), case(closings=(at(1),), closed_at=at(1), cancelled=True), resolved(at=at(3))]

    assert reopen_rate(cases, within=DAY) is None
    assert {"all": (0, 1)} == told(reopen_rate, cases)


@pytest.mark.parametrize("within", [-DAY, "1d", 24])
def test_windows_are_spans(within: Any) -> None:
    """A number has no unit, and nothing is within less than nothing."""
    with pytest.raises(InputError, match="within is a timedelta of at least 0"):
        reopen_rate([resolved()], within=within)


def test_changes_of_hands() -> None:
    """The first holder is no change, and neither is having it back from nobody."""
    cases = [case(stints=hands("bo", "cy", "bo")), case(stints=hands("bo", "bo")), case()]

    assert {"all": (2, 2), "assignee": (2, 2)} == told(reassignments, cases)
    assert {"all": (1, 2), "assignee": (1, 2)} == told(reassignment_rate, cases)


def test_changes_in_several_slots_at_once() -> None:
    """The whole counts every slot's changes together; a ticket is reassigned where any of its slots changed hands."""
    one = case(stints=(*hands("bo", "cy"), *hands("north", "south", "east", slot="queue")))
    other = case(stints=hands("north", slot="queue"))
    slots = ("assignee", "queue")

    assert {"all": (3, 2), "assignee": (1, 1), "queue": (2, 2)} == told(reassignments, [one, other], slots=slots)
    assert {"all": (1, 2), "assignee": (1, 1), "queue": (1, 2)} == told(reassignment_rate, [one, other], slots=slots)


def test_ping_pong_needs_another_in_between() -> None:
    """Back to bo by way of cy is one; on to dee is none, and having it back from nobody is none."""
    cases = [case(stints=hands(*way)) for way in (("bo", "cy", "bo"), ("bo", "cy", "dee"), ("bo", "bo"))]

    assert {"all": (1, 3), "assignee": (1, 3)} == told(ping_pong, cases)


def test_ping_pong_ends_with_a_closing() -> None:
    """A reopened ticket may go back to whoever had it without having been sent about."""
    stints = (
        Stint(slot="assignee", who="bo", since=at(0), until=at(1)),
        Stint(slot="assignee", who="cy", since=at(1), until=at(5)),
        Stint(slot="assignee", who="bo", since=at(5)),
    )
    reopened = case(stints=stints, closings=(at(2),), reopenings=(at(4),))
    sent_about = case(stints=(*stints, Stint(slot="assignee", who="cy", since=at(6))), closings=(at(2),), reopenings=(at(4),))

    assert {"all": (0, 1), "assignee": (0, 1)} == told(ping_pong, [reopened])
    assert {"all": (1, 1), "assignee": (1, 1)} == told(ping_pong, [sent_about])


def test_escalation_is_of_all_tickets() -> None:
    """Every level is told as a share of all tickets, a ticket once, however often it climbed."""
    late = [Reached(chain="late", level=name, at=at(1)) for name in ("lead", "head", "lead")]
    angry = Reached(chain="angry", level="care", at=at(2))
    cases = [case(reached=tuple(late)), case(reached=(angry,)), case(), case()]
    expected = {
        "all": (2, 4),
        "angry": (1, 4),
        "angry/care": (1, 4),
        "late": (1, 4),
        "late/head": (1, 4),
        "late/lead": (1, 4),
    }

    assert expected == told(escalation_rate, cases)
    assert {"all": (1, 4), "angry": (1, 4), "angry/care": (1, 4)} == told(escalation_rate, cases, chains="angry")


def test_attainment_per_clock_and_target() -> None:
    """Each target of a clock is told apart, with the calendar it is counted in; only some clocks when asked."""

    def cycle(clock: str, outcome: str, hours: int, calendar: str | None = None) -> Cycle:
        target = timedelta(hours=hours)
        return Cycle(clock=clock, outcome=outcome, started_at=at(0), target=target, calendar=calendar)

    hello = (cycle("hello", "overdue", 1), cycle("hello", "open", 1))
    cycles = (cycle("fix", "met", 8, "office"), cycle("fix", "late", 48), *hello)
    cases = [case(cycles=cycles)]
    expected = {"all": (1, 3), "fix": (1, 2), "fix 48h": (0, 1), "fix 8h office": (1, 1), "hello": (0, 1), "hello 1h": (0, 1)}

    assert expected == told(attainment, cases)
    assert {"all": (0, 1), "hello": (0, 1), "hello 1h": (0, 1)} == told(attainment, cases, clocks=["hello"])


def test_an_unknown_setting_is_told_with_what_was_meant() -> None:
    """A slip is named, and the setting that was probably meant."""
    with pytest.raises(InputError, match=r"'attainment' has no setting 'clock'; did you mean 'clocks'\?"):
        attainment([], clock="fix")
