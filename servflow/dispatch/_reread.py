"""Knows how the rules of a policy read, one after the other and for one candidate; must not know how a decision judges them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from attrs import define, field

from servflow.dispatch._candidates import capacity_key
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._requirement import Requirement
from servflow.dispatch._travel import minutes, place_of, reach, whereabouts
from servflow.errors import ExpressionError, TimeError
from servflow.model import EMPTY, Engineer, Outlet, Queue, instant, read_instant

MOMENT = timedelta(microseconds=1)
SAMPLES = 1_440

Stretch = tuple[datetime, datetime]


@define(eq=False)
class Reread:
    """
    The rules of a policy as its documentation says them, for one ticket.

    It shares nothing with what decides but the values of expressions and what stands in the world, so that a mistake
    there is found here.
    """

    case: Case
    relaxed: dict[str, list[str]] = field(factory=dict)  # what is done by relaxations so far -> to what
    asks: list[tuple[str, Requirement, Any]] = field(factory=list)  # with what each requirement asks for
    first: datetime = field(init=False)
    last: datetime = field(init=False)
    length: timedelta = MOMENT
    whole: timedelta = MOMENT  # of a visit, whatever of it is over
    planned: bool = False
    fixed: bool = False  # it begins just then, so an appointment's window must be around it
    units: int = 1
    fault: str | None = None

    def __attrs_post_init__(self) -> None:
        case = self.case
        for step in case.policy.relax[: case.stage]:
            for what in ("drop", "widen", "lower", "neighbours"):
                self.relaxed.setdefault(what, []).extend(getattr(step, what))
            if step.below is not None:
                self.relaxed.setdefault("below", []).append(step.below)
        self._when()
        for rule, entry in zip(case.policy.rules, case.policy.require, strict=True):
            if not self._steps("drop", entry):
                self.asks.append((rule, entry, self._value(entry)))

    def _steps(self, what: str, entry: Requirement) -> int:
        """How often a relaxation of this sort was done to a requirement."""
        return sum(target in (entry.name, entry.kind) for target in self.relaxed.get(what, ()))

    def _value(self, entry: Requirement) -> Any:
        try:
            if entry.kind == "host":
                return True if entry.need is None else entry.need.value(self.case.bindings)
            text = getattr(entry, entry.kind)
            if entry.kind in ("when", "open", "separate") or isinstance(text, str):
                return text
            value = text.value(self.case.bindings)
            return value if entry.kind != "below" or value is None else _whole(value)
        except ExpressionError as error:
            return error

    def _when(self) -> None:
        """When somebody is needed: what is booked, else what the policy's visit says, else now; of a visit what is left."""
        case, booked, visit = self.case, self.case.ticket.appointment, self.case.policy.visit
        self.first = self.last = case.at
        try:
            if case.policy.takes is not None:
                units = case.policy.takes.value(case.bindings)
                if units is not None and (isinstance(units, bool) or not isinstance(units, int) or units < 1):
                    self.fault = "takes"
                elif units is not None:
                    self.units = units
        except ExpressionError:
            self.fault = "takes"
        if booked is not None and booked.start is not None and booked.end is not None:
            begin, latest, length = booked.start, booked.start, booked.end - booked.start
        else:
            try:
                stay = None if visit is None else visit.stay(case.bindings, case.at)
            except ExpressionError:
                self.fault = "visit"
                return
            if stay is None:
                return
            begin, latest, length = stay.first, stay.last, stay.length
        self.planned, self.whole = True, length
        if case.at >= latest + length:
            return
        self.first, self.last, self.length = max(begin, case.at), max(latest, case.at), length
        if case.at > latest:
            self.length = latest + length - case.at

    # rules --------------------------------------------------------------------------------------------------------

    def broken(self, who: Candidate) -> Iterator[tuple[str, str]]:
        """The kind of every rule but capacity that a candidate does not meet, with what is asked."""
        if self.fault is not None:
            yield self.fault, "cannot be computed"
        for kind, holds in STANDING.items():
            if not holds(self, who):
                yield kind, "always asked"
        for rule, entry, value in self.asks:
            if not entry.optional and entry.kind != "below" and not self._meets(entry, value, who):
                yield entry.kind, f"{rule} asks {value}"
        if any(isinstance(value, Exception) for _, entry, value in self.asks if entry.kind == "below" and not entry.optional):
            yield "below", "cannot be computed"

    def optional(self, who: Candidate) -> int:
        """How many of the optional requirements a candidate meets; one that was dropped is met."""
        asked = [entry for entry in self.case.policy.require if entry.optional]
        kept = [(entry, value) for _, entry, value in self.asks if entry.optional]
        return len(asked) - len(kept) + sum(self._meets(entry, value, who) for entry, value in kept)

    def _meets(self, entry: Requirement, value: Any, who: Candidate) -> bool:
        try:
            if entry.level is not None:
                self.least(entry)
            return value is None or (not isinstance(value, Exception) and RULES[entry.kind](self, entry, value, who))
        except (ExpressionError, TimeError):
            return False

    def limits(self, who: Candidate) -> tuple[int | None, int | None]:
        """The most that a candidate may hold with this ticket, at all and of its channel; None: no limit."""
        asked = [value for _, entry, value in self.asks if entry.kind == "below" and not entry.optional]
        both = [self.most(value, who) for value in asked if value is not None and not isinstance(value, Exception)]
        alls, channels = ([most for most in side if most is not None] for side in zip(*both, strict=True)) if both else ([], [])
        return min(alls, default=None), min(channels, default=None)

    def most(self, value: Any, who: Candidate) -> tuple[int | None, int | None]:
        """The most that one limit lets a candidate hold, at all and of the ticket's channel; None: it sets none."""
        if value not in ("capacity", "normal"):
            return value, None
        normal = value == "normal" and not self.relaxed.get("below")
        least = getattr(who, "normal", None) if normal else None
        channel = getattr(who, "per_channel", {}).get(self.case.ticket.channel) if self.case.ticket.channel else None
        most = None if channel is None else channel.normal if normal and channel.normal is not None else channel.most
        return who.capacity if least is None else least, most

    # what rules ask of a candidate ----------------------------------------------------------------------------------

    def least(self, entry: Requirement) -> int:
        """The level or quantity asked for where a name says none of its own."""
        value = entry.level.value(self.case.bindings) if entry.level is not None else None
        return 1 if value is None else _whole(value)

    def leasts(self, entry: Requirement, value: Any) -> dict[str, int]:
        """What is asked for by name, with the least level or quantity of each."""
        least = self.least(entry)
        if isinstance(value, Mapping):
            asked = [(name, least if level is None else _whole(level)) for name, level in value.items()]
        elif isinstance(value, (str, list, tuple)):
            names = [value] if isinstance(value, str) else value
            asked = [(name, least) for name in names if name or names is value]
        else:
            raise ExpressionError("neither a name nor names")
        if not all(isinstance(name, str) for name, _ in asked):
            raise ExpressionError("not a name")
        return dict(asked)

    def free(self, blocked: Iterable[Stretch], within: Collection[Stretch] | None = None) -> bool:
        """Whether the work can begin at some time at which it may, without touching what is blocked, within one stretch."""
        taken = [item for item in blocked if item[0] < item[1]]
        starts = {self.first, *(end for _, end in taken), *(start for start, _ in within or ())}
        for start in sorted(starts):
            if not self.first <= start <= self.last:
                continue
            end = start + self.length
            if any(begin < end and start < over for begin, over in taken):
                continue
            if within is None or _covered(start, end, within):
                return True
        return False

    def hours(self, name: str) -> list[Stretch]:
        """When a calendar of the world is open while the work may go on."""
        calendar = self.case.world.calendars.get(name)
        end = self.last + self.length
        if calendar is None:
            return []
        if hasattr(calendar, "intervals"):
            return list(calendar.intervals(self.first, end))
        step = max(timedelta(minutes=1), (end - self.first) / SAMPLES)
        edges = [self.first]
        while edges[-1] < end:
            edges.append(min(edges[-1] + step, end))
        pairs = pairwise(edges)
        return [pair for pair in pairs if calendar.is_open(pair[0]) and calendar.is_open(pair[1] - MOMENT)]

    def shift(self, who: Candidate) -> list[Stretch] | None:
        """When a candidate works: by their roster, else by their calendar; None: always."""
        roster = getattr(who, "shifts", ())
        return list(roster) if roster else None if who.shift is None else self.hours(who.shift)

    def site(self, who: Candidate) -> Outlet | None:
        """The outlet that somebody is, or belongs to."""
        if isinstance(who, Engineer):
            return None if who.outlet is None else self.case.world.sites.get(who.outlet)
        return who if isinstance(who, Outlet) else None

    def near(self, names: Collection[str], steps: int) -> set[str]:
        """These outlets and their neighbours, theirs, and so on."""
        found = set(names)
        for _ in range(steps):
            for name in list(found):
                site = self.case.world.sites.get(name)
                found.update(site.neighbours if site is not None else ())
        return found


def _covered(start: datetime, end: datetime, within: Iterable[Stretch]) -> bool:
    reached = start
    for begin, over in sorted(within):
        if begin <= reached < over:
            reached = over
    return reached >= end


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExpressionError("not a whole number")
    return value


def _skill(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    lower = read._steps("lower", entry)
    for name, level in read.leasts(entry, value).items():
        if who.skills.get(name, 0) < (max(1, level - lower) if level >= 1 else level):
            return False
    return True


def _area(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    names, steps = list(read.leasts(entry, value)), read._steps("widen", entry)
    if all(_serves(read, name, steps, who.areas) for name in names):
        return True
    beside = read._steps("neighbours", entry)
    if not beside:
        return False
    sites = {site.id for site in (*read.case.world.outlets, *read.case.world.providers)}
    serving = [name for name in sites if all(_serves(read, area, steps, _areas_of(read, name)) for area in names)]
    own = who.outlet if isinstance(who, Engineer) else who.id if isinstance(who, Outlet) else None
    return own in read.near(serving, beside)


def _areas_of(read: Reread, site: str) -> Collection[str]:
    return next(item.areas for item in (*read.case.world.outlets, *read.case.world.providers) if item.id == site)


def _serves(read: Reread, area: str, steps: int, served: Collection[str]) -> bool:
    parents = read.case.world.areas
    path = _path(parents, area)
    if any(name in served for name in path):
        return True
    return bool(steps) and any(
        path[min(steps, len(path) - 1)] in _path(parents, name) for name in served if _known(parents, name)
    )


def _known(parents: Mapping[str, str], area: str) -> bool:
    return area in parents or area in parents.values()


def _path(parents: Mapping[str, str], area: str) -> list[str]:
    path = [area]
    while path[-1] in parents:
        path.append(parents[path[-1]])
    return path


def _open(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    if value == "shift" and getattr(who, "shifts", ()):
        return read.free((), who.shifts)  # type: ignore[union-attr]  # only people have a roster
    name = who.shift if value == "shift" else value
    if name is None:
        return True
    if read.length == MOMENT and read.first == read.last:
        calendar = read.case.world.calendars.get(name)
        return calendar is not None and bool(calendar.is_open(read.first))
    return read.free((), read.hours(name))


def _window(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    if value is False or (value is True and not read.planned):
        return True
    if value is not True:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ExpressionError("neither true nor two instants")
        start, end = (read_instant(item) if isinstance(item, str) else instant(item) for item in value)
        if read.fixed:
            return bool(start <= read.first and read.first + read.length <= end)
        read = Reread(read.case)
        whole, at = read.whole, read.case.at
        if end - start < whole:
            raise ExpressionError("a window shorter than the visit")
        read.first, read.last, read.length = max(start, at), max(end - whole, at), whole
        if at > end - whole:
            read.first, read.last, read.length = at, at, (end - at if at < end else MOMENT)
    return read.free(getattr(who, "absences", ()), read.shift(who))


def _language(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    return all(name in getattr(who, "languages", ()) for name in read.leasts(entry, value))


def _channel(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    names = read.leasts(entry, value)
    return who.serves is None or all(name in who.serves for name in names)


def _certificate(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    held = getattr(who, "certificates", {})
    for name in read.leasts(entry, value):
        if name not in held or (held[name] is not None and held[name] < read.first + read.length):
            return False
    return True


def _contract(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    site = read.site(who)
    held = who.contracts if isinstance(who, Queue) else site.contracts if site is not None else ()
    if isinstance(value, Mapping):
        kinds = {brand: kind if isinstance(kind, (list, tuple)) else [kind] for brand, kind in value.items()}
        names = [brand if kind is None else f"{brand}/{kind}" for brand in kinds for kind in kinds[brand]]
    else:
        names = list(read.leasts(entry, value))
    return all(any(name == own or name.startswith(f"{own}/") for own in held) for name in names)


def _part(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    return all(getattr(who, "parts", {}).get(name, 0) >= count for name, count in read.leasts(entry, value).items())


def _travel(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    here, there = whereabouts(read.case, who), place_of(read.case)
    long = reach(here, there) if entry.unit == "kilometres" else minutes(read.case.world, here, there)
    return long is not None and long <= _whole(value) * (1 + read._steps("widen", entry))


def _preferred(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    if value is True:
        customer = read.case.customer()
        value = read.case.world.preferred.get(customer, ()) if customer is not None else ()
    ids = [] if value is False else _ids(value)
    return not ids or who.id in ids


def _separate(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    ticket = read.case.ticket
    for event in value:
        if ticket.last_actors.get(event) == who.id or any(who.id in said for said in ticket.voters.get(event, {}).values()):
            return False
    return True


def _other_than(_: Reread, __: Requirement, value: Any, who: Candidate) -> bool:
    return who.id not in _ids(value)


def _ids(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [str(item) for item in value if item is not None]
    if not isinstance(value, str):
        raise ExpressionError("neither an id nor ids")
    return [value] if value else []


def _below(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    """Only where it is optional, so that it is judged by itself; what must hold is counted for all tickets of a plan."""
    case = read.case
    key = capacity_key(case.policy.candidates, who.id)
    channel = str(case.ticket.channel)  # without one, nothing limits it
    loads = case.world.loads.get(who.id, 0), case.world.channel_loads.get(who.id, EMPTY).get(channel, 0)
    for most, load, name in zip(read.most(value, who), loads, (key, f"{key}/{channel}"), strict=True):
        if most is not None and max(0, load - case.held.get(name, 0)) + read.units > most:
            return False
    return True


def _condition(read: Reread, _: Requirement, value: Any, who: Candidate) -> bool:
    return bool(value.test({**read.case.bindings, "candidate": read.case.view(who)}))


def _host(read: Reread, entry: Requirement, value: Any, who: Candidate) -> bool:
    try:
        return read.case.hooks.requirements[str(entry.host)](who, None if entry.need is None else value) is True
    except Exception:
        return False  # a function that fails says nothing, and so lets nobody in


RULES: Mapping[str, Callable[[Reread, Requirement, Any, Candidate], bool]] = {
    "skill": _skill,
    "area": _area,
    "below": _below,
    "open": _open,
    "window": _window,
    "language": _language,
    "channel": _channel,
    "certificate": _certificate,
    "contract": _contract,
    "part": _part,
    "travel": _travel,
    "preferred": _preferred,
    "separate": _separate,
    "other_than": _other_than,
    "when": _condition,
    "host": _host,
}


def _belongs(read: Reread, who: Candidate) -> bool:
    world, slot = read.case.world, read.case.policy.of
    if slot is None:
        return True
    value = read.case.bindings.get(slot)
    if not isinstance(value, str):
        return False
    wanted = read.near([value], sum(target == "of" for target in read.relaxed.get("neighbours", ())))
    if isinstance(who, Queue):
        return any(name in wanted for name in world.members.get(who.id, ()))
    site = read.site(who)
    provider = site.provider if site is not None else None
    if isinstance(who, Outlet):
        return provider in wanted
    queues: list[str | None] = [queue for queue, members in world.members.items() if who.id in members]
    above = world.manager_of(who.id)
    said: dict[str, list[str | None]] = {
        "outlet": [who.outlet],
        "queue": queues,
        "provider": [provider],
        "assignee": [above],
        "owner": [above],
    }
    every: list[str | None] = [who.outlet, *queues, provider, above]
    return any(name in wanted for name in said.get(slot, every) if name)


def _welcome(read: Reread, who: Candidate) -> bool:
    customer = read.case.customer()
    return customer is None or who.id not in read.case.world.forbidden.get(customer, ())


def _present(read: Reread, who: Candidate) -> bool:
    return not isinstance(who, Engineer) or read.free(who.absences)


def _unbooked(read: Reread, who: Candidate) -> bool:
    own = read.case.ticket.appointment
    taken = list(read.case.world.booked.get(who.id, ())) if read.planned else []
    if own is not None and own.to == who.id and own.start is not None and own.end is not None:
        before = [(start, min(end, own.start)) for start, end in taken]
        taken = [*before, *((max(start, own.end), end) for start, end in taken)]
    return read.free(taken)


def _ahead(case: Case) -> bool:
    visit, before = case.visit(), case.policy.presence
    return visit is not None and before is not None and visit[0] - case.at > before.exact


STANDING: Mapping[str, Callable[[Reread, Candidate], bool]] = {
    "of": _belongs,
    "forbidden": _welcome,
    "declined": lambda read, who: who.id not in read.case.declined,
    "presence": lambda read, who: read.case.world.presence.get(who.id) not in ("away", "offline") or _ahead(read.case),
    "absence": _present,
    "booked": _unbooked,
    "cool_off": lambda read, who: (until := read.case.silent.get(who.id)) is None or until <= read.case.at,
}
"""What is asked of everybody, whatever the policy says."""
