"""Holds openings to required fields that are passed as null; must not know how an opening is made."""

from __future__ import annotations

import pytest

from servflow.errors import Refused
from tests.unit.engine.flows import START, flow


def test_null_is_no_value_of_a_required_field() -> None:
    """Passing null leaves a required field out, which is refused with what is needed."""
    workflow = flow(fields={"n": {"type": "int", "required": True}, "m": "int"})

    with pytest.raises(Refused) as refused:
        workflow.open("T", {"n": None, "m": None}, at=START)

    assert {"n": "int"} == refused.value.facts["needs"]
    assert 1 == workflow.open("T", {"n": 1, "m": None}, at=START).ticket.fields["n"]
