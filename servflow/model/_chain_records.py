"""Knows what can have happened to the runs of chains on a ticket; must not know why it was decided so."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from servflow.model._records import Record
from servflow.model._ticket import ChainRun


@frozen(kw_only=True, slots=False)
class ChainRecord(Record):
    """A run of a chain changed; ``run`` is the run after it (``phase`` ``done``: it left the ticket)."""

    run: ChainRun


@frozen(kw_only=True, slots=False)
class ChainStarted(ChainRecord):
    """A run began, or was armed to begin at ``run.due``."""


@frozen(kw_only=True, slots=False)
class LevelRecord(ChainRecord):
    """What a level came to at its scheduled instant; its parts mean what they mean for ``Escalated``."""

    level: int
    scheduled: datetime
    outcome: str = "fired"
    to: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)
class Escalated(LevelRecord):
    """
    A level was reached at its scheduled instant.

    ``outcome`` is ``fired``, ``coalesced`` (late; a later level spoke for it, or the call that caught it up
    ended or acknowledged the run), ``empty`` (nobody to reach), ``skipped`` (its condition did not hold) or
    ``stopped``. ``why`` says what led to it; ``to`` names whom it told, or would have told where it is coalesced;
    ``because`` says of each of them, in the same order, how they were found.
    """

    name: str


@frozen(kw_only=True, slots=False)
class Reminded(LevelRecord):
    """A level's reminder went out, or came to something else; ``outcome`` and ``why`` are as for ``Escalated``."""


@frozen(kw_only=True, slots=False)
class Acknowledged(ChainRecord):
    """Somebody took notice; ``snoozed`` when only for a while."""

    by: str | None = None
    snoozed: bool = False


@frozen(kw_only=True, slots=False)
class ChainResumed(ChainRecord):
    """
    The climb goes on, or elsewhere, with the reason: an acknowledgement or snooze is over, or somebody sent it up or down.

    ``levels`` are those that were not reached in a climb that ended with it.
    """

    reason: str = ""
    by: str | None = None
    levels: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)
class QuietEnded(LevelRecord):
    """
    Quiet hours ended and what a level had held back went out, at its scheduled instant; ``outcome`` as of ``Escalated``.

    ``coalesced`` also earlier, where it need not be said any more: a level spoke for it, or the run was answered or ended.
    """


@frozen(kw_only=True, slots=False)
class DeliveryNoted(ChainRecord):
    """What became of a notification of a level: ``result`` is ``delivered`` or ``failed``."""

    level: int
    to: str
    effect: str
    result: str
    reason: str = ""


@frozen(kw_only=True, slots=False)
class ChainStopped(ChainRecord):
    """A run ended before its climb did, with the reason; ``levels`` are those that were not reached for it."""

    reason: str
    by: str | None = None
    levels: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)
class TurnTaken(Record):
    """
    A queue gave the ticket a turn: somebody was picked from it ``round_robin``; the ticket's next turn is one more.

    ``queue`` is ``dispatch:<name>`` where a dispatch policy gave it, by its term ``round_robin``.
    """

    queue: str
    turn: int
