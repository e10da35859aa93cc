"""Knows how one requirement of a dispatch policy is written; must not know how a candidate is judged."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, flag, put, raw, word
from servflow.errors import Finding
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
    "other_than",
    "when",
    "host",
)
"""The kinds of requirement; each entry of ``require`` holds exactly one of these keys."""

ASKING = (*(kind for kind in REQUIREMENTS if kind not in ("open", "host")), "level", "need")
"""The keys of a requirement that hold an expression."""

ENGINEERS_ONLY = ("language", "certificate", "part")


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
