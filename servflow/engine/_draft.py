"""Knows how each record changes a ticket; must not know why a record came to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from servflow import model
from servflow.engine._building import takes
from servflow.model import EMPTY, Check, FrozenMap, Record, Ticket

_DEFAULTS = {attribute.name: attribute.default for attribute in attrs.fields(Ticket) if attribute.default is not attrs.NOTHING}
MIRRORED = frozenset({"customer", "asset", "outlet", "channel", "queue"})

MOST_CLOSED = 1_000
"""How many closed children a ticket remembers by name, the latest; one that is older and reopens is not known any more."""


class Draft:
    """
    A ticket being changed: the same attributes, changed only by records.

    ``apply`` is the one place where a record changes anything, so folding the records gives the ticket.
    """

    id: str
    workflow: str
    version: int
    at: datetime
    sequence: int
    opened_at: datetime
    closed_at: datetime | None
    configuration: tuple[str, ...]
    entered: FrozenMap[str, datetime]
    history: FrozenMap[str, tuple[str, ...]]
    closed: bool
    fields: FrozenMap[str, Any]
    set_by_person: tuple[str, ...]
    priority: int
    queue: str | None
    customer: str | None
    requester: str | None
    asset: str | None
    outlet: str | None
    provider: str | None
    channel: str | None
    tags: tuple[str, ...]
    owner: str | None
    helpers: tuple[str, ...]
    helping: FrozenMap[str, model.HelperPromise]
    watchers: tuple[str, ...]
    assignee: str | None
    parent: str | None
    children: tuple[str, ...]
    children_closed: tuple[str, ...]
    children_total: int
    reopened: int
    checklist: FrozenMap[str, FrozenMap[str, Check]]
    approvals: FrozenMap[str, model.ApprovalRound]
    shown: FrozenMap[str, tuple[model.ShownStep, ...]]
    clocks: FrozenMap[str, model.ClockRun]
    told: FrozenMap[str, model.ClockStory]
    chains: tuple[model.ChainRun, ...]
    levels: FrozenMap[str, int]
    turns: FrozenMap[str, int]
    offers: tuple[model.OfferMade, ...]
    slots: FrozenMap[str, model.SlotProgress]
    held: tuple[model.Held, ...]
    appointment: model.Appointment | None
    parts: tuple[model.PartLine, ...]
    timers: tuple[model.StateTimer, ...]
    refused_timers: tuple[model.RefusedTimer, ...]
    resting_timers: tuple[model.RestingTimer, ...]
    last_actors: FrozenMap[str, str]
    voters: FrozenMap[str, FrozenMap[str, tuple[str, ...]]]
    low_ratings: tuple[str, ...]
    pins: FrozenMap[str, str]
    wake: datetime | None

    def __init__(self, ticket: Ticket | None = None) -> None:
        self.__dict__ = {} if ticket is None else dict(ticket.__dict__)

    @property
    def state(self) -> str:
        """The active leaves, as on the ticket."""
        return "+".join(self.configuration)

    @property
    def entered_at(self) -> datetime:
        """When the latest of the active states was entered."""
        return max(self.entered.values(), default=self.opened_at)

    def freeze(self) -> Ticket:
        """The ticket as it stands now."""
        return model.from_dict(Ticket, dict(self.__dict__))

    def apply(self, record: Record) -> None:
        """Change what the record says has happened; the record is the next one of this ticket."""
        self.sequence = record.sequence
        self.at = record.at
        APPLY[type(record)](self, record)

    def set_attribute(self, name: str, value: Any) -> None:
        """Set one attribute that openings and updates may set."""
        self.__dict__[name] = value


for _name, _default in _DEFAULTS.items():
    setattr(Draft, _name, _default)  # as on a ticket, an instance holds only what differs


def _opened(draft: Draft, record: model.Opened) -> None:
    draft.id, draft.workflow, draft.version = record.id, record.workflow, record.version
    draft.opened_at = record.at if record.occurred is None else record.occurred
    draft.requester = record.actor
    draft.fields = record.fields
    if not MIRRORED.isdisjoint(record.fields):
        for name in MIRRORED & record.fields.keys():
            if isinstance(record.fields[name], str):
                draft.set_attribute(name, record.fields[name])
    for name, value in record.attributes.items():
        draft.set_attribute(name, value)
    draft.set_by_person = record.given if record.person else ()
    draft.configuration = record.configuration
    draft.entered = FrozenMap(dict.fromkeys(record.entered, record.at))
    draft.pins = record.pins
    _close(draft, record.closed, record.at)


def _close(draft: Draft, closed: bool, at: datetime) -> None:
    if closed and not draft.closed:
        draft.closed_at = at
    draft.closed = closed


# What became of a notification is no sign that anybody has seen to the ticket.
_TOLD_BACK = ("chain.delivered", "chain.failed")


def _received(draft: Draft, record: model.Received) -> None:
    if record.actor is not None:
        for word in record.last_actor:
            draft.last_actors = draft.last_actors.with_item(word, record.actor)
    if not record.internal and record.event not in _TOLD_BACK and any(run.handed for run in draft.chains):
        draft.chains = tuple(model.replace(run, handed=0) if run.handed else run for run in draft.chains)


def _moved(draft: Draft, record: model.Moved) -> None:
    draft.configuration = record.configuration
    draft.history = record.history
    if record.exited or record.entered:
        gone = record.exited
        if len(gone) == len(draft.entered):  # everything was left, as in every flat chart
            draft.entered = FrozenMap(dict.fromkeys(record.entered, record.at))
        else:
            kept = {name: since for name, since in draft.entered.items() if name not in gone}
            kept.update(dict.fromkeys(record.entered, record.at))
            draft.entered = FrozenMap(kept)
        if gone and draft.timers:
            draft.timers = tuple(timer for timer in draft.timers if timer.state not in gone)
        if gone and draft.refused_timers:
            draft.refused_timers = tuple(held for held in draft.refused_timers if held.timer.state not in gone)
    if draft.approvals and record.exited:
        for state in record.exited:
            draft.approvals = draft.approvals.without(state)
    if record.reopened:
        draft.reopened += 1
        draft.resting_timers = ()
        draft.checklist = EMPTY
        draft.low_ratings = ()
    _close(draft, record.closed, record.at)


def _timer_set(draft: Draft, record: model.TimerSet) -> None:
    timer = record.timer
    draft.timers = (*draft.timers, timer)
    _wake_up(draft, timer)


def _wake_up(draft: Draft, timer: model.StateTimer) -> None:
    if draft.resting_timers:
        place = (timer.state, timer.index)
        draft.resting_timers = tuple(other for other in draft.resting_timers if (other.timer.state, other.timer.index) != place)


def _timer_rested(draft: Draft, record: model.TimerRested) -> None:
    _wake_up(draft, record.resting.timer)
    draft.resting_timers = (*draft.resting_timers, record.resting)


def _timer_fired(draft: Draft, record: model.TimerFired) -> None:
    draft.timers = tuple(timer for timer in draft.timers if timer != record.timer)
    draft.refused_timers = tuple(held for held in draft.refused_timers if held.timer != record.timer)


def _timer_refused(draft: Draft, record: model.TimerRefused) -> None:
    timer = record.refused.timer
    draft.timers = tuple(other for other in draft.timers if other != timer)
    others = tuple(held for held in draft.refused_timers if held.timer != timer)
    draft.refused_timers = (*others, record.refused)


def _updated(draft: Draft, record: model.Updated) -> None:
    if record.fields:
        draft.fields = draft.fields.with_items(record.fields)
        for name in MIRRORED & record.fields.keys():
            value = record.fields[name]
            if value is None or isinstance(value, str):
                draft.set_attribute(name, value)
    for name, value in record.attributes.items():
        draft.set_attribute(name, value)
    if record.person:
        given = {*draft.set_by_person, *record.fields, *record.attributes}
        draft.set_by_person = tuple(sorted(given))


def _assigned(draft: Draft, record: model.Assigned) -> None:
    if record.slot == "helper":
        if record.to is not None and record.to not in draft.helpers:
            draft.helpers = (*draft.helpers, record.to)
    else:
        draft.set_attribute(record.slot, record.to)


def _watched(draft: Draft, record: model.Watched) -> None:
    others = tuple(one for one in draft.watchers if one != record.who)
    draft.watchers = (*others, record.who) if record.watching else others


def _helper(draft: Draft, record: model.HelperRecord) -> None:
    draft.helping = draft.helping.with_item(record.helper, record.promise)


def _helper_ended(draft: Draft, record: model.HelperEnded) -> None:
    draft.helping = draft.helping.without(record.helper)
    if record.outcome != "closed":
        draft.helpers = tuple(one for one in draft.helpers if one != record.helper)


def _checked(draft: Draft, record: model.Checked) -> None:
    steps = draft.checklist.get(record.state, EMPTY)
    check = Check(record.at, record.by, record.evidence)
    draft.checklist = draft.checklist.with_item(record.state, steps.with_item(record.step, check))


def _unchecked(draft: Draft, record: model.Unchecked) -> None:
    steps = draft.checklist.get(record.state, EMPTY).without(record.step)
    checklist = draft.checklist
    draft.checklist = checklist.with_item(record.state, steps) if steps else checklist.without(record.state)


def _voted(draft: Draft, record: model.Voted) -> None:
    held = draft.approvals.get(record.state, model.ApprovalRound())
    others = tuple(vote for vote in held.votes if vote.by != record.by)
    vote = model.Vote(by=record.by, vote=record.vote, at=record.at, roles=record.roles)
    made = model.ApprovalRound(votes=(*others, vote), decided=record.decided)
    draft.approvals = draft.approvals.with_item(record.state, made)
    # A quorum is several people: all of them did what a not_by means by a vote, not only the last.
    for word in draft.last_actors:
        for vote_event in ("approve", "reject"):
            if takes(word, f"approval.{vote_event}"):
                who = tuple(sorted(one.by for one in made.votes if takes(word, f"approval.{one.vote}")))
                draft.voters = draft.voters.with_item(word, draft.voters.get(word, EMPTY).with_item(record.state, who))
                break


def _rated(draft: Draft, record: model.Rated) -> None:
    if record.low is not None:
        draft.low_ratings = (*draft.low_ratings, record.of)


def _progressed(draft: Draft, record: model.Progressed) -> None:
    before = () if record.anew else draft.shown.get(record.audience, ())
    since = {step.state: step.at for step in before if step.current}
    passed = tuple(attrs.evolve(step, current=False) for step in before if step.state not in record.states)
    here = tuple(model.ShownStep(state=state, at=since.get(state, record.at)) for state in record.states)
    draft.shown = draft.shown.with_item(record.audience, (*passed, *here))


def _clock(draft: Draft, record: model.ClockRecord) -> None:
    draft.clocks = draft.clocks.with_item(record.clock, record.run)


def _told(draft: Draft, record: model.ClockTold) -> None:
    story = record.story
    if story is None:
        before = draft.told.get(record.clock)
        story = model.ClockStory(told=record.told)
        if before is not None:
            story = model.ClockStory(base=before.base, told=(*before.told, *record.told))
    draft.told = draft.told.with_item(record.clock, story)


def _chain(draft: Draft, record: model.ChainRecord) -> None:
    run = record.run
    runs = list(draft.chains)
    place = next((i for i, held in enumerate(runs) if held.chain == run.chain and held.cause == run.cause), None)
    if run.phase == "done":
        if place is not None:
            del runs[place]
    elif place is None:
        runs.append(run)
    else:
        runs[place] = run
    draft.chains = tuple(runs)
    if isinstance(record, model.Escalated) and record.outcome != "skipped":
        draft.levels = draft.levels.with_item(run.chain, max(draft.levels.get(run.chain, 0), record.level + 1))


def _turn_taken(draft: Draft, record: model.TurnTaken) -> None:
    draft.turns = draft.turns.with_item(record.queue, record.turn + 1)


def _slot_changed(draft: Draft, record: model.SlotChanged) -> None:
    if record.progress is None:
        draft.slots = draft.slots.without(record.slot)
    else:
        draft.slots = draft.slots.with_item(record.slot, record.progress)


def _offered(draft: Draft, record: model.Offered) -> None:
    draft.offers = (*draft.offers, record.offer)


def _offer_ended(draft: Draft, record: model.OfferEnded) -> None:
    draft.offers = tuple(offer for offer in draft.offers if offer.id != record.offer.id)


def _reserved(draft: Draft, record: model.Reserved) -> None:
    draft.held = (*draft.held, record.held)


def _freed(draft: Draft, record: model.Freed) -> None:
    held = list(draft.held)
    if record.held in held:
        held.remove(record.held)
    draft.held = tuple(held)


def _appointment(draft: Draft, record: model.Booked | model.Unbooked | model.VisitNear) -> None:
    draft.appointment = record.appointment


def _part(draft: Draft, record: model.PartChanged) -> None:
    draft.parts = model.with_line(draft.parts, record.part_line)


def _repinned(draft: Draft, record: model.Repinned) -> None:
    draft.pins = record.pins
    draft.told = EMPTY  # by other calendars what was told comes to something else


def _migrated(draft: Draft, record: model.Migrated) -> None:
    draft.version, draft.pins = record.version, record.pins
    if record.clocks or record.states:
        draft.told = EMPTY  # what was told is told in the old names
    elif record.dropped:
        draft.told = FrozenMap({name: story for name, story in draft.told.items() if name not in record.dropped})
    draft.configuration, draft.entered, draft.history = record.configuration, record.entered, record.history
    draft.timers, draft.refused_timers = record.timers, record.refused_timers
    draft.resting_timers, draft.chains = record.resting_timers, record.chains
    states, fields = record.states, record.fields
    if states:
        draft.checklist = FrozenMap({states.get(name, name): steps for name, steps in draft.checklist.items()})
        draft.approvals = FrozenMap({states.get(name, name): held for name, held in draft.approvals.items()})
        draft.voters = FrozenMap(
            {word: FrozenMap({states.get(at, at): who for at, who in held.items()}) for word, held in draft.voters.items()}
        )
        draft.shown = FrozenMap(
            {
                audience: tuple(attrs.evolve(step, state=states.get(step.state, step.state)) for step in steps)
                for audience, steps in draft.shown.items()
            }
        )
    if fields:
        named = ((fields.get(name, name), value) for name, value in draft.fields.items())
        draft.fields = FrozenMap({name: value for name, value in named if name is not None})
        given = (fields.get(name, name) for name in draft.set_by_person)
        draft.set_by_person = tuple(sorted({name for name in given if name is not None}))
    if record.dropped:
        draft.clocks = FrozenMap({name: run for name, run in draft.clocks.items() if name not in record.dropped})
    if record.clocks:
        names = ((record.clocks.get(name, name), run) for name, run in draft.clocks.items())
        draft.clocks = FrozenMap({name: run if run.name == name else model.replace(run, name=name) for name, run in names})
    _close(draft, record.closed, record.at)


def _linked(draft: Draft, record: model.Linked) -> None:
    if record.relation == "child":
        draft.children = (*draft.children, record.other)
        draft.children_total += 1
    elif record.relation == "child_closed":
        draft.children = tuple(child for child in draft.children if child != record.other)
        closed = tuple(child for child in draft.children_closed if child != record.other)
        draft.children_closed = (*closed, record.other)[-MOST_CLOSED:]
    elif record.relation == "child_reopened":
        draft.children = (*draft.children, record.other)
        draft.children_closed = tuple(child for child in draft.children_closed if child != record.other)


def _nothing(_draft: Draft, _record: Record) -> None:
    """A record that is a fact for readers and changes no snapshot."""


# Kind of record -> what it changes. The kernel and fold() both go through this table and nothing else.
APPLY: Mapping[type[Record], Callable[[Draft, Any], None]] = {
    model.Opened: _opened,
    model.Received: _received,
    model.Moved: _moved,
    model.TimerSet: _timer_set,
    model.TimerFired: _timer_fired,
    model.TimerRefused: _timer_refused,
    model.TimerRested: _timer_rested,
    model.Updated: _updated,
    model.Assigned: _assigned,
    model.Watched: _watched,
    model.HelperStarted: _helper,
    model.HelperBreached: _helper,
    model.HelperEnded: _helper_ended,
    model.Messaged: _nothing,
    model.Checked: _checked,
    model.Unchecked: _unchecked,
    model.Voted: _voted,
    model.Progressed: _progressed,
    model.Rated: _rated,
    model.Surveyed: _nothing,
    model.Erased: _nothing,
    model.Decided: _nothing,
    model.SlotChanged: _slot_changed,
    model.Offered: _offered,
    model.OfferEnded: _offer_ended,
    model.Reserved: _reserved,
    model.Freed: _freed,
    **dict.fromkeys((model.Booked, model.Unbooked, model.VisitNear), _appointment),
    model.PartChanged: _part,
    model.Linked: _linked,
    model.TurnTaken: _turn_taken,
    model.Repinned: _repinned,
    model.ClockTold: _told,
    model.Migrated: _migrated,
    **dict.fromkeys(
        (
            model.ClockStarted,
            model.ClockPaused,
            model.ClockResumed,
            model.ClockStopped,
            model.ClockReset,
            model.ClockRetargeted,
            model.Warned,
            model.Breached,
            model.Amended,
            model.Waived,
        ),
        _clock,
    ),
    **dict.fromkeys(
        (
            model.ChainStarted,
            model.Escalated,
            model.Reminded,
            model.Acknowledged,
            model.ChainResumed,
            model.QuietEnded,
            model.DeliveryNoted,
            model.ChainStopped,
        ),
        _chain,
    ),
}
