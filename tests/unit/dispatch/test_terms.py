"""Knows what each preference must measure, in which unit and with which bounds; must not know how it is computed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

import pytest

from servflow.dispatch import TERMS, Hooks, Policy, Ranked, evaluate, plan
from servflow.engine import Extensions
from servflow.errors import DefinitionError, InputError
from servflow.model import ClockRun, FrozenMap, Held, SlotProgress, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ticket(**changes: Any) -> Ticket:
    """A ticket of customer c1 about asset a1 in area n."""
    fields = changes.pop("fields", {"category": "ac", "area": "n"})
    return Ticket(
        **{
            "id": "T1",
            "workflow": "w",
            "at": AT,
            "opened_at": AT,
            "customer": "c1",
            "asset": "a1",
            "fields": FrozenMap(fields),
            **changes,
        }
    )


def running(due: datetime | None) -> dict[str, Any]:
    """What gives a ticket one running clock."""
    run = ClockRun(name="c", within=MINUTE, due=due, started_at=AT)
    return {"clocks": FrozenMap(c=run)}


def world(*engineers: dict[str, Any], **changes: Any) -> World:
    """A world of these engineers, named a, b, c ... unless they say otherwise."""
    return World(engineers=[{"id": chr(ord("a") + index), **one} for index, one in enumerate(engineers)], **changes)


def measured(term: Any, of: World, on: Ticket | None = None, at: datetime = AT, **policy: Any) -> dict[str, int]:
    """What one term measures for everybody, by id."""
    spec = Policy(name="p", prefer=[[term]], **policy)
    choice = evaluate(spec, on or ticket(), of, at)
    [label] = {name for item in choice.ranked for name in item.terms}
    return {item.id: item.terms[label] for item in sorted(choice.ranked, key=lambda item: item.id)}


ALMOST = AT - MINUTE + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("term", "expected", "changes"),
    [
        ("sticky", {"a": 1, "b": 0}, {"previous": {"c1": ["a"]}}),
        ("same_asset", {"a": 0, "b": 1}, {"serviced": {"a1": ["b"], "a2": ["a"]}}),
        ("preferred", {"a": 0, "b": 1}, {"preferred": {"c1": ["b"]}}),
        ("load", {"a": 3, "b": 0}, {"loads": {"a": 3}}),
        ("load_share", {"a": 750, "b": 0}, {"loads": {"a": 3, "b": 99}}),
        ("idle", {"a": 0, "b": 1}, {"loads": {"a": 1}}),
        ("longest_idle", {"a": 90, "b": 0}, {"idle_since": {"a": AT - 90 * MINUTE}}),
        ("longest_idle", {"a": 0, "b": 1}, {"idle_since": {"a": AT - 90 * MINUTE, "b": ALMOST}, "loads": {"a": 1}}),
        ("longest_idle", {"a": 0, "b": 0}, {"idle_since": {"a": AT + MINUTE}}),
        ("worked", {"a": 480, "b": 0}, {"worked": {"a": 480}}),
        ("given", {"a": 7, "b": 0}, {"given": {"a": 7}}),
        ("price", {"a": 12, "b": 0}, {"prices": {"a": 12}}),
        ("cost", {"a": 5, "b": 0}, {}),
        ("travel", {"a": 25, "b": 43_200}, {"travel": {"s": {"n": 25}}}),
        ("travel", {"a": 43_200, "b": 43_200}, {"travel": {"s": {"n": 99_999}}}),
        ("urgency", {"a": -527_040, "b": -527_040}, {}),
        ("lateness", {"a": 0, "b": 0}, {}),
    ],
)
def test_what_terms_measure(term: str, expected: dict[str, int], changes: dict[str, Any]) -> None:
    """Each known term measures a whole number in its own unit; what the world does not say counts as its bound."""
    people: tuple[dict[str, Any], ...] = ({"capacity": 4, "cost": 5, "areas": ["s"]}, {})

    assert expected == measured(term, world(*people, **changes))


def test_every_term_can_be_used_alone() -> None:
    """No known term needs anything of world or ticket: all of them measure whole numbers in a bare world."""
    for term in TERMS:
        found = measured(term, world({}, {}), ticket(asset=None, customer=None, fields={}))

        assert {"a", "b"} == set(found)
        assert {int} == {type(value) for value in found.values()}


@pytest.mark.parametrize(
    ("capacity", "load", "expected"), [(3, 1, 333), (3, 2, 666), (3, 3, 1000), (3, 4, 1333), (None, 9, 0), (0, 0, 1000)]
)
def test_load_share_is_cut_to_thousandths(capacity: int | None, load: int, expected: int) -> None:
    """A share is rounded down; who has no limit is never full, who may hold nothing always is."""
    assert {"a": expected} == measured("load_share", world({"capacity": capacity}, loads={"a": load}))


def test_load_share_is_that_of_the_channel_where_it_is_fuller() -> None:
    """Who is limited by channels only is as full as the ticket's channel; a limit of all counts where that is fuller."""
    chat: dict[str, Any] = {"per_channel": {"chat": 4}}
    people = world(chat, {**chat, "capacity": 10}, {**chat, "capacity": 6}, chat, {"per_channel": {"chat": 0}}, **HELD)

    assert {"a": 500, "b": 500, "c": 833, "d": 0, "e": 1000} == measured("load_share", people, ticket(channel="chat"))
    assert {"a": 0, "b": 500, "c": 833, "d": 0, "e": 0} == measured("load_share", people, ticket(channel="mail"))


HELD: dict[str, Any] = {"loads": {"a": 9, "b": 5, "c": 5}, "channel_loads": {who: {"chat": 2} for who in "abc"}}


def test_what_the_ticket_itself_holds_is_no_load() -> None:
    """Dispatched again, whoever has the ticket is not the worse for it."""
    held = ticket(held=(Held("engineer:a"),))

    assert {"a": 0, "b": 1} == measured("load", world({}, {}, loads={"a": 1, "b": 1}), held)
    assert {"a": 60, "b": 0} == measured(
        "longest_idle", world({}, {}, loads={"a": 1, "b": 1}, idle_since=dict.fromkeys("ab", AT - 60 * MINUTE)), held
    )


def test_how_long_two_have_been_idle_never_changes_their_order() -> None:
    """Two stretches of idleness differ by the same minutes whenever it is asked."""
    idle = world({}, {}, idle_since={"a": AT, "b": AT + timedelta(seconds=59)})
    seen = {
        found["a"] - found["b"]
        for step in range(120)
        if (found := measured("longest_idle", idle, at=AT + step * MINUTE / 60 + MINUTE))
    }

    assert {0} == seen


@pytest.mark.parametrize(("due", "urgency"), [(30, -30), (0, 0), (-30, 30), (600_000, -527_040), (-600_000, 527_040)])
def test_urgency_counts_to_the_first_due_of_a_running_clock(due: int, urgency: int) -> None:
    """Urgency rises as the due instant nears and beyond it, is bounded, and is the same for everybody."""
    on = ticket(**running(AT + due * MINUTE))

    assert {"a": urgency, "b": urgency} == measured("urgency", world({}, {}), on)
    assert {"a": -urgency} == measured({"value": "minutes_left"}, world({}), on)


def test_urgency_ranks_tickets_where_not_all_can_be_placed() -> None:
    """For two tickets and one place, a batch places the one that is due first, whatever their ids."""
    policy = Policy(name="p", require=[{"below": "capacity"}], prefer=["urgency"])
    batch = [ticket(id="A", **running(AT + 60 * MINUTE)), ticket(id="B", **running(AT + 5 * MINUTE)), ticket(id="C")]

    assert (("B", "a"),) == plan(policy, batch, world({"capacity": 1}), AT).assignments


def test_lateness_is_what_the_way_takes_beyond_the_time_left() -> None:
    """Who is there in time is not late; with ten minutes left, a way of 25 is 15 too long."""
    people = world({"areas": ["s"]}, {"areas": ["n"]}, travel={"s": {"n": 25}, "n": {"n": 5}})

    assert {"a": 15, "b": 0} == measured("lateness", people, ticket(**running(AT + 10 * MINUTE)))
    assert {"a": 25, "b": 5} == measured("lateness", people, ticket(**running(AT)))
    assert {"a": 26, "b": 6} == measured("lateness", people, ticket(**running(AT - timedelta(seconds=1))))


def test_distance_is_from_where_the_ticket_is_by_the_policy_or_else_by_its_field() -> None:
    """Steps in the area tree begin at the area that is asked for; where none is, at the ticket's own, as ways do."""
    tree = {"n": "city", "s": "city", "w": "city", "city": "region"}
    people = world({"areas": ["n"]}, {"areas": ["s"]}, {"areas": ["city"]}, {}, areas=tree)

    assert {"a": 0, "b": 2, "c": 1, "d": 20_038} == measured("distance", people)
    asked = {"require": [{"area": "'s'", "optional": True}]}
    assert {"a": 2, "b": 0, "c": 1, "d": 20_038} == measured("distance", people, **asked)


def test_a_field_of_the_same_name_is_read_instead() -> None:
    """``minutes_left`` may be a field of the host; then that is read."""
    assert {"a": 7} == measured({"value": "minutes_left"}, world({}), ticket(fields={"minutes_left": 7}))


def test_stability_is_for_whoever_has_the_slot_or_had_it() -> None:
    """Who fills the slot now counts; in a search, whoever had it when that began."""
    progress = SlotProgress(policy="p", since=AT, had="b")

    assert {"a": 1, "b": 0} == measured("stability", world({}, {}), ticket(assignee="a"))
    assert {"a": 0, "b": 1} == measured("stability", world({}, {}), ticket(slots=FrozenMap(assignee=progress)))
    assert {"a": 0, "b": 0} == measured("stability", world({}, {}))


def test_closeness_counts_levels_both_ways() -> None:
    """The nearest to what is asked is best; where less is accepted, whoever has too little is no nearer than too much."""
    rule: dict[str, Any] = {"require": [{"skill": "category", "level": 3, "optional": True}]}
    people = world({"skills": {"ac": 5}}, {"skills": {"ac": 3}}, {"skills": {"ac": 1}}, {})

    assert {"a": -2, "b": 0, "c": -2, "d": -3} == measured("skill_fit", people, **rule)


# ties -----------------------------------------------------------------------------------------------------------


def order(policy: Policy, of: World, on: Ticket | None = None, **more: Any) -> str:
    """Everybody who fits, the best first, as one word."""
    return "".join(item.id for item in evaluate(policy, on or ticket(), of, AT, **more).ranked)


def test_a_seed_settles_ties_another_way() -> None:
    """Ties fall by a hash of seed, policy, ticket and candidate: the same every time, another way for another seed."""
    people = world(*({} for _ in range(6)))
    plain = Policy(name="p")
    seeded = [Policy(name="p", seed=f"s{number}") for number in range(20)]

    assert order(plain, people) == order(Policy(name="p"), people)
    assert 1 < len({order(one, people) for one in seeded})
    assert ({"name": "p", "seed": "s0"}, True) == (seeded[0].to_data(), seeded[0].hash != plain.hash)
    assert 6 == len({order(plain, people, ticket(id=f"T{number}"))[0] for number in range(60)})


def test_levels_are_lexicographic_sums() -> None:
    """A total of a level counts only among equals of the levels before; the hash and then the id settle the rest."""
    people = world({"cost": 1}, {"cost": 1}, {"cost": 2}, loads={"a": 5, "b": 1}, given={"a": 1, "b": 3, "c": 0})
    prefer = [[{"term": "cost", "weight": -1}], [{"term": "load", "weight": -1}, {"term": "given", "weight": 2}]]
    choice = evaluate(Policy(name="p", prefer=prefer), ticket(), people, AT)

    assert [("b", (-1, 5)), ("a", (-1, -3)), ("c", (-2, 0))] == [(item.id, item.points) for item in choice.ranked]


# turns ----------------------------------------------------------------------------------------------------------


def deal(policy: Policy, people: World, count: int, on: Any = None) -> str:
    """Give out tickets one after the other as a store would keep the marks; who got them, as one word."""
    turns: dict[str, int] = dict(people.turns or {})
    on = on or (lambda name: ticket(id=name))
    out = []
    for number in range(count):
        choice = evaluate(policy, on(f"T{number}"), people.with_turns(turns), AT)
        name = f"dispatch:{policy.name}/{choice.to[0]}"
        turns[name] = turns.get(name, 0) + choice.turns[choice.to[0]]
        out.append(choice.to[0])
    return "".join(out)


ROUND = Policy(name="p", prefer=["round_robin"])
BY_CAPACITY = Policy(name="p", prefer=[{"term": "round_robin", "share": "candidate.capacity"}])


def test_everybody_has_the_same_turns() -> None:
    """Without shares each gets one turn before anybody gets another."""
    dealt = deal(ROUND, world({}, {}, {}, turns={}), 12)

    assert [set("abc")] * 4 == [set(dealt[start : start + 3]) for start in range(0, 12, 3)]


@pytest.mark.parametrize("shares", [(5, 1, 1), (3, 2, 1), (7, 3), (1, 1, 1, 1), (9, 4, 2, 1)])
def test_turns_go_by_shares_and_are_spread(shares: tuple[int, ...]) -> None:
    """At every moment nobody is further than two turns from their share, and each full round is exact."""
    dealt = deal(BY_CAPACITY, world(*({"capacity": share} for share in shares), turns={}), 3 * sum(shares))

    for turn in range(1, len(dealt) + 1):
        for who, share in zip("abcd", shares, strict=False):
            assert abs(dealt[:turn].count(who) * sum(shares) - turn * share) < 2 * sum(shares)
    assert dict(zip("abcd", (3 * share for share in shares), strict=False)) == dict(Counter(dealt))


def test_a_share_of_nothing_comes_last() -> None:
    """Whoever has no share gets a ticket only where nobody else fits, and takes no turn by it."""
    people = world({"capacity": 0}, {"capacity": 1}, turns={})

    assert "bbb" == deal(BY_CAPACITY, people, 3)
    alone = evaluate(BY_CAPACITY, ticket(), world({"capacity": 0}, turns={}), AT)
    assert (("a",), {}) == (alone.to, alone.turns)


def test_who_is_new_or_was_away_has_no_claim_to_the_turns_they_missed() -> None:
    """A newcomer is next once, and then takes turns as all do."""
    turns = {f"dispatch:p/{who}": 1000 * 1_441_440 for who in "ab"}
    dealt = deal(ROUND, world({}, {}, {}, turns=turns), 9)

    assert ("c", 3) == (dealt[0], dealt.count("c"))


def test_kinds_of_tickets_that_take_turns_do_not_disturb_each_other() -> None:
    """Where tickets alternate between two skills, the turns among those who have each go round all the same."""
    people = world(*({"skills": [skill]} for skill in ("ac", "ac", "tv", "tv")), turns={})
    policy = Policy(name="p", require=[{"skill": "category"}], prefer=["round_robin"])

    dealt = deal(policy, people, 40, lambda name: ticket(id=name, fields={"category": ("ac", "tv")[int(name[1:]) % 2]}))

    assert dict.fromkeys("abcd", 10) == dict(Counter(dealt))


def test_a_choice_depends_on_where_turns_stand() -> None:
    """A desk counts turns without giving the world another version; the fingerprint of a choice tells all the same."""
    people = world({}, {}, turns={}, version="w")
    later = people.with_turns({"dispatch:p/a": 1, "dispatch:p": 1}, version="w")
    plain = Policy(name="p", prefer=["load"])

    assert evaluate(ROUND, ticket(), people, AT).fingerprint != evaluate(ROUND, ticket(), later, AT).fingerprint
    assert evaluate(plain, ticket(), people, AT).fingerprint == evaluate(plain, ticket(), later, AT).fingerprint


def test_where_nobody_counts_each_ticket_draws() -> None:
    """Without counts a stable draw by ticket decides, and shares are kept on the whole."""
    people = world({"capacity": 3}, {"capacity": 1})
    drawn = Counter(order(BY_CAPACITY, people, ticket(id=f"T{number}"))[0] for number in range(2000))

    assert 1400 < drawn["a"] < 1600
    assert {} == evaluate(BY_CAPACITY, ticket(), people, AT).turns


# what the host and expressions give -----------------------------------------------------------------------------


def boom(*_: Any) -> Any:
    """A host's function that fails, with a customer's name in the text."""
    raise KeyError("secret of c1")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (boom, "raised KeyError"),
        (lambda *_: 1.5, "gave float, not a whole number"),
        (lambda *_: None, "gave NoneType, not a whole number"),
        (lambda *_: True, "gave bool, not a whole number"),
        (lambda *_: 10**12 + 1, "gave a number beyond 1000000000000"),
    ],
)
def test_what_a_term_of_the_host_does_wrong_counts_nothing_and_is_told(function: Any, told: str) -> None:
    """The ticket finds somebody all the same; the choice says in words that there was no number."""
    policy = Policy(name="p", prefer=[[{"host": "score"}], [{"term": "cost", "weight": -1}]])

    choice = evaluate(policy, ticket(), world({"cost": 2}, {"cost": 1}), AT, hooks=Hooks(terms={"score": function}))

    assert (["b", "a"], [0, 0]) == ([item.id for item in choice.ranked], [item.terms["score"] for item in choice.ranked])
    assert {"score": {"a": told, "b": told}} == choice.answers


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (boom, "raised KeyError"),
        (lambda *_: 1, "gave int, not true or false"),
        (lambda *_: None, "gave NoneType, not true or false"),
    ],
)
def test_what_a_requirement_of_the_host_does_wrong_is_a_verdict(function: Any, told: str) -> None:
    """Nobody gets a ticket by an answer that is none; the verdict has it."""
    policy = Policy(name="p", require=[{"host": "van", "need": "category"}])

    choice = evaluate(policy, ticket(), world({}), AT, hooks=Hooks(requirements={"van": function}))

    assert ("wait", {"van": {"a": told}}) == (choice.action, choice.answers)
    assert [(False, told)] == [(item.passed, item.have) for item in choice.verdicts if item.kind == "host"]


def test_a_function_is_asked_once_for_each_candidate_and_use() -> None:
    """However often a verdict is looked at; two uses of one function are told apart by a number."""
    asked: list[tuple[str, Any]] = []

    def van(who: Any, need: Any) -> bool:
        asked.append((who.id, need))
        return True

    policy = Policy(name="p", require=[{"host": "van", "need": "category"}, {"host": "van", "need": "area"}])
    choice = evaluate(policy, ticket(), world({}, {}), AT, hooks=Hooks(requirements={"van": van}))

    assert [("a", "ac"), ("a", "n"), ("b", "ac"), ("b", "n")] == sorted(asked)
    assert {"van": {"a": True, "b": True}, "van_2": {"a": True, "b": True}} == choice.answers


@pytest.mark.parametrize(
    ("value", "told"),
    [("candidate.cost / 0", "division by zero"), ("double(candidate.cost)", "gave float, not a whole number")],
)
def test_an_expression_that_gives_no_number_counts_nothing_and_is_told(value: str, told: str) -> None:
    """A term that cannot be computed cannot tell anybody apart."""
    choice = evaluate(Policy(name="p", prefer=[{"value": value}]), ticket(), world({"cost": 3}), AT)

    assert [0] == [item.terms["value"] for item in choice.ranked]
    assert told in choice.answers["value"]["a"]


@pytest.mark.parametrize(
    ("prefer", "path", "code"),
    [
        ([{"term": "lode"}], "prefer[0][0].term", "dispatch.one_of"),
        ([{"term": "load", "share": "1"}], "prefer[0][0].share", "dispatch.only_with"),
        ([{"term": "round_robin", "share": "candidate.capacity +"}], "prefer[0][0].share", "dispatch.expression"),
        ([{"value": "at"}], "prefer[0][0].value", "dispatch.reads_time"),
        ([{"term": "load", "weight": 1.5}], "prefer[0][0].weight", "dispatch.whole"),
    ],
)
def test_wrong_terms_are_refused(prefer: list[Any], path: str, code: str) -> None:
    """What cannot be meant is found when the policy is made."""
    with pytest.raises(DefinitionError) as refused:
        Policy(name="p", prefer=[prefer])

    assert [(path, code)] == [(item.path, item.code) for item in refused.value.findings]


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ({"value": "1.5"}, "dispatch.not_a_number"),
        ({"value": "category"}, "dispatch.not_a_number"),
        ({"term": "round_robin", "share": "double(candidate.capacity)"}, "dispatch.not_a_number"),
        ({"value": "minutes_lost"}, "dispatch.expression"),
    ],
)
def test_a_preference_must_give_a_whole_number(term: dict[str, Any], code: str) -> None:
    """Where types are known, what gives no whole number is found at load, and so is what nobody knows."""
    policy = Policy(name="p", prefer=[term])

    assert [code] == [item.code for item in policy.check({"category": "string"})]


def test_whole_numbers_and_truth_values_are_fine() -> None:
    """Numbers, conditions and the minutes that are left may all be preferred by."""
    terms = [{"value": "candidate.load"}, {"value": "category == 'ac'"}, {"value": "minutes_left < 60 ? 1 : 0"}]

    assert () == Policy(name="p", prefer=terms).check({"category": "string"})


def test_ranked_says_what_each_term_measured() -> None:
    """Terms are told by name before their weight; two of one name are told apart."""
    policy = Policy(name="p", prefer=[[{"term": "load", "weight": -2}, {"value": "1"}, {"value": "2"}]])
    [found] = evaluate(policy, ticket(), world({}, loads={"a": 3}), AT).ranked

    assert Ranked("a", (-3,), FrozenMap({"load": 3, "value": 1, "value_2": 2}), 1, "engineer:a", None) == found


@pytest.mark.parametrize("prefer", [[{"value": "1 / 0"}, {"host": "value"}], [{"host": "value"}, {"value": "1 / 0"}]])
def test_a_function_is_asked_whatever_the_terms_beside_it_are_called(prefer: list[Any]) -> None:
    """A function of the name under which a failing expression is told answers all the same, and both are told."""
    hooks = Hooks(terms={"value": lambda who, _: 5 if who.id == "b" else 1})

    choice = evaluate(Policy(name="p", prefer=[prefer]), ticket(), world({}, {}), AT, hooks=hooks)

    assert [("b", (5,)), ("a", (1,))] == [(one.id, one.points) for one in choice.ranked]
    assert {"a": 1, "b": 5} == choice.answers["value"]
    assert [{"a", "b"}] == [set(told) for label, told in choice.answers.items() if label != "value"]


@pytest.mark.parametrize(
    ("share", "dealt"), [("minutes_left > 60 ? candidate.capacity : 0", "bba"), ("candidate.capacity > 1", "bbb")]
)
def test_a_share_reads_what_every_preference_reads(share: str, dealt: str) -> None:
    """Shares may ask how much time is left, and be conditions, which count 1 where they hold."""
    policy = Policy(name="p", prefer=[{"term": "round_robin", "share": share}])

    assert () == policy.check({})
    assert dealt == "".join(sorted(deal(policy, world({"capacity": 1}, {"capacity": 2}, turns={}), 3), reverse=True))


def test_a_function_that_changes_what_is_asked_does_so_for_nobody_else() -> None:
    """Whatever a function does to the value it is given, the next candidate is asked the same."""
    seen: list[Any] = []

    def greedy(who: Any, need: Any) -> bool:
        seen.append(list(need))
        need.append(who.id)
        return True

    policy = Policy(name="p", require=[{"host": "van", "need": "['long']"}])
    choice = evaluate(policy, ticket(), world({}, {}), AT, hooks=Hooks(requirements={"van": greedy}))

    assert ([["long"]] * 2, ["long"]) == (seen, choice.verdicts[0].need)


class Grade(IntEnum):
    """Numbers of the host."""

    GOOD = 5


def test_answers_are_kept_as_plain_numbers() -> None:
    """A choice can be read where the host's own kinds of numbers are not known."""
    choice = evaluate(
        Policy(name="p", prefer=[{"host": "score"}]),
        ticket(),
        world({}),
        AT,
        hooks=Hooks(terms={"score": lambda *_: Grade.GOOD}),
    )

    assert (5, int) == (choice.answers["score"]["a"], type(choice.answers["score"]["a"]))


def test_hooks_are_read_from_their_mapping_or_from_extensions() -> None:
    """What a workflow was loaded with serves as well; what is neither is refused with what to write."""
    policy = Policy(name="p", prefer=[{"host": "score"}])
    terms = {"score": lambda *_: 7}

    given: list[Any] = [Hooks(terms=terms), {"terms": terms}, Extensions(terms=terms)]
    assert [[(7,)]] * 3 == [
        [one.points for one in evaluate(policy, ticket(), world({}), AT, hooks=hooks).ranked] for hooks in given
    ]
    assert () == policy.check({}, hooks=given[1])
    wrong: list[Any] = [{"term": terms}, 3, [terms], {"terms": 3}, {"terms": {"score": 3}}, {"terms": {"score": lambda one: 1}}]
    for hooks in wrong:
        with pytest.raises(InputError):
            evaluate(policy, ticket(), world({}), AT, hooks=hooks)
