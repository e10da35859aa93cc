"""Knows the rules that always hold and that nothing relaxes; must not know what a policy asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import (
    ABSENT,
    TIME,
    Check,
)
from servflow.model import Engineer


def of(case: Case) -> Check | None:
    slot = case.policy.of
    if slot is None:
        return None
    value = case.bindings.get(slot)
    if case.policy.candidates == "outlets":
        return Check(
            rule="of",
            kind="of",
            need=value,
            passes=lambda who: value is not None and case.view(who)["provider"] == value,
            have=lambda who: case.view(who)["provider"],
        )
    if slot == "queue":
        members = frozenset(case.world.members.get(value, ())) if isinstance(value, str) else frozenset()
        return Check(
            rule="of",
            kind="of",
            need=value,
            passes=lambda who: who.id in members,
            have=lambda who: case.view(who).get("queues"),
        )
    return Check(
        rule="of",
        kind="of",
        need=value,
        passes=lambda who: value is not None and isinstance(who, Engineer) and who.outlet == value,
        have=lambda who: who.outlet if isinstance(who, Engineer) else None,
    )


def forbidden(case: Case) -> Check | None:
    customer = case.customer()
    barred = frozenset(case.world.forbidden.get(customer, ())) if customer is not None else frozenset()
    if not barred:
        return None
    return Check(
        rule="forbidden", kind="forbidden", need=customer, passes=lambda who: who.id not in barred, have=lambda who: who.id
    )


def declined(case: Case) -> Check | None:
    if not case.declined:
        return None
    return Check(
        rule="declined", kind="declined", need=None, passes=lambda who: who.id not in case.declined, have=lambda who: who.id
    )


def cool_off(case: Case) -> Check | None:
    until = {who: end for who, end in case.silent.items() if end > case.at}
    if not until:
        return None
    return Check(
        rule="cool_off",
        kind="cool_off",
        need=None,
        passes=lambda who: who.id not in until,
        have=lambda who: until.get(who.id),
        change=lambda who: until.get(who.id),
        phase=TIME,
    )


def presence(case: Case) -> Check | None:
    presence = case.world.presence
    if not presence:
        return None
    return Check(
        rule="presence",
        kind="presence",
        need="available",
        passes=lambda who: presence.get(who.id) not in ABSENT,
        have=lambda who: presence.get(who.id, "available"),
    )


def absence(case: Case) -> Check:
    at = case.at

    def present(who: Candidate) -> bool:
        return not who.absences or not any(start <= at < end for start, end in who.absences)  # type: ignore[union-attr]  # engineers only

    def change(who: Candidate) -> datetime | None:
        stretches = sorted(item for item in who.absences if item[1] > item[0]) if isinstance(who, Engineer) else []
        until = at
        for start, end in stretches:
            if start <= until < end:
                until = end  # stretches that touch are one absence
        if until > at:
            return until
        return min((start for start, _ in stretches if start > at), default=None)

    def away(who: Candidate) -> Any:
        stretches = who.absences if isinstance(who, Engineer) else ()
        return next((list(item) for item in stretches if item[0] <= at < item[1]), None)

    return Check(rule="absence", kind="absence", need=None, passes=present, have=away, change=change, phase=TIME)
