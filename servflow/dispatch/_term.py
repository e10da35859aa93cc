"""Knows how one preference of a dispatch policy is written; must not know how it is measured."""

from __future__ import annotations

from typing import Any, Self

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, put, raw, whole, word
from servflow.errors import Finding
from servflow.expressions import Expression

TERMS = (
    "sticky",
    "load",
    "distance",
    "idle",
    "cost",
    "skill",
    "skill_fit",
    "preferred",
    "random",
)
"""The kinds of preference that need no argument."""

MAX_WEIGHT = 1_000_000


@frozen(kw_only=True)
class Term(Part):
    """
    One preference: what it measures, times its weight, adds to the total of its level; more is better.

    ``term`` is one of

    - ``sticky``: 1 for whoever came to this customer before, else 0
    - ``preferred``: 1 for whoever the customer prefers, else 0
    - ``load``: tickets held, without this one
    - ``idle``: 1 for whoever holds nothing, else 0
    - ``distance``: whole kilometres between ticket and candidate; where the ticket has no position, steps in the area tree
    - ``cost``: the candidate's cost
    - ``skill``: levels held in the skills asked for
    - ``skill_fit``: levels beyond what is asked, as a negative number
    - ``random``: 0 to 999, the same for one ticket and candidate forever

    So ``load``, ``distance`` and ``cost`` want a negative weight. Instead of ``term``, ``value`` is an
    expression over ``candidate`` and the fields that gives a whole number, and ``host`` names a
    function of the host that does.
    """

    term: str | None = field(default=None, converter=raw)
    value: Expression | None = field(default=None, converter=raw)
    host: str | None = field(default=None, converter=raw)
    weight: int = field(default=1, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [key for key in ("term", "value", "host") if getattr(self, key) is not None]
        if len(given) != 1:
            found.append(Finding("dispatch.term_kind", "", {"given": given}))
        put(self, "term", word(self.term, "term", found, TERMS))
        put(self, "value", expression(self.value, "value", found, candidate=True))
        put(self, "host", word(self.host, "host", found))
        put(self, "weight", whole(self.weight, "weight", found, -MAX_WEIGHT, MAX_WEIGHT))
        finish(found)

    @classmethod
    def read(cls, source: Any) -> Self:
        """Read a term from its mapping, or from its bare name."""
        return cls(term=source) if isinstance(source, str) else super().read(source)

    @property
    def label(self) -> str:
        """What explanations call it."""
        return self.term or self.host or "value"
