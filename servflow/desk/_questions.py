"""Knows how a desk asks what would be of a ticket in its store; must not know how that is worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from servflow.calendars import OpenTime
from servflow.desk import _recalendar
from servflow.desk._finding import check_names, found
from servflow.desk._steps import Steps, placed
from servflow.engine._recompute import given_calendars
from servflow.errors import InputError
from servflow.model import Record, Ticket, instant
from servflow.sla import ClockChange

_PAGE = 100
_ANY = 2**63
"""More tickets than a store can hold."""


def verb_of(steps: Steps, ticket: Ticket, verb: str) -> Any:
    """
    What a ticket's workflow answers by; a correlator, or a host's own kind of workflow, may do without.

    Raises:
        NotFound: the ticket's version of the workflow is missing.
        InputError: it does not answer that.
    """
    flow: Any = steps.workflows.of_ticket(ticket)
    found = getattr(flow, verb, None)
    if not callable(found):
        said = f"{ticket.id} is kept by {ticket.workflow}, which promises nothing; ask about a ticket of a workflow"
        raise InputError(said, code="verb", ticket=ticket.id, workflow=ticket.workflow, verb=verb)
    return found


class Questions:
    """What can be asked of a desk about its tickets before anything is done; nothing here changes anything."""

    _steps: Steps

    def histories(self, **asked: Any) -> Iterator[tuple[Record, ...]]:
        """
        The records of every ticket that ``find`` gives for the same arguments, for figures and reports.

        Tickets are read as they are asked for, a page of 100 at a time, however many there are; with ``limit`` at most so many.

        Raises:
            InputError: as ``find``, at once.
        """
        check_names(self._steps.workflows, asked)
        return self._histories(asked)

    def _histories(self, asked: Mapping[str, Any]) -> Iterator[tuple[Record, ...]]:
        left, after = asked.get("limit", _ANY), asked.get("after")
        while page := found(self._steps.store, {**asked, "limit": min(left, _PAGE), "after": after}):
            for ticket in page:
                yield self._steps.store.history(ticket.id)
            left, after = left - len(page), page[-1].id

    def explain_clock(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        clock: str,
        at: datetime | None = None,
        *,
        cycle: int | None = None,
        zone: str | None = None,
    ) -> Any:
        """
        Why a clock of a ticket is due when it is, with states and reasons from its records; see ``Workflow.explain_clock``.

        Args:
            at: aware instant to explain it at, also one that has passed; now unless given.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: no such clock, with a did-you-mean, or no such cycle or zone.
        """
        ticket = self._steps.get(id)
        now = placed(self._steps.around.now(), ticket, None)[0] if at is None else at
        explained = verb_of(self._steps, ticket, "explain_clock")
        records, world = self._steps.store.history(id), self._steps.around.world()
        return explained(ticket, clock, at=now, records=records, cycle=cycle, zone=zone, world=world)

    def progress(self, id: str, audience: str = "customer", *, lang: str = "en") -> Any:  # noqa: A002 - as above
        """
        Where a ticket stands now, as people outside may see it; see ``Workflow.progress``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: nothing is shown to such an audience.
        """
        ticket = self._steps.get(id)
        at, _ = placed(self._steps.around.now(), ticket, None)
        return verb_of(self._steps, ticket, "progress")(ticket, audience, at=at, world=self._steps.around.world(), lang=lang)

    def what_if(self, id: str, **asked: Any) -> Any:  # noqa: A002 - as above
        """
        What a change would make of a ticket now: ``Workflow.what_if`` with what it takes but ``at`` and ``world``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            Refused: a name or a value does not fit, or the event is not possible here.
            InputError: nothing to change was given, a calendar is unknown, or the ticket is one that a correlator keeps.
        """
        return self._asked(id, "what_if", asked)

    def forecast(self, id: str, clock: str, estimate: timedelta | str) -> Any:  # noqa: A002 - as above
        """
        Whether work that starts now is done before a clock of a ticket is due; see ``Workflow.forecast``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: no such clock, the estimate is no length of work, or the ticket is one that a correlator keeps.
        """
        return self._asked(id, "forecast", {"clock": clock, "estimate": estimate})

    def plan(self, id: str, until: datetime, **asked: Any) -> Any:  # noqa: A002 - as above
        """
        What the chains would do to a ticket from now until an instant if nothing else happened; see ``Workflow.plan``.

        Args:
            id: whose ticket.
            until: aware instant at which to stop looking.
            asked: ``chain``, ``script`` and ``down``, as there.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: no such chain, the script is written otherwise, or the ticket is one that a correlator keeps.
            LimitError: more happens until then than can be told.
        """
        return self._asked(id, "plan", {"until": until, **asked})

    def choice(self, id: str, *, slot: str | None = None) -> Any:  # noqa: A002 - as above
        """
        Whom dispatch would choose for a ticket now, with every verdict; see ``Workflow.choice``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: the desk has no world, there is no such slot or entry, or several could be meant.
        """
        return self._asked(id, "choice", {"slot": slot})

    def why_not(self, id: str, candidate: str, *, slot: str | None = None) -> Any:  # noqa: A002 - as above
        """
        Why somebody does not get a ticket now: what keeps them out, or who is ahead of them; see ``Workflow.why_not``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: nobody of that id can be chosen, with a did-you-mean; else as ``choice``.
        """
        return self._asked(id, "why_not", {"candidate": candidate, "slot": slot})

    def unblock(self, id: str, *, slot: str | None = None, limit: int = 10) -> Any:  # noqa: A002 - as above
        """
        The smallest single changes after which somebody fits a ticket now; see ``Workflow.unblock``.

        Raises:
            NotFound: there is no such ticket, or its version of the workflow is missing.
            InputError: as ``choice``.
            LimitError: *limit* is no whole number from 1 on.
        """
        return self._asked(id, "unblock", {"slot": slot, "limit": limit})

    def _asked(self, id_: str, question: str, asked: Mapping[str, Any]) -> Any:
        around = self._steps.around
        if held := sorted({"at", "world"} & asked.keys()):
            said = f"a desk asks as of now and of its own world; leave out {', '.join(held)}, or ask the workflow itself"
            raise InputError(said, code="argument")
        ticket = self._steps.get(id_)
        at, _ = placed(around.now(), ticket, None)
        return verb_of(self._steps, ticket, question)(ticket, at=at, world=around.world(), **asked)

    def recompute(
        self,
        calendars: Mapping[str, Any] | None = None,
        *,
        calendar: Mapping[str, Any] | OpenTime | None = None,
        workflow: str | None = None,
        at: datetime | None = None,
    ) -> tuple[ClockChange, ...]:
        """
        What other calendars would change for the tickets in the store, which are read page by page; nothing is kept.

        Args:
            calendars: those that would change, by name; left out, it is told what ``recalendar`` would do.
            calendar: the new edition of the only calendar that the workflow has, in place of *calendars*.
            workflow: only tickets of this name; calendars are looked for in every workflow where left out.
            at: aware instant to compare at, now where left out.

        Raises:
            InputError: a workflow has no calendar of such a name, or *calendar* was given and it has several.
        """
        now = self._steps.around.now() if at is None else instant(at, "at")
        given = None if calendars is None and calendar is None else given_calendars(calendars, calendar)
        return tuple(_recalendar.preview(self._steps, given, workflow, now))
