"""Knows what a temporal rule of a definition is and how its conditions are read; must not know how it is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from servflow.engine._building import refuse_shapes
from servflow.errors import DefinitionError, Finding, TimeError
from servflow.model import Span, freeze, titled

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.expressions import Expression

FORMS = ("never", "always_possible", "leads_to")
"""The kinds of laws, by the key that tells them."""

MAX_LAWS = 100
"""How many laws one definition may have."""


def _within(value: Any) -> Span | None:
    if value is None:
        return None
    try:
        return Span.of(value)
    except TimeError as error:
        raise DefinitionError.of([Finding("definition.span", "within", {"value": value, "why": error.message})]) from None


@frozen(kw_only=True)
class Law:
    """
    What must be true of every ticket, whatever happens to it.

    One of three: ``never`` names a condition that no ticket ever meets; ``always_possible`` one that can be
    reached from wherever a ticket stands; ``when`` and ``leads_to`` say that a ticket which meets the one comes
    to meet the other, ``within`` that much passed time where it is given. Conditions read what rules may
    read, ``in_state('x')`` and ``closed``; time they may not read.
    """

    name: str
    never: Any = field(default=None, converter=freeze)
    always_possible: Any = field(default=None, converter=freeze)
    when: Any = field(default=None, converter=freeze)
    leads_to: Any = field(default=None, converter=freeze)
    within: Span | None = field(default=None, converter=_within)
    title: str = field(default="", converter=titled)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("title",), words=("name",))
        given = [form for form in FORMS if getattr(self, form) is not None]
        wrong = "within" if self.within is not None else "when" if self.when is not None else None
        if len(given) != 1 or (wrong is not None and given != ["leads_to"]):
            raise DefinitionError.of(
                [Finding("law.form", "", {"given": (*given, *([wrong] if wrong else ())), "known": FORMS})]
            )
        if self.within is not None and self.within.business_days:
            why = {"en": "a law counts time as it passes", "zh": "规律只按流逝的时间计算"}
            raise DefinitionError.of([Finding("definition.span", "within", {"value": self.within.text, "why": why})])

    @property
    def form(self) -> str:
        """Which of the three it is."""
        return next(form for form in FORMS if getattr(self, form) is not None)


@attrs.frozen(kw_only=True)
class LawPlan:
    """One law, linked: its conditions."""

    law: Law
    path: str
    when: Expression | None
    wanted: Expression


def compile_laws(compiled: Compiled) -> tuple[LawPlan, ...]:
    """Link every law; what is wrong with their conditions goes to the findings."""
    spec = compiled.workflow
    types = dict(compiled.timeless)
    types.setdefault("closed", "bool")
    made = []
    for index, law in enumerate(spec.laws):
        path = f"laws[{index}]"
        if index >= MAX_LAWS:
            compiled.problems.add("definition.too_many", "laws", count=len(spec.laws), limit=MAX_LAWS)
            break
        if law.name in [other.name for other in spec.laws[:index]]:
            compiled.problems.add("name.twice", f"{path}.name", name=law.name, kind="laws")
        when = compiled.condition(law.when, f"{path}.when", types=types)
        wanted = compiled.condition(getattr(law, law.form), f"{path}.{law.form}", types=types)
        if wanted is not None:
            made.append(LawPlan(law=law, path=path, when=when, wanted=wanted))
    return tuple(made)


__all__ = ["FORMS", "Law", "LawPlan", "compile_laws"]
