"""Knows how a run of a workflow is drawn, step by step, and told; must not know which workflow it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from servflow.desk import Desk
from servflow.engine import Option, Workflow, migrate
from servflow.errors import InputError, LimitError, Refused, ServflowError
from servflow.model import Actor, Effect, Migrated, Outcome, Record, Ticket, World, canonical
from servflow.stores import Change, MemoryStore
from servflow.testing._calls import GAPS, WAIT, Call
from servflow.testing._machine_bounds import PROBE, paced, usual
from servflow.testing._machine_draws import MOST_IDLE, START, Opening, Setting, openings, walk
from servflow.testing._machine_promises import (
    MAX_RECORDS,
    Laws,
    broken,
    insist,
    keeps_the_laws,
    lost,
)
from servflow.testing._machine_story import actor_text, literal, script, world_text
from servflow.testing._ways import taken_by

_MICRO = timedelta(microseconds=1)
_FAR = timedelta(days=400)
_SHORT = 200
"""Up to how many records a run is folded after every step."""


E = TypeVar("E", bound=Exception)


def _likely(machine: WorkflowMachine) -> st.SearchStrategy[Call]:
    return machine.likely()


def _any(machine: WorkflowMachine) -> st.SearchStrategy[Call]:
    return machine.anything()


likely_calls = st.runner().flatmap(_likely)
"""What somebody may do with the ticket of the machine as it stands."""

any_calls = st.runner().flatmap(_any)
"""What anybody could try, allowed or not."""


class WorkflowMachine(RuleBasedStateMachine):
    """
    One ticket of a workflow, on which anything may happen; ``machine_for`` makes the class for a workflow.

    ``ticket``, ``records``, ``effects`` and ``world`` are those of the run so far, ``at`` its present; ``workflow`` is the
    version that the ticket runs under now. ``opened`` is None until the ticket is there.
    """

    setting: ClassVar[Setting]
    workflow: Workflow
    ticket: Ticket

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.TestCase.settings = usual(cls.TestCase.settings)

    def __init__(self) -> None:
        super().__init__()
        self.setting.search.begin()
        self._anew()

    def _anew(self) -> None:
        """As before the opening of a ticket."""
        self.calls = self.setting.calls
        self.workflow = self.calls.workflow
        self.records: list[Record] = []
        self.effects: list[Effect] = []
        self.world: World | None = None
        self.at = START
        self.opened = False
        self.judges_people = self.setting.judged
        self.laws = Laws(self.workflow)
        self._ids: set[str] = set()
        self._lines: list[str] = []
        self._trying = ""
        self._options: tuple[Any, list[tuple[Actor | None, Option]]] | None = None
        self.taken: frozenset[int] = frozenset()
        self._moved = 0
        self._patience = self._folded = self._idle = 0

    # what happens -------------------------------------------------------------------------------------------------------

    @initialize(how=st.runner().flatmap(lambda machine: openings(machine.setting)))
    def open_ticket(self, how: Opening) -> None:
        """Open the ticket, in a drawn world."""
        self._open(how)

    @precondition(lambda self: not self.leads_on())
    @rule(how=st.runner().flatmap(lambda machine: openings(machine.setting)))
    def open_another(self, how: Opening) -> None:
        """Leave the ticket where it ended, or where nothing new came of it, and open another one."""
        self._anew()
        self._open(how)

    @precondition(lambda self: self.leads_on())
    @rule(calls=st.runner().flatmap(walk))
    def go_on(self, calls: list[Call]) -> None:
        """People do what ``available`` says they may, one after another."""
        self._walked(calls)

    @precondition(lambda self: self.leads_on())
    @rule(calls=st.runner().flatmap(walk), gap=GAPS)
    def go_on_slowly(self, calls: list[Call], gap: timedelta) -> None:
        """The same, with time between one thing and the next; it may be too late for some of them."""
        self._walked(calls, gap)

    @precondition(lambda self: self.opened)
    @rule(call=likely_calls)
    def act(self, call: Call) -> None:
        """Somebody does what ``available`` says they may; what it calls ready is taken."""
        with self._told():
            done = self._fire(call)
            who = call.actor.id if call.actor else "nobody"
            insist(done or not call.ready, f"available says that {call.event} is ready for {who}, and fire refuses it")

    @precondition(lambda self: self.opened)
    @rule(call=likely_calls, how=st.sampled_from(["later", "told late", "again", "stale page", "twice"]), gap=GAPS)
    def act_oddly(self, call: Call, how: str, gap: timedelta) -> None:
        """
        Somebody does it later than they meant to, or earlier than the host hears of it, again, on a stale page, or twice.

        A page that shows an earlier revision is refused; the same message a second time gives the result of the first.
        """
        with self._told():
            if how == "later":
                self._pass_to(self.at + self._paced(gap))
                self._fire(call)
            elif how == "told late":
                self._fire(call, occurred=self.at - gap)
            elif how == "again":  # as if it had not been: another key, another channel
                self._fire(call)
                self._fire(call)
            elif how == "stale page":
                done = self._fire(call, expect=self.ticket.revision - 1)
                insist(not done, f"{call.event} was taken though the page showed an earlier revision")
            else:
                self._through_desk(call)

    @precondition(lambda self: self.opened)
    @rule(call=any_calls)
    def try_anything(self, call: Call) -> None:
        """Somebody tries something; what ``available`` calls refused is refused, for the same reason."""
        with self._told():
            done = self._fire(call, code=call.code)
            insist(call.code is None or not done, f"available refuses {call.event} ({call.code}), and fire takes it")

    @precondition(lambda self: self.opened)
    @rule(gap=GAPS, share=st.sampled_from([0.5, 0.0, 0.1, 0.9]))
    def pass_time(self, gap: timedelta, share: float) -> None:
        """Time passes; looking in between changes nothing."""
        with self._told():
            gap = self._paced(gap)
            between = self._advanced(self.ticket, self.at + gap * share)
            once = self._advanced(self.ticket, self.at + gap)
            twice = self._advanced(between, self.at + gap)
            insist(once == twice, f"looking at {self.at + gap * share} on the way to {self.at + gap} changes the ticket")
            self._pass_to(self.at + gap)

    @precondition(lambda self: self.opened and self.ticket.wake is not None and self.ticket.wake - self.at < _FAR)
    @rule(offset=st.sampled_from([0, 0, -1, 1]))
    def wake(self, offset: int) -> None:
        """The instant at which time does something next, or a microsecond beside it."""
        assert self.ticket.wake is not None
        with self._told():
            wake = max(self.ticket.wake, self.at)
            if wake > self.at:
                early = self.workflow.advance(self.ticket, at=wake - _MICRO, world=self.world)
                insist(
                    not early.records or self._waits(), "something happens before the instant at which the ticket is to wake"
                )
            if offset >= 0 and wake == self.ticket.wake:
                outcome = self.workflow.advance(self.ticket, at=wake, world=self.world)
                insist(outcome.records, f"the ticket is to wake at {wake}, and nothing happens then")
            self._pass_to(max(self.at, wake + offset * _MICRO))

    @precondition(lambda self: self.opened and self.setting.changing)
    @rule(world=st.runner().flatmap(lambda machine: machine.setting.worlds))
    def change_world(self, world: World | None) -> None:
        """People come, go, fall ill or get other skills."""
        self.world = world
        if world is not None:
            self._lines.append(f"world = {world_text(world)}")
        self._options = None
        with self._told():
            self._pass_to(self.at)  # as a desk would: what waits for another world looks at it

    @precondition(lambda self: self.opened and self.may_change())
    @rule(calls=st.runner().flatmap(walk))
    def change_version(self, calls: list[Call]) -> None:
        """People go on for a while; then the definition changes, and the ticket is taken along."""
        with self._told():
            for call in calls:
                self._do(call)
                if self._taken_along() is None:
                    return
            outcome = self._taken_along()
            if outcome is None:
                return
            before, later = self.ticket, self.setting.later[self._moved][1]
            self._moved += 1
            self.calls, self.workflow = later, later.workflow
            self.laws.workflow = self.workflow
            self.taken = frozenset()  # of another definition
            self._keep(outcome)
            moved = next((record for record in outcome.records if isinstance(record, Migrated)), None)
            gone = lost(before, outcome.ticket, moved)
            insist(gone is None or "field_lost" in self.setting.allow, str(gone))

    def _taken_along(self) -> Outcome | None:
        """The ticket under the next version, told without doing it; None where it may be stranded."""
        plans = f"plans[{self._moved}]"
        self._trying = f"ticket = servflow.migrate(ticket, {plans}, at={literal(self.at)}{self._world()}).ticket"
        try:
            return migrate(self.ticket, self.setting.later[self._moved][0], at=self.at, world=self.world)
        except Refused as refused:
            insist("migration" in self.setting.allow, f"a ticket in {self.ticket.state} is stranded: {refused.message}")
            return None

    def may_change(self) -> bool:
        """Whether a later version is there, and the ticket has done enough to have something to lose."""
        return self._moved < len(self.setting.later) and len(self._lines) > self._patience

    def leads_on(self) -> bool:
        """Whether there is a ticket, something new is ahead of it, and the last walks did not all come to nothing."""
        return self.opened and self._idle < MOST_IDLE and bool(self.calls.ways.ahead(self.ticket.entered, self.taken))

    # what is drawn ------------------------------------------------------------------------------------------------------

    def options(self) -> list[tuple[Actor | None, Option]]:
        """What ``available`` answers everybody now."""
        key = (self.ticket.revision, self.at, self.world and self.world.version, self.workflow.hash)
        if self._options is None or self._options[0] != key:
            with self._told():
                self._options = key, self.calls.options(self.ticket, self.at, self.world)
        return self._options[1]

    def likely(self) -> st.SearchStrategy[Call]:
        """Something that somebody may do with the ticket now."""
        return self.calls.likely((self.ticket, self.at, self.world), self.taken)

    def anything(self) -> st.SearchStrategy[Call]:
        """Anything at all: what is refused now, for whomever, and what no workflow knows."""
        refused = [pair for pair in self.options() if pair[1].status == "refused"]
        unknown = st.just(Call("no_such_event", {}, self.calls.people[0], "unknown"))
        if not refused:
            return unknown
        one = st.sampled_from(refused)
        return st.one_of(
            one.map(lambda pair: Call(pair[1].event, {}, pair[0], pair[1].code)),
            one.flatmap(lambda pair: self.calls.sent(pair, self.ticket)),
            unknown,
        )

    # how it is done -----------------------------------------------------------------------------------------------------

    def _open(self, how: Opening) -> None:
        self.world, self.at, fields, actor = how.world, how.at, how.fields, how.actor
        self._patience = how.patience
        occurred = self.at - how.late if how.late else None
        if self.world is not None:
            self._lines.append(f"world = {world_text(self.world)}")
        with self._told():
            self._trying = self._call("open", "'T1'", literal(fields), actor, occurred=occurred)
            try:
                outcome = self.workflow.open("T1", fields, at=self.at, actor=actor, world=self.world, occurred=occurred)
            except Refused:  # the workflow asks more of an opening than its fields say
                return
            self._observe(None, "T1", fields, actor=actor, occurred=occurred)
            self.opened = True
            self._keep(outcome)

    def _walked(self, calls: list[Call], gap: timedelta | None = None) -> None:
        """Do some things one after another; a walk is idle until something new comes of it."""
        self._idle += 1
        with self._told():
            for call in calls:
                self._do(call)
                if gap is not None:
                    self._pass_to(self.at + self._paced(gap))

    def _do(self, call: Call) -> None:
        if call != WAIT:
            self._fire(call)
        elif self.ticket.wake is not None and self.ticket.wake - self.at < _FAR:
            self._pass_to(max(self.at, self.ticket.wake))

    def _fire(
        self, call: Call, *, occurred: datetime | None = None, expect: int | None = None, code: str | None = None
    ) -> bool:
        """Fire an event; whether it was accepted. What is refused leaves no trace."""
        self._let_pass()
        self._trying = self._call(
            "fire", f"ticket, {call.event!r}", literal(call.payload), call.actor, occurred=occurred, expect=expect
        )
        before = canonical(self.ticket)
        given: dict[str, Any] = {
            "at": self.at,
            "actor": call.actor,
            "world": self.world,
            "occurred": occurred,
            "expect": expect,
        }
        try:
            outcome = self.workflow.fire(self.ticket, call.event, call.payload, **given)
        except (Refused, InputError) as refused:
            insist(before == canonical(self.ticket), f"{call.event} was refused and the ticket has changed")
            insist(
                code is None or code == refused.code, f"available refuses {call.event} with {code}, fire with {refused.code}"
            )
            self._observe(self.ticket, call.event, call.payload, actor=call.actor, occurred=occurred)
            return False
        self._observe(self.ticket, call.event, call.payload, actor=call.actor, occurred=occurred)
        self._keep(outcome)
        return True

    def _through_desk(self, call: Call) -> None:
        """Fire an event twice with one key, on a desk that has the ticket, and go on with what came of it."""
        self._let_pass()
        self._trying = self._call("fire", f"ticket, {call.event!r}", literal(call.payload), call.actor)
        store = MemoryStore()
        store.commit([Change(ticket=self.ticket, expected=None, records=tuple(self.records))])
        desk = Desk([self.workflow], store, now=lambda: self.at, world=self.world)
        try:
            first = desk.fire("T1", call.event, call.payload, actor=call.actor, key="once")
        except (Refused, InputError):
            return
        history = store.history("T1")
        again = desk.fire("T1", call.event, call.payload, actor=call.actor, key="once")
        insist(first.ticket == again.ticket, "the same key gives another ticket the second time")
        insist(history == store.history("T1"), "the same key writes records twice")
        self._keep(self.workflow.fire(self.ticket, call.event, call.payload, at=self.at, actor=call.actor, world=self.world))

    def _paced(self, gap: timedelta) -> timedelta:
        """As much of a jump of time as does not do too much."""
        if gap <= PROBE:
            return gap
        try:
            soon = self.workflow.advance(self.ticket, at=self.at + PROBE, world=self.world)
        except LimitError:
            return PROBE
        return paced(gap, len(soon.records))

    def _pass_to(self, at: datetime) -> None:
        self.at = at
        self._let_pass()

    def _let_pass(self) -> None:
        """Let happen what time alone does until now; where laws are to be watched, one instant after another."""
        while True:
            at = self.at
            if self.workflow.laws and self.ticket.wake is not None and self.ticket.wake < at:
                at = max(self.ticket.wake, self.ticket.at)
            self._trying = f"ticket = workflow.advance(ticket, at={literal(at)}{self._world()}).ticket"
            before = self.ticket
            outcome = self._bounded(before, at)
            if outcome.records:
                self._observe(before, at=at)
                self._keep(outcome)
            if at == self.at or not outcome.records:
                self._laws_hold()
                return

    def _bounded(self, ticket: Ticket, at: datetime) -> Outcome:
        """As far as time goes in one call; a call that does too much for one says how far it came."""
        try:
            return self.workflow.advance(ticket, at=at, world=self.world)
        except LimitError as error:
            reached = error.facts.get("reached")
            insist(reached is not None and reached > ticket.at, f"time does more than a call may, without end: {error.message}")
            assert isinstance(reached, datetime)
            self.at = reached
            return self.workflow.advance(ticket, at=reached, world=self.world)

    def _advanced(self, ticket: Ticket, at: datetime) -> Ticket:
        try:
            return self.workflow.advance(ticket, at=at, world=self.world).ticket
        except LimitError:
            return ticket

    def _keep(self, outcome: Outcome) -> None:
        """Take what came of a step, and look at everything that must hold of it."""
        self.setting.search.step()
        came = outcome.ticket
        self._lines.append(f"{self._trying}  # {came.state or ' + '.join(came.configuration)}, {came.at:%a %d %b %H:%M}")
        self.ticket = came
        new = taken_by(outcome.records)
        if not new <= self.taken:
            self.taken, self._idle = self.taken | new, 0
        self.records += outcome.records
        self.effects += outcome.effects
        most = max(Counter(record.at for record in outcome.records).values(), default=0)
        insist(most <= MAX_RECORDS, f"{most} records are written at one instant")
        for effect in outcome.effects:
            insist(effect.id not in self._ids, f"the effect {effect.id} ({effect.action}) is asked for twice")
            self._ids.add(effect.id)
        self.ticket = keeps_the_laws(self.workflow, self.ticket, self.records if self._fold_now() else None)
        self.workflow.explain(self.ticket, at=self.ticket.at, world=self.world)
        for name, how in broken(self, outcome.records, outcome.effects):
            insist(name in self.setting.allow, f"{how} (allow={[name]!r} says that this is meant)")
        self._laws_hold(came.at)
        for check in self.setting.invariants:
            check(self)

    def _fold_now(self) -> bool:
        """Whether to add up all records: at each step of a short run, of a long one ever more seldom."""
        if len(self.records) > _SHORT and len(self.records) < self._folded * 5 // 4:
            return False
        self._folded = len(self.records)
        return True

    def _laws_hold(self, at: datetime | None = None) -> None:
        if "laws" not in self.setting.allow:
            for how in self.laws.look(self.ticket, at or self.at):
                raise AssertionError(how)

    def nobody_can_go_on(self) -> bool:
        """Whether no move leads away from here, for anybody who exists."""
        ways = self.calls.dead_ends.ways_out(self.ticket)
        return ways is not None and not self.calls.takes_any(ways, self.ticket, max(self.at, self.ticket.at), self.world)

    def _waits(self) -> bool:
        """Whether a slot waits for another world, so that looking at it may find somebody at any time."""
        return any(slot.phase != "filled" for slot in self.ticket.slots.values())

    # how it is told -----------------------------------------------------------------------------------------------------

    def _call(self, verb: str, what: str, given: str, actor: Actor | None, **more: Any) -> str:
        parts = [what, *([given] if given != "{}" else []), f"at={literal(self.at)}{actor_text(actor)}{self._world()}"]
        parts += [f"{name}={literal(value)}" for name, value in more.items() if value is not None]
        return f"ticket = workflow.{verb}({', '.join(parts)}).ticket"

    def _world(self) -> str:
        return "" if self.world is None else ", world=world"

    def story(self) -> str:
        """The run so far as Python that does it again; ``workflow`` is the one the machine was made for."""
        last = [] if self._lines and self._lines[-1].startswith(self._trying) else [f"{self._trying}  # where it failed"]
        return script([*self._lines, *last])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell the run beside whatever fails in it; errors that no host expects are failures."""
        try:
            yield
        except ServflowError as error:
            raise self._with_story(AssertionError(f"{type(error).__name__} escapes from the workflow: {error}")) from error
        except AssertionError as error:
            raise self._with_story(error) from None
        except Exception as error:  # of an author's own invariant
            self._with_story(error)
            raise

    def _with_story(self, error: E) -> E:
        if not getattr(error, "__notes__", None):
            error.add_note(f"The run, as Python:\n\n{self.story()}")
        return error

    def check_invariants(self, *args: Any, **more: Any) -> None:
        """Those of the author's subclass, with the run beside what fails."""
        with self._told():
            super().check_invariants(*args, **more)

    def _observe(self, before: Ticket | None, event: str | None = None, payload: Any = None, **more: Any) -> None:
        coverage = self.setting.coverage
        if coverage is not None and coverage.workflow.hash == self.workflow.hash:
            coverage.observe(before, event, payload, **{"at": self.at, "world": self.world, **more})


__all__ = ["Call", "Setting", "WorkflowMachine"]
