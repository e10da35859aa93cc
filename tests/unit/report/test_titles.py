"""Titles in several languages on a page and in a story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import servflow
from servflow.report import html
from servflow.report._story import story

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
REPAIR = servflow.load(
    {
        "workflow": "repair",
        "title": {"en": "Repair", "zh": "维修单"},
        "fields": {
            "tier": {
                "one_of": ["gold", "standard"],
                "title": {"en": "Tier", "zh": "等级"},
                "titles": {"gold": {"en": "Gold", "zh": "金牌"}},
            }
        },
        "states": {
            "new": {"title": {"en": "New", "zh": "新建"}},
            "done": {"closed": True, "title": {"en": "Done", "zh": "完成"}},
        },
        "transitions": [{"event": "finish", "source": "new", "target": "done"}],
    }
)
OPENED = REPAIR.open("R-1", {"tier": "gold"}, at=AT)
DONE = REPAIR.fire(OPENED.ticket, "finish", at=AT + timedelta(hours=1))
RECORDS = (*OPENED.records, *DONE.records)


def test_a_page_calls_states_in_the_language_it_is_written_in() -> None:
    """A Chinese page has Chinese states."""
    chinese, english = (html([RECORDS], [REPAIR], at=AT + timedelta(days=1), lang=lang) for lang in ("zh", "en"))

    assert ("维修单" in chinese, "维修单" in english) == (True, False)
    assert ">完成<" in chinese
    assert ">Done<" in english


def test_a_story_says_states_and_fields_in_both_languages() -> None:
    """Each line is whole in its language."""
    told = {(line["en"], line["zh"]) for line in story(RECORDS, REPAIR, "UTC")["lines"]}

    assert ("Tier: Gold", "等级: 金牌") in told
    assert ("New → Done (finish)", "新建 → 完成（finish）") in told
