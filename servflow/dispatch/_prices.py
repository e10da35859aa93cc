"""Knows what a place of a candidate is worth, learnt from days that are over; must not know what is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.dispatch._case import Case
from servflow.dispatch._evaluate import evaluate
from servflow.dispatch._flow import Row, place
from servflow.dispatch._options import Hooks
from servflow.dispatch._policy import Policy
from servflow.errors import InputError, LimitError, shown
from servflow.model import EMPTY, FrozenMap, Ticket, World, frozen_map

MAX_DAYS = 1_000
"""How many days are learnt from."""

MAX_PAIRS = 2_000_000
"""How many pairs of ticket and candidate one day may weigh."""

Arrival = tuple[Ticket, World | Mapping[str, Any]] | tuple[Ticket, World | Mapping[str, Any], datetime]
"""A ticket as it came in, the world of that moment, and the moment, where it is not the ticket's own instant."""


def _worths(value: Any) -> FrozenMap[str, int]:
    if value is not None and not isinstance(value, Mapping):
        raise InputError(f"prices are a mapping by the id of a candidate, not {shown(value)}", code="dispatch.prices")
    for name, worth in (value or {}).items():
        if not isinstance(name, str) or isinstance(worth, bool) or not isinstance(worth, int) or worth < 0:
            raise InputError(
                f"a price is a whole number from 0 on, by the id of a candidate, not {shown(worth)} for {shown(name)}",
                code="dispatch.prices",
            )
    return frozen_map(value)


@frozen(kw_only=True)
class Prices(Mapping[str, int]):
    """
    What a place of each candidate is worth, in points of one level of a policy; nothing for those who are not named.

    It is a mapping from ids, so ``World(prices=prices)`` takes it, and the term ``price`` reads it there. ``days`` is how
    many days it was learnt from, ``level`` the place of the level among those of ``prefer``, from 0, ``policy`` the hash of
    the policy learnt for.

    Raises:
        InputError: a price is no whole number from 0 on.
    """

    worth: FrozenMap[str, int] = field(default=EMPTY, converter=_worths)
    days: int = 0
    level: int = 0
    policy: str = ""

    def __getitem__(self, candidate: str) -> int:
        return self.worth[candidate]

    def __iter__(self) -> Iterator[str]:
        return iter(self.worth)

    def __len__(self) -> int:
        return len(self.worth)

    @classmethod
    def read(cls, source: Any) -> Prices:
        """
        Read prices from what ``to_data`` gave.

        Raises:
            InputError: it is no such mapping.
        """
        if isinstance(source, Prices):
            return source
        if not isinstance(source, Mapping) or not set(source) <= {"worth", "days", "level", "policy"}:
            raise _no_prices(source)
        counts = [source.get(name, 0) for name in ("days", "level")]
        if any(type(count) is not int or count < 0 for count in counts) or not isinstance(source.get("policy", ""), str):
            raise _no_prices(source)
        return cls(**source)

    def to_data(self) -> dict[str, Any]:
        """JSON-ready form; ``Prices.read`` gives an equal value."""
        return {"worth": dict(sorted(self.worth.items())), "days": self.days, "level": self.level, "policy": self.policy}


def _no_prices(source: object) -> InputError:
    return InputError(f"prices are a mapping with worth, days, level and policy, not {shown(source)}", code="dispatch.prices")


def learn(
    days: Iterable[Iterable[Arrival]],
    policy: Policy | Mapping[str, Any],
    *,
    level: int = 0,
    unserved: int | None = None,
    hooks: Hooks | None = None,
) -> Prices:
    """
    Learn from days that are over what a place of each candidate is worth.

    For each day the tickets are given out as if all of it had been known in the morning: at the greatest total of points of
    one level, less what those cost that nobody gets. What that total would lose by one place less of a candidate is what
    the place was worth on that day: nothing where a place was left over, much where others could not have taken its ticket.
    The mean of the days on which a candidate had room and fitted some ticket, without the highest and lowest tenth (from
    five days on at least one of each, so that a single strange day changes little), is rounded to whole points.

    Who fits a ticket is judged with the world in which it came; what is free is what was free in the first world of the
    day. Prices which that world has are left aside. Where tickets take several units, a place is what they take on average.
    Only limits of a candidate's whole capacity make a place scarce: those of channels are not priced.

    Args:
        days: for each day its tickets in the order of arrival, each with its world and, where the ticket's own instant is
            not meant, the instant to judge at.
        policy: the policy, or its mapping; where it uses the term ``price``, that counts as 0.
        level: the level whose points are counted, among those of ``prefer``, from 0 on.
        unserved: points that are lost with a ticket nobody gets, beyond the worst it could have got; by default as many as
            the best and the worst of the day are apart, and one more.
        hooks: the host's registered functions.

    Raises:
        InputError: there are no days, a day has a wrong shape, or there is no such level.
        LimitError: there are more than 1,000 days, or a day weighs more than two million pairs.
        DefinitionError: the policy mapping is wrong, or names a function nobody registered.
    """
    policy = Policy.read(policy)
    if not 0 <= _whole(level, "level") < max(1, len(policy.prefer)):
        raise InputError(f"the policy has {len(policy.prefer)} levels, and none at {level}", code="dispatch.learn", level=level)
    if unserved is not None and _whole(unserved, "unserved") < 0:
        raise InputError(f"unserved counts points from 0 on, not {unserved}", code="dispatch.learn", unserved=unserved)
    if isinstance(days, (str, bytes, Mapping)) or not isinstance(days, Iterable):
        raise InputError(f"days are a list of days, each a list of (ticket, world), not {shown(days)}", code="dispatch.learn")
    seen: dict[str, list[int]] = {}
    count = 0
    for count, arrivals in enumerate(days, start=1):
        if count > MAX_DAYS:
            raise LimitError(f"more than {MAX_DAYS} days; learn from the latest", limit=MAX_DAYS)
        day = _Day.of(arrivals, policy, level, hooks)
        for name, worth in day.worths(unserved).items():
            seen.setdefault(name, []).append(worth)
    if not count:
        raise InputError("there are no days to learn from; give at least one", code="dispatch.learn")
    found = {name: _average(worths) for name, worths in sorted(seen.items())}
    return Prices(
        worth=FrozenMap({name: worth for name, worth in found.items() if worth}), days=count, level=level, policy=policy.hash
    )


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{what} must be a whole number, not {shown(value)}", code="dispatch.learn")
    return value


def _average(worths: Sequence[int]) -> int:
    """The mean without the highest and lowest tenth, rounded half up."""
    cut = max(1, len(worths) // 10) if len(worths) >= 5 else 0
    kept = sorted(worths)[cut : len(worths) - cut]
    return (2 * sum(kept) + len(kept)) // (2 * len(kept))


@define
class _Day:
    """One day: for each ticket who fits with how many points, and what each candidate has free."""

    points: list[dict[str, int]] = field(factory=list)
    units: list[int] = field(factory=list)
    limits: dict[str, int] = field(factory=dict)
    morning: World = field(factory=World)

    @classmethod
    def of(cls, arrivals: Any, policy: Policy, level: int, hooks: Hooks | None) -> _Day:
        day, worlds = cls(), dict[int, tuple[Any, World]]()
        pairs = 0
        for arrival in _checked(arrivals):
            ticket, told = arrival[0], arrival[1]
            if not worlds:
                day.morning = World.of(told) or World()
            if id(told) not in worlds:  # most of a day share one world, which then is read once
                held = {"loads": day.morning.loads, "channel_loads": day.morning.channel_loads}
                worlds[id(told)] = told, evolve(World.of(told) or World(), **held, prices=None, version=None)
            world, at = worlds[id(told)][1], arrival[2] if len(arrival) > 2 else ticket.at
            choice = evaluate(policy, ticket, world, at, explain=False, hooks=hooks)
            pairs += len(choice.ranked)
            if pairs > MAX_PAIRS:
                raise LimitError(f"a day weighs more than {MAX_PAIRS} pairs; learn one region at a time", limit=MAX_PAIRS)
            place = level - len(policy.prefer)  # points of optional requirements come before all levels
            day.points.append({item.id: item.points[place] if policy.prefer else 0 for item in choice.ranked})
            day.units.append(Case.make(policy, ticket, world, at, hooks=hooks).units)
            for item in choice.ranked:
                if item.limit is not None:
                    day.limits[item.id] = max(item.limit, day.limits.get(item.id, item.limit))
        return day

    def worths(self, unserved: int | None) -> dict[str, int]:
        """What a place of each candidate who is limited was worth."""
        every = [points for row in self.points for points in row.values()]
        if not every:
            return {}
        best, spread = max(every), max(every) - min(every)
        size = max(1, sum(self.units) // len(self.units))
        names = sorted({name for row in self.points for name in row})
        places = {name: number for number, name in enumerate(names)}
        out = 2 * spread + 1 if unserved is None else spread + unserved
        room = [self._free(name, size) for name in names]
        rows: list[Row] = []
        for row in self.points:
            fits = sorted(row)
            rows.append(([places[name] for name in fits], [best - row[name] for name in fits]))
        lost = losses(rows, room, place(rows, list(room), out).column_of, out)
        return {name: lost[places[name]] for name in names if name in self.limits and room[places[name]]}

    def _free(self, name: str, size: int) -> int:
        if name not in self.limits:
            return len(self.points) + 1
        return max(0, -(-(self.limits[name] - self.morning.loads.get(name, 0)) // size))


def _checked(arrivals: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(arrivals, (str, bytes, Mapping)) or not isinstance(arrivals, Iterable):
        raise InputError(f"a day is a list of (ticket, world), not {shown(arrivals)}", code="dispatch.learn")
    for arrival in arrivals:
        if not isinstance(arrival, (tuple, list)) or len(arrival) not in (2, 3) or not isinstance(arrival[0], Ticket):
            raise InputError(
                f"what came in on a day is (ticket, world) or (ticket, world, at), not {shown(arrival)}", code="dispatch.learn"
            )
        yield tuple(arrival)


def losses(rows: Sequence[Row], room: Sequence[int], column_of: Sequence[int], out: int) -> list[int]:
    """
    What the least total cost would rise by with one place less in each column; 0 where a place is left over.

    It is the greatest of the column's dual values. Whoever would lose the place moves on to another column, someone there
    to the next one, up to a place that is left, or to nowhere: the cheapest such chain of moves is looked for from its end.

    Args:
        rows: for each row its columns and costs.
        room: how many rows each column takes.
        column_of: the column of each row at the least total cost; -1 for one that is left out.
        out: what leaving a row out costs.
    """
    nowhere = len(room)
    at = [nowhere if column < 0 else column for column in column_of]
    into: list[list[tuple[int, int]]] = [[] for _ in range(nowhere + 1)]  # by column: a row that may go there, and its cost
    paid, held = [out] * len(rows), [0] * nowhere
    for row, (columns, costs) in enumerate(rows):
        for column, cost in zip(columns, costs, strict=True):
            into[column].append((row, cost))
            if column == at[row]:
                paid[row] = cost
                held[column] += 1
        into[nowhere].append((row, out))
    lost: list[int | None] = [0 if held[column] < most else None for column, most in enumerate(room)]
    lost.append(0)
    waiting = [column for column, known in enumerate(lost) if known == 0]
    for _ in range(len(lost)):  # no chain of moves comes to a column twice
        changed: dict[int, None] = {}
        for column in waiting:
            base = lost[column] or 0
            for row, cost in into[column]:
                left, total = at[row], base + cost - paid[row]
                known = lost[left]
                if known is None or total < known:
                    lost[left] = total
                    changed[left] = None
        waiting = list(changed)
    return [known or 0 for known in lost[:nowhere]]
