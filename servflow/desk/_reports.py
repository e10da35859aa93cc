"""Knows what one round of a desk came to; must not know how the round is run."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

MAX_PROBLEMS = 100
"""How many problems a report tells of; the counts are exact all the same."""

MAX_LATENESS = 100
"""Of how many tickets a report tells how late they were; enough to see whether workers keep up."""


@frozen
class Problem:
    """
    Something a round could not do, with the error that says why.

    ``where`` is the ticket's id, or the number of the source; ``what`` the event, the effect's id, or
    ``advance``, ``open``, ``source``.
    """

    where: str
    what: str
    error: Exception


@frozen(kw_only=True)
class TickReport:
    """
    What one ``Desk.tick`` came to.

    ``claimed`` tickets were looked at: ``advanced`` changed by time alone, ``idle`` were woken and found
    nothing to do. Of their mail ``fired`` was accepted, ``duplicates`` had been before, ``refused`` was
    not allowed and is consumed. ``sent`` is what sources asked for and was new. ``failed`` stays and is
    tried again later; ``set_aside`` are the tickets among them that failed for the last time: they hold up nobody, and
    ``Desk.troubles`` lists them. ``problems`` tells of what was refused or failed, the first hundred. ``lateness`` is how
    long after their wake tickets were answered, for the first hundred of them, in no order; elapsed time.
    """

    claimed: int = 0
    advanced: int = 0
    idle: int = 0
    fired: int = 0
    duplicates: int = 0
    refused: int = 0
    sent: int = 0
    failed: int = 0
    set_aside: int = 0
    problems: tuple[Problem, ...] = ()
    lateness: tuple[timedelta, ...] = ()

    @property
    def worked(self) -> bool:
        """Whether anything was done, so that another round may find more: ``while desk.tick().worked: ...`` ends."""
        return bool(self.advanced or self.idle or self.fired or self.duplicates or self.refused or self.sent)


@frozen(kw_only=True)
class MigrationReport:
    """
    What one ``Desk.migrate`` came to.

    ``moved`` tickets run under the new definition now; ``done`` did before, ``other`` run under neither definition of the
    plan. ``refused`` stay where they were, because an answer is missing or a value does not fit; ``failed`` are
    those that something else went wrong with. ``problems`` tells why, the first hundred. ``more`` says that the limit
    was reached, so that another call may find more.
    """

    moved: int = 0
    done: int = 0
    other: int = 0
    refused: int = 0
    failed: int = 0
    more: bool = False
    problems: tuple[Problem, ...] = ()


@frozen(kw_only=True)
class RecalendarReport:
    """
    What one ``Desk.recalendar`` came to.

    Of the tickets that ran under earlier calendars ``recounted`` have another due instant, mark or counted time now, and are
    woken by it; ``same`` are as they were, but run under the present calendars. ``done`` did before. ``failed`` are those that
    something went wrong with, and ``problems`` tells why, the first hundred. ``more`` says that the limit was reached, so that
    another call may find more.
    """

    recounted: int = 0
    same: int = 0
    done: int = 0
    failed: int = 0
    more: bool = False
    problems: tuple[Problem, ...] = ()


@frozen(kw_only=True)
class LookReport:
    """
    What one ``Desk.look_again`` came to.

    ``changed`` tickets have other records now: somebody was found, or taken back, or they wait for something else; ``same``
    stand as they stood. ``failed`` are those that something went wrong with, and ``problems`` tells why, the first hundred.
    ``more`` says that the limit was reached, so that another call may find more.
    """

    changed: int = 0
    same: int = 0
    failed: int = 0
    more: bool = False
    problems: tuple[Problem, ...] = ()


@frozen(kw_only=True)
class DeliverReport:
    """
    What one ``Desk.deliver`` came to.

    ``delivered`` effects are done. ``unhandled`` had no handler and ``refused`` can never be done (a ticket
    that may not be opened): both are acknowledged, so that they block nothing. ``failed`` raised and are tried again
    later, and so the later effects of their tickets wait; ``set_aside`` are those among them that failed for the last time:
    dead letters, which hold up nothing more, and which ``Desk.troubles`` lists.
    ``problems`` tells of everything refused or failed; ``kinds`` counts the unhandled ones by kind.
    """

    delivered: int = 0
    unhandled: int = 0
    refused: int = 0
    failed: int = 0
    set_aside: int = 0
    problems: tuple[Problem, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()

    @property
    def worked(self) -> bool:
        """Whether anything was done with, so that another round may find more: ``while desk.deliver().worked: ...`` ends."""
        return bool(self.delivered or self.unhandled or self.refused or self.set_aside)
