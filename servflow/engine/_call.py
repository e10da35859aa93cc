"""Knows the working state of one call of the kernel; must not know any rule of the workflow."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._draft import APPLY, Draft
from servflow.engine._scope import Scope
from servflow.engine._tables import reasons
from servflow.errors import ExpressionError, Refused
from servflow.expressions import Expression
from servflow.model import (
    EMPTY,
    SYSTEM,
    Actor,
    ChainRun,
    Decided,
    Effect,
    FrozenMap,
    Outcome,
    Record,
    RefusedTimer,
    Reservation,
    Ticket,
    World,
    effect_id,
    freeze,
    from_dict,
    frozen_map,
)

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._workflow import Workflow


@attrs.define
class Happening:
    """What one step brought about, as clocks, chains and timers look at it."""

    event: str | None = None
    entered: list[str] = attrs.field(factory=list)
    exited: list[str] = attrs.field(factory=list)
    changed: set[str] = attrs.field(factory=set)
    message: Mapping[str, Any] | None = None
    queue: bool = False
    came_from: str | None = None
    """The queue it was in before this step, where that changed."""
    correlator: str | None = None
    """The correlator that set the event off, where one did."""
    origin: str = ""
    """Where the spare parts came from that the event was about; empty: the central stock, or none were."""
    opened: bool = False
    reopened: bool = False
    closed: bool = False


@attrs.frozen
class Internal:
    """An event the workflow raised itself, waiting for its turn."""

    event: str
    payload: FrozenMap[str, Any]


@attrs.frozen
class Retry:
    """A refused timer whose guard may answer otherwise now."""

    refused: RefusedTimer


@attrs.frozen
class StartChain:
    """A chain that an action asked to start, or to move to a level; ``by`` is the cause of what the action belongs to."""

    chain: str
    cause: str
    level: str | None = None
    jump: bool = False
    by: str = ""


@attrs.define
class Late:
    """A level or reminder that spoke while catching up: its record's place and the notifications that may be folded."""

    run: ChainRun
    """The run as it was just before."""
    level: int
    scheduled: datetime
    place: int
    effects: list[Effect]

    def of(self, run: ChainRun) -> bool:
        """Whether it is a level of this very run."""
        own = self.run
        return (own.chain, own.cause, own.generation) == (run.chain, run.cause, run.generation)


class OneCall:
    """Everything one call of a verb works with; thrown away when the call is refused."""

    # What most calls never touch stands on the class: an instance costs only what it changes.
    actor: Actor | None = SYSTEM
    roles: tuple[str, ...] = SYSTEM.roles
    outlets: tuple[str, ...] = ()
    occurred: datetime | None = None
    payload: Mapping[str, Any] = EMPTY
    cause = ""
    scope_cache: Scope | None = None
    happening: Happening  # set at the beginning of every step
    recording = False
    missed: tuple[str, ...] = ()
    """Why parts of what was addressed found nobody, until a level takes note of it."""
    own_event = False
    unasked = False
    handed = 0
    """Of what a run of a chain does, and what follows from it: how many runs have set each other off in a row up to there."""
    base: Ticket | None = None
    """The ticket as the call found it; None where it is being opened."""
    held: Mapping[tuple[str, str], bool | Refused] = EMPTY
    """By chain and trigger, what its condition was when it was asked last in this call."""
    decisions = 0
    left_queue: str | None = None
    """The queue the ticket was in before dispatch moved it to another, until the next step shows it to clocks and chains."""
    score: Any = None

    def __init__(self, workflow: Workflow, ticket: Ticket | None, at: datetime, world: World | None) -> None:
        self.workflow = workflow
        self.compiled: Compiled = workflow.compiled
        self.draft = Draft(ticket)
        self.base = ticket
        self.at = at
        self.world = world
        self.records: list[Record] = []
        self.effects: list[Effect] = []
        self.reservations: list[Reservation] = []
        self.queue: deque[Internal | Retry | StartChain] = deque()
        self.late: list[Late] = []
        self.used: dict[tuple[str, str, str], int] = {}
        self.amended: list[str] = []
        self.carried: set[str] = set()

    def renew(self, at: datetime) -> None:
        """Begin another call on the ticket as it stands."""
        self.at = at
        self.records = []
        self.effects, self.reservations, self.late, self.amended = [], [], [], []
        self.queue.clear()
        self.used.clear()
        self.carried = set()
        self.held = EMPTY
        self.occurred = None
        if self.compiled.watching:
            self.base = self.draft.freeze()
        self.decisions = 0
        self.own_event = False
        self.scope_cache = None

    def act_as(self, actor: Actor | None) -> None:
        """From here on things happen in the name of this actor; what the world knows of them is added."""
        self.actor = actor
        roles: tuple[str, ...] = actor.roles if actor is not None else ()
        outlets: tuple[str, ...] = actor.outlets if actor is not None else ()
        if actor is not None and self.world is not None:
            known = self.world.persons.get(actor.id)
            if known is not None:
                roles = tuple(sorted({*roles, *known.roles}))
                outlets = outlets or known.outlets
        self.roles = roles
        self.outlets = outlets

    @property
    def effective(self) -> datetime:
        """The instant clocks count from: when it occurred, where that was earlier."""
        return self.at if self.occurred is None else self.occurred

    def record(self, kind: type[Record], /, **facts: Any) -> Record:
        """Say that something has happened now; the draft changes accordingly."""
        draft = self.draft
        sequence, at = draft.sequence + 1, self.at
        facts["sequence"] = sequence
        facts["at"] = at
        made = from_dict(kind, facts)
        draft.sequence = sequence
        draft.at = at
        APPLY[kind](draft, made)
        self.records.append(made)
        self.scope_cache = None
        return made

    def effect(self, kind: type[Effect], action: str, recipient: str = "", /, **facts: Any) -> Effect:
        """Ask the host for something; asked again for the same reason it has the same id."""
        made = kind(
            id=self.effect_id(action, recipient), ticket=self.draft.id, at=self.at, cause=self.cause, action=action, **facts
        )
        self.effects.append(made)
        return made

    def effect_id(self, action: str, recipient: str = "") -> str:
        """
        A hash of ticket, cause, action and recipient.

        A rule that fires twice for one cause gives its action a count, so that no id occurs twice.
        """
        key = (self.cause, action, recipient)
        count = self.used.get(key, 0)
        self.used[key] = count + 1
        return effect_id(self.draft.id, *key, count)

    def scope(self) -> Scope:
        """What a condition reads now; kept until the next record."""
        if self.scope_cache is None:
            self.scope_cache = Scope(self)
        return self.scope_cache

    def holds(self, condition: Expression | None, path: str) -> bool:
        """
        Whether a condition of the definition holds on the ticket as it stands; none always does.

        Raises:
            Refused: it cannot be decided on these values (``guard``).
        """
        if condition is None:
            return True
        try:
            return condition.test(self.scope())
        except ExpressionError as error:
            raise Refused(
                f"{path}: {condition.text} cannot be decided: {error.message}", code="guard", path=path, why=error.message
            ) from error

    def decide_table(self, name: str) -> Mapping[str, Any] | None:
        """
        Decide a table on the ticket as it stands.

        The decision is recorded where an update uses it; a guard that only asks leaves no trace.
        """
        read = self.scope()
        table = self.compiled.tables[name]
        decision = table.decide(read, self.at if table.timed else None)
        if self.recording:
            self.record(
                Decided,
                maker="table",
                name=name,
                values=FrozenMap({key: freeze(read.get(key)) for key in sorted(table.reads) if "." not in key}),
                result=_kept(decision.outputs),
                why=freeze(reasons(decision)),
            )
        outputs: Any = decision.outputs
        return outputs if isinstance(outputs, Mapping) else None

    def savepoint(self) -> tuple[Any, ...]:
        """Where the call stands, to come back to when the next step fails."""
        counts = (len(self.records), len(self.effects), len(self.reservations))
        late = [(item, self.records[item.place]) for item in self.late]
        return (
            dict(self.draft.__dict__),
            counts,
            dict(self.used),
            deque(self.queue),
            late,
            set(self.carried),
            list(self.amended),
            self.held,
            self.decisions,
        )

    def rollback(self, before: tuple[Any, ...]) -> None:
        """Undo everything since a savepoint."""
        held, (records, effects, reservations), self.used, self.queue, late, self.carried, self.amended, *counted = before
        self.held, self.decisions = counted
        self.draft.__dict__ = dict(held)
        del self.records[records:], self.effects[effects:], self.reservations[reservations:]
        self.late = [item for item, _ in late]
        for item, record in late:
            self.records[item.place] = record  # it may have been folded away meanwhile
        self.happening = Happening()
        self.scope_cache = None

    def aside(self) -> OneCall:
        """The call as it stands, for questions that are asked later; nothing done in one shows in the other."""
        other = copy.copy(self)
        other.draft = Draft()
        other.draft.__dict__ = dict(self.draft.__dict__)
        other.scope_cache = None
        return other

    def snapshot(self) -> Ticket:
        """The ticket as it stands in the middle of the call."""
        return self.draft.freeze()

    def raise_event(self, event: str, payload: Mapping[str, Any] = EMPTY) -> None:
        """Have an internal event happen after the present step, at the same instant."""
        self.queue.append(Internal(event, frozen_map(payload)))

    def outcome(self, wake: datetime | None) -> Outcome:
        """What the call came to."""
        self.draft.wake = wake
        if self.late:
            self.effects.extend(effect for late in self.late for effect in late.effects)
        made = {"ticket": self.draft.freeze(), "records": tuple(self.records)}
        if self.effects:
            made["effects"] = tuple(self.effects)
        if self.reservations:
            made["reservations"] = tuple(self.reservations)
        return from_dict(Outcome, made)


def _kept(value: Any) -> Any:
    return freeze(list(value) if isinstance(value, tuple) else value)
