"""Knows every rule that applies to a ticket, and their order; must not know who is best."""

from __future__ import annotations

from servflow.dispatch import _standing
from servflow.dispatch._booked import booked
from servflow.dispatch._candidates import PEOPLE
from servflow.dispatch._case import Case
from servflow.dispatch._check import Check, key_of
from servflow.dispatch._index import Index
from servflow.dispatch._required import BUILDERS, LASTING
from servflow.dispatch._requirement import Requirement
from servflow.dispatch._timely import absence
from servflow.errors import ExpressionError


def checks(case: Case, index: Index | None = None) -> list[Check]:
    """
    Every rule that applies to this ticket, in the order in which they are looked at.

    First what only ticket or world can change, then capacity, then time: a candidate whom a static rule
    keeps out needs no look at the others.

    Args:
        index: that of the world and the policy's candidates; rules that were asked before are taken from it.
    """
    rules = (_standing.of, _standing.forbidden, _standing.declined, _standing.presence)
    out = [check for rule in rules if (check := rule(case)) is not None]
    out.extend(_standing.fault(rule, why) for rule, why in case.faults.items())
    limiting = out[:1] if case.policy.of is not None else []
    standing = out[len(limiting) :]
    named = zip(case.policy.rules, case.policy.require, strict=True)
    if index is None or case.eased:
        asked = [required(case, rule, entry) for rule, entry in named]
    else:
        asked = [
            _known(case, rule, entry, index) if entry.kind in LASTING else required(case, rule, entry) for rule, entry in named
        ]
    ordered = [*limiting, *asked, *standing]
    if case.policy.candidates in PEOPLE:
        ordered.append(absence(case))
    if (taken := booked(case)) is not None:
        ordered.append(taken)
    if (cooling := _standing.cool_off(case)) is not None:
        ordered.append(cooling)
    return sorted(ordered, key=lambda check: check.phase)


def _known(case: Case, rule: str, entry: Requirement, index: Index) -> Check:
    """The rule as it was made for another ticket that asks the same of an index, where it asks for one name."""
    text = getattr(entry, entry.kind)
    try:
        value = text.value(case.bindings)
        level = 1 if entry.level is None else entry.level.value(case.bindings)
    except ExpressionError:
        return required(case, rule, entry)
    if (value is not None and type(value) is not str) or type(level) is not int:
        return required(case, rule, entry)
    # The entry is held as part of the key: while it is, no other one has its identity.
    key = id(entry), rule, value, level
    known = index.rules.get(key)
    if known is None or known[0] is not entry:
        made = required(case, rule, entry)
        made.key = key_of(case, made) if made.why == "asked" else None
        known = entry, made
        index.keep(key, known)
    return known[1]


def limits(case: Case) -> list[Check]:
    """The rules that limit how much of a candidate's capacity may be taken, and no others."""
    named = zip(case.policy.rules, case.policy.require, strict=True)
    return [required(case, rule, entry) for rule, entry in named if entry.kind == "below"]


def required(case: Case, rule: str, entry: Requirement) -> Check:
    """What one requirement of the policy asks of a ticket, relaxed as its stage says."""
    if rule in case.drops:
        return _free(rule, entry, "relaxed")
    try:
        made = BUILDERS[entry.kind](case, rule, entry)
    except ExpressionError as error:
        made = Check(rule=rule, kind=entry.kind, need=error.message, passes=lambda _: False, why="error")
    if made is None:
        return _free(rule, entry, "nothing asked")
    made.excludes = not entry.optional
    return made


def _free(rule: str, entry: Requirement, why: str) -> Check:
    return Check(rule=rule, kind=entry.kind, need=None, passes=lambda _: True, excludes=not entry.optional, why=why)
