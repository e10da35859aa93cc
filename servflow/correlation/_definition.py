"""Knows the complete definition of what is looked for across tickets; must not know who keeps what was found so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field

from servflow.correlation import _check, _fact, _ticket, _whole
from servflow.correlation._fact import Fact
from servflow.correlation._reading import Sent
from servflow.correlation._view import View
from servflow.correlation._window import Rule
from servflow.errors import DefinitionError, ExpressionError, Finding, nearest, shown
from servflow.expressions import Expression, Function
from servflow.model import EMPTY, FrozenMap, Outcome, Record, Span, Ticket, canonical, freeze, storable

if TYPE_CHECKING:
    from servflow.correlation._firing import Firing
    from servflow.correlation._story import Explanation


def _given(value: Any) -> Any:
    return value


@attrs.define(kw_only=True, slots=False, frozen=True, eq=False, repr=False)
class Correlator:
    """
    What is looked for among the records of many tickets, kept apart by a key, and what follows when it is found.

    ``when`` says which records count (all that have a key, where left out) and ``key`` for whom: a text or a whole number
    (``7`` and ``"7"`` are one key); a record whose key is null or empty counts for nobody, and one with any other key is a
    problem that is told. ``workflows`` names those whose tickets are looked at; all of them where it is empty. ``find`` is one
    of

    * ``count``: *count* records within *within*;
    * ``distinct``: *count* different values of *of* within *within* (null is none);
    * ``sequence``: records that match *steps* in order, others in between or not, the last within *within* of the first;
    * ``absence``: no record for which *unless* holds within *within* after one for which *when* holds. Any record of the key
      will do where *unless* is left out, but for what else the step that began the wait made at the same instant. One that
      ends the wait and matches *when* too begins it anew; one that only matches *when* leaves the wait as it is.

    ``within`` is elapsed time, and a record exactly that much later still belongs. ``after`` says what happens to records once
    they made a firing, the first named is the default: ``restart`` counts from nothing, ``slide`` keeps them, so that every
    further record fires again, ``once`` fires no more for as long as each record comes within *within* of the one before.
    ``quiet`` is a span after a firing in which there is no other.

    Records are placed by their own instants, in the order of (instant, ticket, sequence). ``grace`` is how long stragglers are
    waited for: within it the order in which records arrive changes nothing; without it each counts as it comes. One that
    comes later still is put in its place with ``late: place`` as long as what it could belong to is remembered, and
    not counted with ``late: drop``. ``keep`` bounds what is remembered of one key.

    ``do`` are actions: ``send``, ``open`` and ``notify``, whose expressions read the firing. ``carry`` are expressions over
    a record whose values they may read as ``carried.x``, those of the last record. ``fields`` and ``payload`` give types to
    what expressions read there. ``functions`` are the host's; they are no part of the document.

    Raises:
        DefinitionError: with every problem, each with code, path and hint.
    """

    name: str
    version: int = 1
    title: str = ""
    description: str = ""
    workflows: tuple[str, ...] = field(default=(), converter=_given)
    when: Expression | None = field(default=None, converter=_given)
    key: Expression = field(converter=_given)
    find: str = "count"
    count: int | None = None
    of: Expression | None = field(default=None, converter=_given)
    steps: tuple[Expression, ...] = field(default=(), converter=_given)
    unless: Expression | None = field(default=None, converter=_given)
    within: Span = field(converter=_given)
    after: str = "restart"
    quiet: Span | None = field(default=None, converter=_given)
    grace: Span = field(default=None, converter=_given)
    late: str = "place"
    keep: int | None = None
    carry: FrozenMap[str, Expression] = field(default=None, converter=_given)
    do: tuple[Mapping[str, Any], ...] = field(default=(), converter=_given)
    fields: FrozenMap[str, Any] = field(default=None, converter=_given)
    payload: FrozenMap[str, Any] = field(default=None, converter=_given)
    functions: Mapping[str, Function] | None = None
    sent: tuple[Sent, ...] = field(init=False)
    """The actions, checked."""
    rule: Rule = field(init=False)
    """What is looked for, as numbers."""

    def __attrs_post_init__(self) -> None:
        made = _whole.read(self)
        for name, value in made.items():
            object.__setattr__(self, name, value)

    # what it is -------------------------------------------------------------------------------------------------

    @classmethod
    def from_data(cls, data: Mapping[str, Any], functions: Mapping[str, Function] | None = None) -> Correlator:
        """
        Read a definition from its mapping: the keywords as keys, but for the name, which stands under ``correlator``.

        Raises:
            DefinitionError: a key is unknown or missing, or as for the class.
        """
        given: object = data
        if not isinstance(given, Mapping):
            raise DefinitionError.of([Finding("correlation.mapping", "", {"value": shown(given)})])
        words = {"servflow": None, "correlator": None, **dict.fromkeys(KEYS)}
        found = [
            Finding("correlation.unknown_key", str(key)[:200], {"key": str(key), "known": KEYS, "nearest": nearest(key, KEYS)})
            for key in data
            if key not in words
        ]
        parts = {name: value for name, value in data.items() if name != "servflow"}
        if "correlator" in parts:
            parts["name"] = parts.pop("correlator")
        needed = {"name": "correlator", "key": "key", "within": "within"}
        found += [Finding("correlation.missing", word, {"key": word}) for name, word in needed.items() if name not in parts]
        if data.get("servflow", 1) != 1:
            found.append(Finding("definition.format", "servflow", {"value": shown(data["servflow"]), "known": 1}))
        if found:
            raise DefinitionError.of(found)
        return cls(**parts, functions=functions)

    def to_data(self) -> dict[str, Any]:
        """The definition as a JSON-ready mapping in one canonical form, without defaults; ``from_data`` gives an equal one."""
        data: dict[str, Any] = {"servflow": 1, "correlator": self.name}
        for attribute in _PARTS[1:]:
            value = getattr(self, attribute.name)
            if value not in (None, (), EMPTY) and value != attribute.default and value != _UNSAID.get(attribute.name):
                data[attribute.name] = _plain(value)
        return data

    @property
    def workflow(self) -> str:
        """Its name, under which the tickets of its keys run."""
        return self.name

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical definition."""
        return hashlib.sha256(canonical(self.to_data())).hexdigest()

    @cached_property
    def pins(self) -> FrozenMap[str, str]:
        """The hashes that the ticket of a key runs under."""
        return FrozenMap({"workflow": self.hash, "shape": self._shape})

    @cached_property
    def _shape(self) -> str:
        """SHA-256 of what a fact is made by: where it stays the same, another version goes on with what is remembered."""
        data = self.to_data()
        return hashlib.sha256(canonical({name: data.get(name) for name in _SHAPE})).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.to_data() == other.to_data() if isinstance(other, Correlator) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Correlator({self.name!r}, version {self.version})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Correlator.from_data, (self.to_data(), self.functions)

    def check(self, workflows: Iterable[Any] = ()) -> tuple[Finding, ...]:
        """
        What can be said beyond what load refuses, given the workflows it is to listen to and to act on.

        Finds names of workflows that are not among them, fields that none of those listened to has or that have another type,
        and fields given to a ticket that its workflow has not. Nothing can be said of workflows that are not given.
        """
        return _check.findings(self, tuple(workflows))

    # records -----------------------------------------------------------------------------------------------------

    def listens(self, workflow: str) -> bool:
        """Whether it looks at the tickets of a workflow; never at those of its own."""
        return workflow != self.name and (not self.workflows or workflow in self.workflows)

    def ticket_id(self, key: str) -> str:
        """The id of the ticket that keeps what is known about one key, such as ``~repeated/C7``; at most 177 characters."""
        return _fact.ticket_id(self.name, key)

    def facts(
        self,
        before: Ticket | None,
        records: Iterable[Record],
        *,
        problems: list[tuple[Record, ExpressionError]] | None = None,
    ) -> tuple[Fact, ...]:
        """
        What some further records of one ticket come to.

        Args:
            before: the ticket before them; None where they begin with ``Opened``.
            records: the next records of that ticket, in order.
            problems: where given, a record whose conditions cannot be computed is added here and counts for nobody.

        Raises:
            ExpressionError: a condition cannot be computed, and *problems* was not given.
        """
        view = View(before)
        return self.facts_of(view, records, problems=problems)

    def facts_of(
        self, view: View, records: Iterable[Record], *, problems: list[tuple[Record, ExpressionError]] | None = None
    ) -> tuple[Fact, ...]:
        """As ``facts``, on a view of the ticket, which is moved on."""
        made = []
        whole = self._reads_records
        for record in records:
            names = view.see(record, whole=whole)
            if not self.listens(names["workflow"]):
                continue
            try:
                fact = self.fact(names)
            except ExpressionError as error:
                if problems is None:
                    raise
                problems.append((record, error))
                continue
            if fact is not None and not self._rest_of_step(view, fact):
                made.append(fact)
        return tuple(made)

    def _rest_of_step(self, view: View, fact: Fact) -> bool:
        """Whether a record is only the rest of the step that began a wait, such as the clock that an opening starts."""
        if self.find != "absence" or self.unless is not None:
            return False
        if view.names["kind"] == "Received" and not view.names["internal"]:
            view.began = None
        if fact.starts:
            view.began = fact.at
        return not fact.starts and view.began == fact.at

    def fact(self, names: Mapping[str, Any]) -> Fact | None:
        """
        What one record comes to; None where it counts for nobody.

        Raises:
            ExpressionError: a condition cannot be computed.
        """
        starts = self.when is None or self.when.test(names)
        ends = self.find == "absence" and (self.unless is None or self.unless.test(names))
        if not (starts or ends):
            return None
        steps = tuple(index for index, step in enumerate(self.steps) if step.test(names))
        if self.find == "sequence" and not steps:
            return None
        key = _key(self.key.value(names))
        if key is None:
            return None
        value = None if self.of is None else freeze(self.of.value(names))
        if self.of is not None and value is None:
            return None
        carried = FrozenMap({name: freeze(part.value(names)) for name, part in self.carry.items()})
        named = {"ticket": names["ticket"], "sequence": names["sequence"], "at": names["at"]}
        return Fact(key=key, **named, value=value, steps=steps, starts=starts, ends=ends, carried=carried)

    @cached_property
    def _reads_records(self) -> bool:
        asked = (self.when, self.key, self.of, self.unless, *self.steps, *self.carry.values())
        return any(part is not None and "record" in part.roots for part in asked)

    def run(self, records: Iterable[tuple[str, Record]], until: datetime | None = None) -> tuple[Firing, ...]:
        """
        Everything found among records, as if each had come at its own instant.

        Args:
            records: (ticket, record) in any order, from ``Opened`` on for each ticket; taken by (instant, ticket, sequence).
            until: then time passes until that instant; without it what only time completes is not found.

        Raises:
            ExpressionError: a condition cannot be computed on a record.
            TimeError: *until* is naive.
        """
        from servflow.correlation._engine import Correlation

        views: dict[str, View] = {}
        ordered = sorted(records, key=lambda pair: (pair[1].at, pair[0], pair[1].sequence))
        engine = Correlation(self)
        found: list[Firing] = []
        for ticket, record in ordered:
            view = views.get(ticket)
            if view is None:
                view = views[ticket] = View()
            for fact in self.facts_of(view, (record,)):
                found.extend(engine.feed((fact,)))
        if until is not None:
            found.extend(engine.advance(until))
        return tuple(found)

    # the ticket of a key -----------------------------------------------------------------------------------------

    def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        occurred: datetime | None = None,
    ) -> Outcome:
        """
        Open the ticket of a key.

        Args:
            id: what ``ticket_id`` gives for the key.
            fields: ``{"key": ...}``.
            at: aware instant of now.
            actor: None or ``system``.
            world: not looked at.
            occurred: not looked at; facts have instants of their own.

        Raises:
            InputError: the key is missing, or the id is not that of its ticket.
            Refused: somebody else than the system asks for it (``not_permitted``).
            TimeError: *at* is naive.
        """
        return _ticket.open_ticket(self, id, fields, at, actor)

    def fire(
        self,
        ticket: Ticket,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
    ) -> Outcome:
        """
        Tell the ticket of a key of a fact: the event ``record`` with ``Fact.payload``.

        What time alone had completed before the fact's own instant happens first, and nothing else does: facts of earlier
        instants may still be on their way. The effects of the outcome are those of what was found.

        Args:
            key: recorded, so that a store can hold the same fact to once; ``Fact.event_key``.
            expect: the revision it was decided on.

        Raises:
            Refused: there is no such event (``unknown``), the payload is no fact of this key (``payload``), somebody else
                than the system says it (``not_permitted``), the ticket has moved on (``stale``), or *at* lies more than 5 s
                behind it (``past``).
            TimeError: *at* is naive.
        """
        return _ticket.fire(self, ticket, event, payload, _ticket.Call(at, actor, key, expect))

    def advance(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Outcome:
        """
        Let time pass: what is complete strictly before *at* is found, and what cannot matter any more is forgotten.

        Raises:
            Refused: *at* lies more than 5 s behind the ticket (``past``).
            TimeError: *at* is naive.
        """
        return _ticket.advance(self, ticket, at)

    def available(self, ticket: Ticket, *, at: datetime, actor: Any = None, world: Any = None) -> tuple[Any, ...]:
        """Nothing: only records are told to the ticket of a key, and nobody chooses them."""
        return ()

    def explain(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Explanation:
        """What is remembered of a key and what is missing, or would be found, as of an instant not before the ticket's."""
        return _ticket.explain(self, ticket, at)

    def fold(self, records: Iterable[Record]) -> Ticket:
        """
        The ticket that its own records amount to.

        Raises:
            InputError: they do not begin with ``Opened`` or one is missing.
        """
        return _ticket.fold(self, records)

    def rerun(self, received: Iterable[Record], world_at: Any = None) -> Outcome:
        """
        Decide a ticket's own received facts again, with time passing where it did.

        Returns:
            An outcome with the ticket of today's definition and all its records.
        """
        return _ticket.rerun(self, received)


_PARTS = tuple(item for item in attrs.fields(Correlator) if item.init and item.name != "functions")
KEYS = tuple(item.name for item in _PARTS)
"""The words a correlator's definition may use."""

_SHAPE = ("find", "key", "of", "steps", "unless", "when")

_UNSAID: Mapping[str, Any] = {"grace": Span()}


def _key(value: Any) -> str | None:
    """
    The key a value stands for; None where there is nobody to count for.

    Raises:
        ExpressionError: it is neither text nor a whole number, which only a field of any type can turn out to be.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ExpressionError(f"a key is text or a whole number, not {shown(value)}", code="key", value=shown(value))
    text = str(value)
    return text if text and storable(text) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Span):
        return value.text
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
