"""Knows what holds of one ticket whatever is done to it, in any order, at any instant; must not know any workflow's meaning."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from servflow.engine import Workflow, migrate, plan_migration
from servflow.errors import DefinitionError, Refused
from servflow.model import Actor, Effect, Escalated, Outcome, Record, Release, Take, Ticket, canonical, dump, load_ticket
from tests.laws.chain_strategies import runs_of
from tests.laws.kernel_strategies import FAR, MICRO, MINUTE, Said, gaps, make, person
from tests.laws.kernel_workflows import CASES, START, Case

STRANGER = Actor("stranger")


class TicketLife(RuleBasedStateMachine):
    """One ticket of a drawn workflow from its opening on; a tally of its records, effects and reservations is the model."""

    case: Case
    ticket: Ticket
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.effects: list[Effect] = []
        self.taken: Counter[str] = Counter()
        self.opened = False

    # what is done ---------------------------------------------------------------------------------------------------

    @initialize(case=st.sampled_from(CASES), which=st.integers(0, 7), minutes=st.integers(0, 10_000), late=st.integers(0, 90))
    def open_ticket(self, case: Case, which: int, minutes: int, late: int) -> None:
        self.case, self.now = case, START + minutes * MINUTE
        fields = case.openings[which % len(case.openings)]
        self.keep(make(case, None, Said("open", self.now, "", fields, case.opener, self.now - late * MINUTE)))
        self.opened = True

    @rule(entry=st.integers(0, 40), gap=gaps, late=st.one_of(st.just(0), st.integers(0, 500)))
    def fire(self, entry: int, gap: int, late: int) -> None:
        """The first entry of the menu from some place on that is accepted; those refused leave no trace."""
        self.now += gap * MINUTE
        self.try_in_turn(self.case.menu[entry % len(self.case.menu) :] + self.case.menu, late)

    @rule(gap=gaps, pace=st.integers(1, 9))
    def go_on(self, gap: int, pace: int) -> None:
        """Some of what leads the ticket through its life."""
        for index in range(pace):
            self.now += gap * MINUTE
            self.try_in_turn(self.case.path[index : index + 1], 0)

    @rule(gap=gaps)
    def tick(self, gap: int) -> None:
        self.now += gap * MINUTE
        self.keep(self.make(Said("advance", self.now)))

    @precondition(lambda self: self.opened and self.ticket.wake is not None and self.ticket.wake - self.now < FAR)
    @rule()
    def wake_up(self) -> None:
        """At its wake something happens to the ticket, a microsecond earlier nothing does."""
        assert self.ticket.wake is not None
        wake = max(self.ticket.wake, self.now)
        if wake > self.now:
            early = self.make(Said("advance", wake - MICRO))
            assert (self.ticket, ()) == (early.ticket, early.records)
        self.now = wake
        outcome = self.make(Said("advance", self.now))
        assert outcome.records
        self.keep(outcome)

    @precondition(lambda self: self.opened and self.ticket.wake is not None and self.ticket.wake - self.now < FAR)
    @rule(entry=st.integers(0, 40))
    def fire_when_due(self, entry: int) -> None:
        """At the very instant for which something is set, which then has not happened yet."""
        assert self.ticket.wake is not None
        self.now = max(self.now, self.ticket.wake - MICRO)
        self.try_in_turn(self.case.menu[entry % len(self.case.menu) :], 0)

    @rule(entry=st.integers(0, 40), behind=st.integers(0, 10_000_000))
    def fire_behind(self, entry: int, behind: int) -> None:
        """By a host whose clock lags: up to 5 s are forgiven, more is refused."""
        event, payload, who = self.case.menu[entry % len(self.case.menu)]
        at = self.ticket.at - behind * MICRO
        try:
            outcome = self.make(Said("fire", at, event, payload, person(self.ticket, who)))
        except Refused as refused:
            assert (behind > 5_000_000) == (refused.code == "past")  # noqa: PT017 - one of many codes, and when
        else:
            self.keep(outcome)

    @precondition(lambda self: self.opened and bool(self.case.workflow.escalations) and self.case.workflow.version < 4)
    @rule(moving=st.sampled_from(["keep", "move"]), more=st.booleans())
    def edit_its_chains(self, moving: str, more: bool) -> None:
        """Its chains get another level or lose their last one, and the ticket is taken along: runs keep theirs, or move."""
        old = self.case.workflow
        edited = []
        for chain in old.escalations:
            levels = chain.to_data()["levels"]
            lost = levels[:-1] or levels
            edited.append({**chain.to_data(), "levels": [{"name": f"new {old.version}"}, *levels] if more else lost})
        try:
            new = Workflow(
                **{**old.to_data(), "escalations": edited, "version": old.version + 1},
                past_chains=(*old.past_chains, *old.escalations),
            )
            outcome = migrate(
                self.ticket, plan_migration(old, new, chains=moving), at=max(self.now, self.ticket.at), world=self.case.world
            )
        except (DefinitionError, Refused):  # a level that is gone is named still
            return
        self.case = evolve(self.case)
        self.case.__dict__["workflow"] = new
        self.keep(outcome)

    @rule()
    def store_and_load(self) -> None:
        self.ticket = load_ticket(json.dumps(dump(self.ticket)))

    @rule(gap=gaps)
    def ask(self, gap: int) -> None:
        """Questions about any later instant change nothing."""
        before = canonical(self.ticket)
        for actor in (None, STRANGER, person(self.ticket, "assignee")):
            self.case.workflow.available(self.ticket, at=self.now + gap * MINUTE, actor=actor, world=self.case.world)
        self.case.workflow.explain(self.ticket, at=self.now + gap * MINUTE, world=self.case.world)
        assert before == canonical(self.ticket)

    def try_in_turn(self, entries: Any, late: int) -> None:
        for event, payload, who in entries:
            occurred = self.now - late * MINUTE if late else None
            call = Said("fire", self.now, event, payload, person(self.ticket, who), occurred)
            before = canonical(self.ticket)
            try:
                outcome = self.make(call)
            except Refused:
                assert before == canonical(self.ticket)
                continue
            self.keep(outcome)
            return

    def make(self, call: Said) -> Outcome:
        return make(self.case, self.ticket, call)

    def keep(self, outcome: Outcome) -> None:
        self.ticket = outcome.ticket
        self.records += outcome.records
        self.effects += outcome.effects
        for item in outcome.reservations:
            assert isinstance(item, (Take, Release))
            self.taken[item.key] += item.units if isinstance(item, Take) else -item.units

    # what holds -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.opened)
    @invariant()
    def is_the_fold_of_its_records(self) -> None:
        assert self.ticket == self.case.workflow.fold(self.records)
        assert list(range(1, len(self.records) + 1)) == [record.sequence for record in self.records]
        assert (self.records[-1].at, self.records[-1].sequence) == (self.ticket.at, self.ticket.sequence)

    @precondition(lambda self: self.opened)
    @invariant()
    def wakes_later(self) -> None:
        assert self.ticket.wake is None or self.ticket.wake > self.ticket.at

    @precondition(lambda self: self.opened)
    @invariant()
    def asks_for_nothing_twice(self) -> None:
        assert len(self.effects) == len({effect.id for effect in self.effects})

    @precondition(lambda self: self.opened)
    @invariant()
    def stands_somewhere(self) -> None:
        ticket, chart = self.ticket, self.case.workflow.compiled.chart
        above = {name for leaf in ticket.configuration for name in (leaf, *chart.ancestors(leaf))}
        assert set(ticket.entered) == above
        assert {timer.state for timer in ticket.timers} <= above
        assert {refused.timer.state for refused in ticket.refused_timers} <= above
        assert ticket.closed == self.case.workflow.compiled.is_closed(ticket.configuration)

    @precondition(lambda self: self.opened)
    @invariant()
    def holds_what_it_took(self) -> None:
        """What was taken and not given back is what the ticket says it holds, and it holds nobody whom it has not got."""
        held = Counter({item.key: 0 for item in self.ticket.held})
        for item in self.ticket.held:
            held[item.key] += item.units
        parts: Counter[str] = Counter()
        for line in self.ticket.parts:
            parts[line.key] += line.quantity if line.held else 0
        assert +self.taken == held + parts
        assert min(self.taken.values(), default=0) >= 0
        mine = {f"engineer:{self.ticket.assignee}", f"outlet:{self.ticket.outlet}"}
        mine |= {f"engineer:{offer.to}" for offer in self.ticket.offers}
        assert set(held) <= mine

    @precondition(lambda self: self.opened)
    @invariant()
    def climbs_once(self) -> None:
        """No climb of a run reaches a level twice, unless it waited there, and no run that has ended is live or goes on."""
        ended: set[tuple[str, int]] = set()
        levels: Counter[tuple[object, ...]] = Counter()
        for record, before in runs_of(self.records):
            run = record.run
            key = (run.chain, run.generation)
            assert key not in ended
            if run.phase == "done":
                ended.add(key)
            if isinstance(record, Escalated) and before is not None and not (run.due is None and run.level == record.level):
                levels[(*key, before.climb, record.level, run.hash)] += 1
        assert max(levels.values(), default=1) == 1
        assert ended.isdisjoint((run.chain, run.generation) for run in self.ticket.chains)

    @precondition(lambda self: self.opened)
    @invariant()
    def lives_in_order(self) -> None:
        """One live run per chain and cause, a clock counts while it runs only, and nobody is asked about a filled slot."""
        ticket = self.ticket
        runs = [(run.chain, run.cause) for run in ticket.chains]
        assert len(runs) == len(set(runs))
        assert all(run.phase != "done" for run in ticket.chains)
        for run in ticket.clocks.values():
            assert (run.phase == "running") == (run.since is not None)
            assert run.breached_at is None or run.due == run.breached_at
        for progress in ticket.slots.values():
            if progress.phase == "filled":
                assert progress.relax_at is None
                assert not [offer for offer in ticket.offers if offer.policy == progress.policy]


TestTicketLife = TicketLife.TestCase
TestTicketLife.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
