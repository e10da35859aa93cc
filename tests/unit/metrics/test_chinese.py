"""What a definition says in Chinese."""

from __future__ import annotations

import re

import pytest

from servflow.metrics import MEASURES
from servflow.metrics._chinese import CHINESE, PHRASES

PARTS = ("source", "cohort", "clock", "open_tickets", "falls")
CHINESE_LETTER = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_every_definition_is_said_in_chinese(part: str) -> None:
    """Where from, of what, by which time: none is left in English, and settings keep the names they are set by."""
    for one in MEASURES.values():
        assert CHINESE_LETTER.search(one.said(part, "zh")), one.name
        assert getattr(one, part) == one.said(part)
        assert "`" not in one.said(part, "zh")


def test_no_sentence_is_kept_that_no_definition_says() -> None:
    """A docstring that is written anew needs its Chinese anew."""
    said = {" ".join(getattr(one, part).split()) for one in MEASURES.values() for part in PARTS[2:]}

    assert said == PHRASES.keys()
    assert MEASURES.keys() == CHINESE.keys()
