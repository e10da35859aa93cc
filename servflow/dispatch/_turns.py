"""Knows whose turn it is where tickets go round by shares; must not know how a turn is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from servflow.dispatch._asking import failed
from servflow.dispatch._term import MINUTES_LEFT
from servflow.errors import ExpressionError
from servflow.model import EMPTY, FrozenMap, World

if TYPE_CHECKING:
    from servflow.dispatch._case import Candidate, Case
    from servflow.dispatch._term import Term

FULL = 1_441_440
"""A turn of somebody whose share is 1: divisible by every share up to 16; larger shares are exact to one in a thousand."""

MAX_SHARE = 1_000

LAST = -(10**11)
"""What somebody measures who has no share of the turns; below all that can be drawn."""

FARTHEST = 1_000 * FULL
"""How far behind a mark may stand and still count as farther than another: a thousand turns."""


MAX_TURNS = 100
"""Of how many of the best a choice says how far their marks move: as many as can be asked at once."""


def count_of(policy: str) -> str:
    """The name under which a world says how many turns a policy has given."""
    return f"dispatch:{policy}"


def mark_of(policy: str, candidate: str) -> str:
    """The name under which a world says how far the turns of a candidate have come."""
    return f"dispatch:{policy}/{candidate}"


def measure(case: Case, term: Term) -> Callable[[Candidate], int]:
    """
    How near the next turn of a candidate is.

    Everybody has a mark. A turn moves it by a stretch that is the shorter the larger the share, and next is whoever would
    stand in the middle of that stretch first; so in any row of turns everybody has their share, and the turns of one are
    spread over it. Where the world counts no turns, each ticket draws who begins, and large shares are drawn the more.
    """
    turns = case.world.turns
    share = _shares(case, term)
    if turns is None:
        return lambda who: _drawn(case, who.id, share(who))
    policy = case.policy.name
    head = mark_of(policy, "")
    front = max((mark for name, mark in turns.items() if name.startswith(head)), default=0)

    def near(who: Candidate) -> int:
        part = share(who)
        return LAST if part == 0 else min(FARTHEST, front - turns.get(mark_of(policy, who.id), 0)) - FULL // part // 2

    return near


def _drawn(case: Case, who: str, share: int) -> int:
    # Whoever waits least, where waiting times are exponential: then everybody comes first as often as their share says.
    if share == 0:
        return LAST
    text = "\x1f".join(("turn", case.policy.name, case.ticket.id, who))
    draw = int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()) + 1
    return -(((64 << _DIGITS) - _log(draw)) * MAX_SHARE // share)


_DIGITS = 20


def _log(number: int) -> int:
    """The logarithm to base 2 with so many binary digits behind the point; by squaring, so it is the same everywhere."""
    whole = number.bit_length() - 1
    rest = number << 63 >> whole
    out = whole
    for _ in range(_DIGITS):
        rest = rest * rest >> 63
        out <<= 1
        if rest >> 64:
            rest >>= 1
            out += 1
    return out


def _shares(case: Case, term: Term) -> Callable[[Candidate], int]:
    text = term.share
    if text is None:
        return lambda _: 1
    bound = dict(case.bindings)
    if MINUTES_LEFT in text.roots:
        bound.setdefault(MINUTES_LEFT, case.minutes_left())

    def share(who: Candidate) -> int:
        bound["candidate"] = case.view(who)
        try:
            found: Any = text.value(bound)
        except ExpressionError as error:
            failed(case, "round_robin", who.id, error.message)
            return 0
        if not isinstance(found, int):
            failed(case, "round_robin", who.id, f"share is {type(found).__name__}, not a whole number")
            return 0
        return max(0, min(MAX_SHARE, int(found)))  # a condition counts 1 where it holds

    return share


def marks(case: Case) -> Mapping[str, int] | None:
    """How far everybody has come by the turns of the policy; None where it has none, or nobody counts them."""
    if case.world.turns is None or not case.policy.in_turns:
        return None
    return _marks(case.policy.name, case.world.turns)


def _marks(policy: str, turns: Mapping[str, int]) -> dict[str, int]:
    head = mark_of(policy, "")
    return {name.removeprefix(head): mark for name, mark in turns.items() if name.startswith(head)}


def standing(world: World | None, policy: str, stood: Mapping[str, int] | None) -> World | None:
    """A world with the turns that were counted where a decision was made; one that says itself where they stand is kept."""
    if world is None or stood is None or _marks(policy, world.turns or EMPTY):
        return world
    said = {mark_of(policy, who): mark for who, mark in stood.items()}
    return world.with_turns({**(world.turns or EMPTY), **said}, version=world.version)


def _term(case: Case) -> Term | None:
    return next((term for level in case.policy.prefer for term in level if term.term == "round_robin"), None)


def turns_taken(case: Case, ranked: Sequence[str]) -> FrozenMap[str, int]:
    """
    How far the mark of each of the best moves when they are given the ticket, or offered it.

    Somebody who was long away, or is new, stands far behind. They are next, and then stand beside the foremost of those who
    fit, so that they have no claim to what they missed. Empty where the policy has no turns or nobody counts them.

    Args:
        ranked: everybody who fits, the best first.
    """
    turns = case.world.turns
    term = _term(case)
    if term is None or turns is None or not ranked:
        return EMPTY
    share = _shares(case, term)
    fitting = set(ranked)
    parts = {who.id: share(who) for who in case.candidates if who.id in fitting}
    halves = {known: FULL // part // 2 for known, part in parts.items() if part}
    stand = {known: turns.get(mark_of(case.policy.name, known), 0) for known in halves}
    reached = max((stand[known] - half for known, half in halves.items()), default=0)
    best = [known for known in ranked[:MAX_TURNS] if known in halves]
    return FrozenMap({known: max(stand[known] + halves[known], reached) + halves[known] - stand[known] for known in best})
