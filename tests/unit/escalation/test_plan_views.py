"""Knows how plans of chains are told, drawn and written; must not know how they come about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.escalation import ELAPSED, Chain, Plan, Planned, Scripted, begin, history, history_text, plan
from servflow.escalation._plan_views import MOST_ROWS
from servflow.escalation._words import reason_in
from servflow.model import ChainRun, Escalated, Migrated
from tests.oracles.sequence_reader import read_sequence

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = NINE + timedelta(days=1)
NASTY = [
    "end", "a;b#c", "x: y->>z", '"q" <b>&amp;', "loop", "中文；：", "%% comment", "as as", "wrap: x", "#35;", "{}[]()", "alt 1",
]  # fmt: skip


def hours(count: float) -> datetime:
    return NINE + timedelta(hours=count)


def chain(**more: Any) -> Chain:
    told = [{"name": name, "after": "1h", "do": [{"notify": {"to": {"role": name}, "template": "t"}}]} for name in ("a", "b")]
    return Chain(**{"name": "late", "start": {"event": "go"}, "levels": told, **more})


def workflow(*names: str) -> Workflow:
    """Chains of the names, each with a level of each name that tells a person of it."""
    levels = [{"name": name, "do": [{"notify": {"to": {"user": name}, "template": "t"}}]} for name in names]
    chains = [{"name": name, "start": {"event": "go"}, "levels": levels} for name in names]
    return Workflow(workflow="w", initial="a", states={"a": {}}, escalations=chains)


def test_a_plan_of_a_chain_is_told_as_a_table() -> None:
    """Each level is a row with its instant, who is addressed and what is done; what the script holds stands between."""
    item = chain()
    found = Plan.of(item, NINE, DAY, plan(item, NINE, DAY), [Scripted(at=hours(1), event="ack")])

    assert (
        "What chain late does for a ticket from Mon 2026-03-02 17:00 until Tue 2026-03-03 17:00 (Asia/Shanghai)\n"
        "  at                    level  what   to      remarks\n"
        "  Mon 2026-03-02 18:00  ack    event  -\n"
        "  Mon 2026-03-02 18:00  a      fires  role:a  notify\n"
        "  Mon 2026-03-02 19:00  b      fires  role:b  notify"
    ) == found.text("en", "Asia/Shanghai")
    assert "升级链 late 对 一张工单 自 周一 2026-03-02 09:00" in found.text("zh")
    assert ("没有任何动作", "Nothing happens") == (
        Plan.of(item, NINE, NINE, ()).text("zh").splitlines()[1].strip(" 。"),
        Plan.of(item, NINE, NINE, ()).text().splitlines()[1].strip(" ."),
    )


@pytest.mark.parametrize("method", ["text", "mermaid"])
@pytest.mark.parametrize(("lang", "zone"), [("fr", "UTC"), ("en", "Mars/Base")])
def test_another_language_or_zone_is_refused(method: str, lang: str, zone: str) -> None:
    """Texts are in English and Chinese, and a zone is one of the tz database."""
    found = Plan.of(chain(), NINE, DAY, plan(chain(), NINE, DAY))

    with pytest.raises(InputError):
        getattr(found, method)(lang, zone)


def test_a_drawing_holds_everybody_and_everything() -> None:
    """Chains and people take part, an arrow goes to whoever is told, and a note tells what reaches nobody."""
    found = workflow("x").plan(None, at=NINE, until=DAY, script=[(NINE, "go")]).mermaid()

    assert [
        ("participant", "c0", "c0", "x"),
        ("participant", "p0", "p0", "x"),
        ("note", "c0", "c0", "Mon 2026-03-02 09:00 go event"),
        ("note", "c0", "c0", "Mon 2026-03-02 09:00 starts event go happened"),
        ("arrow", "c0", "p0", "Mon 2026-03-02 09:00 x fires"),
    ] == read_sequence(found)


def test_no_name_is_read_as_syntax() -> None:
    """Names that mean something to Mermaid are drawn as they are written, in both languages."""
    made = workflow(*NASTY).plan(None, at=NINE, until=DAY, script=[(NINE, "go"), (NINE, "bad;name #1 ->>")])
    for lang in ("en", "zh"):
        lines = read_sequence(made.mermaid(lang, "Asia/Shanghai"))

        assert [*NASTY, *NASTY] == [text for kind, _, _, text in lines if kind == "participant"]
        assert len(NASTY) ** 2 == sum(kind == "arrow" for kind, *_ in lines)
    assert made.text("zh").count("\n") > len(NASTY)


def test_a_long_plan_is_cut_for_people_and_whole_for_programs() -> None:
    """Of many rows the first and the last are shown, with how many were left out; the data has all."""
    item = chain(repeat={"times": 100, "after": "1h"}, levels=[{"name": f"l{place}"} for place in range(4)])
    found = Plan.of(item, NINE, NINE + timedelta(days=30), plan(item, NINE, NINE + timedelta(days=30)))

    assert (404, MOST_ROWS + 3) == (len(found), len(found.text().splitlines()))
    assert "204" in found.text()
    assert MOST_ROWS + 1 == sum(line.startswith("    Note") for line in found.mermaid().splitlines())
    assert 404 == len(json.loads(json.dumps(found.to_data()))["planned"])


def test_a_plan_is_a_sequence_of_what_is_planned() -> None:
    """It can be iterated, counted and indexed like the tuple that a plan of a chain alone is."""
    planned = plan(chain(), NINE, DAY)
    found = Plan.of(chain(), NINE, DAY, planned)

    assert (planned, 2, planned[0], planned[1:]) == (tuple(found), len(found), found[0], found[1:])
    assert Planned(hours(1), 0, ("role:a",), chain().levels[0].do, "a") == found[0]


# a plan of a run -------------------------------------------------------------------------------------------------


def climbing(item: Chain) -> ChainRun:
    return begin(item, "c", NINE, lambda _: ELAPSED)


def test_a_run_is_planned_from_where_it_stands() -> None:
    """What it is late for comes too, each at its own instant."""
    item = chain()

    assert plan(item, NINE, DAY) == plan(item, hours(5), DAY, run=climbing(item))


def test_a_run_of_another_edition_is_refused() -> None:
    """A run is planned by the edition it is pinned to, and by no other chain."""
    for other in (chain(late="each"), chain(name="other")):
        with pytest.raises(InputError) as caught:
            plan(other, NINE, DAY, run=climbing(chain()))

        assert "edition" == caught.value.code
    with pytest.raises(InputError):
        plan(chain(), NINE, DAY, run="late")  # type: ignore[arg-type]  # what a host may pass


# what happened ----------------------------------------------------------------------------------------------------


def test_the_history_of_a_run_is_told() -> None:
    """Every level has its outcome, and who was told, in both languages; nothing else than records is a history."""
    flow = workflow("x")
    opened = flow.open("T", at=NINE)
    fired = flow.fire(opened.ticket, "go", at=NINE)
    late = flow.advance(fired.ticket, at=DAY)
    records = (*opened.records, *fired.records, *late.records)
    [run] = history(records)

    assert (("x",), NINE, "every level was climbed") == (run.told, run.started_at, run.ended)
    assert ["started", "level"] == [step.kind for step in run.steps]
    assert [NINE] == [step.at for step in run.levels]
    assert {"x", "fires"} <= set(history_text([run]).split())
    assert "触发" in history_text([run], "zh")
    with pytest.raises(InputError):
        history(["x"])  # type: ignore[list-item]  # what a host may pass


def test_a_part_of_the_records_is_told_from_there_on() -> None:
    """With the runs of a snapshot the records after it suffice."""
    flow = workflow("x")
    ticket = flow.fire(flow.open("T", at=NINE).ticket, "go", at=NINE).ticket
    later = flow.advance(ticket, at=DAY).records
    [run] = history(later, live=ticket.chains)

    assert [("level", "fired")] == [(step.kind, step.outcome) for step in run.steps]
    assert [Escalated] == [type(record) for record in later]
    assert ((), "running") == tuple(getattr(history((), live=ticket.chains)[0], name) for name in ("steps", "phase"))


def test_a_migration_is_part_of_the_history() -> None:
    """A run that goes on under another edition is told as changed, one that a migration left out as ended by it."""
    flow = workflow("x", "y")
    opened = flow.open("T", at=NINE)
    fired = flow.fire(opened.ticket, "go", at=NINE)
    kept, left = fired.ticket.chains
    told = Migrated(
        sequence=99,
        at=hours(1),
        before=fired.ticket.pins,
        pins=fired.ticket.pins,
        version=2,
        configuration=("a",),
        entered=fired.ticket.entered,
        chains=(evolve(kept, chain="renamed"),),
    )
    stories = history((*opened.records, *fired.records, told))

    assert [("renamed", "running", ""), (left.chain, "done", "migration")] == [
        (run.chain, run.phase, run.ended) for run in stories
    ]
    assert [["started", "changed"], ["started", "stopped"]] == [[step.kind for step in run.steps] for run in stories]


@pytest.mark.parametrize(
    ("reason", "zh"),
    [
        ("manager of manager of ann (on call in night)", "ann的上级的上级（night 值班）"),
        ("fallback: manager of bob (role boss)", "后备：bob的上级（角色 boss）"),
        ("random of queue care, where everybody is away", "队列 care 随机（全员不在）"),
        ("owner is nobody", "没有负责人"),
        ("it did not begin: its condition does not hold", "未能启动：条件不成立"),
        ("the script stops it", "由脚本结束"),
        ("what a host says", "what a host says"),
        ("manager of " * 60 + "ann", "manager of " * 60 + "ann"),
    ],
)
def test_reasons_are_told_in_chinese_with_what_they_hold(reason: str, zh: str) -> None:
    """A reason within a reason is told in the language as well; what the library did not say stays as it is."""
    assert zh == reason_in(reason, "zh")
    assert reason == reason_in(reason, "en")
