"""Knows what a dispatch policy must refuse and how it is written; must not know how candidates are judged."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from servflow.dispatch import Hooks, Policy, Requirement, Term
from servflow.errors import DefinitionError
from servflow.expressions import Function

EXAMPLE: dict[str, Any] = {
    "name": "engineer",
    "slot": "assignee",
    "candidates": "engineers",
    "state": "new",
    "require": [{"skill": "category"}, {"area": "region"}, {"open": "shift"}, {"below": "capacity"}],
    "prefer": [[{"term": "sticky", "weight": 5}, {"term": "distance", "weight": -1}], [{"term": "load", "weight": -1}]],
    "mode": "offer",
    "offer": {"timeout": "10m"},
    "relax": [{"after": "30m", "widen": "area"}, {"after": "60m", "mode": "pool"}],
}
FIELDS = {"category": "string", "region": "string"}


def codes(definition: dict[str, Any]) -> dict[str, str]:
    """Path -> code of everything found in a policy that must be refused."""
    with pytest.raises(DefinitionError) as refused:
        Policy.read({"name": "p", **definition})
    return {finding.path: finding.code for finding in refused.value.findings}


def test_example_has_no_findings() -> None:
    """The policy of the design is fine where its fields and states exist."""
    assert () == Policy(**EXAMPLE).check(FIELDS, states=["new"], calendars=[])


def test_round_trip() -> None:
    """A policy written out and read again is equal, has the same hash, and survives pickle."""
    policy = Policy(**EXAMPLE)

    again = Policy(**policy.to_data())

    assert policy == again
    assert policy.hash == again.hash
    assert policy == pickle.loads(pickle.dumps(policy))
    assert policy == Policy.read(EXAMPLE)


def test_spellings_compare_equal() -> None:
    """One state or a list of it, one level of terms with or without brackets, spans and spaces are spellings."""
    one = Policy(name="p", state="new", prefer=["load"], require={"skill": "a+1"}, relax=[{"after": "60m", "drop": "skill"}])
    two = Policy(
        name="p",
        state=["new"],
        prefer=[[{"term": "load"}]],
        require=[Requirement(skill="a  +  1")],
        relax=[{"after": "1h", "drop": "skill"}],
        candidates="engineers",
    )

    assert one == two
    assert one.hash == two.hash


def test_defaults_are_left_out() -> None:
    """What equals its default is not written; outlets are the default for the slot ``outlet``."""
    assert {"name": "p"} == Policy(name="p").to_data()
    assert {"name": "p", "slot": "outlet"} == Policy(name="p", slot="outlet", candidates="outlets").to_data()


def test_relaxations_go_by_their_time() -> None:
    """Steps are ordered by ``after`` where all count alike, and stay as written where they do not."""
    require = [{"skill": "a"}, {"area": "b"}]
    alike = Policy(name="p", require=require, relax=[{"after": "2h", "drop": "skill"}, {"after": "1h", "widen": "area"}])
    mixed = Policy(
        name="p",
        require=require,
        relax=[{"after": "2 business days", "calendar": "c", "drop": "skill"}, {"after": "1h", "widen": "area"}],
    )

    assert ["widen", "drop"] == [step.kind for step in alike.relax]
    assert ["drop", "widen"] == [step.kind for step in mixed.relax]


def test_everything_is_found_at_once() -> None:
    """Every problem of every part is found, each with its place."""
    found = codes(
        {
            "mod": "offer",
            "slot": 3,
            "mode": "ofer",
            "require": [{"skil": "x"}, {"skill": "a +"}, {"skill": "a", "area": "b"}, {"area": "b", "level": 2}, 7],
            "prefer": [[{"term": "distanc"}], [{"term": "load", "weight": 1.5}, {"weight": 1}]],
            "offer": {"timeout": "soon", "parallel": 0},
            "relax": [{"after": "1x", "drop": "skill"}, {"after": "1h"}, {"after": "1h", "mode": "never"}],
        }
    )

    assert {
        "mod": "dispatch.unknown_key",
        "slot": "dispatch.text",
        "mode": "dispatch.one_of",
        "require[0].skil": "dispatch.unknown_key",
        "require[0]": "dispatch.requirement_kind",
        "require[1].skill": "dispatch.expression",
        "require[2]": "dispatch.requirement_kind",
        "require[3].level": "dispatch.only_with",
        "require[4]": "dispatch.mapping",
        "prefer[0][0].term": "dispatch.one_of",
        "prefer[1][0].weight": "dispatch.whole",
        "prefer[1][1]": "dispatch.term_kind",
        "offer.timeout": "dispatch.span",
        "offer.parallel": "dispatch.whole",
        "relax[0].after": "dispatch.span",
        "relax[1]": "dispatch.relaxation_kind",
        "relax[2].mode": "dispatch.one_of",
    } == found


@pytest.mark.parametrize(
    ("definition", "path", "code"),
    [
        ({"require": [{"skill": "clock.c.breached ? 'a' : 'b'"}]}, "require[0].skill", "dispatch.reads_time"),
        ({"when": "at > opened_at"}, "when", "dispatch.reads_time"),
        ({"require": [{"skill": "candidate.name"}]}, "require[0].skill", "dispatch.candidate_here"),
        ({"require": [{"skill": "a", "name": "presence"}]}, "require[0].name", "dispatch.name_standing"),
        ({"require": [{"skill": "a", "name": "x"}, {"area": "a", "name": "x"}]}, "require[1].name", "dispatch.name_twice"),
        ({"require": [{"skill": "a", "optional": True, "safety": True}]}, "require[0]", "dispatch.optional_safety"),
        ({"slot": "queue", "require": [{"language": "a"}]}, "require[0]", "dispatch.not_for_outlets"),
        ({"relax": [{"after": "1h", "drop": "skill"}]}, "relax[0].drop", "dispatch.relax_target"),
        (
            {"require": [{"skill": "a"}], "relax": [{"after": "1h", "widen": "skill"}]},
            "relax[0].widen",
            "dispatch.relax_target",
        ),
        ({"require": {"area": "a"}, "relax": [{"after": "1h", "drop": "presence"}]}, "relax[0].drop", "dispatch.relax_target"),
        ({"require": [{"skill": "a"}] * 201}, "require", "dispatch.too_many"),
        ({"require": "skill"}, "require", "dispatch.list"),
        ({"prefer": "load"}, "prefer", "dispatch.list"),
        ({"require": [{"skill": "a", "optional": "maybe"}]}, "require[0].optional", "dispatch.flag"),
    ],
)
def test_refused(definition: dict[str, Any], path: str, code: str) -> None:
    """Each of these is refused at its place."""
    assert {path: code} == codes(definition)


@pytest.mark.parametrize("step", ["drop", "lower"])
@pytest.mark.parametrize("target", ["skill", "gas licence"])
def test_safety_is_never_relaxed(step: str, target: str) -> None:
    """A relaxation that would touch a safety requirement, by name or by kind, is refused."""
    require = [{"skill": "a", "name": "gas licence", "safety": True}, {"skill": "b"}]

    found = codes({"require": require, "relax": [{"after": "1h", step: target}]})

    assert {f"relax[0].{step}": "dispatch.safety_relaxed"} == found


def test_a_name_is_required() -> None:
    """A policy without a name is refused with a finding, not with a Python error."""
    with pytest.raises(DefinitionError) as refused:
        Policy.read({"mode": "assign"})

    assert [("name", "dispatch.text")] == [(finding.path, finding.code) for finding in refused.value.findings]


def test_check_finds_what_depends_on_the_workflow() -> None:
    """Unknown fields, states, calendars and functions of the host are found where the policy is used."""
    policy = Policy(
        name="p",
        state="nwe",
        offer={},
        require=[
            {"skill": "categori"},
            {"open": "ofice"},
            {"host": "vans"},
            {"when": "candidate.load"},
            {"when": "candidate.lod > 1"},
        ],
        prefer=[[{"host": "score"}, {"value": "candidate.cost"}]],
    )

    found = policy.check(FIELDS, states=["new"], calendars=["office"], hooks=Hooks(requirements={"van": lambda *_: True}))

    assert {
        ("require[0].skill", "dispatch.expression"),
        ("require[3].when", "dispatch.not_a_condition"),
        ("require[4].when", "dispatch.expression"),
        ("state", "dispatch.unknown_state"),
        ("require[1].open", "dispatch.unknown_calendar"),
        ("require[2].host", "dispatch.host_unknown"),
        ("prefer[0][0].host", "dispatch.host_unknown"),
        ("offer", "dispatch.offer_unused"),
    } == {(finding.path, finding.code) for finding in found}
    assert ["offer"] == [finding.path for finding in found if finding.severity == "warning"]
    assert {"new", "office", "van"} <= {finding.facts.get("nearest") for finding in found}


def test_expressions_may_call_functions_of_the_host() -> None:
    """Given the host's functions, texts that call them are read and checked; without, the call is a finding."""
    double = Function("skill_of", ("string",), "string", lambda text: text * 2)
    source = {
        "name": "p",
        "require": [{"skill": "skill_of(category)"}, {"below": "capacity"}],
        "prefer": [[{"value": "size(skill_of(candidate.id))"}]],
    }

    policy = Policy.read(source, functions={"skill_of": double})

    assert () == policy.check(FIELDS, functions={"skill_of": double})
    assert "capacity" == policy.require[1].below
    with pytest.raises(DefinitionError):
        Policy.read(source)


def test_names_of_rules() -> None:
    """A requirement without a name is called by its kind, numbered from the second on."""
    policy = Policy(name="p", require=[{"skill": "a"}, {"skill": "b"}, {"skill": "c", "name": "skill_2"}, {"area": "d"}])

    assert ("skill", "skill_3", "skill_2", "area") == policy.rules
    assert frozenset({"a", "b", "c", "d"}) == policy.reads


def test_every_sentence_exists_in_both_languages() -> None:
    """No code of this part is shown without a sentence."""
    with pytest.raises(DefinitionError) as refused:
        Policy.read(
            {"require": [{"skil": 1}, {"skill": "(", "level": "x"}], "mode": 5, "relax": 1, "prefer": [[{"term": "x"}]]}
        )

    for finding in refused.value.findings:
        for lang in ("en", "zh"):
            assert not finding.message(lang).startswith(finding.code)
            assert "<" not in finding.text(lang)


def test_a_term_may_be_its_bare_name() -> None:
    """``load`` stands for ``{term: load}``."""
    assert Term(term="load") == Term.read("load")
