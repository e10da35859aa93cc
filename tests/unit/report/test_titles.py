"""Titles in several languages on a page and in a story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import servflow
from servflow.report import html
from servflow.report._names import Names
from servflow.report._story import story

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


SOURCE: dict[str, Any] = {
    "workflow": "repair",
    "title": both("Repair", "维修单"),
    "roles": ["lead"],
    "queues": ["care", "front"],
    "titles": {"queues": {"care": both("Care desk", "关怀组")}},
    "events": {"ticket.update": {"allow": ["lead"]}},
    "fields": {
        "tier": {
            "one_of": ["gold", "standard"],
            "title": both("Tier", "等级"),
            "titles": {"gold": both("Gold", "金牌")},
        }
    },
    "states": {
        "new": {
            "title": both("New", "新建"),
            "checklist": [{"step": "photo", "title": both("Take a photo", "拍照")}],
        },
        "done": {"closed": True, "title": both("Done", "完成")},
    },
    "transitions": [
        {"event": "finish", "source": "new", "target": "done", "title": both("Finish the work", "完工"), "allow": ["lead"]},
        {"event": "nudge", "source": "new", "internal": True, "title": both("Nudge", "催办"), "allow": ["lead"]},
    ],
    "clocks": [{"name": "fix", "title": both("Fix it", "修复时限"), "within": "30m", "until": "done"}],
    "escalations": [
        {
            "name": "late",
            "title": both("Runs late", "超时升级"),
            "start": {"clock": "fix", "mark": "breach"},
            "until": {"state": "done"},
            "levels": [
                {
                    "name": "first",
                    "title": both("The lead", "组长"),
                    "do": [{"notify": {"to": {"role": "lead"}, "template": "x"}}],
                }
            ],
        }
    ],
}
REPAIR = servflow.load(SOURCE)
LEAD = {"id": "lee", "roles": ["lead"]}
WORLD = {"engineers": [{"id": "lee", "roles": ["lead"]}]}
OPENED = REPAIR.open("R-1", {"tier": "gold", "queue": "care"}, at=AT, world=WORLD)
NUDGED = REPAIR.fire(OPENED.ticket, "nudge", at=AT + timedelta(minutes=10), actor=LEAD, world=WORLD)
LATE = REPAIR.advance(NUDGED.ticket, at=AT + timedelta(minutes=31), world=WORLD)
DONE = REPAIR.fire(LATE.ticket, "finish", at=AT + timedelta(hours=1), actor=LEAD, world=WORLD)
RECORDS = (*OPENED.records, *NUDGED.records, *LATE.records, *DONE.records)


def test_a_page_calls_everything_in_the_language_it_is_written_in() -> None:
    """A Chinese page has Chinese states, clocks, chains, queues and values; what it says in English waits for the switch."""
    chinese, english = (html([RECORDS], [REPAIR], at=AT + timedelta(days=1), lang=lang) for lang in ("zh", "en"))

    for en, zh in (
        ("Repair", "维修单"),
        ("Done", "完成"),
        ("Fix it", "修复时限"),
        ("Runs late", "超时升级"),
        ("The lead", "组长"),
        ("Gold", "金牌"),
    ):
        assert (f">{zh}<" in chinese, f">{en}<" in chinese) == (True, False)
        assert (f">{zh}<" in english, f">{en}<" in english) == (False, True)
        assert f'data-en="{en}" data-zh="{zh}"' in chinese


def test_a_story_says_every_name_in_both_languages() -> None:
    """Each line is whole in its language."""
    told = {(line["en"], line["zh"]) for line in story(RECORDS, REPAIR, "UTC")["lines"]}

    assert ("Tier: Gold", "等级: 金牌") in told
    assert ("Event Nudge by lee", "事件 催办，由 lee") in told
    assert ("New → Done (Finish the work by lee)", "新建 → 完成（完工，由 lee）") in told
    assert (
        "Promise Fix it broken: it was due 2026-03-02 09:30",
        "承诺 修复时限 超时：应于 2026-03-02 09:30 前完成",
    ) in told
    assert (
        "Escalation Runs late · The lead: reached → lee (role lead)",
        "升级 超时升级 · 组长：已触发 → lee（角色 lead）",
    ) in told


def test_a_target_of_a_clock_is_called_by_the_titles_of_the_clock_and_its_calendar() -> None:
    """How long stays as it is written; what no clock is called by is its name in words."""
    office = {"office": {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}}
    titles = {**SOURCE["titles"], "calendars": {"office": both("Office hours", "办公时间")}}
    names = Names.of([servflow.load({**SOURCE, "calendars": office, "titles": titles})])
    clock = SOURCE["clocks"][0]["title"]

    assert (f"{clock['en']} 2 business days Office hours", f"{clock['zh']} 2 business days 办公时间") == names.clock(
        "fix 2 business days office"
    )
    assert (f"{clock['en']} P1", f"{clock['zh']} P1") == names.clock("fix P1")
    assert ("gone 6h", "gone 6h") == names.clock("gone 6h")


def test_what_workflows_call_differently_has_no_title_on_a_page_of_both() -> None:
    """Tickets of both are counted under one name, which then is that of the definitions; editions count as one."""
    later = servflow.load({**SOURCE, "version": 2, "clocks": [{**SOURCE["clocks"][0], "title": both("Mend", "维护")}]})
    other = servflow.load({**SOURCE, "workflow": "other", "states": {**SOURCE["states"], "new": {"title": "Fresh"}}})

    assert ("Mend", "维护") == Names.of([REPAIR, later]).clock("fix")
    assert ("new", "new") == Names.of([REPAIR, other]).both("state", "new")
    assert ("Done", "完成") == Names.of([REPAIR, other]).both("state", "done")


def test_a_target_of_a_clock_is_called_by_the_clock() -> None:
    """A measure tells the targets of one clock apart by what stands behind its name."""
    names = Names.of([REPAIR])

    assert ("Fix it 60m", "修复时限 60m") == names.clock("fix 60m")
    assert ("other one", "other one") == names.clock("other_one")
