"""Holds each kind of change that unblocks a ticket to being found, to its words and to its proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.dispatch import CHANGES, Policy, unblock
from servflow.errors import LimitError
from servflow.model import FrozenMap, SlotProgress, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
NIGHT = Calendar(zone="UTC", week={"mon-sun": ["04:00-06:00"]})
SITES = [{"id": "o1", "neighbours": ["o2"]}, {"id": "o2", "contracts": ["acme/paid"]}]
SLOT = {"slots": FrozenMap(assignee=SlotProgress(policy="p", since=AT, declined=("a",), silent=FrozenMap(b=AT + HOUR)))}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], tuple[Any, ...]]] = {
    # what is asked, the world, the ticket; kind, candidate, what, need, size of the change
    "later": (
        {"require": [{"open": "shift"}]},
        {"engineers": [{"id": "a", "shift": "night"}]},
        {},
        (None, None, AT + 2 * HOUR, 2),
    ),
    "presence": ({}, {"engineers": [{"id": "a"}], "presence": {"a": "away"}}, {}, ("a", None, None, 1)),
    "absence": (
        {},
        {"engineers": [{"id": "a", "absences": [[AT, AT + HOUR], [AT + HOUR, AT + 9 * HOUR]]}]},
        {},
        ("a", None, None, 1),
    ),
    "cool_off": ({}, {"engineers": [{"id": "b"}]}, SLOT, ("b", None, None, 1)),
    "declined": ({}, {"engineers": [{"id": "a"}]}, SLOT, ("a", None, None, 1)),
    "booked": (
        {"visit": {"minutes": "60"}},
        {"engineers": [{"id": "a"}], "booked": {"a": [[AT, AT + HOUR]]}},
        {},
        ("a", None, None, 1),
    ),
    "shift": ({"require": [{"open": "shift"}]}, {"engineers": [{"id": "a", "shift": "night"}]}, {}, ("a", None, None, 1)),
    "load": ({"require": [{"below": "2"}]}, {"engineers": [{"id": "a"}], "loads": {"a": 4}}, {}, ("a", None, 1, 3)),
    "capacity": (
        {"require": [{"below": "capacity"}], "takes": "30"},
        {"engineers": [{"id": "a", "per_channel": {"chat": 100}}], "channel_loads": {"a": {"chat": 90}}},
        {"channel": "chat"},
        ("a", "chat", 120, 20),
    ),
    "part": ({"require": [{"part": "{'fan': 3}"}]}, {"engineers": [{"id": "a", "parts": {"fan": 1}}]}, {}, ("a", "fan", 3, 2)),
    "certificate": (
        {"require": [{"certificate": "'gas'"}]},
        {"engineers": [{"id": "a", "certificates": {"gas": AT - HOUR}}]},
        {},
        ("a", "gas", "gas", 1),
    ),
    "skill": (
        {"require": [{"skill": "'ac'", "level": "2"}, {"skill": "'ac'", "level": "4"}]},
        {"engineers": [{"id": "a", "skills": ["ac"]}]},
        {},
        ("a", "ac", 4, 3),
    ),
    "area": (
        {"require": [{"area": "['x', 'y']"}]},
        {"engineers": [{"id": "a"}], "areas": {"x": "z", "y": "z", "z": "top"}},
        {},
        ("a", "z", "z", 1),
    ),
    "channel": (
        {"require": [{"channel": "channel"}]},
        {"engineers": [{"id": "a", "serves": ["mail"]}]},
        {"channel": "chat"},
        ("a", "chat", "chat", 1),
    ),
    "language": ({"require": [{"language": "'zh'"}]}, {"engineers": [{"id": "a"}]}, {}, ("a", "zh", "zh", 1)),
    "forbidden": ({}, {"engineers": [{"id": "a"}], "forbidden": {"c": ["a"]}}, {"customer": "c"}, ("a", "c", None, 1)),
    "preferred": (
        {"require": [{"preferred": "true"}]},
        {"engineers": [{"id": "a"}], "preferred": {"c": ["z"]}},
        {"customer": "c"},
        ("a", "c", None, 1),
    ),
    "contract": (
        {"require": [{"contract": "['acme/paid', 'acme/free']"}]},
        {"engineers": [{"id": "a", "outlet": "o1"}], "outlets": SITES},
        {},
        ("o1", "acme", "acme", 1),
    ),
    "slot": (
        {"of": "outlet"},
        {"engineers": [{"id": "a", "outlet": "o2"}], "outlets": SITES},
        {"outlet": "o1"},
        (None, "outlet", "o2", 1),
    ),
    "below": (
        {"require": [{"below": "normal"}]},
        {"engineers": [{"id": "a", "normal": 1, "capacity": 2}], "loads": {"a": 1}},
        {},
        (None, "below", None, 1),
    ),
    "lower": (
        {"require": [{"skill": "'ac'", "level": "3"}]},
        {"engineers": [{"id": "a", "skills": ["ac"]}]},
        {},
        (None, "skill", None, 2),
    ),
    "widen": (
        {"require": [{"area": "'x'"}]},
        {"engineers": [{"id": "a", "areas": ["y"]}], "areas": {"x": "z", "y": "z"}},
        {},
        (None, "area", None, 1),
    ),
    "neighbours": (
        {"of": "outlet"},
        {"engineers": [{"id": "a", "outlet": "o2"}], "outlets": SITES},
        {"outlet": "o1"},
        (None, "of", None, 1),
    ),
    "relax": (
        {"require": [{"skill": "'ac'"}], "relax": [{"after": "1h", "mode": "pool"}, {"after": "2h", "drop": "skill"}]},
        {"engineers": [{"id": "a"}]},
        {},
        (None, "p", None, 2),
    ),
    "drop": ({"require": [{"when": "false"}]}, {"engineers": [{"id": "a"}]}, {}, (None, "when", None, 10)),
}


def test_every_kind_is_here() -> None:
    """No kind of change is forgotten below."""
    assert set(CHANGES) == set(CASES)


@pytest.mark.parametrize("kind", CHANGES)
def test_each_kind_of_change_is_found_and_proven(kind: str) -> None:
    """Where it alone would do it is told with what would have to be, and deciding again finds somebody."""
    asked, around, about, expected = CASES[kind]
    world = World(calendars={"night": NIGHT}, **around)
    ticket = Ticket(id="T", workflow="w", at=AT, opened_at=AT, **about)
    told = unblock(Policy(name="p", **asked), ticket, world, AT)
    found = [change for change in told if change.kind == kind]

    assert [expected] == [(change.candidate, change.what, change.need, change.size) for change in found]
    choice = found[0].choice()
    assert choice is not None
    assert list(found[0].creates) == [item.id for item in choice.ranked]
    assert "dispatch." not in found[0].text() + found[0].text("zh", "Asia/Shanghai")


def test_safety_is_never_asked_less_of() -> None:
    """What protects people is met by candidates only."""
    policy = Policy(name="p", require=[{"skill": "'gas'", "level": "3", "safety": True}])
    told = unblock(policy, Ticket(id="T", workflow="w", at=AT, opened_at=AT), World(engineers=[{"id": "a"}]), AT)

    assert ["skill"] == [change.kind for change in told]


@pytest.mark.parametrize("limit", [0, -1, True, "2", None])
def test_a_limit_is_a_whole_number(limit: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(LimitError, match="whole number from 1 on"):
        unblock(Policy(name="p"), Ticket(id="T", workflow="w", at=AT, opened_at=AT), World(), AT, limit=limit)


def test_many_of_one_kind_hide_no_other() -> None:
    """Each kind gives its smallest; what was left out is said."""
    people = [{"id": f"e{index:03}", "capacity": 1} for index in range(300)]
    world = World(engineers=people, loads={person["id"]: 1 for person in people})
    told = unblock(
        Policy(name="p", require=[{"below": "capacity"}]), Ticket(id="T", workflow="w", at=AT, opened_at=AT), world, AT, limit=3
    )

    assert ["load"] * 3 + ["capacity"] * 3 + ["drop"] == [change.kind for change in told]
    assert not told.complete
    assert "there may be more" in told.text()
