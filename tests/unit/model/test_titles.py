"""Titles in several languages."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from typing import Any

import pytest

import servflow
from servflow.engine import State
from servflow.errors import DefinitionError
from servflow.model import Title, in_language, titled

BOTH = Title({"zh": "上门", "en": "On site"})


def test_a_title_is_a_text_that_says_english_first() -> None:
    """Whatever takes a text takes a title."""
    assert "On site!" == f"{BOTH}!"
    assert '"On site"' == json.dumps(BOTH)
    assert "上门" == str.__str__(Title({"zh": "上门"}))


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("zh", "上门"), ("zh-CN", "上门"), ("EN", "On site"), ("fr", "On site"), ("en-GB", "On site")],
)
def test_a_language_that_is_not_said_falls_back_on_a_near_one_and_then_on_english(lang: str, expected: str) -> None:
    """Nobody reads nothing."""
    assert expected == in_language(BOTH, lang)


def test_a_regional_text_serves_the_plain_language() -> None:
    """The other way round too."""
    assert "上门" == in_language(Title({"de": "Vor Ort", "zh-CN": "上门"}), "zh")
    assert "Vor Ort" == in_language(Title({"de": "Vor Ort", "zh-CN": "上门"}), "fr")
    assert "plain" == in_language("plain", "zh")


def test_titles_are_equal_by_all_their_languages() -> None:
    """A title in two languages is not the text it shows."""
    assert Title({"en": "On site", "zh": "上门"}) == BOTH
    assert BOTH != "On site"
    assert "On site" != BOTH
    assert 1 == len({BOTH, Title({"en": "On site", "zh": "上门"})})
    assert BOTH == pickle.loads(pickle.dumps(BOTH)) == copy.deepcopy(BOTH)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "title"),
        ({"english!": "x"}, "title"),
        ({"en": ""}, "title.en"),
        ({"en": 3}, "title.en"),
        ({3: "x"}, "title"),
        ({f"e{chr(97 + place // 26)}{chr(97 + place % 26)}": "x" for place in range(101)}, "title"),
    ],
)
def test_what_is_no_title_is_a_finding(given: Any, path: str) -> None:
    """Each language and each text is judged."""
    with pytest.raises(DefinitionError) as caught:
        titled(given)

    assert path == caught.value.findings[0].path
    assert caught.value.findings[0].message("zh") != caught.value.findings[0].message("en")


def test_every_part_that_people_read_takes_titles_in_languages() -> None:
    """Documents, Python and the canonical form mean the same."""
    both = {"en": "A", "zh": "甲"}
    source = {
        "workflow": "w",
        "title": both,
        "description": both,
        "fields": {"a": {"title": both, "description": both}},
        "events": {"ticket.update": {"title": both}},
        "states": {
            "s": {"title": both, "checklist": [{"step": "p", "title": both}]},
            "e": {"closed": True, "reopen": {"target": "s", "title": both}},
        },
        "transitions": [{"event": "go", "source": "s", "target": "e", "title": both}],
        "laws": [{"name": "l", "never": "a == 'x'", "title": both}],
    }
    loaded = servflow.load(source)

    assert servflow.Workflow(**source) == loaded  # type: ignore[arg-type]  # as a document would say it
    assert servflow.load(servflow.dump(loaded)) == loaded
    assert servflow.load(servflow.dump(loaded)).hash == loaded.hash
    assert "甲" == in_language(loaded.states["s"].title, "zh")
    assert servflow.load({**source, "title": loaded.title}) == loaded


def test_a_plain_title_leaves_the_definition_as_it_was() -> None:
    """Hashes of definitions that say a title in one language do not change."""
    workflow = servflow.load({"workflow": "w", "title": "W", "states": {"s": {"title": "S"}}})

    assert {"servflow": 1, "workflow": "w", "version": 1, "title": "W", "states": {"s": {"title": "S"}}} == workflow.to_data()
    assert str is type(State(title="S").title)


def test_a_length_of_time_as_default_reads_back_as_it_was_written() -> None:
    """The canonical form is one that can be loaded."""
    workflow = servflow.load({"workflow": "w", "fields": {"d": {"type": "duration", "default": "4h"}}, "states": {"s": {}}})

    assert servflow.load(servflow.dump(workflow)) == workflow


def test_drawings_say_titles_in_the_language_asked_for() -> None:
    """A drawing with details calls states as readers do."""
    workflow = servflow.load({"workflow": "w", "states": {"s": {"title": {"en": "On site", "zh": "上门"}}}})

    assert "On site" in workflow.graph("table", detail=True)
    assert "上门" in workflow.graph("table", detail=True, lang="zh")


VALUES = """
workflow: w
fields:
  tier: {one_of: [gold, standard], titles: {gold: {en: Gold, zh: 金牌}}}
  grade: {type: int, one_of: [1, 2], titles: {"1": best}}
  visit: {type: duration, one_of: [1h, 1h30m], titles: {90m: long}}
states: {new: {}}
"""


def test_values_of_one_of_have_titles_of_their_own() -> None:
    """By the text of the value, however the definition spells it; what has none has none."""
    workflow = servflow.load(VALUES)
    tier, grade, visit = workflow.fields.values()

    assert ("Gold", "金牌", "") == (tier.called("gold"), tier.called("gold", "zh"), tier.called("standard", "zh"))
    assert ("best", "") == (grade.called(1, "zh"), grade.called(2))
    assert "long" == visit.called(timedelta(minutes=90))
    assert workflow == servflow.load(servflow.dump(workflow))
    assert workflow.hash != servflow.load(VALUES.replace("金牌", "金")).hash


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ("{silver: x}", "fields.tier.titles.silver", "field.titles"),
        ("{gold: ''}", "fields.tier.titles.gold", "definition.value"),
        ("{gold: {english!: x}}", "fields.tier.titles.gold", "definition.value"),
        ("[gold]", "fields.tier.titles", "document.type"),
    ],
)
def test_a_title_of_no_value_is_a_finding(given: str, path: str, code: str) -> None:
    """A misspelt value would never be shown by its title."""
    with pytest.raises(DefinitionError) as caught:
        servflow.load(VALUES.replace("{gold: {en: Gold, zh: 金牌}}", given))

    assert [(path, code, 4)] == [(one.path, one.code, one.line) for one in caught.value.findings]
