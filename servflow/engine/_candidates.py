"""Knows what can be said about guards alone and side by side: never, always, overlaps, gaps; must not know time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import SOLVING
from servflow.engine._abstract_player import MAX_CALLS, Player, payload_of, search
from servflow.engine._abstract_search import Found
from servflow.engine._building import takes
from servflow.engine._given import Given
from servflow.engine._verbs import begin
from servflow.engine._witnesses import Story, filler, plain
from servflow.errors import ExpressionError, Finding
from servflow.expressions import Expression, solve
from servflow.model import RESOLUTION, FrozenMap, Ticket, freeze

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled, Link

MAX_PAIRS = 60
"""How many pairs of candidates are compared in one definition."""


def guards(seen: Found) -> Iterator[Finding]:
    """Guards that never hold, and guards that always do."""
    for link in seen.machine.compiled.links:
        if link.guard is None:
            continue
        path = f"{link.path}.when"
        facts = {"event": link.spec.event, "text": link.guard.text}
        verdict = _alone(seen, link)
        if verdict == "never":
            yield Finding("guard.never", path, facts, "warning")
        elif verdict == "always":
            yield Finding("guard.always", path, facts, "info")
    yield from _endless(seen)


def _alone(seen: Found, link: Link) -> str | None:
    """Whether a guard never holds, by itself or wherever it is asked, or always does."""
    settled = seen.machine.settled.get(link.index)
    if settled is not None:
        return "always" if settled else "never"
    if not seen.complete:
        return None
    machine = seen.machine
    asked = machine.guards[link.index]
    if any(read.startswith("payload.") for read in asked.reads):
        return None
    here = [place for place in seen.places if _stands(machine, place.configuration, link)]
    answers = {machine.answer(asked, place) for place in here}
    never = answers == {False} and link.index not in machine.passable and link.spec.event is not None
    return "never" if never else None


def _stands(machine: Any, configuration: tuple[str, ...], link: Link) -> bool:
    return any(source == "*" or machine.chart.contains(configuration, source) for source in link.spec.source)


def _types(compiled: Compiled, links: Iterable[Link]) -> dict[str, Any]:
    """The types of what guards read, with the payload their transitions declare."""
    payload: dict[str, Any] = {}
    for link in links:
        payload.update(link.spec.payload)
    return {**compiled.types, "payload": payload or "map"}


# eventless loops ----------------------------------------------------------------------------------------------


def _endless(seen: Found) -> Iterator[Finding]:
    """Eventless transitions that go round because their guards always hold; those without guards do not load."""
    machine = seen.machine
    compiled, chart = machine.compiled, machine.chart
    if not compiled.has_eventless or any(node.kind == "parallel" for node in chart.states.values()):
        return

    def sure(index: int) -> bool:
        return compiled.links[index].guard is None or machine.settled.get(index) is True

    told: set[frozenset[str]] = set()
    for leaf in chart.leaves:
        trail: dict[tuple[str, ...], int] = {}
        configuration: tuple[str, ...] = (leaf,)
        while configuration not in trail:
            rows = chart.candidates(configuration, None)
            if not rows or not sure(rows[0]):
                break
            trail[configuration] = rows[0]
            configuration = chart.apply(configuration, {}, (rows[0],)).configuration
        else:
            places = list(trail)
            loop = places[places.index(configuration) :]
            states = frozenset("+".join(place) for place in loop)
            if states not in told:
                told.add(states)
                first = compiled.links[trail[configuration]]
                names = ["+".join(place) for place in loop]
                witness = {"cycle": names, "transitions": [trail[place] for place in loop]}
                yield Finding("eventless.loop", first.path, {"states": names}, "warning", witness=freeze(witness))


# side by side -------------------------------------------------------------------------------------------------


def cases(seen: Found) -> Iterator[Finding]:
    """Where several transitions of one state and event leave their order, or nothing, to decide."""
    machine = seen.machine
    pairs = 0
    told: set[tuple[int, ...]] = set()
    for state in machine.chart.states:
        for event, links in _groups(machine.compiled, state).items():
            key = tuple(link.index for link in links)
            if len(links) < 2 or key in told or pairs > MAX_PAIRS:
                continue
            told.add(key)
            pairs += len(links) * (len(links) - 1) // 2
            yield from _hidden(event, state, links)
            if all(link.guard is not None for link in links):
                yield from _overlaps(seen, event, state, links)
                yield from _gap(seen, event, state, links)


def _groups(compiled: Compiled, state: str) -> dict[str, list[Link]]:
    """The transitions a state has for each event, in the order they are asked."""
    mine = [link for link in compiled.links if state in link.spec.source and link.spec.event is not None]
    events = dict.fromkeys(name for link in mine for name in (link.spec.event or "").split() if "*" not in name)
    return {event: [link for link in mine if takes(link.spec.event or "", event)] for event in events}


def _hidden(event: str, state: str, links: Sequence[Link]) -> Iterator[Finding]:
    for place, first in enumerate(links):
        if first.guard is not None or first.spec.payload or first.not_by is not None:
            continue
        for later in links[place + 1 :]:
            if set(later.allow) <= set(first.allow) and (later.allow or not first.allow) and _covers(first, later):
                facts = {"event": event, "state": state, "transition": later.index, "first": first.index}
                # One that is taken from other states is a general case with an exception before it.
                severity = "warning" if set(later.spec.source) <= set(first.spec.source) else "info"
                yield Finding("transition.hidden", later.path, facts, severity, witness=freeze(facts))
        return


def _covers(first: Link, later: Link) -> bool:
    """Whether one takes every event that the other takes: not where it names one of several, or the first words of one."""
    return all(
        takes(first.spec.event or "", word.removesuffix(".*").removesuffix(".")) for word in (later.spec.event or "").split()
    )


def _may_both(one: Link, other: Link) -> bool:
    return bool(set(one.allow) & set(other.allow)) or (not one.allow and not other.allow)


def _overlaps(seen: Found, event: str, state: str, links: Sequence[Link]) -> Iterator[Finding]:
    for place, one in enumerate(links):
        for other in links[place + 1 :]:
            if not _may_both(one, other) or (one.spec.target == other.spec.target and one.spec.do == other.spec.do):
                continue
            both = [link.guard for link in (one, other) if link.guard is not None]
            held = _witness(seen, state, Asked(event, (one, other), wanted=both))
            if held is not None:
                facts = {
                    "event": event,
                    "state": state,
                    "first": one.index,
                    "second": other.index,
                    "values": held["values"],
                }
                yield Finding("transition.overlap", other.path, facts, "info", witness=held)


def _gap(seen: Found, event: str, state: str, links: Sequence[Link]) -> Iterator[Finding]:
    conditions = [link.guard for link in links if link.guard is not None]
    held = _witness(seen, state, Asked(event, links, unwanted=conditions))
    if held is not None:
        facts = {"event": event, "state": state, "values": held["values"], "transitions": [link.index for link in links]}
        yield Finding("transition.gap", links[0].path, facts, "info", witness=held)


@attrs.frozen
class Asked:
    """What is asked of a ticket: conditions of some transitions of an event that hold, and others that do not."""

    event: str
    links: Sequence[Link]
    wanted: Sequence[Expression] = ()
    unwanted: Sequence[Expression] = ()


def _witness(seen: Found, state: str, case: Asked) -> Any:
    """A real ticket in a state, and a payload, on which it is as asked; None where there is none."""
    machine = seen.machine
    types = _types(machine.compiled, case.links)
    # A gap that only opens for want of a value is no hole in the cases: what is asked for is taken to be there.
    there = _given(machine.compiled, types, case.unwanted)
    full = attrs.evolve(case, wanted=[*case.wanted, *there])
    solved = solve(full.wanted, full.unwanted, types=types, budget=SOLVING)
    if solved.status == "no":
        return None
    goals = []
    asked = [machine.guards[link.index] for link in case.links]
    for number, place in enumerate(seen.places):
        if machine.chart.contains(place.configuration, state):
            answers = [machine.answer(one, place) for one in asked]
            if all(answer is not (not case.wanted) for answer in answers):
                goals.append(number)

    player = Player(machine, seen)

    def found(story: Story, _: int) -> Any:
        held = _held(machine.compiled, story, full, types)
        if held is not None or not machine.usable("ticket.update"):
            return held
        mended = _mended(player, story, solved.values)
        return None if mended is None else _held(machine.compiled, mended, full, types)

    return search(machine, seen, goals, found, calls=MAX_CALLS // 10) if goals else None


def _mended(player: Player, story: Story, values: Mapping[str, Any]) -> Story | None:
    """The ticket with its fields set to values by hand, still where it stood; None where nobody may."""
    fields = player.workflow.fields
    sent = {name: plain(value) for name, value in values.items() if name in fields}
    granted = player.workflow.events.get("ticket.update")
    allow = list(granted.allow) if granted is not None else []
    told = (player.fire(story, "ticket.update", sent, actor) for actor in player.actors(story.ticket, allow, set()))
    made = next((one for one in told if one is not None), None) if sent else None
    return made if made is not None and made.ticket.configuration == story.ticket.configuration else None


def _given(compiled: Compiled, types: Mapping[str, Any], conditions: Sequence[Expression]) -> list[Expression]:
    if not conditions:
        return []
    reads = sorted({read for condition in conditions for read in condition.reads if _plain_read(read)})
    return [Expression.parse(f"{read} != null", types, functions=compiled.functions) for read in reads]


def _plain_read(read: str) -> bool:
    root, _, rest = read.partition(".")
    return not rest or root == "payload"


def _held(compiled: Compiled, story: Story, case: Asked, types: Mapping[str, Any]) -> Any:
    """The witness where a payload makes it so on this very ticket, by the code that asks guards."""
    scope = _scope(compiled, story.ticket, {})
    conditions = (*case.wanted, *case.unwanted)
    fixed: dict[str, Any] = {}
    try:
        for read in sorted({read for condition in conditions for read in condition.reads}):
            if not read.startswith("payload."):
                fixed[read] = Expression.parse(read, compiled.types, functions=compiled.functions).value(scope)
    except ExpressionError:
        return None
    payload: dict[str, Any] = {}
    if not any(condition.asks for condition in conditions):
        solved = solve(case.wanted, case.unwanted, types=types, fixed=fixed, budget=SOLVING)
        if solved.status != "yes":
            return None
        payload = payload_of(solved.values)
    for link in case.links:
        for name, spec in link.spec.payload.items():
            if payload.get(name) is None and not spec.optional and spec.default is None:
                payload[name] = spec.convert(filler(spec))
    scope = _scope(compiled, story.ticket, payload)
    try:
        held = all(condition.test(scope) for condition in case.wanted)
        if not held or any(condition.test(scope) for condition in case.unwanted):
            return None
    except ExpressionError:
        return None
    sent = {name: plain(value) for name, value in payload.items() if value is not None}
    values = {read: plain(value) for read, value in fixed.items() if _plain_read(read) and read != "state"}
    values |= {f"payload.{name}": value for name, value in sent.items()}
    then = {"event": case.event, "payload": sent}
    return freeze({**story.witness(), "values": values, "then": then})


def _scope(compiled: Compiled, ticket: Ticket, payload: Mapping[str, Any]) -> Any:
    call = begin(compiled.workflow, ticket, Given(ticket.at + RESOLUTION, None, None, None))
    call.payload = FrozenMap(payload)
    call.scope_cache = None
    return call.scope()


__all__ = ["cases", "guards"]
