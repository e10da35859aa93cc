"""Knows how a level is written and whose calendar it counts in; must not know how levels follow each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar, any_of
from servflow.errors import DefinitionError
from servflow.escalation import Chain, Finder, acknowledge, begin, climb, escalate, plan, wake_up
from servflow.escalation._counting import counted
from servflow.escalation._level import Level
from servflow.model import ChainRun, CountedIn, Ticket, World, dump, load

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-22:00"]})
DAY = Calendar("UTC", {"mon-fri": ["10:00-12:00"]})
TO_ASSIGNEE = {"notify": {"to": "assignee", "template": "late"}}


def calendar(name: str | None) -> Any:
    return Calendar.always() if name is None else {"office": OFFICE}[name]


def world(**more: Any) -> World:
    people: dict[str, Any] = {
        "engineers": [{"id": "bob", "shift": "late", "zone": "America/New_York"}, {"id": "ann"}],
        "people": [{"id": "sue", "zone": "Asia/Tokyo"}],
        "outlets": [{"id": "north", "shift": "day", "zone": "Asia/Tokyo"}, {"id": "south"}],
        "calendars": {"late": LATE, "day": DAY},
    }
    return World(**{**people, **more})


def ticket(**more: Any) -> Ticket:
    return Ticket(**{"id": "T", "workflow": "w", "at": START, "opened_at": START, "assignee": "bob", "outlet": "north", **more})


def finder(known: World | None = None, own: str | None = "office", **more: Any) -> Finder:
    return Finder(calendar, world() if known is None else known, lambda: ticket(**more), lambda: own)


def level(**more: Any) -> Level:
    return Level(**{"name": "one", "after": "1h", "do": [TO_ASSIGNEE], **more})


@pytest.mark.parametrize(
    ("written", "more", "shift", "named", "zone"),
    [
        ({"calendar": {"of": "recipient"}}, {}, "late", None, None),
        ({"zone": "recipient"}, {}, "late", None, None),
        ({"calendar": {"of": "outlet"}}, {}, "day", None, None),
        ({"zone": "outlet"}, {}, "day", None, None),
        ({"calendar": {"of": "ticket"}}, {}, None, "office", None),
        ({"calendar": "office", "zone": "recipient"}, {}, None, "office", "America/New_York"),
        ({"calendar": "office", "zone": "outlet"}, {}, None, "office", "Asia/Tokyo"),
        ({"calendar": "office", "zone": "Europe/Berlin"}, {}, None, "office", "Europe/Berlin"),
        ({"calendar": {"of": "recipient"}, "zone": "Europe/Berlin"}, {}, "late", None, "Europe/Berlin"),
        ({"calendar": {"of": "recipient"}, "zone": "outlet"}, {}, "late", None, "Asia/Tokyo"),
        ({"calendar": {"of": "outlet"}, "zone": "recipient"}, {}, "day", None, "America/New_York"),
        ({"calendar": {"of": "ticket"}, "zone": "recipient"}, {}, None, "office", "America/New_York"),
        ({"zone": "recipient"}, {"assignee": "sue"}, None, "office", "Asia/Tokyo"),
        ({"zone": "recipient"}, {"assignee": "ann"}, None, "office", None),
        ({"calendar": {"of": "recipient"}}, {"assignee": None}, None, "office", None),
        ({"calendar": {"of": "outlet"}}, {"outlet": "south"}, None, "office", None),
        ({"calendar": {"of": "outlet"}}, {"outlet": None}, None, "office", None),
    ],
)
def test_a_level_counts_in_the_calendar_of_whom_it_names(
    written: dict[str, Any], more: dict[str, Any], shift: str | None, named: str | None, zone: str | None
) -> None:
    """The shift of the first addressee or of the outlet counts, else the ticket's calendar, read in the zone that is asked."""
    found = counted(finder(**more), level(**written), START)[1]

    assert found is not None
    assert (shift, named, zone) == (found.shift, found.calendar, found.zone)


@pytest.mark.parametrize(
    ("written", "known", "more", "own", "because"),
    [
        ({"zone": "recipient"}, None, {}, "office", "counts in late, the shift of bob"),
        (
            {"zone": "recipient"},
            None,
            {"assignee": "sue"},
            "office",
            (
                "the world knows no shift of sue; counts in office, the calendar of the ticket;"
                " read in Asia/Tokyo, the zone of sue"
            ),
        ),
        (
            {"calendar": {"of": "outlet"}},
            None,
            {"outlet": "west"},
            None,
            "the world has no outlet west; the ticket has no calendar, counts as time passes",
        ),
        (
            {"calendar": {"of": "outlet"}},
            world(calendars={}),
            {},
            "office",
            "the world has no calendar day, the shift of north; counts in office, the calendar of the ticket",
        ),
        (
            {"calendar": "office", "zone": "recipient"},
            None,
            {"assignee": "nobody"},
            "office",
            "the world knows nobody the level addresses; read in its own zone",
        ),
    ],
)
def test_what_took_the_place_of_an_unknown_calendar_is_said(
    written: dict[str, Any], known: World | None, more: dict[str, Any], own: str | None, because: str
) -> None:
    """Where the world does not know it, the run tells in words what counts instead."""
    found = counted(finder(known, own, **more), level(**written), START)[1]

    assert found is not None
    assert because == found.because


def test_without_a_world_a_level_counts_as_the_ticket_does() -> None:
    """A host that gives no world gets the ticket's calendar, and that is said."""
    asked = Finder(calendar, None, ticket, lambda: "office")

    found = counted(asked, level(zone="recipient"), START)

    because = "no world was given; counts in office, the calendar of the ticket"
    assert (OFFICE, CountedIn(calendar="office", because=because)) == found


def test_hours_are_read_in_another_zone() -> None:
    """Nine to five of an office means nine to five where the addressee lives."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="2h", calendar="office", zone="recipient")])

    run = begin(chain, "x", START, finder())

    # It is four in the morning in New York; two hours from nine there are eleven o'clock, 16:00 UTC.
    assert datetime(2026, 3, 2, 16, tzinfo=UTC) == run.due


def test_what_was_left_counts_in_the_same_calendar_though_the_ticket_has_moved_on() -> None:
    """An acknowledged run goes on in the calendar its delay began with, whoever has the ticket by then."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="4h", zone="recipient")])
    held = {"assignee": "bob"}
    asked = Finder(calendar, world(), lambda: ticket(**held), lambda: "office")
    run = begin(chain, "x", START, asked)
    held["assignee"] = "sue"

    resting = acknowledge(chain, run, datetime(2026, 3, 2, 15, tzinfo=UTC), "sue", asked)
    again = carried(resting)
    woken = wake_up(chain, again, datetime(2026, 3, 3, 9, tzinfo=UTC), asked)

    assert (datetime(2026, 3, 2, 18, tzinfo=UTC), timedelta(hours=3)) == (run.due, resting.left)
    assert (datetime(2026, 3, 3, 17, tzinfo=UTC), run.counted_in) == (woken.due, woken.counted_in)


def carried(run: ChainRun) -> ChainRun:
    """The run after its ticket went through JSON."""
    found: ChainRun = load(json.loads(json.dumps(dump(ticket(chains=(run,)))))).chains[0]
    return found


def test_reminders_count_as_their_level_did() -> None:
    """A reminder of a level counts in the calendar of that level's delay, not in that of the next one."""
    one = level(zone="recipient", remind={"every": "9h", "times": 2})
    chain = Chain(name="c", start={"event": "x"}, levels=[one, level(name="two", after="1h")])
    asked = finder()

    run = climb(chain, begin(chain, "x", START, asked), asked)

    assert ("late", None) == (run.reminders[0].counted_in and run.reminders[0].counted_in.shift, run.counted_in)
    assert datetime(2026, 3, 3, 16, tzinfo=UTC) == run.reminders[0].due


def test_a_shift_that_the_world_lost_is_replaced_and_said() -> None:
    """What is left of a delay counts as time passes where the world no longer has the shift: it is never due early."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="4h", zone="recipient")])
    run = begin(chain, "x", START, finder())
    lost = finder(world(calendars={}))

    resting = acknowledge(chain, run, START, None, lost)
    woken = wake_up(chain, resting, START, lost)

    assert "the world has no calendar late; what is left counts as time passes" == (
        woken.counted_in and woken.counted_in.because
    )
    assert (datetime(2026, 3, 2, 18, tzinfo=UTC), run.due) == (run.due, woken.due)


def test_a_shift_that_is_lost_while_a_run_rests_is_replaced_and_said() -> None:
    """What was left then is known, and counts in the ticket's calendar."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="4h", zone="recipient")])
    lost = finder(world(calendars={}))
    resting = acknowledge(chain, begin(chain, "x", START, finder()), START, None, finder())

    woken = wake_up(chain, resting, START, lost)

    assert "the world has no calendar late; counts in office, the calendar of the ticket" == (
        woken.counted_in and woken.counted_in.because
    )
    assert (timedelta(hours=4), datetime(2026, 3, 2, 13, tzinfo=UTC)) == (resting.left, woken.due)


def test_reminders_of_a_lost_shift_stay_where_they_were_when_a_run_rests_no_time() -> None:
    """Taking notice and taking it back at once moves no reminder, whatever the world knows meanwhile."""
    one = level(zone="recipient", remind={"every": "9h", "times": 2})
    chain = Chain(name="c", start={"event": "x"}, levels=[one, level(name="two", after="1h")])
    run = climb(chain, begin(chain, "x", START, finder()), finder())
    lost = finder(world(calendars={}))

    woken = wake_up(chain, acknowledge(chain, run, START, None, lost), START, lost)

    assert run.reminders == woken.reminders


def test_a_calendar_that_the_definition_lost_is_replaced_and_said() -> None:
    """What is left of a delay goes on in the ticket's calendar where a new version has no calendar of that name."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="4h", calendar={"of": "ticket"})])
    run = begin(chain, "x", START, finder())
    gone = Finder({None: Calendar.always()}.__getitem__, world(), ticket, lambda: None)

    woken = wake_up(chain, acknowledge(chain, run, START, None, gone), START, gone)

    because = woken.counted_in.because if woken.counted_in else ""
    assert "there is no calendar office; what is left counts as time passes" == because
    assert run.due == woken.due


def test_a_plan_counts_with_the_same_finder() -> None:
    """A preview that is given who and where counts as the run does; without them as time passes."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(after="1h", zone="recipient")])
    until = START + timedelta(days=3)

    assert datetime(2026, 3, 2, 15, tzinfo=UTC) == plan(chain, START, until, calendars=finder())[0].at
    assert START + timedelta(hours=1) == plan(chain, START, until)[0].at


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ({"calendar": {"of": "someone"}}, ["escalation.option"]),
        ({"calendar": {"whose": "ticket"}}, ["escalation.unknown_key", "escalation.missing", "escalation.option"]),
        ({"calendar": ["office"]}, ["escalation.name"]),
        ({"zone": "Mars/Base", "calendar": "office"}, ["escalation.zone"]),
        ({"zone": "Europe/Berlin"}, ["escalation.zone_alone"]),
        ({"otherwise": "hop"}, ["escalation.option"]),
        ({"otherwise": {"goto": ""}}, ["escalation.name"]),
        ({"otherwise": {"to": "x"}}, ["escalation.unknown_key", "escalation.missing", "escalation.name"]),
        ({"keep_owner": "perhaps"}, ["escalation.option"]),
        ({"after": "2 business days"}, ["escalation.business_days"]),
    ],
)
def test_a_level_written_wrong_is_refused(written: dict[str, Any], codes: list[str]) -> None:
    """Every part of a level that is written wrong is told at once."""
    with pytest.raises(DefinitionError) as caught:
        level(**written)

    assert codes == [finding.code for finding in caught.value.findings]


def test_business_days_may_be_those_of_a_shift() -> None:
    """Whoever's calendar counts tells which days are business days."""
    asked = level(after="2 business days", zone="recipient")
    chain = Chain(name="c", start={"event": "x"}, levels=[asked])

    assert datetime(2026, 3, 3, 22, tzinfo=UTC) == begin(chain, "x", START, finder()).due


@pytest.mark.parametrize("target", ["one", "nowhere"])
def test_a_climb_goes_on_upwards_only(target: str) -> None:
    """A level may go on with a later one only."""
    levels = [level(), level(name="two", otherwise={"goto": target}), level(name="three")]

    with pytest.raises(DefinitionError) as caught:
        Chain(name="c", start={"event": "x"}, levels=levels)

    found = caught.value.findings[0]
    assert ("escalation.goto", "levels[1].otherwise.goto", ("three",)) == (found.code, found.path, found.facts["known"])


def test_a_level_says_again_what_it_was_written_with() -> None:
    """Every new part goes through the JSON form, and what is not given leaves the chain's hash alone."""
    full = level(calendar={"of": "ticket"}, zone="Asia/Tokyo", otherwise={"goto": "two"}, keep_owner=True)
    plain = Level(name="one", after="1h")

    assert full == Level(**full.to_data())
    assert {"name": "one", "after": "1h"} == plain.to_data()


@pytest.mark.parametrize(
    ("after", "en", "zh"),
    [("-5m", "is not a span", "不是有效的时长"), ("40000d", "is longer than 100 years", "超过 100 年")],
)
def test_a_negative_or_huge_delay_is_refused_with_what_is_wrong(after: str, en: str, zh: str) -> None:
    """Both languages say whether a delay is none, or too long."""
    with pytest.raises(DefinitionError) as caught:
        Level(name="one", after=after, do=[{"notify": {"to": "owner", "template": "t"}}])
    (finding,) = caught.value.findings

    assert (True, True) == (en in finding.text("en"), zh in finding.text("zh"))


def test_reminders_count_as_the_delay_of_their_level_did_though_the_ticket_has_moved_on() -> None:
    """Whoever has the ticket when the level is reached, its reminders count in what its delay began with."""
    chain = Chain(name="c", start={"event": "x"}, levels=[level(zone="recipient", remind={"every": "2h", "times": 1})])
    held = {"assignee": "bob"}
    asked = Finder(calendar, world(), lambda: ticket(**held), lambda: "office")
    run = begin(chain, "x", START, asked)
    held["assignee"] = "ann"

    reached = climb(chain, run, asked)

    assert datetime(2026, 3, 2, 17, tzinfo=UTC) == reached.reminders[0].due


@pytest.mark.parametrize("how", ["sent to it", "restarted"])
def test_a_level_that_comes_again_counts_in_what_holds_by_then(how: str) -> None:
    """Who is looked up anew, and kept for what comes after: a rest of that delay, and the reminders of the level."""
    one = level(after="1h", zone="recipient", remind={"every": "2h", "times": 1})
    chain = Chain(name="c", start={"event": "x"}, levels=[one, level(name="two", after="9h")], unack="restart")
    held: dict[str, Any] = {"assignee": None}
    asked = Finder(calendar, world(), lambda: ticket(**held), lambda: "office")
    run = climb(chain, begin(chain, "x", START, asked), asked)
    held["assignee"] = "bob"
    at = datetime(2026, 3, 2, 11, tzinfo=UTC)

    if how == "restarted":
        run = wake_up(chain, acknowledge(chain, run, at, "ann", asked), at, asked)
        assert datetime(2026, 3, 2, 15, tzinfo=UTC) == run.due
    else:
        run = escalate(chain, run, at, "one", cal_of=asked)
        assert at == run.due
    assert (2, "late") == (run.climb, run.counted_in and run.counted_in.shift)
    held["assignee"] = "ann"
    later = {"restarted": datetime(2026, 3, 2, 17, tzinfo=UTC), "sent to it": datetime(2026, 3, 2, 16, tzinfo=UTC)}
    assert later[how] == climb(chain, run, asked).reminders[0].due


def test_hours_put_together_are_read_in_another_zone() -> None:
    """Each part of a calendar that is made of several is read where the addressee lives."""
    either = any_of(Calendar("UTC", {"mon-fri": ["09:00-10:00"]}), Calendar("UTC", {"mon-fri": ["12:00-14:00"]}))
    known = world(calendars={"late": either, "day": DAY})
    written = level(after="2h", calendar={"of": "recipient"}, zone="America/New_York")
    run = begin(Chain(name="c", start={"event": "x"}, levels=[written]), "x", START, finder(known))

    # From nine to ten and from twelve on in New York is from 14:00 and from 17:00 in UTC.
    assert datetime(2026, 3, 2, 18, tzinfo=UTC) == run.due


def test_the_outlet_of_nobody_without_a_world() -> None:
    """Without a world nobody knows the outlet's hours, and that is said."""
    found = counted(Finder(calendar, None, ticket, lambda: "office"), level(calendar={"of": "outlet"}), START)

    assert (OFFICE, "no world was given; counts in office, the calendar of the ticket") == (
        found[0],
        found[1] and found[1].because,
    )
