"""Knows how a policy chooses among candidates; must not know what the engine does with the choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from servflow.dispatch._asking import told
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import Check
from servflow.dispatch._checks import checks
from servflow.dispatch._choice import Choice, Ranked, Verdict
from servflow.dispatch._index import index_of
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.dispatch._sieve import Sieve
from servflow.dispatch._terms import Measure, measures, tie_breaks
from servflow.dispatch._told import asked
from servflow.dispatch._turns import turns_taken
from servflow.model import EMPTY, FrozenMap, Ticket, World


def evaluate(
    policy: Policy | Mapping[str, Any],
    ticket: Ticket,
    world: World | Mapping[str, Any] | None,
    at: datetime,
    *,
    stage: int | None = None,
    declined: Iterable[str] | None = None,
    explain: bool = True,
    bindings: Mapping[str, Any] | None = None,
    hooks: Hooks | None = None,
) -> Choice:
    """
    Choose who may fill the policy's slot of a ticket, and say why.

    Args:
        policy: the policy, or its mapping.
        ticket: whose slot is to be filled.
        world: the snapshot to decide with; the order of its parts does not matter. None is an empty one.
        at: aware instant to decide at.
        stage: how many relaxations apply; by default as far as the ticket's slot has come.
        declined: who said no; by default those whom the ticket's slot names.
        explain: whether to keep a verdict for every candidate and rule; without, the choice is the same and cheaper.
        bindings: what expressions read besides the ticket's fields and attributes.
        hooks: the host's registered functions.

    Returns:
        The choice; its action is ``wait`` when nobody fits.

    Raises:
        TimeError: *at* is naive.
        DefinitionError: the policy mapping is wrong, or names a function nobody registered.
        InputError: the ticket is no ticket, the stage is negative, or the hooks are none.
    """
    return choose(Case.make(policy, ticket, world, at, stage=stage, declined=declined, bindings=bindings, hooks=hooks), explain)


def choose(case: Case, explain: bool) -> Choice:
    """The choice of a case, with a verdict for every candidate and rule where it is to be explained."""
    verdicts: list[Verdict] = []
    if explain:
        rules = checks(case)
        sieve = Sieve(rules)
        for who in case.candidates:
            verdicts.extend(verdict_of(check, who) for check in rules)
            sieve.judge(who, case.key)
    else:
        index = index_of(case.world, case.policy.candidates)
        rules = checks(case, index)
        sieve = Sieve(rules)
        sieve.sift(case, index)
    return chosen(case, rules, sieve, tuple(verdicts))


def chosen(case: Case, rules: list[Check], sieve: Sieve, verdicts: tuple[Verdict, ...] = ()) -> Choice:
    """The choice that comes of what the rules made of everybody."""
    ranked = rank(case, sieve.fitting, rules)
    action, to = _action(case, ranked)
    # In the order in which rules are looked at, whoever met them first.
    counted = [check for check in rules if check.rule in sieve.counts] if sieve.counts else []
    return Choice(
        policy=case.policy.name,
        slot=case.policy.slot,
        kind=case.policy.candidates,
        ticket=case.ticket.id,
        at=case.at,
        stage=case.stage,
        mode=case.mode,
        action=action,
        to=to,
        ranked=ranked,
        verdicts=verdicts,
        next_change=sieve.next_change,
        waits=tuple(sieve.waits),
        considered=sieve.considered,
        counts=FrozenMap({check.rule: sieve.counts[check.rule] for check in counted}),
        needs=FrozenMap({check.rule: _asked(check) for check in counted}),
        again=FrozenMap({check.rule: sieve.again[check.rule] for check in counted if check.rule in sieve.again}),
        turns=turns_taken(case, [item.id for item in ranked]) if case.world.turns is not None else EMPTY,
        answers=told(case) if case.answers else EMPTY,
        origin=case.origin,
    )


def _asked(check: Check) -> tuple[str, str]:
    if check.told is None:
        check.told = check.kind, check.need if type(check.need) is str and check.need else asked(check.kind, check.need)
    return check.told


def verdict_of(check: Check, who: Candidate) -> Verdict:
    """How a candidate stands to a rule."""
    passed = check.passes(who)
    return Verdict(
        who.id, check.rule, passed, check.have(who), check.need, check.change(who), check.kind, check.excludes, check.why
    )


def rank(case: Case, fitting: list[Candidate], rules: list[Check]) -> tuple[Ranked, ...]:
    """Those who fit, the best first: by points level by level, then by a hash, then by id."""
    if not fitting:
        return ()
    levels = measures(case)
    optional = [check for check in rules if not check.excludes]
    limits = [check.limit for check in rules if check.limit is not None and check.excludes]
    scored = [_score(who, levels, optional) for who in fitting]
    if len(scored) > 1:
        scored.sort(key=_POINTS, reverse=True)
        if any(one[0] == after[0] for one, after in pairwise(scored)):
            scored = _untied(case, scored)
    key = case.key("")
    out: list[Ranked] = []
    for points, terms, who in scored:
        most = limits[0](who) if len(limits) == 1 else _least(limit(who) for limit in limits)
        out.append(Ranked(who.id, points, FrozenMap(terms), len(out) + 1, key + who.id, most))
    return tuple(out)


Scored = tuple[tuple[int, ...], dict[str, int], Candidate]

_POINTS = itemgetter(0)


def _untied(case: Case, scored: list[Scored]) -> list[Scored]:
    """The same, those of equal points by what settles ties."""
    settle = tie_breaks(case)
    out: list[Scored] = []
    for _, group in groupby(scored, key=_POINTS):
        tied = list(group)
        if len(tied) > 1:
            order = sorted((settle(item[2].id), item[2].id, place) for place, item in enumerate(tied))
            tied = [tied[place] for _, _, place in order]
        out += tied
    return out


def _least(allowed: Iterable[int | None]) -> int | None:
    return min((most for most in allowed if most is not None), default=None)


def _score(who: Candidate, levels: list[list[tuple[str, int, Measure]]], optional: list[Check]) -> Scored:
    terms: dict[str, int] = {}
    points: list[int] = []
    if optional:
        points.append(sum(check.passes(who) for check in optional))
    for level in levels:
        total = 0
        for label, weight, measure in level:
            terms[label] = value = measure(who)
            total += weight * value
        points.append(total)
    return tuple(points), terms, who


def _action(case: Case, ranked: tuple[Ranked, ...]) -> tuple[str, tuple[str, ...]]:
    if not ranked:
        return "wait", ()
    if case.mode in ("queue", "appointment"):  # whoever pulls, or the customer, says when
        return ("queue" if case.mode == "queue" else "book"), ()
    options = case.policy.offer
    if case.mode == "pool":
        return "pool", tuple(item.id for item in ranked[: None if options is None else options.broadcast])
    if case.mode in ("assign", "approve"):
        return case.mode, (ranked[0].id,)
    return "offer", tuple(item.id for item in ranked[: 1 if options is None else options.parallel])
