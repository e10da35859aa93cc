"""A hotline: who is on call, how fair that is, where nobody is, a vendor's feed, and a calendar for a phone."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from servflow.documents import load_schedules, load_world
from servflow.escalation import coverage, fairness
from servflow.integrations.icalendar import read_on_call, write_shifts

HERE = Path(__file__).parent
MARCH, APRIL = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
VENDOR = {"Pat Kim": "pat", "Quinn": "quinn", "Rory Fox": "rory"}


def main(folder: Path) -> None:
    """Print the month, and leave Ann's shifts as a calendar in the folder."""
    hotline = load_schedules(HERE / "on_call.yaml")["hotline"]
    world = load_world(HERE / "on_call.yaml")
    night = datetime(2026, 3, 25, 2, tzinfo=UTC)
    now, following = ", ".join(hotline.on_call(night)), ", ".join(hotline.next_on_call(night))
    print(f"On call at {night:%Y-%m-%d %H:%M} UTC: {now}; next {following}")

    print("March, in hours that passed:")
    for one in fairness(hotline, MARCH, APRIL, holidays=["2026-03-08"]).people:
        nights, weekends, days = f"{one.nights} nights", f"{one.weekends} weekends", f"{one.holidays} holidays"
        print(f"  {one.user:5}{one.hours:6.0f} h {one.share:4.0%}  {one.shifts} shifts, {nights}, {weekends}, {days}")
    found = coverage(hotline, MARCH, days=31, world=world)
    print(f"  covered {found.covered:.0%}, findings {len(found.findings)}, the most alone: {next(iter(found.depends_on))}")

    feed = read_on_call(HERE / "vendor.ics", start=MARCH, end=APRIL, people=VENDOR)
    print(f"{feed.name}: {len(feed.duties)} shifts of {', '.join(feed.users)}")
    for note in feed.notes:
        print(f"  ! {note.text()}")
    seen = coverage(feed, MARCH, days=31)
    longest = max(seen.gaps, key=lambda gap: gap.end - gap.start)
    print(f"  covered {seen.covered:.0%}; longest gap {longest.start:%m-%d %H:%M} to {longest.end:%m-%d %H:%M} UTC")

    text = write_shifts(hotline, "ann", MARCH, APRIL, stamp=MARCH, zone="Europe/Berlin", name="hotline")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ann.ics").write_bytes(text.encode("utf-8"))
    again = read_on_call(text, start=MARCH, end=APRIL)
    same = "the same" if again.users == ("ann",) else "otherwise"
    print(f"ann.ics for a phone: {len(again.duties)} shifts, read back {same}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
