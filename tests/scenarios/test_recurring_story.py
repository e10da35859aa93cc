"""Knows a year of looking after machines, told by the tickets it brings; must not know how dates are counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import servflow
import servflow.documents
from servflow import Desk
from servflow.recurring import Plans, load
from servflow.stores import SqliteStore

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
FLOWS = [servflow.load(TEMPLATES / f"{name}.yaml") for name in ("equipment_inspection", "equipment_repair", "asset_notice")]
PLANS = load(TEMPLATES / "maintenance_plans.yaml", workflows=FLOWS)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PIA, INA = {"id": "pia", "roles": ["planner"]}, {"id": "ina", "roles": ["inspector"]}


def on(month: int, day: int, hour: int = 8, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


class Firm:
    """A firm with its machines, its desk on a file, and a clock that the story moves; each morning at eight the desk ticks."""

    def __init__(self, path: Path, now: datetime, *assets: dict[str, Any]) -> None:
        self.path, self.now, self.assets = path, now, list(assets)
        self.start()

    def start(self) -> None:
        self.store = SqliteStore(self.path)
        self.plans = Plans(PLANS, lambda: self.assets, self.store)
        self.desk = Desk(FLOWS, self.store, handlers={"*": lambda effect: None}, now=lambda: self.now, sources=[self.plans])

    def restarted(self) -> Firm:
        """The process ends, and the next one begins with what is on the file."""
        self.store.close()
        self.start()
        return self

    def asleep_until(self, then: datetime) -> Firm:
        """Nothing runs until then."""
        self.now = then
        return self

    def until(self, then: datetime) -> list[tuple[str, str, str]]:
        """Every morning until then; what was opened: on which day, for which machine, by which plan."""
        told = []
        while self.now < then:
            self.now += timedelta(days=1)
            before = set(self.store.ids(10_000))
            assert () == self.desk.tick().problems
            new = sorted(set(self.store.ids(10_000)) - before)
            told += [(f"{self.now:%d %b}", self.desk.get(one).asset or "", self.desk.get(one).fields["plan"]) for one in new]
        return told

    def done(self, id_: str, reading: float) -> None:
        """The work is scheduled and done today, and the counter is written down."""
        self.desk.fire(id_, "schedule", {"day": self.now, "inspector": "ina"}, actor=PIA)
        self.desk.fire(id_, "begin", actor=INA)
        proofs: dict[str, dict[str, Any]] = {
            "lock_out": {"photo": "1.jpg"},
            "counter": {"reading": reading},
            "visual": {"found": "clean"},
            "measure": {"pressure": 7.0, "temperature": 4.0},
            "service": {"used": "oil"},
            "test_run": {"minutes": 20},
            "sign": {"signature": "li.png"},
        }
        for step, proof in proofs.items():
            self.desk.fire(id_, "step.check", {"step": step, "evidence": proof}, actor=INA)
        self.desk.fire(id_, "finish", {"reading": reading}, actor=INA)


CHILLER = {"id": "CH-7", "product": "chiller", "customer": "kim", "site": "hall 2", "installed_at": "2025-12-31"}
LIFT = {"id": "L-1", "product": "lift", "customer": "lee", "site": "tower"}
COMPRESSOR = {"id": "K-3", "product": "compressor", "customer": "wu", "installed_at": "2026-01-10", "counters": {"hours": 40}}


def test_a_year_of_maintenance(tmp_path: Path) -> None:
    """Four services of a chiller, each two weeks ahead, on working days at the ends of months; two inspections of a lift."""
    firm = Firm(tmp_path / "desk.db", on(1, 1), CHILLER, LIFT)

    told = firm.until(on(7, 1)) + firm.restarted().until(on(1, 1, year=2027))

    assert [
        ("09 Feb", "L-1", "statutory inspection"),  # 10 March, thirty days before at nine, seen the next morning
        ("17 Mar", "CH-7", "quarterly maintenance"),  # 31 March
        ("16 Jun", "CH-7", "quarterly maintenance"),  # 30 June: the month has no 31st
        ("10 Aug", "L-1", "statutory inspection"),  # 8 September
        ("16 Sep", "CH-7", "quarterly maintenance"),  # 30 September
        ("17 Dec", "CH-7", "quarterly maintenance"),  # 31 December
    ] == told
    firm.store.close()


def test_a_summer_without_a_desk(tmp_path: Path) -> None:
    """Switched off from May to January: one service for the chiller, the inspection the lift missed; nothing comes twice."""
    firm = Firm(tmp_path / "desk.db", on(1, 1), CHILLER, LIFT)
    firm.until(on(5, 1))

    told = firm.restarted().asleep_until(on(1, 4, year=2027)).until(on(1, 6, year=2027))

    assert [("05 Jan", "CH-7", "quarterly maintenance"), ("05 Jan", "L-1", "statutory inspection")] == told
    late = firm.desk.get("maintenance:quarterly maintenance:CH-7:2")
    assert (on(12, 31), 2) == (late.fields["due"], late.fields["skipped"]), "for December; June and September are told"
    assert [] == firm.restarted().until(on(1, 20, year=2027))
    firm.store.close()


def test_a_compressor_that_runs_day_and_night(tmp_path: Path) -> None:
    """It is overhauled after 2,000 hours, not after a year; from there both begin anew; a new meter begins at nothing."""
    firm = Firm(tmp_path / "desk.db", on(1, 12), dict(COMPRESSOR))

    def runs(hours: float, until: datetime) -> list[tuple[str, str, str]]:
        firm.assets[0] = {**COMPRESSOR, "counters": {"hours": hours}}
        return firm.until(until)

    assert [] == runs(1500, on(3, 20))
    assert [("21 Mar", "K-3", "overhaul")] == runs(1910, on(3, 25)), "a hundred hours ahead"
    assert [] == runs(2400, on(5, 1)), "while it is open there is no other"
    firm.done("maintenance:overhaul:K-3:1", reading=2450.0)

    assert [] == runs(4300, on(7, 1))
    assert [("02 Jul", "K-3", "overhaul")] == runs(4360, on(7, 5))
    firm.done("maintenance:overhaul:K-3:2", reading=4400.0)
    assert [] == runs(30, on(9, 1)), "another meter"
    assert [("05 Jun", "K-3", "overhaul")] == runs(900, on(6, 10, year=2027)), "a year from July, thirty days ahead"
    firm.store.close()


def test_a_warranty_that_ends_and_is_extended(tmp_path: Path) -> None:
    """Two months and two weeks ahead somebody talks to the customer; an extension is told when it ends in its turn."""
    pump = {"id": "P-1", "product": "pump", "customer": "kim", "warranty_until": "2026-06-30"}
    firm = Firm(tmp_path / "desk.db", on(1, 1), pump)
    assert [("01 May", "P-1", "warranty@60d"), ("16 Jun", "P-1", "warranty@14d")] == firm.until(on(8, 1))

    firm.assets[0] = {**pump, "warranty_until": "2027-06-30"}
    assert [("01 May", "P-1", "warranty@60d"), ("16 Jun", "P-1", "warranty@14d")] == firm.until(on(8, 1, year=2027))
    firm.store.close()


def test_why_it_is_due(tmp_path: Path) -> None:
    """Whoever asks why the next service is when it is reads it, in English and in Chinese."""
    firm = Firm(tmp_path / "desk.db", on(1, 1), CHILLER)
    firm.until(on(4, 1))

    (told,) = firm.plans.explain(CHILLER, at=firm.now, plan="quarterly maintenance")

    assert (
        "ticket number 1, due 2026-03-31T00:00:00Z, is still open",
        "it counts from asset.installed_at, which is 2025-12-31",
        "by 3 months it falls on 2026-06-30",
        "its ticket opens at 2026-06-16T00:00:00Z, for 2026-06-30T00:00:00Z",
    ) == told.lines()
    assert "按每 3 个月计，落在 2026-06-30" == told.lines("zh")[2]
    assert "工单于 2026-06-16 08:00:00+08:00 开出，到期 2026-06-30 08:00:00+08:00" == told.lines("zh", "Asia/Shanghai")[3]
    firm.store.close()


def test_a_certificate_that_lapses_and_a_life_that_ends(tmp_path: Path) -> None:
    """Three months and half a year ahead; the certificate is urgent, and who does nothing is told upwards."""
    boiler = {"id": "B-2", "customer": "wu", "certified_until": "2026-07-01", "end_of_life": "2026-12-31"}
    firm = Firm(tmp_path / "desk.db", on(1, 1), boiler)
    assert [("02 Apr", "B-2", "certificate@90d"), ("04 Jul", "B-2", "end of life@180d")] == firm.until(on(8, 1))

    lapses = firm.desk.get("maintenance:certificate@90d:B-2:1")
    assert (2, "wu", on(7, 1, 0)) == (lapses.priority, lapses.customer, lapses.fields["due"])
    assert lapses.clocks["told"].breached_at is not None, "three working days later somebody ought to have called"

    settled = firm.desk.fire(lapses.id, "settle", {"outcome": "renewed"}, actor={"id": "ada", "roles": ["account"]}).ticket
    assert ("closed", "renewed") == (settled.state, settled.fields["outcome"])
    firm.store.close()
