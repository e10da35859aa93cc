"""Knows which causes most tickets have; must not know how a cause is found."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import SHARE
from servflow.metrics._measure import measure
from servflow.metrics._values import _frozen, counted
from servflow.model import EMPTY, FrozenMap

NAMES = ("root_cause", "cause")
"""The fields that a cause is looked for in, unless others are named; the first that a ticket has counts."""

VITAL = 0.8
"""Up to this share of the whole, causes are among the vital few (J. M. Juran)."""


def _cause(case: Case, by: Collection[str] | str) -> str | None:
    names = (by,) if isinstance(by, str) else by
    return next((found for name in names if (found := case.label(name)) != "-"), None)


@measure(
    SHARE,
    titles=("Root causes", "根本原因分布"),
    zh="各原因的工单占全部已知原因工单的比例；未注明原因的不计。",
    unit="share",
    told={"parts": "the cause", "of_all": True},
)
def causes(case: Case, *, by: Collection[str] | str = NAMES) -> Iterable[Seen]:
    """
    Of the tickets whose cause is known, how many have each; ``pareto`` puts them in order.

    Source: J. M. Juran, Quality Control Handbook (Pareto analysis).
    Cohort: tickets with a cause in the field ``by`` (the first of several that a ticket has); others are left out
        (``unknown``).
    Clock: none.
    Open tickets: count as soon as their cause is known.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, causes
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> cases = [Case(id=str(n), began=at, labels={"cause": what}) for n, what in enumerate(["pump", "pump", "seal", "pump"])]
    >>> {part: figure.value for part, figure in causes.by_part(cases).items()}
    {'all': 1.0, 'pump': 0.75, 'seal': 0.25}
    """
    cause = _cause(case, by)
    yield Left(case.began, "unknown") if cause is None else Seen(case.began, True, (cause,))


@frozen(kw_only=True)
class Cause:
    """
    One cause: its ``cases``, what they weigh, its ``share`` of the whole, and that of it and all before it (``cumulative``).

    ``vital`` says that it is needed to come to the share that was asked for.
    """

    name: str
    cases: int
    weight: Decimal
    share: float
    cumulative: float
    vital: bool

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "cause": self.name,
            "cases": self.cases,
            "weight": float(self.weight),
            "share": self.share,
            "cumulative": self.cumulative,
            "vital": self.vital,
        }


@frozen(kw_only=True)
class Pareto:
    """
    Causes, the weightiest first; those of one weight by name.

    ``numerator`` is what the vital ones weigh together, ``denominator`` what all do; ``excluded`` counts tickets without a
    cause (``unknown``) and without a weight (``unweighed``).
    """

    causes: tuple[Cause, ...]
    cases: int
    numerator: Decimal
    denominator: Decimal
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> int:
        """How many causes are vital."""
        return sum(cause.vital for cause in self.causes)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "causes": self.flat(),
            "cases": self.cases,
            "vital": self.value,
            "numerator": float(self.numerator),
            "denominator": float(self.denominator),
            "excluded": dict(self.excluded),
        }

    def flat(self) -> list[dict[str, Any]]:
        """One mapping for each cause, as it is written to CSV and data frames."""
        return [cause.as_data() for cause in self.causes]


def pareto(
    cases: Iterable[Case],
    by: Collection[str] | str = NAMES,
    *,
    weigh: Callable[[Case], Any] | None = None,
    vital: float = VITAL,
) -> Pareto | None:
    """
    The causes of tickets in order, and how few of them make most of the whole; None where no cause is known.

    Args:
        cases: read once.
        by: the field, attribute or slot that names the cause; the first of several that a ticket has.
        weigh: what a ticket weighs (such as its cost, with ``cost_of``), None where that is not known; 1 each unless given.
        vital: the share that the vital few come to; above 0, at most 1.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> said = ["pump"] * 6 + ["seal"] * 2 + ["user"] + ["dust"]
    >>> found = pareto(Case(id=str(n), began=at, labels={"cause": what}) for n, what in enumerate(said))
    >>> [(cause.name, cause.cases, cause.share, cause.cumulative, cause.vital) for cause in found.causes]
    [('pump', 6, 0.6, 0.6, True), ('seal', 2, 0.2, 0.8, True), ('dust', 1, 0.1, 0.9, False), ('user', 1, 0.1, 1.0, False)]

    Raises:
        InputError: *vital* is no such share, or a weight is negative or no number.
    """
    part: Any = vital
    if isinstance(part, bool) or not isinstance(part, (int, float)) or not 0 < part <= 1:
        raise InputError(f"vital is a share above 0 and at most 1, not {shown(vital)}", code="vital")
    counts: Counter[str] = Counter()
    weights: dict[str, Fraction] = {}
    left: Counter[str] = Counter()
    for case in cases:
        cause = _cause(case, by)
        weight = 1 if weigh is None else weigh(case)
        if cause is None or weight is None:
            left["unknown" if cause is None else "unweighed"] += 1
            continue
        counts[cause] += 1
        weights[cause] = weights.get(cause, Fraction()) + _weight(weight)
    return _ordered(counts, weights, vital, left)


def _ordered(counts: Counter[str], weights: Mapping[str, Fraction], vital: float, left: Mapping[str, int]) -> Pareto | None:
    total = sum(weights.values(), Fraction())
    if not total:
        return None
    found: list[Cause] = []
    before, bound = Fraction(), Fraction(str(vital)) * total
    for name, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        found.append(
            Cause(
                name=name,
                cases=counts[name],
                weight=_number(weight),
                share=float(weight / total),
                cumulative=float((before + weight) / total),
                vital=before < bound and weight > 0,
            )
        )
        before += weight
    return Pareto(
        causes=tuple(found),
        cases=counts.total(),
        numerator=_number(sum((weights[cause.name] for cause in found if cause.vital), Fraction())),
        denominator=_number(total),
        excluded=counted(left),
    )


def _weight(value: Any) -> Fraction:
    try:
        weight = Fraction(value) if not isinstance(value, float) else Fraction(str(value))
    except (TypeError, ValueError, OverflowError):
        weight = Fraction(-1)
    if weight < 0:
        raise InputError(f"what a ticket weighs is a number from 0 on, not {shown(value)}", code="weight", value=shown(value))
    return weight


def _number(value: Fraction) -> Decimal:
    return (Decimal(round(value * 10**6)).scaleb(-6)).normalize() + 0
