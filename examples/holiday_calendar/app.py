"""Knows how a host takes over holidays that somebody else announced; must not know how dates are read or counted."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import servflow
from servflow.integrations import icalendar

HERE = Path(__file__).parent
MONDAY = datetime(2026, 9, 28, 8, tzinfo=UTC)  # 16:00 in Shanghai
WEDNESDAY = MONDAY + timedelta(days=2)
START, END = date(2026, 9, 1), date(2026, 12, 31)


def main(folder: Path) -> None:
    """Show what a notice would change, which tickets it would move, and only then take it over."""
    workflow = servflow.load(HERE / "repair.yaml")
    tickets = [workflow.open(f"R-{number}", at=MONDAY + timedelta(hours=21 * number)).ticket for number in range(3)]
    office = workflow.calendars["office"]
    assert isinstance(office, servflow.Calendar)

    print("The notice would change:")
    proposal = icalendar.propose(office, HERE / "notice.ics", start=START, end=END, kinds={"we work": "skip"})
    print(proposal.text())

    print("Which of the open tickets move:")
    for change in workflow.recompute(tickets, calendars={"office": proposal.proposed}, at=WEDNESDAY):
        print(change.text(zone="Asia/Shanghai"))

    # Until here nothing is applied: the calendar is a value, and the proposal holds another one.
    assert office == workflow.calendars["office"]
    agreed = servflow.Workflow(**{**workflow.to_data(), "calendars": {"office": proposal.proposed}})
    late = agreed.open("R-9", at=datetime(2026, 10, 8, 8, tzinfo=UTC)).ticket.clocks["repair"]
    print(f"Once it is agreed: R-9 is due {late.due:%Y-%m-%d %H:%M} UTC")

    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "office.ics"
    written.write_bytes(icalendar.write_ics(proposal.proposed, stamp=MONDAY).encode())
    again = icalendar.propose(proposal.proposed, written, start=START, end=END)
    print(f"{written.name} for other programs, which reads back: {again.text()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
