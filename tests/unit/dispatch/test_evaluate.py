"""Knows what a dispatch decision must say; must not know how it is computed."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.dispatch import Hooks, Policy, Verdict, evaluate, why_not
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.model import EMPTY, FrozenMap, Held, SlotProgress, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
HOUR = timedelta(hours=1)
DAY = Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-18:00"]})
AREAS = {"pudong": "shanghai", "puxi": "shanghai", "shanghai": "east", "hangzhou": "east"}


def ticket(**changes: Any) -> Ticket:
    """A ticket about an air conditioner in Pudong."""
    fields = changes.pop("fields", {"category": "ac", "region": "pudong"})
    return Ticket(**{"id": "T1", "workflow": "w", "at": AT, "opened_at": AT, "fields": FrozenMap(fields), **changes})


def world(*engineers: dict[str, Any], **changes: Any) -> World:
    """A world of these engineers, named a, b, c ... unless they say otherwise."""
    named = [{"id": chr(ord("a") + index), **engineer} for index, engineer in enumerate(engineers)]
    return World(engineers=named, areas=AREAS, calendars={"day": DAY}, **changes)


def policy(*require: dict[str, Any], **changes: Any) -> Policy:
    """A policy that requires this."""
    return Policy(name="p", require=require, **changes)


def fitting(rule: dict[str, Any], *engineers: dict[str, Any], on: Ticket | None = None, **changes: Any) -> str:
    """The ids of those who meet one requirement, as one sorted word."""
    return "".join(sorted(item.id for item in evaluate(policy(rule), on or ticket(), world(*engineers, **changes), AT).ranked))


def test_skill_and_level() -> None:
    """A skill is met from the level asked for on; without a level, level 1 is."""
    engineers = ({"skills": {"ac": 3}}, {"skills": ["ac"]}, {"skills": {"tv": 9}})

    assert "ab" == fitting({"skill": "category"}, *engineers)
    assert "a" == fitting({"skill": "category", "level": 2}, *engineers)
    assert "a" == fitting({"skill": "category", "level": "priority"}, *engineers)
    assert "abc" == fitting({"skill": "missing"}, *engineers)


def test_lists_and_maps_ask_for_all() -> None:
    """A list of names asks for all of them, a map for the least level of each."""
    engineers = ({"skills": {"ac": 3, "tv": 1}, "parts": {"fan": 2}}, {"skills": {"ac": 1, "tv": 1}, "parts": {"fan": 1}})

    assert "ab" == fitting({"skill": "['ac', 'tv']"}, *engineers)
    assert "a" == fitting({"skill": "{'ac': 2, 'tv': 1}"}, *engineers)
    assert "a" == fitting({"part": "{'fan': 2}"}, *engineers)
    assert "ab" == fitting({"part": "'fan'"}, *engineers)


def test_area_is_met_by_whoever_serves_it_or_one_around_it() -> None:
    """Serving a neighbour or only a part does not meet an area."""
    engineers = ({"areas": ["pudong"]}, {"areas": ["puxi"]}, {"areas": ["east"]}, {"areas": []})

    assert "ac" == fitting({"area": "region"}, *engineers)
    assert "c" == fitting({"area": "'shanghai'"}, *engineers)
    assert "" == fitting({"area": "'atlantis'"}, *engineers)


def test_shift_is_half_open() -> None:
    """A shift holds from its start up to its end; nobody works a shift that the world does not know."""
    rule = policy({"open": "shift"})
    people = world({"shift": "day"}, {}, {"shift": "night"})
    opening, closing = AT - HOUR, AT + 8 * HOUR

    assert ["a", "b"] == sorted(item.id for item in evaluate(rule, ticket(), people, opening).ranked)
    assert ["b"] == [item.id for item in evaluate(rule, ticket(), people, closing).ranked]
    assert ["c"] == [v.candidate for v in why_not(rule, ticket(), people, AT, "c")]


def test_open_may_name_a_calendar() -> None:
    """``open`` with the name of a calendar asks for that calendar."""
    assert "a" == fitting({"open": "day"}, {})
    assert "" == fitting({"open": "night"}, {})


def test_capacity() -> None:
    """A candidate is below capacity until the load reaches it; what this ticket itself holds does not count."""
    people = [{"capacity": 2}, {"capacity": 2}, {}, {"capacity": 0}]
    loads = {"a": 1, "b": 2, "c": 99}

    assert "ac" == fitting({"below": "capacity"}, *people, loads=loads)
    assert "abc" == fitting({"below": "capacity"}, *people, loads=loads, on=ticket(held=(Held("engineer:b"),)))
    assert "a" == fitting({"below": 2}, *people[:3], loads=loads)


def test_other_requirements() -> None:
    """Languages, certificates, contracts, exclusions and conditions over the candidate."""
    soon = AT + HOUR
    people = (
        {"languages": ["en", "zh"], "certificates": {"gas": None}, "outlet": "o1"},
        {"languages": ["zh"], "certificates": {"gas": AT}, "outlet": "o2"},
        {"certificates": {"gas": soon}},
    )
    sites = [{"id": "o1", "contracts": ["gold"]}, {"id": "o2"}]

    assert "a" == fitting({"language": "'en'"}, *people)
    assert "ac" == fitting({"certificate": "'gas'"}, *people)
    assert "a" == fitting({"contract": "'gold'"}, *people, outlets=sites)
    assert "bc" == fitting({"other_than": "assignee"}, *people, on=ticket(assignee="a"))
    assert "abc" == fitting({"other_than": "assignee"}, *people)
    assert "c" == fitting({"other_than": "['a', 'b']"}, *people)
    assert "a" == fitting({"when": "'en' in candidate.languages && category == 'ac'"}, *people)


def test_rules_that_always_hold() -> None:
    """Nobody away, offline, absent, forbidden, or who declined fits, whatever the policy asks."""
    absent = [(AT - HOUR, AT + HOUR)]
    back = [(AT - HOUR, AT)]
    progress = SlotProgress(policy="p", since=AT, declined=("d",))
    choice = evaluate(
        policy(),
        ticket(customer="c1", slots=FrozenMap(assignee=progress)),
        world(
            {"absences": absent},
            {"absences": back},
            {},
            {},
            {},
            {},
            presence={"c": "away", "f": "busy"},
            forbidden={"c1": ("e",)},
        ),
        AT,
    )

    assert ["b", "f"] == sorted(item.id for item in choice.ranked)
    assert {"forbidden": 1, "declined": 1, "presence": 1, "absence": 1} == dict(choice.counts)


def test_progress_of_another_policy_is_not_read() -> None:
    """Who declined under one policy of a slot is asked again under another."""
    progress = SlotProgress(policy="other", since=AT, declined=("a",), stage=1)

    assert "a" == evaluate(policy(), ticket(slots=FrozenMap(assignee=progress)), world({}), AT).best


def test_of_limits_to_the_other_slot() -> None:
    """``of: outlet`` takes engineers of the ticket's outlet, ``of: queue`` members of its queue; an empty slot takes nobody."""
    people = ({"outlet": "o1"}, {"outlet": "o2"}, {"queues": ["care"]})
    inside = policy(of="outlet")

    assert "a" == evaluate(inside, ticket(outlet="o1"), world(*people), AT).best
    assert None is evaluate(inside, ticket(), world(*people), AT).best
    assert "c" == evaluate(policy(of="queue"), ticket(queue="care"), world(*people), AT).best


def test_outlets_are_candidates() -> None:
    """For the slot ``outlet`` the candidates are outlets, and their capacity keys say so."""
    sites = [{"id": "o1", "areas": ["shanghai"], "capacity": 5}, {"id": "o2", "areas": ["hangzhou"]}]
    rule = Policy(name="site", slot="outlet", require=[{"area": "region"}, {"below": "capacity"}])

    choice = evaluate(rule, ticket(), World(outlets=sites, areas=AREAS), AT)

    assert ("assign", ("o1",)) == (choice.action, choice.to)
    assert ("outlet:o1", 5) == (choice.ranked[0].key, choice.ranked[0].limit)


@pytest.mark.parametrize(
    ("prefer", "order"),
    [
        ([["sticky"], [{"term": "load", "weight": -1}]], "bca"),
        ([[{"term": "load", "weight": -1}]], "cab"),
        ([[{"term": "sticky", "weight": 2}, {"term": "load", "weight": -1}]], "cab"),
        ([["preferred"]], "a"),
        ([[{"term": "cost", "weight": -1}]], "bca"),
        ([["idle"]], "c"),
        ([["skill"]], "a"),
        ([["skill_fit"]], "b"),
        ([[{"value": "candidate.cost * 2"}]], "acb"),
        ([[{"value": "candidate.cost / 0"}], ["skill"]], "a"),
    ],
)
def test_preferences(prefer: list[Any], order: str) -> None:
    """Levels are compared one after the other, weights add up within a level, more is better."""
    people = (
        {"skills": {"ac": 5}, "cost": 30},
        {"skills": {"ac": 1}, "cost": 10},
        {"skills": {"ac": 3}, "cost": 20},
    )
    books = {"loads": {"a": 3, "b": 6}, "previous": {"c1": ("b",)}, "preferred": {"c1": ("a",)}}

    choice = evaluate(policy({"skill": "category"}, prefer=prefer), ticket(customer="c1"), world(*people, **books), AT)

    assert order == "".join(item.id for item in choice.ranked)[: len(order)]
    assert [1, 2, 3] == [item.rank for item in choice.ranked]


def test_distance() -> None:
    """Distance is in whole kilometres; who has no position is farthest, and an outlet lends its own."""
    people = ({"position": (31.2, 121.5)}, {"position": (31.9, 121.5)}, {}, {"outlet": "o"})
    sites = [{"id": "o", "position": (31.3, 121.5)}]
    near = policy(prefer=[[{"term": "distance", "weight": -1}]])
    here = ticket(fields={"latitude": 31.2, "longitude": 121.5})

    choice = evaluate(near, here, world(*people, outlets=sites), AT)

    assert [("a", 0), ("d", 11), ("b", 77), ("c", 20_038)] == [(item.id, item.terms["distance"]) for item in choice.ranked]


@pytest.mark.parametrize("position", [(31.2, 121.5), {"latitude": 31.2, "longitude": 121.5}])
def test_position_may_be_one_field(position: Any) -> None:
    """A field ``position`` holds a pair or a map."""
    choice = evaluate(
        policy(prefer=["distance"]), ticket(fields={"position": position}), world({"position": (31.2, 121.5)}), AT
    )

    assert 0 == choice.ranked[0].terms["distance"]


def test_without_positions_the_area_tree_measures() -> None:
    """Where the ticket has no position, distance is the number of steps through the area tree."""
    people = ({"areas": ["hangzhou"]}, {"areas": ["puxi"]}, {"areas": ["pudong"]}, {"areas": ["mars"]})
    rule = policy({"area": "region"}, prefer=["distance"], relax=[{"widen": "area"}, {"drop": "area"}])

    choice = evaluate(rule, ticket(), world(*people), AT, stage=2)

    assert {"a": 3, "b": 2, "c": 0, "d": 20_038} == {item.id: item.terms["distance"] for item in choice.ranked}


def test_optional_requirements_never_exclude() -> None:
    """Who meets an optional requirement comes first; nobody is kept out by it."""
    choice = evaluate(policy({"language": "'zh'", "optional": True}), ticket(), world({}, {"languages": ["zh"]}), AT)

    assert ["b", "a"] == [item.id for item in choice.ranked]
    assert [False, True] == [v.passed for v in choice.verdicts if v.rule == "language"]
    assert [False, False] == [v.excludes for v in choice.verdicts if v.rule == "language"]


def test_relaxations_ask_for_less_stage_by_stage() -> None:
    """Each stage widens, lowers, drops or changes the mode; a stage beyond the last is the last."""
    people = ({"skills": {"ac": 2}, "areas": ["puxi"]}, {"areas": ["pudong"]}, {"skills": {"ac": 3}, "areas": ["hangzhou"]})
    rule = policy(
        {"skill": "category", "level": 3},
        {"area": "region"},
        relax=[
            {"widen": "area"},
            {"after": "1h", "lower": "skill"},
            {"after": "2h", "drop": "skill"},
            {"after": "3h", "mode": "pool"},
        ],
    )

    found = [evaluate(rule, ticket(), world(*people), AT, stage=stage) for stage in range(6)]

    assert ["", "", "a", "ab", "ab", "ab"] == ["".join(sorted(item.id for item in choice.ranked)) for choice in found]
    assert ["wait", "wait", "assign", "assign", "pool", "pool"] == [choice.action for choice in found]
    assert [0, 1, 2, 3, 4, 4] == [choice.stage for choice in found]


def test_stage_and_declined_come_from_the_slot() -> None:
    """What the slot's progress says is used unless the caller says otherwise."""
    progress = SlotProgress(policy="p", since=AT, stage=1, declined=("a",))
    on = ticket(slots=FrozenMap(assignee=progress))
    rule = policy({"skill": "category"}, relax=[{"after": "1h", "drop": "skill"}])

    assert "b" == evaluate(rule, on, world({}, {}), AT).best
    assert None is evaluate(rule, on, world({}, {}), AT, stage=0).best
    assert 2 == len(evaluate(rule, on, world({}, {}), AT, declined=()).ranked)


def test_modes() -> None:
    """Assign gives it to the best, offer asks the best few, pool asks everybody."""
    people = world({}, {}, {})

    assert 1 == len(evaluate(policy(), ticket(), people, AT).to)
    assert 1 == len(evaluate(policy(mode="offer"), ticket(), people, AT).to)
    assert 2 == len(evaluate(policy(mode="offer", offer={"parallel": 2}), ticket(), people, AT).to)
    assert 3 == len(evaluate(policy(mode="pool"), ticket(), people, AT).to)


def test_next_change_of_those_whom_only_time_keeps_out() -> None:
    """A shift that opens or an absence that ends counts; for somebody without the skill it does not."""
    night = AT + 12 * HOUR  # 22:00
    opening = AT + 23 * HOUR
    able, back = {"skills": ["ac"], "shift": "day"}, {"skills": ["ac"], "absences": [(AT, AT + 14 * HOUR)]}
    rule = policy({"skill": "category"}, {"open": "shift"}, {"below": "capacity"})

    assert opening == evaluate(rule, ticket(), world(able), night).next_change
    assert AT + 14 * HOUR == evaluate(rule, ticket(), world(able, back), night).next_change
    assert None is evaluate(rule, ticket(), world({"shift": "day"}), night).next_change
    assert opening == evaluate(rule, ticket(), world({**able, "capacity": 0}), night).next_change


def test_next_change_of_those_who_fit() -> None:
    """The end of a shift, the start of an absence or the end of a certificate is the next change of somebody who fits."""
    rule = policy({"certificate": "'gas'"}, {"open": "shift"})
    person = {"shift": "day", "certificates": {"gas": AT + 20 * HOUR}}

    assert AT + 8 * HOUR == evaluate(rule, ticket(), world(person), AT).next_change
    assert (
        AT + 3 * HOUR
        == evaluate(rule, ticket(), world({**person, "absences": [(AT + 3 * HOUR, AT + 4 * HOUR)]}), AT).next_change
    )
    assert AT + HOUR == evaluate(rule, ticket(), world({**person, "certificates": {"gas": AT + HOUR}}), AT).next_change


def test_touching_absences_are_one() -> None:
    """An absence that begins where another ends is no return."""
    rest = [(AT + HOUR, AT + 2 * HOUR), (AT - HOUR, AT + HOUR)]

    [verdict] = why_not(policy(), ticket(), world({"absences": rest}), AT, "a")

    assert AT + 2 * HOUR == verdict.again_at


def test_a_shift_that_never_opens_again() -> None:
    """A calendar without a future leaves no next change."""
    once = Calendar(zone="UTC", shifts={"2020-01-01": ["09:00-10:00"]})
    people = World(engineers=[{"id": "a", "shift": "once"}], calendars={"once": once})

    choice = evaluate(policy({"open": "shift"}), ticket(), people, AT)

    assert ("wait", None) == (choice.action, choice.next_change)


def test_waits_for_those_whom_only_capacity_keeps_out() -> None:
    """The keys of full candidates are waited for, unless something else keeps them out too."""
    full = {"capacity": 1, "skills": ["ac"]}
    people = world(full, {**full, "shift": "day"}, {"capacity": 1}, full, loads={"a": 1, "b": 1, "c": 1})
    rule = policy({"skill": "category"}, {"open": "shift"}, {"below": "capacity"})

    assert ("engineer:a",) == evaluate(rule, ticket(), people, AT + 12 * HOUR).waits
    assert ("engineer:a", "engineer:b") == evaluate(rule, ticket(), people, AT).waits


def test_summary() -> None:
    """One sentence says how many were kept out by what, in English and Chinese."""
    people = world({"skills": ["ac"], "areas": ["puxi"]}, {"areas": ["puxi"]}, {"skills": ["ac"], "areas": ["pudong"]})
    choice = evaluate(policy({"area": "region"}, {"skill": "category"}), ticket(), people, AT)

    assert "3 engineers: 2 out of area pudong, 1 fits: c" == choice.summary()
    assert "3 名工程师：2 个不在区域 pudong，1 个符合：c" == choice.summary("zh")


def test_nobody_at_all() -> None:
    """An empty world, or none, is a wait that says so."""
    for empty in (None, World(), {}):
        choice = evaluate(policy({"skill": "category"}), ticket(), empty, AT)

        assert ("wait", None, None, ()) == (choice.action, choice.best, choice.next_change, choice.waits)
        assert "0 engineers: nobody to choose from" == choice.summary()


def test_every_rule_has_a_sentence() -> None:
    """No kind of rule is shown as a bare code, in either language."""
    rules: list[dict[str, Any]] = [
        {"skill": "'x'"},
        {"area": "'x'"},
        {"open": "nowhere"},
        {"below": 0},
        {"language": "'x'"},
        {"certificate": "'x'"},
        {"contract": "'x'"},
        {"part": "'x'"},
        {"other_than": "'a'"},
        {"when": "false"},
        {"host": "never"},
    ]
    hooks = Hooks(requirements={"never": lambda *_: False})
    for rule in rules:
        choice = evaluate(policy(rule), ticket(), world({}), AT, hooks=hooks)
        for lang in ("en", "zh"):
            assert "dispatch." not in choice.summary(lang)
            assert all("dispatch." not in verdict.text(lang) for verdict in choice.verdicts)


def test_verdicts_carry_what_was_had_and_needed() -> None:
    """Every candidate and rule has a verdict with the values on both sides."""
    choice = evaluate(policy({"skill": "category", "level": 3}), ticket(), world({"skills": {"ac": 2}}), AT)

    assert Verdict("a", "skill", False, {"ac": 2}, {"ac": 3}, None, "skill") == choice.verdicts[0]
    assert choice.verdicts[:1] == choice.why_not("a")
    assert "a does not meet skill: has ac 2, asked ac 3" == choice.verdicts[0].text()


def test_what_cannot_be_computed_is_a_verdict() -> None:
    """A requirement whose expression fails on this ticket is met by nobody, and says why."""
    for text in ("1 / 0", "category + 1", "['a', 1]", "7"):
        choice = evaluate(policy({"skill": text}), ticket(), world({"skills": ["ac"]}), AT)

        assert "wait" == choice.action
        assert "error" == choice.verdicts[0].why
        assert choice.verdicts[0].need


def test_functions_of_the_host() -> None:
    """A registered requirement and term take part; one that nobody registered is refused."""
    rule = Policy(name="p", require=[{"host": "van", "need": "category"}], prefer=[[{"host": "score"}]])
    hooks = Hooks(requirements={"van": lambda who, need: need in who.skills}, terms={"score": lambda who, _: who.cost})
    people = world({"skills": ["ac"], "cost": 1}, {"skills": ["ac"], "cost": 2}, {})

    assert ["b", "a"] == [item.id for item in evaluate(rule, ticket(), people, AT, hooks=hooks).ranked]
    with pytest.raises(DefinitionError):
        evaluate(rule, ticket(), people, AT)
    choice = evaluate(rule, ticket(), people, AT, hooks=hooks)
    assert {"van": {"a": True, "b": True, "c": False}, "score": {"a": 1, "b": 2}} == choice.answers


def test_bindings_of_the_caller_are_read() -> None:
    """Expressions read what the caller adds, the ticket's attributes, and its fields."""
    rule = policy({"skill": "table.skill.name"}, {"when": "priority == 3 && state == 'new'"})

    choice = evaluate(
        rule, ticket(configuration=("new",)), world({"skills": ["ac"]}), AT, bindings={"table": {"skill": {"name": "ac"}}}
    )

    assert "a" == choice.best


def test_cheap_choice_is_the_same_choice() -> None:
    """Without explanation only the verdicts are missing."""
    people = world({"skills": ["ac"], "shift": "day"}, {"skills": ["ac"], "capacity": 0}, {}, presence={"c": "away"})
    rule = policy({"skill": "category"}, {"open": "shift"}, {"below": "capacity"}, prefer=["load"])

    full, cheap = (evaluate(rule, ticket(), people, AT, explain=explain) for explain in (True, False))

    assert () == cheap.verdicts
    assert {**full.as_data(), "verdicts": []} == cheap.as_data()


def test_choice_is_data() -> None:
    """A choice is JSON-ready and survives pickle; its fingerprint changes with the world, the ticket and the stage only."""
    people = world({"absences": [(AT, AT + HOUR)], "certificates": {"gas": AT}}, {})
    rule = policy({"certificate": "'gas'"}, relax=[{"drop": "certificate"}])
    choice = evaluate(rule, ticket(), people, AT)

    json.dumps(choice.as_data())
    assert choice == pickle.loads(pickle.dumps(choice))
    assert choice.fingerprint == evaluate(rule, ticket(), people, AT + HOUR).fingerprint
    others = (
        evaluate(rule, ticket(sequence=1), people, AT),
        evaluate(rule, ticket(), people.with_loads({"a": 1}), AT),
        evaluate(rule, ticket(), people, AT, stage=1),
    )
    assert 4 == len({choice.fingerprint, *(other.fingerprint for other in others)})


def test_arguments_are_checked() -> None:
    """Naive instants, negative stages, foreign tickets and unknown candidates are refused with a sentence."""
    with pytest.raises(TimeError):
        evaluate(policy(), ticket(), world(), AT.replace(tzinfo=None))
    with pytest.raises(InputError, match="stage"):
        evaluate(policy(), ticket(), world(), AT, stage=-1)
    with pytest.raises(InputError, match="Ticket"):
        evaluate(policy(), {"id": "T1"}, world(), AT)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InputError, match="did you mean 'anna'"):
        why_not(policy(), ticket(), world({"id": "anna"}), AT, "ana")


def test_the_example_of_the_design() -> None:
    """The design's policy, given as a mapping, offers the ticket to the engineer who came before."""
    definition = {
        "name": "engineer",
        "slot": "assignee",
        "candidates": "engineers",
        "state": "new",
        "require": [{"skill": "category"}, {"area": "region"}, {"open": "shift"}, {"below": "capacity"}],
        "prefer": [[{"term": "sticky", "weight": 5}, {"term": "distance", "weight": -1}], [{"term": "load", "weight": -1}]],
        "mode": "offer",
        "offer": {"timeout": "10m"},
        "relax": [{"after": "30m", "widen": "area"}, {"after": "60m", "mode": "pool"}],
    }
    person = {"skills": ["ac"], "areas": ["shanghai"], "shift": "day", "capacity": 4}

    choice = evaluate(definition, ticket(customer="c1"), world(person, person, previous={"c1": ("b",)}, loads={"b": 3}), AT)

    assert ("offer", ("b",)) == (choice.action, choice.to)
    assert EMPTY == choice.counts
