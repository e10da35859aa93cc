"""Holds diff, plan_migration and migrate to what they say of a definition that changes under tickets under way."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from servflow.engine import MigrationPlan, Workflow, diff, migrate, plan_migration
from servflow.errors import InputError, Refused, TimeError
from servflow.model import (
    ClockRetargeted,
    ClockStarted,
    ClockStopped,
    Engineer,
    Migrated,
    Moved,
    Outcome,
    Ticket,
    Updated,
    Withdraw,
    World,
    dump,
    load_ticket,
)

NINE = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORLD = World(engineers=[Engineer(id="ann"), Engineer(id="bob")])

BASE: dict[str, Any] = {
    "workflow": "repair",
    "fields": {"kind": "string", "amount": {"type": "string"}},
    "initial": "new",
    "states": {
        "new": {},
        "working": {"timers": [{"after": "8h", "event": "remind"}, {"after": "2d", "event": "close"}]},
        "waiting": {},
        "closed": {"closed": True},
    },
    "transitions": [
        {"event": "start", "source": "new", "target": "working"},
        {"event": "wait", "source": "working", "target": "waiting"},
        {"event": "resume", "source": "waiting", "target": "working"},
        {"event": "remind", "source": "working", "do": [{"notify": {"to": "owner", "template": "late"}}]},
        {"event": "close", "source": "working", "target": "closed"},
    ],
    "clocks": [{"name": "repair", "within": "10h", "until": "closed", "paused_in": "waiting"}],
    "escalations": [
        {
            "name": "late",
            "start": {"clock": "repair"},
            "levels": [
                {"name": "one", "do": [{"notify": {"to": {"user": "sue"}, "template": "late"}}]},
                {"name": "two", "after": "4h", "do": [{"notify": {"to": {"user": "dee"}, "template": "late"}}]},
            ],
        }
    ],
}
OLD = Workflow(**BASE)


def changed(**sections: Any) -> Workflow:
    """The definition with whole sections replaced."""
    return Workflow(**{**copy.deepcopy(BASE), "version": 2, **sections})


def edited(change: Any) -> Workflow:
    """The definition after a function has worked on its data."""
    data = copy.deepcopy(BASE)
    data["version"] = 2
    change(data)
    return Workflow(**data)


def opened(**fields: Any) -> Ticket:
    return OLD.open("T1", fields, at=NINE).ticket


def after(*events: str, ticket: Ticket | None = None) -> Ticket:
    """A ticket to which events happened, an hour apart."""
    held = ticket or opened()
    for number, event in enumerate(events, 1):
        held = OLD.fire(held, event, at=NINE + number * HOUR).ticket
    return held


def kinds(outcome: Outcome) -> list[str]:
    return [type(record).__name__ for record in outcome.records]


def renamed_waiting(data: dict[str, Any]) -> None:
    data["states"]["parts"] = data["states"].pop("waiting")
    data["transitions"][1]["target"] = "parts"
    data["transitions"][2]["source"] = "parts"
    data["clocks"][0]["paused_in"] = "parts"


class TestDiff:
    """What changed, element by element."""

    def test_equal_definitions(self) -> None:
        """Equal definitions differ in nothing, whichever way they were written."""
        found = diff(OLD, Workflow(**OLD.to_data()))

        assert not found
        assert () == found.changes == found.calendars
        assert "" == found.text()

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda d: d.update(version=3), [("version", "changed")]),
            (lambda d: d["states"].update(lost={}), [("states.lost", "added")]),
            (lambda d: d["fields"].pop("kind"), [("fields.kind", "removed")]),
            (lambda d: d["fields"].update(amount="decimal"), [("fields.amount.type", "changed")]),
            (lambda d: d["clocks"][0].update(within="2h"), [("clocks[repair].within", "changed")]),
            (lambda d: d["transitions"][0].update(when="kind != ''"), [("transitions[start: new].when", "changed")]),
            (lambda d: d["transitions"].reverse(), [("transitions", "moved")]),
            (lambda d: d["escalations"][0]["levels"].pop(), [("escalations[late].levels[two]", "removed")]),
            (
                lambda d: d["states"]["working"]["timers"][0].update(after="9h"),
                [("states.working.timers[remind].after", "changed")],
            ),
            (lambda d: d.update(roles=["clerk"]), [("roles", "changed")]),
        ],
    )
    def test_one_change(self, change: Any, told: list[tuple[str, str]]) -> None:
        """One edit is one change, at its place, in two languages."""
        data = copy.deepcopy(BASE)
        change(data)
        found = diff(OLD, Workflow(**data))

        assert told == [(one.path, one.kind) for one in found]
        assert found.text("en") != found.text("zh")

    def test_rows_of_a_table(self) -> None:
        """A row put in between is one row added, not every later row changed."""
        table = {
            "hit": "first",
            "inputs": ["kind"],
            "outputs": {"fee": "int"},
            "rows": [['"a"', "1"], ['"b"', "2"], ["-", "3"]],
        }
        more = {**table, "rows": [['"a"', "1"], ['"x"', "9"], ['"b"', "2"], ["-", "4"]]}
        found = diff(changed(tables={"fee": table}), changed(tables={"fee": more}))

        assert [("tables.fee.rows[1]", "added"), ("tables.fee.rows[3]", "changed")] == [(one.path, one.kind) for one in found]

    def test_calendars_are_told_apart(self) -> None:
        """Another holiday is told, and makes no other definition."""
        week = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
        one, two = (Workflow(**{**BASE, "calendars": {"office": {**week, "holidays": days}}}) for days in ([], ["2026-12-25"]))
        found = diff(one, two)

        assert (False, 0) == (bool(found), len(found))
        assert "calendars" == found.calendars[0].section
        assert json.dumps(found.as_data())

    def test_labels_of_a_calendar(self) -> None:
        """What a holiday is called counts nothing, and is told all the same."""
        week = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
        one, two = (
            Workflow(
                **{
                    **BASE,
                    "calendars": {"office": {**week, "holidays": [{"date": "2026-12-25", "name": name, "source": "law"}]}},
                }
            )
            for name in ("Xmas", "Christmas")
        )

        assert ["calendars.office.holidays[0].name"] == [change.path for change in diff(one, two).calendars]
        assert () == diff(one, one).calendars

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (
                lambda d: d["states"]["done"]["checklist"][1].update(required=False),
                "checklist[sign].required was left out and is false",
            ),
            (lambda d: d["states"]["done"]["checklist"].pop(0), "step 'look' is gone"),
            (lambda d: d["states"]["done"]["checklist"].reverse(), 'checklist stand in another order: ["sign","look"]'),
            (lambda d: d["transitions"][0]["do"][3]["call"].update(name="oms"), "do[3].call.name was erp and is oms"),
            (lambda d: d["transitions"][0]["do"].pop(1), 'do[1] {"tag":["first"]} is gone'),
            (lambda d: d["transitions"][0]["do"].append({"queue": "q"}), 'do[4] {"queue":"q"} is new'),
            (lambda d: d["transitions"][0]["do"].reverse(), "do stand in another order"),
            (
                lambda d: d["transitions"][0]["do"].__setitem__(2, {"queue": "q"}),
                'do[2] was {"tag":["second"]} and is {"queue":"q"}',
            ),
            (
                lambda d: d["transitions"][0].update(when=d["transitions"][0]["when"] + " && kind != 'z'"),
                "when was …= 'd' && kind != 'e' and is …= 'd' && kind != 'e' && kind != 'z'",
            ),
        ],
    )
    def test_parts_in_lists_are_told_one_by_one(self, change: Any, told: str) -> None:
        """A step, an action or a long condition is told by where it differs, not as two texts that begin alike."""
        data = {
            "workflow": "w",
            "fields": {"kind": "string"},
            "queues": ["q"],
            "states": {"new": {}, "done": {"closed": True, "checklist": ["look", {"step": "sign", "title": "Sign it"}]}},
            "transitions": [
                {
                    "event": "go",
                    "source": "new",
                    "target": "done",
                    "when": " && ".join(f"kind != '{letter}'" for letter in "abcde"),
                    "do": [
                        {"set": {"kind": "'a rather long text that fills a line'"}},
                        {"tag": ["first"]},
                        {"tag": ["second"]},
                        {"call": {"name": "erp", "data": {"kind": "kind"}}},
                    ],
                }
            ],
        }
        old = Workflow(**copy.deepcopy(data))
        change(data)
        (found,) = diff(old, Workflow(**data))

        assert told in found.text()

    def test_no_workflow(self) -> None:
        """Something else is refused with what to do."""
        with pytest.raises(InputError, match="load it first"):
            diff(OLD, {"workflow": "x"})  # type: ignore[arg-type]  # what the test is about


class TestStates:
    """What becomes of each state."""

    def test_only_what_leads_to_the_change_differs(self) -> None:
        """States from which the change can be reached are kept, those behind it are identical."""
        new = edited(lambda d: d["transitions"][0].update(when="kind != ''"))
        plan = plan_migration(OLD, new)

        assert ("working", "waiting", "closed") == plan.identical
        assert ("kept", ("on start",)) == (plan.states["new"].status, plan.states["new"].differs)
        assert () == plan.blocked

    def test_a_clock_concerns_the_states_it_may_run_in(self) -> None:
        """A promise that is over by then does not make a state differ."""
        clocks = [{"name": "repair", "within": "9h", "until": "working"}]
        old = changed(clocks=[{**clocks[0], "within": "8h"}], escalations=[])
        plan = plan_migration(old, changed(version=3, clocks=clocks, escalations=[]))

        assert ("working", "waiting", "closed") == plan.identical

    def test_a_new_name_is_suggested_and_waits(self) -> None:
        """A state under a new name is found by what leads there, and counts only once it is confirmed."""
        new = edited(renamed_waiting)
        waiting = after("start", "wait")
        plan = plan_migration(OLD, new, [waiting, after("start")])

        assert ("renamed", "parts", None) == (
            plan.states["waiting"].status,
            plan.states["waiting"].suggested,
            plan.states["waiting"].target,
        )
        assert ["migration.state_renamed"] == [finding.code for finding in plan.blocked]
        assert ["blocked", "moves"] == [ticket.status for ticket in plan.tickets]
        with pytest.raises(Refused, match="under a new name") as caught:
            migrate(waiting, plan)
        assert "migration" == caught.value.code
        assert "迁移" in caught.value.text("zh")

    def test_a_confirmed_name(self) -> None:
        """Once confirmed the ticket simply goes on there, with its pause and since when."""
        plan = plan_migration(OLD, edited(renamed_waiting), states={"waiting": "parts"})
        held = after("start", "wait")
        outcome = migrate(held, plan)

        assert ["Migrated"] == kinds(outcome)
        assert ("parts", held.entered["waiting"]) == (outcome.ticket.state, outcome.ticket.entered["parts"])
        assert held.clocks == outcome.ticket.clocks
        assert "working" == plan.new.fire(outcome.ticket, "resume", at=NINE + 9 * HOUR).ticket.state

    def test_a_removed_state_must_be_mapped(self) -> None:
        """Tickets in a state that is gone leave it for the one they are sent to, with all that entering means."""

        def gone(data: dict[str, Any]) -> None:
            del data["states"]["waiting"], data["transitions"][1:3]
            data["clocks"][0].pop("paused_in")

        new, held = edited(gone), after("start", "wait")
        blocked = plan_migration(OLD, new, [held])
        plan = plan_migration(OLD, new, [held], states={"waiting": "working"})
        outcome = migrate(held, plan, at=NINE + 5 * HOUR)

        assert ("removed", None) == (blocked.states["waiting"].status, blocked.states["waiting"].suggested)
        assert "states={'waiting'" in blocked.text()
        assert ("removed", "working", ()) == (plan.states["waiting"].status, plan.states["waiting"].target, plan.blocked)
        moved = next(record for record in outcome.records if isinstance(record, Moved))
        assert (("waiting",), ("working",)) == (moved.exited, moved.entered)
        assert NINE + 5 * HOUR == outcome.ticket.entered["working"]
        assert ["remind", "close"] == [timer.event for timer in outcome.ticket.timers]
        assert "running" == outcome.ticket.clocks["repair"].phase
        assert outcome.ticket == new.fold([*history(held), *outcome.records])

    def test_identical_states_move_whatever_is_open(self) -> None:
        """A ticket that an open question does not concern moves all the same."""

        def gone(data: dict[str, Any]) -> None:
            data["states"]["doing"] = data["states"].pop("new")
            data["initial"] = "doing"
            data["transitions"][0]["source"] = "doing"

        plan = plan_migration(OLD, edited(gone))

        assert plan.blocked
        assert "identical" == plan.states["working"].status
        assert ["Migrated"] == kinds(migrate(after("start"), plan))

    def test_what_other_clocks_were_told_stays(self) -> None:
        """A clock that is gone takes along what it was told; the others still put a late event in its place."""

        def flow(*clocks: str) -> Workflow:
            told = {"start": {"event": "asked"}, "stop": {"event": "answered"}, "within": "2h"}
            return Workflow(
                workflow="told",
                initial="open",
                states={"open": {}, "closed": {"closed": True}},
                transitions=[
                    *({"event": event, "source": "open"} for event in ("asked", "answered")),
                    {"event": "close", "source": "open", "target": "closed"},
                ],
                clocks=[{"name": name, **told} for name in clocks],
            )

        old, new = flow("first", "next"), flow("next")
        opened = old.open("T", at=NINE)
        asked = old.fire(opened.ticket, "asked", at=NINE + HOUR)
        outcome = migrate(asked.ticket, plan_migration(old, new))

        assert ({"first", "next"}, {"next"}) == (set(asked.ticket.told), set(outcome.ticket.told))
        assert asked.ticket.told["next"] == outcome.ticket.told["next"]
        assert outcome.ticket == new.fold([*opened.records, *asked.records, *outcome.records])

    def test_states_around_states(self) -> None:
        """A state put around others, and a region put beside them, take a ticket in where it stands."""

        def nested(data: dict[str, Any]) -> None:
            inside = {name: data["states"].pop(name) for name in ("working", "waiting")}
            data["states"]["open"] = {
                "parallel": True,
                "states": {
                    "work": {"initial": "working", "states": inside},
                    "bill": {"initial": "unpaid", "states": {"unpaid": {}, "paid": {}}},
                },
            }
            data["transitions"].append({"event": "pay", "source": "unpaid", "target": "paid"})

        held = after("start", "wait")
        plan = plan_migration(OLD, edited(nested))
        outcome = migrate(held, plan, at=NINE + 5 * HOUR)

        assert ("waiting", "unpaid") == outcome.ticket.configuration
        assert {"waiting": NINE + 2 * HOUR, "work": NINE + 2 * HOUR, "open": NINE + 2 * HOUR} == {
            name: since for name, since in outcome.ticket.entered.items() if name not in ("bill", "unpaid")
        }
        assert NINE + 5 * HOUR == outcome.ticket.entered["unpaid"]
        assert outcome.ticket == plan.new.fold([*history(held), *outcome.records])


def history(ticket: Ticket) -> list[Any]:
    """The records that made a ticket of these tests, made again."""
    events = {"working": ("start",), "waiting": ("start", "wait"), "closed": ("start", "close")}.get(ticket.state, ())
    fields = {name: ticket.fields[name] for name in ticket.fields}
    outcome = OLD.open("T1", fields, at=NINE)
    records = list(outcome.records)
    for number, event in enumerate(events, 1):
        outcome = OLD.fire(outcome.ticket, event, at=NINE + number * HOUR)
        records += outcome.records
    assert ticket == outcome.ticket
    return records


class TestFields:
    """What becomes of values."""

    def test_another_type(self) -> None:
        """A value that says the same in the new type is converted; one that does not is listed with its ticket."""
        new = edited(lambda d: d["fields"].update(amount="decimal"))
        good, bad = opened(amount="12.50"), opened(amount="a lot")
        plan = plan_migration(OLD, new, [good, bad])

        assert "retyped" == plan.fields["amount"].status
        assert ["moves", "blocked"] == [ticket.status for ticket in plan.tickets]
        assert "'amount' holds a lot" in plan.tickets[1].problems[0].message()
        assert "12.50" == str(migrate(good, plan).ticket.fields["amount"])
        with pytest.raises(Refused, match="a lot"):
            migrate(bad, plan)

    @pytest.mark.parametrize(
        ("before", "value", "now", "expected"),
        [
            ("string", "7", "int", 7),
            ("string", "7.0", "uint", 7),
            ("string", "12345678901234567890", "uint", 12345678901234567890),
            ("string", "7.5", "int", None),
            ("string", "NaN", "int", None),
            ("string", "Infinity", "int", None),
            ("string", "1e5000", "int", None),
            ("double", 7.0, "int", 7),
            ("double", 1e300, "int", None),
            ("string", "0.1", "double", 0.1),
            ("string", "0.10000000000000000001", "double", None),
            ("string", "1e999999999", "double", None),
            ("double", 0.1, "decimal", Decimal("0.1")),
            ("int", 7, "string", "7"),
            ("decimal", Decimal("1.50"), "string", "1.50"),
            ("bool", True, "string", "true"),
            ("bool", True, "int", None),
            ("string", "true", "bool", True),
            ("string", "yes", "bool", None),
            ("int", 7, "list", (7,)),
            ("string", "seven", "list", ("seven",)),
            ("any", [0, [1, 2], 0], "int", None),
            ("any", {"a": 1}, "string", None),
        ],
    )
    def test_what_a_value_says_in_another_type(self, before: str, value: Any, now: str, expected: Any) -> None:
        """The same without any loss, or nothing: then the ticket stays where it is until somebody says what it shall be."""
        old, new = changed(fields={"kind": before}), changed(fields={"kind": now})
        ticket = old.open("T1", {"kind": value}, at=NINE).ticket
        (move,) = plan_migration(old, new, [ticket]).tickets

        if expected is None:
            assert ["migration.value"] == [finding.code for finding in move.problems]
        else:
            found = migrate(ticket, plan_migration(old, new)).ticket.fields["kind"]
            assert (type(expected), expected) == (type(found), found)

    def test_a_number_too_long_to_be_one(self) -> None:
        """Of a text that says a number of thousands of digits no number is made: there may be millions."""
        old, new = changed(fields={"kind": "string"}), changed(fields={"kind": "int"})
        (move,) = plan_migration(old, new, [old.open("T1", {"kind": "1e5000"}, at=NINE).ticket]).tickets

        assert "a whole number" == move.problems[0].facts["expected"]

    def test_a_value_for_those_that_do_not_fit(self) -> None:
        """What is given for a field goes to tickets without a value that fits, and to no other."""
        new = edited(lambda d: d["fields"].update(amount="int", city={"type": "string", "required": True}))
        plan = plan_migration(OLD, new, [opened(amount="x"), opened(amount="7")], values={"amount": 0, "city": "Ulm"})

        assert [{"amount": 0, "city": "Ulm"}, {"amount": 7, "city": "Ulm"}] == [
            dict(migrate(ticket, plan).ticket.fields) for ticket in (opened(amount="x"), opened(amount="7"))
        ]
        assert ["moves", "moves"] == [ticket.status for ticket in plan.tickets]

    def test_required_without_a_value(self) -> None:
        """A new field that every ticket needs is asked for, ticket by ticket."""
        new = edited(lambda d: d["fields"].update(city={"type": "string", "required": True}))
        plan = plan_migration(OLD, new, [opened()])

        assert ["migration.required"] == [finding.code for finding in plan.tickets[0].problems]

    def test_a_default(self) -> None:
        """A new field with a default has it from the move on."""
        new = edited(lambda d: d["fields"].update(tier={"type": "string", "default": "standard"}))
        outcome = migrate(opened(), plan_migration(OLD, new))

        assert ["Migrated", "Updated"] == kinds(outcome)
        assert "standard" == outcome.ticket.fields["tier"]

    def test_gone(self) -> None:
        """No value is lost unless somebody says so; a ticket that has none is not held up."""
        new = edited(lambda d: d["fields"].pop("amount"))
        held = opened(amount="5", kind="a")
        plan = plan_migration(OLD, new, [held, opened()])
        agreed = plan_migration(OLD, new, [held], fields={"amount": None})

        assert ["migration.field_removed"] == [finding.code for finding in plan.blocked]
        assert ["blocked", "moves"] == [ticket.status for ticket in plan.tickets]
        assert {"kind": "a"} == dict(migrate(held, agreed).ticket.fields)
        assert () == agreed.blocked

    def test_another_name(self) -> None:
        """A field under a new name is suggested, and its value and who set it go along once confirmed."""

        def rename(data: dict[str, Any]) -> None:
            data["fields"] = {"kind": "string", "total": {"type": "string"}}

        new = edited(rename)
        held = OLD.fire(opened(), "ticket.update", {"amount": "5"}, at=NINE, actor="kit").ticket
        plan = plan_migration(OLD, new, [held])
        agreed = plan_migration(OLD, new, fields={"amount": "total"})
        moved = migrate(held, agreed).ticket

        assert ("renamed", "total") == (plan.fields["amount"].status, plan.fields["amount"].suggested)
        assert ("5", ("total",)) == (moved.fields["total"], moved.set_by_person)
        assert "identical" == agreed.states["closed"].status


class TestPromises:
    """What becomes of clocks, timers and chains."""

    def test_a_shorter_promise_breaches_at_once(self) -> None:
        """What was counted stays; a target that has passed is broken by the move itself, and never before it."""
        new = edited(lambda d: d["clocks"][0].update(within="2h"))
        held = after("start")
        at = NINE + 5 * HOUR
        plan = plan_migration(OLD, new, [held], at=at)
        outcome = migrate(held, plan, at=at)

        assert [("T1", "repair", at, 3 * HOUR)] == [(name, one.clock, one.due, one.over) for name, one in plan.breaches]
        assert ["Migrated", "ClockRetargeted"] == kinds(outcome)
        assert NINE == outcome.ticket.clocks["repair"].started_at
        assert at == new.advance(outcome.ticket, at=at + HOUR).ticket.clocks["repair"].breached_at

    def test_what_was_broken_before_is_no_news(self) -> None:
        """A promise broken under the old definition is not counted against the move."""
        new = edited(lambda d: d["clocks"][0].update(within="2h"))
        plan = plan_migration(OLD, new, [after("start")], at=NINE + 11 * HOUR)

        assert () == plan.breaches

    def test_the_old_definition_goes_first(self) -> None:
        """What time had set before the move happens under the old definition, in order."""
        new = edited(lambda d: d["clocks"][0].update(within="30h"))
        outcome = migrate(after("start"), plan_migration(OLD, new), at=NINE + 11 * HOUR)

        assert ["TimerFired", "Breached", "Migrated"] == [
            name for name in kinds(outcome) if name in ("TimerFired", "Breached", "Migrated")
        ]
        assert NINE + 10 * HOUR == outcome.ticket.clocks["repair"].breached_at

    @pytest.mark.parametrize(("start", "breached"), [("since", True), ("now", False), ("never", False)])
    def test_a_new_clock(self, start: str, breached: bool) -> None:
        """A clock nobody had promised counts from where it would have started, from now, or not for this ticket."""
        new = edited(lambda d: d["clocks"].append({"name": "reply", "within": "4h", "until": "waiting"}))
        plan = plan_migration(OLD, new, [after("start")], at=NINE + 6 * HOUR, clocks={"reply": start})
        outcome = migrate(after("start"), plan, at=NINE + 6 * HOUR)

        assert "added" == plan.clocks["reply"].status
        assert breached == bool(plan.breaches)
        assert (start != "never") == any(isinstance(record, ClockStarted) for record in outcome.records)
        if breached:
            assert 2 * HOUR == plan.breaches[0][1].over

    def test_a_clock_that_is_gone(self) -> None:
        """A promise that is taken back is cancelled with the reason, and its chain stops."""
        new = changed(clocks=[], escalations=[])
        outcome = migrate(after("start"), plan_migration(OLD, new))
        stopped = next(record for record in outcome.records if isinstance(record, ClockStopped))

        assert ("cancelled", "the new definition does not have it") == (stopped.run.phase, stopped.reason)
        assert {} == dict(outcome.ticket.clocks)
        assert outcome.ticket == new.fold([*history(after("start")), *outcome.records])

    def test_a_clock_that_is_paused_elsewhere(self) -> None:
        """Where the states that pause a clock changed, it pauses or goes on from the move."""
        new = edited(lambda d: d["clocks"][0].update(paused_in=["working"]))
        plan = plan_migration(OLD, new)

        assert "paused" == migrate(after("start"), plan).ticket.clocks["repair"].phase
        assert "running" == migrate(after("start", "wait"), plan).ticket.clocks["repair"].phase

    def test_a_clock_that_ends_here_now(self) -> None:
        """A clock whose end is the state the ticket is in ends with the move."""
        new = edited(lambda d: d["clocks"][0].update(until=["working"]))

        assert "met" == migrate(after("start"), plan_migration(OLD, new)).ticket.clocks["repair"].phase

    def test_new_marks(self) -> None:
        """A mark that has passed is reached by the move, not in the past."""
        new = edited(lambda d: d["clocks"][0].update(warn=["20%"]))
        outcome = migrate(after("start"), plan_migration(OLD, new), at=NINE + 5 * HOUR)

        assert [ClockRetargeted] == [type(record) for record in outcome.records[1:]]
        assert ("20%", NINE + 5 * HOUR) == (
            outcome.ticket.clocks["repair"].next_mark,
            outcome.ticket.clocks["repair"].next_at,
        )

    def test_timers(self) -> None:
        """The same timer keeps its deadline, another span counts from the entry, a new one is set, one that is gone goes."""

        def retime(data: dict[str, Any]) -> None:
            data["states"]["working"]["timers"] = [{"after": "3d", "event": "close"}, {"after": "8h", "event": "remind"}]
            data["transitions"].append({"event": "nudge", "source": "working"})
            data["states"]["working"]["timers"].append({"after": "1d", "event": "nudge"})

        held = after("start")
        plan = plan_migration(OLD, edited(retime), [held])
        moved = migrate(held, plan).ticket
        due = {timer.event: timer.due - NINE - HOUR for timer in moved.timers}

        assert {"remind": 8 * HOUR, "close": timedelta(days=3), "nudge": timedelta(days=1)} == due
        assert {"working.remind": "identical", "working.close": "kept", "working.nudge": "added"} == {
            name: part.status for name, part in plan.timers.items()
        }
        gone = edited(lambda d: d["states"]["working"].update(timers=[]))
        assert () == migrate(held, plan_migration(OLD, gone)).ticket.timers

    def test_a_timer_that_fired_is_not_set_again(self) -> None:
        """What a timer has done is not done once more because its span changed."""
        new = edited(lambda d: d["states"]["working"]["timers"][0].update(after="20h"))
        held = OLD.advance(after("start"), at=NINE + 10 * HOUR).ticket

        assert ["close"] == [timer.event for timer in migrate(held, plan_migration(OLD, new)).ticket.timers]

    def test_a_run_of_a_changed_chain(self) -> None:
        """A run goes on at the level of the same name with its due instant; where that is gone it stops and says so."""
        late = OLD.advance(after("start", "wait", "resume"), at=NINE + 12 * HOUR).ticket
        assert 1 == late.chains[0].level
        more = edited(lambda d: d["escalations"][0]["levels"].insert(0, {"name": "zero", "do": []}))
        fewer = edited(lambda d: d["escalations"][0]["levels"].pop())
        going, ended = migrate(late, plan_migration(OLD, more)), migrate(late, plan_migration(OLD, fewer))

        assert (2, late.chains[0].due) == (going.ticket.chains[0].level, going.ticket.chains[0].due)
        assert more.escalations[0].hash == going.ticket.chains[0].hash
        assert () == ended.ticket.chains
        assert "ChainStopped" in kinds(ended)

    def test_another_calendar(self) -> None:
        """A calendar of the same name that counts otherwise counts what was kept again."""
        week = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
        clocks = [{"name": "repair", "within": "10h", "calendar": "office"}]
        one = changed(clocks=clocks, escalations=[], calendars={"office": week})
        two = changed(version=3, clocks=clocks, escalations=[], calendars={"office": {**week, "holidays": ["2026-11-16"]}})
        held = one.open("T1", at=NINE).ticket
        moved = migrate(held, plan_migration(one, two), at=NINE + HOUR).ticket

        assert datetime(2026, 11, 18, 11, tzinfo=UTC) == moved.clocks["repair"].due


class TestDispatch:
    """What becomes of the search for somebody."""

    ENTRY: ClassVar = {"name": "engineer", "slot": "assignee", "candidates": "engineers", "state": "new", "mode": "offer"}

    def test_open_offers_go_on_or_are_withdrawn(self) -> None:
        """An entry that stays keeps its offers; one that is gone takes them back and tells the candidate."""
        old = changed(dispatch=[{**self.ENTRY, "offer": {"timeout": "1h"}}])
        held = old.open("T1", at=NINE, world=WORLD).ticket
        stays = changed(version=3, dispatch=[{**self.ENTRY, "offer": {"timeout": "2h"}}])
        going, gone = migrate(held, plan_migration(old, stays)), migrate(held, plan_migration(old, changed(version=3)))

        assert 1 == len(held.offers)
        assert held.offers == going.ticket.offers
        assert () == gone.ticket.offers
        assert any(isinstance(effect, Withdraw) for effect in gone.effects)
        assert {} == dict(gone.ticket.slots)

    def test_a_new_entry_begins(self) -> None:
        """A state that now has dispatch looks for somebody at once, where nobody has the ticket."""
        new = changed(dispatch=[{**self.ENTRY, "mode": "assign"}])
        outcome = migrate(opened(), plan_migration(OLD, new), world=WORLD)

        assert "ann" == outcome.ticket.assignee


class TestVerb:
    """What migrate itself promises."""

    plan: MigrationPlan = plan_migration(OLD, changed())

    def test_pins_and_version(self) -> None:
        """From the move on the ticket runs under the new definition, and the record says what it ran under."""
        held = after("start")
        outcome = migrate(held, self.plan)
        record = outcome.records[0]

        assert isinstance(record, Migrated)
        assert (held.pins, self.plan.new.pins) == (record.before, record.pins)
        assert (2, self.plan.new.hash) == (outcome.ticket.version, outcome.ticket.pins["workflow"])
        assert outcome.ticket == load_ticket(dump(outcome.ticket))

    def test_twice_is_once(self) -> None:
        """A ticket that runs under the new definition is given back as it is."""
        moved = migrate(after("start"), self.plan).ticket

        assert Outcome(ticket=moved) == migrate(moved, self.plan)
        assert "done" == plan_migration(OLD, self.plan.new, [moved]).tickets[0].status

    def test_another_definition(self) -> None:
        """A ticket of neither definition is refused, and listed as such."""
        other = changed(version=7, title="x").open("T9", at=NINE).ticket

        with pytest.raises(InputError, match="begins with") as caught:
            migrate(other, self.plan)
        assert "migration.other_version" == caught.value.code
        assert "other" == plan_migration(OLD, self.plan.new, [other]).tickets[0].status

    def test_bad_arguments(self) -> None:
        """What cannot be meant is refused with what is known."""
        held = after("start")
        with pytest.raises(InputError, match="did you mean 'waiting'"):
            plan_migration(OLD, changed(), states={"waitin": "new"})
        with pytest.raises(InputError, match="the new definition does not have"):
            plan_migration(OLD, changed(), states={"waiting": "nowhere"})
        with pytest.raises(InputError, match="never"):
            plan_migration(OLD, edited(lambda d: d["clocks"].append({"name": "x", "within": "1h"})), clocks={"x": "sometimes"})
        with pytest.raises(InputError, match="from 'repair' to 'other'"):
            plan_migration(OLD, changed(workflow="other"))
        with pytest.raises(TimeError):
            migrate(held, self.plan, at=datetime(2026, 11, 17))
        with pytest.raises(InputError, match="pass a Ticket"):
            migrate({}, self.plan)  # type: ignore[arg-type]  # what the test is about
        with pytest.raises(Refused) as caught:
            migrate(held, self.plan, at=NINE)
        assert "past" == caught.value.code

    def test_plan_is_plain_data(self) -> None:
        """A plan can be shown by a program: it is JSON, with sentences in both languages."""
        plan = plan_migration(OLD, edited(renamed_waiting), [after("start", "wait")])
        data = json.loads(json.dumps(plan.as_data()))

        assert "parts" == data["states"]["waiting"]["suggested"]
        assert data["tickets"][0]["problems"]
        assert "新名称" in plan.text("zh")

    def test_an_update_is_told_as_the_moves(self) -> None:
        """Values that the move fills in are not taken for what a person set."""
        new = edited(lambda d: d["fields"].update(tier={"type": "string", "default": "standard"}))
        record = migrate(opened(), plan_migration(OLD, new)).records[-1]

        assert isinstance(record, Updated)
        assert (False, "migration") == (record.person, record.source)


def test_what_a_ticket_remembers_of_a_state_follows_its_new_name() -> None:
    """Checks, votes a not_by asks for, and steps shown stay known where the ticket has left their state before it moves."""

    def review(name: str) -> Workflow:
        return Workflow(
            workflow="w",
            initial=name,
            states={
                name: {"checklist": ["look", "sign"], "approval": {"quorum": 2}, "shown": {"customer": "Looked at"}},
                "away": {"shown": {"customer": "Away"}},
                "closed": {"closed": True},
            },
            transitions=[
                {"event": "off", "source": name, "target": "away"},
                {"event": "back", "source": "away", "target": name},
                {"event": "pay", "source": "away", "target": "closed", "not_by": "approval.approve"},
                {"event": f"approved.{name}", "source": name, "target": "closed"},
            ],
        )

    old, new = review("review"), review("checking")
    outcomes = [old.open("T", at=NINE)]
    for event, payload in (("step.check", {"step": "look"}), ("approval.approve", None), ("off", None)):
        outcomes.append(old.fire(outcomes[-1].ticket, event, payload, at=NINE, actor="ann"))
    ticket = outcomes[-1].ticket
    outcomes.append(migrate(ticket, plan_migration(old, new, [ticket], states={"review": "checking"})))
    moved = outcomes[-1].ticket

    assert (["checking"], ["look"]) == (list(moved.checklist), list(moved.checklist["checking"]))
    assert {"approval.approve": {"checking": ("ann",)}} == moved.voters
    assert ["done", "current"] == [step.status for step in new.progress(moved, "customer").steps]
    assert new.fold([record for outcome in outcomes for record in outcome.records]) == moved
    assert ("look",) == tuple(new.fire(moved, "back", at=NINE).ticket.checklist["checking"])


def leaving(**parts: Any) -> Workflow:
    """A workflow that comes back to where it was in p, by the history state h."""
    moves = [("on", "s1", "s2"), ("away", "p", "x"), ("back", "x", "h")]
    transitions = [{"event": event, "source": source, "target": target} for event, source, target in moves]
    return Workflow(workflow="w", initial="p", transitions=transitions, states={"x": {}, **parts})


HISTORY = {"h": {"history": "shallow", "default": "s1"}}
DEEP = {"h": {"history": "deep", "default": ["s1", "t1"]}}
ONE, TWO = {"states": {"s1": {}, "s2": {}}}, {"states": {"t1": {}, "t2": {}}}
CAME_BACK: list[tuple[Any, Any, tuple[str, ...], tuple[str, ...]]] = [
    ({"p": {"states": {"s1": {}, "s2": {}, **HISTORY}}}, {"p": {"states": {"s2": {}, "s1": {}, **HISTORY}}}, ("s2",), ("s2",)),
    ({"p": {"states": {"s1": {}, "s2": {}, **HISTORY}}}, {"p": {"states": {"s1": {}, **HISTORY}}, "s2": {}}, (), ("s1",)),
    (
        {"p": {"states": {"s1": {}, "s2": {}, **HISTORY}}},
        {"p": {"parallel": True, "states": {"r": ONE, "t": TWO, **DEEP}}},
        (),
        ("s1", "t1"),
    ),
    (
        {"p": {"parallel": True, "states": {"r": ONE, "t": TWO, **DEEP}}},
        {"p": {"parallel": True, "states": {"t": TWO, "r": ONE, **DEEP}}},
        ("t1", "s2"),
        ("t1", "s2"),
    ),
]


@pytest.mark.parametrize(
    ("before", "now", "kept", "there"), CAME_BACK, ids=["as it was", "elsewhere", "with regions", "turned"]
)
def test_where_a_ticket_was_is_where_the_new_chart_may_lead(before: Any, now: Any, kept: Any, there: Any) -> None:
    """What a history state could not remember in the new chart is forgotten: the ticket comes back by the default."""
    old, new = leaving(**before), leaving(**now)
    ticket = old.open("T", at=NINE).ticket
    for event in ("on", "away"):
        ticket = old.fire(ticket, event, at=NINE).ticket
    moved = migrate(ticket, plan_migration(old, new)).ticket

    assert ({"h": kept} if kept else {}) == dict(moved.history)
    assert there == new.fire(moved, "back", at=NINE).ticket.configuration


TIERED = {"fields": {"tier": {"type": "string", "default": "gold"}}}
HOURS = {"office": {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}}
PROMISE = {"name": "k", "within": "2h", "until": "b"}


@pytest.mark.parametrize(
    ("events", "within", "phase", "counted"),
    [
        (["go"], "2h", "met", 60),
        ([], [{"when": "tier == 'silver'", "take": "1h"}], "cancelled", 60),
        ([], "5h", "running", 120),
    ],
    ids=["ended", "nothing promised any more", "still running"],
)
def test_a_clock_whose_calendar_is_gone(events: list[str], within: Any, phase: str, counted: int) -> None:
    """Whatever becomes of the clock, nothing asks for the calendar that the new definition does not have."""
    chart: dict[str, Any] = {
        "workflow": "w",
        "states": {"a": {}, "b": {}},
        "transitions": [{"event": "go", "source": "a", "target": "b"}, {"event": "back", "source": "b", "target": "a"}],
        **TIERED,
    }
    old = Workflow(**chart, calendars=HOURS, clocks=[{**PROMISE, "calendar": "office"}])
    new = Workflow(**chart, version=2, clocks=[{**PROMISE, "within": within}])
    ticket = old.open("T", at=NINE).ticket
    for event in events:
        ticket = old.fire(ticket, event, at=NINE + HOUR).ticket
    moved = migrate(ticket, plan_migration(old, new), at=NINE + HOUR).ticket
    run = moved.clocks["k"]

    assert (phase, None) == (run.phase, run.calendar)
    assert timedelta(minutes=counted) == new.explain(moved, at=NINE + 2 * HOUR).clocks[0].counted


def test_a_state_whose_tickets_go_to_another_is_not_taken_for_it() -> None:
    """What the removed state said is not compared with the state it leads to: that one changed, and so what leads there."""
    go = [{"event": "go", "source": "a", "target": "b"}]
    states = {"a": {}, "b": {"checklist": ["look"]}, "old": {"checklist": ["weigh"]}}
    old = Workflow(workflow="w", states=states, initial="a", transitions=go)
    new = Workflow(workflow="w", version=2, states={"a": {}, "b": states["old"]}, initial="a", transitions=go)
    plan = plan_migration(old, new, states={"old": "b"})

    assert {"a": "kept", "b": "kept", "old": "removed"} == {name: part.status for name, part in plan.states.items()}


def test_a_state_may_lead_into_one_that_has_parts() -> None:
    """A removed state whose tickets go where states lie inside hides none of those."""
    inside = {"states": {"p": {}, "q": {}}, "initial": "p"}
    ways = [{"event": "on", "source": "p", "target": "q"}, {"event": "stop", "source": "q", "target": "old"}]
    old = Workflow(workflow="w", initial="b", states={"b": inside, "old": {}}, transitions=ways)
    new = Workflow(workflow="w", version=2, initial="b", states={"b": inside}, transitions=ways[:1])
    ticket = old.open("T", at=NINE).ticket
    for event in ("on", "stop"):
        ticket = old.fire(ticket, event, at=NINE).ticket

    assert ("p",) == migrate(ticket, plan_migration(old, new, [ticket], states={"old": "b"})).ticket.configuration
