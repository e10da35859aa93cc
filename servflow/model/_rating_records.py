"""Knows what can have been said of a ticket by those who were served, and whether they were asked; must not know who asks."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from servflow.model._records import Record


@frozen(kw_only=True, slots=False)
class Rated(Record):
    """
    Somebody rated: on which scale (``csat``, ``nps``, ``ces``), the score, a comment.

    ``about`` is what was rated: the ``ticket``, one ``visit`` of it, or the whole ``relation`` to the customer. ``by``
    fired the event, ``rater`` is whose opinion it is where that is somebody else. One rater has one opinion of one thing
    on one scale: the latest counts. ``low`` names the survey whose ``low`` was answered by this rating.
    """

    scale: str
    score: int
    by: str | None = None
    comment: str = ""
    about: str = "ticket"
    visit: str | None = None
    rater: str | None = None
    low: str | None = None

    @property
    def of(self) -> str:
        """What tells this opinion from every other one: scale, what it is about, and whose it is."""
        return "\t".join((self.scale, self.about, self.visit or "", self.rater or self.by or ""))


@frozen(kw_only=True, slots=False)
class Surveyed(Record):
    """
    A survey of the workflow was ``asked`` of somebody, or ``skipped`` for a ``reason``.

    ``until`` is the instant from which on an answer is a late one (None: never), ``rests`` the one until which whoever was
    asked is left alone.
    """

    survey: str
    scale: str
    outcome: str
    to: str | None = None
    reason: str = ""
    about: str = "ticket"
    visit: str | None = None
    until: datetime | None = None
    rests: datetime | None = None
