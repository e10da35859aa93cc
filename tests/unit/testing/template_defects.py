"""Knows ways in which somebody could spoil a large template, and who would notice; must not know how they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

import servflow
from servflow.documents import read_template
from servflow.model import Moved, Received, Record, Ticket


def fired(records: tuple[Record, ...], *events: str) -> list[Received]:
    """What came in of some events."""
    return [record for record in records if isinstance(record, Received) and record.event in events]


# what their authors would write, three lines each ----------------------------------------------------------------------


def front_line_pays_little(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """The front line gives no more than 100 alone."""
    alone = not fired(records, "approval.approve")
    return not (ticket.state == "answered" and alone and ticket.fields["class"] == "front_line" and _money(ticket) > 100)


def _money(ticket: Ticket) -> Any:
    return ticket.fields["compensation"]


def answers_cost_nothing(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """An answer without money takes back what was offered before."""
    last = fired(records, "answer", "compensate")[-1:]
    return not last or last[0].event != "answer" or _money(ticket) == 0


def call_back_ends(ticket: Ticket) -> bool:
    """In work nobody is to call back."""
    clock = ticket.clocks.get("call back")
    return ticket.state != "handling" or clock is None or clock.phase != "running"


def four_eyes(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """What was rejected is not offered."""
    last = [record for record in records if isinstance(record, Moved) and record.event][-1:]
    return not last or last[0].event != "rejected.approving_high" or ticket.state != "answered"


def resolved_waits(ticket: Ticket) -> bool:
    """While the user tries, no time of the promise counts."""
    return ticket.state != "resolved" or ticket.clocks["resolution"].phase != "running"


def company_is_urgent(ticket: Ticket) -> bool:
    """What hits the whole company is never of low priority."""
    return ticket.fields["impact"] != "company" or ticket.priority is None or ticket.priority <= 3


def refund_is_no_gift(ticket: Ticket) -> bool:
    """Nobody gets more back than they paid."""
    return ticket.fields["refund"] <= max(0, ticket.fields["paid"])


def parcel_is_full(ticket: Ticket) -> bool:
    """What is exchanged is in the parcel."""
    return ticket.state != "shipped" or ticket.fields["remedy"] != "exchange" or not _packed_nothing(ticket)


def _packed_nothing(ticket: Ticket) -> bool:
    return bool(ticket.fields["complete"] and ticket.fields["packed"] <= 0)


def three_calls(ticket: Ticket) -> bool:
    """Nobody is called a fourth time."""
    return ticket.fields["attempts"] <= 3


def passes_clean(ticket: Ticket) -> bool:
    """What passed at once has no defects."""
    return ticket.fields["result"] != "passed" or ticket.fields["defects"] == 0


def work_is_checked(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """What is settled was checked, step by step."""
    return ticket.state != "settling" or len({record.step for record in records if type(record).__name__ == "Checked"}) == 4


def persisting_is_open(ticket: Ticket) -> bool:
    """A problem whose figure is too high is not closed."""
    measured = ticket.fields.get("measured")
    return ticket.state != "closed" or measured is None or measured <= ticket.fields["target"]


def nobody_waits_unheard(ticket: Ticket) -> bool:
    """Whoever waits for a person has a promise."""
    clock = ticket.clocks.get("answer")
    return ticket.state != "person" or (clock is not None and clock.phase == "running")


@frozen(kw_only=True)
class TemplateDefect:
    """One place of a template that was spoilt, the sentence that the machine finds, and the author's own invariant, if any."""

    name: str
    template: str
    right: str
    wrong: str
    says: str = ""
    invariant: Callable[..., bool] | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def spoilt(self) -> servflow.Workflow:
        text = read_template(f"{self.template}.yaml")
        assert text.count(self.right), f"{self.template} has no {self.right!r} any more"
        return servflow.load(text.replace(self.right, self.wrong))

    @property
    def sentence(self) -> str:
        return self.says or f"the invariant {self.invariant.__name__ if self.invariant else ''} does not hold"


TEMPLATE_DEFECTS = (
    TemplateDefect(
        name="the front line pays more than it may",
        template="complaint",
        right="payload.amount > decimal('0') && payload.amount <= table.authority.alone",
        wrong="payload.amount > decimal('0') && payload.amount <= decimal('500')",
        invariant=front_line_pays_little,
    ),
    TemplateDefect(
        name="an answer keeps the money of before",
        template="complaint",
        right=", compensation: '\"0\"'}}, {notify: {to: customer, template: complaint_answer",
        wrong="}}, {notify: {to: customer, template: complaint_answer",
        invariant=answers_cost_nothing,
    ),
    TemplateDefect(
        name="the call back goes on in work",
        template="complaint",
        right=", cancel: [{left: closed}]}",
        wrong="}",
        invariant=call_back_ends,
    ),
    TemplateDefect(
        name="what was rejected is offered",
        template="complaint",
        right="source: approving_high, target: handling",
        wrong="source: approving_high, target: answered",
        invariant=four_eyes,
    ),
    TemplateDefect(
        name="nothing takes the event of a timer",
        template="complaint",
        right="source: answered, target: wrapping_up, allow: [system]}",
        wrong="source: answered, target: wrapping_up, allow: [customer]}",
        says="ran out and nothing takes its event",
    ),
    TemplateDefect(
        name="a major incident is closed without a review",
        template="it_incident",
        right='allow: [system, user, agent], when: "!major"}',
        wrong="allow: [system, user, agent]}",
        says="law 'no major incident without a review'",
    ),
    TemplateDefect(
        name="the clock counts while the user tries",
        template="it_incident",
        right="paused_in: [waiting_for_user, waiting_for_vendor, resolved]",
        wrong="paused_in: [waiting_for_user, waiting_for_vendor]",
        invariant=resolved_waits,
    ),
    TemplateDefect(
        name="a row of the matrix is wrong",
        template="it_incident",
        right="""['"company"', '"can_wait"', '3']""",
        wrong="""['"company"', '"can_wait"', '4']""",
        invariant=company_is_urgent,
    ),
    TemplateDefect(
        name="a deduction below nothing",
        template="return_exchange",
        right="remedy == 'refund' && payload.deduction >= decimal('0') && payload.deduction <= paid",
        wrong="remedy == 'refund' && payload.deduction <= paid",
        invariant=refund_is_no_gift,
    ),
    TemplateDefect(
        name="an empty parcel",
        template="return_exchange",
        right="when: parts.open == 0 && packed > 0",
        wrong="when: parts.open == 0",
        invariant=parcel_is_full,
    ),
    TemplateDefect(
        name="a fourth call",
        template="call_back",
        right="attempts < 2",
        wrong="attempts < 3",
        invariant=three_calls,
    ),
    TemplateDefect(
        name="it passes with defects",
        template="equipment_inspection",
        right="when: checklist.complete && defects == 0",
        wrong="when: checklist.complete",
        invariant=passes_clean,
    ),
    TemplateDefect(
        name="work is not checked",
        template="appliance_repair",
        right=" && checklist.complete",
        wrong="",
        invariant=work_is_checked,
    ),
    TemplateDefect(
        name="a problem is closed by a high figure",
        template="problem",
        right="when: payload.value == null || payload.value <= target",
        wrong="when: payload.value == null || payload.value <= target + 1.0",
        invariant=persisting_is_open,
    ),
    TemplateDefect(
        name="whoever waits for a person has no promise",
        template="consultation",
        right="within: 4h, calendar: office, start: [{state: person}]",
        wrong="within: 4h, calendar: office, start: [{event: not_solved}]",
        invariant=nobody_waits_unheard,
    ),
)
