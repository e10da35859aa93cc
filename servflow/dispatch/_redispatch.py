"""Knows when a ticket that somebody has is taken back and given out anew; must not know how that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import field, frozen

from servflow.dispatch._reading import Part, finish, flag, put, raw, span, whole, word, words
from servflow.errors import Finding
from servflow.model import Span

CAUSES = ("absence", "presence", "changed", "rejection", "capacity")
"""What may take a ticket back beside ``overrun``, which says how long."""

MAX_AGAIN = 100


@frozen(kw_only=True)
class Redispatch(Part):
    """
    When a slot that was filled is emptied and looked after anew; each cause is asked for by itself.

    ``absence``: whoever has it is absent, or left the world. ``presence``: they are away or offline. ``overrun``: so long
    after it was given to them the work has not begun, which is that the ticket left ``state``; they are not asked again.
    ``changed``: a value that a requirement reads changed, and they no longer meet it. ``rejection``: they give it back with
    ``offer.reject``; they are not asked again. ``capacity``: they got it only after less was asked for, and somebody who meets
    all of it has room again.

    ``state`` names the states in which it may be taken back, beside those of the policy (none: those to which
    ``assigned.<policy>`` leads). ``most`` is how often in one search, so that nothing goes back and forth without
    end. ``calendar`` is the one in which ``overrun`` counts. A list is short for the causes that it names.

    What a person assigned by hand is taken back only because of absence, presence, overrun and rejection.
    """

    absence: bool = field(default=False, converter=raw)
    presence: bool = field(default=False, converter=raw)
    overrun: Span | None = field(default=None, converter=raw)
    changed: bool = field(default=False, converter=raw)
    rejection: bool = field(default=False, converter=raw)
    capacity: bool = field(default=False, converter=raw)
    state: tuple[str, ...] = field(default=(), converter=raw)
    most: int = field(default=3, converter=raw)
    calendar: str | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        for cause in CAUSES:
            put(self, cause, flag(getattr(self, cause), cause, found))
        put(self, "overrun", span(self.overrun, "overrun", found))
        put(self, "state", words(self.state, "state", found))
        put(self, "most", whole(self.most, "most", found, 1, MAX_AGAIN))
        put(self, "calendar", word(self.calendar, "calendar", found))
        if not found and self.overrun is None and not any(getattr(self, cause) for cause in CAUSES):
            found.append(Finding("dispatch.redispatch_never", "", {"known": (*CAUSES, "overrun")}))
        if not found and self.overrun is not None and not self.overrun.exact and not self.overrun.business_days:
            found.append(Finding("dispatch.redispatch_at_once", "overrun", {"value": self.overrun.text}))
        finish(found)

    @classmethod
    def read(cls, source: Any) -> Self:
        """
        Read it from its mapping, or from the list of its causes.

        Raises:
            DefinitionError: with every problem found.
        """
        if isinstance(source, str):
            source = [source]
        if not isinstance(source, (list, tuple)):
            return super().read(source)
        found: list[Finding] = []
        named = [word(item, f"[{index}]", found, CAUSES) for index, item in enumerate(source[: len(CAUSES) + 1])]
        finish(found)
        given: Mapping[str, Any] = {cause: True for cause in named if cause is not None}
        return super().read(given)
