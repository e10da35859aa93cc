"""
How a host's own code is typed; checked by mypy, never run.

An ignored error that is none any more is an error of mypy, so that these lines fail in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_type

from servflow import Ticket, Workflow
from servflow.embedding import Form, as_model, fields_of, forms, opening_form, read_form, values_of, with_fields


@dataclass
class Repair:
    """A model of a host."""

    name: str


def models(ticket: Ticket) -> Workflow:
    """A ticket comes back as the very model."""
    again = as_model(ticket, Repair)
    assert_type(again, Repair)
    again.nam = "x"  # type: ignore[attr-defined]  # a misspelt attribute is an error
    as_model(ticket, "Repair")  # type: ignore[arg-type]  # a name is no model
    print(fields_of(Repair)["name"].typ, values_of(again))  # type: ignore[attr-defined]  # nor has a field what it has not
    return with_fields("repair.yaml", Repair, also=["id"])


def buttons(workflow: Workflow, ticket: Ticket, at: datetime) -> Ticket:
    """What is drawn and what is read."""
    drawn = forms(workflow, ticket, at=at, lang="zh", zone="Asia/Shanghai")
    assert_type(drawn, tuple[Form, ...])
    forms(workflow, ticket)  # type: ignore[call-arg]  # time is an argument
    read = read_form((opening_form(workflow), *drawn), {"_form": "arrive"})
    print(read.payloads)  # type: ignore[attr-defined]  # a misspelt one here too
    return workflow.fire(ticket, read.event, read.payload, at=at, key=read.key, expect=read.expect).ticket
