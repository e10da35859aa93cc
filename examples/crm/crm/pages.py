"""Knows what each page shows, as plain values for a template; must not know how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from attrs import evolve, frozen

from crm.service import ZONE, Customer, Service
from crm.words import Words
from servflow import Actor, Ticket, Workflow
from servflow.embedding import Form, Input, desk_forms, opening_form
from servflow.engine import Explanation
from servflow.model import Field, in_language
from servflow.report import StoryLine, story_lines
from servflow.sla import Timeline

PAGE = 12
"""Cards of a column."""

OWN = {"name": 200, "phone": 50}
"""What the CRM's own table of customers holds, and how long each may be."""

OPENING = ("subject", "category", "serial", "tier")
APART = ("ticket.message", "step.check")
"""Events that have a place of their own on the page."""


def href(id_: str) -> str:
    """Where a ticket is, whatever its id holds."""
    return f"/tickets/{quote(id_, safe='')}"


@frozen(kw_only=True)
class Card:
    """A ticket on the board."""

    id: str
    href: str
    subject: str
    state: str
    customer: str
    assignee: str | None
    priority: int
    due: datetime | None
    late: bool
    how: str


@frozen(kw_only=True)
class Column:
    """A column of the board: its cards by when they are due, and where the next page of it is."""

    key: str
    title: str
    cards: Sequence[Card]
    alone: str
    more: str | None = None


@frozen(kw_only=True)
class Asked:
    """What the board is asked for; it comes from the address, so nothing of it is trusted."""

    by: str = "state"
    only: str = ""
    queue: str = ""
    assignee: str = ""
    late: bool = False
    q: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """What an address asks for."""
        cut = {
            name: query.get(name, "").replace("\0", "").strip()[:200] for name in ("only", "queue", "assignee", "q", "after")
        }
        return cls(by="queue" if query.get("by") == "queue" else "state", late=query.get("late") == "1", **cut)

    def url(self, **changes: str) -> str:
        """The address that asks for this, or for something near it."""
        given = {"by": self.by, "only": self.only, "queue": self.queue, "assignee": self.assignee, "q": self.q}
        given |= {"late": "1" if self.late else "", "after": self.after, **changes}
        kept = {name: value for name, value in given.items() if value and (name, value) != ("by", "state")}
        return f"/?{urlencode(kept)}" if kept else "/"


def title_of(workflow: Workflow, ticket: Ticket, lang: str) -> str:
    """Where a ticket is, in words."""
    states = workflow.compiled.states
    return " + ".join(in_language(states[name].title, lang) or name for name in ticket.configuration if name in states)


def cards(service: Service, tickets: Sequence[Ticket], words: Words) -> list[Card]:
    """Tickets as cards."""
    now = service.now()
    names = service.customers([ticket.customer for ticket in tickets])
    found = []
    for ticket in tickets:
        due, open_ = ticket.due, [run for run in ticket.clocks.values() if run.phase in ("running", "paused")]
        late = any(run.breached_at is not None for run in open_) or (due is not None and due < now)
        if due is not None:
            how = words("late_by" if late else "due_in", length=words.length(due - now))
        else:
            how = words("paused_late" if late else "paused" if open_ else "not_due")
        found.append(
            Card(
                id=ticket.id,
                href=href(ticket.id),
                subject=str(ticket.fields.get("subject") or ticket.id),
                state=title_of(service.workflow, ticket, words.lang),
                customer=names.get(ticket.customer or "", ticket.customer or ""),
                assignee=ticket.assignee,
                priority=ticket.priority,
                due=due,
                late=late,
                how=how,
            )
        )
    return found


def board(service: Service, asked: Asked, words: Words) -> list[Column]:
    """The columns of the board; one alone, page by page, where one is asked for; what was found, where something is sought."""
    if asked.q:
        return [_found(service, asked, words)]
    states = {name: in_language(state.title, words.lang) or name for name, state in service.workflow.compiled.states.items()}
    closed = {name for name, state in service.workflow.compiled.states.items() if state.closed}
    titles = states if asked.by == "state" else {name: words.name(name) for name in service.workflow.queues}
    shown = [name for name in titles if name == asked.only or (not asked.only and name not in closed)]
    return [_column(service, asked, name, titles[name], words) for name in shown]


def _column(service: Service, asked: Asked, name: str, title: str, words: Words) -> Column:
    wanted: dict[str, Any] = {asked.by: name, "order": "due"}
    if asked.queue and asked.by == "state":
        wanted["queue"] = asked.queue
    if asked.assignee:
        wanted["assignee"] = asked.assignee
    if asked.late:
        wanted["due_before"] = service.now()
    tickets: list[Ticket] = []
    after = asked.after if asked.only else ""
    while len(tickets) <= PAGE:  # a queue holds closed tickets too, which have their own column
        page = service.desk.find(**wanted, limit=PAGE + 1, after=after or None)
        tickets += [ticket for ticket in page if asked.by == "state" or not ticket.closed]
        if len(page) <= PAGE:
            break
        after = page[-1].id
    more = asked.url(only=name, after=tickets[PAGE - 1].id) if len(tickets) > PAGE else None
    found = cards(service, tickets[:PAGE], words)
    return Column(key=name, title=title, cards=found, alone=asked.url(only=name, after=""), more=more)


def _found(service: Service, asked: Asked, words: Words) -> Column:
    tickets = [service.desk.get(id_) for id_ in service.search(asked.q)]
    now = service.now()
    kept = [
        ticket
        for ticket in tickets
        if (not asked.queue or ticket.queue == asked.queue)
        and (not asked.assignee or ticket.assignee == asked.assignee)
        and (not asked.late or (ticket.due is not None and ticket.due < now))
    ]
    kept.sort(key=lambda ticket: (ticket.due is None, ticket.due or now, ticket.id))
    return Column(key="found", title=words("found"), cards=cards(service, kept, words), alone=asked.url())


@frozen(kw_only=True)
class Promise:
    """A clock with the answer to why it is due then."""

    title: str
    line: Timeline
    text: str
    late: bool
    answer: Sequence[str]
    picture: str


@frozen(kw_only=True)
class TicketPage:
    """Everything the page of a ticket shows."""

    ticket: Ticket
    state: str
    titles: Mapping[str, str]
    customer: Customer | None
    facts: Sequence[tuple[str, str]]
    ready: Sequence[Form]
    refused: Sequence[Form]
    message: Form | None
    checks: Mapping[str, Form]
    promises: Sequence[Promise]
    seen: Explanation
    steps: Sequence[Mapping[str, Any]]
    story: Sequence[StoryLine]
    sent: Sequence[Any]
    people: Mapping[str, str]

    def lines(self, *kinds: str) -> list[StoryLine]:
        """Lines of the story of some kinds."""
        return [line for line in self.story if line.kind in kinds]


def forms_of(service: Service, id_: str, actor: Actor, words: Words) -> tuple[Form, ...]:
    """
    What somebody can do with a ticket now, as forms; what is refused is among them, with why.

    Raises:
        NotFound: there is no such ticket.
    """
    return desk_forms(service.desk, service.ticket(id_).id, actor=actor, lang=words.lang, zone=ZONE)


def message_form(form: Form) -> Form:
    """Of a message the page asks for the text alone; whose side it is on, the server says."""
    text = next(one for one in form.inputs if one.name == "text")
    return evolve(form, inputs=(evolve(text, required=True),))


def opening(service: Service, words: Words) -> Form:
    """The form of a new ticket: what the workflow asks for, after what the CRM's own table does."""
    form = opening_form(service.workflow, lang=words.lang, zone=ZONE).only(*OPENING)
    own = tuple(Input(name=name, title=words(name), required=True) for name in OWN)
    return evolve(form, inputs=(*own, *form.inputs))


def ticket_page(service: Service, id_: str, actor: Actor, words: Words) -> TicketPage:
    """
    The page of a ticket as somebody sees it.

    Raises:
        NotFound: there is no such ticket.
    """
    ticket = service.ticket(id_)
    workflow: Any = service.desk.workflow_of(id_)
    found = forms_of(service, id_, actor, words)
    seen = service.desk.explain(id_)
    records = service.desk.history(id_)
    sent = service.outbox(id_)
    shown = [(name, ticket.fields[name]) for name in workflow.fields if ticket.fields.get(name) not in (None, "")]
    return TicketPage(
        ticket=ticket,
        state=title_of(workflow, ticket, words.lang),
        titles={name: in_language(state.title, words.lang) or name for name, state in workflow.compiled.states.items()},
        customer=service.customer(ticket.customer),
        facts=[_fact(workflow.fields[name], name, value, words) for name, value in shown],
        ready=[one for one in found if one.status != "refused" and one.event not in APART],
        refused=[one for one in found if one.status == "refused" and one.event not in APART],
        message=next((message_form(one) for one in found if one.event == "ticket.message"), None),
        checks={str(one.inputs[0].value): one for one in found if one.event == "step.check"},
        promises=[_promise(service, ticket, name, words) for name in ticket.clocks],
        seen=seen,
        steps=[{**step, "title": in_language(step["title"], words.lang) or step["step"]} for step in seen.checklists],
        story=story_lines(records, workflow, zone=ZONE),
        sent=sent,
        people=service.customers([row.recipient for row in sent]),
    )


def _fact(spec: Field, name: str, value: object, words: Words) -> tuple[str, str]:
    return in_language(spec.title, words.lang) or name, words.name(str(value)) if spec.one_of else str(value)


def _promise(service: Service, ticket: Ticket, clock: str, words: Words) -> Promise:
    line = service.desk.explain_clock(ticket.id, clock)
    now = service.now()
    late = line.breached_at is not None
    if line.phase == "cancelled":
        text = words("cancelled")
    elif line.phase == "met":
        text = words("met_late" if late else "met", at=words.at(line.stopped_at))
    elif line.due is not None and late:
        text = words(
            "and", one=words("was_due", at=words.at(line.due)), two=words("late_by", length=words.length(now - line.due))
        )
    elif line.due is not None:
        text = words("and", one=words("due", at=words.at(line.due)), two=words("due_in", length=words.length(line.due - now)))
    else:
        text = words("resting", length=words.work(line.remaining))
    return Promise(
        title=words.name(clock),
        line=line,
        text=text,
        late=late,
        answer=line.answer(words.lang, ZONE),
        picture=line.svg(words.lang, ZONE),
    )
