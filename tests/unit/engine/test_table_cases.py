"""Holds a workflow to treating the cases of its tables as tests: told by check, and of no weight to tickets."""

from __future__ import annotations

from typing import Any

import pytest

import servflow

FLOW: dict[str, Any] = {
    "workflow": "repair",
    "version": 1,
    "fields": {"amount": {"type": "decimal", "default": "0"}, "fee": {"type": "decimal", "optional": True}},
    "initial": "new",
    "states": {"new": {}, "done": {"closed": True}},
    "transitions": [{"event": "finish", "source": "new", "target": "done", "do": [{"set": {"fee": "table.fee.total"}}]}],
}


def flow(*cases: Any, version: int = 1) -> servflow.Workflow:
    rows = [[">= 200.00", '"80"'], ["-", '"120"']]
    table = {"hit": "first", "inputs": ["amount"], "outputs": {"total": "decimal"}, "rows": rows, "cases": list(cases)}
    return servflow.load({**FLOW, "version": version, "tables": {"fee": table}})


def test_check_tells_the_cases_that_fail() -> None:
    """In the types of the workflow's fields, under the path of the table."""
    made = flow({"given": {"amount": "200.00"}, "row": 0}, {"given": {"amount": "199.99"}, "row": 0})

    failed = [finding for finding in made.check() if finding.code == "rules.case_failed"]

    assert ["tables.fee.cases[1]"] == [finding.path for finding in failed]
    assert "amount is 199.99, and the cell asks for >= 200.00" in failed[0].hint()


def test_a_new_case_moves_no_ticket() -> None:
    """Another case is another document, and the same workflow to every ticket: the hash stays, and every state's future."""
    old, new = flow(), flow({"given": {"amount": "5"}, "row": 1})
    later = flow({"given": {"amount": "5"}, "row": 1}, version=2)

    assert old.hash == new.hash
    assert old.to_data() != new.to_data()
    assert ("new", "done") == servflow.plan_migration(old, later).identical


def test_a_value_that_does_not_fit_its_field_does_not_load() -> None:
    """The types of the workflow's fields count for inputs that declare none."""
    with pytest.raises(servflow.DefinitionError) as caught:
        flow({"given": {"amount": "much"}, "row": 0})

    assert [("tables.fee.cases[0].given.amount", "rules.case_value")] == [
        (finding.path, finding.code) for finding in caught.value.findings
    ]
