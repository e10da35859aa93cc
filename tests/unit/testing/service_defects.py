"""Knows small services, places of them that may be wrong, and who would notice; must not know how that is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

import servflow
from servflow.model import Received, Record, Ticket

SERVICES = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "services").glob("*.yaml"))}

EVERYBODY_BUT_CARE = {
    "people": [
        {"id": "al", "roles": ["agent"]},
        {"id": "lu", "roles": ["lead"]},
        {"id": "mo", "roles": ["manager"]},
        {"id": "cu", "roles": ["customer"]},
    ]
}


def fired(records: tuple[Record, ...], *events: str) -> list[Received]:
    """What came in of some events."""
    return [record for record in records if isinstance(record, Received) and record.event in events]


def a_thousand_at_most(ticket: Ticket) -> bool:
    """A lead may promise a thousand."""
    return bool(ticket.fields["amount"] <= 1000)


def no_refund_of_what_was_rejected(ticket: Ticket, records: tuple[Record, ...]) -> bool:
    """Much money is paid only with a signature."""
    return ticket.state != "refunding" or ticket.fields["refund"] <= 500 or bool(fired(records, "approval.approve"))


def three_visits(ticket: Ticket) -> bool:
    """Nobody comes a fourth time."""
    return bool(ticket.fields["visits"] <= 3)


def charged_once(ticket: Ticket) -> bool:
    """Nobody pays more than was quoted."""
    return bool(ticket.fields["charged"] <= ticket.fields["quote"])


def merged_once(ticket: Ticket) -> bool:
    """The same ticket is counted once."""
    return len(set(ticket.fields["merged"])) == len(ticket.fields["merged"])


def signed_once(ticket: Ticket) -> bool:
    """What is signed is not signed again."""
    return ticket.state != "contract" or not ticket.fields["signed"]


def nobody_pays_twice(ticket: Ticket) -> bool:
    """All that was paid is the price."""
    return bool(ticket.fields["paid"] <= ticket.fields["price"])


def a_tenth_first(ticket: Ticket) -> bool:
    """Nothing is built before a tenth is paid."""
    return bool(ticket.state != "building" or ticket.fields["deposit"] * Decimal(10) >= ticket.fields["price"])


@frozen(kw_only=True)
class ServiceDefect:
    """One place of a service that was spoilt, and what says so: an invariant of its author, or what holds for everybody."""

    name: str
    service: str
    changes: tuple[tuple[str, str], ...]
    invariant: Callable[..., bool] | None = None
    says: str = ""
    given: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return self.name

    @property
    def spoilt(self) -> servflow.Workflow:
        """The service with the defect."""
        text = SERVICES[self.service]
        for right, wrong in self.changes:
            assert text.count(right) == 1, f"{right} is there {text.count(right)} times"
            text = text.replace(right, wrong)
        return servflow.load(text)

    @property
    def sentence(self) -> str:
        """What the machine says."""
        return self.says if self.invariant is None else f"the invariant {self.invariant.__name__} does not hold"


STUCK = "nobody can do anything that leads on"

SERVICE_DEFECTS = (
    # seen by what holds for everybody
    ServiceDefect(
        name="a timer fires what only customers may",
        service="complaint",
        changes=(("target: closed, allow: [customer, system]}", "target: closed, allow: [customer]}"),),
        says="a timer of state answered ran out and nothing takes its event",
    ),
    ServiceDefect(
        name="the last level tells nobody",
        service="complaint",
        changes=(),
        says="reaches nobody",
        given={"world": EVERYBODY_BUT_CARE},
    ),
    ServiceDefect(
        name="after the second visit no guard holds",
        service="repair",
        changes=(
            ("when: \"quote > decimal('0')\"}", "when: \"quote > decimal('0') && visits < 2\"}"),
            ('when: "visits < 3"', 'when: "visits < 2"'),
        ),
        says=STUCK,
    ),
    ServiceDefect(
        name="a refund that nobody may settle",
        service="return",
        changes=(("when: \"refund > decimal('500')\"", "when: \"refund > decimal('500') && reason != 'defect'\""),),
        says=STUCK,
    ),
    ServiceDefect(
        name="the last child closes before anybody waits",
        service="major",
        changes=(
            (
                '  - {source: waiting_children, target: confirming, when: "children.open == 0"}',
                "  - {event: children.closed, source: waiting_children, target: confirming}",
            ),
            ("waiting_children: {timers: [{after: 5d, event: children_late}]}", "waiting_children: {}"),
            ("source: waiting_children, internal: true", "source: working, internal: true"),
        ),
        says=STUCK,
    ),
    # seen by three lines of the author
    ServiceDefect(
        name="a lead may promise one more",
        service="complaint",
        changes=(("payload.amount <= decimal('1000')", "payload.amount <= decimal('1001')"),),
        invariant=a_thousand_at_most,
    ),
    ServiceDefect(
        name="what is not signed is paid",
        service="return",
        changes=(("source: signing, target: inspected}", "source: signing, target: refunding}"),),
        invariant=no_refund_of_what_was_rejected,
    ),
    ServiceDefect(name="a fourth visit", service="repair", changes=(("visits < 3", "visits <= 3"),), invariant=three_visits),
    ServiceDefect(
        name="billed again at the counter",
        service="repair",
        changes=(("{event: bill, source: billing,", "{event: bill, source: [billing, ready],"),),
        invariant=charged_once,
    ),
    ServiceDefect(
        name="merged twice", service="major", changes=((" && !(payload.other in merged)", ""),), invariant=merged_once
    ),
    ServiceDefect(
        name="a pause forgets the place",
        service="install",
        changes=(("target: back, allow", "target: work, allow"),),
        invariant=signed_once,
    ),
    ServiceDefect(
        name="the deposit is not taken off",
        service="install",
        changes=(("payload.amount == price - paid", "payload.amount == price"),),
        invariant=nobody_pays_twice,
    ),
    ServiceDefect(
        name="built without a deposit",
        service="install",
        changes=(("payload.deposit * decimal('10') >= price && ", ""),),
        invariant=a_tenth_first,
    ),
)
