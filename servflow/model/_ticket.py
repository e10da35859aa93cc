"""Knows the whole shape of a ticket's snapshot; must not know what may happen to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from servflow.model._appointment import Appointment
from servflow.model._maps import EMPTY, FrozenMap
from servflow.model._parts import PartLine, waited_for

MAX_SEGMENTS = 64
"""How many run segments an open cycle keeps before the oldest are folded into one amount."""

DEFAULT_PRIORITY = 3
"""The priority of a ticket that was given none; 1 is the highest."""


@frozen(slots=False)
class Segment:
    """One stretch in which a clock ran: half-open ``[start, end)``; ``end`` is None while it runs."""

    start: datetime
    end: datetime | None = None


@frozen
class ClockSummary:
    """
    What earlier cycles of a clock came to: how many ended how, and all time they counted.

    ``late`` are the numbers of those that were breached, the latest 64.
    """

    cycles: int = 0
    met: int = 0
    breached: int = 0
    cancelled: int = 0
    counted: timedelta = timedelta()
    late: tuple[int, ...] = ()


@frozen(kw_only=True, slots=False)  # kept in a dict, which copies faster than slots: see replace()
class ClockRun:
    """
    One promise running for one ticket, as far as it has come.

    ``within`` is the counted target; ``calendar`` names the calendar that counts (None: time as it
    passes). ``counted`` covers the closed segments only; while ``running``, time since ``since``
    comes on top. ``due`` is the left limit of the target, never before the latest resume; None
    while paused and unbreached; once breached it equals ``breached_at``. ``next_mark`` at ``next_at``
    is the first mark that time alone will reach; ``reached`` tells when each of ``marks`` was. ``cap`` is when the
    clock it is a child of is due, where that is what makes this one due or, while paused, could; else None.
    """

    name: str
    cycle: int = 1
    phase: str = "running"
    within: timedelta
    calendar: str | None = None
    started_at: datetime
    segments: tuple[Segment, ...] = ()
    folded: timedelta = timedelta()
    counted: timedelta = timedelta()
    since: datetime | None = None
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    due: datetime | None = None
    breached_at: datetime | None = None
    retargeted_at: datetime | None = None
    marks: tuple[str, ...] = ()
    reached: tuple[datetime, ...] = ()
    next_mark: str | None = None
    next_at: datetime | None = None
    waived: str | None = None
    over: bool = False
    provisional: bool = False
    summary: ClockSummary = ClockSummary()
    cap: datetime | None = None


MAX_TOLD = 32
"""How many things a clock remembers that it was told, to put a late one in its place; older ones become one clock."""


@frozen(kw_only=True)
class Told:
    """
    One thing that a clock was told at an instant, whether or not it changed the clock.

    ``operation`` is ``start``, ``pause``, ``resume``, ``stop``, ``reset``, ``cancel``, ``reopen`` or ``retarget``; or ``rest``
    or ``go_on``: the ticket came to where the clock does not count, or does. ``within`` and ``calendar`` are the target it
    then had. ``after`` names the clock that must have been stopped by then, and ``moved`` says that it came of what the
    ticket is (``state``, ``queue`` or ``field``) rather than of what merely happened.
    """

    at: datetime
    operation: str
    within: timedelta | None = None
    calendar: str | None = None
    after: str | None = None
    moved: str | None = None


@frozen(kw_only=True)
class ClockStory:
    """
    What a clock that waits for events or messages was told, in the order in which it occurred.

    ``base`` is the clock before all that; None where it had never started.
    """

    base: ClockRun | None = None
    told: tuple[Told, ...] = ()


@frozen(kw_only=True)
class CountedIn:
    """
    What a delay counts in, as it was found when it began: ``calendar`` of the definition or ``shift`` of the world.

    Neither means time as it passes. ``zone`` is where their hours are read, None for the calendar's own. ``because``
    tells in words whose it is, and what was not known where another one took its place.
    """

    calendar: str | None = None
    shift: str | None = None
    zone: str | None = None
    because: str = ""


MAX_HELPERS = 100
"""How many helpers a ticket keeps."""

MAX_WATCHERS = 500
"""How many people may watch a ticket."""


@frozen(kw_only=True)
class HelperPromise:
    """
    By when one helper is to be done, with a clock of their own: ``within`` counts from ``since`` and leads to ``due``.

    ``due`` is the left limit as of every clock. ``breached_at`` equals it once time is past it; None before.
    ``counted_in`` is what it counts in where the definition asks whose calendar that is, else ``calendar`` names it.
    """

    since: datetime
    within: str
    due: datetime
    calendar: str | None = None
    counted_in: CountedIn | None = None
    breached_at: datetime | None = None


@frozen(kw_only=True)
class ReminderDue:
    """
    A reminder of a level that still has to go out: when, and how many are left with it.

    ``counted_in`` is what it counts in where the level asks whose calendar that is.
    """

    level: int
    due: datetime
    left: int
    counted_in: CountedIn | None = None


MAX_SENT = 100
"""How many notifications of a level a run waits to hear of; what comes after them is taken to have arrived."""

MAX_HELD_BACK = 200
"""How many notifications a run holds back in quiet hours; what comes after them goes out at once."""


@frozen(kw_only=True)
class Sent:
    """
    A notification that a level sent, by its effect's id; ``result`` is ``delivered``, ``failed``, or nothing yet.

    ``level`` is the place of the level, None where nobody knows it.
    """

    effect: str
    to: str
    result: str = ""
    level: int | None = None


@frozen(kw_only=True)
class HeldBack:
    """A notification of a level that waits for the end of quiet hours at ``due``; ``action`` is its place in the level."""

    level: int
    action: str
    to: str
    due: datetime
    reason: str = ""


@frozen(kw_only=True, slots=False)  # kept in a dict, which copies faster than slots: see replace()
class ChainRun:
    """
    One climb of an escalation chain.

    ``hash`` pins the chain as it was at the start. ``cause`` tells what started it, so that one cause
    starts it once, and ``generation`` is the number of the record that started it. ``phase`` is
    ``armed`` (waits for its trigger), ``running``, ``acknowledged``, ``snoozed`` or ``done``. ``level`` is
    the index of the next level and ``due`` its scheduled instant; ``base`` is the instant its delay counts
    from. ``left`` is the counted delay that was still to come when the run was acknowledged or snoozed,
    ``until`` when that ends by itself. ``counted_in`` is what the delay counts in where the level asks whose
    calendar that is.

    ``heard`` counts the levels that told or assigned somebody (only the first, unless the chain asks what becomes of it);
    ``nobody`` says why the others did not while there is none. ``sent`` is what the latest level told, where the chain
    asks what becomes of it, and ``quiet`` what waits for quiet hours to end. ``handed`` is how many runs have set each
    other off in a row up to this one; whatever is done to the ticket ends the row.
    """

    chain: str
    hash: str
    cause: str
    started_at: datetime
    generation: int = 0
    phase: str = "running"
    climb: int = 1
    level: int = 0
    base: datetime | None = None
    due: datetime | None = None
    left: timedelta | None = None
    until: datetime | None = None
    by: str | None = None
    reminders: tuple[ReminderDue, ...] = ()
    reached: int = 0
    counted_in: CountedIn | None = None
    heard: int = 0
    nobody: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    quiet: tuple[HeldBack, ...] = ()
    handed: int = 0


@frozen(kw_only=True)
class OfferMade:
    """An offer of the ticket to one candidate that is still open; ``expires`` None means until withdrawn."""

    id: str
    policy: str
    slot: str
    to: str
    made_at: datetime
    expires: datetime | None = None
    pool: bool = False


@frozen(kw_only=True, slots=False)
class SlotProgress:
    """
    How far dispatch has come with one slot.

    ``phase`` is ``searching``, ``offered``, ``pool``, ``proposed``, ``waiting``, ``queued``, ``booking`` or ``filled``.
    ``stage`` counts the relaxations applied, ``relax_at`` is the next one, ``change_at`` the next instant at which time alone
    changes a verdict. ``world`` is the version last decided with, ``declined`` who said no or let the offer run out, ``waits``
    the keys whose release may free somebody, ``proposed`` whom a dispatcher is asked to confirm. ``silent`` says until when
    who let an offer run out is not asked again, ``asked`` counts the offers made. Once it is filled, ``manual`` says that a
    person filled it, ``overrun_at`` when the work is to have begun, and ``again`` how often it was taken back. ``exhausted``
    says that nobody was found and the machine heard of it, ``requested`` for which stage a host was asked whom the ticket goes
    to.
    """

    policy: str
    phase: str = "searching"
    since: datetime
    stage: int = 0
    relax_at: datetime | None = None
    change_at: datetime | None = None
    world: str | None = None
    declined: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    proposed: str | None = None
    silent: FrozenMap[str, datetime] = EMPTY
    asked: int = 0
    had: str | None = None
    manual: bool = False
    overrun_at: datetime | None = None
    again: int = 0
    exhausted: bool = False
    requested: int = 0


@frozen(kw_only=True)
class StateTimer:
    """A timer of a state: fires ``event`` once time is past ``due``; ``generation`` is the record that set it."""

    state: str
    index: int
    event: str
    due: datetime
    generation: int


@frozen(kw_only=True)
class RefusedTimer:
    """A timer whose event was refused; tried again when one of the values it ``reads`` changes."""

    timer: StateTimer
    reads: tuple[str, ...] = ()


@frozen(kw_only=True)
class RestingTimer:
    """
    A timer of a state that was left and will go on when the state is entered again.

    ``left`` is what remained of its time when the state was left, counted as the timer counts; None where it keeps
    the deadline it had.
    """

    timer: StateTimer
    left: timedelta | None = None


@frozen
class Check:
    """One checked step of a checklist: when, by whom, with what evidence."""

    at: datetime
    by: str | None = None
    evidence: Any = None


@frozen(kw_only=True)
class Vote:
    """One person's vote in an approval: ``approve`` or ``reject``, when, and in which of the roles that count."""

    by: str
    vote: str
    at: datetime
    roles: tuple[str, ...] = ()


@frozen(kw_only=True)
class ApprovalRound:
    """The votes given since the state was entered, one per person; ``decided`` is ``approved``, ``rejected`` or None."""

    votes: tuple[Vote, ...] = ()
    decided: str | None = None


@frozen(kw_only=True)
class ShownStep:
    """A step of the outward view: the state that stands for it, since when, and whether the ticket is there now."""

    state: str
    at: datetime
    current: bool = True


@frozen
class Held:
    """Capacity this ticket holds: units of one key, given back when the ticket lets go."""

    key: str
    units: int = 1


@frozen(kw_only=True, slots=False)
class Ticket:
    """
    Immutable snapshot of one case between two events; bounded, whatever its history.

    ``last_actors`` holds for each word of a ``not_by`` who did last what it means; ``voters`` for words that mean a vote
    who voted so in the latest round of each approval.

    ``helping`` holds what those ``helpers`` promised who have a clock of their own; whoever is owner or assignee stays
    responsible meanwhile. ``watchers`` asked, or were asked, to hear of the ticket.

    ``told`` holds for each clock that waits for events or messages the latest of what it was told, so that a late
    event finds its place. ``turns`` holds for each queue that gave it a turn the number of its next one, and
    for each dispatch policy (``dispatch:<name>``) one more than the number of the turn it took last.
    ``low_ratings`` tells which low ratings were answered.

    ``at`` and ``sequence`` are the instant and the number of its last record; ``wake`` is the first
    instant at which time alone changes it (None: never). All instants are UTC.
    """

    id: str
    workflow: str
    version: int = 1
    at: datetime
    sequence: int = 0
    opened_at: datetime
    closed_at: datetime | None = None
    configuration: tuple[str, ...] = ()
    entered: FrozenMap[str, datetime] = EMPTY
    history: FrozenMap[str, tuple[str, ...]] = EMPTY
    closed: bool = False
    fields: FrozenMap[str, Any] = EMPTY
    set_by_person: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    queue: str | None = None
    customer: str | None = None
    requester: str | None = None
    asset: str | None = None
    outlet: str | None = None
    provider: str | None = None
    channel: str | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    helpers: tuple[str, ...] = ()
    helping: FrozenMap[str, HelperPromise] = EMPTY
    watchers: tuple[str, ...] = ()
    assignee: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    children_closed: tuple[str, ...] = ()
    children_total: int = 0
    reopened: int = 0
    checklist: FrozenMap[str, FrozenMap[str, Check]] = EMPTY
    approvals: FrozenMap[str, ApprovalRound] = EMPTY
    shown: FrozenMap[str, tuple[ShownStep, ...]] = EMPTY
    clocks: FrozenMap[str, ClockRun] = EMPTY
    told: FrozenMap[str, ClockStory] = EMPTY
    chains: tuple[ChainRun, ...] = ()
    levels: FrozenMap[str, int] = EMPTY
    turns: FrozenMap[str, int] = EMPTY
    offers: tuple[OfferMade, ...] = ()
    slots: FrozenMap[str, SlotProgress] = EMPTY
    held: tuple[Held, ...] = ()
    appointment: Appointment | None = None
    parts: tuple[PartLine, ...] = ()
    timers: tuple[StateTimer, ...] = ()
    refused_timers: tuple[RefusedTimer, ...] = ()
    resting_timers: tuple[RestingTimer, ...] = ()
    last_actors: FrozenMap[str, str] = EMPTY
    voters: FrozenMap[str, FrozenMap[str, tuple[str, ...]]] = EMPTY
    low_ratings: tuple[str, ...] = ()
    pins: FrozenMap[str, str] = EMPTY
    wake: datetime | None = field(default=None)

    @property
    def state(self) -> str:
        """Where it is: the active leaf state; in a parallel chart the leaves joined with ``+``."""
        return "+".join(self.configuration)

    @property
    def revision(self) -> int:
        """What ``expect`` is compared with: the number of the last record."""
        return self.sequence

    @property
    def entered_at(self) -> datetime:
        """When the latest of the active states was entered."""
        return max((self.entered[name] for name in self.entered), default=self.opened_at)

    @property
    def due(self) -> datetime | None:
        """When the first of its running clocks is due; for one that is breached, when it breached. None: no clock runs."""
        return min((run.due for run in self.clocks.values() if run.phase == "running" and run.due is not None), default=None)

    @property
    def waits(self) -> tuple[str, ...]:
        """The keys whose release may let dispatch go on, or bring a part that is waited for, sorted."""
        found = {key for progress in self.slots.values() for key in progress.waits}
        return tuple(sorted(found.union(waited_for(self.parts)) if self.parts else found))
