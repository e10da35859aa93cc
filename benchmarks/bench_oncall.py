"""Knows how long it takes to say who is on call beside dateutil's rrule; must not know chains nor tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks._measure import medians, ratio, times_of
from servflow.escalation import Rotation, Schedule

USERS = ("ann", "bob", "cy", "dan")
ZONE = "Europe/Berlin"
START = datetime(2021, 3, 1, 9, tzinfo=ZoneInfo(ZONE))
LATER = (1, 5, 20, 50)
"""Years after the start at which is asked."""

Ask = Callable[[datetime], Any]


def asked(years: int) -> list[datetime]:
    """Instants of the last weeks before that many years have passed, so that no single one decides."""
    end = START.astimezone(UTC) + timedelta(days=365 * years)
    return [end - timedelta(days=number, hours=5 * number) for number in range(1, 30)]


def all_of(ask: Ask, ats: list[datetime]) -> list[Any]:
    """The answers to all of them."""
    return [ask(at) for at in ats]


def same(expected: list[Any], found: list[Any], name: str) -> None:
    """Stop where two ways of asking do not answer alike: their times would mean nothing."""
    if expected != found:
        raise SystemExit(f"{name} answers {found[:3]} instead of {expected[:3]}")


def rule_of_each(freq: int, *, cache: bool) -> Ask:
    """
    Who is on call as a calendar of events keeps it: a rule for each user, every so many weeks, and whoever began last.

    This is how on-call systems that store rotations as iCalendar ask: the last event of each that has begun, and the latest.
    """
    from dateutil.rrule import rrule

    step = timedelta(weeks=1) if freq == 2 else timedelta(days=1)
    starts = [(user, START + number * step) for number, user in enumerate(USERS)]
    rules = [(user, rrule(freq, dtstart=start, interval=len(USERS), cache=cache)) for user, start in starts]

    def ask(at: datetime) -> tuple[str, ...]:
        local = at.astimezone(START.tzinfo)  # instants of one zone compare several times faster
        begun = [(last, user) for user, rule in rules if (last := rule.before(local, inc=True)) is not None]
        return (max(begun)[1],)

    return ask


def one_rule(freq: int, *, cache: bool) -> Ask:
    """The same with the least that rrule has to do: one rule for all handovers, counted once and nothing else."""
    from dateutil.rrule import rrule

    rule = rrule(freq, dtstart=START, cache=cache)

    def ask(at: datetime) -> tuple[str, ...]:
        count, local = 0, at.astimezone(START.tzinfo)
        for handover in rule:
            if handover > local:
                break
            count += 1
        return (USERS[(count - 1) % len(USERS)],)

    return ask


def beside_rrule() -> None:
    """Five years after the start, weekly and daily turns, with rules that remember their occurrences and ones that do not."""
    try:
        import dateutil.rrule as other
    except ImportError:
        print("python-dateutil is not installed and left out")
        return
    ats = asked(5)
    for every, freq in (("1 week", other.WEEKLY), ("1 day", other.DAILY)):
        rotation = Rotation(USERS, START, ZONE, every)
        mine = partial(all_of, rotation.on_call, ats)
        print(f"who is on call, five years after the start, turns of {every}; {len(ats)} questions in one call")
        theirs = {
            f"rrule, {what}{', cached' if cache else ''}": make(freq, cache=cache)
            for what, make in (("a rule for each user", rule_of_each), ("one rule", one_rule))
            for cache in (False, True)
        }
        calls: dict[str, Callable[[], Any]] = {"Rotation.on_call": mine}
        for name, ask in theirs.items():
            same(mine(), all_of(ask, ats), name)
            calls[name] = partial(all_of, ask, ats)
        medians(calls, 3)
        for name in theirs:
            value = times_of({"ours": mine}, calls[name], 3)["ours"]
            if "cached" in name:
                # It walks a list that was made beforehand, and keeps it for ever; told, but no target.
                print(f"  {f'{name}: takes longer, turns of {every}':<92}{value:>10.2f} times")
            else:
                ratio(f"{name}: takes longer, turns of {every}", value, least=50)


def far_away() -> None:
    """The same question one, five, twenty and fifty years after the start, with windows, edits and overrides too."""
    plain = Rotation(USERS, START, ZONE)
    monthly = Rotation(USERS, START, ZONE, "1 month")
    office = Rotation(USERS, START, ZONE, "1 day", windows={"mon-fri": ["09:00-17:00"]})
    edited = plain.with_users((*USERS, "eve"), START + timedelta(days=100)).with_users(USERS, START + timedelta(days=300))
    layered = Schedule([plain, office], combine="top")
    print("one question, by how many years after the start it is asked")
    for name, ask in (
        ("weeks", plain.on_call),
        ("months", monthly.on_call),
        ("days, in windows", office.on_call),
        ("weeks, users edited twice", edited.on_call),
        ("two layers", layered.on_call),
        ("weeks, next change", plain.next_change),
        ("weeks, who is next", plain.next_on_call),
        ("weeks, who was before", plain.previous_on_call),
    ):
        calls = {f"{years} years": partial(all_of, ask, asked(years)) for years in LATER}
        for call in calls.values():
            call()
        found = times_of({"near": calls["1 years"]}, calls["50 years"], 5)["near"]
        ratio(f"{name}: in 50 years it takes, of what it takes in one", found, most=1.5)


def many_overrides() -> None:
    """A schedule with 10,000 overrides against one with a single one, asked at instants with and without one."""
    base = Rotation(USERS, START, ZONE)
    first = START.astimezone(UTC)
    overrides = [
        {"start": first + timedelta(hours=4 * number), "end": first + timedelta(hours=4 * number + 2), "users": "eve"}
        for number in range(10_000)
    ]
    ats = [first + timedelta(hours=4 * number * 37 % 40_000 + number % 4) for number in range(57)]
    one, many = Schedule([base], overrides[:1]), Schedule([base], overrides)
    same([("eve",) if number % 4 < 2 else base.on_call(at) for number, at in enumerate(ats)], all_of(many.on_call, ats), "many")
    found = times_of({"one": partial(all_of, one.on_call, ats)}, partial(all_of, many.on_call, ats), 5)["one"]
    print("overrides")
    ratio("10,000 overrides take, of one", found, most=10)


def main() -> None:
    """Run all measurements."""
    beside_rrule()
    far_away()
    many_overrides()


if __name__ == "__main__":
    main()
