"""Holds plans made with VROOM to the same audit as our own; must not know how VROOM finds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from servflow import Calendar
from servflow.dispatch import Plan, plan, verify
from servflow.errors import InputError
from servflow.integrations.vroom import plan_routes
from servflow.model import FrozenMap, Ticket, World
from tests.requirements import require

AT = datetime(2026, 3, 2, 7, tzinfo=UTC)
RULE: dict[str, Any] = {
    "name": "visits",
    "require": [{"skill": "skill"}, {"open": "shift"}, {"part": "part"}, {"certificate": "licence"}, {"below": "capacity"}],
    "visit": {"start": "start", "minutes": "45", "window": "window"},
}


def problem(count: int) -> tuple[list[Ticket], World]:
    """Visits around a town, for people with breaks, an absence, few parts and a certificate that ends."""
    tickets = []
    for number in range(count):
        fields = {
            "position": (31.0 + number * 7 % 11 / 50, 121.0 + number * 5 % 13 / 50),
            "skill": ("ac", "tv")[number % 3 == 0],
            "part": "fan" if number % 4 == 0 else None,
            "licence": "gas" if number % 5 == 0 else None,
            "start": AT + timedelta(minutes=60 + number * 37 % 400),
            "window": 120,
        }
        tickets.append(
            Ticket(id=f"{number:02}", workflow="w", at=AT, opened_at=AT, priority=1 + number % 3, fields=FrozenMap(fields))
        )
    usual: dict[str, Any] = {"skills": ["ac", "tv"], "shift": "day", "home": (31.1, 121.1), "parts": {"fan": 2}}
    people = World(
        engineers=[
            {**usual, "id": "ann", "certificates": {"gas": AT + timedelta(hours=6)}, "capacity": 5},
            {**usual, "id": "bob", "absences": [[AT + timedelta(hours=3), AT + timedelta(hours=4)]]},
            {**usual, "id": "eve", "skills": ["ac"], "certificates": {"gas": None}},
        ],
        calendars={"day": Calendar("UTC", {"mon-fri": ["08:00-12:00", "13:00-17:00"]})},
    )
    return tickets, people


def test_plans_of_vroom_pass_the_audit() -> None:
    """Windows, breaks, skills, parts, certificates and capacity hold, and it visits about as many as our own."""
    require("vroom")
    tickets, people = problem(20)

    found = plan_routes(RULE, tickets, people, AT, pinned={"03": "bob"})

    assert () == verify(found, RULE, tickets, people, AT, pinned={"03": "bob"})
    assert "vroom" == found.solver
    assert ("03", "bob") in found.assignments
    assert found.objective[0] >= plan(RULE, tickets, people, AT, "routes", pinned={"03": "bob"}).objective[0] - 1


def test_nothing_to_do_and_wrong_arguments() -> None:
    """Without tickets or people there are no routes; a level that is none is refused."""
    require("vroom")
    tickets, people = problem(2)

    assert Plan(routes=()) == plan_routes(RULE, [], people, AT)
    assert (("00", "nobody"), ("01", "nobody")) == plan_routes(RULE, tickets, World(), AT).unassigned
    with pytest.raises(InputError, match="level"):
        plan_routes(RULE, tickets, people, AT, level=9)


def test_vroom_where_nobody_can_be_visited_and_where_somebody_has_visits_so_far() -> None:
    """Visits too far for everybody are all left out; what is so far counts in the objective, and who is moved is told."""
    require("vroom")
    tickets, people = problem(4)
    far = [attrs.evolve(one, fields=one.fields | {"position": (40.0, 130.0)}) for one in tickets]

    none = plan_routes(RULE, far, people, AT)
    found = plan_routes(RULE, tickets, people, AT, current={"01": "nobody any more"})

    assert ((), 4) == (none.assignments, len(none.unassigned))
    assert () == verify(none, RULE, far, people, AT)
    assert ["01"] == [ticket for ticket, _, _ in found.moved]
    assert () == verify(found, RULE, tickets, people, AT, current={"01": "nobody any more"})
