"""Knows which clocks no path starts, stops or resumes; must not know how much time they have."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import SOLVING, _sets
from servflow.engine._abstract_search import Found
from servflow.engine._building import takes
from servflow.engine._clock_plans import ClockPlan
from servflow.engine._definition import BUILT_IN
from servflow.errors import Finding
from servflow.expressions import solve
from servflow.model import SYSTEM
from servflow.sla import Condition, short

if TYPE_CHECKING:
    from servflow.engine._compile import Link

Way = Callable[[list[int]], Any]
"""Gives the witness of a ticket that comes to one of these places, None where none could be made."""

_ORDER = ("cancel", "stop", "reset", "pause", "resume")
_GIVEN = ("field", "queue")
_MADE_OF_MOVES = ("ticket.cancel", "ticket.reopen")
_BY_ASSIGNMENT = ("assignee", "owner", "outlet", "helpers", "watchers")


@attrs.define(eq=False)
class Paths:
    """
    Where what clocks wait for may happen, by the places that tickets reach.

    Whatever is not known for certain counts as possible, everywhere: a finding is only made of what cannot be.
    """

    seen: Found
    dead: set[str] = attrs.field(factory=set)
    """Clocks that are never stopped, so that nothing comes after them."""
    never: set[Condition] = attrs.field(factory=set)
    """Conditions narrowed by what never holds."""
    everywhere: frozenset[int] = attrs.field(init=False)
    passing: frozenset[str] = attrs.field(init=False)
    """States that are entered and left again in one step, so that no place has them."""
    emitted: frozenset[str] = attrs.field(init=False)
    _active: list[frozenset[str]] = attrs.field(init=False)
    _known: dict[Condition, frozenset[int]] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        machine, places = self.seen.machine, self.seen.places
        chart = machine.chart
        self.everywhere = frozenset(range(len(places)))
        around = {leaf: (leaf, *chart.ancestors(leaf)) for leaf in chart.leaves}
        self._active = [
            frozenset(name for leaf in place.configuration for name in around.get(leaf, (leaf,))) for place in places
        ]
        standing = frozenset().union(*self._active)
        self.passing = frozenset(machine.reached) - standing
        self.emitted = frozenset(
            str(update.parts["event"])
            for update, _ in machine._updates()
            if update.kind == "emit" and isinstance(update.parts.get("event"), str)
        )

    def standing(self, states: Iterable[str]) -> frozenset[int]:
        """The places in which one of some states is active."""
        wanted = frozenset(states)
        if not self.seen.complete:
            return self._all(not wanted <= set(self.seen.machine.chart.unreachable()))
        return frozenset(number for number, active in enumerate(self._active) if not wanted.isdisjoint(active))

    def of(self, conditions: Iterable[Condition]) -> frozenset[int]:
        """The places in or from which one of some conditions may come true; all of them where that is not known."""
        return frozenset[int]().union(*map(self._of_one, conditions))

    def onward(self, places: frozenset[int], but: frozenset[int] = frozenset()) -> frozenset[int]:
        """The places that can follow on some, these included, without going through others."""
        if not self.seen.complete:
            return self._all(bool(places))
        found = set(places) - but
        waiting = list(found)
        while waiting:
            for number in self.seen.after[waiting.pop()]:
                if number not in found and number not in but:
                    found.add(number)
                    waiting.append(number)
        return frozenset(found)

    def began(self, plan: ClockPlan) -> frozenset[int]:
        """The places in which a clock may have begun."""
        start = plan.clock.start
        opened = frozenset(range(self.seen.opened)) if self.seen.complete else self.everywhere
        if not start:
            return opened
        given = any(one.kind in _GIVEN and self._sound(one) for one in start)  # an opening may give these
        return self._after(self.of(start), start) | (opened if given else frozenset())

    def _after(self, places: frozenset[int], conditions: Iterable[Condition]) -> frozenset[int]:
        if all(one.kind == "state" and one.value not in self.passing for one in conditions):
            return places
        return places | {later for number in places for later in self.seen.after[number]}

    # one condition ----------------------------------------------------------------------------------------------

    def _of_one(self, condition: Condition) -> frozenset[int]:
        if condition not in self._known:
            known: Mapping[str, Callable[[Any], frozenset[int]]] = {
                "state": self._state,
                "left": self._left,
                "event": self._event,
                "message": self._message,
                "field": self._field,
                "queue": self._queue,
            }
            look = known.get(condition.kind)
            self._known[condition] = self.everywhere if look is None else look(condition.value)
        return self._known[condition] if self._sound(condition) else frozenset()

    def _sound(self, condition: Condition) -> bool:
        """Whether what narrows a condition can be so: a value the field may have, a clock that is ever stopped."""
        if condition in self.never or condition.after in self.dead:
            return False
        if condition.kind != "field" or not isinstance(condition.value, Mapping):
            return True
        fields = self.seen.machine.workflow.fields
        known = ((fields.get(name), wanted) for name, wanted in condition.value.items())
        return all(spec is None or not spec.one_of or wanted is None or wanted in spec.allowed for spec, wanted in known)

    def _all(self, possible: bool) -> frozenset[int]:
        return self.everywhere if possible else frozenset()

    def _state(self, state: str) -> frozenset[int]:
        return self.everywhere if state in self.passing else self.standing([state])

    def _left(self, state: str) -> frozenset[int]:
        there = self._state(state)
        return frozenset(number for number in there if self.seen.after[number]) if self.seen.complete else there

    def _event(self, event: str) -> frozenset[int]:
        machine = self.seen.machine
        compiled = machine.compiled
        if event in self.emitted or self._by_system(event):
            return self.everywhere
        if compiled.raised.internal(event):
            return self._all(not compiled.raised.covers(event) or machine.raisable(event))
        links = [link for link in compiled.links if takes(link.spec.event or "", event)]
        if event in BUILT_IN and event not in _MADE_OF_MOVES:
            return self._all(self._built_in(event) or any(map(self._possible, links)))
        if not compiled.moves(event) and event not in _MADE_OF_MOVES:
            spec = compiled.workflow.events.get(event)
            allow = spec.allow if spec is not None else ()
            return self._all(any(map(machine.obtainable, allow)) if allow else not compiled.workflow.roles)
        rows = {link.index for link in links if self._possible(link)}
        if not self.seen.complete:
            return self._all(bool(rows))
        places = self.seen.places
        chart = machine.chart
        return frozenset(
            number for number in self.everywhere if rows.intersection(chart.candidates(places[number].configuration, event))
        )

    def _by_system(self, event: str) -> bool:
        """Whether the system is granted an event as such: replies, correlators and other tickets may bring it anywhere."""
        spec = self.seen.machine.compiled.workflow.events.get(event)
        return spec is not None and SYSTEM.id in spec.allow

    def _built_in(self, event: str) -> bool:
        machine = self.seen.machine
        if event == "step.check":
            return machine.checks(event)
        if event.startswith(("approval.", "ticket.child_", "offer.", "correlator.")):
            return True  # answered by those who are asked, who need no grant
        return machine.usable(event)

    def _possible(self, link: Link) -> bool:
        machine = self.seen.machine
        if machine.settled.get(link.index) is False:
            return False
        system = SYSTEM.id in link.allow if link.allow else not machine.workflow.roles
        if not (system or machine.anybody(link)):
            return False
        if not self.seen.complete:
            return True
        return link.guard is None or machine.settled.get(link.index) is True or link.index in machine.passable

    def _message(self, wanted: Mapping[str, Any]) -> frozenset[int]:
        links = [link for link in self.seen.machine.compiled.links if takes(link.spec.event or "", "ticket.message")]
        granted = self.seen.machine.usable("ticket.message") or self._by_system("ticket.message")
        return self._all(granted or any(map(self._possible, links)))

    def _field(self, value: Any) -> frozenset[int]:
        machine = self.seen.machine
        names = set(value) if isinstance(value, Mapping) else {value}
        if machine.usable("ticket.update") or self._by_system("ticket.update") or names & set(_BY_ASSIGNMENT):
            return self.everywhere
        return self._all(any(target in names for update, _ in machine._updates() for target, _ in _sets(update)))

    def _queue(self, queue: str) -> frozenset[int]:
        machine = self.seen.machine
        if machine.usable("ticket.update") or self._by_system("ticket.update"):
            return self.everywhere
        named = {update.parts.get("queue") for update, _ in machine._updates() if update.kind == "queue"}
        other = any(
            target == "queue" for update, _ in machine._updates() if update.kind != "queue" for target, _ in _sets(update)
        )
        return self._all(queue in named or other)


# findings -----------------------------------------------------------------------------------------------------


def clock_paths(seen: Found, way: Way) -> Iterator[Finding]:
    """Clocks that nothing starts, that nothing stops, and pauses that nothing ends."""
    compiled = seen.machine.compiled
    # What is made of a part of a state has that part's own findings.
    plans = [plan for plan in compiled.clocks if plan.only_in is None and plan.step is None]
    if not plans or not seen.places:
        return
    paths = Paths(seen, never=_never(seen))
    found: dict[str, list[Finding]] = {}
    for plan in plans:
        path = compiled.promises[plan.order].path
        yield from _twice(plan, path)
        yield from _misspelt(paths, plan, path)
    grown = True
    while grown:  # ends: there are only so many clocks to be found dead
        found = {plan.clock.name: _of_life(paths, plan, compiled.promises[plan.order].path) for plan in plans}
        dead = {name for name, listed in found.items() if any(one.code in _DEADLY for one in listed)}
        grown = not dead <= paths.dead
        paths.dead |= dead
    for plan in plans:
        yield from found[plan.clock.name]
        if not found[plan.clock.name]:
            yield from _resumes(paths, plan, compiled.promises[plan.order].path, way)


def _never(seen: Found) -> set[Condition]:
    """The conditions of clocks whose ``when`` holds on no values."""
    compiled = seen.machine.compiled
    types = {**compiled.types, "payload": "map"}
    found: set[Condition] = set()
    for plan in compiled.clocks:
        told = [item for item in plan.clock.stop if not short(item)]
        pairs = [*zip(told, plan.stop_else, strict=True)]
        for key in ("start", "pause", "resume", "reset", "cancel"):
            pairs += zip(getattr(plan.clock, key), getattr(plan, key), strict=True)
        for condition, wait in pairs:
            if wait.when is not None and solve([wait.when], types=types, budget=SOLVING).status == "no":
                found.add(condition)
    return found


_DEADLY = ("clock.never_starts", "clock.never_stops")


def _of_life(paths: Paths, plan: ClockPlan, path: str) -> list[Finding]:
    started = _starts(paths, plan, path)
    return [started] if started is not None else list(_stops(paths, plan, path))


def _finding(code: str, path: str, plan: ClockPlan, *, witness: Any = None, **facts: Any) -> Finding:
    return Finding(code, path, {"clock": plan.clock.name, **facts}, "warning", witness=witness)


def _told(conditions: Iterable[Condition]) -> list[str]:
    """Conditions as a sentence names them."""
    out = []
    for one in conditions:
        value = one.value
        if isinstance(value, Mapping):
            value = ", ".join(f"{key}={item}" for key, item in value.items())
        out.append(f"{one.kind} {value}".strip() + (f" after {one.after}" if one.after is not None else ""))
    return out


def _twice(plan: ClockPlan, path: str) -> Iterator[Finding]:
    """What one instant both ends and changes: the earlier in order goes first, the later never happens."""
    held: dict[Condition, str] = {}
    for key in _ORDER:
        for condition in getattr(plan.clock, key):
            first = held.get(condition)
            if first is None:
                if key in ("cancel", "stop"):
                    held[condition] = key
            else:
                place = f"{path}.{'until' if key == 'stop' and condition.kind == 'state' else key}"
                yield _finding("clock.hidden", place, plan, first=first, second=key, condition=_told([condition]))
    for state in plan.clock.paused_in:
        first = held.get(Condition("state", state))
        if first is not None:
            yield _finding(
                "clock.hidden", f"{path}.paused_in", plan, first=first, second="paused_in", condition=[f"state {state}"]
            )


_CLOSE = 0.85  # one letter more, less or other in a word of six


def _misspelt(paths: Paths, plan: ClockPlan, path: str) -> Iterator[Finding]:
    """Events that only a clock knows and that are almost those of the workflow: a host may fire them, or it is a slip."""
    compiled = paths.seen.machine.compiled
    named = {f"{head}.{policy.name}" for policy in compiled.workflow.dispatch for head in ("assigned", "exhausted")}
    known = {*compiled.workflow.events, *BUILT_IN, *paths.emitted, *compiled.raised.names, *named}
    known |= {word for link in compiled.links for word in (link.spec.event or "").split()}
    for key in ("start", *_ORDER):
        for index, one in enumerate(getattr(plan.clock, key)):
            if one.kind != "event" or one.value in known or compiled.moves(one.value):
                continue
            close = get_close_matches(one.value, known, n=1, cutoff=_CLOSE)
            if close:
                facts = {"clock": plan.clock.name, "event": one.value, "nearest": close[0]}
                yield Finding("clock.event_like", f"{path}.{key}[{index}]", facts, "info")


def _starts(paths: Paths, plan: ClockPlan, path: str) -> Finding | None:
    clock = plan.clock
    begins = paths.began(plan)
    if not begins:
        return _finding("clock.never_starts", f"{path}.start", plan, conditions=_told(clock.start))
    by_state = paths.seen.complete and all(one.kind == "state" and one.value not in paths.passing for one in clock.start)
    if by_state and begins <= paths.standing(plan.stop_states):
        # Where what it promises holds already, it does not begin.
        key = "start" if clock.start else "until"
        return _finding("clock.never_starts", f"{path}.{key}", plan, conditions=_told(clock.start) or ["opening"])
    return None


def _stops(paths: Paths, plan: ClockPlan, path: str) -> Iterator[Finding]:
    clock = plan.clock
    if not clock.stop:
        if not clock.reset:
            yield _finding("clock.never_stops", path, plan, conditions={"en": "", "zh": ""})
        return
    key = "until" if all(one.kind == "state" for one in clock.stop) else "stop"
    if paths.onward(paths.began(plan)).isdisjoint(paths.of(clock.stop)):
        told = ", ".join(_told(clock.stop))
        yield _finding("clock.never_stops", f"{path}.{key}", plan, conditions={"en": f" ({told})", "zh": f"（{told}）"})


def _never_counts(paths: Paths, plan: ClockPlan) -> str | None:
    """The key by which a clock rests wherever a ticket is while it lives; None where it may count."""
    clock = plan.clock
    if not clock.counts_in and not (clock.paused_in and paths.seen.complete):
        return None
    ended = paths.standing(plan.stop_states) if paths.seen.complete else frozenset[int]()
    closed = paths.standing(paths.seen.machine.compiled.closed_states)
    reopened = frozenset(later for number in closed for later in paths.seen.after[number]) if paths.seen.complete else closed
    lives = paths.onward(paths.began(plan) | (reopened - closed), ended)
    if clock.counts_in and lives.isdisjoint(paths.standing(clock.counts_in)):
        return "counts_in"
    resting = paths.standing(clock.paused_in) if paths.seen.complete else frozenset[int]()
    return "paused_in" if lives and lives <= resting else None


def _resumes(paths: Paths, plan: ClockPlan, path: str, way: Way) -> Iterator[Finding]:
    clock = plan.clock
    rests = _never_counts(paths, plan)
    if rests is not None:
        yield _finding("clock.never_counts", f"{path}.{rests}", plan)
        return
    resumes = paths.of(clock.resume)
    ends = paths.of((*clock.stop, *clock.cancel))
    inside = paths.standing(clock.paused_in)
    closed = paths.standing(paths.seen.machine.compiled.closed_states)
    counting = paths.everywhere - inside if paths.seen.complete else paths.everywhere
    for index, state in enumerate(clock.paused_in):
        there = paths.standing([state]) - closed
        on = paths.onward(there)
        if there and on.isdisjoint(counting) and on.isdisjoint(ends):
            witness = way(sorted(there))
            yield _finding(
                "clock.never_resumed", f"{path}.paused_in[{index}]", plan, conditions=[f"state {state}"], witness=witness
            )
    if not clock.pause:
        return
    pauses = paths.of(clock.pause)
    on = paths.onward(pauses)
    moves = clock.counts_in or clock.counts_in_queue or not (on.isdisjoint(inside) or on.isdisjoint(counting))
    if pauses and on.isdisjoint(resumes) and not moves:  # leaving where it rests lets it go on as well
        yield _finding("clock.never_resumed", f"{path}.pause", plan, conditions=_told(clock.pause))


__all__ = ["Paths", "clock_paths"]
