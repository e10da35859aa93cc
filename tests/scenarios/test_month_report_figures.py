"""Knows what one month of a small service company comes to, counted by hand; must not know how measures are made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar
from servflow.desk import Desk
from servflow.metrics import Table, cost_per_ticket, league, measure_table, pareto, read_case
from servflow.model import World
from servflow.stores import SqliteStore

FLOW = """
workflow: repair
fields:
  region: {type: string}
  root_cause: {type: string, optional: true}
  cost: {type: decimal, default: "0"}
queues: [front]
states:
  self_service: {}
  waiting: {}
  on_site: {}
  closed: {closed: true}
initial: self_service
transitions:
  - {event: solved, source: self_service, target: closed}
  - {event: not_solved, source: self_service, target: waiting}
  - {event: arrive, source: waiting, target: on_site}
  - {event: finish, source: on_site, target: closed, payload: {cause: string, cost: decimal},
     do: [{set: {root_cause: payload.cause, cost: payload.cost}}]}
  - {event: ticket.cancel, source: [self_service, waiting], target: closed}
"""
HOME = timedelta(hours=8)


def on(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A wall clock of Shanghai in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - HOME


class Month:
    """
    November 2026 in Shanghai, as it was lived.

    R1 north: opened Mon 2nd 9:00, not solved, li at 9:30, on site 10:00, done 12:00 (pump, 300), rated 5, ten out of ten.
    R2 north: opened Mon 2nd 10:00, not solved, li at 10:00, on site 13:00, done 14:00 (pump, 100), rated 2, four of ten.
    R3 south: opened Tue 3rd 9:00, solved by the customer at 9:10.
    R4 south: opened Tue 3rd 11:00, not solved, cancelled at 11:20; nobody had been found.
    R5 south: opened Wed 4th 9:00, not solved, wu at 9:10, on site 9:30, done 11:30 (seal, 200), rated 4; the pump of R1 again.
    R6 north: opened Mon 30th 9:00, not solved, wu at 9:30, still there when the month ends.
    """

    def __init__(self, path: Path) -> None:
        self.now = on(1, 0)
        self.store = SqliteStore(path / "month.db")
        self.desk = Desk(servflow.load(FLOW), self.store, now=lambda: self.now)
        self._visited("R1", (2, 9), (2, 9, 30), (2, 10), (2, 12), who="li", cause="pump", cost="300", asset="A1")
        self._visited("R2", (2, 10), (2, 10), (2, 13), (2, 14), who="li", cause="pump", cost="100", asset="A2")
        for name, scale, score in (("R1", "csat", 5), ("R1", "nps", 10), ("R2", "csat", 2), ("R2", "nps", 4)):
            self._does(name, on(2, 18), "rating.add", scale=scale, score=score)
        self._opens("R3", on(3, 9), "south", "A3")._does("R3", on(3, 9, 10), "solved")
        self._opens("R4", on(3, 11), "south", "A4")._does("R4", on(3, 11), "not_solved")
        self._does("R4", on(3, 11, 20), "ticket.cancel", reason="found another company")
        self._visited("R5", (4, 9), (4, 9, 10), (4, 9, 30), (4, 11, 30), who="wu", cause="seal", cost="200", asset="A1")
        self._does("R5", on(4, 18), "rating.add", scale="csat", score=4)
        self._opens("R6", on(30, 9), "north", "A6")._does("R6", on(30, 9), "not_solved")
        self._does("R6", on(30, 9, 30), "ticket.assign", slot="assignee", to="wu")

    def _opens(self, name: str, at: datetime, region: str, asset: str) -> Month:
        self.now = at
        self.desk.open(name, {"region": region, "asset": asset})
        return self

    def _does(self, name: str, at: datetime, event: str, **payload: Any) -> Month:
        self.now = max(self.now, at)
        self.desk.fire(name, event, payload or None)
        return self

    def _visited(self, name: str, *when: tuple[int, ...], who: str, cause: str, cost: str, asset: str) -> None:
        begun, taken, there, done = (on(*one) for one in when)
        self._opens(name, begun, "south" if name == "R5" else "north", asset)._does(name, begun, "not_solved")
        self._does(name, taken, "ticket.assign", slot="assignee", to=who)._does(name, there, "arrive")
        self._does(name, done, "finish", cause=cause, cost=cost)

    def table(self, *names: str, **more: Any) -> Table:
        """Figures of the month, as of its end."""
        histories = (self.desk.history(f"R{number}") for number in range(1, 7))
        return measure_table(histories, names, at=on(1, 0, month=12), period="month", zone="Asia/Shanghai", **more)

    def cases(self) -> list[Any]:
        """The tickets as measures see them when the month is over."""
        return [read_case(self.desk.history(f"R{number}"), on(1, 0, month=12)) for number in range(1, 7)]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The month, lived once."""
    made = Month(tmp_path_factory.mktemp("month"))
    yield made
    made.store.close()


def figure(table: Table, measure: str, part: str = "all", group: str = "all") -> Any:
    """What a measure came to in November."""
    row = table.get(measure, part, group, "2026-11")
    assert row is not None
    return row


def test_what_came_and_went(month: Month) -> None:
    """Six were opened and five closed; three of them in the north."""
    table = month.table("opened", "closed", by="region")

    assert (6, 5, 3, 3) == (
        figure(table, "opened").value,
        figure(table, "closed").value,
        figure(table, "opened", group="north").value,
        figure(table, "closed", group="south").value,
    )


def test_what_customers_said(month: Month) -> None:
    """Two of three content; one promoter and one detractor cancel out; one effort score was never asked for."""
    table = month.table("csat", "nps", "ces", "response_rate")

    csat, nps = figure(table, "csat"), figure(table, "nps")
    assert (2, 3, {"unrated": 1}) == (csat.numerator, csat.denominator, dict(csat.excluded))
    assert (0.0, 0, 2) == (nps.value, nps.numerator, nps.denominator)
    assert table.get("ces").value is None  # type: ignore[union-attr]  # every measure has a row of the whole
    assert (3, 4) == (figure(table, "response_rate").numerator, figure(table, "response_rate").denominator)


def test_self_service_and_the_phone(month: Month) -> None:
    """One of five was solved by the customer; the cancelled one is no try that failed. Three of four others were answered."""
    table = month.table("deflection", "answer_rate", "service_level", settings={"service_level": {"within": "10m"}})

    assert (1, 5, {"cancelled": 1}) == (
        figure(table, "deflection").numerator,
        figure(table, "deflection").denominator,
        dict(figure(table, "deflection").excluded),
    )
    # R1, R2, R5 and R6 were answered; R3 and R4 closed before anybody had them. Within 10 minutes: R2 at once, R5 exactly.
    assert (4, 6, 2, 6) == (
        figure(table, "answer_rate").numerator,
        figure(table, "answer_rate").denominator,
        figure(table, "service_level").numerator,
        figure(table, "service_level").denominator,
    )


def test_queue_time(month: Month) -> None:
    """30, 10 and 30 minutes until somebody had it (R2 waited for nobody); R3 and R4 were gone before."""
    row = figure(month.table("queue_time"), "queue_time")

    assert (3, 4200.0, {"abandoned": 2}) == (row.denominator, row.numerator, dict(row.excluded))


def test_what_a_ticket_costs(month: Month) -> None:
    """300, 100, 200 and nothing; with an hour on site at 60: 2 + 1 + 2 hours more."""
    cases = month.cases()
    plain, priced = cost_per_ticket(cases), cost_per_ticket(cases, rates={"*": "60"}, states=["on_site"])

    assert plain is not None
    assert priced is not None
    assert (Decimal("600"), 4, Decimal("150")) == (plain.numerator, plain.denominator, plain.value)
    assert (Decimal("900"), 4) == (priced.numerator, priced.denominator)


def test_pumps_are_most_of_it(month: Month) -> None:
    """Two of three known causes are the pump; two thirds are not yet four fifths, so the seal belongs to the vital few."""
    found = pareto(month.cases())

    assert found is not None
    assert [("pump", 2, True), ("seal", 1, True)] == [(one.name, one.cases, one.vital) for one in found.causes]
    assert {"unknown": 3} == dict(found.excluded)


def test_the_pump_of_monday_was_back_on_wednesday(month: Month) -> None:
    """Of four that were done, one came back within 7 days: R5 is of the asset of R1."""
    row = figure(month.table("repeat_visits", settings={"within": "7d"}), "repeat_visits")

    assert (1, 4, {"cancelled": 1}) == (row.numerator, row.denominator, dict(row.excluded))


def test_who_was_busy(month: Month) -> None:
    """
    A month of 21 working days of 8 hours; xu had nothing, and counts in the whole all the same.

    li: R1 9:30-12:00 and R2 10:00-14:00, with the noon of 12:00 to 13:00 off: 9:30-12:00 and 13:00-14:00 are 3.5 hours.
    wu: R5 9:10-11:30 and R6 9:30-12:00, 13:00-18:00: 2:20 + 2:30 + 5:00.
    """
    office = Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]})
    world = World(
        calendars={"office": office},
        engineers=[{"id": name, "shift": "office", "normal": 1, "capacity": 2} for name in ("li", "wu", "xu")],
    )
    table = month.table("utilisation", "workload", settings={"roster": world})
    of_li, of_wu, of_all = (figure(table, "utilisation", who) for who in ("li", "wu", "all"))

    there = 21 * 8 * 3600
    assert (3.5 * 3600, there) == (of_li.numerator, of_li.denominator)
    assert (9 * 3600 + 50 * 60, there) == (of_wu.numerator, of_wu.denominator)
    assert (of_li.numerator + of_wu.numerator, 3 * there) == (of_all.numerator, of_all.denominator)
    assert (2.5 + 3) / 3.5 == pytest.approx(of_li.figure.concurrency)

    load = figure(table, "workload", "li").figure
    assert (2, on(2, 10), 0, timedelta(hours=2), timedelta()) == (
        load.peak,
        load.peak_at,
        load.last,
        load.over_normal,
        load.over_most,
    )
    assert 1 == figure(table, "workload", "wu").figure.last


def test_nobody_wins_a_league_with_one_ticket(month: Month) -> None:
    """wu has one content customer of one, li one of two; with at least two answers asked for, only li has a place."""
    at = on(1, 0, month=12)
    found = league(month.cases(), ["csat"], at=at, min_cases=2)

    assert [("li", 1), ("wu", None)] == [(one.who, one.place) for one in found.standings]
    assert ["wu", "li"] == [one.who for one in league(month.cases(), ["csat"], at=at, min_cases=1).standings]


def test_the_same_figures_as_a_file(month: Month, tmp_path: Path) -> None:
    """A spreadsheet gets one line for each figure, with what it was counted from."""
    lines = month.table("csat").to_csv(tmp_path / "november.csv").splitlines()

    assert lines[0].startswith("measure,part,group,period,since,until,value,unit,numerator,denominator,low,high")
    assert lines[2].startswith("csat,all,all,2026-11,2026-10-31T16:00:00Z,2026-11-30T16:00:00Z,0.66666")
    assert (tmp_path / "november.csv").read_bytes().startswith(b"\xef\xbb\xbfmeasure,")
