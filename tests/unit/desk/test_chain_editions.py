"""Knows how a desk lets live runs go on under the chains they are pinned to; must not know how chains are climbed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from servflow import Desk, plan_migration
from servflow.engine import Workflow
from servflow.model import Escalated
from servflow.stores import MemoryStore

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def version(number: int, *names: str, **more: Any) -> Workflow:
    levels = [{"name": name, "after": "1h", "do": [{"notify": {"to": {"user": name}, "template": "t"}}]} for name in names]
    chain = {"name": "late", "start": {"event": "complain"}, "levels": levels}
    return Workflow(
        workflow="w",
        version=number,
        initial="a",
        states={"a": {}},
        transitions=[{"event": "complain", "source": "a"}],
        escalations=[chain],
        **more,
    )


FIRST, SECOND, THIRD = version(1, "one", "two"), version(2, "uno", "dos"), version(3, "eins", "zwei")


class Host:
    """A store and a time that stands still, at which every desk is a new process."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.at = NINE

    def desk(self, *flows: Workflow) -> Desk:
        """A desk as a process that was just started has it."""
        return Desk(flows, self.store, now=lambda: self.at)

    def names(self, ticket: str) -> list[str]:
        """The levels a ticket has reached."""
        return [record.name for record in self.desk(THIRD).history(ticket) if isinstance(record, Escalated)]


def test_a_migrated_ticket_goes_on_under_its_own_chain() -> None:
    """After two migrations, at desks that know the newest version only, a run still climbs the chain it began under."""
    host = Host()
    host.desk(FIRST).open("T1", workflow="w")
    host.desk(FIRST).fire("T1", "complain")
    for old, new in ((FIRST, SECOND), (SECOND, THIRD)):
        host.at += timedelta(minutes=20)
        report = host.desk(new).migrate(plan_migration(old, new))
        assert (1, 0, ()) == (report.moved, report.failed, report.problems)
    host.at += timedelta(hours=9)
    host.desk(THIRD).tick()
    host.desk(THIRD).open("T2", workflow="w")
    host.desk(THIRD).fire("T2", "complain")
    host.at += timedelta(hours=9)
    host.desk(THIRD).tick()

    assert (["one", "two"], ["eins", "zwei"]) == (host.names("T1"), host.names("T2"))


def test_runs_move_where_the_plan_says_so() -> None:
    """With chains: move a live run is the new chain's from the migration on."""
    host = Host()
    renamed = version(2, "one", "two", "three")
    host.desk(FIRST).open("T1", workflow="w")
    host.desk(FIRST).fire("T1", "complain")
    host.desk(renamed).migrate(plan_migration(FIRST, renamed, chains="move"))
    host.at += timedelta(hours=9)
    host.desk(renamed).tick()

    assert ["one", "two", "three"] == host.names("T1")


def test_an_edition_that_no_longer_fits_is_moved() -> None:
    """A run whose edition names what the new definition does not have goes on under the new one, by name."""
    host = Host()
    old = version(1, "one", "two", fields={"n": {"type": "int", "default": 0}})
    chain = old.escalations[0].to_data()
    chain["levels"][1]["when"] = "n > -1"
    old = Workflow(**{**old.to_data(), "escalations": [chain]})
    new = version(2, "one", "two", "three")
    host.desk(old).open("T1", workflow="w")
    host.desk(old).fire("T1", "complain")
    report = host.desk(new).migrate(plan_migration(old, new, fields={"n": None}))
    host.at += timedelta(hours=9)
    host.desk(new).tick()

    assert (1, ["one", "two", "three"]) == (report.moved, host.names("T1"))
