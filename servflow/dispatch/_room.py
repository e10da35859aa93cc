"""Knows how what is left of somebody's capacity is judged; must not know what else is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from servflow.dispatch._candidates import Candidate, normal_of
from servflow.dispatch._case import Case
from servflow.dispatch._check import CAPACITY, Check, asked, whole_of
from servflow.dispatch._requirement import Requirement


def below(case: Case, rule: str, entry: Requirement) -> Check | None:
    """What the ticket takes fits below a limit: the candidate's capacity, what is normal for them, or a number."""
    if entry.below not in ("capacity", "normal"):
        most = asked(case, entry)
        if most is None:
            return None
        limit = whole_of(most, "below", 0)
        return Check(
            rule=rule,
            kind="below",
            need=limit,
            passes=lambda who: case.load(who) + case.units <= limit,
            have=lambda who: _have(case, {"load": case.load(who)}),
            change=lambda who: _free_at(case, who, case.load(who) + case.units > limit),
            limit=lambda _: limit,
            phase=CAPACITY,
        )
    normal = entry.below == "normal" and rule not in case.most

    def limit_of(who: Candidate) -> int | None:
        return normal_of(who) if normal else who.capacity

    def channel_limit(who: Candidate) -> int | None:
        limits = case.channel_limits(who)
        return limits.normal if normal and limits.normal is not None else limits.most

    def passes(who: Candidate) -> bool:
        limit, channel = limit_of(who), channel_limit(who)
        if limit is not None and case.load(who) + case.units > limit:
            return False
        return channel is None or case.channel_load(who) + case.units <= channel

    def have(who: Candidate) -> Any:
        seen: dict[str, Any] = {"load": case.load(who), "capacity": limit_of(who)}
        channel = channel_limit(who)
        if channel is not None:
            seen |= {"channel": case.ticket.channel, "channel load": case.channel_load(who), "channel capacity": channel}
        return _have(case, seen)

    return Check(
        rule=rule,
        kind="below",
        need="normal" if normal else "capacity",
        passes=passes,
        have=have,
        change=lambda who: _free_at(case, who, not passes(who)),
        limit=limit_of,
        channel_limit=channel_limit,
        phase=CAPACITY,
    )


def _have(case: Case, seen: dict[str, Any]) -> dict[str, Any]:
    return seen if case.units == 1 else {**seen, "takes": case.units}


def _free_at(case: Case, who: Candidate, full: bool) -> datetime | None:
    # When the host expects room again; the load itself is what it was when the world was seen.
    expected: datetime | None = case.world.free_at.get(who.id) if full else None
    return expected if expected is not None and expected > case.at else None
