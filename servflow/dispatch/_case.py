"""Knows what one decision reads of ticket, world and policy; must not know how candidates are judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.calendars import OpenTime
from servflow.dispatch._options import Hooks
from servflow.dispatch._origin import Origin
from servflow.dispatch._policy import Policy
from servflow.errors import DefinitionError, InputError, TimeError, shown
from servflow.expressions import ACTIVE
from servflow.model import EMPTY, Engineer, Outlet, Ticket, World, instant

Candidate = Engineer | Outlet

CORE = (
    "priority",
    "customer",
    "requester",
    "asset",
    "outlet",
    "queue",
    "channel",
    "tags",
    "owner",
    "helpers",
    "assignee",
    "parent",
)
"""Attributes of a ticket that expressions read by name; a field of the same name comes first."""

OWN = ("priority", "assignee", "opened_at", "closed_at", "entered_at")
"""Names that no field may take, so the ticket's own value is read."""

FAR_DAYS = 400
"""How far ahead a closing time is looked for; a calendar open without a break for longer has none that matters."""


def bindings_of(ticket: Ticket, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the expressions of a policy read: the fields, the ticket's own attributes and what the caller adds."""
    bound = {name: getattr(ticket, name) for name in CORE}
    bound.update(ticket.fields)
    bound.update((name, getattr(ticket, name)) for name in OWN)
    bound["state"] = ticket.state
    bound[ACTIVE] = ticket.entered  # asked by in_state
    bound.update(extra)
    return bound


@define(kw_only=True)
class Case:
    """One decision to take; ``drops``, ``lowered`` and ``widened`` are what the stage has relaxed."""

    policy: Policy
    ticket: Ticket
    world: World
    at: datetime
    stage: int
    declined: frozenset[str]
    bindings: dict[str, Any]
    hooks: Hooks
    mode: str = "assign"
    drops: set[str] = field(factory=set)
    lowered: dict[str, int] = field(factory=dict)
    widened: dict[str, int] = field(factory=dict)
    held: dict[str, int] = field(factory=dict)
    _open: dict[str, bool] = field(factory=dict)
    _change: dict[str, datetime | None] = field(factory=dict)

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
        hooks = hooks or Hooks()
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
        if declined is None:
            declined = progress.declined if progress else ()
        case = cls(
            policy=policy,
            ticket=ticket,
            world=world,
            at=instant(at),
            stage=min(stage, len(policy.relax)),
            declined=frozenset(declined),
            bindings=bindings_of(ticket, bindings or EMPTY),
            hooks=hooks,
        )
        case._relax()
        for held in ticket.held:
            case.held[held.key] = case.held.get(held.key, 0) + held.units
        return case

    def _relax(self) -> None:
        self.mode = self.policy.mode
        for step in self.policy.relax[: self.stage]:
            if step.mode is not None:
                self.mode = step.mode
                continue
            for rule, entry in zip(self.policy.rules, self.policy.require, strict=True):
                if step.target not in (entry.name, entry.kind):
                    continue
                if step.drop is not None:
                    self.drops.add(rule)
                elif step.widen is not None and entry.kind == "area":
                    self.widened[rule] = self.widened.get(rule, 0) + 1
                elif step.lower is not None and entry.kind == "skill":
                    self.lowered[rule] = self.lowered.get(rule, 0) + 1

    @property
    def origin(self) -> Origin:
        """What the decision depends on."""
        return Origin(
            policy=self.policy.hash,
            world=self.world,
            ticket=self.ticket.id,
            sequence=self.ticket.sequence,
            bindings=self.bindings,
            held=tuple(sorted(self.held.items())),
            declined=self.declined,
        )

    @property
    def candidates(self) -> list[Candidate]:
        """Everybody of the policy's kind, by id; so the order in which the world lists them cannot matter."""
        everybody: tuple[Candidate, ...] = self.world.outlets if self.policy.candidates == "outlets" else self.world.engineers
        return sorted(everybody, key=_id)

    def key(self, candidate: str) -> str:
        """The capacity key of a candidate, as reservations and waits name it."""
        return f"{'outlet' if self.policy.candidates == 'outlets' else 'engineer'}:{candidate}"

    def load(self, candidate: Candidate) -> int:
        """Tickets the candidate holds, without what this ticket itself holds of them."""
        load: int = self.world.loads.get(candidate.id, 0)
        return max(0, load - self.held.get(self.key(candidate.id), 0)) if self.held else load

    def customer(self) -> str | None:
        """Whose ticket it is."""
        found = self.ticket.customer or self.ticket.fields.get("customer")
        return found if isinstance(found, str) else None

    def outlet_of(self, candidate: Candidate) -> Outlet | None:
        """The outlet itself, or the one an engineer belongs to."""
        if isinstance(candidate, Outlet):
            return candidate
        found = self.world.by_id.get(candidate.outlet) if candidate.outlet else None
        return found if isinstance(found, Outlet) else None

    def view(self, candidate: Candidate) -> dict[str, Any]:
        """What an expression reads as ``candidate``."""
        outlet = self.outlet_of(candidate)
        seen: dict[str, Any] = {
            "id": candidate.id,
            "name": candidate.name,
            "areas": candidate.areas,
            "skills": candidate.skills,
            "shift": candidate.shift,
            "capacity": candidate.capacity,
            "load": self.load(candidate),
            "cost": candidate.cost,
            "outlet": outlet.id if outlet else None,
            "contracts": outlet.contracts if outlet else (),
            "provider": outlet.provider if outlet else None,
        }
        if isinstance(candidate, Engineer):
            seen["outlet"] = candidate.outlet
            seen["roles"], seen["queues"] = candidate.roles, candidate.queues
            seen["languages"], seen["parts"] = candidate.languages, candidate.parts
            seen["certificates"] = candidate.certificates
        return seen

    def is_open(self, name: str) -> bool:
        """Whether a calendar of the world is open; one that is not there never is."""
        known = self._open.get(name)
        if known is None:
            calendar = self.world.calendars.get(name)
            known = self._open[name] = calendar is not None and bool(calendar.is_open(self.at))
        return known

    def calendar_change(self, name: str) -> datetime | None:
        """The first instant after ``at`` at which a calendar opens or closes; None where there is none in sight."""
        if name not in self._change:
            self._change[name] = self._find_change(name)
        return self._change[name]

    def _find_change(self, name: str) -> datetime | None:
        calendar = self.world.calendars.get(name)
        if calendar is None:
            return None
        try:
            if not self.is_open(name):
                opening: datetime = instant(calendar.next_opening(self.at), "next opening")
                return opening if opening > self.at else None
            return _closing(calendar, self.at) if isinstance(calendar, OpenTime) else None
        except TimeError:
            return None  # it never opens again, or the search left the years 1 to 9999


def _closing(calendar: OpenTime, at: datetime) -> datetime | None:
    # Looked for in growing stretches: most shifts end today, and a long look ahead costs the more.
    for days in (1, 8, FAR_DAYS):
        end = _later(at, days)
        stretches = tuple(calendar.intervals(at, end))
        closing: datetime | None = stretches[0][1] if stretches else None
        if closing is not None and closing < end:
            return closing
    return None


def _later(at: datetime, days: int) -> datetime:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        raise TimeError("the search for a closing time left the years 1 to 9999", code="range") from None


def _id(candidate: Candidate) -> str:
    return candidate.id
