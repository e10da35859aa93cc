"""Knows how what is remembered of a key is told to people; must not know how it came about."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.correlation._fact import Position
from servflow.correlation._search import same
from servflow.correlation._window import KeyState, deadline
from servflow.errors import render
from servflow.model import write_instant

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator


@frozen(kw_only=True)
class Explanation:
    """
    What a correlator knows of one key, as of one instant.

    ``facts`` are those that count now, as (instant, ticket, sequence), and ``have`` of ``need`` is how far they come: records,
    different values, or steps in order; where an absence is looked for, ``due`` is until when something must come. ``last`` are
    the facts that made it fire the last time, at ``fired_at``; ``wake`` is when time alone does something.
    """

    correlator: str
    key: str
    find: str
    within: str
    at: datetime
    have: int
    need: int
    facts: tuple[Position, ...] = ()
    waiting: tuple[Position, ...] = ()
    due: datetime | None = None
    fired: int = 0
    fired_at: datetime | None = None
    last: tuple[Position, ...] = ()
    late: int = 0
    dropped: int = 0
    wake: datetime | None = None

    @classmethod
    def of(cls, correlator: Correlator, key: str, state: KeyState, at: datetime, wake: datetime | None) -> Explanation:
        """What a state comes to."""
        rule = correlator.rule
        since = at - rule.within if at.timestamp() > rule.within.total_seconds() else None
        live = tuple(fact for fact in state.live if since is None or fact.at >= since)
        have = len(live)
        if rule.find == "distinct":
            have = len({same(fact.value) for fact in live})
        elif rule.find == "sequence":
            have = 0
            for fact in live:
                have += have in fact.steps
        elif rule.find == "absence":
            live = () if state.start is None else (state.start,)
        return cls(
            correlator=correlator.name,
            key=key,
            find=rule.find,
            within=correlator.within.text,
            at=at,
            have=len(live) if rule.find == "absence" else have,
            need=rule.steps if rule.find == "sequence" else rule.count,
            facts=tuple(fact.position for fact in live),
            waiting=tuple(fact.position for fact in state.waiting),
            due=deadline(rule, state),
            fired=state.fired,
            fired_at=state.fired_at,
            last=state.behind,
            late=state.late,
            dropped=state.dropped,
            wake=wake,
        )

    def text(self, lang: str = "en") -> str:
        """
        The same as sentences, one a line.

        Args:
            lang: ``en`` or ``zh``; anything else reads as ``en``.
        """
        said: dict[str, Any] = {"name": self.correlator, "key": self.key, "within": self.within}
        said |= {"have": self.have, "need": self.need, "due": _at(self.due)}
        find = "waiting" if self.find == "absence" and self.due is not None else self.find
        lines = [render(f"correlation.told_{find}", said, lang)]
        if self.facts:
            lines.append(render("correlation.told_facts", {"facts": _listed(self.facts)}, lang))
        if self.waiting:
            lines.append(render("correlation.told_held", {"facts": _listed(self.waiting)}, lang))
        if self.fired:
            told = {"times": self.fired, "at": _at(self.fired_at), "facts": _listed(self.last)}
            lines.append(render("correlation.told_fired", told, lang))
        if self.late or self.dropped:
            lines.append(render("correlation.told_lost", {"late": self.late, "dropped": self.dropped}, lang))
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; facts are (ticket, sequence, instant)."""
        return {
            "correlator": self.correlator,
            "key": self.key,
            "find": self.find,
            "within": self.within,
            "at": write_instant(self.at),
            "have": self.have,
            "need": self.need,
            "facts": _data(self.facts),
            "waiting": _data(self.waiting),
            "due": _at(self.due),
            "fired": self.fired,
            "fired_at": _at(self.fired_at),
            "last": _data(self.last),
            "late": self.late,
            "dropped": self.dropped,
            "wake": _at(self.wake),
        }


def _at(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)


def _data(places: tuple[Position, ...]) -> list[list[Any]]:
    return [[ticket, sequence, write_instant(at)] for at, ticket, sequence in places]


def _listed(places: tuple[Position, ...]) -> tuple[str, ...]:
    return tuple(f"{ticket}:{sequence} ({write_instant(at)})" for at, ticket, sequence in places)
