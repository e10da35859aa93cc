"""Knows what holds for every refusal by a guard; must not know how a change is found."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import Refused

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "tier": {"type": "string", "one_of": ["gold", "silver", "standard"]},
    "safe": {"type": "bool"},
    "n": {"type": "int"},
    "m": {"type": "int"},
    "amount": {"type": "decimal"},
    "word": {"type": "string"},
}
DOMAIN: dict[str, tuple[Any, ...]] = {
    "tier": ("gold", "silver", "standard", None),
    "safe": (True, False, None),
    "n": (0, 1, 2, 3, 4, 5, None),
    "m": (0, 1, 2, 3, 4, None),
    "amount": (Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2), Decimal(3), None),
    "word": ("", "a", "ab", "b", "c", None),
}
PARTS = st.sampled_from(
    [
        "tier == 'gold'", "tier != 'silver'", "tier in ['gold', 'standard']", "tier == null", "safe", "!safe", "safe != null",
        "n > 2", "n <= m", "n == m", "n + 1 < 3", "m >= 4", "n in [1, 3]", "amount <= 1", "amount > n", "amount == null",
        "word.startsWith('a')", "word > 'a'", "word != 'ab'", "size(word) == 2", "n * 2 > 5", "(safe ? n : m) > 2",
    ]
)  # fmt: skip
GUARDS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda part: f"!({part})"),
    ),
    max_leaves=4,
)
VALUES = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in DOMAIN.items()})


def _allowed(workflow: Workflow, values: dict[str, Any]) -> Refused | None:
    """The refusal of the event on a ticket with these values; None where it is allowed."""
    given_values = {name: value for name, value in values.items() if value is not None}
    ticket = workflow.open("T", given_values, at=AT).ticket
    try:
        workflow.fire(ticket, "go", at=AT)
    except Refused as refused:
        return refused
    return None


@settings(deadline=None)
@given(GUARDS, VALUES)
def test_a_change_that_is_told_allows_the_event(guard: str, values: dict[str, Any]) -> None:
    """With the one field changed as told the event is allowed; where none is told no small value of any field allows it."""
    workflow = Workflow(
        workflow="law",
        fields=FIELDS,
        states={"a": {}, "b": {}},
        transitions=[{"event": "go", "source": "a", "target": "b", "when": guard}],
    )
    refused = _allowed(workflow, values)
    if refused is None:
        return
    change = refused.facts.get("change")
    if change is not None:
        assert _allowed(workflow, {**values, change["field"]: change["to"]}) is None
        return
    for name, others in DOMAIN.items():
        for other in others:
            assert _allowed(workflow, {**values, name: other}) is not None, (name, other)
