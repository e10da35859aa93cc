"""Holds plans by time to one ticket per date, whatever desks do; must not know how dates are counted."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow import Desk, Workflow
from servflow.desk import AsyncDesk
from servflow.errors import InputError
from servflow.model import SYSTEM
from servflow.recurring import Plans, Recurring
from servflow.stores import MemoryStore, SqliteStore
from tests.postgres import fresh_database
from tests.unit.recurring.house import FLOW, House, at, plan
from tests.work import lines_run

A = {"id": "A", "customer": "kim", "installed": "2026-01-31"}
QUARTERLY = plan(every="3 months", start="asset.installed", ahead="14d", fields={"skipped": "skipped"})


def test_a_ticket_opens_ahead_of_its_date_and_says_whose_it_is() -> None:
    """Three months after the 31st of January is the 30th of April; a fortnight before it the ticket is there."""
    house = House([QUARTERLY], A, now="2026-04-15")
    house.tick()
    assert () == house.store.ids()

    assert ["m:service:A:1"] == house.until("2026-04-16")

    ticket = house.ticket(1)
    assert ("A", "kim", "service", at("2026-04-30")) == (
        ticket.asset,
        ticket.customer,
        ticket.fields["plan"],
        ticket.fields["due"],
    )
    assert at("2026-04-16") == ticket.opened_at


def test_each_date_opens_one_ticket() -> None:
    """In two years there are eight, at the ends of the months, counted from the first day and not from each other."""
    house = House([QUARTERLY], A, now="2026-01-31")

    assert 7 == len(house.until("2027-12-31"))
    assert ["2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31", "2027-04-30", "2027-07-31", "2027-10-31"] == house.dues()


def test_a_written_start_is_the_first_date() -> None:
    """What is written begins on that date, or with `first: every` a month later; what an asset says begins a period later."""
    first = House([plan(every="1 month", start="2026-01-15")], A, now="2026-01-01")
    first.until("2026-02-20")
    later = House([plan(every="1 month", start="2026-01-15", first="every")], A, now="2026-01-01")
    later.until("2026-02-20")
    of_asset = House([plan(every="1 month", start="asset.installed", first="start")], A, now="2026-01-01")
    of_asset.until("2026-02-20")

    assert ["2026-01-15", "2026-02-15"] == first.dues()
    assert ["2026-02-15"] == later.dues()
    assert ["2026-01-31"] == of_asset.dues()


def test_a_desk_that_was_down_opens_one_ticket_and_says_how_many_were_missed() -> None:
    """After two years without a desk it is one ticket, for the last date, and it says that six were passed over."""
    house = House([QUARTERLY], A, now="2028-01-01")
    house.tick()

    assert ["2027-10-31"] == house.dues()
    assert 6 == house.ticket(1).fields["skipped"]
    assert "6 before it were missed and are passed over" in house.made.explain(A, at=house.now)[0].lines()


def test_all_that_were_missed_are_opened_where_the_plan_says_so() -> None:
    """An inspection the law asks for leaves a ticket for every date."""
    house = House([{**QUARTERLY, "missed": "all"}], A, now="2027-01-20")
    house.tick()

    assert ["2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31"] == house.dues()


def test_years_of_history_are_not_opened_again_by_a_restart() -> None:
    """A process that begins anew asks the store; nothing is opened twice, and the next date comes as it would have."""
    house = House([QUARTERLY], A, now="2026-01-31")
    house.until("2027-12-31")
    for _ in range(3):
        house.restart()
        house.tick()
    assert 7 == len(house.store.ids())

    assert ["m:service:A:8"] == house.until("2028-01-20")


@pytest.mark.parametrize("missed", ["last", "all"])
def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(tmp_path: Path, missed: str) -> None:
    """The process dies with a ticket given and not opened, then with it opened and not noted; on a file, each time anew."""
    made = Recurring("m", [{**QUARTERLY, "missed": missed}])
    now = at("2027-01-20")
    path, opened = str(tmp_path / "tickets.db"), []
    for turn in range(12):
        store = SqliteStore(path)
        plans = Plans(made, [A], store)
        given = next(plans.due(now), None)
        if given is not None and turn % 2:  # an even turn dies before the ticket is kept, an odd one right after
            Desk(FLOW, store, now=lambda: now).open(given.new_ticket, given.fields, key=given.id)
            opened.append(given.new_ticket)
        store.close()

    assert (1 if missed == "last" else 4) == len(opened)
    assert [f"m:service:A:{number}" for number in range(1, len(opened) + 1)] == opened


def test_two_desks_on_one_file_open_each_ticket_once(tmp_path: Path) -> None:
    """Both look before either opens; the second opening is the first one's."""
    path, now = str(tmp_path / "tickets.db"), [at("2026-04-16")]
    first, second = SqliteStore(path), SqliteStore(path)
    made = Recurring("m", [QUARTERLY])
    one, other = (Plans(made, [A], store) for store in (first, second))
    looked = list(other.due(now[0]))
    desk = Desk(FLOW, first, now=lambda: now[0], sources=[one])
    late = Desk(FLOW, second, now=lambda: now[0], sources=[lambda desk, now: looked, other])

    assert (1, 0, 0) == (desk.tick().sent, late.tick().sent, late.tick().sent)
    assert ("m:service:A:1",) == first.ids()
    first.close()
    second.close()


def test_two_desks_on_postgresql_open_each_ticket_once(request: pytest.FixtureRequest) -> None:
    """Two hosts that tick at the same time, each with its plans; a third one, of another tenant, has its own tickets."""
    pytest.importorskip("psycopg", reason="needs the extra sql")
    from servflow.stores import SqlStore

    url, now = fresh_database(request.getfixturevalue("postgres")), [at("2026-04-16")]
    made, machines = Recurring("m", [QUARTERLY]), [{**A, "id": f"A{number}"} for number in range(12)]
    stores = [SqlStore(url), SqlStore(url), SqlStore(url, tenant="other")]
    desks = [Desk(FLOW, one, now=lambda: now[0], sources=[Plans(made, machines, one)]) for one in stores]
    with ThreadPoolExecutor(3) as hosts:
        for _ in range(3):
            reports = list(hosts.map(lambda desk: desk.tick(), desks))
            assert [(), (), ()] == [one.problems for one in reports]
            now[0] += timedelta(days=93)
    for store in stores:
        assert sorted(f"m:service:A{number}:{turn}" for number in range(12) for turn in (1, 2, 3)) == sorted(store.ids(100))
        store.close()


def test_a_desk_for_coroutines_asks_plans_too() -> None:
    """The plans keep the plain store; the desk asks them in a thread."""

    async def story() -> list[tuple[str, ...]]:
        store, now = MemoryStore(), [at("2026-04-16")]
        source = Plans(Recurring("m", [QUARTERLY]), [A], store)
        desk = AsyncDesk(FLOW, store, now=lambda: now[0], sources=[source])
        assert () == (await desk.tick()).problems
        told = [store.ids()]
        source.changed({**A, "id": "B"})
        await desk.tick()
        return [*told, store.ids()]

    assert [("m:service:A:1",), ("m:service:A:1", "m:service:B:1")] == asyncio.run(story())


def test_what_is_cancelled_is_passed_over() -> None:
    """Whoever cancels a service has decided that it is not done this time: the next counts from there."""
    parts = plan(every="1 month", start="2026-01-15", counted_from="completion")
    flow = Workflow(
        workflow="inspection",
        fields={"plan": {"type": "string", "optional": True}, "due": {"type": "timestamp", "optional": True}},
        initial="planned",
        states={"planned": {}, "done": {"closed": True}, "cancelled": {"closed": True}},
        transitions=[
            {"event": "finish", "source": "planned", "target": "done"},
            {"event": "ticket.cancel", "source": "planned", "target": "cancelled"},
            {"event": "ticket.reopen", "source": "done", "target": "planned"},
        ],
    )
    store, now = MemoryStore(), [at("2026-01-15")]
    desk = Desk(flow, store, now=lambda: now[0], sources=[Plans(Recurring("m", [parts]), [A], store)])
    opened = []
    for day, event in (
        ("01-15", ""),
        ("01-20", "ticket.cancel"),
        ("02-19", ""),
        ("02-20", ""),
        ("02-21", "finish"),
        ("02-22", "ticket.reopen"),
        ("04-30", ""),
    ):
        now[0] = at(f"2026-{day}")
        if event:
            desk.fire(store.ids()[-1], event, actor=SYSTEM)
        assert () == desk.tick().problems
        opened.append(len(store.ids()))

    assert [1, 1, 1, 2, 2, 2, 2] == opened, "a month after it was cancelled; what is taken up again is waited for"


def test_what_was_given_and_not_opened_comes_again_behind_the_others() -> None:
    """A ticket that its workflow refuses is told with each tick, and holds up nobody."""
    wrong = plan(name="wrong", every="1 month", start="2026-01-01", fields={"nte": "plan"})
    house = House([wrong, plan(every="1 month", start="2026-01-01")], A, now="2026-01-02")

    for _ in range(2):
        report = house.desk.tick()
        assert ["m:wrong:A:1"] == [problem.where for problem in report.problems]
    assert ("m:service:A:1",) == house.store.ids()


def test_a_ticket_from_completion_counts_from_when_the_last_was_closed() -> None:
    """While it is open there is no next one; done three weeks late, the next is three months from there."""
    house = House([plan(every="3 months", start="2026-01-15", counted_from="completion")], A, now="2026-01-01")
    house.until("2026-06-01")
    assert ["2026-01-15"] == house.dues()
    assert "the next one waits until it is closed" in house.plans.explain(A, at=house.now)[0].lines()

    house.now = at("2026-06-05")
    house.finish("m:service:A:1")
    assert ["m:service:A:2"] == house.until("2026-12-01")
    assert ["2026-01-15", "2026-09-05"] == house.dues()


def test_work_done_early_brings_the_next_one_forward() -> None:
    """Opened a month ahead and done at once, the next counts from that day, not from when it was due."""
    house = House([plan(every="1 month", start="2026-02-01", counted_from="completion", ahead="30d")], A, now="2026-01-02")
    house.tick()
    house.finish("m:service:A:1")
    house.until("2026-01-10")

    assert ["2026-02-01", "2026-02-02"] == house.dues()


def test_an_open_ticket_may_hold_back_the_next() -> None:
    """With `while_open: wait` a machine has one open ticket at most; the dates stay where they are."""
    house = House([plan(every="1 month", start="2026-01-15", while_open="wait")], A, now="2026-01-01")
    house.until("2026-04-20")
    assert ["2026-01-15"] == house.dues()

    house.finish("m:service:A:1")
    house.until("2026-05-20")
    assert ["2026-01-15", "2026-04-15"] == house.dues(), "the ones that were missed meanwhile are one"


def test_a_plan_ends() -> None:
    """By `times`, by `until` and by the rule itself; behind it there is nothing, and it says so."""
    for more in ({"times": 2}, {"until": "2026-02-20"}):
        house = House([plan(every="1 month", start="2026-01-15", **more)], A, now="2026-01-01")
        house.until("2026-12-31", days=5)
        assert ["2026-01-15", "2026-02-15"] == house.dues()
        assert house.plans.explain(A, at=house.now)[0].lines()[-1] in (
            "the plan has no further date",
            "all 2 times are over",
        )
    ruled = House([plan(rule="FREQ=MONTHLY;BYDAY=2TU;COUNT=2", start="2026-01-01")], A, now="2026-01-01")
    ruled.until("2026-12-31", days=5)
    assert ["2026-01-13", "2026-02-10"] == ruled.dues()


@pytest.mark.parametrize("when", [{"every": "1 day"}, {"rule": "FREQ=DAILY"}, {"every": "1 month", "calendar": "office"}])
def test_a_plan_that_ended_long_ago_opens_its_last_date_only(when: dict[str, Any]) -> None:
    """A machine that is listed a year after its plan ended is looked at once; not once for each date there ever was."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    parts = plan(start="2024-03-01", until="2024-12-31", **when)
    house = House([parts], A, now="2026-01-01", calendars={"office": office})
    house.tick()

    assert 1 == len(house.store.ids(1000))
    assert {"1 day": "2024-12-31", "1 month": "2024-12-02"}.get(when.get("every", "1 day"), "") == house.dues()[-1]


def test_a_rule_with_a_count_is_counted_once() -> None:
    """The nth date is as near as the first: a rule of a hundred thousand dates is not counted anew for each of them."""
    made = Recurring("m", [plan(rule="FREQ=DAILY;COUNT=100000", start="2026-01-01", missed="all")])

    def upcoming(until: str) -> int:
        return sum(1 for _ in made.upcoming(A, at(until), since=at("2026-01-01")))

    upcoming("2026-02-01")
    assert (365, 730) == (upcoming("2027-01-01"), upcoming("2028-01-01"))
    assert lines_run(lambda: upcoming("2028-01-01")) < 2.3 * lines_run(lambda: upcoming("2027-01-01"))
    last = Recurring("m", [plan(rule="FREQ=DAILY;COUNT=10", start="2026-01-01", begins="2026-01-09")])
    assert ["2026-01-09", "2026-01-10"] == [
        one.due.date().isoformat() for one in last.upcoming(A, at("2027-01-01"), since=at("2026-01-01"))
    ]


@pytest.mark.parametrize("installed", [date(2026, 1, 31), datetime(2026, 1, 31, 9, 30), "2026-01-31", at("2026-01-31")])
def test_dates_as_databases_give_them(installed: Any) -> None:
    """A column of dates or of wall times is read as the text of one would be; nobody has to convert rows."""
    made = Recurring("m", [plan(every="1 month", start="asset.installed_at", fields={"note": "string(asset.installed_at)"})])

    found = next(made.upcoming({"id": "A", "installed_at": installed}, at("2027-01-01"), since=at("2026-01-01")))
    assert ("2026-02-28", "2026-01-31") == (found.due.date().isoformat(), found.fields["note"][:10])


def test_a_rule_without_end_is_read_step_by_step() -> None:
    """A daily rule for ever takes no longer than what is asked of it, and asking again goes on."""
    made = Recurring("m", [plan(rule="FREQ=DAILY", start="2026-01-01")])
    coming = made.upcoming(A, at("9999-01-01"), since=at("2026-01-01"))

    assert ["2026-01-01", "2026-01-02", "2026-01-03"] == [next(coming).due.date().isoformat() for _ in range(3)]


def test_a_date_that_is_no_working_day_is_moved() -> None:
    """The 1st of March 2026 is a Sunday; the next working day is Monday, the one before it Friday."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}, "holidays": ["2026-03-02"]}
    found = {}
    for move in ("next", "previous", "nearest"):
        parts = plan(every="1 month", start="2026-03-01", calendar="office", move=move, until="2026-03-01")
        made = Recurring("m", [parts], calendars={"office": office})
        found[move] = [one.due for one in made.upcoming(A, at("2026-04-01"), since=at("2026-01-01"))]

    assert {"next": [at("2026-03-03")], "previous": [at("2026-02-27")], "nearest": [at("2026-02-27")]} == found


def test_only_the_assets_a_plan_is_for() -> None:
    """What an asset does not say is not true of it; what left the list gets no further ticket."""
    chiller = {**A, "id": "C", "kind": "chiller"}
    house = House([plan(every="1 month", start="2026-01-15", when="asset.kind == 'chiller'")], A, chiller, now="2026-01-01")
    house.until("2026-02-20")
    assert ("m:service:C:1", "m:service:C:2") == house.store.ids()

    house.assets.remove(chiller)
    house.version += 1
    assert [] == house.until("2026-06-01")


def test_new_assets_are_seen_when_the_version_changes_and_at_the_latest_a_day_later() -> None:
    """Between walks nobody asks for assets; a host that says nothing is asked again after the horizon."""
    house = House([plan(every="1 month", start="2026-01-15")], now="2026-01-20")
    house.tick()
    house.assets.append({"id": "B"})
    house.tick()
    assert () == house.store.ids()

    house.version += 1
    house.tick()
    assert ("m:service:B:1",) == house.store.ids()

    house.assets.append({"id": "C"})
    assert ["m:service:C:1"] == house.until("2026-01-21")


def test_one_asset_that_cannot_be_read_holds_up_no_other() -> None:
    """Its mistake is told by the tick, with plan and asset, and kept in `problems`."""
    house = House([plan(every="1 month", start="asset.installed")], {"id": "X", "installed": "soon"}, A, now="2026-03-01")

    report = house.desk.tick()

    assert ("m:service:A:1",) == house.store.ids()
    assert ["plan 'service', start, asset 'X': asset.installed is 'soon', which is no date such as 2026-03-15"] == [
        error.message for error in house.plans.problems
    ]
    assert [house.plans.problems[0].message in str(problem.error) for problem in report.problems] == [True]
    assert () == house.desk.tick().problems, "it is told once for each walk"


def test_many_assets_are_walked_in_pieces_and_opened_in_rounds() -> None:
    """No call looks at more assets than `step`, nor opens more than `most`; in the end each has its ticket."""
    seen: list[int] = []

    def assets() -> Any:
        for number in range(50):
            seen.append(number)
            yield {"id": f"A{number}"}

    store, now = MemoryStore(), at("2026-01-20")
    plans = Plans(Recurring("m", [plan(every="1 month", start="2026-01-15")]), assets, store, step=20, most=15)
    desk = Desk(FLOW, store, now=lambda: now, sources=[plans])

    counts = [(desk.tick().sent, len(seen)) for _ in range(5)]

    assert [(15, 20), (15, 40), (15, 50), (5, 50), (0, 50)] == counts


def test_a_walk_that_breaks_begins_anew() -> None:
    """Where the host's assets cannot be read to their end, the next tick reads them again from the beginning."""
    broken = [True]

    def assets() -> Any:
        yield A
        if broken[0]:
            raise OSError("the register of assets does not answer")
        yield {**A, "id": "B"}

    store, now = MemoryStore(), at("2026-01-20")
    desk = Desk(
        FLOW,
        store,
        now=lambda: now,
        sources=[Plans(Recurring("m", [plan(every="1 month", start="2026-01-15")]), assets, store)],
    )
    assert ["the register of assets does not answer"] == [str(problem.error) for problem in desk.tick().problems]

    broken[0] = False
    desk.tick()
    assert ("m:service:A:1", "m:service:B:1") == store.ids()


def test_a_register_that_does_not_answer_is_asked_again_and_keeps_back_nothing_known() -> None:
    """What was known of from the last walk opens meanwhile; the walk comes with the next tick, and not a day later."""
    machines: list[Any] = [{"id": "A"}]
    answers, now = [True], [at("2026-01-01")]

    def assets() -> Any:
        if not answers[0]:
            raise OSError("the register of assets does not answer")
        return machines

    store = MemoryStore()
    plans = Plans(Recurring("m", [plan(every="1 month", start="2026-01-15")]), assets, store, horizon=timedelta(days=20))
    desk = Desk(FLOW, store, now=lambda: now[0], sources=[plans])
    desk.tick()
    machines.append({"id": "B"})
    answers[0], now[0] = False, at("2026-01-22")
    for _ in range(2):
        assert ["the register of assets does not answer"] == [str(problem.error) for problem in desk.tick().problems]
        assert ("m:service:A:1",) == store.ids()

    answers[0] = True
    assert () == desk.tick().problems
    assert ("m:service:A:1", "m:service:B:1") == store.ids()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"definition": {"recurring": "m"}}, "what load or Recurring gave"),
        ({"store": 5}, "the plain store of the desk"),
        ({"step": 0}, "whole numbers from 1, not 0"),
        ({"most": "many"}, "whole numbers from 1, not 'many'"),
        ({"version": 5}, "version is a function"),
    ],
)
def test_what_plans_are_not_made_of(given: dict[str, Any], told: str) -> None:
    """Each wrong argument is told at once, and not in the night when the desk ticks."""
    with pytest.raises(InputError, match=told):
        Plans(**{"definition": Recurring("m", [QUARTERLY]), "assets": [A], **given})


def test_what_is_no_list_of_assets_is_told() -> None:
    """A function that gives nothing is told with each tick, and what is no asset whenever it is handed over."""
    plans = Plans(Recurring("m", [QUARTERLY]), lambda: None, MemoryStore())  # type: ignore[arg-type, return-value]  # that is what is tried
    for _ in range(2):
        with pytest.raises(InputError, match="assets are many, one by one, and not"):
            list(plans.due(at("2026-01-01")))
    with pytest.raises(InputError, match="an asset is an Asset or a mapping"):
        plans.changed(5)  # type: ignore[arg-type]  # likewise


def test_what_cannot_be_a_source_is_told() -> None:
    """Without a store nobody knows what was opened; an iterator of assets would be empty the second time."""
    made = Recurring("m", [QUARTERLY])
    with pytest.raises(InputError, match=r"give them the desk's, as Plans\(definition, assets, store\)"):
        next(Plans(made, [A]).due(at("2026-01-01")))
    with pytest.raises(InputError, match="an iterator is read once only"):
        Plans(made, iter([A]))  # type: ignore[arg-type]  # that is what is tried
    with pytest.raises(InputError, match="horizon is a timedelta above nothing"):
        Plans(made, [A], horizon=timedelta())
    with pytest.raises(InputError, match="no plan 'servce' in 'm'; did you mean 'service'"):
        list(made.upcoming(A, at("2027-01-01"), since=at("2026-01-01"), plan="servce"))


def test_what_changed_is_taken_as_it_is_now() -> None:
    """A machine that is scrapped an hour before its ticket opens gets none; of too many changes all are walked anew."""
    in_use = {"id": "A", "in_use": True}
    parts = plan(every="1 month", start="2026-01-15", ahead="12h", when="asset.in_use")
    house = House([parts], in_use, now="2026-01-14")
    house.tick()
    house.assets[0] = {**in_use, "in_use": False}
    house.plans.changed(house.assets[0])
    assert [] == house.until("2026-01-14T23:00", days=0.25)

    house.plans.step = 2
    house.assets += [{**in_use, "id": name} for name in "BCD"]
    house.plans.changed(*house.assets)
    house.tick()
    house.tick()
    house.tick()
    assert ("m:service:B:1", "m:service:C:1", "m:service:D:1") == house.store.ids()


def test_a_document_is_data() -> None:
    """What it was made of makes it again, and it is equal to that."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    made = Recurring("m", [{**QUARTERLY, "calendar": "office"}], zone="Asia/Shanghai", calendars={"office": office})

    assert made == Recurring(**made.to_data())
    assert made != Recurring("m", [QUARTERLY])


def test_between_walks_only_what_opens_before_the_next_one_is_remembered() -> None:
    """Of 3,650 machines of which each was installed on another day, those of one day are kept in mind."""
    first = at("2016-01-01")

    def assets() -> Any:
        for number in range(3_650):
            yield {"id": f"A{number}", "installed": (first + timedelta(days=number)).date().isoformat()}

    parts = plan(every="10 years", start="asset.installed")
    plans = Plans(Recurring("m", [parts]), assets, MemoryStore())

    assert 1 == len(list(plans.due(at("2026-01-01"))))
    assert 1 == len(plans._heap), "what was given and not opened; what opens tomorrow is met by the next walk"
