"""Knows the measures that make up the board and are no table's; must not know how records are read or figures shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from servflow.metrics._cases import Case
from servflow.metrics._kinds import SHARE
from servflow.metrics._outcomes import attainment
from servflow.metrics._values import Load, Share, share

SATISFIED = 4
"""From this score on, out of five, an answer counts as satisfied."""


def volumes(cases: Iterable[Case], by: str = "channel") -> Mapping[str, int]:
    """
    Tickets per group, all of them whatever became of them.

    Args:
        by: the field, attribute or slot that names the group; ``-`` collects those without one.
    """
    return dict(sorted(Counter(case.label(by) for case in cases).items()))


def sla_attainment(cases: Iterable[Case], clock: str) -> Share | None:
    """
    Of the cycles of a clock whose outcome is known, how many were kept in time; what ``attainment`` says of that clock.

    Known are ``met``, ``late`` and ``overdue`` (past its due instant, though still open). Left out are cycles still
    open in time (``open``), cancelled and waived ones. None where the clock never ran.
    """
    tally = SHARE.start({})
    for case in cases:
        for seen in attainment.seen(case, clocks=(clock,)):
            if seen.left is None:
                tally.add(seen.value)
            else:
                tally.leave(seen.left)
    return share(tally.hits, tally.count, tally.excluded)


def breaches(cases: Iterable[Case]) -> Mapping[str, int]:
    """Per clock, how many cycles went past their due instant, excused ones among them; clocks that never ran are absent."""
    counts: Counter[str] = Counter()
    for case in cases:
        for cycle in case.cycles:
            counts[cycle.clock] += cycle.breached_at is not None
    return dict(sorted(counts.items()))


def escalations(cases: Iterable[Case]) -> Mapping[str, Mapping[str, int]]:
    """
    Per chain and level, how often the level was reached.

    A level reached late counts although a later one spoke for it; one passed over because its condition
    did not hold does not.
    """
    found: dict[str, Counter[str]] = {}
    for case in cases:
        for chain, level in case.escalations:
            found.setdefault(chain, Counter())[level] += 1
    return {chain: dict(counts) for chain, counts in sorted(found.items())}


def load(cases: Iterable[Case], slot: str = "outlet") -> tuple[Load, ...]:
    """
    Tickets per outlet (or per engineer: ``slot="assignee"``), ordered by name; each counts for whoever has it last.

    Left out: tickets that nobody has.
    """
    held: dict[str, list[Case]] = {}
    for case in cases:
        if slot in case.slots:
            held.setdefault(case.slots[slot], []).append(case)
    return tuple(
        Load(
            who=who,
            tickets=len(own),
            open=sum(case.closed_at is None for case in own),
            late=sum(case.late for case in own),
        )
        for who, own in sorted(held.items())
    )


def offers(cases: Iterable[Case]) -> Share | None:
    """
    Of the offers that were answered or ran out, how many were accepted.

    Left out: offers withdrawn before anybody could answer (``withdrawn``). None where nothing was offered.
    """
    counts: Counter[str] = Counter()
    for case in cases:
        counts.update(case.offers)
    answered = counts["accepted"] + counts["rejected"] + counts["expired"]
    return share(counts["accepted"], answered, {"withdrawn": counts["withdrawn"]})


def csat(cases: Sequence[Case]) -> Share | None:
    """
    Of the tickets rated on the scale ``csat`` (1 to 5), how many have 4 or 5; the latest rating of a ticket counts.

    Left out: tickets closed without a rating (``unrated``). None where nothing is closed or rated.
    """
    scores = [case.ratings["csat"] for case in cases if "csat" in case.ratings]
    unrated = sum(case.closed_at is not None and not case.cancelled and "csat" not in case.ratings for case in cases)
    return share(sum(score >= SATISFIED for score in scores), len(scores), {"unrated": unrated})
