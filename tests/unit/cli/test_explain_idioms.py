"""Holds explain to what it tells of checklists, votes, sub-tickets and forced moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from servflow.desk import Desk
from servflow.documents import load
from servflow.stores import SqliteStore

Run = Callable[..., Result]

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
DEFINITION = """
workflow: repair
roles: [clerk, engineer, boss, finance]
events:
  step.check: {allow: [engineer]}
  ticket.force: {allow: [boss]}
initial: visit
states:
  visit:
    title: At the customer
    checklist:
      - {step: photo, title: Photograph it, evidence: {url: string}}
      - {step: fix, within: 2h, evidence: {volts: decimal, note: {type: string, optional: true}}}
      - {step: tidy, required: false}
  paying:
    initial: review
    states:
      review: {title: Is it paid?, approval: {quorum: {boss: 1, finance: 1}, reject: 2, within: 4h}}
  closed: {closed: true}
transitions:
  - {event: ask, source: visit, target: paying, allow: [engineer], do: [{open: {workflow: part}}]}
  - {event: approved.review, source: review, target: closed}
  - {event: rejected.review, source: review, target: visit}
"""
ANN, BOB, FLO = ({"id": name, "roles": [role]} for name, role in (("ann", "engineer"), ("bob", "boss"), ("flo", "finance")))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Two tickets: one during its visit, one forced back and up for approval again."""
    path = tmp_path / "tickets.db"
    with SqliteStore(path) as store:
        part = load("{workflow: part, states: {ordered: {}, there: {closed: true}}, transitions: []}")
        desk = Desk([load(DEFINITION), part], store, now=lambda: NINE)
        for name in ("T1", "T2"):
            desk.open(name, workflow="repair")
            desk.fire(name, "step.check", {"step": "photo", "evidence": {"url": "a.jpg"}}, actor=ANN)
        desk.fire("T2", "ask", actor=ANN)
        desk.fire("T2", "ticket.force", {"state": "visit", "reason": "the customer called"}, actor=BOB)
        desk.fire("T2", "ask", actor=ANN)
        desk.fire("T2", "approval.approve", {"comment": "budget is there"}, actor=FLO)
    return path


def test_explain_tells_the_steps(run: Run, db: Path) -> None:
    """Who did a step when and with what; what the others need, and until when."""
    told = json.loads(run("explain", db, "T1", "--format", "json").stdout)
    text = run("explain", db, "T1").stdout

    assert [("photo", True, "ann", {"url": "a.jpg"}), ("fix", False, None, None), ("tidy", False, None, None)] == [
        (step["step"], step["done"], step["by"], step["given"]) for step in told["checklists"]
    ]
    for said in (
        "Checklist of At the customer",
        "Photograph it",
        "url: a.jpg",
        "volts: decimal",
        "tidy (optional)",
        "11:00",
    ):
        assert said in text


def test_explain_tells_votes_children_and_who_forced_what_why(run: Run, db: Path) -> None:
    """The quorum, each vote with what was said, the open sub-tickets, and the reason of a forced move."""
    told = json.loads(run("explain", db, "T2", "--format", "json").stdout)
    english, chinese = run("explain", db, "T2").stdout, run("explain", db, "T2", "--lang", "zh").stdout

    [approval] = told["approvals"]
    assert ({"boss": 1, "finance": 1}, ["flo"], None) == (approval["quorum"], approval["approved"], approval["decided"])
    assert [("flo", "approve", "budget is there")] == [(one["by"], one["vote"], one["comment"]) for one in approval["votes"]]
    assert ("Is it paid?", 2) == (told["title"], told["children"]["total"])
    [forced] = [move for move in told["moves"] if move["event"] == "ticket.force"]
    assert ("bob", "the customer called", "review", "visit") == tuple(forced[key] for key in ("by", "reason", "from", "to"))
    allowed = {door["event"]: door["allow"] for door in told["next"]["by_people"]}
    assert {"approved.review": ["system"], "rejected.review": ["system"]} == allowed
    for said in (
        "Approval in Is it paid?",
        "boss 1, finance 1; to reject: 2",
        "budget is there",
        "opened so far: 2",
        "customer called",
    ):
        assert said in english
    for said in ("Is it paid? 的审批", "否决需要：2", "同意", "子工单"):
        assert said in chinese


TITLED = """
workflow: repair
title: {en: Repair, zh: 维修单}
roles: [clerk]
titles: {roles: {clerk: {en: Clerk, zh: 接待员}}, calendars: {office: {en: office hours, zh: 办公时间}}}
calendars: {office: {zone: UTC, week: {mon-fri: ["08:00-18:00"]}}}
states:
  new: {title: {en: New, zh: 新建}, timers: [{after: 2d, event: close}]}
  done: {title: {en: Done, zh: 已完成}, closed: true}
transitions:
  - {event: close, source: new, target: done, title: {en: Close it, zh: 关单}, allow: [clerk, system]}
clocks: [{name: fix, title: {en: Fix it, zh: 修复时限}, within: 1h, calendar: office, until: done}]
escalations:
  - name: late
    title: {en: Runs late, zh: 超时升级}
    start: {clock: fix, mark: breach}
    levels: [{name: first, title: {en: The clerk, zh: 通知接待员}, do: [{notify: {to: {role: clerk}, template: x}}]}]
"""


@pytest.mark.parametrize(
    ("lang", "said", "unsaid"),
    [
        ("en", ("Repair", "Fix it", "office hours", "Runs late", "The clerk", "Close it", "Clerk"), ("clock fix",)),
        (
            "zh",
            ("维修单", "计时 修复时限", "办公时间", "超时升级", "通知接待员", "关单", "接待员, 系统", "定时"),
            ("late", "fix"),
        ),
    ],
)
def test_explain_calls_everything_by_its_title(
    run: Run, tmp_path: Path, lang: str, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    """States, events, clocks, calendars, chains, levels and roles, in the language asked for; also of one clock."""
    path, hour = tmp_path / "titled.db", [0]
    with SqliteStore(path) as store:
        desk = Desk([load(TITLED)], store, now=lambda: NINE + timedelta(hours=hour[0]))
        desk.open("T3")
        hour[0] = 3
        desk.tick()
    told = run("explain", path, "T3", "--lang", lang).stdout
    clock = run("explain", path, "T3", "--clock", "fix", "--lang", lang).stdout

    assert [] == [name for name in said if name not in told]
    assert [] == [name for name in unsaid if name in told]
    assert ("Clock Fix it", "时钟 修复时限")[lang == "zh"] in clock
    assert ("office hours", "办公时间")[lang == "zh"] in clock


OPTIONS = """
workflow: refund
roles: [clerk, boss]
titles: {roles: {boss: {en: the boss, zh: 主管}, clerk: {en: the clerk, zh: 文员}}}
fields: {amount: {type: int, default: 7, title: {en: Amount, zh: 金额}}}
events: {ticket.assign: {allow: [boss]}}
states: {new: {title: {en: New, zh: 新建}}, paid: {title: {en: Paid, zh: 已付款}, closed: true}}
transitions:
  - {event: pay, source: new, target: paid, title: {en: Pay, zh: 付款}, allow: [boss], when: amount < 5}
  - {event: check, source: new, target: paid, allow: [assignee]}
  - {event: note, source: new, internal: true, title: {en: Note it, zh: 备注}, allow: [clerk], payload: {text: string}}
"""


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            (
                "no: pay is not allowed now: amount (7) < 5 is false; setting amount to 4 would allow it",
                "no: nobody is there who may",
                "yes; needs text",
                "Assign",
                "yes; needs To whom",
                "the boss",
            ),
        ),
        (
            "zh",
            (
                "不可：现在不能执行 付款：amount",
                "不成立；将 金额 改为 4 即可执行",
                "不可：目前无人有权执行",
                "可以；需要填写：text",
                "指派",
                "可以；需要填写：给谁",
                "主管",
                "处理人",
            ),
        ),
    ],
)
def test_explain_tells_what_can_be_done_now_and_why_not(run: Run, tmp_path: Path, lang: str, said: tuple[str, ...]) -> None:
    """Each event as whoever may take it finds it: what can be, what asks for something, what cannot be."""
    path = tmp_path / "options.db"
    with SqliteStore(path) as store:
        Desk([load(OPTIONS)], store, now=lambda: NINE).open("T4")
    told = run("explain", path, "T4", "--lang", lang).stdout
    options = json.loads(run("explain", path, "T4", "--format", "json").stdout)["options"]

    # A table folds its cells, here at the edge of 118 columns.
    assert [] == [part for part in said if not set(part.split()) <= set(told.split())]
    assert [("pay", "refused"), ("check", "refused"), ("note", "needs"), ("ticket.assign", "needs")] == [
        (one["event"], one["status"]) for one in options
    ]
    assert ["boss"] == options[-1]["allow"]
