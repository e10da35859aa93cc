"""Visits that customers can book: which windows there are, who could come to each, and how wrong policies are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import dispatch
from servflow.calendars import Calendar
from servflow.dispatch import Policy
from servflow.errors import DefinitionError, ExpressionError, InputError, TimeError
from servflow.model import Appointment, FrozenMap, Ticket, World

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ticket(**given: Any) -> Ticket:
    return Ticket(id="T-1", workflow="w", at=MONDAY, opened_at=MONDAY, **given)


def policy(*require: dict[str, Any], **options: Any) -> Policy:
    return Policy(name="visit", mode="appointment", require=require, appointment={"zone": "UTC", "days": 1, **options})


def starts(of: Policy, at: datetime, world: World | None = None, **more: Any) -> list[str]:
    world = World(engineers=[{"id": "ann"}]) if world is None else world
    return [window.start.isoformat()[:16] for window in dispatch.slots(of, ticket(), world, at, **more)]


# which windows ---------------------------------------------------------------------------------------------------


def test_visits_begin_on_the_wall_clock_and_lie_in_open_hours() -> None:
    """A visit lies whole in one stretch of the calendar: it may end when it closes and does not span a break."""
    office = Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:30-16:00"]})
    of = policy(zone=None, calendar="office", step=30, minutes=90)
    world = World(engineers=[{"id": "ann"}], calendars={"office": office})

    expected = ["01:00", "01:30", "02:00", "02:30", "05:30", "06:00", "06:30"]

    assert [f"2026-03-02T{time}" for time in expected] == starts(of, MONDAY, world)


def test_a_visit_may_begin_just_when_its_lead_is_over() -> None:
    """The lead is a bound that counts itself: a visit exactly so long from now can be booked, one before it cannot."""
    of = policy(lead="2h", minutes=60)

    assert "2026-03-02T10:00" == starts(of, MONDAY + 8 * HOUR)[0]
    assert "2026-03-02T11:00" == starts(of, MONDAY + 8 * HOUR + timedelta(microseconds=1))[0]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # 02:00 does not exist on the day the clock springs forward, 02:00 comes twice on the day it falls back.
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), ["23:00", "00:00", "01:00", "02:00"]),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), ["22:00", "23:00", "00:00", "02:00"]),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 13, 30, tzinfo=UTC), ["13:30", "14:30", "16:00", "17:00"]),
    ],
)
def test_a_change_of_the_clock_is_exact(zone: str, day: datetime, expected: list[str]) -> None:
    """A wall time that is skipped is not offered, one that comes twice is the first, and visits keep their length."""
    of = policy(zone=zone, step=60, minutes=30)

    found = dispatch.slots(of, ticket(), World(engineers=[{"id": "ann"}]), day)

    assert expected == [window.start.isoformat()[11:16] for window in found[:4]]
    assert {timedelta(minutes=30)} == {window.end - window.start for window in found}
    assert sorted({window.start for window in found}) == [window.start for window in found]


def test_days_are_dates_of_the_zone() -> None:
    """Today is the date in the zone of the policy, whatever the date in UTC."""
    of = policy(zone="Asia/Shanghai", step=720, minutes=60, days=2)

    assert ["2026-03-02T04:00", "2026-03-02T16:00", "2026-03-03T04:00"] == starts(of, MONDAY + HOUR)
    assert ["2026-03-02T04:00"] == starts(of, MONDAY + HOUR, days=1)


def test_the_length_of_a_visit_comes_of_the_ticket() -> None:
    """``minutes`` is an expression over the fields, rounded up to whole cells of five minutes."""
    of = policy(minutes="units * 20 + 1", step=720)
    asked = ticket(fields=FrozenMap({"units": 3}))

    (first, *_) = dispatch.slots(of, asked, World(engineers=[{"id": "ann"}]), MONDAY)

    assert timedelta(minutes=65) == first.end - first.start


@pytest.mark.parametrize("value", [0, -5, 1_441, "long"])
def test_a_length_that_is_none_is_told(value: Any) -> None:
    """A visit of no length, of more than a day or of words is refused with what it should be."""
    with pytest.raises(ExpressionError, match="whole minutes from 1 to 1440"):
        dispatch.slots(policy(minutes="long"), ticket(fields=FrozenMap({"long": value})), World(), MONDAY)


# who could come ---------------------------------------------------------------------------------------------------


def test_everything_is_asked_as_of_the_visit() -> None:
    """Shift, absence and certificate count for the whole visit, presence not at all: nobody is there at night to book."""
    world = World(
        engineers=[
            {"id": "shift", "shift": "late"},
            {"id": "ill", "absences": [(MONDAY + 11 * HOUR, MONDAY + 24 * HOUR)]},
            {"id": "paper", "certificates": {"gas": MONDAY + 10 * HOUR}},
            {"id": "away", "certificates": {"gas": None}},
        ],
        presence={"away": "offline"},
        calendars={"late": Calendar(zone="UTC", week={"mon": ["10:30-18:00"]})},
    )
    of = policy({"open": "shift"}, minutes=60)

    def who(hour: int, of: Policy = of) -> set[str]:
        found = dispatch.slots(of, ticket(), world, MONDAY)
        return next((set(one.who) for one in found if one.start == MONDAY + hour * HOUR), set())

    assert {"ill", "paper", "away"} == who(10)  # the shift begins half an hour into it, the absence at its very end
    assert {"shift", "paper", "away"} == who(11)
    assert {"paper", "away"} == who(9, policy({"certificate": "'gas'"}, minutes=60))  # it holds until the very end
    assert {"away"} == who(10, policy({"certificate": "'gas'"}, minutes=60))


def test_nobody_is_offered_who_is_with_another_customer() -> None:
    """A booking keeps its half-open stretch: visits may touch it on either side and not overlap it."""
    world = World(engineers=[{"id": "ann"}], booked={"ann": [(MONDAY + 10 * HOUR, MONDAY + 11 * HOUR)]})

    found = starts(policy(step=30, minutes=60), MONDAY + 8 * HOUR + 1.5 * HOUR, world)

    assert ["2026-03-02T11:00", "2026-03-02T11:30"] == found[:2]
    assert "2026-03-02T09:00" in starts(policy(step=30, minutes=60), MONDAY + 9 * HOUR, world)


def test_a_ticket_does_not_stand_in_its_own_way() -> None:
    """Whoever moves a visit may take of the time it has; the time of others stays taken."""
    own = Appointment(policy="visit", start=MONDAY + 10 * HOUR, end=MONDAY + 11 * HOUR, to="ann")
    world = World(engineers=[{"id": "ann"}], booked={"ann": [(MONDAY + 10 * HOUR, MONDAY + 12 * HOUR)]})

    found = dispatch.slots(policy(step=30, minutes=60), ticket(appointment=own), world, MONDAY + 9.5 * HOUR)

    assert [MONDAY + 9.5 * HOUR, MONDAY + 10 * HOUR, MONDAY + 12 * HOUR] == [one.start for one in found[:3]]


def test_on_request_every_window_says_why_not() -> None:
    """With an explanation every window is there, with all verdicts and the sentence that counts them."""
    world = World(
        engineers=[{"id": "ann", "skills": ["ac"]}, {"id": "bob"}],
        booked={"ann": [(MONDAY, MONDAY + HOUR)]},
    )
    first, second, *_ = dispatch.slots(policy({"skill": "'ac'"}), ticket(), world, MONDAY, explain=True)

    assert (0, 1) == (first.count, second.count)
    assert first.choice is not None
    assert ["booked"] == [verdict.rule for verdict in first.choice.why_not("ann")]
    assert ["skill"] == [verdict.rule for verdict in first.choice.why_not("bob")]
    assert "1 booked by other customers then" in first.choice.summary()
    assert "1 个届时已被其他客户预约" in first.choice.summary("zh")
    assert {"start", "end", "count", "who", "choice"} == set(first.as_data())


def test_explaining_changes_nothing() -> None:
    """The windows and who could come to them are the same with and without an explanation."""
    world = World(
        engineers=[{"id": f"e{n}", "skills": {"ac": n % 3}, "areas": [f"a{n % 2}"]} for n in range(12)],
        booked={f"e{n}": [(MONDAY + n * HOUR, MONDAY + (n + 2) * HOUR)] for n in range(12)},
    )
    of = policy({"skill": "'ac'"}, {"area": "'a1'"}, {"when": "appointment.start.getHours() != 9 || candidate.id != 'e1'"})

    plain = dispatch.slots(of, ticket(), world, MONDAY)
    told = [window for window in dispatch.slots(of, ticket(), world, MONDAY, explain=True) if window.count]

    assert list(plain) == told
    assert plain


def test_a_world_without_anybody_offers_nothing() -> None:
    """An empty world is no error: there is simply no visit."""
    assert [] == starts(policy(), MONDAY, World())
    assert () == dispatch.slots(policy(), ticket(), None, MONDAY)


# wrong input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "path", "code"),
    [
        ({"zone": "Mars/Olympus"}, "appointment.zone", "dispatch.zone"),
        ({"zone": None}, "appointment.zone", "dispatch.appointment_zone"),
        ({"step": 7}, "appointment.step", "dispatch.cell"),
        ({"step": 0}, "appointment.step", "dispatch.whole"),
        ({"step": 5, "days": 90}, "appointment.step", "dispatch.starts"),
        ({"minutes": 0}, "appointment.minutes", "dispatch.appointment_minutes"),
        ({"minutes": "clock.x.due"}, "appointment.minutes", "dispatch.reads_time"),
        ({"days": 91}, "appointment.days", "dispatch.whole"),
        ({"lead": "2 business days"}, "appointment.lead", "dispatch.exact_span"),
        ({"lead": "soon"}, "appointment.lead", "dispatch.span"),
        ({"moves": -1}, "appointment.moves", "dispatch.whole"),
        ({"remind": ["1h", "often"]}, "appointment.remind[1]", "dispatch.span"),
        ({"mintues": 5}, "appointment.mintues", "dispatch.unknown_key"),
    ],
)
def test_a_wrong_option_is_told_where_it_stands(options: dict[str, Any], path: str, code: str) -> None:
    """Each mistake is a finding with its place."""
    with pytest.raises(DefinitionError) as error:
        policy(**options)

    assert [(path, code)] == [(finding.path, finding.code) for finding in error.value.findings]


def test_the_mode_needs_to_know_what_can_be_booked() -> None:
    """A policy by appointment without ``appointment`` is refused; one that never becomes it warns of what is unused."""
    with pytest.raises(DefinitionError) as error:
        Policy(name="p", mode="assign", relax=[{"after": "1h", "mode": "appointment"}])
    unused = Policy(name="p", appointment={"zone": "UTC"}, pull={"order": ["age"]}).check()

    assert ["dispatch.appointment_missing"] == [finding.code for finding in error.value.findings]
    assert [("dispatch.part_unused", "pull"), ("dispatch.part_unused", "appointment")] == [
        (finding.code, finding.path) for finding in unused
    ]


def test_a_policy_reads_back_equal() -> None:
    """Its data is canonical: what stands at its default is left out, and old policies keep their hash."""
    of = policy(minutes=60, step=60, remind=["1h", "24h"], moves=2)

    assert of == Policy(**of.to_data())
    assert {"zone": "UTC", "days": 1, "moves": 2, "remind": ["24h", "1h"]} == of.to_data()["appointment"]
    assert {"name", "mode"} == set(Policy(name="p", mode="queue").to_data())


def test_wrong_calls_are_told() -> None:
    """A policy without appointments, a calendar that is not there and a naive instant are errors with the next step."""
    with pytest.raises(InputError, match="give it appointment"):
        dispatch.slots(Policy(name="p"), ticket(), World(), MONDAY)
    with pytest.raises(InputError, match="no calendar 'office'"):
        dispatch.slots(policy(calendar="office"), ticket(), World(), MONDAY)
    with pytest.raises(TimeError):
        dispatch.slots(policy(), ticket(), World(), MONDAY.replace(tzinfo=None))
