"""Knows how one requirement of a dispatch policy is written; must not know how a candidate is judged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, flag, put, raw, word, words
from servflow.errors import Finding, shown
from servflow.expressions import Expression

REQUIREMENTS = (
    "skill",
    "area",
    "open",
    "below",
    "language",
    "certificate",
    "contract",
    "part",
    "channel",
    "travel",
    "window",
    "preferred",
    "separate",
    "other_than",
    "when",
    "host",
)
"""The kinds of requirement; each entry of ``require`` holds exactly one of these keys."""

WORDS = ("open", "host", "separate")
"""The kinds that hold names as they are written, not expressions."""

ASKING = (*(kind for kind in REQUIREMENTS if kind not in WORDS), "level", "need")
"""The keys of a requirement that hold an expression."""

LIMITS = (("below", "capacity"), ("below", "normal"))
"""What may stand instead of an expression."""

NOT_OF_QUEUES = ("language", "certificate", "part", "travel")
"""The kinds that people and places have, and waiting lines do not."""

UNITS = ("minutes", "kilometres")
"""What the way to a visit may be told in."""

_RELAXED: Mapping[str, tuple[str, ...]] = {"widen": ("area", "travel"), "lower": ("skill",), "neighbours": ("area",)}


@frozen(kw_only=True)
class Requirement(Part):
    """
    One thing a candidate must meet.

    Exactly one of the kinds is given. Its expression reads the ticket's fields and gives what is
    needed; null means that nothing is asked and everybody passes. A list means all of them; a mapping
    gives the least level or quantity of each.

    What must hold while the work is done is judged over the whole visit of the policy, half-open as ``[start, end)``:
    whoever's shift ends, or whose certificate expires, at the very end meets it. Where the policy has no visit it is
    judged at the instant of the decision, and once a visit has begun, over what is left of it.

    - ``skill`` (with ``level``, 1 where not given), ``language``, ``certificate`` (held, and valid for the whole visit)
      and ``part`` name what the candidate has
    - ``contract`` names contracts of the outlet, or of the engineer's outlet: a brand, or ``brand/type`` for a type of
      warranty, or a mapping of brand to type; a contract for a brand covers every type of it
    - ``area`` is met by whoever serves the area or one it lies in
    - ``channel`` is met by whoever serves the channel, and by all who do not say which they serve
    - ``open: shift`` means that the candidate's shift is open, by their roster where they have one, else by their
      calendar (neither: always); any other word that this calendar of the world is
    - ``below: capacity`` means that what the ticket takes fits into what is left of the candidate's capacity, and of their
      capacity for the ticket's channel (none: no limit); ``below: normal`` the same of what they take without a
      pinch; an expression that the load stays within that number
    - ``travel`` is the most ``unit``, ``minutes`` (the default) or ``kilometres``, it may take to get there
    - ``window`` is met by whoever is free long enough for the visit within ``[from, to)``, given as a list of two
      instants, in their shift and not absent; ``true`` is the visit's own window
    - ``preferred`` is met by whom the customer prefers, where they prefer anybody, if it gives ``true``, else by the
      ids it gives
    - ``separate`` names events of the workflow; whoever did one of them last on this ticket is excluded
    - ``other_than`` excludes ids; ``when`` is a condition that may read ``candidate``, of whose certificates it sees those
      that are valid
    - ``host`` names a function of the host, which gets what ``need`` evaluates to

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
    channel: Expression | None = field(default=None, converter=raw)
    travel: Expression | None = field(default=None, converter=raw)
    window: Expression | None = field(default=None, converter=raw)
    preferred: Expression | None = field(default=None, converter=raw)
    separate: tuple[str, ...] = field(default=(), converter=raw)
    other_than: Expression | None = field(default=None, converter=raw)
    when: Expression | None = field(default=None, converter=raw)
    host: str | None = field(default=None, converter=raw)
    level: Expression | None = field(default=None, converter=raw)
    need: Expression | None = field(default=None, converter=raw)
    unit: str = field(default="minutes", converter=raw)
    name: str | None = field(default=None, converter=raw)
    optional: bool = field(default=False, converter=raw)
    safety: bool = field(default=False, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [kind for kind in REQUIREMENTS if getattr(self, kind) not in (None, ())]
        if len(given) != 1:
            found.append(Finding("dispatch.requirement_kind", "", {"given": given, "known": REQUIREMENTS}))
        for kind in given:
            value = getattr(self, kind)
            if kind in ("open", "host"):
                put(self, kind, word(value, kind, found))
            elif kind == "separate":
                put(self, kind, words(value.split() if isinstance(value, str) else value, kind, found))
                if not self.separate and not found:
                    found.append(Finding("dispatch.text", kind, {"value": shown(value)}))
            elif not isinstance(value, str) or (kind, value) not in LIMITS:
                put(self, kind, expression(value, kind, found, candidate=kind == "when"))
        put(self, "level", expression(self.level, "level", found))
        put(self, "need", expression(self.need, "need", found))
        if self.level is not None and self.skill is None:
            found.append(Finding("dispatch.only_with", "level", {"key": "level", "needs": "skill"}))
        if self.need is not None and self.host is None:
            found.append(Finding("dispatch.only_with", "need", {"key": "need", "needs": "host"}))
        put(self, "unit", word(self.unit, "unit", found, UNITS) or "minutes")
        if self.unit != "minutes" and self.travel is None:
            found.append(Finding("dispatch.only_with", "unit", {"key": "unit", "needs": "travel"}))
        put(self, "name", word(self.name, "name", found))
        put(self, "optional", flag(self.optional, "optional", found))
        put(self, "safety", flag(self.safety, "safety", found))
        if self.optional and self.safety:
            found.append(Finding("dispatch.optional_safety", "", {}))
        finish(found)

    @cached_property
    def kind(self) -> str:
        """Which of the kinds it is."""
        return next(kind for kind in REQUIREMENTS if getattr(self, kind) not in (None, ()))

    @property
    def expressions(self) -> Mapping[str, Expression]:
        """Every expression in it by its key."""
        return {key: value for key in ASKING if isinstance(value := getattr(self, key), Expression)}


def relaxes(step: str, entry: Requirement) -> bool:
    """Whether a kind of relaxation can ask for less of a requirement."""
    if step == "below":
        return entry.below == "normal"
    kinds = _RELAXED.get(step)
    return kinds is None or entry.kind in kinds
