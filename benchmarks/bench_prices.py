"""Knows what first come, first served loses against the best of the day, with and without prices; must not judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any

from attrs import evolve, frozen

from benchmarks.dispatch_instances import POLICY, instance
from servflow.dispatch import Policy, evaluate, learn, plan
from servflow.model import Ticket, World

LEARNT, TRIED = 8, 4
"""Days that are learnt from, and days after them on which it is tried."""
CANDIDATES, DAILY = 40, 100
SEEDS = (1, 2, 3, 4, 5)
WEIGHTS: Mapping[str, int] = {"distance": -1, "skill_fit": 4, "sticky": 30, "preferred": 20}
TERMS = [{"term": term, "weight": weight} for term, weight in WEIGHTS.items()]


@frozen
class Outcome:
    """How many tickets somebody got, and the points of those, without what prices took off."""

    served: int = 0
    points: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.served + other.served, self.points + other.points)


def one_by_one(policy: Policy, world: World, tickets: Sequence[Ticket], at: Any) -> Outcome:
    """Each ticket goes to whoever is best when it comes."""
    loads, served, points = dict(world.loads), 0, 0
    for ticket in tickets:
        choice = evaluate(policy, ticket, world.with_loads(loads), at, explain=False)
        if choice.best is not None:
            loads[choice.best] = loads.get(choice.best, 0) + 1
            terms = choice.ranked[0].terms
            served, points = served + 1, points + sum(WEIGHTS.get(term, 0) * value for term, value in terms.items())
    return Outcome(served, points)


def town(seed: int, overload: float) -> tuple[int, list[Outcome], float]:
    """Tickets that came, what first come, first served makes of them without and with prices, the best; and the learning."""
    drawn = instance(seed, CANDIDATES, DAILY * (LEARNT + TRIED), days=LEARNT + TRIED, load=0.0, overload=overload)
    # Shifts are left aside: who may come at noon is not who may come all day, and days are planned as one.
    definition = {**POLICY, "require": [entry for entry in POLICY["require"] if "open" not in entry], "prefer": [TERMS]}
    plain = Policy.read(definition)
    priced = Policy.read({**definition, "prefer": [[*TERMS, {"term": "price", "weight": -1}]]})
    days = [drawn.day(number) for number in range(LEARNT + TRIED)]
    began = process_time()
    prices = learn([[(ticket, drawn.world, noon) for ticket in tickets] for noon, tickets in days[:LEARNT]], plain)
    took = process_time() - began
    knowing = evolve(drawn.world, prices=prices, version=None)
    came, without, with_prices, best = 0, Outcome(), Outcome(), Outcome()
    for noon, tickets in days[LEARNT:]:
        came += len(tickets)
        without += one_by_one(plain, drawn.world, tickets, noon)
        with_prices += one_by_one(priced, knowing, tickets, noon)
        served, points = plan(plain, tickets, drawn.world, noon).objective[:2]
        best += Outcome(served, points)
    return came, [without, with_prices, best], took


def main() -> None:
    """Print one line for each overload, all towns together."""
    print(
        f"{len(SEEDS)} towns of {CANDIDATES} candidates, {DAILY} tickets a day; {LEARNT} days learnt from, {TRIED} others tried"
    )
    for overload in (0.8, 1.0, 1.2):
        without, knowing, best, came, learning = Outcome(), Outcome(), Outcome(), 0, 0.0
        for seed in SEEDS:
            arrived, outcomes, took = town(seed, overload)
            came, learning = came + arrived, learning + took
            without, knowing, best = without + outcomes[0], knowing + outcomes[1], best + outcomes[2]
        lost, left = best.served - without.served, best.served - knowing.served
        print(
            f"{overload:.1f} tickets a place: {came} came, at best {best.served} are served;"
            f" first come, first served loses {lost} ({lost / best.served:.1%}), with prices {left} ({left / best.served:.1%});"
            f" points {without.points}, {knowing.points}, at best {best.points};"
            f" learning {learning / len(SEEDS) / LEARNT * 1000:.0f} ms a day"
        )


if __name__ == "__main__":
    main()
