"""Knows how tours are filled well: by regret, then by taking out and putting in again; must not know what a visit is for."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from servflow.dispatch._ways import UNLIMITED, Problem, Way, best_place, idle, way

NEIGHBOURS = 100
"""How many visits near one are looked at when visits are taken out around it."""

TAKEN_OUT = 10
"""How many visits are taken out at a time, on the average."""

LONGEST_STRING = 10
"""How many visits in a row are taken out of one tour at most."""

SHORTEST = 3
"""Tours of so many visits can always be emptied, however few visits others have."""

# -ln(u) for 32 evenly spread u, in 1/1024: a worse solution is let pass as simulated annealing would, in whole numbers.
CHANCES = (
    4259, 3134, 2611, 2266, 2009, 1803, 1632, 1486, 1358, 1244, 1142, 1048, 963, 884, 811, 742,
    678, 618, 561, 507, 456, 407, 361, 316, 273, 232, 193, 155, 118, 83, 49, 16,
)  # fmt: skip

MASK = (1 << 64) - 1


class Draw:
    """A row of numbers that only its seed decides (64 bits, linear congruential, of which the upper half is given)."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = (seed * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & MASK
        self.below(2)

    def below(self, count: int) -> int:
        """A number from 0 on and below *count*."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return ((self.state >> 32) * count) >> 32


@define
class Solution:
    """The ways of all tours, what each owner has taken (units, least limit, stock), and the visits left out."""

    ways: list[Way]
    taken: list[tuple[int, int, dict[int, int]]]
    out: list[int]
    cost: int = 0

    def copy(self) -> Solution:
        return Solution(list(self.ways), list(self.taken), list(self.out), self.cost)


@define
class Search:
    """
    Fills the tours of a problem, at the least cost that an effort allows; the same seed gives the same solution.

    ``fixed`` visits are never left out in favour of others.
    """

    problem: Problem
    draw: Draw
    near: list[list[int]] = field(init=False)
    place: dict[int, int] = field(factory=dict)
    missed: list[int] = field(init=False)
    orders: list[list[int]] = field(init=False)
    scale: int = field(init=False)
    rounds: int = 0

    def __attrs_post_init__(self) -> None:
        problem = self.problem
        visits = range(len(problem.service))
        opens = [
            min((problem.tours[tour].windows[visit][0][0] for tour in problem.reachable[visit]), default=0) for visit in visits
        ]
        self.near = []
        for visit in visits:
            row, back = problem.travel[visit], problem.into[visit]
            keyed = sorted((row[other] + back[other], abs(opens[visit] - opens[other]), other) for other in visits)
            self.near.append([other for _, _, other in keyed[:NEIGHBOURS]])
        self.missed = [0] * len(problem.service)
        self.orders = self._ranks(opens)
        legs = [problem.travel[visit][other] for visit in visits for other in self.near[visit][1:6]]
        self.scale = max(1, sum(legs) // max(1, len(legs))) * problem.weight

    def _ranks(self, opens: list[int]) -> list[list[int]]:
        """Orders in which visits are put in again: by what is left out last, what they take, where and when they are."""
        problem = self.problem
        visits = range(len(problem.service))
        far = [max((problem.travel[tour.start][visit] for tour in problem.tours), default=0) for visit in visits]
        choice = [
            sum(
                closes - begins + 1
                for tour in problem.reachable[visit]
                for begins, closes in problem.tours[tour].windows[visit]
            )
            for visit in visits
        ]
        return [[-units for units in problem.units], [-length for length in far], far, choice, opens, choice]

    # Solutions

    def empty(self) -> Solution:
        """Nobody visits anybody."""
        problem = self.problem
        ways = [idle(problem, number) for number in range(len(problem.tours))]
        taken: list[tuple[int, int, dict[int, int]]] = [(held, UNLIMITED, {}) for held in problem.load]
        return Solution(ways, taken, list(range(len(problem.service))), sum(problem.skip))

    def fits(self, solution: Solution, owner: int, visit: int) -> bool:
        """Whether the owner has room and stock for one more visit."""
        problem = self.problem
        units, least, used = solution.taken[owner]
        units += problem.units[visit]
        if units > least or units > problem.limits[owner].get(visit, UNLIMITED):
            return False
        stock = problem.stock[owner]
        return all(used.get(part, 0) + count <= stock.get(part, 0) for part, count in problem.needs[visit])

    def _take(self, solution: Solution, owner: int) -> None:
        """Count anew what an owner has taken."""
        problem = self.problem
        units, least = problem.load[owner], UNLIMITED
        used: dict[int, int] = {}
        for number in problem.of_owner[owner]:
            for visit in solution.ways[number].visits:
                units += problem.units[visit]
                least = min(least, problem.limits[owner].get(visit, UNLIMITED))
                for part, count in problem.needs[visit]:
                    used[part] = used.get(part, 0) + count
        solution.taken[owner] = (units, least, used)

    def put(self, solution: Solution, number: int, visit: int, place: int) -> None:
        """Put a visit into a tour; that it fits was seen before."""
        before = solution.ways[number]
        made = way(self.problem, number, (*before.visits[:place], visit, *before.visits[place:]))
        if made is None:
            raise AssertionError("a place that was found feasible is not")
        solution.ways[number] = made
        solution.cost += made.cost - before.cost - self.problem.skip[visit]
        problem, owner = self.problem, self.problem.tours[number].owner
        units, least, used = solution.taken[owner]
        if problem.needs[visit]:
            used = dict(used)
            for part, count in problem.needs[visit]:
                used[part] = used.get(part, 0) + count
        least = min(least, problem.limits[owner].get(visit, UNLIMITED))
        solution.taken[owner] = (units + problem.units[visit], least, used)
        self.place[visit] = number

    def drop(self, solution: Solution, number: int, gone: Iterable[int]) -> None:
        """Take visits out of a tour; where the way takes longer without them, all of its visits go."""
        before = solution.ways[number]
        leaving = set(gone)
        made = way(self.problem, number, [visit for visit in before.visits if visit not in leaving])
        if made is None:
            leaving = set(before.visits)
            made = idle(self.problem, number)
        solution.ways[number] = made
        solution.cost += made.cost - before.cost + sum(self.problem.skip[visit] for visit in leaving)
        solution.out.extend(visit for visit in before.visits if visit in leaving)
        self._take(solution, self.problem.tours[number].owner)

    # Putting in

    def regret(self, solution: Solution) -> None:
        """Put in what would lose most by waiting, each where it costs the least, until nothing more fits."""
        offers: dict[int, dict[int, tuple[int, int]]] = {}
        for visit in sorted(solution.out):
            offers[visit] = {}
            for number in self.problem.reachable[visit]:
                self._offer(solution, offers[visit], visit, number)
        keys = {visit: self._regret(visit, found) for visit, found in offers.items()}
        while True:
            placed = [visit for visit, found in offers.items() if found]
            if not placed:
                break
            visit = min(placed, key=keys.__getitem__)
            _, number = min((cost, number) for number, (cost, _) in offers[visit].items())
            self.put(solution, number, visit, offers.pop(visit)[number][1])
            changed = self.problem.of_owner[self.problem.tours[number].owner]
            for other, found in offers.items():
                for one in changed:
                    if one in found:
                        self._offer(solution, found, other, one)
                        keys[other] = self._regret(other, found)
        solution.out = sorted(offers)

    def _offer(self, solution: Solution, found: dict[int, tuple[int, int]], visit: int, number: int) -> None:
        place = None
        if self.fits(solution, self.problem.tours[number].owner, visit):
            place = best_place(self.problem, solution.ways[number], visit)
        if place is not None:
            found[number] = place
        else:
            found.pop(number, None)

    def _regret(self, visit: int, found: dict[int, tuple[int, int]]) -> tuple[int, ...]:
        """Less comes first: what must not be left out, what has one place only, what loses most with its best place."""
        costs = sorted(cost for cost, _ in found.values())[:3]
        lost = sum(cost - costs[0] for cost in costs[1:])
        return (-self.problem.skip[visit], len(costs), -lost, visit)

    def greedy(self, solution: Solution, order: list[int], skips: int) -> None:
        """Put visits in one after the other, each where it costs least; one in *skips* tours is not looked at."""
        problem, ways, draw = self.problem, solution.ways, self.draw
        left = []
        for visit in order:
            least, chosen, place = UNLIMITED, -1, -1
            pause = draw.below(skips) if skips else UNLIMITED
            for number in problem.reachable[visit]:
                where = ways[number]
                if pause == 0:
                    pause = draw.below(skips)
                    continue
                pause -= 1
                found = where.found[visit] if visit in where.found else best_place(problem, where, visit)
                if found is not None and found[0] < least and self.fits(solution, problem.tours[number].owner, visit):
                    least, place = found
                    chosen = number
            if chosen < 0:
                left.append(visit)
            else:
                self.put(solution, chosen, visit, place)
        solution.out = left

    # Taking out

    def ruin(self, solution: Solution) -> None:
        """Take strings of visits that are near one another out of their tours."""
        problem, draw = self.problem, self.draw
        count = len(problem.service)
        used = [one for one in solution.ways if one.visits]
        if not used:
            return
        average = max(SHORTEST, (count - len(solution.out)) // len(used))
        longest = min(LONGEST_STRING, average)
        strings = 1 + draw.below(max(1, 4 * min(TAKEN_OUT, count) // (1 + longest)))
        out = set(solution.out)
        ruined: set[int] = set()
        for visit in self.near[draw.below(count)]:
            if len(ruined) >= strings:
                break
            if visit in out:
                continue
            number = self.place[visit]
            if number in ruined:
                continue
            ruined.add(number)
            visits = solution.ways[number].visits
            length = 1 + draw.below(min(len(visits), longest))
            self.drop(solution, number, self._string(visits, visits.index(visit), length))

    def _string(self, visits: tuple[int, ...], at: int, length: int) -> list[int]:
        """So many visits in a row, one of them at *at*; half of the time with some kept in between."""
        kept = 0
        if length < len(visits) and self.draw.below(2):
            kept = 1
            while length + kept < len(visits) and self.draw.below(100) >= 99:
                kept += 1
        whole = length + kept
        first = max(0, min(at - self.draw.below(whole), len(visits) - whole))
        string = list(visits[first : first + whole])
        if kept:
            cut = self.draw.below(whole - kept + 1)
            del string[cut : cut + kept]
        return string

    # The search

    def improve(self, start: Solution, rounds: int, *, enough: int | None = None) -> Solution:
        """
        The best solution found by taking out and putting in again so many times, from *start* on.

        While visits are left out, the first half of the rounds also goes over to solutions that leave out others, who
        were seldom left out before. It ends early where the cost of what is left out falls to *enough*.
        """
        skip, missed = self.problem.skip, self.missed
        now = best = start
        self.place = {visit: one.number for one in now.ways for visit in one.visits}
        left = sum(skip[visit] for visit in now.out)
        for turn in range(rounds):
            if enough is not None and left <= enough:
                break
            if turn * 2 == rounds and now.out:
                now, left = best, sum(skip[visit] for visit in best.out)
                self.place = {visit: one.number for one in now.ways for visit in one.visits}
            self.rounds += 1
            then = now.copy()
            self.ruin(then)
            self.again(then)
            over = sum(skip[visit] for visit in then.out)
            heat = 2 * self.scale * (rounds - turn) ** 3 // rounds**3
            accepted = over < left or (over == left and then.cost < now.cost + (heat * CHANCES[self.draw.below(32)] >> 10))
            if not accepted and now.out and (turn * 2 < rounds or enough is not None):
                accepted = sum(missed[visit] for visit in then.out) < sum(missed[visit] for visit in now.out)
            for visit in then.out:
                missed[visit] += 1
            if then.cost < best.cost:
                best = then
            if accepted:
                now, left = then, over
            else:
                self._back(then, now)
        return best

    def _back(self, then: Solution, now: Solution) -> None:
        for before, after in zip(now.ways, then.ways, strict=True):
            if before is not after:
                for visit in before.visits:
                    self.place[visit] = before.number

    def again(self, solution: Solution) -> None:
        """Put in what was taken out, in an order drawn anew."""
        kind = self.draw.below(12)
        if kind == 0:
            self.regret(solution)
            return
        mixed = [(self.draw.below(1 << 20), visit) for visit in sorted(solution.out)]
        mixed.sort()
        order = [visit for _, visit in mixed]
        if kind > 4:
            rank = self.orders[(kind - 5) % len(self.orders)]
            order.sort(key=rank.__getitem__)
        self.greedy(solution, order, 100)


def complete(search: Search, solution: Solution) -> Solution:
    """Put in whatever still fits, so that nothing is left out that could be added as it is."""
    if solution.out:
        solution = solution.copy()
        search.place = {visit: one.number for one in solution.ways for visit in one.visits}
        search.greedy(solution, sorted(solution.out, key=lambda visit: (-search.problem.skip[visit], visit)), 0)
    return solution
