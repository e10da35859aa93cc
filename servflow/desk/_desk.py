"""Knows how workflows, a store, handlers, the world and a source of time are joined; must not know what they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from servflow.desk import _editions, _erase, _looking, _migrate, _recalendar
from servflow.desk._deliver import Delivery, checked_handlers
from servflow.desk._finding import check_names, found
from servflow.desk._holding import Holding, Joined
from servflow.desk._questions import Questions
from servflow.desk._reports import DeliverReport, LookReport, MigrationReport, RecalendarReport, TickReport
from servflow.desk._retry import Retry, positive
from servflow.desk._steps import Outside, Steps, Surroundings, placed
from servflow.desk._tick import Round
from servflow.desk._visits import Visits
from servflow.desk._workflows import Runnable, Workflows
from servflow.engine import MigrationPlan, Workflow
from servflow.errors import InputError, StoreError, shown
from servflow.model import Actor, Effect, Outcome, Record, Reservation, Ticket, World
from servflow.stores import Sort, Store, Trouble


def _system_clock() -> datetime:
    return datetime.now(UTC)


def _retry_of(given: object) -> Retry:
    if not isinstance(given, Retry):
        raise InputError(f"retry is a servflow.desk.Retry, not {shown(given)}", name="retry")
    return given


def _sources_of(given: object) -> tuple[Any, ...]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise InputError(f"sources are a list of functions or of objects with due(now), not {shown(given)}", name="sources")
    sources = tuple(given)
    for source in sources:
        if not (callable(source) or hasattr(source, "due")):
            raise InputError(f"a source is a function of (desk, now), or has due(now), not {shown(source)}", name="sources")
    return sources


class Desk(Questions, Visits, Holding):
    """
    The shell around the pure kernel: loads, decides, keeps, and hands out what is to be done.

    Every call reads the time and the world once per decision. A step somebody else was faster than is
    loaded and decided again. Nothing runs in the background: a host calls ``tick`` and ``deliver``
    as often as it likes, from one process or many. A round of ``tick`` is one transaction of the store, so
    the world may be read in it, but nothing written to the same database by another way.

    Args:
        workflows: one workflow, several, or a mapping of them; several versions of one name go
            together: new tickets get the highest, old ones keep theirs until they are migrated. A version that was
            not given is read from the store, with the host functions and calendars of the newest. Correlators are
            given among them, to every desk that changes tickets they look at.
        store: where tickets live.
        handlers: effect kind -> function of the effect: ``notify``, ``call``, ``call:<name>``, ``assign``,
            ``offer``, ``withdraw``, ``link``, ``unreachable``, and ``*`` for the rest. ``open`` and ``send`` the
            desk carries out itself. What a call's handler returns (a mapping) is sent back as its reply.
        now: gives the present as an aware instant; the system clock in UTC where left out.
        world: gives what lies outside the tickets; or is a ``World`` that stays the same, in which case the
            loads of engineers and outlets are counted from the store unless it has some. Turns are counted in the
            store where the world has ``turns``, or a workflow's dispatch prefers by ``round_robin``.
        sources: functions of (desk, now), or objects with ``due(now)``; each gives the effects ``Open`` and
            ``Send`` that are due. Their ids and keys make them once.
        retry: when a ticket or an effect that failed is tried again, and when it is set aside.
        patience: how long an effect that was taken is left to whoever took it; elapsed time. After that he is
            taken for dead, and it is handed out again.

    Raises:
        InputError: there is no workflow, a handler is for a kind that does not exist, or ``patience`` is no length of time.
    """

    def __init__(
        self,
        workflows: Runnable | Iterable[Runnable] | Mapping[Any, Runnable],
        store: Store,
        *,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        now: Callable[[], datetime] = _system_clock,
        world: Outside = None,
        sources: Sequence[Any] = (),
        retry: Retry = Retry(),  # noqa: B008 - it is frozen, so one may serve all
        patience: timedelta = timedelta(minutes=1),
    ) -> None:
        flows = Workflows.of(workflows, store.definition)
        self.store = store
        counting = any(policy.in_turns for flow in flows.by_hash.values() for policy in getattr(flow, "dispatch", ()))
        self._steps = Steps(flows, store, Surroundings(store, now, world, counting=counting))
        self._retry = _retry_of(retry)
        self._delivery = Delivery(self._steps, checked_handlers(handlers or {}), self._retry, positive(patience, "patience"))
        self._sources = _sources_of(sources)
        for flow in flows.by_hash.values():
            self._keep(flow)

    def _keep(self, flow: Runnable) -> None:
        if self.store.definition(flow.hash) is None:  # asked first: a desk that starts need not wait for one that writes
            self.store.define(flow.hash, flow.workflow, flow.version, flow.to_data())
        _editions.keep(self.store, flow, self._steps.around.now)

    def batch(self) -> AbstractContextManager[None]:
        """Everything inside in one transaction of the store; an exception that leaves the block undoes it all."""
        return self.store.batch()

    def in_transaction(self, connection: Any) -> Desk:
        """
        This desk inside the transaction that is open on the host's own connection, as ``SqliteStore.in_transaction`` says.

        What it keeps is committed or undone by the host, together with the host's rows. Where the store found another
        one faster, it decides again inside the same transaction.

        Raises:
            InputError: the connection is not to this desk's store.
            StoreError: no transaction is open on it, or the store cannot join any.
        """
        join = getattr(self.store, "in_transaction", None)
        if join is None:
            raise StoreError(
                f"a {type(self.store).__name__} cannot join a host's transaction; SqliteStore and SqlStore can",
                code="cannot_join",
            )
        inside = copy(self)
        inside.store = join(connection)
        inside._steps = evolve(self._steps, store=inside.store, around=self._steps.around.over(inside.store))
        inside._delivery = evolve(self._delivery, steps=inside._steps)
        return inside

    def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        workflow: str | None = None,
        actor: Actor | Mapping[str, Any] | str | None = None,
        key: str | None = None,
        occurred: datetime | None = None,
        reservations: Iterable[Reservation] = (),
        effects: Iterable[Effect] = (),
    ) -> Outcome:
        """
        Open a ticket.

        Args:
            fields: what the host knows of the case.
            workflow: its name; may be left out where the desk has only one.
            actor: who opens it.
            key: makes it once: the same key again gives the first result.
            occurred: when it happened, if earlier than now; clocks count from it.
            reservations: what else must hold, or the ticket is not opened; held by it from then on.
            effects: what else is to be carried out once it is opened, before what the workflow asks for; each of this ticket,
                with an id that is the same however often it is made (``servflow.model.effect_id``).

        Raises:
            Conflict: the ticket exists already.
            Refused: the workflow does not allow it.
            ReservationRefused: what must hold across tickets does not hold, however often it was tried; of *reservations*
                the first time, with ``key`` and ``held`` (of a ``Unique`` the ticket that holds it).
            InputError: one of *reservations* or *effects* is none, or is not this ticket's.
        """
        flow = self._steps.workflows.to_open(workflow)
        more = Joined.of(id, reservations, effects)

        def decide(now: datetime, world: World | None) -> Outcome:
            return more.to(flow.open(id, fields, at=now, actor=actor, world=world, occurred=occurred))

        return self._steps.open(id, decide, key=key, given=more.reservations)[1]

    def fire(
        self,
        id: str,  # noqa: A002 - as above
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: Actor | Mapping[str, Any] | str | None = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
        reservations: Iterable[Reservation] = (),
        effects: Iterable[Effect] = (),
    ) -> Outcome:
        """
        Fire an event on a ticket.

        An event that comes while the ticket's own instant is ahead is applied at that instant, and the
        earlier one is kept as when it occurred.

        Args:
            payload: what the event carries.
            actor: who does it.
            key: makes it once: the same key again gives the first result, without effects.
            occurred: when it happened, if earlier than now; clocks count from it.
            expect: the revision the user saw.
            reservations: as for ``open``; where one does not hold, nothing changes.
            effects: as for ``open``; not carried out again where the same key comes again.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            Refused: the event is not allowed; nothing changed.
            Conflict: others were first, however often it was tried.
            ReservationRefused: as for ``open``.
            InputError: as for ``open``.
        """
        more = Joined.of(id, reservations, effects)

        def decide(ticket: Ticket, now: datetime, world: World | None) -> Outcome:
            at, since = placed(now, ticket, occurred)
            world = self._seeing_visits(event, payload, world)
            flow = self._steps.workflows.of_ticket(ticket)
            return more.to(
                flow.fire(ticket, event, payload, at=at, actor=actor, world=world, key=key, occurred=since, expect=expect)
            )

        return self._steps.change(id, decide, key=key, given=more.reservations)[1]

    def preview(
        self,
        id: str,  # noqa: A002 - as above
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: Actor | Mapping[str, Any] | str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
        key: str | None = None,
    ) -> Outcome:
        """
        What ``fire`` would give now; nothing is kept, and reservations are not tried.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            Refused: the event is not allowed.
        """
        ticket = self.get(id)
        at, since = placed(self._steps.around.now(), ticket, occurred)
        world = self._seeing_visits(event, payload, self._steps.around.world_of(ticket))
        flow = self._steps.workflows.of_ticket(ticket)
        return flow.fire(ticket, event, payload, at=at, actor=actor, world=world, key=key, occurred=since, expect=expect)

    def workflow_of(self, id: str) -> Runnable:  # noqa: A002 - as above
        """
        The very version of the workflow that a ticket runs under.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
        """
        return self._steps.workflows.of_ticket(self.get(id))

    def get(self, id: str) -> Ticket:  # noqa: A002 - as above
        """
        The ticket as last kept.

        Raises:
            NotFound: there is no such ticket.
        """
        return self._steps.get(id)

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """
        What has happened to a ticket, in order, from the record after number *after* on.

        Raises:
            NotFound: there is no such ticket.
        """
        records = self.store.history(id, after, limit)
        if not records:
            self.get(id)
        return records

    def available(self, id: str, *, actor: Actor | Mapping[str, Any] | str | None = None) -> Any:  # noqa: A002 - as above
        """
        What can be done with a ticket now, and by this actor: for every event ready, needs or refused, and why.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
        """
        ticket = self.get(id)
        at, _ = placed(self._steps.around.now(), ticket, None)
        return self._steps.workflows.of_ticket(ticket).available(
            ticket, at=at, actor=actor, world=self._steps.around.world_of(ticket)
        )

    def explain(self, id: str) -> Any:  # noqa: A002 - as above
        """
        Why a ticket stands where it stands, what comes next, and what became of its chains and of dispatch.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
        """
        ticket = self.get(id)
        at, _ = placed(self._steps.around.now(), ticket, None)
        flow, world = self._steps.workflows.of_ticket(ticket), self._steps.around.world_of(ticket)
        if isinstance(flow, Workflow) and (flow.escalations or flow.dispatch):
            return flow.explain(ticket, at=at, world=world, records=self.history(id))
        return flow.explain(ticket, at=at, world=world)

    def recalendar(
        self, *, workflow: str | None = None, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> RecalendarReport:
        """
        Count the tickets that sleep by the calendars this desk was given, each in a transaction of its own.

        A ticket is counted again by itself as soon as anything happens to it. One that sleeps keeps the wake of the earlier
        calendars until then, and would be woken too late where a holiday fell away: call this once after a desk was given
        other calendars, beside workers that were given them too. What was done is passed over, so a call that was
        interrupted is simply made again.

        Args:
            workflow: only tickets of this name.
            tickets: their ids; every ticket with a live clock on a calendar where left out.
            limit: how many to count again in this call.

        Raises:
            StoreError: the store itself failed; what was counted before stays so.
        """
        report = _recalendar.run(self._steps, workflow, tickets, limit)
        if tickets is None and not report.more and not report.failed:
            for flow in self._steps.workflows.by_hash.values():
                self.store.define(flow.hash, flow.workflow, flow.version, flow.to_data())
        return report

    def look_again(
        self, *, workflow: str | None = None, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> LookReport:
        """
        Let tickets look at the present world, each in a transaction of its own: dispatch decides what waits, and takes back.

        What a ticket does is known to the store; that somebody fell ill, came back or was given more capacity only the host
        knows. Call it when such a thing changed: nothing polls the world, and a ticket that sleeps sees it with its next
        event or timer only. Tickets that somebody has come first; of those that wait the most urgent, then the oldest.

        Args:
            workflow: only tickets of this name.
            tickets: their ids, as ``find(assignee=...)`` gives those of one person; every ticket with a search, somebody
                found or a visit booked where left out.
            limit: how many may change in this call.

        Raises:
            StoreError: the store itself failed; what was looked at before stays so.
        """
        return _looking.look_again(self._steps, workflow, tickets, limit)

    def tick(self, limit: int = 100) -> TickReport:
        """
        Do what time, mail, released capacity and sources ask for, for at most *limit* tickets.

        Call it as often as promises shall be told to the second; a late call loses nothing, since every
        record carries its own instant. One ticket that fails or whose mail is refused holds up no other: it is tried
        again after a while, as ``retry`` says, and set aside in the end, until ``revive``. Where the world cannot be had,
        the round ends there, and no ticket is blamed for it.

        Raises:
            StoreError: the store itself failed; the round left no trace and can be done again.
        """
        return Round(self._steps, self._retry).run(limit, self._sources, self)

    def deliver(self, limit: int = 100) -> DeliverReport:
        """
        Hand pending effects to their handlers, at most *limit* attempts; each is acknowledged once its handler returned.

        At least once: an effect whose handler raised comes again with the same id after a while, as ``retry`` says, and
        is set aside as a dead letter in the end; one whose process died comes again when ``patience`` is over.
        Effects of one ticket keep their order: while one is tried again the later ones wait, and behind one that was set
        aside they go on. Handlers run one after the other in this thread; ``Worker`` runs several at once.

        Raises:
            StoreError: the store itself failed; what was not acknowledged comes again.
        """
        return self._delivery.run(limit)

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """
        What failed and was not done since, by (sort, id), behind *after*.

        Args:
            sort: ``ticket`` or ``effect``; both where left out.
            aside: True gives what was set aside only, dead letters among it; False what is tried again by itself.
        """
        return self.store.troubles(sort=sort, aside=aside, limit=limit, after=after)

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """Have tickets or effects tried again at once, counted from the beginning; how many of them were in trouble."""
        return self.store.revive(sort, ids)

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        """
        Tickets for a screen: what ``Store.find`` gives for the same arguments.

        ``where`` takes a ticket's asset, customer, outlet, parent and requester, and values of fields that a definition marks
        ``indexed``. The tickets in which correlators keep what they know of a key are left out unless *workflow* asks for
        them by name.

        Raises:
            InputError: no workflow of this desk finds tickets by such a name.
        """
        check_names(self._steps.workflows, asked)
        return found(self.store, asked)

    def erase(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        *,
        fields: Iterable[str] | None = None,
        people: Iterable[str] = (),
        written: bool = False,
        actor: Actor | Mapping[str, Any] | str | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Outcome:
        """
        Take a person's data out of a ticket and of all its records, for good; the chain of its records holds as before.

        What time has set happens first, then one record says what was erased. Tickets it opened, and what handlers
        carried elsewhere, are left as they are.

        Args:
            fields: names of fields, and of ``customer``, ``asset``, ``channel`` and ``tags``; all that the definition
                marks ``personal``, in payloads and evidence too, where left out.
            people: ids that get a name that says nothing; not those who were to do the work.
            written: whether messages, comments and reasons go as well, whatever they say.
            actor: who asks for it.
            reason: kept for good; it should not name the person.
            key: makes it once: the same key again gives the first result.

        Raises:
            NotFound: there is no such ticket, or a version of the workflow it ran under is missing.
            Conflict: effects of it were not carried out or messages not read (``pending``); what to do is said.
            InputError: a name is unknown, or a person is staff of this ticket.
        """
        options = {"fields": fields, "people": tuple(people), "written": written, "actor": actor, "reason": reason}
        return _erase.erase(self._steps, id, _erase.Asked(options), key)

    def migrate(
        self, plan: MigrationPlan, *, tickets: Iterable[str] | None = None, limit: int | None = None
    ) -> MigrationReport:
        """
        Move tickets to the new definition of a plan, each in a transaction of its own.

        From here on the desk has the new version too, and new tickets run under the highest. A ticket that
        somebody changes meanwhile is decided again; one that was moved before is passed over, so a run that was
        interrupted is simply run again.

        Args:
            plan: what ``plan_migration`` gave; it need not have been made for these tickets.
            tickets: their ids; every ticket of the workflow where left out.
            limit: how many to move in this call.

        Raises:
            InputError: the plan is none, or its new version has the number of another one.
            StoreError: the store itself failed; what was moved before stays moved.
        """
        given: object = plan
        if not isinstance(given, MigrationPlan):
            raise InputError(f"pass a plan of servflow.plan_migration, not a {type(given).__name__}")
        for flow in (plan.old, plan.new):
            if flow.hash not in self._steps.workflows.by_hash:
                self._steps.workflows.add(flow)
            self._keep(flow)
        return _migrate.run(self._steps, plan, tickets, limit)
