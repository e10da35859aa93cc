"""Knows how long dispatch takes beside a plain loop, and how good its assignments are; must not know how it decides."""

from __future__ import annotations

import gc
import hashlib
import itertools
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import datetime
from time import process_time
from typing import Any

import attrs

from benchmarks._measure import medians, ratio, times_of
from benchmarks.dispatch_instances import BRANDS, CERTIFICATES, POLICY, Instance, instance
from servflow.dispatch import Choice, Policy, evaluate, plan
from servflow.dispatch._case import Case
from servflow.dispatch._check import Check
from servflow.dispatch._checks import checks
from servflow.dispatch._evaluate import chosen
from servflow.dispatch._index import index_of
from servflow.dispatch._sieve import Sieve
from servflow.dispatch._travel import metres
from servflow.model import Engineer, FrozenMap, Ticket, World

READ = Policy.read(POLICY)


# a plain loop -----------------------------------------------------------------------------------------------------


class Loop:
    """
    The same policy as somebody would write it by hand: the eight requirements and what always holds, in the order of the
    policy, each as cheap as it can be said over the values of the world. What does not depend on the candidate is
    worked out once for each ticket, and what depends on the hour only once for all of them.
    """

    def __init__(self, world: World, at: datetime) -> None:
        self.world, self.at = world, at
        self.engineers = sorted(world.engineers, key=lambda one: one.id)
        self.contracts = {site.id: frozenset(site.contracts) for site in world.outlets}
        self.open = {name for name, calendar in world.calendars.items() if calendar.is_open(at)} | {None}
        self.absent = {who for who, state in world.presence.items() if state in ("away", "offline")}

    def fitting(self, ticket: Ticket) -> list[Engineer]:
        """Whoever meets all requirements."""
        fields, at, loads, world = ticket.fields, self.at, self.world.loads, self.world
        skill, least, block = fields["category"], fields["least"], frozenset(world.area_path(fields["block"]))
        certificate, brand, language, part = (fields[name] for name in ("certificate", "contract", "language", "part"))
        contracts, shifts, absent = self.contracts, self.open, self.absent
        barred = world.forbidden.get(ticket.customer or "", ())
        found = []
        for who in self.engineers:
            if who.skills.get(skill, 0) < least or block.isdisjoint(who.areas):
                continue
            if certificate is not None:
                if certificate not in who.certificates:
                    continue
                ends = who.certificates[certificate]
                if ends is not None and ends <= at:
                    continue
            if brand is not None and (who.outlet is None or brand not in contracts[who.outlet]):
                continue
            if language is not None and language not in who.languages:
                continue
            if part is not None and who.parts.get(part, 0) < 1:
                continue
            if who.id in barred or who.id in absent:
                continue
            if (who.capacity is not None and loads.get(who.id, 0) >= who.capacity) or who.shift not in shifts:
                continue
            if who.absences and any(start <= at < end for start, end in who.absences):
                continue
            found.append(who)
        return found

    def ranked(self, ticket: Ticket) -> list[str]:
        """Whoever fits, the best first, by the three levels of the policy, then by its hash."""
        world, fields = self.world, ticket.fields
        before, liked = (book.get(ticket.customer or "", ()) for book in (world.previous, world.preferred))
        skill, least, here = fields["category"], fields["least"], tuple(fields["position"])

        def score(who: Engineer) -> tuple[int, int, int]:
            first = 3 * (who.id in before) + 2 * (who.id in liked)
            second = -(metres(here, who.position) // 1000) - 4 * max(0, who.skills[skill] - least)
            return first, second, -world.loads.get(who.id, 0)

        scored = sorted(((score(who), who.id) for who in self.fitting(ticket)), reverse=True)
        out: list[str] = []
        for _, group in itertools.groupby(scored, key=lambda item: item[0]):
            tied = [name for _, name in group]
            out += sorted(tied, key=lambda name: (_tie(ticket.id, name), name)) if len(tied) > 1 else tied
        return out


def _tie(ticket: str, name: str) -> str:
    return hashlib.blake2b("\x1f".join((READ.name, ticket, name)).encode(), digest_size=8).hexdigest()


# beside it -------------------------------------------------------------------------------------------------------


def asking_all_eight(drawn: Instance) -> tuple[Ticket, ...]:
    """The tickets, each with something asked by every one of the eight requirements."""
    found = []
    for number, ticket in enumerate(drawn.tickets):
        skill = ("ac", "heater", "boiler", "solar")[number % 4]
        asked = {"category": skill, "certificate": CERTIFICATES[skill], "contract": BRANDS[number % len(BRANDS)]}
        asked |= {"language": ("zh", "en", "yue")[number % 3], "part": f"{skill}_part{number % 2}"}
        found.append(attrs.evolve(ticket, fields=FrozenMap({**ticket.fields, **asked})))
    return tuple(found)


def by_index(case: Case, sieve: Sieve) -> list[str]:
    """Whoever passes all rules, by the index that is kept with the world."""
    index = index_of(case.world, "engineers")
    return [who.id for who in index.those(sieve.narrow(case, index).fitting)]


def by_rules(case: Case, rules: Sequence[Check]) -> list[str]:
    """Whoever passes all rules, each candidate asked one rule after the other until one keeps them out."""
    found = []
    for who in case.candidates:
        for check in rules:
            if not check.passes(who):
                break
        else:
            found.append(who.id)
    return found


def one_by_one(case: Case) -> Choice:
    """The whole decision with every candidate asked one rule after the other: what the index must come to as well."""
    rules = checks(case)
    sieve = Sieve(rules)
    for who in case.candidates:
        sieve.judge(who, case.key)
    return chosen(case, rules, sieve)


def beside_a_loop(count: int = 1_000) -> None:
    """A thousand candidates and eight requirements: filtering, and the whole decision, over many tickets."""
    drawn = instance(7, count, 100)
    world, at, tickets = drawn.world, drawn.at, asking_all_eight(drawn)
    loop = Loop(world, at)
    cases = [Case.make(READ, ticket, world, at) for ticket in tickets]
    asked = [(case, rules, Sieve(rules)) for case in cases for rules in [checks(case)]]
    fitting = 0
    for case, rules, sieve in asked:
        expected = [who.id for who in loop.fitting(case.ticket)]
        same(case, expected, by_index(case, sieve), by_rules(case, rules))
        ranked = [item.id for item in evaluate(READ, case.ticket, world, at, explain=False).ranked]
        same(case, loop.ranked(case.ticket), ranked)
        fitting += len(expected)
    print(
        f"{count} candidates, eight requirements, {len(tickets)} tickets in one call; "
        f"{fitting / len(tickets):.1f} fit on the average"
    )
    calls = {
        "filter: index": lambda: [by_index(case, sieve) for case, _, sieve in asked],
        "filter: a loop over candidates and rules": lambda: [by_rules(case, rules) for case, rules, _ in asked],
        "filter: a loop written by hand for this policy": lambda: [loop.fitting(ticket) for ticket in tickets],
        "decide: evaluate(explain=False)": lambda: [evaluate(READ, ticket, world, at, explain=False) for ticket in tickets],
        "decide: the same, a loop over candidates and rules": lambda: [
            one_by_one(Case.make(READ, one, world, at)) for one in tickets
        ],
        "decide: a loop written by hand for this policy, the order only": lambda: [loop.ranked(ticket) for ticket in tickets],
    }
    medians(calls, 5)
    index, rules, hand, decide, all_rules, all_hand = calls.values()
    ratio("filtering: the loop over candidates and rules takes longer", _longer(index, rules), least=20)
    ratio("deciding: the loop over candidates and rules takes longer", _longer(decide, all_rules), least=3)
    told("filtering: the loop written by hand takes longer", _longer(index, hand))
    told("deciding: the loop written by hand, which gives no reasons, takes longer", _longer(decide, all_hand))


def same(case: Case, expected: object, *found: object) -> None:
    """Stop where two ways do not decide alike: their times would mean nothing."""
    for other in found:
        if other != expected:
            raise SystemExit(f"{case.ticket.id}: {other} instead of {expected}")


def _longer(mine: Callable[[], Any], other: Callable[[], Any]) -> float:
    return times_of({"mine": mine}, other, 5)["mine"]


def told(name: str, value: float) -> None:
    """Print a ratio for which there is no target."""
    print(f"  {name:<92}{value:>10.2f} times")


def cold(count: int = 1_000) -> None:
    """A world that was just read, and one that changed in one place since the last decision."""
    drawn = instance(7, count, 100)
    tickets = asking_all_eight(drawn)
    parts = {item.name: getattr(drawn.world, item.name) for item in attrs.fields(World) if item.name != "given_version"}
    one = tickets[0]

    def just_read() -> None:
        evaluate(READ, one, World(**parts, version="v"), drawn.at, explain=False)

    def read_only() -> None:
        World(**parts, version="v")

    world = [drawn.world]
    names = itertools.cycle([who.id for who in drawn.world.engineers])

    def one_load() -> None:
        world[0] = world[0].with_load(next(names), 1, version="v")
        evaluate(READ, one, world[0], drawn.at, explain=False)

    def one_engineer() -> None:
        who = world[0].engineers[17]
        world[0] = world[0].with_engineer(attrs.evolve(who, cost=who.cost + 1), version="v")
        evaluate(READ, one, world[0], drawn.at, explain=False)

    print(f"one decision over {count} candidates, when the world is another one each time")
    medians(
        {
            "the same world": lambda: evaluate(READ, one, drawn.world, drawn.at, explain=False),
            "with_load, then decide": one_load,
            "with_engineer, then decide": one_engineer,
            "a world read anew (nothing decided)": read_only,
            "a world read anew, then decide": just_read,
        },
        5,
    )


def large(count: int = 100_000) -> None:
    """A hundred thousand candidates: memory, the first decision and later ones."""
    drawn = instance(3, count, 200)
    tickets = asking_all_eight(drawn)
    print(f"{count} candidates")
    gc.collect()
    tracemalloc.start()
    begun = process_time()
    evaluate(READ, tickets[0], drawn.world, drawn.at, explain=False)
    first = process_time() - begun
    for ticket in tickets:
        evaluate(READ, ticket, drawn.world, drawn.at, explain=False)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    begun = process_time()
    for ticket in tickets:
        evaluate(READ, ticket, drawn.world, drawn.at, explain=False)
    each = (process_time() - begun) / len(tickets)
    begun = process_time()
    evaluate(READ, tickets[0], drawn.world, drawn.at)
    explained = process_time() - begun
    print(
        f"  the first decision {first * 1e3:.0f} ms (traced), later ones {each * 1e3:.2f} ms, "
        f"one with every reason {explained:.1f} s"
    )
    print(f"  the index takes {size / 1e6:.1f} MB, {size / count:.0f} bytes a candidate")


def gaps(days: int = 5) -> None:
    """How far first come, first served and the best plan lie apart on drawn days: tickets placed, then preferences."""
    print("days of 300 tickets for 120 engineers: placed, then the points of each level")
    for seed in range(days):
        drawn = instance(seed, 120, 300, overload=1.2)
        each = [plan(POLICY, drawn.tickets, drawn.world, drawn.at, solver).objective for solver in ("greedy", "exact")]
        lost = [best - found for found, best in zip(*each, strict=True)]
        share = f"{100 * lost[0] / each[1][0]:.1f} % of the tickets, {lost[1:]} points"
        print(f"  day {seed}: first come {each[0]}, best {each[1]}: first come loses {share}")


def main() -> None:
    """Run all measurements."""
    beside_a_loop()
    cold()
    large()
    gaps()


if __name__ == "__main__":
    main()
