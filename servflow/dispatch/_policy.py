"""Knows a dispatch policy as a checked value; must not know how candidates are judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import define, field

from servflow.dispatch._candidates import CANDIDATES, usual
from servflow.dispatch._options import MODES, Hooks, OfferOptions, Relaxation
from servflow.dispatch._reading import Part, expression, finish, many, one, put, raw, span, word, words
from servflow.dispatch._redispatch import Redispatch
from servflow.dispatch._requirement import ASKING, LIMITS, NOT_OF_QUEUES, Requirement, relaxes
from servflow.dispatch._term import MINUTES_LEFT, Term
from servflow.dispatch._types import types_at
from servflow.dispatch._visit import VISITING, VisitOptions
from servflow.dispatch._waiting import AppointmentOptions, PullOptions
from servflow.errors import ExpressionError, Finding, nearest, shown
from servflow.expressions import Expression, Function
from servflow.model import Span
from servflow.model._titles import read_title

STANDING = ("of", "forbidden", "declined", "cool_off", "presence", "absence", "takes", "visit", "booked")
"""Rules that always hold and that nothing relaxes; no requirement may take these names."""

SLOTS = ("assignee", "owner", "outlet", "provider", "queue")
"""The slots of a ticket."""

MAX_LEVELS = 20

WHOLE = ("int", "uint", "bool", "dyn")
"""Types of expressions that can give a whole number; true counts 1."""

CANDIDATE_FIELDS: Mapping[str, Any] = {
    "id": "string",
    "kind": "string",
    "name": "string",
    "roles": "list(string)",
    "queues": "list(string)",
    "areas": "list(string)",
    "skills": "map(string, int)",
    "outlet": "string",
    "shift": "string",
    "capacity": "int",
    "normal": "int",
    "load": "int",
    "cost": "int",
    "languages": "list(string)",
    "certificates": "map(string, timestamp)",
    "parts": "map(string, int)",
    "contracts": "list(string)",
    "provider": "string",
    "serves": "list(string)",
    "neighbours": "list(string)",
}
"""What an expression may read of ``candidate``, with its type."""


@define(kw_only=True, slots=False, frozen=True)
class Policy(Part):
    """
    Who may fill a slot, who of them is best, and what happens while nobody is found.

    Entering one of ``state`` (or ``event``) empties ``slot`` and runs the policy where ``when`` holds.
    ``candidates`` are ``engineers``, ``agents``, ``bots`` or all three as ``people``, or ``outlets``, ``providers`` or
    ``queues`` (default: what the slot ``outlet``, ``provider`` or ``queue`` says, else engineers);
    ``of`` names a slot or a field whose value limits them: people of that outlet, queue or provider, or who report to
    that person; outlets of that provider; while it is empty nobody fits. ``takes`` is how many units of capacity a ticket
    takes (default: 1): tickets, or minutes where the world counts capacity and loads in minutes. ``visit`` says when
    somebody is needed and for how long; without it, at the instant of the decision. Everything in ``require`` must be
    met. ``presence`` is how long before the visit begins it counts who is away or offline (None: at any time), so that
    work ahead goes to people who are off just now. ``prefer`` is a list
    of levels, each a list of weighted terms: the higher total wins, a later level decides ties of the
    earlier ones, and a hash of ``seed`` (any word), policy, ticket and candidate decides the rest. ``mode`` says what
    happens to those who fit, ``offer`` how they are asked. Entering one of ``until`` means that the work is
    done: the capacity of whoever fills the slot is free again, while the slot keeps the name. ``relax`` lists
    steps of asking for less, in the order of ``after`` where all count alike, else as written. ``redispatch`` says when
    the slot is emptied and looked after anew. ``title`` is what people call who is looked for, in one language or several.

    Besides what is required, a candidate is never away, offline, absent, forbidden for the customer or
    somebody who declined; no relaxation changes that.

    Spellings of the same policy compare equal.

    Raises:
        DefinitionError: with every problem found.
    """

    name: str = field(converter=raw)
    slot: str = field(default="assignee", converter=raw)
    of: str | None = field(default=None, converter=raw)
    candidates: str = field(default=None, converter=raw)
    state: tuple[str, ...] = field(default=(), converter=raw)
    until: tuple[str, ...] = field(default=(), converter=raw)
    event: tuple[str, ...] = field(default=(), converter=raw)
    when: Expression | None = field(default=None, converter=raw)
    takes: Expression | None = field(default=None, converter=raw)
    visit: VisitOptions | None = field(default=None, converter=raw)
    require: tuple[Requirement, ...] = field(default=(), converter=raw)
    prefer: tuple[tuple[Term, ...], ...] = field(default=(), converter=raw)
    seed: str | None = field(default=None, converter=raw)
    mode: str = field(default="assign", converter=raw)
    offer: OfferOptions | None = field(default=None, converter=raw)
    relax: tuple[Relaxation, ...] = field(default=(), converter=raw)
    redispatch: Redispatch | None = field(default=None, converter=raw)
    pull: PullOptions | None = field(default=None, converter=raw)
    appointment: AppointmentOptions | None = field(default=None, converter=raw)
    presence: Span | None = field(default=None, converter=raw)
    title: str = field(default="", converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "name", word(self.name, "name", found) or "")
        if not self.name and not found:
            found.append(Finding("dispatch.text", "name", {"value": shown(self.name)}))
        put(self, "slot", word(self.slot, "slot", found) or "assignee")
        put(self, "of", word(self.of, "of", found))
        put(self, "candidates", word(self.candidates, "candidates", found, CANDIDATES) or usual(self.slot))
        put(self, "state", words(self.state, "state", found))
        put(self, "until", words(self.until, "until", found))
        put(self, "event", words(self.event, "event", found))
        put(self, "when", expression(self.when, "when", found))
        put(self, "takes", self._units(found))
        put(self, "visit", None if self.visit is None else one(self.visit, "visit", found, VisitOptions.read))
        put(self, "require", many(self.require, "require", found, Requirement.read))
        put(self, "prefer", self._levels(found))
        put(self, "seed", word(self.seed, "seed", found))
        put(self, "mode", word(self.mode, "mode", found, MODES) or "assign")
        put(self, "offer", None if self.offer is None else one(self.offer, "offer", found, OfferOptions.read))
        put(self, "relax", _ordered(many(self.relax, "relax", found, Relaxation.read)))
        put(self, "redispatch", None if self.redispatch is None else one(self.redispatch, "redispatch", found, Redispatch.read))
        for key, kind in (("pull", PullOptions), ("appointment", AppointmentOptions)):
            put(self, key, None if getattr(self, key) is None else one(getattr(self, key), key, found, kind.read))
        put(self, "presence", span(self.presence, "presence", found))
        if self.presence is not None and self.presence.business_days:
            found.append(Finding("dispatch.span", "presence", {"reason": "it counts as time passes; write 2h or the like"}))
        put(self, "title", read_title(self.title, found))
        self._relations(found)
        finish(found)

    def _units(self, found: list[Finding]) -> Expression | None:
        read = expression(self.takes, "takes", found)
        if read is not None and not read.reads:
            try:
                value: Any = read.value({})
            except ExpressionError as error:
                value = error.message
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                found.append(Finding("dispatch.takes", "takes", {"value": shown(value)}))
        return None if read is not None and read.text == "1" else read

    def _levels(self, found: list[Finding]) -> tuple[tuple[Term, ...], ...]:
        given: Any = self.prefer
        if isinstance(given, (list, tuple)) and given and not any(isinstance(level, (list, tuple)) for level in given):
            given = [given]  # one level written without its brackets
        if not isinstance(given, (list, tuple)):
            found.append(Finding("dispatch.list", "prefer", {"value": shown(given)}))
            return ()
        if len(given) > MAX_LEVELS:
            found.append(Finding("dispatch.too_many", "prefer", {"count": len(given), "limit": MAX_LEVELS}))
        levels = (many(level, f"prefer[{index}]", found, Term.read) for index, level in enumerate(given[:MAX_LEVELS]))
        return tuple(level for level in levels if level)

    def _relations(self, found: list[Finding]) -> None:
        """What parts must mean to each other: unique names, relaxations that name something, safety kept."""
        seen: set[str] = set()
        for index, requirement in enumerate(self.require):
            path = f"require[{index}]"
            if requirement.name in STANDING:
                found.append(Finding("dispatch.name_standing", f"{path}.name", {"name": requirement.name}))
            if requirement.name is not None and requirement.name in seen:
                found.append(Finding("dispatch.name_twice", f"{path}.name", {"name": requirement.name}))
            seen.add(requirement.name or "")
            if self.candidates == "queues" and requirement.kind in NOT_OF_QUEUES:
                facts = {"kind": requirement.kind, "candidates": self.candidates}
                found.append(Finding("dispatch.not_for_outlets", path, facts))
        if "appointment" in self.modes and self.appointment is None and not found:
            found.append(Finding("dispatch.appointment_missing", "appointment", {}))
        unread = any(finding.path.startswith("require[") for finding in found)  # then a missing target proves nothing
        for index, step in enumerate(self.relax):
            for kind, target in step.targets if not unread else ():
                self._target(kind, target, f"relax[{index}].{kind}", found)

    def _target(self, kind: str, target: str, path: str, found: list[Finding]) -> None:
        possible = [entry for entry in self.require if relaxes(kind, entry)]
        named = possible if kind == "below" else [entry for entry in possible if target in (entry.name, entry.kind)]
        if kind == "neighbours" and target == "of" and self.of is not None:
            return  # nobody can mark that as safety: what keeps the slots apart is no requirement
        if not named:
            known = sorted({entry.name or entry.kind for entry in possible})
            if kind == "neighbours" and self.of is not None:
                known.append("of")
            facts = {"step": kind, "target": target, "known": known, "nearest": nearest(target, known)}
            found.append(Finding("dispatch.relax_target", path, facts))
        if any(entry.safety for entry in named):
            found.append(Finding("dispatch.safety_relaxed", path, {"step": kind, "target": target}))

    @classmethod
    def read(cls, source: Any, functions: Mapping[str, Function] | None = None) -> Policy:
        """
        Read a policy from its mapping; a policy is returned as it is.

        Args:
            source: the mapping.
            functions: the host's functions that its expressions may call.

        Raises:
            DefinitionError: with every problem found.
        """
        if isinstance(source, Mapping) and "name" not in source:
            source = {**source, "name": None}
        return super().read(_parsed(source, functions) if functions else source)

    def to_data(self) -> dict[str, Any]:
        """Canonical JSON-ready form without defaults; ``Policy(**data)`` is equal."""
        data = super().to_data()
        if self.candidates == usual(self.slot):
            data.pop("candidates", None)
        return data

    @cached_property
    def hash(self) -> str:
        """Content hash of the canonical form."""
        text = json.dumps(self.to_data(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def modes(self) -> frozenset[str]:
        """Every mode that it may come to."""
        return frozenset({self.mode, *(step.mode for step in self.relax if step.mode is not None)})

    def mode_at(self, stage: int) -> str:
        """What happens to those who fit after so many relaxations."""
        changed = [step.mode for step in self.relax[:stage] if step.mode is not None]
        return changed[-1] if changed else self.mode

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """What explanations call each requirement, in order: its name, or its kind with a number from the second on."""
        taken = {entry.name for entry in self.require}
        out: list[str] = []
        for entry in self.require:
            rule, number = entry.name or entry.kind, 1
            while entry.name is None and (rule in out or rule in taken):
                number += 1
                rule = f"{entry.kind}_{number}"
            out.append(rule)
        return tuple(out)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Everything its expressions read of the ticket, as dotted names."""
        return frozenset(
            name for _, text, _ in self._expressions() for name in text.reads if name.split(".", 1)[0] != "candidate"
        )

    @cached_property
    def needs(self) -> tuple[tuple[str, Expression], ...]:
        """What says how much and when somebody is needed: each expression of ``takes`` and ``visit`` with its path."""
        out = [] if self.takes is None else [("takes", self.takes)]
        if self.visit is not None:
            out.extend((f"visit.{key}", text) for key, text in self.visit.expressions.items())
        if self.appointment is not None:
            out.append(("appointment.minutes", self.appointment.minutes))
        return tuple(out)

    def _expressions(self) -> list[tuple[str, Expression, bool]]:
        """Each expression with its path and whether it must be a condition."""
        out = [] if self.when is None else [("when", self.when, True)]
        out.extend((path, text, False) for path, text in self.needs)
        for index, entry in enumerate(self.require):
            out.extend((f"require[{index}].{key}", text, key == "when") for key, text in entry.expressions.items())
        for number, level in enumerate(self.prefer):
            for index, term in enumerate(level):
                out.extend((f"prefer[{number}][{index}].{key}", text, False) for key, text in term.expressions.items())
        return out

    def check(
        self,
        fields: Mapping[str, Any] | None = None,
        *,
        states: Collection[str] | None = None,
        calendars: Collection[str] | None = None,
        hooks: Hooks | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> tuple[Finding, ...]:
        """
        What is wrong with the policy where it is used; paths begin below the policy.

        Args:
            fields: name -> type of everything expressions may read, without ``candidate``; None checks no types.
            states: the states there are; None checks none.
            calendars: the calendars there are; None checks none.
            hooks: the host's registered requirements and terms; names not in it are findings.
            functions: the host's functions that expressions may call.
        """
        found: list[Finding] = []
        if fields is not None:
            self._typed({**fields, "candidate": CANDIDATE_FIELDS}, functions, found)
            if self.of is not None and self.of not in SLOTS and not _is_text(self.of, fields):
                known = [*SLOTS, *sorted(name for name in fields if name not in SLOTS and _is_text(name, fields))]
                facts = {"name": self.of, "known": known, "nearest": nearest(self.of, known)}
                found.append(Finding("dispatch.unknown_of", "of", facts))
        if states is not None:
            named = [("state", name) for name in self.state]
            for path, text, _ in self._expressions():
                named.extend((path, name) for function, name in text.asks if function == "in_state")
            found.extend(_unknown("dispatch.unknown_state", named, states))
        if calendars is not None:
            found.extend(_unknown("dispatch.unknown_calendar", self._calendars(), calendars))
        found.extend(self.unregistered(Hooks.of(hooks)))
        offers = "offer" in self.modes or (self.offer is not None and self.offer.broadcast is not None and "pool" in self.modes)
        if self.offer is not None and not offers:
            found.append(Finding("dispatch.offer_unused", "offer", {"mode": self.mode}, severity="warning"))
        if self.visit is None and self.appointment is None:
            whole = [i for i, entry in enumerate(self.require) if entry.window is not None and entry.window.text == "true"]
            found.extend(Finding("dispatch.window_unused", f"require[{i}].window", {}, severity="warning") for i in whole)
        found.extend(_held_up(self.relax))
        for key, mode in (("pull", "queue"), ("appointment", "appointment")):
            if getattr(self, key) is not None and mode not in self.modes:
                found.append(Finding("dispatch.part_unused", key, {"key": key, "mode": mode}, severity="warning"))
        return tuple(found)

    @cached_property
    def uses_hooks(self) -> bool:
        """Whether it names functions of the host."""
        return any(entry.host for entry in self.require) or any(term.host for level in self.prefer for term in level)

    @cached_property
    def in_turns(self) -> bool:
        """Whether candidates go round by it, so that a desk counts turns."""
        return any(term.term == "round_robin" for level in self.prefer for term in level)

    def unregistered(self, hooks: Hooks) -> list[Finding]:
        """A finding for every function of the host that the policy names and nobody registered."""
        asked = [(f"require[{i}].host", entry.host, hooks.requirements) for i, entry in enumerate(self.require) if entry.host]
        named: list[tuple[str, str, Mapping[str, Any]]] = [(path, str(name), known) for path, name, known in asked]
        for number, level in enumerate(self.prefer):
            named.extend((f"prefer[{number}][{i}].host", term.host, hooks.terms) for i, term in enumerate(level) if term.host)
        return [
            Finding("dispatch.host_unknown", path, {"name": name, "known": sorted(known), "nearest": nearest(name, known)})
            for path, name, known in named
            if name not in known
        ]

    def _typed(self, fields: Mapping[str, Any], functions: Mapping[str, Function] | None, found: list[Finding]) -> None:
        preferring = {MINUTES_LEFT: "int", **fields}
        for path, text, condition in self._expressions():
            ranks = path.startswith("prefer[")
            try:
                typed = Expression.parse(text.text, preferring if ranks else fields, functions=functions)
            except ExpressionError as error:
                found.append(Finding("dispatch.expression", path, {"text": text.text, "reason": error.message}))
                continue
            if condition and typed.type not in ("bool", "dyn"):
                found.append(Finding("dispatch.not_a_condition", path, {"text": text.text, "type": typed.type}))
            allowed = types_at(path)
            if allowed and typed.type not in allowed:
                facts = {
                    "text": text.text,
                    "type": typed.type,
                    "known": [name for name in allowed if name not in ("dyn", "null_type")],
                }
                found.append(Finding("dispatch.wrong_type", path, facts))
            if ranks and typed.type not in WHOLE:
                found.append(Finding("dispatch.not_a_number", path, {"text": text.text, "type": typed.type}))

    def _calendars(self) -> list[tuple[str, str]]:
        named: list[tuple[str, str | None]] = [
            (f"require[{i}].open", entry.open) for i, entry in enumerate(self.require) if entry.open not in (None, "shift")
        ]
        named.extend((f"relax[{i}].calendar", step.calendar) for i, step in enumerate(self.relax))
        named.append(("offer.calendar", self.offer.calendar if self.offer else None))
        named.append(("appointment.calendar", self.appointment.calendar if self.appointment else None))
        return [(path, name) for path, name in named if name is not None]


def _parsed(source: Any, functions: Mapping[str, Function]) -> Any:
    """The mapping with its texts parsed with the host's functions; what cannot be parsed stays and is found later."""

    def read(entry: Any, keys: Collection[str]) -> Any:
        if not isinstance(entry, Mapping):
            return entry
        out = dict(entry)
        for key in keys:
            if isinstance(out.get(key), str) and (key, out[key]) not in LIMITS:
                try:
                    out[key] = Expression.parse(out[key], functions=functions)
                except ExpressionError:
                    continue
        return out

    def each(value: Any, keys: Collection[str]) -> Any:
        if isinstance(value, (list, tuple)):
            return [
                [read(item, keys) for item in entry] if isinstance(entry, (list, tuple)) else read(entry, keys)
                for entry in value
            ]
        return read(value, keys)

    if not isinstance(source, Mapping):
        return source
    out = read(source, ("when", "takes"))
    if "visit" in out:
        out["visit"] = read(out["visit"], VISITING)
    if "require" in out:
        out["require"] = each(out["require"], ASKING)
    if "prefer" in out:
        out["prefer"] = each(out["prefer"], ("value", "share"))
    return out


def _is_text(name: str, fields: Mapping[str, Any]) -> bool:
    try:
        return Expression.parse(name, fields).type in ("string", "dyn")
    except ExpressionError:
        return False


def _unknown(code: str, named: list[tuple[str, str]], known: Collection[str]) -> list[Finding]:
    return [Finding(code, path, {"name": name, "nearest": nearest(name, known)}) for path, name in named if name not in known]


def _held_up(steps: tuple[Relaxation, ...]) -> Iterator[Finding]:
    """A finding for each step in elapsed time that stands behind one that takes longer in any case, and so waits for it."""
    longest: Relaxation | None = None
    for index, step in enumerate(steps):
        passing = step.calendar is None and not step.after.business_days
        if longest is not None and passing and step.after.exact < longest.after.exact:
            facts = {"after": step.after.text, "before": longest.after.text, "calendar": longest.calendar}
            yield Finding("dispatch.relax_late", f"relax[{index}].after", facts, severity="warning")
        if step.calendar is not None and (longest is None or step.after.exact > longest.after.exact):
            longest = step


def _ordered(steps: tuple[Relaxation, ...]) -> tuple[Relaxation, ...]:
    # Counted and elapsed times, or two calendars, cannot be compared without an instant to start from.
    ways = {(step.calendar, bool(step.after.business_days), step.after.elapsed and step.calendar is not None) for step in steps}
    if len(ways) > 1:
        return steps
    return tuple(sorted(steps, key=lambda step: (step.after.exact, step.after.business_days)))
