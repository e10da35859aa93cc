"""Knows how a workflow's chains are previewed, by trying the verbs as a host that is always in time; must not act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from servflow.engine import _verbs
from servflow.engine._chain_plans import find_plan
from servflow.engine._given import Given
from servflow.errors import InputError, LimitError, Refused, TimeError, nearest, shown
from servflow.escalation import LEVELS, Plan, Planned, RunStory, Scripted, Step, history
from servflow.model import Action, Actor, ChainRun, Outcome, Record, Ticket, World, instant

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

MAX_CALLS = 20_000
"""How often one plan may wake the ticket."""

MAX_RECORDS = 2 * MAX_CALLS
"""How much may come of it."""

MAX_SCRIPT = 1_000
MAX_DOWN = 100

ANSWERS: Mapping[str, str] = {
    "ack": "chain.acknowledge",
    "unack": "chain.unacknowledge",
    "snooze": "chain.snooze",
    "unsnooze": "chain.unsnooze",
    "escalate": "chain.escalate",
    "deescalate": "chain.deescalate",
    "stop": "chain.stop",
    "start": "chain.start",
}
"""Short words of a script for what people do to runs."""

_SCRIPTED = "the script stops it"
"""The reason of a stop that a script gives none for."""

_THIRD = {"snooze": "until", "escalate": "level", "deescalate": "level", "stop": "reason", "start": "level"}


@frozen(kw_only=True)
class Entry:
    """One entry of a script, read: what is fired, when, with what and by whom (None: nobody is asked for permission)."""

    at: datetime
    event: str
    payload: Mapping[str, Any]
    actor: Actor | None = None


@frozen(kw_only=True)
class Asked:
    """What a plan is asked for besides the ticket, read and checked."""

    at: datetime
    until: datetime
    chain: str | None
    script: tuple[Entry, ...]
    world: World | None
    down: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def of(cls, at: datetime, until: datetime, chain: str | None, script: Any, world: Any, down: Any) -> Asked:  # noqa: PLR0917 - as the verb has them
        """
        Read what was asked.

        Raises:
            TimeError: an instant is naive.
            InputError: the script or a stretch is written otherwise.
        """
        entries = tuple(_entries(script, chain))
        start = instant(at)
        within = sorted((entry for entry in entries if entry.at >= start), key=lambda entry: entry.at)
        return cls(
            at=start,
            until=instant(until, "until"),
            chain=chain,
            script=tuple(within),
            world=World.of(world),
            down=_stretches(down),
        )


def _entries(script: Any, chain: str | None) -> Iterator[Entry]:
    if isinstance(script, (str, bytes, Mapping)) or not isinstance(script, Iterable):
        raise InputError(f"a script is a list of (instant, event, payload, actor), not {shown(script)}", code="script")
    for number, item in enumerate(script):
        if number >= MAX_SCRIPT:
            raise LimitError(f"a script has at most {MAX_SCRIPT} entries", limit=MAX_SCRIPT)
        if not isinstance(item, (tuple, list)) or not 2 <= len(item) <= 4 or not isinstance(item[1], str):
            raise InputError(
                f"{shown(item)} is not (instant, event), with a payload and an actor where they matter", code="script"
            )
        at, event = instant(item[0], "script"), item[1]
        actor = Actor.of(item[3]) if len(item) == 4 else None
        payload = _payload(event, item[2] if len(item) > 2 else None, chain)
        yield Entry(at=at, event=ANSWERS.get(event, event), payload=payload, actor=actor)


def _payload(event: str, third: Any, chain: str | None) -> Mapping[str, Any]:
    if third is not None and not isinstance(third, Mapping):
        if event not in _THIRD:
            raise InputError(f"what comes with {event!r} is a payload by name, not {shown(third)}", code="script", event=event)
        third = {_THIRD[event]: third}
    given = {"chain": chain} if event in ANSWERS and chain is not None else {}
    if event == "stop":
        given["reason"] = _SCRIPTED
    return {**given, **(third or {})}


def _stretches(down: Any) -> tuple[tuple[datetime, datetime], ...]:
    pairs: object = down
    if isinstance(pairs, (str, bytes, Mapping)) or not isinstance(pairs, Iterable):
        raise InputError(f"down is a list of (start, end), not {shown(pairs)}", code="down")
    found = []
    for number, pair in enumerate(pairs):
        if number >= MAX_DOWN:
            raise LimitError(f"down has at most {MAX_DOWN} stretches", limit=MAX_DOWN)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputError(f"{shown(pair)} is not (start, end)", code="down")
        start, end = instant(pair[0], "down"), instant(pair[1], "down")
        if end <= start:
            raise TimeError(f"a stretch ends after it starts: {start.isoformat()} to {end.isoformat()}", code="past", at=start)
        found.append((start, end))
    found.sort()
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise InputError(f"stretches of down overlap at {start.isoformat()}", code="down", at=start)
    return tuple(found)


def plan(workflow: Workflow, given: Ticket | Mapping[str, Any] | None, asked: Asked) -> Plan:
    """
    What the chains of a workflow would do to a ticket, stored or imagined, if nothing happens but the script.

    Raises:
        InputError: the workflow has no such chain, or the ticket is of another workflow.
        Refused: the fields do not fit, or *at* lies behind the ticket.
        LimitError: it comes to more than can be told.
    """
    walk = _Walk(workflow, asked)
    walk.begin(given)
    for entry in asked.script:
        heard = walk.up(entry.at)
        if heard >= asked.until:
            break
        walk.on(heard)
        walk.fire(entry, heard)
    walk.on(asked.until)
    return walk.told()


class _Walk:
    """One ticket on its way through a plan."""

    def __init__(self, workflow: Workflow, asked: Asked) -> None:
        self.workflow, self.asked = workflow, asked
        self.records: list[Record] = []
        self.events: list[Scripted] = []
        self.live: tuple[ChainRun, ...] = ()
        self.ticket: Ticket
        self.name = ""
        self.calls = 0

    def begin(self, given: Any) -> None:
        """Stand where the plan begins: the ticket caught up in one call, as a host that looks now would, or a new one."""
        asked, flow = self.asked, self.workflow
        if isinstance(given, Ticket):
            self._check_chain({run.chain for run in given.chains})
            self.ticket, self.name, self.live = given, given.id, given.chains
            self._keep(_verbs.advance(flow, given, Given(asked.at, None, asked.world, None)))
            return
        if given is not None and not isinstance(given, Mapping):
            raise InputError(f"a plan is of a Ticket or of the fields of one, not of {shown(given)}", code="ticket")
        self._check_chain(())
        self._keep(_verbs.open_ticket(flow, "plan", given, Given(asked.at, None, asked.world, None)))

    def _check_chain(self, live: Iterable[str]) -> None:
        name, known = self.asked.chain, sorted({*self.workflow.compiled.chain_plans, *live})
        if name is not None and name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close!r}?" if close else f"it has {', '.join(map(repr, known)) or 'none'}"
            raise InputError(
                f"workflow {self.workflow.workflow!r} has no chain {shown(name)}; {hint}", code="chain", chain=name
            )

    def _keep(self, outcome: Outcome) -> None:
        self.ticket = outcome.ticket
        self.records.extend(outcome.records)
        self.calls += 1
        if self.calls > MAX_CALLS or len(self.records) > MAX_RECORDS:
            said = f"more than {MAX_CALLS} things happen by {self.ticket.at.isoformat()}; give an earlier end"
            raise LimitError(said, limit=MAX_CALLS)

    def on(self, until: datetime) -> None:
        """Let time pass as a host does that wakes the ticket whenever it asked for it, but where nothing runs."""
        while (wake := self.ticket.wake) is not None:
            at = self.up(max(wake, self.asked.at))
            if at > until:
                return
            outcome = _verbs.advance(self.workflow, self.ticket, Given(at, None, self.asked.world, None))
            if not outcome.records:
                return
            self._keep(outcome)

    def up(self, at: datetime) -> datetime:
        """The instant itself, or where nothing runs then, when it is noticed."""
        return next((end for start, end in self.asked.down if start <= at < end), at)

    def fire(self, entry: Entry, at: datetime) -> None:
        """Let an event of the script happen; one that is refused is told and changes nothing."""
        given = Given(at, entry.actor, self.asked.world, None, unasked=entry.actor is None)
        try:
            self._keep(_verbs.fire(self.workflow, self.ticket, entry.event, entry.payload, given))
        except Refused as refusal:
            self.events.append(Scripted(at=at, event=entry.event, refused=refusal.message))
        else:
            self.events.append(Scripted(at=at, event=entry.event))

    def told(self) -> Plan:
        """All of it as a plan."""
        asked = self.asked
        told = history(self.records, live=self.live)
        runs = named(self.workflow, (run for run in told if asked.chain in (None, run.chain)))
        found = [(step.sequence, self._planned(run, step)) for run in runs for step in run.steps if step.kind in LEVELS]
        found.sort(key=lambda item: item[0])
        down = tuple((start, end) for start, end in asked.down if start < asked.until and end > asked.at)
        return Plan(
            ticket=self.name,
            chain=asked.chain or "",
            at=asked.at,
            until=asked.until,
            steps=tuple(item for _, item in found),
            runs=runs,
            events=tuple(self.events),
            down=down,
        )

    def _planned(self, run: RunStory, step: Step) -> Planned:
        levels, place = () if run.definition is None else run.definition.levels, step.level
        if place is None:
            place = next((at for at, level in enumerate(levels) if level.name == step.name), len(levels))
        do: tuple[Action, ...] = levels[place].do if place < len(levels) else ()
        actions = do if step.kind == "level" else tuple(action for action in do if action.kind == "notify")
        to = tuple(dict.fromkeys((*(who for who in step.to if who not in step.waits), *step.given)))
        return Planned(
            step.at, place, to, actions, step.name, step.kind, step.climb, run.chain, step.outcome or "fired", step.why
        )


def named(workflow: Workflow, runs: Iterable[RunStory]) -> tuple[RunStory, ...]:
    """Runs with the editions that they climb, and so the names of levels that were reached before their records begin."""

    def known(run: RunStory) -> RunStory:
        linked = find_plan(workflow.compiled, run.run)
        if linked is None:
            return run
        levels = linked.chain.levels
        steps = tuple(
            step if step.name or step.level is None or step.level >= len(levels) else evolve(step, name=levels[step.level].name)
            for step in run.steps
        )
        return evolve(run, steps=steps, definition=linked.chain)

    return tuple(known(run) for run in runs)
