"""Knows what each requirement asks and what relaxing it lets in; must not know how candidates are ranked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.dispatch import Policy, Verdict, evaluate, why_not
from servflow.errors import DefinitionError
from servflow.model import Appointment, FrozenMap, Held, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
DAY = Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-18:00"]})
AREAS = {"pudong": "shanghai", "puxi": "shanghai", "shanghai": "east", "hangzhou": "east"}


def ticket(**changes: Any) -> Ticket:
    """A ticket about an air conditioner in Pudong."""
    fields = {"category": "ac", "region": "pudong", **changes.pop("fields", {})}
    return Ticket(**{"id": "T1", "workflow": "w", "at": AT, "opened_at": AT, "fields": FrozenMap(fields), **changes})


def world(*engineers: dict[str, Any], **changes: Any) -> World:
    """A world of these engineers, named a, b, c ... unless they say otherwise."""
    named = [{"id": chr(ord("a") + index), **engineer} for index, engineer in enumerate(engineers)]
    return World(**{"engineers": named, "areas": AREAS, "calendars": {"day": DAY}, **changes})


def policy(*require: dict[str, Any], **changes: Any) -> Policy:
    """A policy that requires this."""
    return Policy(name="p", require=require, **changes)


def fit(rule: Policy, on: Ticket, people: World, at: datetime = AT, stage: int = 0) -> str:
    """The ids of those who fit, as one sorted word."""
    return "".join(sorted(item.id for item in evaluate(rule, on, people, at, stage=stage, explain=False).ranked))


def verdict(rule: Policy, on: Ticket, people: World, candidate: str, name: str, at: datetime = AT) -> Verdict:
    """The verdict of one rule on one candidate."""
    [found] = [item for item in evaluate(rule, on, people, at).verdicts if (item.candidate, item.rule) == (candidate, name)]
    return found


# who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected", "key"),
    [
        ("engineers", "e", "engineer:e"),
        ("agents", "g", "engineer:g"),
        ("bots", "r", "engineer:r"),
        ("people", "egr", "engineer:e"),
        ("outlets", "o", "outlet:o"),
        ("providers", "p", "provider:p"),
        ("queues", "q", "queue:q"),
    ],
)
def test_every_kind_of_candidate(kind: str, expected: str, key: str) -> None:
    """A policy takes candidates of one kind; people are engineers, agents and bots, and share one space of keys."""
    skills = {"skills": {"ac": 2}, "areas": ["shanghai"]}
    everybody = World(
        engineers=[{"id": "e", **skills}],
        agents=[{"id": "g", **skills}],
        bots=[{"id": "r", **skills}],
        outlets=[{"id": "o", **skills}],
        providers=[{"id": "p", **skills}],
        queues=[{"id": "q", **skills}],
        areas=AREAS,
    )
    rule = policy({"skill": "category"}, {"area": "region"}, {"below": "capacity"}, {"open": "shift"}, candidates=kind)

    choice = evaluate(rule, ticket(), everybody, AT)

    assert sorted(expected) == sorted(item.id for item in choice.ranked)
    assert key in {item.key for item in choice.ranked}
    assert str(len(expected)) in choice.summary("zh")


def test_the_slot_says_who_is_usual() -> None:
    """Outlets fill the slot outlet, providers the slot provider, queues the slot queue, engineers every other."""
    usual = {slot: Policy(name="p", slot=slot).candidates for slot in ("outlet", "provider", "queue", "assignee", "owner")}

    assert usual == {
        "outlet": "outlets",
        "provider": "providers",
        "queue": "queues",
        "assignee": "engineers",
        "owner": "engineers",
    }
    assert "candidates" not in Policy(name="p", slot="queue").to_data()


def test_of_names_any_slot_or_a_field() -> None:
    """People of that outlet, queue or provider, or who report to that person; a field may hold any of these."""
    people = world(
        {"outlet": "o1"},
        {"queues": ["care"]},
        {"outlet": "o2", "manager": "boss"},
        outlets=[{"id": "o1", "provider": "acme"}, {"id": "o2"}],
    )
    on = ticket(outlet="o1", queue="care", provider="acme", owner="boss", fields={"team": "o2", "none": None})

    found = {of: fit(policy(of=of), on, people) for of in ("outlet", "queue", "provider", "owner", "team", "none")}

    assert found == {"outlet": "a", "queue": "b", "provider": "a", "owner": "c", "team": "c", "none": ""}


def test_places_have_what_people_have() -> None:
    """A language, a certificate or a part is asked of outlets and providers as of people; one that expired counts as none."""
    asked = ({"language": "'en'"}, {"certificate": "'gas'"}, {"part": "'fan'"}, {"when": "'gas' in candidate.certificates"})
    sites = [
        {"id": "a", "languages": "en", "certificates": {"gas": None}, "parts": {"fan": 1}},
        {"id": "b", "languages": "en", "certificates": {"gas": AT}, "parts": {"fan": 1}},
        {"id": "c"},
    ]
    for kind in ("outlets", "providers"):
        assert "a" == fit(policy(*asked, candidates=kind), ticket(), World(**{kind: sites}))
        assert "ab" == fit(policy(asked[2], candidates=kind), ticket(), World(**{kind: sites}))


def test_the_stock_of_an_outlet_is_not_in_the_car() -> None:
    """A part is asked of whoever is chosen: its people have what they carry, not what lies in the outlet."""
    stocked = world({"outlet": "o"}, {"outlet": "o", "parts": {"fan": 1}}, outlets=[{"id": "o", "parts": {"fan": 9}}])

    assert "b" == fit(policy({"part": "'fan'"}), ticket(), stocked)


@pytest.mark.parametrize("asked", [{"language": "'en'"}, {"certificate": "'gas'"}, {"part": "'fan'"}])
def test_queues_have_less(asked: dict[str, Any]) -> None:
    """A queue speaks no language, holds no certificate and has no parts: asking for one is refused at load."""
    with pytest.raises(DefinitionError) as refused:
        policy(asked, candidates="queues")

    assert ["dispatch.not_for_outlets"] == [finding.code for finding in refused.value.findings]
    assert "queues" in refused.value.findings[0].message("en")


# capacity ---------------------------------------------------------------------------------------------------------


def test_a_ticket_may_take_minutes() -> None:
    """What it takes must fit into what is left, to the last unit; what the ticket itself holds is left too."""
    rule = policy({"below": "capacity"}, takes="minutes")
    people = world({"capacity": 480}, {"capacity": 480}, {"capacity": 60}, {}, loads={"a": 390, "b": 391})
    on = ticket(fields={"minutes": 90})

    assert "ad" == fit(rule, on, people)
    assert "abd" == fit(rule, ticket(fields={"minutes": 90}, held=(Held("engineer:b", 90),)), people)
    assert "abcd" == fit(rule, ticket(fields={"minutes": None}), people)
    assert {"load": 391, "capacity": 480, "takes": 90} == verdict(rule, on, people, "b", "below").have


def test_one_ticket_is_the_same_as_a_load_below() -> None:
    """Without ``takes`` a ticket takes one unit, and the policy is written as before."""
    rule = policy({"below": "capacity"}, {"below": 2}, takes=1)

    assert rule == policy({"below": "capacity"}, {"below": 2})
    assert "a" == fit(rule, ticket(), world({"capacity": 3}, {"capacity": 3}, {"capacity": 1}, loads={"a": 1, "b": 2, "c": 1}))


@pytest.mark.parametrize("takes", ["minutes / 0", "minutes - 1", "region"])
def test_nobody_fits_while_what_is_taken_is_not_known(takes: str) -> None:
    """What cannot be computed, or is no whole number from 1 on, is met by nobody, and the verdict says why."""
    rule = policy(takes=takes)
    on = ticket(fields={"minutes": 1})

    [found] = why_not(rule, on, world({}), AT, "a")

    assert ("takes", "error") == (found.rule, found.why)
    assert {"takes": 1} == dict(evaluate(rule, on, world({}), AT).counts)


def test_a_constant_that_nobody_can_take_is_refused() -> None:
    """Zero, less or text is found when the policy is read."""
    for takes in (0, -3, "'two'", "1.5"):
        with pytest.raises(DefinitionError) as refused:
            policy(takes=takes)
        assert [("takes", "dispatch.takes")] == [(finding.path, finding.code) for finding in refused.value.findings]


def test_each_channel_has_a_capacity_of_its_own() -> None:
    """Both the whole capacity and that of the ticket's channel must have room; a channel nobody limits is free."""
    rule = policy({"below": "capacity"})
    body = {"capacity": 5, "per_channel": {"chat": 2}}
    people = world(
        body, body, body, {"capacity": 5}, loads={"a": 1, "b": 2, "c": 5}, channel_loads={"a": {"chat": 1}, "b": {"chat": 2}}
    )

    assert "ad" == fit(rule, ticket(channel="chat"), people)
    assert "abd" == fit(rule, ticket(channel="phone"), people)
    assert "abd" == fit(rule, ticket(channel="chat", held=(Held("engineer:b"), Held("engineer:b/chat"))), people)
    assert 2 == verdict(rule, ticket(channel="chat"), people, "b", "below").have["channel load"]


def test_normal_capacity_and_the_pinch() -> None:
    """``below: normal`` leaves a reserve that the step ``below: capacity`` opens, for channels as well."""
    rule = policy({"below": "normal"}, relax=[{"after": "1h", "below": "capacity"}])
    people = world(
        {"capacity": 4, "normal": 2},
        {"capacity": 4},
        {"capacity": 4, "per_channel": {"chat": {"most": 3, "normal": 1}}},
        loads={"a": 2, "b": 2, "c": 1},
        channel_loads={"c": {"chat": 1}},
    )
    on = ticket(channel="chat")

    assert "b" == fit(rule, on, people)
    assert "abc" == fit(rule, on, people, stage=1)
    assert ["below capacity"] == [step.text for step in rule.relax]
    assert "capacity" == evaluate(rule, on, people, AT, stage=1).verdicts[0].need


def test_a_full_candidate_is_expected_back() -> None:
    """The verdict of somebody full says when the host expects room again."""
    rule = policy({"below": "capacity"})
    people = world({"capacity": 1}, {"capacity": 1}, loads={"a": 1}, free_at={"a": AT + 4 * HOUR, "b": AT + HOUR})

    assert AT + 4 * HOUR == verdict(rule, ticket(), people, "a", "below").again_at
    assert None is verdict(rule, ticket(), people, "b", "below").again_at
    assert None is verdict(rule, ticket(), people, "a", "below", AT + 4 * HOUR).again_at


# time -------------------------------------------------------------------------------------------------------------

VISIT = {"start": "begin", "minutes": 60}


def visit(begin: datetime | None, **fields: Any) -> Ticket:
    """A ticket with a visit at an instant."""
    return ticket(fields={"begin": begin, **fields})


def test_a_shift_is_open_for_the_whole_visit() -> None:
    """A visit may end at the very end of the shift, and not a moment later; without a start there is no visit."""
    rule = policy({"open": "shift"}, visit=VISIT)
    people = world({"shift": "day"})
    closing = AT + 8 * HOUR

    assert "a" == fit(rule, visit(closing - HOUR), people)
    assert "" == fit(rule, visit(closing - HOUR + TICK), people)
    assert "" == fit(rule, visit(AT - HOUR - TICK), people, AT - 9 * HOUR)
    assert "a" == fit(rule, visit(AT - HOUR), people, AT - 9 * HOUR)
    assert "a" == fit(rule, visit(None), people)
    assert "a" == fit(rule, visit((closing - HOUR).isoformat()), people)


def test_absence_is_judged_over_the_visit() -> None:
    """Whoever is back before it, or leaves at its end, can come; an absence that lies within it is in the way."""
    rule = policy(visit=VISIT)
    start = AT + 5 * HOUR
    people = world(
        {"absences": [(AT - HOUR, start)]},
        {"absences": [(start + HOUR, start + 2 * HOUR)]},
        {"absences": [(start + HOUR / 4, start + HOUR / 2)]},
        {"absences": [(start + HOUR - TICK, start + 9 * HOUR)]},
    )

    assert "ab" == fit(rule, visit(start), people)
    assert "bcd" == fit(rule, visit(None), people)
    assert [start + HOUR / 4, start + HOUR / 2] == verdict(rule, visit(start), people, "c", "absence").have


def test_a_certificate_is_valid_at_the_visit() -> None:
    """It may expire at the very end of the visit; the verdict tells when it is lost."""
    rule = policy({"certificate": "'gas'"}, visit=VISIT)
    start = AT + 48 * HOUR
    people = world(
        {"certificates": {"gas": start + HOUR}},
        {"certificates": {"gas": start + HOUR - TICK}},
        {"certificates": {"gas": None}},
        {"certificates": {"gas": AT}},
    )

    assert "ac" == fit(rule, visit(start), people)
    assert "abc" == fit(rule, visit(None), people)
    assert start + HOUR == verdict(rule, visit(start), people, "a", "certificate").again_at


def test_what_a_condition_sees_of_certificates_is_valid() -> None:
    """An expired certificate is not seen by a condition, which turns by itself when it expires."""
    rule = policy({"when": "'gas' in candidate.certificates"})
    people = world({"certificates": {"gas": AT + HOUR}}, {"certificates": {"gas": AT}}, {"certificates": {"gas": None}})

    assert "ac" == fit(rule, ticket(), people)
    assert AT + HOUR == evaluate(rule, ticket(), people, AT).next_change
    assert "c" == fit(rule, ticket(), people, AT + HOUR)


def test_what_is_left_of_a_visit_counts() -> None:
    """Once it has begun the rest must be free, and once it is over the present."""
    rule = policy({"open": "shift"}, visit=VISIT)
    people = world({"absences": [(AT, AT + HOUR / 2)]}, {"shift": "day", "absences": [(AT + 2 * HOUR, AT + 3 * HOUR)]})

    assert "b" == fit(rule, visit(AT), people)
    assert AT + HOUR / 2 == verdict(rule, visit(AT), people, "a", "absence").again_at
    assert "ab" == fit(rule, visit(AT), people, AT + HOUR / 2)
    assert "a" == fit(rule, visit(AT), people, AT + 2 * HOUR)


def test_a_visit_that_begins_at_once_moves_with_the_question() -> None:
    """Without a start the minutes count from the decision: an hour before closing is the last moment to begin."""
    rule = policy({"open": "shift"}, visit={"minutes": 60})
    people = world({"shift": "day"})
    closing = AT + 8 * HOUR

    assert "a" == fit(rule, ticket(), people, closing - HOUR)
    assert "" == fit(rule, ticket(), people, closing - HOUR + TICK)
    assert closing - HOUR + TICK == evaluate(rule, ticket(), people, AT).next_change


def test_a_window_leaves_a_choice_of_when() -> None:
    """Whoever can begin at any instant of the window is free: after an absence, or up to the end of a shift."""
    rule = policy({"open": "shift"}, {"window": True}, visit={**VISIT, "window": 120})
    start = AT + 6 * HOUR  # 16:00, so the visit is over by 19:00 at the latest
    people = world(
        {"shift": "day"},
        {"shift": "day", "absences": [(AT, start + HOUR)]},
        {"shift": "day", "absences": [(AT, start + HOUR + TICK)]},
        {"absences": [(start - HOUR, start + 2 * HOUR)]},
    )

    assert "abd" == fit(rule, visit(start), people)
    assert "d" == fit(policy({"open": "shift"}, visit=VISIT), visit(start + 2 * HOUR), people)


def test_free_within_an_appointment_window() -> None:
    """A list of two instants asks for room for the visit within them, on shift and not absent at one and the same time."""
    rule = policy({"window": "[lo, hi]"}, visit={"minutes": 60})
    lo, hi = AT + 7 * HOUR, AT + 9 * HOUR
    people = world(
        {"shift": "day"},
        {"shift": "day", "absences": [(lo + TICK, hi)]},
        {"shifts": [(lo, lo + HOUR)]},
        {"shifts": [(lo, lo + HOUR - TICK)]},
        {},
    )
    on = ticket(fields={"lo": lo, "hi": hi})

    assert "ace" == fit(rule, on, people)
    assert [[lo, lo + HOUR]] == verdict(rule, on, people, "a", "window").have
    assert "" == fit(rule, ticket(fields={"lo": lo, "hi": lo + HOUR / 2}), people)  # shorter than the visit
    assert "abcde" == fit(policy({"window": "lo"}), ticket(fields={"lo": None}), people)


def test_a_booked_appointment_is_the_visit() -> None:
    """What is booked goes before what the policy computes."""
    rule = policy(visit=VISIT)
    start = AT + 30 * HOUR
    people = world({"absences": [(start, start + HOUR / 2)]})
    booked = Appointment(policy="p", start=start, end=start + HOUR, to="b")

    assert "a" == fit(rule, visit(AT + HOUR), people)
    assert "" == fit(rule, ticket(fields={"begin": AT + HOUR}, appointment=booked), people)


@pytest.mark.parametrize(
    "fields",
    [
        {"begin": "soon"},
        {"begin": 7},
        {"minutes": 0},
        {"minutes": 10**9},
        {"minutes": "x"},
        {"begin": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)},
    ],
)
def test_nobody_fits_while_the_visit_is_not_known(fields: dict[str, Any]) -> None:
    """A visit that cannot be computed is met by nobody; the verdict says why."""
    rule = policy(visit={"start": "begin", "minutes": "minutes"})

    [found] = why_not(rule, ticket(fields={"begin": AT, "minutes": 60, **fields}), world({}), AT, "a")

    assert ("visit", "error") == (found.rule, found.why)


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({}, "visit", "dispatch.visit_length"),
        ({"start": "a"}, "visit", "dispatch.visit_length"),
        ({"start": "a", "end": "b", "minutes": 5}, "visit", "dispatch.visit_length"),
        ({"end": "b"}, "visit.end", "dispatch.only_with"),
        ({"minutes": "at"}, "visit.minutes", "dispatch.reads_time"),
        ({"minutes": 5, "stop": 1}, "visit.stop", "dispatch.unknown_key"),
        (7, "visit", "dispatch.mapping"),
    ],
)
def test_visits_that_are_refused(given: Any, path: str, code: str) -> None:
    """A visit says how long it is in exactly one way, and reads nothing that moves with time."""
    with pytest.raises(DefinitionError) as refused:
        policy(visit=given)

    assert [(path, code)] == [(finding.path, finding.code) for finding in refused.value.findings]


def test_a_visit_may_be_far_ahead() -> None:
    """However far ahead a visit is, and whenever it was, somebody is judged, and nothing is listed up to there."""
    rule = policy({"open": "shift"}, {"window": True}, visit={"start": "begin", "minutes": 60, "window": 60})
    people = world({"shift": "day"}, {})
    far = datetime(9999, 12, 30, 2, tzinfo=UTC)  # a Thursday, 10:00

    assert "ab" == fit(rule, visit(far), people)
    assert far + 8 * HOUR == verdict(rule, visit(far), people, "a", "open").again_at  # it is over by then: now counts
    assert "ab" == fit(rule, visit(datetime(1, 1, 1, tzinfo=UTC)), people)


def test_a_visit_is_at_most_a_quarter_long() -> None:
    """A visit that ends too late is met by nobody, rather than a search without end."""
    rule = policy(visit={"start": "begin", "end": "done"})
    people = world({})

    assert "a" == fit(rule, visit(AT, done=AT + timedelta(days=92)), people)
    assert "" == fit(rule, visit(AT, done=AT + timedelta(days=92) + TICK), people)
    assert "" == fit(rule, visit(AT, done=AT), people)


class Mornings:
    """A host's own calendar, which says only whether it is open: from 10 to 12 in UTC, every day."""

    def is_open(self, at: datetime) -> bool:
        return 10 <= at.hour < 12

    def next_opening(self, at: datetime) -> datetime:
        return at.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=at.hour >= 10)


def test_a_calendar_of_the_host_is_asked_minute_by_minute() -> None:
    """One that cannot list its hours is asked throughout the visit, up to its last moment."""
    rule = policy({"open": "shift"}, visit=VISIT)
    people = world({"shift": "mornings"}, calendars={"mornings": Mornings()})
    ten = AT.replace(hour=10)

    assert "a" == fit(rule, visit(ten + HOUR), people)
    assert "" == fit(rule, visit(ten + HOUR + TICK), people)
    assert "" == fit(rule, visit(ten - timedelta(minutes=1)), people)
    assert ten == evaluate(rule, visit(None), people, AT).next_change


# rosters ----------------------------------------------------------------------------------------------------------


def test_a_roster_counts_instead_of_the_calendar() -> None:
    """Its shifts are half-open, shifts that touch are one, and it goes before the calendar."""
    rule = policy({"open": "shift"}, visit={"minutes": 60})
    people = world(
        {"shift": "day", "shifts": [(AT + HOUR, AT + 2 * HOUR)]},
        {"shifts": [(AT - HOUR, AT + HOUR / 2), (AT + HOUR / 2, AT + HOUR)]},
    )

    assert "b" == fit(rule, ticket(), people)
    assert AT + HOUR == verdict(rule, ticket(), people, "a", "open").again_at
    assert AT + TICK == verdict(rule, ticket(), people, "b", "open").again_at
    assert [AT + HOUR, AT + 2 * HOUR] == verdict(rule, ticket(), people, "a", "open").have


def test_a_roster_that_is_over_says_so() -> None:
    """Somebody whose shifts are all over is not on shift, and no time will change it."""
    rule = policy({"open": "shift"})
    people = world({"shifts": [(AT - 9 * HOUR, AT)]})

    found = verdict(rule, ticket(), people, "a", "open")

    assert (False, {"roster ended": AT}, None) == (found.passed, found.have, found.again_at)
    assert None is evaluate(rule, ticket(), people, AT).next_change


# what else is asked -----------------------------------------------------------------------------------------------


def test_channels() -> None:
    """Whoever says which channels they serve takes only these; whoever does not takes all."""
    rule = policy({"channel": "channel"})
    people = world({"serves": ["chat", "phone"]}, {"serves": ["mail"]}, {"serves": []}, {})

    assert "ad" == fit(rule, ticket(channel="chat"), people)
    assert "abcd" == fit(rule, ticket(), people)


def test_travel_limits() -> None:
    """Minutes as the world tells them of areas, or by distance and speed; kilometres as the crow flies."""
    rule = policy({"travel": 30}, {"area": "region", "optional": True})
    people = world(
        {"areas": ["puxi"]}, {"areas": ["hangzhou"]}, {"areas": []}, travel={"puxi": {"pudong": 30}, "hangzhou": {"pudong": 31}}
    )
    near = policy({"travel": 20, "unit": "kilometres"})
    placed = world(
        {"position": (31.2, 121.5)},
        {"position": (31.5, 121.5)},
        {"outlet": "o"},
        {},
        outlets=[{"id": "o", "position": (31.21, 121.5)}],
    )
    on = ticket(fields={"position": [31.2, 121.5]})

    assert "a" == fit(rule, ticket(), people)
    assert {"minutes": 31} == verdict(rule, ticket(), people, "b", "travel").have
    assert "ac" == fit(near, on, placed)
    assert "ac" == fit(policy({"travel": 5}), on, placed)
    [lost] = why_not(policy({"travel": 5}), ticket(fields={"region": None}), placed, AT, "a")
    assert "error" == lost.why


def test_a_limit_in_kilometres_is_not_rounded_in_favour() -> None:
    """Whoever is 20.6 km away is beyond 20 km and within 21, and is told to be 21 away."""
    far = world({"position": (31.0, 121.0)})
    there = ticket(fields={"position": [31.185, 121.0]})

    found = {most: fit(policy({"travel": most, "unit": "kilometres"}), there, far) for most in (20, 21)}

    assert found == {20: "", 21: "a"}
    assert {"kilometres": 21} == verdict(policy({"travel": 20, "unit": "kilometres"}), there, far, "a", "travel").have


def test_an_empty_slot_among_ids_names_nobody() -> None:
    """A list of ids may hold slots that are empty: they exclude nobody, and prefer nobody."""
    two = world({}, {})

    assert "ab" == fit(policy({"preferred": "[assignee, owner]"}), ticket(), two)
    assert "b" == fit(policy({"preferred": "[assignee, 'b']"}), ticket(), two)
    assert "a" == fit(policy({"other_than": "[assignee, 'b']"}), ticket(), two)


def test_preferred() -> None:
    """Only whom the customer prefers, where they prefer anybody, or whom the ticket names."""
    people = world({}, {}, {}, preferred={"c1": ("b", "x")})
    rule = policy({"preferred": True}, relax=[{"after": "1h", "drop": "preferred"}])

    assert "b" == fit(rule, ticket(customer="c1"), people)
    assert "abc" == fit(rule, ticket(customer="c2"), people)
    assert "abc" == fit(rule, ticket(), people)
    assert "abc" == fit(rule, ticket(customer="c1"), people, stage=1)
    assert "c" == fit(policy({"preferred": "wish"}), ticket(fields={"wish": "c"}), people)
    assert "ac" == fit(policy({"preferred": "wish"}), ticket(fields={"wish": ["c", "a"]}), people)
    assert "abc" == fit(policy({"preferred": "wish"}), ticket(fields={"wish": None}), people)


def test_separation() -> None:
    """Whoever did one of these last, or voted so, does not do this too; nobody did it: nothing is asked."""
    rule = policy({"separate": "inspect approval.approve", "safety": True})
    people = world({}, {}, {})
    voted = FrozenMap({"approval.approve": FrozenMap(review=("b",))})

    assert "abc" == fit(rule, ticket(), people)
    assert "bc" == fit(rule, ticket(last_actors=FrozenMap(inspect="a", other="c")), people)
    assert "c" == fit(rule, ticket(last_actors=FrozenMap(inspect="a"), voters=voted), people)
    assert rule == policy({"separate": ["inspect", "approval.approve"], "safety": True})


def test_contracts_per_brand_and_type() -> None:
    """A contract for a brand covers every type of it, one for a type just that."""
    sites = [
        {"id": "a", "contracts": ["acme"]},
        {"id": "b", "contracts": {"acme": ["extended", "out"]}},
        {"id": "c", "contracts": ["acme/in_warranty"]},
        {"id": "d"},
    ]
    people = World(outlets=sites)

    def held(asked: str, **fields: Any) -> str:
        return fit(Policy(name="p", slot="outlet", require=[{"contract": asked}]), ticket(fields=fields), people)

    assert "ab" == held("brand + '/' + type", brand="acme", type="extended")
    assert "ac" == held("{brand: type}", brand="acme", type="in_warranty")
    assert "a" == held("{brand: type}", brand="acme", type=None)
    assert "a" == held("brand", brand="acme")
    assert "a" == held("['acme/in_warranty', 'acme/out']")
    assert "" == held("'acme2/out'")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"separate": ""}, "dispatch.text"),
        ({"separate": []}, "dispatch.text"),
        ({"separate": 7}, "dispatch.list"),
        ({"travel": 5, "unit": "miles"}, "dispatch.one_of"),
        ({"skill": "a", "unit": "kilometres"}, "dispatch.only_with"),
        ({"open": "shift", "below": "normal"}, "dispatch.requirement_kind"),
    ],
)
def test_requirements_that_are_refused(entry: dict[str, Any], code: str) -> None:
    """Each of these is found, with a sentence in both languages."""
    with pytest.raises(DefinitionError) as refused:
        policy(entry)

    assert [code] == [finding.code for finding in refused.value.findings]
    assert all("<" not in refused.value.findings[0].text(lang) for lang in ("en", "zh"))


# relaxing ---------------------------------------------------------------------------------------------------------


def test_a_step_may_do_several_things() -> None:
    """One step widens, lowers, drops and changes the mode at once; names may be a list."""
    rule = policy(
        {"skill": "category", "level": 3},
        {"area": "region"},
        {"language": "'en'"},
        {"channel": "'chat'"},
        relax=[{"after": "1h", "widen": "area", "lower": "skill", "drop": ["language", "channel"], "mode": "pool"}],
    )
    people = world(
        {"skills": {"ac": 2}, "areas": ["puxi"], "serves": []}, {"skills": {"ac": 1}, "areas": ["puxi"]}, {"skills": {"ac": 3}}
    )
    before, after = (evaluate(rule, ticket(), people, AT, stage=stage) for stage in (0, 1))

    assert ("wait", ()) == (before.action, before.to)
    assert ("pool", ("a",)) == (after.action, after.to)
    assert "widen area; drop language, channel; lower skill; mode pool" == rule.relax[0].text
    assert ("mode", "pool") == (rule.relax[0].kind, rule.relax[0].target)
    assert rule == Policy(**rule.to_data())


def test_one_name_is_written_as_before() -> None:
    """A step with one name is the same whether or not it stands in a list, and so is its hash."""
    one = policy({"skill": "a"}, relax=[{"after": "1h", "drop": "skill"}])
    two = policy({"skill": "a"}, relax=[{"after": "1h", "drop": ["skill"]}])

    assert one.hash == two.hash
    assert [{"after": "1h", "drop": "skill"}] == one.to_data()["relax"]


def test_travel_is_widened_by_as_much_again() -> None:
    """Each step adds the limit once more."""
    rule = policy({"travel": 10}, {"area": "region", "optional": True}, relax=[{"after": "1h", "widen": "travel"}] * 2)
    people = world({"areas": ["puxi"]}, {"areas": ["hangzhou"]}, travel={"puxi": {"pudong": 20}, "hangzhou": {"pudong": 30}})

    assert ["", "a", "ab"] == [fit(rule, ticket(), people, stage=stage) for stage in range(3)]


def test_neighbours_of_the_outlets_of_an_area() -> None:
    """Each step lets in the outlets next to those that are in already, and the engineers of these."""
    sites = [
        {"id": "a", "areas": ["pudong"], "neighbours": ["b"]},
        {"id": "b", "areas": ["hangzhou"], "neighbours": ["c", "gone"]},
        {"id": "c"},
        {"id": "d", "areas": ["hangzhou"], "neighbours": ["a"]},
    ]
    steps = [{"after": "1h", "neighbours": "area"}, {"after": "2h", "neighbours": "area"}]
    rule = Policy(name="p", slot="outlet", require=[{"area": "region"}], relax=steps)
    people = world({"outlet": "a"}, {"outlet": "b"}, {"outlet": "c", "areas": ["pudong"]}, {}, outlets=sites)

    assert ["a", "ab", "abc"] == [fit(rule, ticket(), people, stage=stage) for stage in range(3)]
    assert ["c", "abc", "abc"] == [fit(policy({"area": "region"}, relax=steps), ticket(), people, stage=s) for s in range(3)]


def test_neighbours_of_the_outlet_that_has_the_ticket() -> None:
    """Where ``of`` keeps engineers to the ticket's outlet, a step lets in those of the outlets next to it."""
    sites = [{"id": "o1", "neighbours": ["o2"]}, {"id": "o2", "neighbours": ["o3"]}, {"id": "o3"}]
    rule = policy(of="outlet", relax=[{"after": "1h", "neighbours": "of"}, {"after": "2h", "neighbours": "of"}])
    people = world({"outlet": "o1"}, {"outlet": "o2"}, {"outlet": "o3"}, {}, outlets=sites)

    assert ["a", "ab", "abc"] == [fit(rule, ticket(outlet="o1"), people, stage=stage) for stage in range(3)]
    assert ["", "", ""] == [fit(rule, ticket(), people, stage=stage) for stage in range(3)]


@pytest.mark.parametrize(
    ("require", "step", "path", "code"),
    [
        ({"below": "normal", "safety": True}, {"below": "capacity"}, "below", "dispatch.safety_relaxed"),
        ({"area": "a", "safety": True}, {"neighbours": "area"}, "neighbours", "dispatch.safety_relaxed"),
        ({"travel": 5, "safety": True}, {"widen": "travel"}, "widen", "dispatch.safety_relaxed"),
        ({"skill": "a", "safety": True}, {"drop": ["skill"], "mode": "pool"}, "drop", "dispatch.safety_relaxed"),
        ({"below": "capacity"}, {"below": "capacity"}, "below", "dispatch.relax_target"),
        ({"below": "normal"}, {"below": "normal"}, "below", "dispatch.one_of"),
        ({"skill": "a"}, {"neighbours": "skill"}, "neighbours", "dispatch.relax_target"),
        ({"skill": "a"}, {"neighbours": "of"}, "neighbours", "dispatch.relax_target"),
        ({"skill": "a"}, {"drop": []}, "", "dispatch.relaxation_kind"),
    ],
)
def test_steps_that_are_refused(require: dict[str, Any], step: dict[str, Any], path: str, code: str) -> None:
    """No step touches what is safety, by whatever way, nor names what it cannot relax."""
    with pytest.raises(DefinitionError) as refused:
        policy(require, relax=[{"after": "1h", **step}])

    assert [(f"relax[0].{path}".rstrip("."), code)] == [(finding.path, finding.code) for finding in refused.value.findings]
    assert all("<" not in refused.value.findings[0].text(lang) for lang in ("en", "zh"))


# where a policy is used -------------------------------------------------------------------------------------------

FIELDS = {"name": "string", "count": "int", "when": "timestamp", "flag": "bool", "sum": "decimal", "names": "list(string)"}


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ({"takes": "when"}, "takes"),
        ({"visit": {"start": "count", "minutes": "count"}}, "visit.start"),
        ({"visit": {"start": "when", "end": "flag"}}, "visit.end"),
        ({"visit": {"minutes": "sum"}}, "visit.minutes"),
        ({"visit": {"minutes": 5, "window": "name"}}, "visit.window"),
        ({"require": [{"skill": "flag"}]}, "require[0].skill"),
        ({"require": [{"skill": "name", "level": "name"}]}, "require[0].level"),
        ({"require": [{"below": "sum"}]}, "require[0].below"),
        ({"require": [{"travel": "name"}]}, "require[0].travel"),
        ({"require": [{"window": "name"}]}, "require[0].window"),
        ({"require": [{"preferred": "count"}]}, "require[0].preferred"),
        ({"require": [{"other_than": "flag"}]}, "require[0].other_than"),
    ],
)
def test_a_type_that_can_never_do_is_found(definition: dict[str, Any], path: str) -> None:
    """Where the fields are known, an expression of the wrong type is found before anybody waits for it."""
    found = Policy(name="p", **definition).check(FIELDS)

    assert [(path, "dispatch.wrong_type")] == [(finding.path, finding.code) for finding in found]
    assert all("<" not in found[0].text(lang) for lang in ("en", "zh"))


def test_types_that_do() -> None:
    """Numbers, names in every spelling, instants and what may be null are fine."""
    rule = policy(
        {"skill": "{name: 2}", "level": "flag ? count : null"},
        {"area": "names"},
        {"below": "count"},
        {"travel": 5},
        {"window": "[when, when]"},
        {"preferred": "names"},
        takes="count",
        visit={"start": "flag ? when : null", "minutes": "count"},
    )

    assert () == rule.check(FIELDS)


def test_a_window_of_no_visit_is_told() -> None:
    """Asking for the visit's window where there is no visit asks nothing, which is told as a warning."""
    [found] = policy({"window": True}).check(FIELDS)

    assert ("require[0].window", "dispatch.window_unused", "warning") == (found.path, found.code, found.severity)
    assert () == policy({"window": True}, visit={"minutes": 5}).check(FIELDS)


def test_a_queue_is_nowhere() -> None:
    """Nobody travels from a queue."""
    with pytest.raises(DefinitionError) as refused:
        policy({"travel": 5}, candidates="queues")

    assert ["dispatch.not_for_outlets"] == [finding.code for finding in refused.value.findings]


@pytest.mark.parametrize(
    ("of", "fine"), [("outlet", True), ("provider", True), ("name", True), ("outlett", False), ("count", False)]
)
def test_what_limits_the_candidates_exists(of: str, fine: bool) -> None:
    """``of`` names a slot, or a field that holds text; otherwise nobody would ever fit, which is found."""
    found = policy(of=of).check(FIELDS)

    assert ([] if fine else [("of", "dispatch.unknown_of")]) == [(finding.path, finding.code) for finding in found]


def test_a_step_that_waits_for_a_longer_one_is_told() -> None:
    """Steps of different times come as they are written, so one behind a longer one is late, which is told as a warning."""
    late, early = {"after": "4h", "calendar": "day", "drop": "skill"}, {"after": "30m", "drop": "area"}
    asked = ({"skill": "name"}, {"area": "name"})

    [found] = policy(*asked, relax=[late, early]).check(FIELDS)

    assert ("relax[1].after", "dispatch.relax_late", "warning") == (found.path, found.code, found.severity)
    assert () == policy(*asked, relax=[early, late]).check(FIELDS)
    assert () == policy(*asked, relax=[late, {**early, "after": "5h"}]).check(FIELDS)


# presence ---------------------------------------------------------------------------------------------------------


def test_presence_may_count_from_shortly_before_the_visit() -> None:
    """Who is off tonight gets tomorrow's work where the policy says so; the verdict turns when presence begins to count."""
    people = world({}, {}, presence={"a": "offline", "b": "busy"})
    on = ticket(fields={"begin": AT + 5 * HOUR})
    visit = {"start": "begin", "minutes": 60}

    found = {text: fit(policy(visit=visit, presence=text), on, people) for text in (None, "0m", "2h", "5h", "6h")}

    assert found == {None: "b", "0m": "ab", "2h": "ab", "5h": "b", "6h": "b"}
    early = policy(visit=visit, presence="2h")
    turn = AT + 3 * HOUR
    assert turn == evaluate(early, on, people, AT).next_change == verdict(early, on, people, "a", "presence").again_at
    assert ("ab", "b") == (fit(early, on, people, turn - TICK), fit(early, on, people, turn))
    assert "b" == fit(early, on, people, AT + 9 * HOUR)
    assert evaluate(early, on, people, AT).ranked == evaluate(early, on, people, AT, explain=False).ranked


def test_presence_counts_where_there_is_no_visit_ahead() -> None:
    """Without a visit, or with one that begins at once, whoever is away gets nothing, whatever the policy says."""
    people = world({}, presence={"a": "away"})

    assert "" == fit(policy(presence="0m"), ticket(), people)
    assert "" == fit(policy(presence="0m", visit={"minutes": 60}), ticket(), people)
    booked = Appointment(policy="p", start=AT + HOUR, end=AT + 2 * HOUR, to="a")
    assert "a" == fit(policy(presence="0m"), ticket(appointment=booked), people)


def test_when_presence_counts_is_elapsed_time() -> None:
    """Business days have no instant without a calendar, so they are refused; a policy without presence is as it was."""
    with pytest.raises(DefinitionError) as refused:
        policy(presence="2 business days")

    assert [("presence", "dispatch.span")] == [(item.path, item.code) for item in refused.value.findings]
    assert "presence" not in policy().to_data()
    assert policy(presence="2h") == Policy(**policy(presence="2h").to_data())
