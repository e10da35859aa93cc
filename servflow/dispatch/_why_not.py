"""Knows why one candidate does not get a ticket: kept out, or behind others; must not know how a candidate is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

from attrs import field, frozen

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._checks import checks
from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._evaluate import choose, verdict_of
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._terms import measures
from servflow.errors import InputError, nearest, render
from servflow.model import EMPTY, FrozenMap, Ticket, World, write_instant

KINDS = ("engineers", "agents", "bots", "outlets", "providers", "queues", "people")


@frozen(eq=False)
class WhyNot(Sequence[Verdict]):
    """
    Why one candidate does not get a ticket: the verdicts that keep them out, as a sequence; empty when they fit.

    ``verdicts`` holds these, ``passed`` those of the rules they meet. Whoever fits is ``ranked``: their place among
    ``fit`` and their points. ``ahead`` is the best one, where that is somebody else; ``level`` is then the first level
    of points in which the two differ, counted from 1 (None: only the tie-break does), and ``terms`` what was measured there,
    name -> (theirs, the best one's). Compares equal to the tuple of its verdicts.
    """

    candidate: str
    verdicts: tuple[Verdict, ...] = ()
    passed: tuple[Verdict, ...] = ()
    ranked: Ranked | None = None
    ahead: Ranked | None = None
    fit: int = 0
    level: int | None = None
    terms: FrozenMap[str, tuple[int, int]] = EMPTY
    at: datetime | None = field(default=None)

    @overload
    def __getitem__(self, index: int) -> Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Verdict, ...]: ...
    def __getitem__(self, index: int | slice) -> Verdict | tuple[Verdict, ...]:
        return self.verdicts[index]

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, WhyNot):
            return self.as_data() == other.as_data()
        return self.verdicts == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.candidate, len(self.verdicts)))

    @property
    def fits(self) -> bool:
        """Whether nothing keeps them out."""
        return not self.verdicts

    @property
    def again_at(self) -> datetime | None:
        """When time alone lets them in; None where it does not, or where nothing keeps them out."""
        instants = [item.again_at for item in self.verdicts]
        return None if not instants or None in instants else max(item for item in instants if item is not None)

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        Every reason as a line, or how far behind they are.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC where left out.

        Raises:
            InputError: there is no such zone.
        """
        if self.verdicts:
            return "\n".join(item.text(lang, zone) for item in self.verdicts)
        facts = {"candidate": self.candidate, "fit": self.fit, "rank": self.ranked.rank if self.ranked else 1}
        if self.ranked is None or self.ahead is None:
            return render("dispatch.why_not.best", facts, lang)
        facts |= {"best": self.ahead.id, "mine": _points(self.ranked), "theirs": _points(self.ahead), "level": self.level}
        if self.level is None:
            return render("dispatch.why_not.tied", facts, lang)
        shown = ", ".join(f"{name} {mine} : {theirs}" for name, (mine, theirs) in self.terms.items())
        return render("dispatch.why_not.behind", {**facts, "terms": shown or "-"}, lang)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        again = self.again_at
        return {
            "candidate": self.candidate,
            "fits": self.fits,
            "verdicts": [item.as_data() for item in self.verdicts],
            "passed": [item.as_data() for item in self.passed],
            "again_at": None if again is None else write_instant(again),
            "ranked": None if self.ranked is None else self.ranked.as_data(),
            "ahead": None if self.ahead is None else self.ahead.as_data(),
            "fit": self.fit,
            "level": self.level,
            "terms": {name: list(pair) for name, pair in self.terms.items()},
        }


def _points(item: Ranked) -> str:
    return "/".join(str(total) for total in item.points) or "-"


def why_not(
    policy: Policy | Mapping[str, Any],
    ticket: Ticket,
    world: World | Mapping[str, Any] | None,
    at: datetime,
    candidate: str,
    *,
    stage: int | None = None,
    declined: Iterable[str] | None = None,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
) -> WhyNot:
    """
    Why one candidate does not get the ticket: what keeps them out, or who is ahead of them and by what.

    Args:
        candidate: the id of one of those the policy chooses among; the other arguments are those of ``evaluate``.

    Raises:
        InputError: the policy does not choose among anybody of that id, with a did-you-mean.
    """
    case = Case.make(policy, ticket, world, at, stage=stage, declined=declined, bindings=bindings, hooks=hooks)
    who = known_candidate(case, candidate)
    judged = [(check, check.passes(who)) for check in checks(case)]
    kept_out = tuple(verdict_of(check, who) for check, passed in judged if check.excludes and not passed)
    met = tuple(verdict_of(check, who) for check, passed in judged if passed)
    if kept_out:
        return WhyNot(who.id, kept_out, met, at=case.at)
    return _behind(case, who, met, choose(case, explain=False))


def known_candidate(case: Case, candidate: str) -> Candidate:
    """
    The candidate of an id.

    Raises:
        InputError: there is none among those the policy chooses among; it says where the id is known, or a did-you-mean.
    """
    known = {who.id: who for who in case.candidates}
    who = known.get(candidate)
    if who is not None:
        return who
    kind = case.policy.candidates
    for other in KINDS:
        if other != kind and any(item.id == candidate for item in getattr(case.world, other)):
            said = f"{candidate!r} is one of the {other} of the world; policy {case.policy.name!r} chooses among its {kind}"
            raise InputError(said, candidate=candidate)
    close = nearest(candidate, known)
    hint = f"; did you mean {close!r}?" if close else ""
    raise InputError(f"the world has no candidate {candidate!r} among its {kind}{hint}", candidate=candidate)


def _behind(case: Case, who: Candidate, met: tuple[Verdict, ...], choice: Choice) -> WhyNot:
    mine = next((item for item in choice.ranked if item.id == who.id), None)
    best = choice.ranked[0] if choice.ranked else None
    if mine is None or best is None or mine.rank == 1:
        return WhyNot(who.id, (), met, mine, None, len(choice.ranked), at=case.at)
    differing = [number for number, pair in enumerate(zip(mine.points, best.points, strict=True), 1) if pair[0] != pair[1]]
    level = differing[0] if differing else None
    terms: dict[str, tuple[int, int]] = {}
    if level is not None:
        optional = len(mine.points) - len(case.policy.prefer)  # one level of optional requirements met comes first
        names = [label for label, _, _ in measures(case)[level - 1 - optional]] if level > optional else []
        terms = {name: (mine.terms[name], best.terms[name]) for name in names if mine.terms[name] != best.terms[name]}
    return WhyNot(who.id, (), met, mine, best, len(choice.ranked), level, FrozenMap(terms), case.at)
