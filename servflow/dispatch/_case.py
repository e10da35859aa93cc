"""Knows what one decision reads of ticket, world and policy; must not know how candidates are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.dispatch import _candidates
from servflow.dispatch._appointment_view import appointment_view
from servflow.dispatch._candidates import NO_CAPACITY, capacity_key, channel_of, everybody, kind_of, name_of
from servflow.dispatch._options import Hooks
from servflow.dispatch._origin import Origin
from servflow.dispatch._policy import Policy
from servflow.dispatch._requirement import relaxes
from servflow.dispatch._stretches import Need, Opening, growing
from servflow.dispatch._turns import marks
from servflow.dispatch._visit import Stay
from servflow.errors import DefinitionError, ExpressionError, InputError, LimitError, TimeError, shown
from servflow.expressions import ACTIVE
from servflow.model import EMPTY, Capacity, Engineer, Outlet, Queue, SlotProgress, Ticket, World, instant

Candidate = _candidates.Candidate

CORE = (
    "priority",
    "customer",
    "requester",
    "asset",
    "outlet",
    "provider",
    "queue",
    "channel",
    "tags",
    "owner",
    "helpers",
    "assignee",
    "parent",
)
"""Attributes of a ticket that expressions read by name; a field of the same name comes first."""

NEVER_DUE = 527_040
"""Minutes of a leap year; what is not due counts as due so far ahead, as does all that is due later still."""

NO_HOOKS = Hooks()

OWN = ("priority", "assignee", "opened_at", "closed_at", "entered_at")
"""Names that no field may take, so the ticket's own value is read."""


def _holder(policy: Policy, ticket: Ticket, progress: SlotProgress | None) -> str | None:
    held = ticket.__dict__.get(policy.slot)
    return held if isinstance(held, str) else progress.had if progress is not None else None


def bindings_of(ticket: Ticket, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the expressions of a policy read: the fields, the ticket's own attributes and what the caller adds."""
    bound = {name: getattr(ticket, name) for name in CORE}
    bound.update(ticket.fields)
    if "appointment" not in ticket.fields:
        bound["appointment"] = appointment_view(ticket.appointment)
    bound.update((name, getattr(ticket, name)) for name in OWN)
    bound["state"] = ticket.state
    bound[ACTIVE] = ticket.entered  # asked by in_state
    bound.update(extra)
    return bound


@define(kw_only=True)
class Case:
    """
    One decision to take.

    ``drops``, ``lowered``, ``widened``, ``beside`` (whose neighbours are let in, how many steps away) and ``most``
    (which no longer ask for the normal capacity) are what the stage has relaxed, by rule. ``units`` is how much
    capacity the ticket takes, ``need`` when somebody is needed; ``faults`` says what of these two cannot
    be computed, and then nobody fits. ``answers`` keeps what functions of the host answered, ``current`` who has the
    slot, or had it when the search began.
    """

    policy: Policy
    ticket: Ticket
    world: World
    at: datetime
    stage: int
    declined: frozenset[str]
    silent: Mapping[str, datetime]
    bindings: dict[str, Any]
    hooks: Hooks
    mode: str = "assign"
    drops: set[str] = field(factory=set)
    lowered: dict[str, int] = field(factory=dict)
    widened: dict[str, int] = field(factory=dict)
    beside: dict[str, int] = field(factory=dict)
    most: set[str] = field(factory=set)
    held: dict[str, int] = field(factory=dict)
    answers: dict[str, dict[str, Any]] = field(factory=dict)
    current: str | None = None
    units: int = 1
    need: Need = field(factory=Need)
    faults: dict[str, str] = field(factory=dict)
    _hours: dict[str, Opening] = field(factory=dict)
    _queues: dict[str, tuple[str, ...]] | None = None

    @classmethod
    def make(
        cls,
        policy: Any,
        ticket: Ticket,
        world: Any,
        at: datetime,
        *,
        stage: Any = None,
        declined: Any = None,
        bindings: Mapping[str, Any] | None = None,
        hooks: Hooks | None = None,
    ) -> Case:
        """Check the arguments and apply the relaxations of the stage."""
        policy = Policy.read(policy)
        if not isinstance(ticket, Ticket):
            raise InputError(f"dispatch needs a Ticket, not {type(ticket).__name__}", code="dispatch.ticket")
        world = World() if world is None else World.of(world)
        hooks = NO_HOOKS if hooks is None else Hooks.of(hooks)
        unknown = policy.unregistered(hooks) if policy.uses_hooks else []
        if unknown:
            raise DefinitionError.of(unknown)
        progress = ticket.slots.get(policy.slot)
        if progress is not None and progress.policy != policy.name:
            progress = None
        if stage is None:
            stage = progress.stage if progress else 0
        if isinstance(stage, bool) or not isinstance(stage, int) or stage < 0:
            raise InputError(f"stage must be a whole number from 0 on, not {shown(stage)}", code="dispatch.stage", stage=stage)
        silent: Mapping[str, datetime] = EMPTY
        if declined is None:
            declined = progress.declined if progress else ()
            silent = _silent(policy, world, progress.silent if progress else EMPTY)
        case = cls(
            policy=policy,
            ticket=ticket,
            world=world,
            at=instant(at),
            stage=min(stage, len(policy.relax)),
            declined=frozenset(declined),
            silent=silent,
            bindings=bindings_of(ticket, bindings or EMPTY),
            hooks=hooks,
            current=_holder(policy, ticket, progress),
        )
        case._relax()
        case._needs()
        for held in ticket.held:
            case.held[held.key] = case.held.get(held.key, 0) + held.units
        return case

    def _relax(self) -> None:
        self.mode = self.policy.mode
        counted = {"widen": self.widened, "lower": self.lowered, "neighbours": self.beside}
        for step in self.policy.relax[: self.stage]:
            self.mode = step.mode or self.mode
            for kind, target in step.targets:
                if (kind, target) == ("neighbours", "of"):
                    self.beside["of"] = self.beside.get("of", 0) + 1
                for rule, entry in zip(self.policy.rules, self.policy.require, strict=True):
                    if not relaxes(kind, entry) or (kind != "below" and target not in (entry.name, entry.kind)):
                        continue
                    if kind in counted:
                        counted[kind][rule] = counted[kind].get(rule, 0) + 1
                    else:
                        (self.drops if kind == "drop" else self.most).add(rule)

    def _needs(self) -> None:
        """How much is taken and when; what cannot be computed is kept as a fault."""
        if self.policy.takes is not None:
            try:
                self.units = _units(self.policy.takes.value(self.bindings))
            except ExpressionError as error:
                self.faults["takes"] = error.message
        booked = self.ticket.appointment
        if booked is not None and booked.start is not None and booked.end is not None:
            self.need = Need(Stay(booked.start, booked.start, booked.end - booked.start))
        elif self.policy.visit is not None:
            try:
                stay = self.policy.visit.stay(self.bindings, self.at)
                self.need = Need(stay, moving=stay is not None and self.policy.visit.start is None)
            except ExpressionError as error:
                self.faults["visit"] = error.message

    @property
    def eased(self) -> bool:
        """Whether anything is relaxed."""
        return bool(self.drops or self.lowered or self.widened or self.beside or self.most)

    def visit(self) -> tuple[datetime, datetime] | None:
        """
        The half-open time for which somebody is needed, at its earliest: what is booked, else what the policy says.

        None where no visit is told, or what tells it cannot be computed.
        """
        stay = self.need.stay
        return None if stay is None else (stay.first, stay.first + stay.length)

    @property
    def presence_from(self) -> datetime | None:
        """From when on it counts who is away or offline, where that is still ahead."""
        if self.policy.presence is None or self.need.stay is None:
            return None
        begins = self.need.stay.first
        # Compared without going back in time, which the first years do not allow.
        return begins - self.policy.presence.exact if begins - self.at > self.policy.presence.exact else None

    def stay_at(self, at: datetime) -> Stay:
        """
        When somebody is needed, decided at an instant: the whole visit, or what is left of one that has begun.

        Without a visit, and once it is over, that instant itself.
        """
        return self.need.at(at)

    @property
    def origin(self) -> Origin:
        """What the decision depends on."""
        return Origin(
            policy=self.policy.hash,
            world=self.world,
            ticket=self.ticket.id,
            sequence=self.ticket.sequence,
            bindings=EMPTY if self.ticket.sequence else self.bindings,  # a revision says what it holds, and gives nothing away
            held=() if self.ticket.sequence else tuple(sorted(self.held.items())),
            declined=self.declined,
            turns=marks(self),
        )

    @property
    def candidates(self) -> list[Candidate]:
        """Everybody of the policy's kind, by id; so the order in which the world lists them cannot matter."""
        return everybody(self.world, self.policy.candidates)

    def key(self, candidate: str) -> str:
        """The capacity key of a candidate, as reservations and waits name it."""
        return capacity_key(self.policy.candidates, candidate)

    def channel_key(self, candidate: Candidate) -> str | None:
        """The key under which a candidate's capacity for the ticket's channel is counted; None where nothing limits it."""
        limits = channel_of(candidate, self.ticket.channel)
        return None if limits == NO_CAPACITY else f"{self.key(candidate.id)}/{self.ticket.channel}"

    def load(self, candidate: Candidate) -> int:
        """Units the candidate holds, without what this ticket itself holds of them."""
        load: int = self.world.loads.get(candidate.id, 0)
        return max(0, load - self.held.get(self.key(candidate.id), 0)) if self.held else load

    def channel_load(self, candidate: Candidate) -> int:
        """Units of the ticket's channel that the candidate holds, without what this ticket itself holds of them."""
        load: int = self.world.channel_loads.get(candidate.id, EMPTY).get(self.ticket.channel, 0)
        held = self.held.get(f"{self.key(candidate.id)}/{self.ticket.channel}", 0) if self.held else 0
        return max(0, load - held) if held else load

    def channel_limits(self, candidate: Candidate) -> Capacity:
        """How much of the ticket's channel the candidate takes."""
        return channel_of(candidate, self.ticket.channel)

    def minutes_left(self) -> int:
        """Whole minutes until the first of the ticket's running clocks is due, below 0 once it is past due."""
        due = self.ticket.due
        return NEVER_DUE if due is None else max(-NEVER_DUE, min(NEVER_DUE, (due - self.at) // timedelta(minutes=1)))

    def customer(self) -> str | None:
        """Whose ticket it is."""
        found = self.ticket.customer or self.ticket.fields.get("customer")
        return found if isinstance(found, str) else None

    def outlet_of(self, candidate: Candidate) -> Outlet | None:
        """The outlet itself, or the one a person belongs to; None for queues."""
        if isinstance(candidate, Outlet):
            return candidate
        if isinstance(candidate, Queue):
            return None
        return self.world.sites.get(candidate.outlet) if candidate.outlet else None

    def view(self, candidate: Candidate) -> dict[str, Any]:
        """What an expression reads as ``candidate``."""
        outlet = self.outlet_of(candidate)
        seen: dict[str, Any] = {
            "id": candidate.id,
            "kind": kind_of(candidate),
            "name": name_of(candidate),
            "areas": candidate.areas,
            "skills": candidate.skills,
            "shift": candidate.shift,
            "capacity": candidate.capacity,
            "normal": None if isinstance(candidate, Queue) else candidate.normal,
            "load": self.load(candidate),
            "cost": candidate.cost,
            "outlet": outlet.id if outlet else None,
            "contracts": self.contracts(candidate),
            "provider": outlet.provider if outlet else None,
            "serves": candidate.serves,
            "neighbours": outlet.neighbours if outlet else (),
        }
        if isinstance(candidate, Engineer):
            seen["outlet"] = candidate.outlet
            seen["roles"], seen["queues"] = candidate.roles, candidate.queues
        if not isinstance(candidate, Queue):
            seen["languages"], seen["parts"] = candidate.languages, candidate.parts
            seen["certificates"] = self.valid_certificates(candidate, self._done)
        return seen

    def around(self, ids: set[str], steps: int) -> frozenset[str]:
        """These, and the outlets up to so many steps away from them by ``neighbours``."""
        found = set(ids)
        edge = found
        for _ in range(steps):
            sites = [site for name in edge if (site := self.world.sites.get(name)) is not None]
            edge = {name for site in sites for name in site.neighbours} - found
            found |= edge
        return frozenset(found)

    def queues_of(self, person: str) -> tuple[str, ...]:
        """The queues that a person works on, sorted."""
        if self._queues is None:
            self._queues = {}
            for queue, members in sorted(self.world.members.items()):
                for member in members:
                    self._queues[member] = (*self._queues.get(member, ()), queue)
        return self._queues.get(person, ())

    def contracts(self, candidate: Candidate) -> tuple[str, ...]:
        """The contracts of a queue or an outlet itself, or of the outlet a person belongs to."""
        return contracts_in(self.world.sites)(candidate)

    def valid_certificates(self, candidate: Engineer | Outlet, until: datetime) -> Mapping[str, datetime | None]:
        """The certificates that hold up to an instant."""
        held = candidate.certificates
        return {name: end for name, end in held.items() if end is None or end >= until} if held else held

    def growing(self, need: Need, find: Callable[[datetime], datetime | None]) -> datetime | None:
        """What *find* finds up to growing distances ahead; None where nothing is found, or time ends."""
        try:
            return growing(self.at, need, find)
        except (TimeError, LimitError):
            return None

    @property
    def _done(self) -> datetime:
        stay = self.stay_at(self.at)
        return stay.first + stay.length

    def hours(self, name: str) -> Opening:
        """A calendar of the world and when it opens and closes; one that is not there never is open."""
        known = self._hours.get(name)
        if known is None:
            known = self._hours[name] = Opening(self.world.calendars.get(name), self.at, self.need)
        return known

    def is_open(self, name: str) -> bool:
        """Whether a calendar of the world is open for the whole visit; one that is not there never is."""
        return self.hours(name).passes

    def calendar_change(self, name: str) -> datetime | None:
        """The first instant after ``at`` at which time turns ``is_open``; None where there is none in sight."""
        return self.hours(name).change


def contracts_in(sites: Mapping[str, Outlet]) -> Callable[[Candidate], tuple[str, ...]]:
    """The contracts of a queue or an outlet itself, or of the outlet among these that a person belongs to."""

    def contracts(who: Candidate) -> tuple[str, ...]:
        if isinstance(who, (Queue, Outlet)):
            return who.contracts
        site = sites.get(who.outlet) if who.outlet else None
        return () if site is None else site.contracts

    return contracts


def _silent(policy: Policy, world: World, own: Mapping[str, datetime]) -> Mapping[str, datetime]:
    """Until when whom is not asked, because they let an offer of this ticket run out, or one of another ticket."""
    if policy.offer is None or policy.offer.cool_off is None or not world.silent:
        return own
    return {who: max(world.silent.get(who, end), own.get(who, end)) for who, end in {**own, **world.silent}.items()}


def _units(value: Any) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ExpressionError(f"takes must be a whole number from 1 on, not {shown(value)}")
    return value
