"""Knows what a ticket's records tell of how its slots were filled, in words; must not know who fits or why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from servflow.dispatch import Policy
from servflow.dispatch._tally import Tally
from servflow.dispatch._told import clock, jsonable
from servflow.engine._slot_reasons import Called, reason_said
from servflow.errors import render
from servflow.model import (
    EMPTY,
    Assigned,
    Booked,
    Decided,
    FrozenMap,
    Offered,
    OfferEnded,
    Record,
    SlotChanged,
    SlotProgress,
    Unbooked,
    read_instant,
    write_instant,
)

BEST = 3
"""How many of those who fitted are told as text with their points, the best first."""

_OF_TALLY = ("kind", "considered", "counts", "needs", "again", "ranked", "order", "terms")

_INSTANTS = {"until", "change_at", "relax_at", "start"}

_STANDS = {"queued", "booking"}
"""Where a ticket looks for nobody by itself: people come for it, or a visit is booked."""

MANY = 5
"""How many names a line of text holds at most."""


@frozen(kw_only=True)
class SlotStep:
    """
    One thing that happened while somebody was looked for.

    ``kind`` is ``began``, ``decided``, ``offered``, ``answered_accepted`` (or ``_rejected``, ``_expired``, ``_withdrawn``),
    ``proposed``, ``declined`` (by a dispatcher), ``relaxed``, ``waiting``, ``unasked`` (no world was given), ``queued``,
    ``booking``, ``booked``, ``moved``, ``unbooked_cancelled`` (or ``_missed``, ``_lost``, ``_done``), ``taken_back``,
    ``failed``, ``filled``, ``emptied`` or ``ended``; ``to`` whom it concerns; ``facts`` what is told of it, as data. Reasons
    stand in the facts as they were recorded; ``text`` says them in either language.
    """

    at: datetime
    sequence: int
    kind: str
    to: tuple[str, ...] = ()
    facts: FrozenMap[str, Any] = EMPTY

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> SlotStep:
        """A step from what ``as_data`` gave."""
        facts = dict(data["facts"])
        for name in _INSTANTS & facts.keys():
            facts[name] = read_instant(facts[name])
        facts.update({name: tuple(facts[name]) for name in ("waits", "ranked", "order", "terms") if name in facts})
        return cls(
            at=read_instant(data["at"]),
            sequence=data["sequence"],
            kind=data["kind"],
            to=tuple(data["to"]),
            facts=FrozenMap(facts),
        )

    def text(self, lang: str = "en", zone: str | None = None, called: Called | None = None) -> str:
        """
        The step as one sentence.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC where left out.
            called: gives what people call a slot or a state in that language, by its kind and its name; else its name is told.
        """
        said = {name: self._shown(value, zone) for name, value in self.facts.items() if name not in _OF_TALLY}
        names = [*self.to[:MANY], *([f"+{len(self.to) - MANY}"] if len(self.to) > MANY else [])]
        said["to"] = ", ".join(names) or "-"
        if called is not None and isinstance(said.get("slot"), str):
            said["slot"] = called("slot", said["slot"])
        if isinstance(self.facts.get("reason"), str):
            said["reason"] = reason_said(self.kind, self.facts["reason"], lang, called)
        if self.kind == "decided":
            action = render(f"dispatch.story.{self.facts.get('action')}", said, lang)
            if action.startswith("dispatch.story."):  # a way of giving tickets out that has no words of its own
                action = f"{self.facts.get('action')} {said['to']}"
            counts = Tally.of_record(self.at, self.facts).text(lang, zone)
            return render("dispatch.story.decided", {"counts": counts, "action": action}, lang)
        return render(f"dispatch.story.{self.kind}", said, lang) + "".join(
            render(f"dispatch.story.{self.kind}.{name}", said, lang)
            for name in ("start", "reason", "waits", "until", "change_at", "relax_at", "pool", "by")
            if self.facts.get(name) and self._says(name)
        )

    def _says(self, name: str) -> bool:
        return not render(f"dispatch.story.{self.kind}.{name}", {}).startswith("dispatch.story.")

    def _shown(self, value: Any, zone: str | None) -> Any:
        if isinstance(value, datetime):
            return clock(value, zone, self.at)
        if isinstance(value, tuple):
            return ", ".join(str(item) for item in value[:MANY]) + (f", +{len(value) - MANY}" if len(value) > MANY else "")
        return value

    @property
    def places(self) -> tuple[str, ...]:
        """Of a decision: the best few with their points and what each term measured."""
        return tuple(_place(item, self.facts.get("terms", ())) for item in self.facts.get("ranked", ())[:BEST])

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "at": write_instant(self.at),
            "sequence": self.sequence,
            "kind": self.kind,
            "to": list(self.to),
            "facts": jsonable(self.facts),
        }


def _place(item: Mapping[str, Any], order: Iterable[str]) -> str:
    points, measured = "/".join(str(total) for total in item["points"]), item["terms"]
    named = (name for name in dict.fromkeys((*order, *measured)) if name in measured)
    terms = ", ".join(f"{name} {measured[name]}" for name in named)
    place = f"{item['rank']}. {item['id']}"
    return place + (f"  {points}" if points else "") + (f"  ({terms})" if terms else "")  # nothing where nothing is preferred


@frozen(kw_only=True)
class SlotStory:
    """What dispatch did about one slot by one entry, from its first search on: ``steps`` in order."""

    policy: str
    slot: str
    steps: tuple[SlotStep, ...] = ()

    @property
    def latest(self) -> tuple[SlotStep, ...]:
        """The steps of the latest search only."""
        begun = [place for place, step in enumerate(self.steps) if step.kind == "began"]
        return self.steps[begun[-1] :] if begun else self.steps

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        Every step as a line with its instant; decisions with the best few below.

        Args:
            lang: ``en`` or ``zh``.
            zone: a name of the tz database in which instants are told; UTC where left out.

        Raises:
            InputError: there is no such zone.
        """
        lines = []
        for step in self.steps:
            lines.append(f"{clock(step.at, zone)}  {step.text(lang, zone)}")
            lines.extend(f"  {place}" for place in step.places)
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"policy": self.policy, "slot": self.slot, "steps": [step.as_data() for step in self.steps]}


def slot_stories(policies: Sequence[Policy], records: Iterable[Record]) -> tuple[SlotStory, ...]:
    """What records tell of every dispatch entry that ever looked for somebody, in the order of the entries."""
    log = list(records)
    told = (SlotStory(policy=policy.name, slot=policy.slot, steps=tuple(_Telling(policy).of(log))) for policy in policies)
    return tuple(story for story in told if story.steps)


@attrs.define
class _Telling:
    policy: Policy
    progress: SlotProgress | None = None
    begun: bool = False
    steps: list[SlotStep] = attrs.field(factory=list)

    def of(self, log: Iterable[Record]) -> list[SlotStep]:
        for record in log:
            if isinstance(record, SlotChanged) and record.policy == self.policy.name:
                self._changed(record)
            elif isinstance(record, Decided) and record.maker == "dispatch" and record.name == self.policy.name:
                self._decided(record)
            elif isinstance(record, Offered) and record.offer.policy == self.policy.name:
                self._offered(record)
            elif isinstance(record, OfferEnded) and record.offer.policy == self.policy.name:
                self._ended(record)
            elif isinstance(record, (Booked, Unbooked)) and record.appointment.policy == self.policy.name:
                self._visit(record)
            elif isinstance(record, Assigned) and record.slot == self.policy.slot and self.begun:
                by = "" if record.source.startswith("dispatch[") else record.source
                if record.to is not None:
                    self._step(record, "filled", (record.to,), {"by": by})
                elif record.previous is not None:
                    self._step(record, "emptied", (record.previous,), {})
        return self.steps

    def _step(self, record: Record, kind: str, to: tuple[str, ...], facts: Mapping[str, Any]) -> None:
        kept = FrozenMap({name: value for name, value in facts.items() if value not in (None, "", ())})
        self.steps.append(SlotStep(at=record.at, sequence=record.sequence, kind=kind, to=to, facts=kept))

    def _changed(self, record: SlotChanged) -> None:
        before, now, self.progress, self.begun = self.progress, record.progress, record.progress, True
        if now is None:
            self._step(record, "ended", (), {"reason": record.reason})
        elif before is None or now.since != before.since or (now.phase == "searching" and before.phase == "filled"):
            taken = before is not None and now.again > before.again
            kind = "taken_back" if taken else "began"
            self._step(record, kind, (), {"slot": record.slot, "reason": record.reason if taken else ""})
        elif now.stage > before.stage:
            self._step(record, "relaxed", (), {"reason": record.reason, "stage": now.stage})
        elif before.proposed is not None and now.proposed is None and now.declined != before.declined:
            reason = record.reason.partition(" was declined: ")[2]
            self._step(record, "declined", (before.proposed,), {"reason": reason})
        elif now.phase in _STANDS and now.phase != before.phase:
            self._step(record, now.phase, (), {"relax_at": now.relax_at})
        elif record.reason.startswith("failed:"):
            self._step(record, "failed", (), {"reason": record.reason})
        elif now.proposed is not None and now.proposed != before.proposed:
            self._step(record, "proposed", (now.proposed,), {})
        elif now.phase == "waiting" and (before.phase, before.waits, before.change_at) != (now.phase, now.waits, now.change_at):
            asked = now.world is None
            told = {"waits": tuple(key.partition(":")[2] for key in now.waits), "change_at": now.change_at}
            self._step(record, "unasked" if asked else "waiting", (), {**told, "relax_at": now.relax_at})

    def _decided(self, record: Decided) -> None:
        why: Any = record.why if isinstance(record.why, Mapping) else EMPTY
        result: Any = record.result if isinstance(record.result, Mapping) else EMPTY
        to = tuple(str(name) for name in result.get("to") or ())
        told = {name: why[name] for name in (*_OF_TALLY, "fingerprint") if name in why}
        told.setdefault("kind", self.policy.candidates)  # early records do not say it
        self._step(record, "decided", to, {**told, "action": result.get("action"), "world": record.world})

    def _offered(self, record: Offered) -> None:
        offer, last = record.offer, self.steps[-1] if self.steps else None
        if last is not None and (last.kind, last.at) == ("offered", record.at):  # asked at once: one step
            self.steps[-1] = attrs.evolve(last, to=(*last.to, offer.to))
            return
        self._step(record, "offered", (offer.to,), {"until": offer.expires, "pool": offer.pool})

    def _ended(self, record: OfferEnded) -> None:
        kind, last = f"answered_{record.outcome}", self.steps[-1] if self.steps else None
        known = {"outcome": record.outcome, "reason": record.reason}
        if last is not None and (last.kind, last.at) == (kind, record.at) and last.facts.get("reason", "") == record.reason:
            self.steps[-1] = attrs.evolve(last, to=(*last.to, record.offer.to))  # withdrawn from all at once: one step
            return
        self._step(record, kind, (record.offer.to,), known)

    def _visit(self, record: Booked | Unbooked) -> None:
        if isinstance(record, Booked):
            kind, visit = "booked" if record.was is None else "moved", record.appointment
            facts: dict[str, Any] = {"by": record.by}
        else:
            kind, visit = f"unbooked_{record.appointment.phase}", record.was
            facts = {"reason": record.reason, "by": record.by}
        self._step(record, kind, () if visit.to is None else (visit.to,), {"start": visit.start, **facts})
