"""Knows the parts a dispatch policy is written with; must not know how a candidate is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, flag, put, raw, span, whole, word
from servflow.errors import Finding
from servflow.expressions import Expression
from servflow.model import FrozenMap, Span, frozen_map

MODES = ("assign", "offer", "pool")
"""What happens to the candidates found: the best gets it, the best are asked in turn, or all are asked at once."""

CANDIDATES = ("engineers", "outlets")

REQUIREMENTS = (
    "skill",
    "area",
    "open",
    "below",
    "language",
    "certificate",
    "contract",
    "part",
    "other_than",
    "when",
    "host",
)
"""The kinds of requirement; each entry of ``require`` holds exactly one of these keys."""

ASKING = (*(kind for kind in REQUIREMENTS if kind not in ("open", "host")), "level", "need")
"""The keys of a requirement that hold an expression."""

ENGINEERS_ONLY = ("language", "certificate", "part")

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
MAX_PARALLEL = 100


@frozen(kw_only=True)
class Requirement(Part):
    """
    One thing a candidate must meet.

    Exactly one of the kinds is given. Its expression reads the ticket's fields and gives what is
    needed; null means that nothing is asked and everybody passes. A list means all of them; a mapping
    gives the least level or quantity of each.

    ``skill`` (with ``level``, 1 where not given), ``language``, ``certificate`` (held and not expired),
    ``part`` and ``contract`` (of the outlet, or of the engineer's outlet) name what the candidate has.
    ``area`` is met by whoever serves the area or one it lies in. ``open: shift`` means that the
    candidate's shift is open (no shift: always), any other word that this calendar of the world is.
    ``below: capacity`` means a load below the candidate's capacity (none: no limit), an expression a load
    below that number. ``other_than`` excludes ids; ``when`` is a condition that may read ``candidate``;
    ``host`` names a function of the host, which gets what ``need`` evaluates to.

    ``optional`` never excludes: those who meet more optional requirements come first. ``safety`` forbids
    that any relaxation touches it. ``name`` is what explanations call it (default: its kind).

    Raises:
        DefinitionError: with everything wrong in it.
    """

    skill: Expression | None = field(default=None, converter=raw)
    area: Expression | None = field(default=None, converter=raw)
    open: str | None = field(default=None, converter=raw)
    below: Expression | str | None = field(default=None, converter=raw)
    language: Expression | None = field(default=None, converter=raw)
    certificate: Expression | None = field(default=None, converter=raw)
    contract: Expression | None = field(default=None, converter=raw)
    part: Expression | None = field(default=None, converter=raw)
    other_than: Expression | None = field(default=None, converter=raw)
    when: Expression | None = field(default=None, converter=raw)
    host: str | None = field(default=None, converter=raw)
    level: Expression | None = field(default=None, converter=raw)
    need: Expression | None = field(default=None, converter=raw)
    name: str | None = field(default=None, converter=raw)
    optional: bool = field(default=False, converter=raw)
    safety: bool = field(default=False, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [kind for kind in REQUIREMENTS if getattr(self, kind) is not None]
        if len(given) != 1:
            found.append(Finding("dispatch.requirement_kind", "", {"given": given, "known": REQUIREMENTS}))
        for kind in given:
            value = getattr(self, kind)
            if kind in ("open", "host"):
                put(self, kind, word(value, kind, found))
            elif kind != "below" or value != "capacity":
                put(self, kind, expression(value, kind, found, candidate=kind == "when"))
        put(self, "level", expression(self.level, "level", found))
        put(self, "need", expression(self.need, "need", found))
        if self.level is not None and self.skill is None:
            found.append(Finding("dispatch.only_with", "level", {"key": "level", "needs": "skill"}))
        if self.need is not None and self.host is None:
            found.append(Finding("dispatch.only_with", "need", {"key": "need", "needs": "host"}))
        put(self, "name", word(self.name, "name", found))
        put(self, "optional", flag(self.optional, "optional", found))
        put(self, "safety", flag(self.safety, "safety", found))
        if self.optional and self.safety:
            found.append(Finding("dispatch.optional_safety", "", {}))
        finish(found)

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        return next(kind for kind in REQUIREMENTS if getattr(self, kind) is not None)

    @property
    def expressions(self) -> Mapping[str, Expression]:
        """Every expression in it by its key."""
        return {key: value for key in ASKING if isinstance(value := getattr(self, key), Expression)}


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


@frozen(kw_only=True)
class OfferOptions(Part):
    """How a ticket is offered: how long one may think (None: until withdrawn), and how many are asked at once."""

    timeout: Span | None = field(default=None, converter=raw)
    parallel: int = field(default=1, converter=raw)
    calendar: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "timeout", span(self.timeout, "timeout", found))
        put(self, "parallel", whole(self.parallel, "parallel", found, 1, MAX_PARALLEL))
        put(self, "calendar", word(self.calendar, "calendar", found))
        finish(found)


RELAXATIONS = ("widen", "drop", "lower", "mode")


@frozen(kw_only=True)
class Relaxation(Part):
    """
    One step of asking for less: what changes once ``after`` (default: at once) has passed since the search began.

    ``widen`` an area requirement to the area above, ``drop`` a requirement, ``lower`` a skill
    requirement by one level (never below 1), or change the ``mode``. The first three name a
    requirement or a kind. ``calendar`` names the calendar in which ``after`` counts (None: as time passes).
    """

    after: Span = field(default=Span(), converter=raw)
    calendar: str | None = field(default=None, converter=raw)
    widen: str | None = field(default=None, converter=raw)
    drop: str | None = field(default=None, converter=raw)
    lower: str | None = field(default=None, converter=raw)
    mode: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [key for key in RELAXATIONS if getattr(self, key) is not None]
        if len(given) != 1:
            found.append(Finding("dispatch.relaxation_kind", "", {"given": given, "known": RELAXATIONS}))
        put(self, "after", span(self.after, "after", found) or Span())
        put(self, "calendar", word(self.calendar, "calendar", found))
        for key in ("widen", "drop", "lower"):
            put(self, key, word(getattr(self, key), key, found))
        put(self, "mode", word(self.mode, "mode", found, MODES))
        finish(found)

    @property
    def kind(self) -> str:
        """Which of the four it is."""
        return next(key for key in RELAXATIONS if getattr(self, key) is not None)

    @property
    def target(self) -> str:
        """What it names: a requirement, a kind, or the mode."""
        return str(getattr(self, self.kind))


HostRequirement = Callable[[Any, Any], bool]
HostTerm = Callable[[Any, Any], int]


@frozen(kw_only=True)
class Hooks:
    """
    The host's own pure functions by name.

    A requirement is called with (candidate, needed value) and says whether it is met; a term with
    (candidate, ticket) and gives a whole number. They must depend on nothing else.
    """

    requirements: FrozenMap[str, HostRequirement] = field(default=None, converter=frozen_map)
    terms: FrozenMap[str, HostTerm] = field(default=None, converter=frozen_map)
