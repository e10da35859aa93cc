"""Knows the outcome of one dispatch decision and how it is told; must not know how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.dispatch._origin import Origin
from servflow.dispatch._tally import Tally
from servflow.dispatch._told import jsonable, shown
from servflow.errors import render
from servflow.model import EMPTY, FrozenMap, write_instant


@frozen
class Verdict:
    """
    How one candidate stood to one rule.

    ``have`` is what the candidate has and ``need`` what was asked; ``again_at`` is the first later
    instant at which time alone turns the verdict (None: time alone never does). ``kind`` is the kind of rule behind the
    name. ``excludes`` is False for an optional requirement. ``why`` is ``asked``, ``nothing asked``,
    ``relaxed`` or ``error``.
    """

    candidate: str
    rule: str
    passed: bool
    have: Any = None
    need: Any = None
    again_at: datetime | None = None
    kind: str = ""
    excludes: bool = True
    why: str = "asked"

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """The verdict as one sentence in ``en`` or ``zh``; instants as a wall clock of the zone shows them, else in UTC."""
        facts = {
            "candidate": self.candidate,
            "rule": self.rule,
            "have": shown(self.have, zone, lang, self.kind),
            "need": shown(self.need, zone, lang, self.kind),
            "again": shown(self.again_at, zone),
        }
        outcome = "pass" if self.passed else "fail"
        if self.why != "asked":
            outcome = {"nothing asked": "free", "relaxed": "relaxed"}.get(self.why, "error")
        sentence = render(f"dispatch.verdict.{outcome}.{self.kind}", facts, lang)
        if sentence.startswith("dispatch.verdict."):  # most rules have no words of their own
            sentence = render(f"dispatch.verdict.{outcome}", facts, lang)
        if not self.passed and self.again_at is not None:
            sentence += render("dispatch.verdict.again", facts, lang)
        return sentence

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "candidate": self.candidate,
            "rule": self.rule,
            "kind": self.kind,
            "passed": self.passed,
            "excludes": self.excludes,
            "have": jsonable(self.have),
            "need": jsonable(self.need),
            "again_at": jsonable(self.again_at),
            "why": self.why,
        }


@frozen
class Ranked:
    """
    A candidate who fits, and their place: ``rank`` counts from 1, ``points`` has one total per level.

    ``terms`` holds what each term measured before its weight. ``key`` is the capacity key to take and
    ``limit`` the most of it that may be taken (None: no limit was asked for).
    """

    id: str
    points: tuple[int, ...] = ()
    terms: FrozenMap[str, int] = EMPTY
    rank: int = 1
    key: str = ""
    limit: int | None = None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "id": self.id,
            "rank": self.rank,
            "points": list(self.points),
            "terms": dict(self.terms),
            "key": self.key,
            "limit": self.limit,
        }


@frozen(kw_only=True, slots=False)
class Choice:
    """
    What a policy decides for one ticket, with its reasons.

    ``action`` is ``assign``, ``offer``, ``pool`` or ``wait``; ``to`` whom it concerns: the best one, the
    best few to ask, everybody in the pool, nobody. ``ranked`` lists all who fit, the best first. ``verdicts``
    has one entry per candidate and rule (empty where no explanation was asked for). ``next_change`` is
    the first instant after the decision at which time alone turns a verdict that matters: of somebody who
    fits, or of somebody whom nothing but time and capacity keeps out. ``waits`` are the keys whose release lets
    somebody in whom only capacity keeps out. ``counts`` says how many each rule kept out first, in the order
    in which rules are looked at; ``needs`` what those rules asked. ``again`` says of such a rule the first instant at
    which time alone turns it for somebody it kept out, and whether it does so for all of them then. ``answers`` says what
    each function of the host answered for whom it was asked, or in words why that is no answer, and why a term gave no
    number. ``turns`` says of the best how far a turn moves them on, where the policy's term ``round_robin`` is counted.
    """

    policy: str
    slot: str
    kind: str
    ticket: str
    at: datetime
    stage: int
    mode: str
    action: str
    to: tuple[str, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    next_change: datetime | None = None
    waits: tuple[str, ...] = ()
    considered: int = 0
    counts: FrozenMap[str, int] = EMPTY
    needs: FrozenMap[str, tuple[str, str]] = EMPTY
    again: FrozenMap[str, tuple[datetime, bool]] = EMPTY
    answers: FrozenMap[str, FrozenMap[str, Any]] = EMPTY
    turns: FrozenMap[str, int] = EMPTY
    _origin: Origin | None = field(default=None, eq=False, repr=False)

    @property
    def best(self) -> str | None:
        """Who fits best; None when nobody fits."""
        return self.ranked[0].id if self.ranked else None

    @property
    def world(self) -> str:
        """The version of the world decided with."""
        return self._origin.world.version if self._origin else ""

    @property
    def fingerprint(self) -> str:
        """A hash of everything the decision depends on but time: policy, world, what is read of the ticket, and the stage."""
        return self._origin.fingerprint(self.stage) if self._origin else ""

    @property
    def origin(self) -> Mapping[str, Any]:
        """The parts of the fingerprint by name, so that two decisions can be told apart."""
        return self._origin.parts if self._origin else EMPTY

    @property
    def stood(self) -> Mapping[str, int] | None:
        """How far everybody had come by the turns of the policy; None where nobody counts them."""
        return self._origin.turns if self._origin else None

    @property
    def tally(self) -> Tally:
        """The counts as they are told."""
        best = self.ranked[0].id if self.ranked else None
        return Tally(self.kind, self.at, self.considered, self.counts, self.needs, self.again, len(self.ranked), best)

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        How many were considered, what kept how many out first, until when, and who is best, as one sentence.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC, and said so, where left out.

        Raises:
            InputError: there is no such zone.
        """
        return self.tally.text(lang, zone)

    def summary(self, lang: str = "en", zone: str | None = None) -> str:
        """The same as ``text``."""
        return self.text(lang, zone)

    def why_not(self, candidate: str) -> tuple[Verdict, ...]:
        """What keeps one candidate out; empty when they fit, or when no explanation was asked for."""
        return tuple(item for item in self.verdicts if item.candidate == candidate and item.excludes and not item.passed)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form with every reason."""
        return {
            "policy": self.policy,
            "slot": self.slot,
            "ticket": self.ticket,
            "at": write_instant(self.at),
            "stage": self.stage,
            "mode": self.mode,
            "action": self.action,
            "best": self.best,
            "to": list(self.to),
            "ranked": [item.as_data() for item in self.ranked],
            "verdicts": [item.as_data() for item in self.verdicts],
            "next_change": jsonable(self.next_change),
            "waits": list(self.waits),
            "considered": self.considered,
            "counts": dict(self.counts),
            "needs": {rule: list(need) for rule, need in self.needs.items()},
            "again": {rule: [write_instant(first), same] for rule, (first, same) in self.again.items()},
            "answers": {name: dict(told) for name, told in self.answers.items()},
            "turns": dict(self.turns),
            "world": self.world,
            "fingerprint": self.fingerprint,
            "origin": dict(self.origin),
        }
