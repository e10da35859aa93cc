"""Knows what a chain says in quiet hours and what waits for their end; must not know how a calendar counts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from servflow.engine import migrate, plan_migration
from servflow.errors import DefinitionError
from servflow.escalation import history, history_text, plan
from servflow.model import (
    MAX_HELD_BACK,
    Acknowledged,
    Escalated,
    Notify,
    Person,
    QuietEnded,
    Reminded,
    Unreachable,
    World,
    canonical,
    dump,
    load_ticket,
)
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import Case, after, notify, of, told

# The day begins at nine; an hour later it is quiet for three hours.
NIGHT: dict[str, Any] = {"zone": "UTC", "week": {"mon-sun": ["10:00-13:00"]}}
END = 240
LOUD = {"notify": {"to": {"user": "chief"}, "template": "late", "urgent": True}}


def quietly(*levels: dict[str, Any], quiet: Any = "night", **chain: Any) -> Case:
    """A ticket whose chain is quiet from the 60th to the 240th minute; its levels come 90 and 150 minutes after the start."""
    given = levels or (level("one", "90m"), level("two", "1h"))
    case = climbing(*given, quiet=quiet, parts={"calendars": {"night": NIGHT}, **chain.pop("parts", {})}, **chain)
    case.fire("go")
    return case


def test_what_is_not_urgent_waits_for_the_end_of_quiet() -> None:
    """A level acts at its instant and says nothing; its notification goes out when quiet ends, at that very instant."""
    case = quietly({"name": "one", "after": "90m", "do": [{"tag": "late"}, notify("ann")]})
    outcome = case.until(91)

    assert ([("one", "fired")], [], ("late",)) == (reached(outcome), told(outcome), outcome.ticket.tags)
    assert (("ann",), "quiet hours: told at 2026-03-02T13:00:00+00:00") == (
        (record := of(Escalated, outcome.records)[0]).to,
        record.why[-1],
    )

    outcome = case.wake()

    assert (["ann"], [after(END)]) == (told(outcome), [effect.at for effect in outcome.effects])
    assert [(after(END), ("ann",), "fired")] == [
        (record.scheduled, record.to, record.outcome) for record in of(QuietEnded, outcome.records)
    ]
    assert ((), None) == (case.ticket.chains, case.last.wake)


@pytest.mark.parametrize(("minutes", "now"), [(59, True), (60, False), (239, False), (240, True)])
def test_quiet_is_half_open(minutes: int, now: bool) -> None:
    """At its beginning it is quiet, at its end it is not."""
    case = quietly(level("one", f"{minutes}m"))
    case.until(minutes)

    assert now == bool(told(case.wake()))


def test_what_is_urgent_passes() -> None:
    """An urgent notification goes out at once, the others of its level wait."""
    case = quietly({"name": "one", "after": "90m", "do": [notify("ann"), LOUD]})

    assert ["chief"] == told(case.until(91))
    assert ["ann"] == told(case.until(END + 1))


def test_a_late_tick_says_what_waited_at_its_own_instant() -> None:
    """However late anybody looks, the notification belongs to the end of quiet, and the run is the same."""
    late, punctual = quietly(), quietly()
    for minute in (91, 151, 241):
        punctual.until(minute)

    outcome = late.until(9_999)

    assert punctual.ticket == late.ticket
    assert [effect.id for effect in of(Notify, punctual.effects)] == [effect.id for effect in of(Notify, outcome.effects)]
    assert {after(END)} == {effect.at for effect in outcome.effects}


def test_the_last_level_that_waits_speaks_for_all() -> None:
    """Collapse holds in quiet hours too: of what waits only the latest level's is said."""
    case = quietly()
    case.until(91)
    [record] = of(QuietEnded, case.until(151).records)

    assert (0, "coalesced", ("one",), ("two spoke for it",)) == (record.level, record.outcome, record.to, record.why)
    ended = case.until(END + 1)
    [spoken] = of(QuietEnded, ended.records)
    assert (["two"], ("user two",)) == (told(ended), spoken.because)
    assert list(spoken.because) == [effect.reason for effect in of(Notify, ended.effects)]


def test_with_each_all_that_waits_is_said() -> None:
    """With late: each every level says its own, in its order."""
    case = quietly(late="each")
    case.until(151)
    outcome = case.until(END + 1)

    assert (["one", "two"], [0, 1]) == (told(outcome), [record.level for record in of(QuietEnded, outcome.records)])


def test_a_level_that_speaks_at_once_speaks_for_those_that_wait() -> None:
    """Where a later level is urgent, nobody need hear of the earlier one in the morning."""
    case = quietly(level("one", "90m"), {"name": "two", "after": "1h", "do": [LOUD]})

    assert ["chief"] == told(case.until(151))
    assert (None, []) == (case.last.wake, told(case.until(END + 1)))


def test_what_waited_is_spoken_for_by_a_level_caught_up_with_it() -> None:
    """A level after the end of quiet, found in the same late call, speaks for what had waited."""
    case = quietly(level("one", "90m"), level("two", "4h"))
    outcome = case.until(9_999)

    assert (["two"], ["coalesced"]) == (told(outcome), [record.outcome for record in of(QuietEnded, outcome.records)])


@pytest.mark.parametrize(
    ("event", "payload"), [("chain.acknowledge", {}), ("chain.snooze", {"until": "5h"}), ("chain.stop", {"reason": "done"})]
)
def test_an_answer_in_between_silences_what_waits(event: str, payload: dict[str, Any]) -> None:
    """Whoever takes notice, or ends the run, is not told again in the morning."""
    case = quietly()
    case.until(91)
    [record] = of(QuietEnded, case.fire(event, payload, minutes=100).records)

    assert ("coalesced", ("one",), after(100)) == (record.outcome, record.to, record.scheduled)
    assert [] == told(case.until(END + 1))


def test_closing_silences_what_waits() -> None:
    """A ticket that was closed at night wakes nobody."""
    case = quietly(level("one", "90m"))
    case.until(91)
    case.fire("end", minutes=100)

    assert ([], None) == (told(case.until(END + 1)), case.last.wake)


def test_what_waits_is_dropped_on_request() -> None:
    """With take: drop nobody is told afterwards, which the run says in the end where nobody heard at all."""
    case = quietly(quiet={"calendar": "night", "take": "drop"})
    outcome = case.until(9_999)

    assert ([], [(), ()]) == (told(outcome), [record.to for record in of(Escalated, outcome.records)])
    assert ["one: user one; quiet hours: not said; two: user two; quiet hours: not said"] == [
        effect.reason for effect in of(Unreachable, outcome.effects)
    ]


def test_a_reminder_in_quiet_hours_adds_nothing_to_what_waits() -> None:
    """What is waiting to be said does not wait twice; reminders after quiet go out."""
    case = quietly(level("one", "90m", remind={"every": "1h", "times": 3}), late="each")
    for minute in (91, 151, 211):
        case.until(minute)
    assert (2, 1) == (len(of(Reminded, case.records)), len(case.ticket.chains[0].quiet))

    assert ["one"] == told(case.until(END + 1))
    assert ["one"] == told(case.until(300))


def test_data_is_that_of_the_end_of_quiet() -> None:
    """What a notification tells of the ticket is how it stands when it is said."""
    case = quietly(
        {"name": "one", "after": "90m", "do": [{"notify": {"to": {"user": "ann"}, "template": "t", "data": {"n": "n"}}}]},
        fields={"n": {"type": "int", "default": 1}},
    )
    case.until(91)
    case.fire("ticket.update", {"n": 2}, minutes=100)

    assert [2] == [effect.data["n"] for effect in case.until(END + 1).effects]


def test_what_waits_outlasts_a_restart() -> None:
    """A ticket that was kept as JSON meanwhile says the same."""
    case, other = quietly(), quietly()
    case.until(151)
    other.until(151)
    again = case.workflow.advance(load_ticket(dump(case.ticket)), at=after(END + 1))

    assert other.until(END + 1) == again


def test_going_down_takes_back_what_the_levels_above_would_have_said() -> None:
    """Whoever gives the run back below wants that level told, and not those above it."""
    case = quietly(late="each")
    case.until(151)
    case.fire("chain.deescalate", minutes=160)

    assert [0] == [notice.level for notice in case.until(161).ticket.chains[0].quiet]
    assert [("coalesced", 0), ("coalesced", 1)] == [(record.outcome, record.level) for record in of(QuietEnded, case.records)]


def test_a_calendar_that_hardly_ever_closes_is_no_quiet_hours() -> None:
    """What would wait for longer than a month is said at once."""
    case = quietly(parts={"calendars": {"night": {"zone": "UTC", "week": {"mon-sun": ["00:00-24:00"]}}}})

    assert ["one"] == told(case.until(91))


def test_an_acknowledgement_that_is_only_noted_silences_nothing() -> None:
    """With on_ack: continue the climb goes on, and so does what it says."""
    case = quietly(level("one", "90m"), on_ack="continue")
    case.until(91)
    case.fire("chain.acknowledge", minutes=100, actor="ann")

    assert (1, ["one"]) == (len(of(Acknowledged, case.records)), told(case.until(END + 1)))


def test_quiet_may_be_where_each_recipient_lives() -> None:
    """Ten o'clock in the morning here is evening in Tokyo; whose zone nobody knows is quiet when the calendar is."""
    do = [{"notify": {"to": [{"user": who} for who in ("ann", "ken", "who")], "template": "t"}}]
    case = quietly({"name": "one", "after": "90m", "do": do}, quiet={"calendar": "night", "zone": "recipient"}, late="each")
    people = [Person(id="ann", zone="Europe/Lisbon"), Person(id="ken", zone="Asia/Tokyo"), Person(id="who")]
    world = World(people=people)

    assert ["ken"] == told(case.until(91, world=world))
    assert ["ann", "who"] == told(case.until(END + 1, world=world))


def test_quiet_may_be_read_in_another_zone() -> None:
    """The hours of the calendar are those of a wall clock elsewhere."""
    case = quietly(level("one", "30m"), quiet={"calendar": "night", "zone": "Europe/Berlin"})

    assert [] == told(case.until(31))
    assert [after(END - 60)] == [effect.at for effect in case.until(END).effects]


@pytest.mark.parametrize(
    ("quiet", "path"),
    [
        ("nigth", "escalations[0].quiet.calendar"),
        ({"take": "drop"}, "escalations[0].quiet.calendar"),
        ({"calendar": "night", "take": "soon"}, "escalations[0].quiet.take"),
        ({"calendar": "night", "until": "8h"}, "escalations[0].quiet.until"),
        ({"calendar": "night", "zone": "Mars/Olympus"}, "escalations[0].quiet.zone"),
        (7, "escalations[0].quiet"),
    ],
)
def test_wrong_quiet_hours_are_found_at_their_place(quiet: Any, path: str) -> None:
    """A definition with wrong quiet hours is refused with a finding at its place."""
    with pytest.raises(DefinitionError) as caught:
        quietly(quiet=quiet)

    assert [path] == [finding.path for finding in caught.value.findings]


def test_whoever_waits_to_be_told_can_be_erased() -> None:
    """What is held back goes to whoever stands for them then."""
    case = quietly(level("one", "90m", who="ann"), level("two", "9h"))
    case.until(91)
    erased = case.workflow.erase(case.ticket, tuple(case.records), at=after(100), people=["ann"])

    assert b"ann" not in canonical(erased.outcome.ticket)
    assert ["erased-1"] == told(case.workflow.advance(erased.outcome.ticket, at=after(END + 1)))


def test_what_waits_is_said_by_the_edition_it_came_from() -> None:
    """A definition that was edited meanwhile, and given the edition before, says what that one had to say."""
    levels = [{"name": "one", "after": "90m", "do": [{"tag": "x"}, {"notify": {"to": {"user": "ann"}, "template": "old"}}]}]
    case = quietly(*levels)
    case.until(91)
    past = case.workflow.escalations
    edited = quietly(level("other"), parts={"past_chains": past}).workflow

    outcome = edited.advance(case.ticket, at=after(END + 1))

    assert [("ann", "old")] == [(effect.to, effect.template) for effect in of(Notify, outcome.effects)]


def test_what_waited_is_silent_where_the_call_that_finds_it_answers() -> None:
    """Nobody looked since quiet ended; the acknowledgement that makes somebody look silences it, on record."""
    case = quietly(level("one", "90m"), level("two", "90d"))
    case.until(91)
    outcome = case.fire("chain.acknowledge", minutes=END + 60)

    assert ([], ["coalesced"]) == (told(outcome), [record.outcome for record in of(QuietEnded, outcome.records)])


def test_an_answer_at_the_very_end_of_quiet_wins() -> None:
    """What is set for an instant happens once time is past it."""
    case = quietly(level("one", "90m"), level("two", "90d"))
    case.until(91)
    outcome = case.fire("chain.acknowledge", minutes=END)

    assert ([], ["coalesced"]) == (told(outcome), [record.outcome for record in of(QuietEnded, outcome.records)])
    assert [] == told(case.until(END + 60))


def test_what_does_not_fit_is_said_at_once() -> None:
    """A run keeps so many; nobody beyond is forgotten, they are told though it is quiet."""
    groups = [[{"user": f"p{group}-{number}"} for number in range(10)] for group in range(25)]
    do = [{"notify": {"to": group, "template": "t"}} for group in groups]
    case = quietly({"name": "one", "after": "90m", "do": do})

    assert (50, MAX_HELD_BACK) == (len(told(case.until(91))), len(case.ticket.chains[0].quiet))
    assert 250 == len({*told(case.last), *told(case.until(END + 1))})


@pytest.mark.parametrize(("late", "expected"), [("collapse", ["two"]), ("each", ["one", "two"])])
def test_what_waited_for_several_nights_is_said_once(late: str, expected: list[str]) -> None:
    """Nobody looked for days: with collapse the last level's word, at the end of its own night, is all that is said."""
    case = quietly(level("one", "90m"), level("two", "24h"), late=late)
    outcome = case.until(9_999)

    assert (expected, after(END, days=1)) == (told(outcome), outcome.effects[-1].at)


def test_what_waited_speaks_for_a_level_caught_up_with_it() -> None:
    """A level before the night and one at night, found in one call: the one at night speaks for both."""
    case = quietly(level("one", "30m"), level("two", "1h"))
    outcome = case.until(9_999)

    assert ([("one", "coalesced"), ("two", "fired")], ["two"]) == (reached(outcome), told(outcome))


def test_what_waited_does_not_speak_for_its_own_level() -> None:
    """What of a level was urgent went to other people."""
    case = quietly({"name": "one", "after": "90m", "do": [notify("ann"), LOUD]})

    assert ["chief", "ann"] == told(case.until(9_999))


def test_what_was_dropped_leaves_what_was_done() -> None:
    """A level that says nothing in quiet hours, but gives the ticket to somebody, has reached somebody."""
    do = [notify("ann"), {"assign": {"to": {"user": "bob"}}}]
    case = quietly({"name": "one", "after": "90m", "do": do}, quiet={"calendar": "night", "take": "drop"})

    assert [] == of(Unreachable, case.until(9_999).effects)


@pytest.mark.parametrize("urgent", [True, False])
def test_who_stands_in_for_nobody_is_told_as_the_level_would_have(urgent: bool) -> None:
    """The fallback of an urgent level is told at once; both are told what the level has to tell."""
    value = {"to": "owner", "template": "t", "data": {"n": "n"}, "urgent": urgent}
    case = quietly(
        {"name": "one", "after": "90m", "do": [{"notify": value}]},
        on_empty="fallback",
        fallback={"user": "zed"},
        fields={"n": {"type": "int", "default": 7}},
    )
    [effect] = of(Notify, case.until(9_999).effects)

    assert (after(90 if urgent else END), "zed", {"n": 7}, urgent) == (effect.at, effect.to, dict(effect.data), effect.urgent)


def test_whoever_waits_to_be_told_has_not_been_told() -> None:
    """The history of a run names who waits, and counts them among those told once they are."""
    case = quietly(level("one", "90m"), {"name": "two", "after": "9h", "do": [notify("ann"), LOUD]})
    case.until(91)
    [waiting] = history(case.records)
    assert (("one",), ("one",), ()) == (waiting.levels[0].to, waiting.levels[0].waits, waiting.told)

    case.until(END + 1)
    assert ("one",) == history(case.records)[0].told


def test_whoever_was_to_be_told_and_never_was_is_not_told() -> None:
    """Somebody took notice at night; the history says so of those who were to be told in the morning."""
    case = quietly()
    case.until(91)
    case.fire("chain.acknowledge", minutes=100)
    [story] = history(case.records)

    assert ((), [("quiet", "one", "coalesced", ("the run was acknowledged",))]) == (
        story.told,
        [(step.kind, step.name, step.outcome, step.why) for step in story.steps if step.kind == "quiet"],
    )


@pytest.mark.parametrize("late", ["collapse", "each"])
@pytest.mark.parametrize("take", ["later", "drop"])
def test_a_plan_tells_of_quiet_hours_what_they_come_to(late: str, take: str) -> None:
    """The plan of the chain alone and that of the ticket tell the same people at the same instants."""
    levels = (level("one", "30m"), level("two", "1h"), level("three", "30m"))
    case = quietly(*levels, late=late, quiet={"calendar": "night", "take": take})
    [chain], until = case.workflow.escalations, after(days=2)
    alone = plan(chain, after(0), until, calendars=case.workflow.calendars)
    whole = case.workflow.plan(case.ticket, at=after(0), until=until)

    assert [(step.at, step.name, step.to) for step in alone] == [
        (step.at, step.name, step.to) for step in whole if step.outcome == "fired"
    ]


def test_a_reminder_that_waited_goes_out_beside_a_later_level() -> None:
    """A reminder speaks for its own people alone, and nobody speaks for them."""
    case = quietly(level("one", "30m", remind={"every": "110m", "times": 1}), level("two", "1h"))
    case.until(91)
    case.until(141)

    assert ["one", "two"] == told(case.until(END + 1))


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (None, "quiet hours read in night's own zone: no world was given"),
        (World(people=[Person(id="one")]), "quiet hours read in night's own zone: the world knows no zone of one"),
        (World(people=[Person(id="one", zone="Europe/Lisbon")]), "quiet hours: told at 2026-03-02T13:00:00+00:00"),
    ],
)
def test_whose_zone_is_used_is_on_record_where_nobody_knows_it(world: World | None, expected: str) -> None:
    """The quiet hours of the calendar take the place of the recipient's own, and the record says so."""
    case = quietly(level("one", "90m"), quiet={"calendar": "night", "zone": "recipient"})
    [record] = of(Escalated, case.until(91, world=world).records)

    assert expected in record.why


@pytest.mark.parametrize(
    ("event", "payload"), [("chain.acknowledge", {}), ("chain.snooze", {"until": "5h"}), ("chain.stop", {"reason": "done"})]
)
def test_why_nothing_need_be_said_is_told_in_chinese_too(event: str, payload: dict[str, Any]) -> None:
    """Every reason of quiet hours has its words in both languages."""
    case = quietly(level("one", "90m"), level("two", "9h"), quiet={"calendar": "night", "zone": "recipient"})
    case.until(91)
    case.fire(event, payload, minutes=100)

    assert not re.search("quiet|zone|the run", history_text(history(case.records), "zh"))


@pytest.mark.parametrize("chain", [{}, {"ack_ttl": "1h"}])
def test_a_run_that_only_waited_for_the_morning_is_over_when_it_is_resumed(chain: dict[str, Any]) -> None:
    """An acknowledgement silenced all that was left of it; taken back or run out, nothing would ever end it."""
    case = quietly(level("one", "90m"), **chain)
    case.until(91)
    case.fire("chain.acknowledge", minutes=100)
    outcome = case.until(9_999) if chain else case.fire("chain.unacknowledge", minutes=110)

    assert ((), None) == (outcome.ticket.chains, outcome.wake)


@pytest.mark.parametrize(("there", "expected"), [(("two",), []), (("zero", "one"), ["one"])])
def test_what_waits_moves_with_its_level(there: tuple[str, ...], expected: list[str]) -> None:
    """A run that goes on under another edition says what its level held back; where that is gone, that it does not."""
    case = quietly(level("one", "90m"))
    case.until(91)
    new = quietly(*[level(name, "90m") for name in there], parts={"version": 2}).workflow
    moved = migrate(case.ticket, plan_migration(case.workflow, new), at=after(100))

    assert expected == told(new.advance(moved.ticket, at=after(9_999)))
    assert ["coalesced"] * (not expected) == [record.outcome for record in of(QuietEnded, moved.records)]
