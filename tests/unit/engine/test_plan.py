"""Knows what a workflow answers that is asked what its chains would do; must not know how they are climbed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import InputError, LimitError, Refused, TimeError
from servflow.model import Actor, Person, World, dump
from tests.unit.engine.climbs import climbing, level

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


def after(**length: float) -> datetime:
    return NINE + timedelta(**length)


def tell(who: Any) -> dict[str, Any]:
    return {"notify": {"to": who, "template": "t"}}


def workflow(**chain: Any) -> Workflow:
    """Waits in a, is worked at in b, and tells a lead and a boss of b; a second chain tells of its age."""
    levels = [
        {"name": "lead", "after": "1h", "do": [tell({"role": "lead"}), {"assign": {"to": {"user": "ann"}}}]},
        {"name": "boss", "after": "2h", "do": [tell({"role": "boss"})], "when": "vip"},
    ]
    return Workflow(
        workflow="w",
        roles=["lead", "boss"],
        fields={"vip": {"type": "bool", "default": True}, "n": {"type": "int", "optional": True}},
        events={"chain.acknowledge": {"allow": ["boss"]}, "chain.escalate": {"allow": ["lead"]}},
        initial="a",
        states={"a": {}, "b": {}, "z": {"closed": True}},
        transitions=[
            {"event": "go", "source": "a", "target": "b", "allow": ["lead"]},
            {"event": "end", "source": "b", "target": "z", "allow": ["lead"]},
        ],
        escalations=[
            {"name": "late", "start": {"state": "b"}, "levels": levels, **chain},
            {"name": "old", "start": {"age": "5h"}, "levels": [{"name": "any", "do": [tell({"role": "boss"})]}]},
        ],
    )


def told(plan: Any) -> list[tuple[str, str, str, int]]:
    return [(item.chain, item.name, item.outcome, (item.at - NINE) // timedelta(minutes=1)) for item in plan]


def test_a_ticket_that_is_only_imagined() -> None:
    """Fields and a script suffice: nobody's permission is asked, conditions are, and every chain is looked at."""
    plan = workflow().plan({"vip": False}, at=NINE, until=NINE + WEEK, script=[(after(minutes=10), "go")])

    assert [("late", "lead", "fired", 70), ("late", "boss", "skipped", 190), ("old", "any", "fired", 300)] == told(plan)
    assert [("role:lead", "ann"), (), ("role:boss",)] == [item.to for item in plan]
    assert ["vip does not hold"] == [why for item in plan if item.outcome == "skipped" for why in item.why]
    assert ["notify", "assign"] == [action.kind for action in plan[0].actions]


def test_one_chain_of_them() -> None:
    """Only what the chain asked about does is told; another name is refused with a did-you-mean."""
    flow = workflow()

    assert [("old", "any", "fired", 300)] == told(flow.plan(at=NINE, until=NINE + WEEK, chain="old"))
    with pytest.raises(InputError, match="did you mean 'late'"):
        flow.plan(at=NINE, until=NINE + WEEK, chain="lat")


def test_a_stored_ticket_goes_on_from_where_it_stands() -> None:
    """Levels it has passed are not told again, and the ticket is as it was."""
    flow = workflow()
    ticket = flow.fire(flow.open("T", at=NINE).ticket, "go", at=NINE, actor=Actor("l", ["lead"])).ticket
    ticket = flow.advance(ticket, at=after(hours=2)).ticket
    before = dump(ticket)
    plan = flow.plan(ticket, at=after(hours=2), until=NINE + WEEK)

    assert [("late", "boss", "fired", 180), ("old", "any", "fired", 300)] == told(plan)
    assert ("T", before) == (plan.ticket, dump(ticket))


def test_a_world_makes_words_people() -> None:
    """With a world recipients are found in it, and the reason says how."""
    world = World(people=[Person(id="lee", roles=["lead"]), Person(id="bo", roles=["boss"])])
    plan = workflow().plan(at=NINE, until=NINE + WEEK, script=[(NINE, "go")], world=world)

    assert [("lee", "ann"), ("bo",), ("bo",)] == [item.to for item in plan]


def test_what_people_do_meanwhile() -> None:
    """An acknowledgement rests the run, taking it back goes on with what was left, closing ends it with a reason."""
    script = [
        (after(hours=2), "ack"),
        (after(hours=4), "unack"),
        (after(hours=4, minutes=30), "end"),
        (NINE, "go"),
    ]
    plan = workflow().plan(at=NINE, until=NINE + WEEK, script=script)

    assert [("late", "lead", "fired", 60), ("late", "boss", "stopped", 270), ("old", "any", "stopped", 270)] == told(plan)
    late = plan.runs[1]
    assert ["started", "level", "acknowledged", "resumed", "level", "stopped"] == [step.kind for step in late.steps]
    assert "the ticket closed" == late.ended


@pytest.mark.parametrize(
    ("entry", "boss"),
    [
        ((after(hours=2), "snooze", "3h"), 360),
        ((after(hours=2), "snooze", after(hours=3)), 240),
        ((after(hours=2), "escalate"), 120),
        ((after(hours=2), "escalate", "boss"), 120),
        ((after(hours=2), "chain.escalate", {"level": 1}), 120),
    ],
)
def test_short_words_of_a_script(entry: tuple[Any, ...], boss: int) -> None:
    """What people do to runs has short words; the third entry says until when or to which level."""
    plan = workflow().plan(at=NINE, until=NINE + WEEK, chain="late", script=[(NINE, "go"), entry])

    assert boss == {item.name: (item.at - NINE) // timedelta(minutes=1) for item in plan}["boss"]


def test_what_would_be_refused_is_told() -> None:
    """An event that is refused changes nothing and says why; with an actor, permission is asked."""
    script = [(NINE, "go", None, "nobody"), (NINE, "go", {}, Actor("l", ["lead"])), (after(hours=1), "ack"), (NINE, "fly")]
    plan = workflow().plan(at=NINE, until=after(hours=2), chain="late", script=script)

    assert [("go", True), ("go", False), ("fly", True), ("chain.acknowledge", False)] == [
        (item.event, bool(item.refused)) for item in plan.events
    ]
    assert "refused" in plan.text()


def test_what_an_outage_would_do() -> None:
    """While nothing runs nothing is told; then all is caught up in one call, as the chain's policy for late levels says."""
    weekend = [(NINE, after(hours=10))]
    found = {
        late: [item.outcome for item in workflow(late=late).plan(
            at=NINE, until=NINE + WEEK, chain="late", script=[(NINE, "go")], down=weekend)]
        for late in ("collapse", "each")
    }  # fmt: skip
    heard = workflow().plan(at=NINE, until=NINE + WEEK, chain="late", script=[(NINE, "go")], down=weekend).events[0]

    assert {"collapse": ["fired", "fired"], "each": ["fired", "fired"]} == found, "the event itself was heard late"
    assert after(hours=10) == heard.at

    down = [(after(minutes=30), after(hours=10))]
    outcomes = [
        item.outcome for item in workflow().plan(at=NINE, until=NINE + WEEK, chain="late", script=[(NINE, "go")], down=down)
    ]
    assert ["coalesced", "fired"] == outcomes


def test_the_end_is_half_open() -> None:
    """What is set for the very end happens only once time is past it, and is not planned."""
    flow = workflow()

    assert 0 == len(flow.plan(at=NINE, until=after(hours=5), chain="old"))
    assert 1 == len(flow.plan(at=NINE, until=after(hours=5, microseconds=1), chain="old"))


@pytest.mark.parametrize(
    "asked",
    [
        {"script": "ack"},
        {"script": [NINE]},
        {"script": [(NINE,)]},
        {"script": [(NINE, 5)]},
        {"script": [(NINE, "go", "x")]},
        {"script": [(NINE, "go", {}, None, None)]},
        {"down": [NINE]},
        {"down": NINE},
        {"down": [(NINE, after(hours=2)), (after(hours=1), after(hours=3))]},
        {"ticket": 5},
    ],
)
def test_bad_questions_are_refused(asked: dict[str, Any]) -> None:
    """A script or a stretch written otherwise is refused, with how it is written."""
    ticket = asked.pop("ticket", None)

    with pytest.raises(InputError):
        workflow().plan(ticket, at=NINE, until=NINE + WEEK, **asked)


def test_bad_instants_are_refused() -> None:
    """Naive instants, a stretch that ends before it starts, and a look behind the ticket."""
    flow = workflow()
    naive = NINE.replace(tzinfo=None)
    for asked in ({"at": naive}, {"until": naive}, {"script": [(naive, "go")]}, {"down": [(after(hours=1), NINE)]}):
        with pytest.raises(TimeError):
            flow.plan(**{"at": NINE, "until": NINE + WEEK, **asked})
    with pytest.raises(Refused):
        flow.plan(flow.open("T", at=NINE).ticket, at=NINE - WEEK, until=NINE)


def test_too_much_is_refused() -> None:
    """A plan is bounded: more than can be told ends with a limit and what to do."""
    script = [(NINE, "go")] * 1001

    with pytest.raises(LimitError):
        workflow().plan(at=NINE, until=NINE + WEEK, script=script)
    with pytest.raises(LimitError):
        workflow().plan(at=NINE, until=NINE + WEEK, down=[(after(hours=n), after(hours=n + 0.5)) for n in range(101)])


def test_an_explanation_tells_what_became_of_every_run() -> None:
    """With the records also runs that left the ticket are told; without them those under way."""
    case = climbing(level("one"), level("two"))
    case.fire("go")
    case.until(61)
    case.fire("chain.acknowledge", minutes=70, actor="ann")
    case.fire("end", minutes=80)
    explained = case.workflow.explain(case.ticket, at=case.ticket.at, records=case.records)
    [run] = explained.history

    assert ["one fired", "two stopped"] == [f"{step.name} {step.outcome}" for step in run.levels]
    assert [None, "ann"] == [step.by for step in run.steps if step.kind in ("started", "acknowledged")]
    assert ("c", "the ticket closed") == (run.chain, explained.as_data()["history"][0]["ended"])
    assert () == case.workflow.explain(case.ticket, at=case.ticket.at).history


def test_everything_a_level_does_is_told() -> None:
    """Beside whom it tells: who got something to do, what it changed, and what it asks of the host."""
    do = [
        {"watch": {"to": {"user": "wanda"}}},
        {"add_helper": {"to": {"user": "hugo"}}},
        {"add_owner": {"to": {"user": "olga"}}},
        {"raise_priority": 1},
        {"call": {"name": "regulator"}},
        tell({"role": "boss"}),
    ]
    plan = workflow(levels=[{"name": "all", "do": do}]).plan(
        at=NINE, until=after(hours=1), chain="late", script=[(NINE, "go")], world=None
    )

    assert [("role:boss", "wanda", "hugo", "olga")] == [item.to for item in plan]
    assert ("watcher: wanda", "helper: hugo", "owner: olga", "priority: 2") == plan.runs[0].levels[0].did
    assert "call: regulator" in plan.text()


def test_what_two_chains_do_at_one_instant_stands_as_it_happens() -> None:
    """A level of a chain that another one started comes before the reminder of that other one, in the plan and in its table."""
    one = {
        "name": "one",
        "remind": {"every": "5m", "times": 1},
        "do": [tell({"user": "ann"}), {"start": "second"}],
    }
    chains = [
        {"name": "first", "start": {"state": "a"}, "levels": [one, level("far")]},
        {"name": "second", "start": {"event": "never"}, "levels": [level("two", "5m")]},
    ]
    flow = Workflow(workflow="w", initial="a", states={"a": {}}, escalations=chains)
    plan = flow.plan(None, at=NINE, until=NINE + timedelta(minutes=6))

    assert [("one", "level", 0), ("two", "level", 5), ("one", "reminder", 5)] == [
        (item.name, item.kind, (item.at - NINE) // timedelta(minutes=1)) for item in plan
    ]
    rows = [row.split() for row in plan.text().splitlines() if "09:05" in row]
    assert [["second", "two"], ["first", "one"]] == [row[3:5] for row in rows]


def test_a_script_may_stop_a_climb_without_a_reason() -> None:
    """The short word needs none, as in a plan of the chain alone; the event itself keeps asking for one."""
    flow = climbing(start={"state": "a"}).workflow
    short, event = (flow.plan(at=NINE, until=NINE + WEEK, script=[(NINE, word)]) for word in ("stop", "chain.stop"))

    assert [("one", "stopped"), ("two", "stopped")] == [(item.name, item.outcome) for item in short]
    assert ("the script stops it",) == short[0].why
    assert [("one", "fired"), ("two", "fired")] == [(item.name, item.outcome) for item in event]
    assert "reason" in event.events[0].refused
