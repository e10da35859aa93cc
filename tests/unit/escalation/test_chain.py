"""Knows how chains are written and which problems are found; must not know how a chain is climbed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow import escalation
from servflow.errors import DefinitionError
from servflow.errors._texts_escalation import TEXTS
from servflow.escalation import Chain, Ending, Level, Remind, Repeat, Trigger
from servflow.model import Action, Span

LATE: dict[str, Any] = {
    "name": "late repair",
    "start": {"clock": "repair", "mark": "breach"},
    "until": {"state": "settling"},
    "levels": [
        {"name": "supervisor", "do": [{"notify": {"to": {"manager_of": "assignee"}, "template": "late"}}]},
        {
            "name": "director",
            "after": "4h",
            "calendar": "office",
            "do": [
                {"notify": {"to": {"role": "director"}, "template": "late"}},
                {"add_owner": {"to": {"queue": "care", "pick": "least_loaded"}}},
            ],
        },
    ],
}


def codes(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        Chain.of({**LATE, **changes})
    return [(finding.path, finding.code.removeprefix("escalation.")) for finding in caught.value.findings]


def test_the_chain_of_the_example_reads() -> None:
    """The words of a document are the words of the value."""
    chain = Chain(**LATE)

    assert (Trigger(clock="repair"),) == chain.start
    assert (Ending(state="settling"),) == chain.until
    assert ["supervisor", "director"] == [level.name for level in chain.levels]
    assert Span.of("4h") == chain.levels[1].after
    assert ("collapse", "skip", "pause", "continue", "restart") == (
        chain.late,
        chain.on_empty,
        chain.on_ack,
        chain.unack,
        chain.on_reopen,
    )


def test_spelling_makes_no_difference() -> None:
    """Variants of one content are equal, have one hash and one canonical form."""
    plain = Chain(**LATE)
    variants = [
        {"start": [{"clock": "repair"}]},
        {"until": [{"state": "settling"}]},
        {"until": "settling"},
        {"until": {"state": ["settling"]}},
        {"levels": [LATE["levels"][0], {**LATE["levels"][1], "after": timedelta(hours=4), "otherwise": "skip"}]},
        {"levels": [LATE["levels"][0], Level(**{**LATE["levels"][1], "after": "240m"})]},
        {"late": "collapse", "repeat": None, "when": None},
    ]

    for variant in variants:
        chain = Chain(**{**LATE, **variant})

        assert (plain, plain.hash) == (chain, chain.hash)
        assert plain.to_data() == chain.to_data()


def test_the_canonical_form_leaves_defaults_out() -> None:
    """What a definition need not say is not said, and a single trigger stands alone."""
    data = Chain(**LATE).to_data()

    assert {"name", "start", "until", "levels"} == set(data)
    assert {"clock": "repair"} == data["start"]
    assert [{"state": "settling"}] == data["until"]
    assert {"name", "do"} == set(data["levels"][0])
    assert "4h" == data["levels"][1]["after"]
    assert {"every": "1h"} == Remind(every="1h").to_data()
    assert {} == Repeat().to_data()


def test_another_content_has_another_hash() -> None:
    """A run pinned to a chain notices every change."""
    changes = [{"name": "x"}, {"on_ack": "continue"}, {"levels": LATE["levels"][:1]}, {"repeat": {"times": 1}}, {"when": "a"}]

    assert len(changes) + 1 == len({Chain(**{**LATE, **change}).hash for change in ({}, *changes)})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"late": "colapse"}, [("late", "option")]),
        ({"name": ""}, [("name", "name")]),
        ({"start": []}, [("start", "empty")]),
        ({"start": {"clock": "a", "event": "b"}}, [("start", "trigger")]),
        ({"start": [{"event": "b", "mark": "50%"}]}, [("start[0].mark", "belongs")]),
        ({"start": {"age": "2 business days"}}, [("start.age", "business_days")]),
        ({"start": {"state": "a", "after": "soon"}}, [("start.after", "span")]),
        ({"start": {"clok": "a"}}, [("start.clok", "unknown_key")]),
        ({"until": {"status": "x"}}, [("until[0].status", "unknown_key")]),
        ({"until": {"state": "x", "event": "y"}}, [("until[0]", "ending")]),
        ({"levels": []}, [("levels", "empty")]),
        ({"levels": 5}, [("levels", "list")]),
        ({"levels": [5]}, [("levels[0]", "mapping")]),
        ({"levels": [{"after": "1h"}]}, [("levels[0].name", "missing")]),
        ({"levels": [{"name": "a"}] * 51}, [("levels", "too_many")]),
        ({"levels": [{"name": "a"}, {"name": "a"}]}, [("levels[1].name", "twice")]),
        ({"levels": [{"name": "a", "after": "2 business days"}]}, [("levels[0].after", "business_days")]),
        ({"levels": [{"name": "a", "when": 5}]}, [("levels[0].when", "condition")]),
        ({"levels": [{"name": "a", "remind": {"every": "0s"}}]}, [("levels[0].remind.every", "zero")]),
        ({"levels": [{"name": "a", "remind": {"every": "1h", "times": 101}}]}, [("levels[0].remind.times", "count")]),
        ({"levels": [{"name": "a", "do": [{"set": {}}, {"st": {}}]}]}, [("levels[0].do[1]", "action.unknown")]),
        ({"levels": [{"name": "a", "do": [{"set": object}]}]}, [("levels[0].do", "plain")]),
        ({"levels": [{"name": "a", "do": "notify"}]}, [("levels[0].do", "list")]),
        ({"on_empty": "fallback"}, [("fallback", "fallback")]),
        ({"fallback": "owner"}, [("fallback", "fallback")]),
        ({"ack_ttl": "1 business days"}, [("ack_ttl", "business_days")]),
        ({"repeat": {"times": 0}}, [("repeat.times", "count")]),
        ({"repeat": {"times": True}}, [("repeat.times", "count")]),
        ({"repeat": {"after": "1 business days"}}, [("repeat.after", "business_days")]),
        ({"escalate": 1}, [("escalate", "unknown_key")]),
    ],
)
def test_problems_are_found_where_they_are(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each problem has its path and its code."""
    assert expected == codes(**changes)


def test_all_problems_come_at_once() -> None:
    """Nobody has to fix a chain one message at a time."""
    found = codes(late="x", levels=[{"name": "a", "after": "x", "otherwise": "never"}, {"nam": "b"}], repeat={"times": 1000})

    assert ["levels[0].after", "levels[0].otherwise", "levels[1].nam", "levels[1].name", "repeat.times", "late"] == [
        path for path, _ in found
    ]


def test_a_hostile_definition_is_refused_in_time() -> None:
    """Neither depth nor size nor shared parts of a definition exhaust anything."""
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    wide: Any = ["x"] * 50
    for _ in range(20):
        wide = [wide] * 50

    for value in (deep, wide):
        assert [("levels[0].do", "plain")] == codes(levels=[{"name": "a", "do": [{"set": {"a": value}}]}])
        assert [("fallback", "plain")] == codes(fallback=value, on_empty="fallback")
        assert [("name", "name"), ("late", "option")] == codes(name=value, late=value)
        assert [("start[0]", "mapping")] == codes(start=[[value]])


def test_a_chain_knows_whom_it_addresses() -> None:
    """Every ``to`` comes with its path, so that it can be checked against the declared roles and queues."""
    chain = Chain(**LATE, on_empty="fallback", fallback={"role": "clerk"})

    assert ["fallback", "levels[0].do[0].notify.to", "levels[1].do[0].notify.to", "levels[1].do[1].add_owner.to"] == [
        path for path, _ in chain.addressed()
    ]
    assert Action("notify", {"to": {"role": "director"}, "template": "late"}) == chain.levels[1].do[0]


def test_every_code_has_its_sentence() -> None:
    """Each code of this part reads well in both languages, and none is left over."""
    folder = Path(escalation.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    used = set(re.findall(r'"(escalation\.[a-z_]+)"', source))

    assert used == set(TEXTS)
    assert all(text.en and text.zh for text in TEXTS.values())
    assert "有两个级别都叫“a”" in DefinitionError.of(_findings(levels=[{"name": "a"}, {"name": "a"}]), lang="zh").message


def _findings(**changes: Any) -> Any:
    with pytest.raises(DefinitionError) as caught:
        Chain.of({**LATE, **changes})
    return caught.value.findings
