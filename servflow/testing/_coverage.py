"""Knows what of a workflow was exercised, counted from steps and from histories; must not know how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

from servflow.engine import Workflow
from servflow.engine._draft import Draft
from servflow.engine._timeline import first_due, wake_of
from servflow.errors import InputError, Refused, ServflowError, shown
from servflow.model import (
    Actor,
    Breached,
    ClockStarted,
    Decided,
    Escalated,
    Migrated,
    Moved,
    Opened,
    Outcome,
    Received,
    Record,
    Ticket,
    TimerFired,
    Warned,
    World,
)
from servflow.sla import BREACH, mark_of
from servflow.testing._coverage_items import Item, guard_key, impossible_in, items_of
from servflow.testing._coverage_tally import Place, Tally
from servflow.testing._coverage_watch import watched

Around = World | Mapping[str, Any] | Callable[[datetime], Any] | None

_MOMENT = timedelta(microseconds=1)


class Coverage(Tally):
    """
    What of a workflow was exercised, and what never was: states, transitions, both answers of guards, timers, marks of clocks,
    levels of chains, rows of tables, rules, dispatch.

    The workflow itself tells: ``watched`` is a workflow like the one given, equal to it and with its hash, whose verbs count
    here what they did and what they asked. Give it to a desk, or run it by hand. ``observe`` counts a single step that was
    taken elsewhere, ``Coverage.of`` what lies in histories. ``a | b`` joins what was counted of one workflow in two places.

    Args:
        workflow: what is to be covered.
        locate: gives the line of a path of the definition, where somebody knows it; reports then say it.
    """

    def __init__(self, workflow: Workflow, *, locate: Place | None = None) -> None:
        given: object = workflow
        if not isinstance(given, Workflow):
            raise InputError(f"coverage is of a servflow.Workflow, not of {shown(given)}; servflow.load reads one")
        super().__init__(workflow.workflow, workflow.version, workflow.hash, None, locate)
        self.workflow = workflow

    def _list(self) -> tuple[Item, ...]:
        return items_of(self.workflow)

    def _none_can(self) -> frozenset[str]:
        return impossible_in(self.workflow) if self.missed else frozenset()

    @cached_property
    def watched(self) -> Workflow:
        """A workflow like the one given that counts here whatever it does; threads may share it."""
        return watched(self.workflow, self.told)

    # counting ---------------------------------------------------------------------------------------------------

    def observe(
        self,
        before: Ticket | None,
        event: str | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        occurred: datetime | None = None,
    ) -> Outcome | Refused:
        """
        Count one step: the kernel, being deterministic, takes it once more and tells what it asked.

        Args:
            before: the ticket as it was before; None where one was opened.
            event: what was fired; None where time passed. For an opening the id of the ticket.
            payload: what came with it; for an opening the fields.
            at: when.
            actor: who did it.
            world: what decisions could read.
            occurred: as for the verbs.

        Returns:
            What the step came to: its outcome, or the refusal, which is an answer like any other here.
        """
        try:
            if before is None:
                return self.watched.open(event or "observed", payload, at=at, actor=actor, world=world, occurred=occurred)
            if event is None:
                return self.watched.advance(before, at=at, world=world)
            return self.watched.fire(before, event, payload, at=at, actor=actor, world=world, occurred=occurred)
        except Refused as refused:
            return refused

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        histories: Iterable[Record] | Iterable[Iterable[Record]],
        *,
        world: Around = None,
        locate: Place | None = None,
    ) -> Coverage:
        """
        What histories exercised.

        What happened is read from the records. What guards and tables answered is asked again, event by event, of the ticket
        as it was then; where a decision read the world, give it, else the answers are those of no world. Records that were
        made under another version are passed over and counted in ``passed_over``.

        Args:
            histories: all records of one ticket, or of several, each from ``Opened`` on.
            world: the world at that time: one for all, or a function of the instant.
            locate: as for ``Coverage``.

        Raises:
            InputError: they are records of another workflow, or none.
        """
        made = cls(workflow, locate=locate)
        for records in _each(histories):
            made._look_back(records, world)
        return made

    def told(self, heard: list[str], result: Outcome | Refused) -> None:
        """Count one call of a watched workflow: the keys of what it asked, and what it came to."""
        # Before the lock is taken: the facts of a refusal are worked out when somebody looks, by trying what would help.
        shut = result.facts.get("transition") if isinstance(result, Refused) and result.code == "guard" else None
        with self._lock:
            self.steps += 1
            self.counts.update(heard)
            if isinstance(result, Refused):
                self.refused += 1
                if isinstance(shut, int):
                    # A part of the guard failed before the rest could be asked, for want of a payload.
                    self.counts[guard_key(shut, False)] += 1
            else:
                self.counts.update(key for record in result.records for key in _keys(record))

    def _look_back(self, records: Iterable[Record], world: Around) -> None:
        """One history: what its records say, and every event asked again of the ticket as it was."""
        draft, base, mine = Draft(), None, False
        last = datetime.max.replace(tzinfo=UTC)
        for record in records:
            self._check(record, draft)
            if mine and base is None and record.at > last:
                base = self._as_of(draft)  # from here on something may have happened by time alone
            if isinstance(record, Opened):
                mine = record.pins.get("workflow") == self.workflow.hash
            if mine and isinstance(record, (Opened, Received)) and not getattr(record, "internal", False):
                before = None if isinstance(record, Opened) else base or self._as_of(draft)
                self._ask_again(before, record, world)
                base = None
            draft.apply(record)
            last = record.at
            mine = draft.pins.get("workflow") == self.workflow.hash
            with self._lock:
                self.counts.update(_keys(record) if mine else ())
                self.passed_over += not mine
        if mine and base is not None:
            late = base
            self._ask(lambda around: self._asking.advance(late, at=last + _MOMENT, world=around), last, world)

    def _as_of(self, draft: Draft) -> Ticket:
        draft.wake = wake_of(first_due(self.workflow.compiled, draft))
        return draft.freeze()

    def _check(self, record: object, draft: Draft) -> None:
        if not isinstance(record, Record):
            raise InputError(f"histories are records, not {shown(record)}; desk.history(id) gives those of a ticket")
        if draft.sequence == 0 and not isinstance(record, Opened):
            raise InputError("the records of a ticket begin with Opened; give all of them", code="fold")
        if isinstance(record, Opened) and record.workflow != self.workflow.workflow:
            raise InputError(
                f"ticket {record.id} belongs to workflow {record.workflow!r}, not {self.workflow.workflow!r}",
                ticket=record.id,
                workflow=record.workflow,
            )

    def _ask_again(self, before: Ticket | None, record: Opened | Received, world: Around) -> None:
        actor = None if record.actor is None else Actor(record.actor, record.roles)
        since: dict[str, Any] = {"actor": actor, "occurred": record.occurred}
        if isinstance(record, Opened):
            fields = {**{name: record.fields[name] for name in record.given if name in record.fields}, **record.attributes}
            opened = record.id
            self._ask(lambda around: self._asking.open(opened, fields, at=record.at, world=around, **since), record.at, world)
        elif before is not None:
            at, event, payload = record.clamped or record.at, record.event, record.payload
            self._ask(lambda around: self._asking.fire(before, event, payload, at=at, world=around, **since), at, world)

    @cached_property
    def _asking(self) -> Workflow:
        """Like ``watched``, but what its steps come to does not count: the records of the history say that."""

        def told(heard: list[str], _: Outcome | Refused) -> None:
            with self._lock:
                self.counts.update(heard)

        return watched(self.workflow, told)

    def _ask(self, step: Callable[[Any], Outcome], at: datetime, world: Around) -> None:
        """Take a step of a history again, for what it asks."""
        with self._lock:
            self.steps += 1
        # Decided in another world it may come to another end: the records still say what happened.
        with suppress(ServflowError):
            step(world(at) if callable(world) else world)

    def graph(self, format: str = "mermaid", *, lang: str = "en") -> str:  # noqa: A002 - the word of the whole library
        """
        The workflow as a drawing of what was exercised of it: how often each transition was taken, and what never was.

        States that were never entered are red, amber those from which something leads on that was never exercised; a condition
        says which answer it never gave. Tables, and the page, also list what was never exercised, with its place.

        Args:
            format: ``mermaid``, ``dot``, ``table`` (Markdown) or ``html`` (a whole page).
            lang: ``en`` or ``zh``.

        Raises:
            InputError: no such format.
        """
        from servflow.testing._coverage_graph import drawn

        return drawn(self, format, lang)

    def __or__(self, other: Coverage) -> Coverage:
        if not isinstance(other, Coverage):
            return NotImplemented
        made = Coverage(self.workflow, locate=self.locate)
        made.add(self)
        made.add(other)
        return made

    @classmethod
    def from_data(cls, workflow: Workflow, data: Mapping[str, Any], *, locate: Place | None = None) -> Coverage:
        """
        What ``as_data`` wrote, of the same definition.

        Raises:
            InputError: it was counted of another one, or is of another shape.
        """
        made = cls(workflow, locate=locate)
        given: object = data
        counts = given.get("counts") if isinstance(given, Mapping) else None
        if not isinstance(counts, Mapping) or data.get("hash") != workflow.hash:
            raise InputError(
                f"this was not counted of {workflow!r}; give what Coverage.as_data() of the same definition wrote",
                code="coverage",
                hash=workflow.hash,
            )
        known = {item.key for item in made.items}
        made.counts.update({key: int(count) for key, count in counts.items() if key in known})
        made.steps, made.refused = int(data.get("steps", 0)), int(data.get("refused", 0))
        made.passed_over = int(data.get("passed_over", 0))
        return made


def _each(histories: Iterable[Any]) -> Iterator[Iterable[Record]]:
    """Every history on its own, whether one was given or several."""
    given = iter(histories)
    first = next(given, None)
    if first is None:
        return
    if isinstance(first, Record):
        yield chain([first], given)
        return
    for one in chain([first], given):
        if isinstance(one, Record) or not isinstance(one, Iterable):
            raise InputError(f"histories are records of one ticket or a list of such lists, not {shown(one)} among others")
        yield one


def _keys(record: Record) -> Iterator[str]:
    """What a record says was exercised."""
    if isinstance(record, (Opened, Moved)):
        yield from (f"state:{name}" for name in record.entered)
        if isinstance(record, Moved):
            yield from (f"transition:{index}" for index in record.transitions)
    elif isinstance(record, Migrated):
        yield from (f"state:{name}" for name in record.configuration)
    elif isinstance(record, TimerFired):
        yield f"timer:{record.timer.state}:{record.timer.index}"
    elif isinstance(record, ClockStarted):
        yield f"clock:{record.clock}:start"
    elif isinstance(record, Breached):
        yield f"clock:{record.clock}:{BREACH}"
    elif isinstance(record, Warned):
        yield f"clock:{record.clock}:{mark_of(record.mark)}"
    elif isinstance(record, Escalated) and record.outcome not in ("skipped", "stopped"):
        yield f"level:{record.run.chain}:{record.name}"
    elif isinstance(record, Decided) and record.maker in ("rule", "dispatch"):
        yield f"{record.maker}:{record.name}"


__all__ = ["Coverage", "Item"]
