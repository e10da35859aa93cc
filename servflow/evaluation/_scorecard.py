"""Knows how marks become a score, exactly; must not know who gives marks or when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, ClassVar

import attrs
from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, InputError, nearest, shown
from servflow.model import FrozenMap, name_of

KINDS = ("self", "peer", "supervisor", "expert", "customer")
"""Who may give marks."""

NOT_APPLICABLE = "n/a"
"""The mark of a criterion that has nothing to judge in this ticket."""

MOST = 200
"""How many criteria a card may have, and how many raters one review."""

_CENT = Decimal("0.01")


def exact(value: Any) -> Fraction | None:
    """A number as it is written, exactly; None for what is none: 0.1 is a tenth."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal, Fraction)):
        return None
    try:
        if isinstance(value, Fraction):
            return value
        text = value.strip() if isinstance(value, str) else str(value)
        if len(text) > 40:
            return None
        number = Decimal(text)
        return Fraction(number) if number.is_finite() and abs(number.adjusted()) <= 12 else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _weight(value: Any) -> Fraction:
    number = exact(value)
    if number is None or not 0 < number <= 1000:
        raise DefinitionError.of([Finding("scorecard.weight", "weight", {"value": value})])
    return number


def _scale(value: Any) -> tuple[Fraction, Fraction]:
    ends = [exact(one) for one in value] if isinstance(value, (list, tuple)) and len(value) == 2 else []
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        raise DefinitionError.of([Finding("scorecard.scale", "scale", {"value": value})])
    return ends[0], ends[1]


@frozen(kw_only=True)
class Criterion:
    """
    One thing to be judged: its ``weight`` among the others, and the lowest and highest mark of its ``scale``.

    ``critical`` makes the whole card zero: true where the mark is the lowest, a number where the mark lies below it.
    ``optional`` lets a rater say that there was nothing to judge (``n/a``).
    """

    name: str
    title: str = ""
    weight: Fraction = field(default=Fraction(1), converter=_weight)
    scale: tuple[Fraction, Fraction] = field(default=(Fraction(0), Fraction(5)), converter=_scale)
    critical: Any = False
    optional: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.name:
            raise DefinitionError.of([Finding("definition.key", "name", {"key": self.name})])
        floor = self.critical if isinstance(self.critical, bool) else exact(self.critical)
        if floor is None or (not isinstance(floor, bool) and not self.scale[0] < floor <= self.scale[1]):
            raise DefinitionError.of([Finding("scorecard.scale", "critical", {"value": self.critical})])

    def failed(self, mark: Fraction) -> bool:
        """Whether this mark makes the whole card zero."""
        if self.critical is True:
            return mark == self.scale[0]
        floor = exact(self.critical) if self.critical is not False else None
        return floor is not None and mark < floor

    def share(self, mark: Fraction) -> Fraction:
        """The mark as a share of the scale, from 0 to 1."""
        low, high = self.scale
        return (mark - low) / (high - low)


@frozen(kw_only=True)
class RaterKind:
    """How much a kind of rater counts, and whether a review waits for one."""

    weight: Fraction = field(default=Fraction(1), converter=_weight)
    required: bool = False


@frozen(kw_only=True)
class Marks:
    """The marks of one rater: ``kind`` of rater, ``by`` whom, and criterion -> mark, or ``n/a``."""

    kind: str
    marks: Mapping[str, Any]
    by: str | None = None


@frozen(kw_only=True)
class RaterScore:
    """What one rater's marks come to: from 0 to 100, None where nothing applied; and the critical criteria that failed."""

    kind: str
    by: str | None
    score: Fraction | None
    failed: tuple[str, ...] = ()


@frozen(kw_only=True)
class Verdict:
    """
    What a review comes to.

    ``score`` is exact, from 0 to 100; None while ``missing`` names kinds of raters it waits for, or where nothing applied.
    ``spread`` is how far the kinds of raters lie apart, and ``disagreed`` whether that is more than the card allows, so
    that they should talk about what the card means. ``failed`` names the critical criteria that made the score zero.
    """

    score: Fraction | None
    passed: bool | None
    missing: tuple[str, ...]
    raters: tuple[RaterScore, ...]
    kinds: FrozenMap[str, Fraction]
    spread: Fraction
    disagreed: bool
    failed: tuple[str, ...]

    @property
    def percent(self) -> Decimal | None:
        """The score with two decimals, halves to even."""
        return None if self.score is None else _rounded(self.score)

    def as_data(self) -> dict[str, Any]:
        """The verdict as JSON-ready data; scores are texts with two decimals."""
        return {
            "score": None if self.percent is None else str(self.percent),
            "passed": self.passed,
            "missing": list(self.missing),
            "kinds": {kind: str(_rounded(score)) for kind, score in self.kinds.items()},
            "spread": str(_rounded(self.spread)),
            "disagreed": self.disagreed,
            "failed": list(self.failed),
        }


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_CENT, rounding=ROUND_HALF_EVEN)


@frozen(kw_only=True)
class Scorecard:
    """
    What closed work is judged by, and how much each kind of rater counts.

    A rater's score is the weighted mean of their marks, each as a share of its scale, over the criteria that applied;
    several raters of one kind count as their mean. The score of a review is the weighted mean over the kinds that gave
    one: the weight of a kind that is not required and gave none is shared among the others, and while one that is
    ``required`` is missing there is no score. A critical criterion that a rater of a required kind finds failed makes it
    zero; found by others it makes zero what they gave.

    ``passes`` is the least score that passes. ``disagreement`` is how many points kinds of raters may lie apart.
    """

    name: str
    criteria: tuple[Criterion, ...]
    raters: FrozenMap[str, RaterKind]
    passes: Fraction = Fraction(80)
    disagreement: Fraction = Fraction(20)
    version: int = 1
    title: str = ""

    BLANK: ClassVar[Mapping[str, Any]] = {"scorecard": "?", "criteria": ("?",)}
    """What stands for the parts that a document must have, while the others are judged."""

    def flaws(self, kind: Any, marks: Any) -> tuple[str, ...]:
        """Everything that is wrong with the marks of one rater, in words; none where they can be counted."""
        found = []
        if not isinstance(kind, str) or kind not in self.raters:
            close = nearest(str(kind), self.raters)
            hint = f"; did you mean {close!r}?" if close else f"; there is {', '.join(self.raters)}"
            found.append(f"{shown(kind)} gives no marks on {self.name}{hint}")
        if not isinstance(marks, Mapping):
            return (*found, f"marks are a mapping of criteria to numbers, not {shown(marks)}")
        names = {one.name: one for one in self.criteria}
        for name in marks:
            if name not in names:
                close = nearest(str(name), names)
                found.append(f"there is no criterion {shown(name)}" + (f"; did you mean {close!r}?" if close else ""))
        for name, criterion in names.items():
            if name not in marks:
                found.append(f"{name} has no mark")
            elif marks[name] == NOT_APPLICABLE:
                if not criterion.optional:
                    found.append(f"{name} always applies, so its mark is no n/a")
            elif (mark := exact(marks[name])) is None or not criterion.scale[0] <= mark <= criterion.scale[1]:
                low, high = criterion.scale
                found.append(f"the mark of {name} is a number from {low} to {high}, not {shown(marks[name])}")
        return tuple(found)

    def rate(self, given: Marks) -> RaterScore:
        """
        What one rater's marks come to.

        Raises:
            InputError: marks are missing, unknown or out of their scale; all of it is said.
        """
        flaws = self.flaws(given.kind, given.marks)
        if flaws:
            raise InputError("; ".join(flaws), code="marks", flaws=flaws, scorecard=self.name)
        marks = {
            one: mark
            for one in self.criteria
            if given.marks[one.name] != NOT_APPLICABLE and (mark := exact(given.marks[one.name])) is not None
        }
        failed = tuple(one.name for one, mark in marks.items() if one.failed(mark))
        whole = sum((one.weight for one in marks), Fraction(0))
        total = sum((one.weight * one.share(mark) for one, mark in marks.items()), Fraction(0))
        score = None if not whole else Fraction(0) if failed else 100 * total / whole
        return RaterScore(kind=given.kind, by=given.by, score=score, failed=failed)

    def judge(self, given: Sequence[Marks]) -> Verdict:
        """
        What all raters together come to.

        Raises:
            InputError: marks cannot be counted, one rater gave marks twice, or there are more than 200 raters.
        """
        if len(given) > MOST:
            raise InputError(f"{len(given)} raters of one review; at most {MOST}", code="raters")
        named = [(one.kind, one.by) for one in given if one.by is not None]
        if twice := sorted({who for who in named if named.count(who) > 1}):
            raise InputError(f"{twice[0][1]} gave marks twice as {twice[0][0]}", code="raters")
        raters = tuple(self.rate(one) for one in given)
        by_kind = {kind: [one.score for one in raters if one.kind == kind and one.score is not None] for kind in self.raters}
        kinds = {kind: sum(scores, Fraction(0)) / len(scores) for kind, scores in by_kind.items() if scores}
        rated = {one.kind for one in raters}
        missing = tuple(kind for kind, one in self.raters.items() if one.required and kind not in rated)
        failed = tuple(dict.fromkeys(name for one in raters if self.raters[one.kind].required for name in one.failed))
        score: Fraction | None = None
        if kinds and not missing:
            whole = sum((self.raters[kind].weight for kind in kinds), Fraction(0))
            mean = sum((self.raters[kind].weight * one for kind, one in kinds.items()), Fraction(0)) / whole
            score = Fraction(0) if failed else mean
        spread = max(kinds.values()) - min(kinds.values()) if kinds else Fraction(0)
        return Verdict(
            score=score,
            passed=None if score is None else score >= self.passes,
            missing=missing,
            raters=raters,
            kinds=FrozenMap(kinds),
            spread=spread,
            disagreed=spread > self.disagreement,
            failed=failed,
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Scorecard:
        """
        A card from the plain data of its document.

        Raises:
            DefinitionError: with everything that is wrong.
        """
        found: list[Finding] = []
        criteria = _criteria(data.get("criteria") or (), found)
        raters = _raters(data.get("raters"), found)
        numbers = {}
        for key, most in (("passes", 100), ("disagreement", 100)):
            number = exact(data[key]) if key in data else None
            if number is not None and 0 <= number <= most:
                numbers[key] = number
            elif key in data:
                found.append(Finding("scorecard.pass", key, {"value": data[key]}))
        version = version_of(data, found)
        if not str(data["scorecard"]):
            found.append(Finding("definition.key", "scorecard", {"key": ""}))
        if found:
            raise DefinitionError.of(found)
        return cls(
            name=str(data["scorecard"]),
            version=version,
            title=str(data.get("title") or ""),
            criteria=criteria,
            raters=FrozenMap(raters),
            **numbers,
        )


def version_of(data: Mapping[str, Any], found: list[Finding]) -> int:
    """The version of a document; what is none is noted."""
    version = data.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        found.append(Finding("definition.version", "version", {"value": version}))
        return 1
    return version


def _criteria(given: Sequence[Any], found: list[Finding]) -> tuple[Criterion, ...]:
    read: dict[str, Criterion] = {}
    if not given or len(given) > MOST:
        found.append(Finding("scorecard.empty", "criteria", {"limit": MOST}))
    for index, source in enumerate(given[:MOST]):
        path = f"criteria[{index}]"
        try:
            made = Criterion(**({"name": source} if isinstance(source, str) else dict(source)))
        except DefinitionError as error:
            found.extend(attrs.evolve(one, path=f"{path}.{one.path}") for one in error.findings)
            continue
        if made.name in read:
            found.append(Finding("name.twice", f"{path}.name", {"name": made.name, "kind": "criteria"}))
        read[made.name] = made
    return tuple(read.values())


def _raters(given: Any, found: list[Finding]) -> dict[str, RaterKind]:
    if given is None:
        return {"supervisor": RaterKind(required=True)}
    read: dict[str, RaterKind] = {}
    for kind, source in given.items():
        if kind not in KINDS:
            facts = {"kind": "rater", "name": kind, "known": KINDS, "nearest": nearest(name_of(kind), KINDS)}
            found.append(Finding("name.unknown", f"raters.{name_of(kind)}", facts))
            continue
        try:
            read[kind] = RaterKind(**(source if isinstance(source, Mapping) else {} if source is None else {"weight": source}))
        except DefinitionError as error:
            found.extend(attrs.evolve(one, path=f"raters.{kind}.{one.path}") for one in error.findings)
    if not any(one.required for one in read.values()) and not found:
        found.append(Finding("scorecard.nobody", "raters"))
    return read


__all__ = [
    "KINDS",
    "NOT_APPLICABLE",
    "Criterion",
    "Marks",
    "RaterKind",
    "RaterScore",
    "Scorecard",
    "Verdict",
    "exact",
    "version_of",
]
