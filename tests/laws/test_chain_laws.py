"""Knows what holds for every escalation of every ticket, however late anybody looks; must not know how a level is reached."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import takewhile
from operator import itemgetter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow import Desk
from servflow.calendars import Calendar
from servflow.engine import Workflow, migrate, plan_migration
from servflow.errors import Refused
from servflow.escalation import Chain, plan
from servflow.model import (
    ChainStarted,
    ChainStopped,
    Escalated,
    Notify,
    Received,
    Record,
    Reminded,
    Ticket,
    Unreachable,
    canonical,
    dump,
    load_ticket,
)
from servflow.stores import MemoryStore
from tests.laws.chain_strategies import MENU, cases, reached, runs_of
from tests.laws.kernel_strategies import (
    MICRO,
    Opening,
    Said,
    Step,
    Story,
    again,
    between,
    extended,
    make,
    openings,
    play,
    refusal,
    step_lists,
    twice,
    unfolded,
)
from tests.laws.kernel_workflows import NIGHT, OFFICE, START, Case
from tests.oracles.level_walk import Told, Walk

EXAMPLES = 20
LAWS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

endings = st.sampled_from(
    [("chain.acknowledge", {}), ("chain.stop", {"reason": "x"}), ("end", None), ("solve", None), ("ticket.message", {})]
)
shares = st.lists(st.floats(0, 1), max_size=5)
DAYS = timedelta(days=1)


def told_again(story: Story, days: int) -> Story:
    """The story, and what time alone does in some days after it."""
    return extended(story, Said("advance", story.end + days * DAYS))


@LAWS
@given(cases(), openings, step_lists(), shares, st.booleans(), st.integers(1, 9))
def test_any_ticks_give_the_same_ticket_and_the_same_changes(
    case: Case, opening: Opening, steps: list[Step], where: list[float], at_calls: bool, days: int
) -> None:
    """Any set of ticks that contains the last gives the same ticket and the same records but for who spoke for whom."""
    story = told_again(play(case, opening, steps), days)
    ticks = between(story, where) + ([call.at for call in story.calls] if at_calls else [])

    ticked = again(story, ticks=ticks)

    assert story.ticket == ticked.ticket
    assert [unfolded(record) for record in story.records] == [unfolded(record) for record in ticked.records]
    late, timely = ({effect.id: effect for effect in one.effects} for one in (story, ticked))
    assert late == {name: timely[name] for name in late if name in timely}
    assert all(isinstance(effect, (Notify, Unreachable)) for name, effect in timely.items() if name not in late)
    assert ([], []) == (twice(story.effects), twice(ticked.effects))


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 30))
def test_a_climb_reaches_a_level_once(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """Of one run, one climb reaches a level at most once, unless it waits there for a condition or somebody to reach."""
    story = told_again(play(case, opening, steps), days)
    done = [
        (*one.run, one.climb, one.record.level)
        for one in reached(story.records)
        if isinstance(one.record, Escalated) and not (one.record.run.due is None and one.record.run.level == one.record.level)
    ]

    assert {} == {key: count for key, count in Counter(done).items() if count > 1}


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 30))
def test_nothing_follows_the_end_of_a_run(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """Once a run has ended, no record and no effect of a later instant comes from it."""
    story = told_again(play(case, opening, steps), days)
    ended: dict[tuple[str, int], Any] = {}
    for record, _ in runs_of(story.records):
        key = (record.run.chain, record.run.generation)
        assert key not in ended
        if record.run.phase == "done":
            ended[key] = record

    live = {(run.chain, run.generation) for run in story.ticket.chains}
    assert not live & ended.keys()
    for effect in story.effects:
        for (chain, number), record in ended.items():
            if effect.cause.startswith(f"chain:{chain}:{record.run.cause}:{number}:"):
                assert effect.at <= record.at


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 30))
def test_effects_are_bounded(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """A run notifies at most levels x climbs x (1 + reminders) x recipients times, each time in another place."""
    story = told_again(play(case, opening, steps), days)
    chains = {chain.name: chain for chain in case.workflow.escalations}
    climbs: dict[tuple[str, str, int], int] = {}
    for record, before in runs_of(story.records):
        run = record.run
        climbs[(run.chain, run.cause, run.generation)] = max(run.climb, 0 if before is None else before.climb)
    for (name, cause, number), most in climbs.items():
        prefix = f"chain:{name}:{cause}:{number}:"
        said = [effect for effect in story.effects if isinstance(effect, Notify) and effect.cause.startswith(prefix)]
        people = len({effect.to for effect in said})
        places = sum(
            max(1, sum(action.kind == "notify" for action in level.do)) * (1 + (level.remind.times if level.remind else 0))
            for level in chains[name].levels
        )
        assert len(said) <= places * most * people


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 30))
def test_cutting_through_json_changes_nothing(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """A ticket written as JSON and read back between any two calls goes on the same, and its records fold into it."""
    story = told_again(play(case, opening, steps), days)
    ticket: Any = None
    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        cut = None if ticket is None else load_ticket(json.loads(json.dumps(dump(ticket))))
        assert outcome == make(case, cut, call)
        ticket = outcome.ticket

    assert story.ticket == case.workflow.fold(story.records)


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 30))
def test_late_levels_speak_as_their_chain_says(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """
    Caught up in one call, with ``each`` every level speaks; with ``collapse`` the last of a run that tells somebody does,
    the others are on record with the level that spoke for them.
    """
    story = told_again(play(case, opening, steps), days)
    late = {chain.name: chain.late for chain in case.workflow.escalations if chain.quiet is None}
    outcome = story.outcomes[-1]
    own = {effect.cause for effect in outcome.effects if isinstance(effect, Notify)}
    spoken: dict[tuple[str, int], list[Any]] = {}
    for one in reached(story.records):
        if one.record in outcome.records and one.record.to and one.run[0] in late:
            spoken.setdefault(one.run, []).append(one.record)
    for (chain, _), records in spoken.items():
        folded = [record for record in records if record.outcome == "coalesced"]
        assert all("spoke for it" in record.why[-1] for record in folded)
        levels = [record for record in records if isinstance(record, Escalated)]
        if late[chain] == "each":
            assert [] == folded
        elif levels:
            assert {record.scheduled for record in levels if record.outcome == "fired"} <= {levels[-1].scheduled}
    assert own or not any(record.outcome == "fired" for records in spoken.values() for record in records)


@LAWS
@given(cases(), openings, step_lists(), st.integers(1, 5000), endings)
def test_what_an_answer_catches_up_is_silent(
    case: Case, opening: Opening, steps: list[Step], minutes: int, answer: tuple[str, Any]
) -> None:
    """Levels caught up in a call whose event, or what it raises, answers or ends their run notify nobody, and say why."""
    story = play(case, opening, steps)
    call = Said("fire", story.end + timedelta(minutes=minutes), *answer, actor=None)
    if refusal(case, story.ticket, call) is not None:
        return
    outcome = make(case, story.ticket, call)
    told = reached((*story.records, *outcome.records))
    event = next(record.sequence for record in outcome.records if isinstance(record, Received) and record.event == answer[0])
    after = next((r.sequence for r in outcome.records if r.sequence > event and r.at > call.at), 10**9)
    answered = {
        (record.run.chain, record.run.generation)
        for record, _ in runs_of(outcome.records)
        if event < record.sequence < after and (isinstance(record, ChainStopped) or type(record).__name__ == "Acknowledged")
    }
    first = outcome.records[0].sequence
    for one in told:
        if one.run in answered and first <= one.record.sequence < event and one.record.to:
            assert "coalesced" == one.record.outcome
            assert one.record.why


@LAWS
@given(cases(), openings, step_lists(), endings)
def test_an_answer_at_the_very_instant_wins(case: Case, opening: Opening, steps: list[Step], answer: tuple[str, Any]) -> None:
    """An event stamped with the instant a level is set for comes before it, however late the host is told of the level."""
    story = play(case, opening, steps)
    dues = {run.due for run in story.ticket.chains if run.phase == "running"}
    wake = story.ticket.wake
    if wake is None or wake - MICRO not in dues or wake.year > 9000:
        return
    call = Said("fire", wake - MICRO, *answer)
    if refusal(case, story.ticket, call) is not None:
        return
    outcome = make(case, story.ticket, call)

    assert [] == [one.record for one in reached((*story.records, *outcome.records)) if one.record in outcome.records]


# against a walk, minute by minute -------------------------------------------------------------------------------

SPANS = {"0h": 0, "7m": 7, "30m": 30, "1h": 60, "5h": 300, "20h": 1200, "1d": 1440, "2d": 2880}
HOURS = {"office": Calendar(**OFFICE), "night": Calendar(**NIGHT)}
KNOWN: dict[tuple[str, int], bool] = {}
END = 5 * 1440


def open_at(name: str | None, minute: int) -> bool:
    if name is None:
        return True
    key = (name, minute)
    if key not in KNOWN:
        KNOWN[key] = HOURS[name].is_open(START + timedelta(minutes=minute))
    return KNOWN[key]


@st.composite
def climbs(draw: st.DrawFn, conditions: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A chain as a document has it, and the same for somebody with a watch."""
    count = draw(st.integers(1, 4))
    written: list[dict[str, Any]] = []
    walked: list[dict[str, Any]] = []
    for number in range(count):
        span, calendar = draw(st.sampled_from(sorted(SPANS))), draw(st.sampled_from([None, "office", "night"]))
        level = {"name": f"l{number}", "after": span, "calendar": calendar}
        level["do"] = [{"notify": {"to": "owner", "template": "t"}}]
        walk = {"after": SPANS[span], "calendar": calendar, "days": span.endswith("d")}
        if draw(st.booleans()):
            every, times = draw(st.sampled_from(["7m", "1h", "5h", "1d"])), draw(st.integers(1, 3))
            level["remind"] = {"every": every, "times": times}
            walk |= {"every": SPANS[every], "times": times, "every_days": every.endswith("d")}
        if conditions and draw(st.integers(0, 2)) == 0:
            way = draw(st.sampled_from(["skip", "wait", *range(number + 1, count)]))
            level |= {"when": "flag", "otherwise": {"goto": f"l{way}"} if isinstance(way, int) else way}
            walk["when"] = way
        written.append(level)
        walked.append(walk)
    on_ack, unack = draw(st.sampled_from(["pause", "pause", "continue"])), draw(st.sampled_from(["continue", "restart"]))
    ttl = draw(st.sampled_from([None, None, "30m", "20h"]))
    chain = {"name": "c", "start": {"event": "go"}, "levels": written, "on_ack": on_ack, "unack": unack, "ack_ttl": ttl}
    # What was left of two waits that count otherwise is not told in minutes of one of them.
    pause = draw(st.none() | st.sampled_from(["0h", "30m", "5h"])) if not walked[0]["days"] else None
    times = draw(st.integers(1, 2))
    chain["repeat"] = None if pause is None else {"times": times, "after": pause}
    walk_options = {"on_ack": on_ack, "unack": unack, "ttl": None if ttl is None else SPANS[ttl]}
    walk_options["repeat"] = None if pause is None else (times, SPANS[pause])
    return chain, {"levels": walked, **walk_options}


minutes = st.one_of(st.integers(0, END), st.integers(0, 200).map(lambda number: number * 30))
answers = st.tuples(
    minutes,
    st.sampled_from(
        [
            ("ack", None),
            ("ack", None),
            ("unack", None),
            ("snooze", 90),
            ("snooze", 1500),
            ("escalate", None),
            ("escalate", 0),
            ("stop", None),
            ("flag", True),
            ("flag", False),
        ]
    ),
)


@settings(LAWS, max_examples=2 * EXAMPLES)
@given(climbs(conditions=True), st.lists(answers, max_size=8), st.booleans())
def test_a_ticket_climbs_as_somebody_with_a_watch(
    drawn: tuple[dict[str, Any], dict[str, Any]], said: list[tuple[int, tuple[str, Any]]], flag: bool
) -> None:
    """A run reaches the levels and reminders that a walk from minute to minute comes to, however rarely its host looks."""
    chain, walked = drawn
    said = sorted(said, key=lambda entry: entry[0])
    walk = Walk(open_at=open_at, flag=flag, **walked)
    expected = walk.climb_to(END, [(minute, what, extra) for minute, (what, extra) in said])
    workflow, ticket, records = _told(chain, said, flag=flag)
    records += workflow.advance(ticket, at=START + timedelta(minutes=END) + MICRO).records

    kinds = {Escalated: "level", Reminded: "reminder"}
    happened = [
        Told(_minute(one.record.scheduled), one.climb, one.record.level, kinds[type(one.record)])
        for one in reached(records)
        if one.record.outcome != "skipped"
    ]
    assert [told for told in expected if not told.skipped] == happened


def _minute(at: Any) -> int:
    return int((at - START) / timedelta(minutes=1))


EVENTS: dict[str, tuple[str, ...]] = {
    "ack": ("chain.acknowledge",),
    "unack": ("chain.unacknowledge", "chain.unsnooze"),
    "snooze": ("chain.snooze",),
    "escalate": ("chain.escalate",),
    "stop": ("chain.stop",),
    "flag": ("ticket.update",),
}


def _told(
    chain: dict[str, Any], said: list[tuple[int, tuple[str, Any]]], *, flag: bool
) -> tuple[Workflow, Ticket, list[Record]]:
    """A workflow with one chain, and a ticket whose host looks at it only when something is said, with its records."""
    workflow = Workflow(
        workflow="w",
        fields={"flag": {"type": "bool", "default": flag}},
        initial="a",
        states={"a": {}},
        transitions=[{"event": "go", "source": "a"}],
        calendars={"office": OFFICE, "night": NIGHT},
        escalations=[chain],
    )
    ticket = workflow.open("T1", at=START).ticket
    owned = workflow.fire(ticket, "ticket.assign", {"slot": "owner", "to": "o"}, at=START).ticket
    outcome = workflow.fire(owned, "go", at=START)
    records = list(outcome.records)
    for minute, (what, extra) in said:
        for event in EVENTS[what]:
            payload = {"until": f"{extra}m"} if what == "snooze" else {"reason": "x"} if what == "stop" else {}
            payload = {"flag": extra} if what == "flag" else {"level": extra} if extra is not None and not payload else payload
            try:
                outcome = workflow.fire(outcome.ticket, event, payload, at=START + timedelta(minutes=minute))
            except Refused:
                continue
            records.extend(outcome.records)
    return workflow, outcome.ticket, records


# while a run is frozen ------------------------------------------------------------------------------------------


@LAWS
@given(climbs(conditions=False), minutes.filter(bool), minutes)
def test_a_freeze_moves_what_comes_by_the_time_that_counted(
    drawn: tuple[dict[str, Any], dict[str, Any]], frozen: int, rest: int
) -> None:
    """Acknowledged, then taken back: what was pending moves by exactly what counted in between, the rest as far after."""
    chain = {**drawn[0], "on_ack": "pause", "unack": "continue", "ack_ttl": None}
    if any("remind" in level for level in chain["levels"]):
        chain["repeat"] = None  # a climb over a reminder of the one before ends it, as far as it has come
    said = [(frozen, ("ack", None)), (frozen + rest, ("unack", None))]
    a, b = (START + timedelta(minutes=minute) for minute in (frozen, frozen + rest))
    through, with_rest = (_all_told(chain, script) for script in ([], said))

    assert through.keys() == with_rest.keys()
    for key, (due, before) in through.items():
        moved, moved_before = with_rest[key]
        spans = chain["levels"][key[1]]
        span = spans["remind"]["every"] if key[2] else spans["after"]
        # A repeated climb pauses in what its first level counts in.
        calendar = None if span.endswith("d") else spans["calendar"]
        if due < a:
            assert due == moved
        elif before < a:
            assert _counted(calendar, a, b) == _counted(calendar, due, moved)
        else:
            assert _counted(calendar, before, due) == _counted(calendar, moved_before, moved)


def _counted(calendar: str | None, a: Any, b: Any) -> timedelta:
    return b - a if calendar is None else HOURS[calendar].between(a, b)


def _all_told(chain: dict[str, Any], said: list[tuple[int, tuple[str, Any]]]) -> dict[tuple[int, int, int], tuple[Any, Any]]:
    """When each level (0) and each of its reminders of each climb is set for, and what it counts from."""
    workflow, ticket, records = _told(chain, said, flag=True)
    records += workflow.advance(ticket, at=START + 200 * DAYS).records
    found: dict[tuple[int, int, int], tuple[Any, Any]] = {}
    last = START
    for one in reached(records):
        level, scheduled = one.record.level, one.record.scheduled
        number = next(n for n in range(10) if (one.climb, level, n) not in found)
        before = found[one.climb, level, number - 1][0] if number else last
        found[one.climb, level, number] = (scheduled, before)
        last = last if number else scheduled
    return found


# what is planned ------------------------------------------------------------------------------------------------


@LAWS
@given(cases(), openings, step_lists(most=6), st.integers(1, 6))
def test_a_plan_is_what_happens_when_nothing_else_does(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """What a workflow plans for a ticket, level by level, is on record when time has passed, however late that is noticed."""
    story = play(case, opening, steps)
    until = story.end + days * DAYS
    planned = case.workflow.plan(story.ticket, at=story.end, until=until, world=case.world)
    after = extended(story, Said("advance", until))

    kinds = {Escalated: "level", Reminded: "reminder"}
    happened = [
        (one.record.scheduled, one.run[0], one.record.level, one.climb, kinds[type(one.record)])
        for one in reached(after.records)
        if one.record in after.outcomes[-1].records
    ]
    listed = [
        (one.at, one.chain, one.level, one.climb, one.kind)
        for one in planned
        if one.kind in kinds.values() and one.outcome != "stopped"
    ]
    # What is late when the plan begins is on record later than what it was set for; at one instant all stand as they happened.
    assert sorted(happened, key=itemgetter(0)) == sorted(listed, key=itemgetter(0))


@LAWS
@given(climbs(conditions=False), st.lists(answers, max_size=4), st.integers(0, END))
def test_a_run_goes_on_as_its_chain_plans(
    drawn: tuple[dict[str, Any], dict[str, Any]], said: list[tuple[int, tuple[str, Any]]], until: int
) -> None:
    """The steps iterated from a run that stands anywhere, acknowledged or half way up, give what its ticket does."""
    chain = Chain(**drawn[0])
    said = sorted((entry for entry in said if entry[1][0] != "flag"), key=lambda entry: entry[0])
    workflow, ticket, _ = _told(drawn[0], said, flag=True)
    if not ticket.chains:
        return
    end = ticket.at + timedelta(minutes=until)
    planned = plan(chain, ticket.at, end, calendars=HOURS, run=ticket.chains[0])
    before = [ChainStarted(sequence=1, at=START, run=ticket.chains[0])]
    happened = reached([*before, *workflow.advance(ticket, at=end).records])

    assert [(one.at, one.level, one.climb) for one in planned] == [
        (one.record.scheduled, one.record.level, one.climb) for one in happened
    ]


@settings(LAWS, max_examples=EXAMPLES // 2)
@given(cases(), st.lists(st.tuples(st.integers(0, len(MENU) - 1), st.integers(0, 600)), max_size=6))
def test_the_same_event_twice_is_once(case: Case, said: list[tuple[int, int]]) -> None:
    """An event that comes again under its key changes no run, tells nobody again and leaves no record."""

    def lived(times: int) -> tuple[Any, ...]:
        at = [START]
        desk = Desk(case.workflow, MemoryStore(), now=lambda: at[0], world=case.world)
        desk.open("T1", {})
        for number, (which, gap) in enumerate(said):
            at[0] += timedelta(minutes=gap)
            event, payload, who = case.menu[which]
            for _ in range(times):
                with suppress(Refused):
                    desk.fire("T1", event, payload, actor=who, key=str(number))
        at[0] += 3 * DAYS
        desk.tick()
        return desk.get("T1"), tuple(desk.history("T1"))

    assert lived(1) == lived(2)


@settings(LAWS, max_examples=EXAMPLES // 2)
@given(cases(), openings, step_lists(most=8))
def test_a_keyed_event_decided_twice_is_one(case: Case, opening: Opening, steps: list[Step]) -> None:
    """Decided again from the ticket it met, an event under its key gives the same bytes, so a store can hold it to once."""
    story = play(case, opening, steps)
    for number, call in enumerate(story.calls[1:]):
        if call.verb != "fire":
            continue
        ticket = story.outcomes[number].ticket
        once, twice_ = (
            case.workflow.fire(
                held, call.event, call.payload, at=call.at, actor=call.actor, world=case.world, key="k", occurred=call.occurred
            )
            for held in (ticket, load_ticket(json.loads(json.dumps(dump(ticket)))))
        )

        assert canonical(once) == canonical(twice_)
        assert ["k"] == [record.key for record in once.records if isinstance(record, Received) and record.key]


@settings(LAWS, max_examples=EXAMPLES)
@given(cases(), openings, step_lists(most=8), st.integers(1, 9))
def test_a_live_run_goes_on_under_its_edition(case: Case, opening: Opening, steps: list[Step], days: int) -> None:
    """A ticket that is migrated to edited chains goes on with its live runs as if nobody had edited anything."""
    old = case.workflow
    story = play(case, opening, steps)
    edited = [{**chain.to_data(), "levels": [{"name": "new"}, *chain.to_data()["levels"][1:]]} for chain in old.escalations]
    for chain in edited:
        chain["levels"] = [level for level in chain["levels"] if "goto" not in str(level.get("otherwise"))]
    new = Workflow(**{**old.to_data(), "escalations": _sound(edited), "version": 2}, past_chains=old.escalations)
    moved = migrate(story.ticket, plan_migration(old, new), world=case.world).ticket
    ways = [
        list(takewhile(lambda record: not isinstance(record, ChainStarted), outcome.records))
        for outcome in (
            old.advance(story.ticket, at=story.end + days * DAYS, world=case.world),
            new.advance(moved, at=story.end + days * DAYS, world=case.world),
        )
    ]
    before, after = (
        [(type(one), one.run.chain, one.scheduled, one.level, one.to) for one in way if isinstance(one, (Escalated, Reminded))]
        for way in ways
    )

    assert before == after


def _sound(chains: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Edited chains without what names a level that the edit took away."""
    for chain in chains:
        triggers = chain["start"] if isinstance(chain["start"], list) else [chain["start"]]
        chain["start"] = [{key: value for key, value in trigger.items() if key != "level"} for trigger in triggers]
    return chains
