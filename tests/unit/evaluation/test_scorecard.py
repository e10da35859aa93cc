"""Knows what scorecards come to; must not know who asks."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servflow.errors import DefinitionError, InputError
from servflow.evaluation import Marks, Scorecard, Scorecards, load_scorecard
from servflow.model import Call, Notify
from tests.unit.desk.tiny import NOON

CARD = """
scorecard: phone
criteria:
  - {name: greeting, weight: 1}
  - {name: solved, weight: 3, scale: [0, 10]}
  - {name: safety, weight: 1, scale: [0, 1], critical: true}
  - {name: fees, weight: 2, optional: true}
raters: {supervisor: {weight: 4, required: true}, peer: {weight: 1}, self: {weight: "0.5"}}
passes: 80
disagreement: 20
"""
GOOD = {"greeting": 5, "solved": 8, "safety": 1, "fees": "n/a"}  # (1 + 3 x 0.8 + 1) / 5 = 88 of 100
FAIR = {"greeting": 2, "solved": 6, "safety": 1, "fees": 3}  # (0.4 + 1.8 + 1 + 1.2) / 7 = 440 / 7


@pytest.fixture
def card() -> Scorecard:
    """The card above."""
    return load_scorecard(CARD)


def by(kind: str, marks: dict[str, Any], who: str | None = None) -> Marks:
    """The marks of somebody."""
    return Marks(kind=kind, marks=marks, by=who)


def test_one_rater_by_hand(card: Scorecard) -> None:
    """What does not apply counts neither above nor below the line."""
    verdict = card.judge([by("supervisor", GOOD)])

    assert (Fraction(88), True, Decimal("88.00"), ()) == (verdict.score, verdict.passed, verdict.percent, verdict.missing)


def test_several_kinds_by_hand(card: Scorecard) -> None:
    """The weights of those who answered are shared: (4 x 88 + 1 x 440/7) / 5; they lie 25 points apart, which is too much."""
    verdict = card.judge([by("supervisor", GOOD), by("peer", FAIR)])

    assert Fraction(4 * 88 * 7 + 440, 35) == verdict.score
    assert Decimal("82.97") == verdict.percent
    assert (Fraction(88) - Fraction(440, 7), True) == (verdict.spread, verdict.disagreed)


def test_several_raters_of_one_kind_count_as_their_mean(card: Scorecard) -> None:
    """Two peers have together the weight of one."""
    verdict = card.judge([by("supervisor", GOOD), by("peer", GOOD, "ann"), by("peer", FAIR, "bob")])

    assert (Fraction(88) + Fraction(440, 7)) / 2 == verdict.kinds["peer"]


def test_who_is_required_is_waited_for(card: Scorecard) -> None:
    """Without the supervisor there is no score, whatever the others say."""
    verdict = card.judge([by("peer", GOOD)])

    assert (None, None, ("supervisor",)) == (verdict.score, verdict.passed, verdict.missing)
    assert None is card.judge([]).score


def test_a_critical_fault_makes_it_zero(card: Scorecard) -> None:
    """Found by a rater who is required it zeroes everything; found by another one only what that one gave."""
    bad = {**GOOD, "safety": 0}
    found = card.judge([by("supervisor", bad), by("peer", GOOD)])
    claimed = card.judge([by("supervisor", GOOD), by("peer", bad)])

    assert (Fraction(0), ("safety",), False) == (found.score, found.failed, found.passed)
    assert (Fraction(4 * 88, 5), ()) == (claimed.score, claimed.failed)


def test_a_critical_floor() -> None:
    """A number makes the card zero below it, not at it."""
    card = load_scorecard("scorecard: a\ncriteria: [{name: x, critical: 2}, {name: y}]")

    assert Fraction(70) == card.judge([by("supervisor", {"x": 2, "y": 5})]).score
    assert Fraction(0) == card.judge([by("supervisor", {"x": 1, "y": 5})]).score


def test_nothing_applied() -> None:
    """Marks that are all n/a come to no score, and to no zero either."""
    card = load_scorecard("scorecard: a\ncriteria: [{name: x, optional: true}]")

    assert None is card.judge([by("supervisor", {"x": "n/a"})]).score


@pytest.mark.parametrize(
    ("kind", "marks", "said"),
    [
        ("supervisor", {**GOOD, "greeting": 6}, "greeting is a number from 0 to 5, not 6"),
        ("supervisor", {**GOOD, "greeting": True}, "not true"),
        ("supervisor", {**GOOD, "greeting": "NaN"}, "greeting is a number"),
        ("supervisor", {**GOOD, "greeting": "n/a"}, "greeting always applies"),
        ("supervisor", {**GOOD, "greetin": 1}, "did you mean 'greeting'?"),
        ("supervisor", {"greeting": 1}, "solved has no mark"),
        ("supervisor", [1, 2], "marks are a mapping"),
        ("superviser", GOOD, "did you mean 'supervisor'?"),
        (["supervisor"], GOOD, "gives no marks on phone"),
    ],
)
def test_marks_that_cannot_be_counted(card: Scorecard, kind: Any, marks: Any, said: str) -> None:
    """All that is wrong is said, in words."""
    with pytest.raises(InputError) as error:
        card.judge([by(kind, marks)])

    assert said in str(error.value).replace("True", "true")


def test_nobody_gives_marks_twice(card: Scorecard) -> None:
    """The same person in the same role is refused."""
    with pytest.raises(InputError, match="ann gave marks twice as peer"):
        card.judge([by("peer", GOOD, "ann"), by("peer", FAIR, "ann")])


marks = st.fixed_dictionaries(
    {
        "greeting": st.integers(0, 5),
        "solved": st.decimals(0, 10, places=2),
        "safety": st.just(1),
        "fees": st.one_of(st.just("n/a"), st.integers(0, 5)),
    }
)


@given(st.lists(st.tuples(st.sampled_from(["supervisor", "peer", "self"]), marks), min_size=1, max_size=6), st.randoms())
def test_scores_lie_in_the_scale_whatever_the_order(given_marks: list[tuple[str, Any]], chance: Any) -> None:
    """A score lies between the lowest and the highest of the kinds, and the order of the raters says nothing."""
    card = load_scorecard(CARD)
    raters = [by(kind, marks) for kind, marks in given_marks]
    verdict = card.judge(raters)
    chance.shuffle(raters)

    assert verdict.as_data() == card.judge(raters).as_data()
    if verdict.score is not None:
        assert min(verdict.kinds.values()) <= verdict.score <= max(verdict.kinds.values())


def test_every_mistake_of_a_card_is_told_at_once() -> None:
    """Each with its line, in both languages."""
    text = """
scorecard: x
criteria:
  - {name: a, weight: 0}
  - {name: b, scale: [5, 1]}
  - {name: c, critical: 9}
raters: {supervsor: 1}
passes: 101
colour: red
"""
    with pytest.raises(DefinitionError) as error:
        load_scorecard(text)
    with pytest.raises(DefinitionError, match="评分人"):
        load_scorecard(text, lang="zh")

    assert [
        (4, "criteria[0].weight", "scorecard.weight"),
        (5, "criteria[1].scale", "scorecard.scale"),
        (6, "criteria[2].critical", "scorecard.scale"),
        (7, "raters.supervsor", "name.unknown"),
        (8, "passes", "scorecard.pass"),
        (9, "colour", "document.unknown_key"),
    ] == [(one.line, one.path, one.code) for one in error.value.findings]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("scorecard: x", "document.missing"),
        ("scorecard: x\ncriteria: []", "scorecard.empty"),
        ("scorecard: x\ncriteria: [a, a]", "name.twice"),
        ("scorecard: x\ncriteria: [a]\nraters: {peer: 1}", "scorecard.nobody"),
        ("scorecard: x\ncriteria: [a]\nraters: {}", "scorecard.nobody"),
        ("scorecard: ''\ncriteria: [a]", "definition.key"),
        ("scorecard: x\ncriteria: [{name: ''}]", "definition.key"),
        ("scorecard: x\nversion: 0\ncriteria: [a]", "definition.version"),
        ("servflow: 2\nscorecard: x\ncriteria: [a]", "definition.format"),
        ("scorecard: x\ncriteria: [{name: a, weight: 1001}]", "scorecard.weight"),
    ],
)
def test_cards_that_mean_nothing(text: str, code: str) -> None:
    """What cannot judge anything is refused."""
    with pytest.raises(DefinitionError) as error:
        load_scorecard(text)

    assert [code] == [one.code for one in error.value.findings]


def call(**data: Any) -> Call:
    """A call for a score."""
    return Call(id="e1", ticket="T1", at=NOON, cause="event:1", action="a", name="score", data=data, reply="scored")


def test_a_desk_has_marks_counted(card: Scorecard) -> None:
    """The reply holds the verdict as plain data; marks that cannot be counted are a problem in words, not an error."""
    scores = Scorecards(card)
    told = scores(call(card="phone", supervisor=GOOD, peer=None))

    assert ("88.00", True, "") == (told["score"], told["passed"], told["problem"])
    wrong = scores(call(supervisor={**GOOD, "greeting": 7}))
    assert None is wrong["score"]
    assert "supervisor: the mark of greeting" in wrong["problem"]


def test_scorecards_that_are_none(card: Scorecard) -> None:
    """An unknown card, another effect, or no card at all."""
    with pytest.raises(InputError, match="did you mean 'phone'"):
        Scorecards(card)(call(card="phnoe"))
    with pytest.raises(InputError, match="answer calls"):
        Scorecards(card)(Notify(id="n", ticket="T1", at=NOON, cause="c", action="a", to="x", template="y"))
    with pytest.raises(InputError, match="at least one"):
        Scorecards([])
    with pytest.raises(InputError, match="names of their own"):
        Scorecards([card, card])
