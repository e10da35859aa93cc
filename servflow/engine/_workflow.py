"""Knows the complete definition for one kind of ticket and its verbs; must not know how documents or stores look."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs
from attrs import field

from servflow.calendars import OpenTime
from servflow.dispatch import Policy
from servflow.engine import _ask, _check, _erasing, _explain_clock, _options, _progress, _read, _verbs
from servflow.engine._building import plain
from servflow.engine._calendar_changes import PastCalendars, hash_of, read_past
from servflow.engine._called import Called
from servflow.engine._check_rules import endless_rules
from servflow.engine._compile import Compiled
from servflow.engine._definition import EventSpec, State, Transition
from servflow.engine._erasing import Erasure
from servflow.engine._extensions import NONE, Extensions
from servflow.engine._given import Given
from servflow.engine._graph import graph as draw_graph
from servflow.engine._law import Law
from servflow.engine._order import meant_orders
from servflow.engine._progress import Progress
from servflow.engine._proving import BUDGET, Proof, prove
from servflow.engine._questions import Questions
from servflow.engine._queueing import index_of
from servflow.engine._surveys import Survey
from servflow.engine._views import Explanation, Option
from servflow.engine._witnesses import replay
from servflow.errors import DefinitionError, Finding
from servflow.escalation import Chain
from servflow.model import Actor, Field, FrozenMap, Outcome, Received, Record, Ticket, World, canonical, instant
from servflow.rules import DecisionTable, Rule
from servflow.sla import Clock, Timeline
from servflow.statemachine import mime_bundle

ActorLike = Actor | Mapping[str, Any] | str | None
WorldLike = World | Mapping[str, Any] | None


@attrs.define(kw_only=True, slots=False, frozen=True, eq=False, repr=False)
class Workflow(Questions, Called):
    """
    The complete, versioned definition for one kind of ticket.

    Every parameter has the name of its key in a document and takes the same plain data or the values of
    this library; both ways compare equal. ``calendars`` given here and ``host_calendars`` are versioned
    apart from the definition; ``past_calendars`` gives earlier editions of them, the oldest first, each a mapping
    of names to calendars or ``PastCalendars``, so that clocks can count by them up to the change. ``past_chains`` gives
    earlier editions of escalation chains, so that a run goes on under the one it is pinned to; they are no part of the
    definition's hash. ``titles`` says what people call what has no part of its own: ``{queues: {care: ...}}``, also ``roles``
    and ``calendars``. Everything is checked at once.

    Raises:
        DefinitionError: with every problem, each with code, path and hint.
    """

    workflow: str
    version: int = 1
    fields: FrozenMap[str, Field] = field(default=None, converter=_read.as_given)
    roles: tuple[str, ...] = field(default=(), converter=_read.as_given)
    queues: tuple[str, ...] = field(default=(), converter=_read.as_given)
    titles: FrozenMap[str, FrozenMap[str, str]] = field(default=None, converter=_read.as_given)
    events: FrozenMap[str, EventSpec] = field(default=None, converter=_read.as_given)
    calendars: FrozenMap[str, OpenTime] = field(default=None, converter=_read.as_given)
    initial: Any = field(default=None, converter=_read.as_given)
    states: FrozenMap[str, State] = field(default=None, converter=_read.as_given)
    transitions: tuple[Transition, ...] = field(default=(), converter=_read.as_given)
    tables: FrozenMap[str, DecisionTable] = field(default=None, converter=_read.as_given)
    rules: tuple[Rule, ...] = field(default=(), converter=_read.as_given)
    dispatch: tuple[Policy, ...] = field(default=(), converter=_read.as_given)
    clocks: tuple[Clock, ...] = field(default=(), converter=_read.as_given)
    escalations: tuple[Chain, ...] = field(default=(), converter=_read.as_given)
    laws: tuple[Law, ...] = field(default=(), converter=_read.as_given)
    surveys: tuple[Survey, ...] = field(default=(), converter=_read.as_given)
    strict: bool = field(default=False, converter=_read.as_given)
    title: str = ""
    description: str = ""
    servflow: int = 1
    host_calendars: FrozenMap[str, OpenTime] = field(default=None, converter=_read.as_given)
    past_calendars: tuple[PastCalendars, ...] = field(default=(), converter=_read.as_given)
    past_chains: tuple[Chain, ...] = field(default=(), converter=_read.as_given)
    extensions: Extensions = NONE

    def __attrs_post_init__(self) -> None:
        sections, findings = _read.sections(self)
        for name, value in sections.items():
            object.__setattr__(self, name, value)
        past, found = read_past(self.past_calendars)
        object.__setattr__(self, "past_calendars", past)
        findings += found
        compiled = Compiled(self)
        findings += _read.without_echo(findings, compiled.problems.findings)
        errors = [finding for finding in findings if finding.severity == "error"]
        if errors:
            raise DefinitionError.of(findings)
        object.__setattr__(self, "compiled", compiled)
        restless = [*endless_rules(self)] if self.rules else []
        if restless:
            raise DefinitionError.of([*findings, *restless])

    compiled: Compiled = field(init=False)

    # what it is -------------------------------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """
        The definition as a JSON-ready mapping in one canonical form; ``Workflow(**data)`` is equal.

        Calendars of the host stand in it beside the inline ones, so that it can be read without the host.
        """
        data: dict[str, Any] = {"servflow": self.servflow}
        for name in _DEFINITION:
            value = plain(self.named_calendars if name == "calendars" else getattr(self, name))
            if value not in (None, "", False, [], {}):
                data[name] = value
        data["tables"] = {name: _nameless(table) for name, table in self.tables.items()}
        if not data["tables"]:
            del data["tables"]
        return data

    @property
    def named_calendars(self) -> Mapping[str, OpenTime]:
        """Every calendar the definition may name: inline ones, and those of the host, which win."""
        return {**self.calendars, **self.host_calendars}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical definition without calendars, which are versioned apart; orders that say something count."""
        data = {name: value for name, value in self.to_data().items() if name != "calendars"}
        # Cases only test a table: a new one changes nothing that a ticket runs under.
        for table in data.get("tables", {}).values():
            table.pop("cases", None)
        return hashlib.sha256(canonical([data, meant_orders(data)])).hexdigest()

    @cached_property
    def calendars_hash(self) -> str:
        """SHA-256 over all calendars the definition can count with."""
        return hash_of(self.compiled.calendars)

    @cached_property
    def past_hashes(self) -> frozenset[str]:
        """The hashes of the calendars, as ``calendars_hash`` was then, that ``past_calendars`` stands for."""
        present = self.compiled.calendars
        return frozenset(
            hash_of(one) for item in self.past_calendars for one in ({**present, **item.calendars}, item.calendars)
        )

    @cached_property
    def pins(self) -> FrozenMap[str, str]:
        """The hashes a ticket opened now runs under."""
        return FrozenMap({"workflow": self.hash, "calendars": self.calendars_hash})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Workflow):
            return NotImplemented
        return self.hash == other.hash and self.to_data() == other.to_data()

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Workflow({self.workflow!r}, version {self.version})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.to_data(), self.extensions, (self.past_calendars, self.past_chains))

    # verbs ------------------------------------------------------------------------------------------------------

    def open(
        self,
        id: str,  # noqa: A002 - the word of the domain, and the name outside callers use
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: ActorLike = None,
        world: WorldLike = None,
        occurred: datetime | None = None,
    ) -> Outcome:
        """
        Open a ticket.

        Args:
            id: what the host calls it; unique in its store.
            fields: values of declared fields, and of ``priority``, ``queue``, ``customer``, ``asset``, ``outlet``,
                ``channel``, ``tags`` and ``parent``.
            at: aware instant of now.
            actor: who opens it; what a person gives stays unless a rule may overwrite.
            world: what decisions may read of the world outside.
            occurred: when it really came in, if earlier than *at*; clocks count from there.

        Raises:
            Refused: a value does not fit (``payload``), or *occurred* is later than *at* (``past``).
            TimeError: an instant is naive.
        """
        return _verbs.open_ticket(self, id, fields, Given.of(at, actor, world, occurred))

    def fire(
        self,
        ticket: Ticket,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: ActorLike = None,
        world: WorldLike = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
    ) -> Outcome:
        """
        Say that something happened to a ticket.

        First everything set for an instant strictly before *at* happens, then the event as one step, then what
        follows from it.

        Args:
            ticket: the ticket as the host holds it.
            event: what happened.
            payload: what came with it; conditions read ``payload.x``.
            at: aware instant of now; up to 5 s behind the ticket is clamped.
            actor: who did it.
            world: what decisions may read of the world outside.
            key: recorded, so that a store can hold the same key to once.
            occurred: when it happened, if earlier than *at*: moves clocks only.
            expect: the revision the user saw; refused as ``stale`` where the ticket has moved on.

        Raises:
            Refused: it is not allowed here and now; the ticket is unchanged.
            TimeError: an instant is naive.
        """
        given = Given.of(at, actor, world, occurred, key=key, expect=expect)
        return _verbs.fire(self, ticket, event, payload, given)

    def advance(self, ticket: Ticket, *, at: datetime, world: WorldLike = None) -> Outcome:
        """
        Let time pass: everything set for an instant strictly before *at* happens.

        A slot that waits is decided again where the world is another one. What fails of all this is undone, with a note where
        it stood, and is not tried again at that instant or in that world. Nothing to do gives the same ticket.

        Raises:
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            LimitError: too much lies in between for one call (``catch_up``, ``budget``); ``reached`` says how far to go first.
            TimeError: an instant is naive.
        """
        return _verbs.advance(self, ticket, Given.of(at, None, world, None))

    def available(
        self, ticket: Ticket, *, at: datetime, actor: ActorLike = None, world: WorldLike = None
    ) -> tuple[Option, ...]:
        """
        What could be done now, by the very code that would do it.

        Gives for every event of the state whether it is ``ready``, ``needs`` a payload, or is ``refused`` and why.
        """
        return _options.available(self, ticket, Given.of(at, actor, world, None))

    def explain(self, ticket: Ticket, *, at: datetime, world: WorldLike = None, records: Iterable[Record] = ()) -> Explanation:
        """Why it is where it is, what was promised and what is next; with all *records* also what chains and dispatch did."""
        return _ask.explain(self, ticket, Given.of(at, None, world, None), records)

    def explain_clock(
        self,
        ticket: Ticket,
        clock: str,
        *,
        at: datetime,
        records: Iterable[Record] = (),
        cycle: int | None = None,
        zone: str | None = None,
        world: WorldLike = None,
    ) -> Timeline:
        """
        Why a clock is due when it is: rows of state, reason and counted time that add up, and the steps to the due instant.

        Args:
            records: all of the ticket, for states, reasons and the far past; with them *at* may lie before the ticket's own.
            cycle: an earlier cycle, which only the records tell; the latest unless given.
            zone: a name of the tz database in which instants are told; the calendar's unless given.

        Raises:
            InputError: no such clock, with a did-you-mean; no such cycle or zone; or *records* are none.
        """
        return _explain_clock.explain_clock(
            self, ticket, clock, Given.of(at, None, world, None), _explain_clock.Asked(records, cycle, zone)
        )

    def progress(
        self,
        ticket: Ticket,
        audience: str = "customer",
        *,
        at: datetime | None = None,
        world: WorldLike = None,
        lang: str = "en",
    ) -> Progress:
        """
        Where the ticket stands as people outside may see it: the texts that states and clocks show to them.

        A state that shows an audience nothing leaves it at the step it saw last.

        Args:
            ticket: the ticket as the host holds it.
            audience: one that some ``shown`` names.
            at: aware instant; left out, the ticket is told as it stands.
            world: what decisions may read, for what happens until *at*.
            lang: the language of the texts, where they are said in several; as ``in_language`` finds it.

        Raises:
            InputError: nothing is shown to such an audience, with a did-you-mean.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive.
        """
        return _progress.progress(self, ticket, audience, at, world, lang=lang)

    def fold(self, records: Iterable[Record]) -> Ticket:
        """
        The ticket that a ticket's own records amount to; no world is needed.

        Args:
            records: all of them, from ``Opened`` on, in order.

        Raises:
            InputError: they do not begin with ``Opened`` or one is missing.
        """
        return _verbs.fold(self, records)

    def index(self, ticket: Ticket) -> Mapping[str, Any]:
        """What a store finds it by, where not null: asset, customer, outlet, parent, requester, fields marked, lines."""
        return index_of(self, ticket)

    def erase(
        self,
        ticket: Ticket,
        records: Sequence[Record],
        before: Iterable[Workflow] = (),
        *,
        at: datetime,
        fields: Iterable[str] | None = None,
        people: Iterable[str] = (),
        written: bool = False,
        actor: ActorLike = None,
        reason: str | None = None,
    ) -> Erasure:
        """
        Take out of a ticket, and of every record it ever made, what they say of a person.

        Fields, payloads and evidence are taken out by name; every text that quotes what was taken out becomes
        ``[erased]``. Nothing reacts to it: no rule, clock or transition. What is erased already gives the same ticket.

        Args:
            ticket: the ticket as the host holds it, with nothing to do before *at*.
            records: all of its records.
            before: earlier definitions it ran under, where it was migrated.
            at: aware instant of now.
            fields: names of fields, and of ``customer``, ``asset``, ``channel`` and ``tags``; all that is marked
                ``personal`` where left out.
            people: ids that get a name that says nothing, wherever they did or said something. Not those who were
                to do the work.
            written: whether messages, comments, reasons and evidence in words go as well, whatever they say.
            actor: who asks for it.
            reason: kept for good; it should not name the person.

        Raises:
            InputError: the records are not the ticket's, a name is unknown, a definition is missing, it has something to
                do first (``due``), or a person is staff of this ticket.
            Refused: *at* lies more than 5 s behind the ticket (``past``).
        """
        given = Given.of(at, actor, None, None)
        return _erasing.erase(self, ticket, records, _erasing.Wanted.of(fields, people, written, reason, before), given)

    def rerun(self, received: Iterable[Record], world_at: Any) -> Outcome:
        """
        Decide a ticket's own received events again.

        Args:
            received: the ticket's records; ``Opened`` and the host's ``Received`` are what counts.
            world_at: function of an instant that gives the world then, or None.

        Returns:
            An outcome with the ticket of today's definition and all its records.
        """
        return _verbs.rerun(self, [item for item in received if _by_host(item)], world_at)

    def check(
        self, *, world: WorldLike = None, budget: int = BUDGET, at: datetime | None = None, days: int = 30
    ) -> tuple[Finding, ...]:
        """
        Everything that can be said about the definition beyond what load refuses; nothing found is a good sign.

        Findings about what a ticket may come to carry a ``witness`` that ``replay_witness`` takes.

        Args:
            world: where given, roles that nobody in it holds are held by nobody; chains and dispatch look for people in it.
            budget: how many abstract states are looked at for one law.
            at: aware instant; where given, clocks are also looked at as those of tickets opened then: whether a calendar
                still opens for long enough, and is known for as long; and who is on call from then on.
            days: for how many days of a schedule, from 1 to 3660.

        Raises:
            TimeError: *at* is naive.
        """
        moment = None if at is None else instant(at, "at")
        return _check.findings(self, World.of(world), self.prove(world=world, budget=budget), moment, days)

    def prove(self, *, world: WorldLike = None, budget: int = BUDGET) -> tuple[Proof, ...]:
        """
        What comes of every law of the definition: proved, refuted with a ticket that breaks it, or undecided.

        Args:
            world: as for ``check``.
            budget: how many abstract states are looked at for one law.
        """
        if world is not None:
            return prove(self, budget, World.of(world))
        known: dict[int, tuple[Proof, ...]] = self.__dict__.setdefault("_proved", {})
        if budget not in known:
            known[budget] = prove(self, budget)
        return known[budget]

    def replay_witness(self, witness: Finding | Proof | Mapping[str, Any]) -> tuple[Outcome, ...]:
        """
        The real tickets of a witness, step by step.

        Args:
            witness: of a finding or a proof, or one of these. It holds ``at``, ``fields`` and, where they matter,
                ``actor`` and ``world`` of the opening, and a ``path`` of steps: ``at``, ``event`` (None: time goes
                on until then), ``payload``, ``actor``.

        Returns:
            The outcome of the opening and of each step.

        Raises:
            InputError: it holds no ticket: the finding is about the definition alone.
        """
        held = witness.witness if isinstance(witness, (Finding, Proof)) else witness
        return replay(self, held)

    def graph(
        self,
        format: str = "mermaid",  # noqa: A002 - the word of the domain
        ticket: Ticket | None = None,
        at: datetime | None = None,
        world: WorldLike = None,
        *,
        detail: bool = False,
        lang: str = "en",
    ) -> str:
        """
        A drawing from the tables the engine runs.

        With a ticket it marks where the ticket is, amber where a clock has warned and red where one is breached, and tells
        beside it (in tables: below) its clocks, the escalation levels reached and its timers.

        Args:
            format: ``mermaid``, ``dot``, ``table`` (Markdown) or ``html`` (tables).
            ticket: where to look; it is drawn as it would stand at that instant.
            at: aware instant to look at it, not before the ticket's own, which is the default.
            world: what decisions may read until then.
            detail: also who may, what an event needs, and titles and steps of states.
            lang: the language of titles, where they are said in several, and of the heads of tables.

        Raises:
            InputError: no such format, or the ticket is of another workflow.
            Refused: *at* lies behind the ticket (``past``).
        """
        moment = at if at is not None or not isinstance(ticket, Ticket) else ticket.at
        given = None if moment is None else Given.of(moment, None, world, None)
        return draw_graph(self, format, ticket, given, detail=detail, lang=lang)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: a Mermaid drawing, or a table where it cannot draw; all forms, whatever is asked for."""
        return mime_bundle(repr(self), self.graph)


def _by_host(record: Record) -> bool:
    return not isinstance(record, Received) or not record.internal


_DEFINITION = (
    *("workflow", "version", "title", "description", "strict", "fields", "roles", "queues", "titles", "events", "calendars"),
    *("initial", "states", "transitions", "tables", "rules", "dispatch", "clocks", "escalations", "laws", "surveys"),
)


def _nameless(table: DecisionTable) -> dict[str, Any]:
    return {key: value for key, value in table.to_data().items() if key != "name"}


def _rebuild(data: Mapping[str, Any], extensions: Extensions, past: tuple[Any, Any] = ((), ())) -> Workflow:
    return Workflow(**data, extensions=extensions, past_calendars=past[0], past_chains=past[1])
