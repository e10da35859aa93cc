"""Knows how one preference of a dispatch policy is written; must not know how it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, put, raw, whole, word
from servflow.errors import Finding
from servflow.expressions import Expression

TERMS = (
    "sticky",
    "same_asset",
    "preferred",
    "stability",
    "load",
    "load_share",
    "idle",
    "longest_idle",
    "round_robin",
    "worked",
    "given",
    "distance",
    "travel",
    "lateness",
    "urgency",
    "skill",
    "skill_fit",
    "cost",
    "price",
    "random",
)
"""The kinds of preference that are known by name."""

MAX_WEIGHT = 1_000_000

MINUTES_LEFT = "minutes_left"
"""What the expressions of a preference may read besides the fields and ``candidate``."""


@frozen(kw_only=True)
class Term(Part):
    """
    One preference: what it measures, times its weight, adds to the total of its level; more is better.

    ``term`` is one of

    - ``sticky``: 1 for whoever came to this customer before, else 0
    - ``same_asset``: 1 for whoever worked on this asset before, else 0
    - ``preferred``: 1 for whoever the customer prefers, else 0
    - ``stability``: 1 for whoever has the slot, or had it when the search began, else 0
    - ``load``: units of capacity held (tickets, or minutes), without this ticket
    - ``load_share``: the load in thousandths of the capacity, or that of the ticket's channel in those of its capacity, where
      that is more; 0 where no capacity is named, 1000 where it is 0
    - ``idle``: 1 for whoever holds nothing, else 0
    - ``longest_idle``: whole minutes since they have had nothing to do; 0 where they hold something, or nobody says
    - ``round_robin``: how near the candidate's next turn is, as 1,441,440th parts of a turn; the greatest is next. ``share``
      is an expression that gives a candidate's share of the turns, 0 to 1,000 (default: 1 for each); with 0 they come last
    - ``worked``: minutes they worked in the period that is to be fair
    - ``given``: tickets they were given in that period
    - ``distance``: whole kilometres between ticket and candidate; where the ticket has no position, steps in the area tree
    - ``travel``: whole minutes to get there; 43,200 where nothing tells
    - ``lateness``: whole minutes by which they would arrive after the ticket is due; 0 in time, and without a running clock
    - ``urgency``: minus the whole minutes left until the first of the ticket's running clocks is due (above 0: past due;
      at least -527,040, which is also without a running clock). It is the same for all candidates of a ticket: it ranks
      tickets, where one candidate may take several, or a batch cannot place all
    - ``skill``: levels held in the skills asked for
    - ``skill_fit``: levels apart from what is asked, as a negative number
    - ``cost``: the candidate's cost
    - ``price``: what a place of the candidate is worth, as ``learn`` found it
    - ``random``: 0 to 999, the same for one ticket and candidate forever

    So ``load``, ``distance``, ``cost``, ``price`` and the like want a negative weight. Instead of ``term``, ``value`` is
    an expression over ``candidate``, ``minutes_left`` (until the ticket is due, as above) and the fields that gives a
    whole number, and ``host`` names a function of the host that does. What fails to give one counts 0, and the choice
    says so in ``answers``.

    Raises:
        DefinitionError: with everything wrong in it.
    """

    term: str | None = field(default=None, converter=raw)
    value: Expression | None = field(default=None, converter=raw)
    host: str | None = field(default=None, converter=raw)
    weight: int = field(default=1, converter=raw)
    share: Expression | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [key for key in ("term", "value", "host") if getattr(self, key) is not None]
        if len(given) != 1:
            found.append(Finding("dispatch.term_kind", "", {"given": given}))
        put(self, "term", word(self.term, "term", found, TERMS))
        put(self, "value", expression(self.value, "value", found, candidate=True))
        put(self, "host", word(self.host, "host", found))
        put(self, "weight", whole(self.weight, "weight", found, -MAX_WEIGHT, MAX_WEIGHT))
        put(self, "share", expression(self.share, "share", found, candidate=True))
        if self.share is not None and self.term != "round_robin":
            found.append(Finding("dispatch.only_with", "share", {"key": "share", "needs": "round_robin"}))
        finish(found)

    @classmethod
    def read(cls, source: Any) -> Self:
        """Read a term from its mapping, or from its bare name."""
        return cls(term=source) if isinstance(source, str) else super().read(source)

    @property
    def label(self) -> str:
        """What explanations call it."""
        return self.term or self.host or "value"

    @property
    def expressions(self) -> Mapping[str, Expression]:
        """Every expression in it by its key."""
        return {key: text for key in ("value", "share") if (text := getattr(self, key)) is not None}
