"""Knows how correlators are written and what is wrong with them; must not know what they find."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import servflow
from servflow.correlation import Correlator
from servflow.errors import DefinitionError

WHOLE: dict[str, Any] = {
    "servflow": 1,
    "correlator": "repeated",
    "version": 2,
    "title": "Repeated complaints",
    "workflows": ["complaint"],
    "when": 'kind == "Opened" && fields.tier == "gold"',
    "key": "customer",
    "find": "distinct",
    "count": 3,
    "of": "asset",
    "within": "24h",
    "after": "slide",
    "quiet": "4h",
    "grace": "5m",
    "late": "drop",
    "keep": 50,
    "carry": {"region": "fields.region"},
    "do": [
        {"send": {"event": "repeated", "ticket": "last", "payload": {"times": "count"}}},
        {"open": {"workflow": "care", "fields": {"customer": "key", "region": "carried.region"}}},
        {"notify": {"to": {"role": "supervisor"}, "template": "repeated", "data": {"who": "key"}}},
    ],
    "fields": {"tier": {"type": "string", "one_of": ["gold", "standard"]}, "region": "string"},
}


def codes(**parts: Any) -> list[tuple[str, str]]:
    """The place and the code of every finding of a correlator that is otherwise fine."""
    given = {"name": "r", "key": "customer", "within": "1h", "count": 2, **parts}
    with pytest.raises(DefinitionError) as refused:
        Correlator(**{name: value for name, value in given.items() if value is not ...})
    return [(finding.path, finding.code) for finding in refused.value.findings]


def test_data_and_value_are_one() -> None:
    """What ``to_data`` gives is JSON, reads back as an equal correlator, and says all that was given."""
    made = Correlator.from_data(WHOLE)

    assert json.loads(json.dumps(made.to_data())) == {**WHOLE, "when": made.when.text if made.when else None}
    assert made == Correlator.from_data(made.to_data()) == pickle.loads(pickle.dumps(made))
    assert made.hash == Correlator.from_data(made.to_data()).hash != Correlator.from_data({**WHOLE, "count": 4}).hash


def test_every_problem_is_told_at_once() -> None:
    """Each with its place, a hint, and the word that was meant."""
    found = codes(
        name="a/b",
        version=0,
        key="custommer",
        when="kind == 'Opend'",
        within="2 business days",
        count=0,
        after="slid",
        do=[{"sned": {}}, {"send": {"evnt": "x"}}, {"notify": {"to": "boss", "template": "t"}}],
    )

    assert [
        ("name", "correlation.name"),
        ("version", "correlation.number"),
        ("after", "correlation.option"),
        ("within", "correlation.business"),
        ("when", "expression.invalid"),
        ("key", "expression.invalid"),
        ("count", "correlation.number"),
        ("do[0]", "correlation.action"),
        ("do[1].send.evnt", "correlation.unknown_key"),
        ("do[1].send.event", "correlation.missing"),
        ("do[2].notify.to", "correlation.to"),
    ] == found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"find": "sequence", "count": ..., "steps": ["closed"]}, [("steps", "correlation.steps")]),
        ({"find": "sequence", "count": ...}, [("steps", "correlation.missing")]),
        ({"find": "distinct"}, [("of", "correlation.missing")]),
        ({"find": "absence"}, [("count", "correlation.belongs")]),
        ({"unless": "closed"}, [("unless", "correlation.belongs")]),
        ({"find": "absence", "count": ..., "after": "once"}, [("after", "correlation.belongs")]),
        ({"after": "once", "quiet": "1h"}, [("quiet", "correlation.quiet_once")]),
        ({"key": "closed"}, [("key", "correlation.gives")]),
        ({"when": "customer"}, [("when", "correlation.gives")]),
        ({"when": 3}, [("when", "correlation.condition")]),
        ({"within": "0s"}, [("within", "correlation.zero")]),
        ({"count": 1_001}, [("count", "correlation.number")]),
        ({"keep": 1}, [("keep", "correlation.number")]),
        ({"when": "record.scor > 3"}, [("when", "expression.invalid")]),
        ({"when": "fields.tir == 'x'", "fields": {"tier": "string"}}, [("when", "expression.invalid")]),
        ({"fields": {"tier": "strng"}}, [("fields.tier", "correlation.type_name")]),
        ({"do": [{"open": {"workflow": "care", "fields": {"a": "cuont"}}}]}, [("do[0].open.fields.a", "expression.invalid")]),
        ({"do": [{"send": {"event": "x", "ticket": "count"}}]}, [("do[0].send.ticket", "correlation.gives")]),
        ({"do": [{"set": {"a": "1"}}]}, [("do[0]", "correlation.action")]),
        ({"do": 7}, [("do", "correlation.list")]),
        ({"carry": ["a"]}, [("carry", "correlation.mapping")]),
    ],
)
def test_what_is_wrong_is_told_in_its_place(parts: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Nothing wrong is taken as something else."""
    assert expected == codes(**parts)


def test_a_finding_names_what_was_meant() -> None:
    """A slip is told with the nearest word, in both languages."""
    with pytest.raises(DefinitionError) as refused:
        Correlator(name="r", key="custommer", within="1h", count=2)

    assert "did you mean 'customer'?" in refused.value.findings[0].text()
    assert "是否想写“customer”" in refused.value.findings[0].text("zh")


def test_data_with_unknown_keys_is_refused() -> None:
    """A key nobody knows is a slip, not a remark."""
    with pytest.raises(DefinitionError) as refused:
        Correlator.from_data({"correlator": "r", "kee": "customer", "within": "1h"})

    assert ["correlation.unknown_key", "correlation.missing"] == [finding.code for finding in refused.value.findings]


def test_the_workflows_it_meets_are_checked() -> None:
    """Fields, workflows listened to and workflows opened are held to those that there are."""
    complaint = servflow.Workflow(
        workflow="complaint", fields={"tier": {"type": "string", "one_of": ["gold"]}}, initial="new", states={"new": {}}
    )
    correlator = Correlator(
        name="r",
        workflows=["complaint", "complant"],
        key="fields.teir",
        when="fields.tier == 'silver'",
        within="1h",
        count=2,
        do=[{"open": {"workflow": "complaint", "fields": {"tir": "key", "customer": "key"}}}, {"open": "care"}],
    )

    found = [(finding.path, finding.code) for finding in correlator.check([complaint])]

    assert [
        ("workflows[1]", "name.unknown"),
        ("when", "expression.invalid"),
        ("key", "expression.invalid"),
        ("do[0].open.fields.tir", "name.unknown"),
        ("do[1].open.workflow", "name.unknown"),
    ] == found
    assert () == correlator.check()
