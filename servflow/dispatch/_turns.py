"""Knows whose turn it is where tickets go round by shares; must not know how a turn is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.dispatch._asking import failed
from servflow.errors import ExpressionError

if TYPE_CHECKING:
    from servflow.dispatch._case import Candidate, Case
    from servflow.dispatch._term import Term

FULL = 1_441_440
"""A turn of somebody whose share is 1: divisible by every share up to 16; larger shares are exact to one in a thousand."""

MAX_SHARE = 1_000

LAST = -(10**15)
"""What somebody measures who has no share of the turns."""


@frozen
class Turn:
    """
    A turn that a candidate takes: how far their mark moves on, ``counter`` being where the world keeps it.

    The next turn of everybody goes by these marks: see ``measure``.
    """

    counter: str
    units: int


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
        return LAST if part == 0 else front - turns.get(mark_of(policy, who.id), 0) - FULL // part // 2

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

    def share(who: Candidate) -> int:
        bound["candidate"] = case.view(who)
        try:
            found: Any = text.value(bound)
        except ExpressionError as error:
            failed(case, "round_robin", who.id, error.message)
            return 0
        if isinstance(found, bool) or not isinstance(found, int):
            failed(case, "round_robin", who.id, f"share is {type(found).__name__}, not a whole number")
            return 0
        return max(0, min(MAX_SHARE, found))

    return share


def turns_taken(case: Case, fitting: tuple[str, ...], who: tuple[str, ...]) -> Mapping[str, Turn]:
    """
    The turns that candidates take by being chosen; empty where the policy has no turns or nobody counts them.

    Somebody who was long away, or is new, stands far behind. They are next, and then stand beside the foremost of those who
    fit, so that they have no claim to what they missed.

    Args:
        fitting: everybody who fitted.
        who: those of them who were chosen.
    """
    term = next((term for level in case.policy.prefer for term in level if term.term == "round_robin"), None)
    turns = case.world.turns
    if term is None or turns is None:
        return {}
    share = _shares(case, term)
    everybody = {known.id: known for known in case.candidates}
    parts = {known: share(everybody[known]) for known in (*fitting, *who) if known in everybody}
    policy = case.policy.name
    halves = {known: FULL // part // 2 for known, part in parts.items() if part}
    marks = {known: turns.get(mark_of(policy, known), 0) for known in halves}
    reached = max((mark - halves[known] for known, mark in marks.items()), default=0)
    out: dict[str, Turn] = {}
    for known in who:
        if known in halves:
            middle = max(marks[known] + halves[known], reached)
            out[known] = Turn(mark_of(policy, known), middle + halves[known] - marks[known])
    return out
