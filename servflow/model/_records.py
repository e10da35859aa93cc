"""Knows what can have happened to a ticket; must not know why it was decided so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.model._maps import EMPTY, FrozenMap
from servflow.model._ticket import (
    ChainRun,
    ClockRun,
    ClockStory,
    Held,
    HelperPromise,
    OfferMade,
    RefusedTimer,
    RestingTimer,
    SlotProgress,
    StateTimer,
    Told,
)


@frozen(kw_only=True, slots=False)
class Record:
    """Something that has happened: ``sequence`` numbers the records of one ticket from 1, ``at`` never goes back."""

    sequence: int
    at: datetime


@frozen(kw_only=True, slots=False)
class Opened(Record):
    """
    The ticket came to be, with its initial fields and attributes and all it runs under.

    ``fields`` include defaults; ``given`` names what the opener gave, ``person`` says that a person did.
    """

    id: str
    workflow: str
    version: int
    fields: FrozenMap[str, Any] = EMPTY
    given: tuple[str, ...] = ()
    person: bool = False
    attributes: FrozenMap[str, Any] = EMPTY
    actor: str | None = None
    roles: tuple[str, ...] = ()
    occurred: datetime | None = None
    configuration: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    closed: bool = False
    pins: FrozenMap[str, str] = EMPTY


@frozen(kw_only=True, slots=False)
class Received(Record):
    """
    An event came in and was accepted.

    ``internal`` ones were raised by the workflow itself. ``clamped`` keeps the instant the host gave
    where it lay up to 5 s behind the ticket, ``occurred`` when it happened if that was earlier. ``last_actor``
    are the words of a ``not_by`` that mean this event, so that the ticket keeps who did it.
    """

    event: str
    payload: FrozenMap[str, Any] = EMPTY
    actor: str | None = None
    roles: tuple[str, ...] = ()
    key: str | None = None
    occurred: datetime | None = None
    clamped: datetime | None = None
    internal: bool = False
    last_actor: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)
class Moved(Record):
    """The configuration changed, or a transition without a target was taken."""

    event: str | None
    exited: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    history: FrozenMap[str, tuple[str, ...]] = EMPTY
    transitions: tuple[int, ...] = ()
    closed: bool = False
    reopened: bool = False


@frozen(kw_only=True, slots=False)
class TimerSet(Record):
    """A state's timer was armed."""

    timer: StateTimer


@frozen(kw_only=True, slots=False)
class TimerFired(Record):
    """A state's timer ran out and its event was taken."""

    timer: StateTimer


@frozen(kw_only=True, slots=False)
class TimerRefused(Record):
    """A state's timer ran out and its event was refused; it is tried again when what its guard reads changes."""

    refused: RefusedTimer
    code: str
    why: str


@frozen(kw_only=True, slots=False)
class TimerRested(Record):
    """A state was left before its timer ran out; the timer goes on when the state is entered again."""

    resting: RestingTimer


@frozen(kw_only=True, slots=False)
class Updated(Record):
    """
    Fields or attributes of the ticket changed.

    ``person`` is set when a person set them: rules leave those alone. ``source`` is the place in the
    definition or the event behind it.
    """

    fields: FrozenMap[str, Any] = EMPTY
    attributes: FrozenMap[str, Any] = EMPTY
    person: bool = False
    source: str = ""


@frozen(kw_only=True, slots=False)
class Assigned(Record):
    """A slot (``assignee``, ``outlet``, ``owner``, ``helper``) was filled or emptied; ``because``: how a ``to`` found them."""

    slot: str
    to: str | None
    previous: str | None = None
    source: str = ""
    because: str = ""


@frozen(kw_only=True, slots=False)
class Watched(Record):
    """Somebody watches the ticket from here on, or no longer does (``watching`` False); ``because`` as for ``Assigned``."""

    who: str
    watching: bool = True
    source: str = ""
    because: str = ""


@frozen(kw_only=True, slots=False)
class HelperRecord(Record):
    """What a helper promised changed: ``promise`` as it stands after it."""

    helper: str
    promise: HelperPromise


@frozen(kw_only=True, slots=False)
class HelperStarted(HelperRecord):
    """A helper is to be done by ``promise.due``."""

    source: str = ""


@frozen(kw_only=True, slots=False)
class HelperBreached(HelperRecord):
    """Time went past the due instant of a helper; that instant, ``promise.breached_at``, counts, however late anyone looked."""


@frozen(kw_only=True, slots=False)
class HelperEnded(Record):
    """
    A helper is ``done`` or was ``removed``, or their clock stopped as the ticket was ``closed`` (``outcome``).

    ``promise`` is what they had promised, breached or not; None where they had no clock. After ``closed`` they stay
    among the helpers.
    """

    helper: str
    outcome: str
    promise: HelperPromise | None = None
    by: str | None = None
    reason: str = ""
    source: str = ""


@frozen(kw_only=True, slots=False)
class Messaged(Record):
    """A message was written: by which side, public or internal."""

    side: str
    public: bool = True
    channel: str | None = None
    text: str = ""
    actor: str | None = None
    occurred: datetime | None = None


@frozen(kw_only=True, slots=False)
class Checked(Record):
    """A step of a state's checklist was done."""

    state: str
    step: str
    by: str | None = None
    evidence: Any = None


@frozen(kw_only=True, slots=False)
class Unchecked(Record):
    """A check of a step was taken back, with the reason; the step is to be done again."""

    state: str
    step: str
    by: str | None = None
    reason: str = ""


@frozen(kw_only=True, slots=False)
class Voted(Record):
    """
    Somebody voted in the approval of a state: ``approve`` or ``reject``; an earlier vote of theirs is replaced.

    ``roles`` are those of the voter that the quorum counts, ``needed`` is how many approvals it took at that
    moment where it is a number, ``decided`` says what the vote decided, if anything.
    """

    state: str
    by: str
    vote: str
    roles: tuple[str, ...] = ()
    comment: str = ""
    needed: int | None = None
    decided: str | None = None


@frozen(kw_only=True, slots=False)
class Progressed(Record):
    """
    What an audience sees of the ticket is another step now: the states that stand for it.

    ``anew`` says that what it had seen before is forgotten, because the ticket was reopened.
    """

    audience: str
    states: tuple[str, ...]
    anew: bool = False


@frozen(kw_only=True, slots=False)
class Decided(Record):
    """
    A rule, a table, dispatch or a correlator decided.

    ``maker`` is ``rule``, ``table``, ``dispatch`` or ``correlator``; ``world`` is the version decided with, ``values``
    what was read, ``result`` what came out and ``why`` the reasons as data.
    """

    maker: str
    name: str
    world: str | None = None
    values: FrozenMap[str, Any] = EMPTY
    result: Any = None
    why: Any = None


@frozen(kw_only=True, slots=False)
class Repinned(Record):
    """What the ticket runs under changed: the hashes of its workflow and calendars from here on."""

    pins: FrozenMap[str, str]
    reason: str = ""


@frozen(kw_only=True, slots=False)
class Migrated(Record):
    """
    The ticket runs under another version of its definition from here on.

    ``before`` and ``pins`` are what it ran under and runs under. ``states``, ``fields`` and ``clocks`` tell the names that
    changed for this ticket (a field that was let go has None). The rest is what was carried over: where it is and since when,
    and what was set for it by time; ``dropped`` names the clocks the new version does not have. What changes on top
    follows in records of its own.
    """

    version: int
    before: FrozenMap[str, str]
    pins: FrozenMap[str, str]
    states: FrozenMap[str, str] = EMPTY
    fields: FrozenMap[str, Any] = EMPTY
    clocks: FrozenMap[str, str] = EMPTY
    configuration: tuple[str, ...] = ()
    entered: FrozenMap[str, datetime] = EMPTY
    history: FrozenMap[str, tuple[str, ...]] = EMPTY
    closed: bool = False
    timers: tuple[StateTimer, ...] = ()
    refused_timers: tuple[RefusedTimer, ...] = ()
    resting_timers: tuple[RestingTimer, ...] = ()
    chains: tuple[ChainRun, ...] = ()
    dropped: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)
class ClockRecord(Record):
    """A clock changed at ``instant`` (earlier than ``at`` when the event occurred earlier); ``run`` is the clock after it."""

    clock: str
    instant: datetime
    run: ClockRun
    reason: str = ""


@frozen(kw_only=True, slots=False)
class ClockStarted(ClockRecord):
    """A cycle of a clock began."""


@frozen(kw_only=True, slots=False)
class ClockPaused(ClockRecord):
    """No time counts from here on."""


@frozen(kw_only=True, slots=False)
class ClockResumed(ClockRecord):
    """Time counts again."""


@frozen(kw_only=True, slots=False)
class ClockStopped(ClockRecord):
    """The promise was kept or came too late (``run.breached_at``), or was cancelled (``run.phase``)."""


@frozen(kw_only=True, slots=False)
class ClockReset(ClockRecord):
    """The cycle starts again from nothing counted."""


@frozen(kw_only=True, slots=False)
class ClockRetargeted(ClockRecord):
    """The clock has another target or calendar now."""


@frozen(kw_only=True, slots=False)
class Warned(ClockRecord):
    """A mark before the end was reached; ``instant`` is when, however late anyone looked."""

    mark: str


@frozen(kw_only=True, slots=False)
class Breached(ClockRecord):
    """Time went past the due instant; ``instant`` is that instant, however late anyone looked."""


@frozen(kw_only=True, slots=False)
class Amended(ClockRecord):
    """
    A recorded mark does not hold after all, because an event had occurred earlier, or because the breach followed another
    target or calendar; ``was`` is the mark's instant.
    """

    mark: str
    was: datetime


@frozen(kw_only=True, slots=False)
class Waived(ClockRecord):
    """A breach is excused; it stays visible. ``cycle`` is the earlier cycle it is one of, None for that of ``run``."""

    by: str | None = None
    cycle: int | None = None


@frozen(kw_only=True, slots=False)
class ClockTold(Record):
    """
    What happened at ``instant`` told a clock something, whether or not it changed the clock.

    ``told`` comes after all that the clock was told before; ``story``, where it is given, is all of it anew.
    """

    clock: str
    instant: datetime
    told: tuple[Told, ...] = ()
    story: ClockStory | None = None


@frozen(kw_only=True, slots=False)
class SlotChanged(Record):
    """Dispatch went on with a slot: ``progress`` is how far it has come."""

    slot: str
    policy: str
    progress: SlotProgress | None
    reason: str = ""


@frozen(kw_only=True, slots=False)
class Offered(Record):
    """The ticket was offered to one candidate."""

    offer: OfferMade


@frozen(kw_only=True, slots=False)
class OfferEnded(Record):
    """An offer is over: ``accepted``, ``rejected``, ``expired`` or ``withdrawn``."""

    offer: OfferMade
    outcome: str
    reason: str = ""


@frozen(kw_only=True, slots=False)
class Reserved(Record):
    """The ticket took hold of capacity."""

    held: Held


@frozen(kw_only=True, slots=False)
class Freed(Record):
    """The ticket let go of capacity."""

    held: Held


@frozen(kw_only=True, slots=False)
class Linked(Record):
    """Another ticket belongs to this one (``child``, ``child_closed``, ``child_reopened``, ``duplicate``, ...)."""

    other: str
    relation: str


@frozen(kw_only=True, slots=False)
class Erased(Record):
    """
    What the ticket and its records said of a person was taken out.

    ``fields`` are null from here back to the opening, ``people`` the names that stand for ids that were replaced, ``written``
    says that all that people wrote was taken out. ``records`` gives for the number of every record that was changed the
    SHA-256 of the canonical text that stands there since, in hexadecimal; the latest that names a number counts.
    """

    fields: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    written: bool = False
    records: FrozenMap[str, str] = EMPTY
    actor: str | None = None
    roles: tuple[str, ...] = ()
    reason: str = ""
