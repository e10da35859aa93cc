"""Holds what dispatch says of a choice to the counts behind it, in English and Chinese, in a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.calendars import Calendar
from servflow.dispatch import CANDIDATES, CHANGES, REQUIREMENTS, STANDING, Change, Policy, Verdict, evaluate, unblock, why_not
from servflow.errors import InputError, render
from servflow.model import FrozenMap, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
HOUR = timedelta(hours=1)
TICKET = Ticket(
    id="T1", workflow="w", at=AT, opened_at=AT, customer="c1", fields=FrozenMap({"category": "ac", "region": "pudong"})
)
POLICY = Policy(name="p", require=[{"area": "region"}, {"skill": "category", "level": 3}, {"below": "capacity"}])


def crowd(**changes: Any) -> World:
    """38 engineers: 21 elsewhere, 9 without the level, 5 full for four hours and 3 whom the customer does not want."""

    def person(index: int) -> dict[str, Any]:
        skill, area = (2 if 21 <= index < 30 else 3), ("puxi" if index < 21 else "pudong")
        return {"id": f"e{index:02}", "skills": {"ac": skill}, "areas": [area], "capacity": 2}

    full = [f"e{index}" for index in range(30, 35)]
    given = {
        "engineers": [person(index) for index in range(38)],
        "areas": {"pudong": "shanghai", "puxi": "shanghai"},
        "loads": dict.fromkeys(full, 2),
        "free_at": dict.fromkeys(full, AT + 4 * HOUR),
        "forbidden": {"c1": ["e35", "e36", "e37"]},
    }
    return World(**{**given, **changes})


@pytest.mark.parametrize("explain", [True, False])
def test_the_counts_are_one_sentence(explain: bool) -> None:
    """How many were kept out by what, the level asked for, and until when the full are full; the numbers add up."""
    choice = evaluate(POLICY, TICKET, crowd(), AT, explain=explain)

    assert (
        "38 engineers: 21 out of area pudong, 9 lack skill ac level 3, 3 forbidden for customer c1, 5 full until 14:00, "
        "nobody fits" == choice.text(zone="Asia/Shanghai")
    )
    assert (
        "38 名工程师：21 个不在区域 pudong，9 个缺少技能 ac 3 级，3 个被客户 c1 禁止，5 个已满负荷（至 14:00），无人符合"
        == choice.text("zh", "Asia/Shanghai")
    )
    assert "5 full until 06:00 UTC" in choice.text()
    assert 38 == sum(choice.counts.values())


def test_several_instants_tell_the_first() -> None:
    """Where they come back at different times the first of them is told; with its date where that is another day."""
    two = [{"id": "a", "absences": [[AT - HOUR, AT + HOUR]]}, {"id": "b", "absences": [[AT - HOUR, AT + 24 * HOUR]]}]
    later = [{**person, "absences": [[AT - HOUR, AT + 24 * HOUR]]} for person in two]
    policy = Policy(name="p")

    assert "2 engineers: 2 absent (the first until 11:00), nobody fits" == evaluate(
        policy, TICKET, World(engineers=two), AT
    ).text(zone="Asia/Shanghai")
    assert "2 absent until 2026-03-03 10:00" in evaluate(policy, TICKET, World(engineers=later), AT).text(zone="Asia/Shanghai")


def test_one_is_told_in_the_singular() -> None:
    """One engineer lacks, several lack."""
    world = World(engineers=[{"id": "a", "areas": ["pudong"]}])

    assert "1 engineer: 1 lacks skill ac level 3, nobody fits" == evaluate(POLICY, TICKET, world, AT).text()


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc", "Asia", 7])
def test_a_zone_that_is_none_is_refused(zone: Any) -> None:
    """Instants are told in a zone of the tz database; anything else says so, and nothing else escapes."""
    choice = evaluate(POLICY, TICKET, crowd(), AT)
    if zone == "":
        assert choice.text() != ""
        return
    with pytest.raises(InputError, match="no time zone"):
        choice.text(zone=zone)


@pytest.mark.parametrize("kind", [*REQUIREMENTS, *STANDING, "cool_off", "takes", "visit"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_rule_has_words(kind: str, lang: str) -> None:
    """No rule is told by its code."""
    assert not render(f"dispatch.sum.{kind}", {"count": 3, "need": "x", "rule": "r"}, lang).startswith("dispatch.")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everybody_and_every_change_has_words(lang: str) -> None:
    """Nor is a kind of candidate, or a change."""
    kinds = [render(f"dispatch.who{one}.{kind}", {"count": 2}, lang) for kind in CANDIDATES for one in ("", "_one")]
    changes = [Change(kind=kind, scope="world", candidate="ann", what="x").text(lang) for kind in CHANGES]

    assert [] == [text for text in (*kinds, *changes) if text.startswith("dispatch.")]


def test_why_not_says_who_is_ahead_and_by_what() -> None:
    """Whoever fits hears their place, both totals, the level that decides and the terms that differ."""
    world = World(engineers=[{"id": "a", "cost": 1}, {"id": "b", "cost": 4}], loads={"a": 1})
    policy = Policy(name="p", prefer=[[{"term": "load"}], [{"term": "cost", "weight": -1}]])
    found = why_not(policy, TICKET, world, AT, "b")

    assert (2, 1, {"load": (0, 1)}) == (found.ranked and found.ranked.rank, found.level, dict(found.terms))
    assert found.fits
    assert "b fits, place 2 of 2, behind a: points 0/-4 against 1/-1; level 1 decides (b : a): load 0 : 1" == found.text()
    assert "a fits, and is the best of 2" == why_not(policy, TICKET, world, AT, "a").text()


def test_why_not_tells_optional_requirements_and_ties() -> None:
    """Optional requirements met are the first level; the same points are settled by the hash, and said so."""
    world = World(engineers=[{"id": "a", "languages": ["zh"]}, {"id": "b"}])
    asked = Policy(name="p", require=[{"language": "'zh'", "optional": True}], prefer=[[{"term": "load"}]])
    behind, tied = why_not(asked, TICKET, world, AT, "b"), evaluate(Policy(name="p"), TICKET, world, AT).ranked[1].id

    assert (1, {}) == (behind.level, dict(behind.terms))
    assert "with the same points as" in why_not(Policy(name="p"), TICKET, world, AT, tied).text()


def test_why_not_knows_people_of_other_kinds() -> None:
    """Somebody of another kind is no misspelling."""
    world = World(engineers=[{"id": "ann"}], agents=[{"id": "bea"}])

    with pytest.raises(InputError, match="'bea' is one of the agents of the world; policy 'p' chooses among its engineers"):
        why_not(Policy(name="p"), TICKET, world, AT, "bea")
    with pytest.raises(InputError, match="did you mean 'ann'"):
        why_not(Policy(name="p"), TICKET, world, AT, "anne")


def test_when_time_lets_them_in() -> None:
    """Somebody is let in by time alone once the last of what keeps them out is over; never, where one thing stays."""
    calendars = {"late": Calendar(zone="UTC", week={"mon-sun": ["04:00-20:00"]})}
    absent = {"absences": [[AT, AT + HOUR]], "shift": "late"}
    world = World(engineers=[{"id": "a", **absent}, {"id": "b", "capacity": 1, **absent}], loads={"b": 1}, calendars=calendars)
    policy = Policy(name="p", require=[{"open": "shift"}, {"below": "capacity"}])

    assert AT + 2 * HOUR == why_not(policy, TICKET, world, AT, "a").again_at
    assert None is why_not(policy, TICKET, world, AT, "b").again_at


def test_unblock_of_the_crowd() -> None:
    """The smallest steps come first, and each says who fits then."""
    told = unblock(POLICY, TICKET, crowd(), AT, limit=500)
    kinds = [change.kind for change in told]

    assert told.complete
    assert {"load", "capacity", "skill", "area", "forbidden", "drop", "widen", "lower"} == set(kinds)
    assert (5, 5, 9, 21, 3) == tuple(kinds.count(kind) for kind in ("load", "capacity", "skill", "area", "forbidden"))
    assert "take 1 off the load of e30 (2, 1 would do)" == told[0].text()
    assert "将 e21 的技能 ac 从 2 级提高到 3 级" == next(change for change in told if change.kind == "skill").text("zh")


def test_unblock_tells_misses_where_no_single_change_helps() -> None:
    """Two things missing at once, and nothing that may be asked less of: who came nearest is told with all reasons."""
    world = World(engineers=[{"id": "a", "skills": {"ac": 1}}, {"id": "b", "areas": ["puxi"]}])
    strict = Policy(name="p", require=[{"area": "region", "safety": True}, {"skill": "category", "safety": True}])
    told = unblock(strict, TICKET, World(engineers=[{"id": "b", "areas": ["puxi"]}]), AT)

    assert () == told
    assert ["b"] == [miss.candidate for miss in told.misses]
    assert "no single change lets anybody in; nearest came:\n  b does not meet area" in told.text()
    assert ["area"] == [change.kind for change in unblock(strict, TICKET, world, AT)]
    assert "there is nobody whom a change could let in" == unblock(strict, TICKET, World(), AT).text()


def test_a_verdict_in_chinese_has_no_english_of_ours() -> None:
    """What the library says of a load, a shift or an absence is said in the language asked for; names stay as they are."""
    until = AT + timedelta(hours=3)
    stretch = Verdict("ann", "absence", False, [AT, until], None, until, kind="absence")
    full = Verdict("ann", "below", False, {"load": 2, "capacity": 2, "takes": 1}, "capacity", kind="below")
    off = Verdict("ann", "open", False, {"roster ended": AT}, "shift", kind="open")
    held = Verdict("ann", "skill", False, {"load": 1}, {"load": 2}, kind="skill")

    assert "ann is absent (2026-03-02 10:00 to 2026-03-02 13:00)" in stretch.text("en", "Asia/Shanghai")
    assert "ann 缺勤（2026-03-02 10:00 至 2026-03-02 13:00）" in stretch.text("zh", "Asia/Shanghai")
    assert "ann 不满足 below：具有 负荷 2, 容量 2, 需占用 1，要求 容量以内" == full.text("zh")
    assert "ann 不满足 open：具有 排班止于 2026-03-02 10:00，要求 在班" == off.text("zh", "Asia/Shanghai")
    assert "ann 不满足 skill：具有 load 1，要求 load 2" == held.text("zh")


def test_a_change_names_a_few_of_whom_it_lets_in() -> None:
    """Twenty names would hide the change; one of them is told in the singular."""
    many = Change(kind="drop", scope="policy", what="area", creates=tuple("abcdefg"))

    assert "drop the requirement area; then a, b, c, d, e, +2 fit" == many.text()
    assert "drop the requirement area; then a fits" == evolve(many, creates=("a",)).text()
