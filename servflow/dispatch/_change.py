"""Knows a single change after which somebody fits, and how it is told; must not know how one is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

from attrs import field, frozen

from servflow.dispatch._case import Case
from servflow.dispatch._choice import Choice
from servflow.dispatch._evaluate import choose
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._told import clock, jsonable, shown
from servflow.dispatch._why_not import WhyNot
from servflow.errors import render
from servflow.model import Ticket, World

SCOPES = ("time", "world", "ticket", "policy")
"""What a change is made to: nothing but time, one candidate or site of the world, the ticket, or the policy."""

CHANGES = (
    "later",
    "presence",
    "absence",
    "cool_off",
    "declined",
    "booked",
    "shift",
    "load",
    "capacity",
    "part",
    "certificate",
    "skill",
    "area",
    "channel",
    "language",
    "forbidden",
    "preferred",
    "contract",
    "slot",
    "below",
    "lower",
    "widen",
    "neighbours",
    "relax",
    "drop",
)
"""The kinds of change that are tried; of two as small as each other the kind named first comes first."""

DROPPED = 10
"""How many steps it counts for to drop a requirement altogether."""


NAMED = 5
"""How many of those who fit after a change are named as text."""


@frozen(kw_only=True)
class Situation:
    """All that a decision is made from, and what of its relaxation is changed: (kind, rule or candidate, how often)."""

    policy: Policy
    ticket: Ticket
    world: World
    at: datetime
    stage: int
    declined: tuple[str, ...] | None = None
    bindings: Mapping[str, Any] | None = None
    hooks: Hooks | None = None
    tweak: tuple[str, str, int] | None = None

    def case(self) -> Case:
        """The decision to take."""
        case = Case.make(
            self.policy,
            self.ticket,
            self.world,
            self.at,
            stage=self.stage,
            declined=self.declined,
            bindings=self.bindings,
            hooks=self.hooks,
        )
        if self.tweak is not None:
            _apply(case, *self.tweak)
        return case


def _apply(case: Case, kind: str, name: str, count: int) -> None:
    counted = {"widen": case.widened, "lower": case.lowered, "neighbours": case.beside}
    if kind in counted:
        counted[kind][name] = counted[kind].get(name, 0) + count
    elif kind == "drop":
        case.drops.add(name)
    elif kind == "below":
        case.most.add(name)
    elif kind == "declined":
        case.declined = case.declined - {name}
    elif kind == "cool_off":
        case.silent = {who: until for who, until in case.silent.items() if who != name}


@frozen(kw_only=True)
class Change:
    """
    One change after which somebody fits, proven by deciding again.

    ``kind`` is one of ``CHANGES`` and ``scope`` one of ``SCOPES``. ``candidate`` is who is changed (of a ``contract`` the
    outlet), ``what`` which skill, area, part, rule, ... of them, ``have`` what is and ``need`` what it would have to be.
    ``size`` counts steps: levels, units, parts, areas up, relaxations, hours begun; one for a yes or no, ten for a
    requirement that is dropped. ``creates`` names who fits then, the first twenty by id.
    """

    kind: str
    scope: str
    size: int = 1
    candidate: str | None = None
    what: str | None = None
    have: Any = None
    need: Any = None
    creates: tuple[str, ...] = ()
    _situation: Situation | None = field(default=None, eq=False, repr=False)

    def choice(self) -> Choice | None:
        """What is decided once the change is made, with every verdict; None for a change that was read from data."""
        return None if self._situation is None else choose(self._situation.case(), explain=True)

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        The change and who fits then, as one sentence.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC where left out.

        Raises:
            InputError: there is no such zone.
        """
        facts = {
            "candidate": self.candidate,
            "what": self.what,
            "size": self.size,
            "have": shown(self.have, zone, lang, "open" if self.kind == "shift" else ""),
            "need": clock(self.need, zone) if isinstance(self.need, datetime) else shown(self.need, zone, lang),
        }
        kind = f"dispatch.change.{self.kind}"
        if self.kind in ("capacity", "load") and self.what is not None:
            kind += "_channel"
        sentence = render(kind, facts, lang)
        if self.creates == (self.candidate,):
            return sentence
        more = len(self.creates) - NAMED
        who = [*self.creates[:NAMED], *([f"+{more}"] if more > 0 else [])]
        one = "_one" if len(self.creates) == 1 else ""
        return sentence + render(f"dispatch.change.then{one}", {"who": ", ".join(who)}, lang)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "kind": self.kind,
            "scope": self.scope,
            "size": self.size,
            "candidate": self.candidate,
            "what": self.what,
            "have": jsonable(self.have),
            "need": jsonable(self.need),
            "creates": list(self.creates),
        }


@frozen(eq=False, kw_only=True)
class Unblock(Sequence[Change]):
    """
    The single changes after which somebody fits, the smallest first, as a sequence; none where somebody fits already.

    ``fit`` names who does. ``complete`` says whether every single change of the known kinds was looked at; where it is
    False a bound was reached, and the smallest were tried. ``misses`` tells of the candidates with the fewest rules
    against them, whether or not a single change lets them in. Compares equal to the tuple of its changes.
    """

    changes: tuple[Change, ...] = ()
    fit: tuple[str, ...] = ()
    misses: tuple[WhyNot, ...] = ()
    complete: bool = True

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Change, ...]: ...
    def __getitem__(self, index: int | slice) -> Change | tuple[Change, ...]:
        return self.changes[index]

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Unblock):
            return self.as_data() == other.as_data()
        return self.changes == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash((len(self.changes), self.fit))

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """Every change as a line; where there is none, who came nearest and what keeps them out; as ``Change.text``."""
        if self.fit:
            return render("dispatch.unblock.fit", {"who": ", ".join(self.fit)}, lang)
        lines = [change.text(lang, zone) for change in self.changes]
        if not self.complete:
            lines.append(render("dispatch.unblock.cut", {}, lang))
        if not self.changes:
            lines.append(render("dispatch.unblock.none" if self.misses else "dispatch.unblock.nobody", {}, lang))
            for miss in self.misses:
                lines.extend(f"  {verdict.text(lang, zone)}" for verdict in miss)
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "changes": [change.as_data() for change in self.changes],
            "fit": list(self.fit),
            "misses": [miss.as_data() for miss in self.misses],
            "complete": self.complete,
        }
