"""Holds CSV, data frames, causes and leagues to what they say of figures; must not know how figures are counted."""

from __future__ import annotations

import builtins
import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from weakref import WeakSet

import pytest

from servflow.errors import InputError
from servflow.metrics import Case, Score, Stint, league, measure_table, pareto, to_csv, to_frame
from servflow.metrics._held import Steps
from servflow.model import FrozenMap

AT = datetime(2026, 11, 2, tzinfo=UTC)


def rated(score: int, **labels: Any) -> Case:
    """A ticket with one answer."""
    slots = FrozenMap({"assignee": labels.pop("who", "li")})
    return Case(id="1", began=AT, labels=FrozenMap(labels), slots=slots, scores=(Score(at=AT, scale="csat", score=score),))


def test_a_name_that_a_spreadsheet_would_compute_is_defused() -> None:
    """Groups come from customers; a dash alone, and numbers, are no formula."""
    table = measure_table([rated(5, region="=1+1"), rated(5, region="@x"), rated(5)], ["csat"], at=AT, by="region")
    rows = list(csv.DictReader(StringIO(table.to_csv())))

    assert ["all", "-", "'=1+1", "'@x"] == [row["group"] for row in rows]
    assert all(row["value"] == "1.0" for row in rows)


def test_commas_quotes_and_line_ends_survive() -> None:
    """What is written reads back."""
    for name in ("a,b", 'say "hi"', "two\nlines", "华东"):
        table = measure_table([rated(5, region=name)], ["csat"], at=AT, by="region")
        assert [name] == [row["group"] for row in csv.DictReader(StringIO(table.to_csv())) if row["group"] != "all"]


def test_what_was_not_counted_is_empty_and_what_was_left_out_is_told() -> None:
    """A figure of nobody has no value, and says whom it left out."""
    table = measure_table([Case(id="1", began=AT, closed_at=AT)], ["csat"], at=AT)
    (row,) = csv.DictReader(StringIO(table.to_csv()))

    assert ("", "0", "1", "unrated=1") == (row["value"], row["denominator"], row["left_out"], row["excluded"])


def test_a_data_frame_has_the_rows_and_columns_of_the_csv() -> None:
    """Names are not defused there."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    table = measure_table([rated(5, region="=1+1"), rated(1, region="b")], ["csat"], at=AT, by="region")
    frame = table.to_frame()

    assert list(table.columns) == list(frame.columns)
    assert {"all": 0.5, "=1+1": 1.0, "b": 0.0} == dict(zip(frame["group"], frame["value"], strict=True))
    assert list(table.columns) == list(to_frame(measure_table([], ["csat"], at=AT)).columns)


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, no traceback of an import."""
    real = builtins.__import__

    def missing(name: str, *more: Any, **options: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=r"servflow\[frames\]"):
        to_frame(measure_table([], ["csat"], at=AT))


# causes -------------------------------------------------------------------------------------------------------


def test_causes_may_be_weighed_by_what_they_cost() -> None:
    """One dear seal weighs more than three cheap pumps; exact, and a cause without a weight is told."""
    cases = [rated(5, cause="pump", cost=Decimal("0.1"))] * 3 + [
        rated(5, cause="seal", cost=Decimal("0.7")),
        rated(5, cause="x"),
    ]
    found = pareto(cases, "cause", weigh=lambda case: case.labels.get("cost"))

    assert found is not None
    assert [("seal", Decimal("0.7"), 0.7, True), ("pump", Decimal("0.3"), 0.3, True)] == [
        (one.name, one.weight, one.share, one.vital) for one in found.causes
    ]
    assert (Decimal(1), {"unweighed": 1}) == (found.denominator, dict(found.excluded))
    assert to_csv(found).startswith("cause,cases,weight,share,cumulative,vital\nseal,1,0.7,0.7,0.7,true\n")


def test_no_cause_no_analysis() -> None:
    """Nobody said why: None, not an empty list."""
    assert pareto([]) is None
    assert pareto([rated(5)]) is None


@pytest.mark.parametrize("wrong", [{"vital": 0}, {"vital": 1.5}, {"vital": True}, {"weigh": lambda case: -1}])
def test_a_wrong_share_or_weight_is_refused(wrong: dict[str, Any]) -> None:
    """With what it is to be."""
    with pytest.raises(InputError):
        pareto([rated(5, cause="a")], "cause", **wrong)


# leagues ------------------------------------------------------------------------------------------------------


def test_equals_share_a_place_and_the_next_one_counts_them() -> None:
    """Two first, nobody second, one third."""
    cases = [rated(5, who=who) for who in ("wu", "li") for _ in range(10)] + [rated(1, who="xu")] * 10
    found = league(cases, ["csat"], at=AT)

    assert [("li", 1), ("wu", 1), ("xu", 3)] == [(one.who, one.place) for one in found.standings]


def test_less_time_and_fewer_comebacks_are_better() -> None:
    """Of times the median is compared, so that one long case does not decide."""

    def done(who: str, hours: float) -> Case:
        return Case(id="1", began=AT, closed_at=AT, done_at=AT + timedelta(hours=hours), slots=FrozenMap({"assignee": who}))

    cases = [done("li", 1), done("li", 1), done("li", 100), done("wu", 2), done("wu", 2), done("wu", 2)]
    found = league(cases, ["time_to_resolve"], at=AT + timedelta(days=9), min_cases=3)

    assert [("li", 1), ("wu", 2)] == [(one.who, one.place) for one in found.standings]


def test_who_is_not_ranked_in_every_measure_has_no_place() -> None:
    """They are told at the end, with the figures that they have."""
    found = league([rated(5)] * 10, ["csat", "nps"], at=AT)
    (one,) = found.standings

    assert (None, 1, None) == (one.place, one.ranks["csat"], one.ranks["nps"])
    assert to_csv(found).splitlines()[1].startswith("li,,,10,1.0,10,1,")


@pytest.mark.parametrize("wrong", [{"names": []}, {"names": ["csatt"]}, {"min_cases": 0}])
def test_a_league_of_nothing_is_refused(wrong: dict[str, Any]) -> None:
    """With what was probably meant."""
    with pytest.raises(InputError):
        league([rated(5)], **{"at": AT, **wrong})


# memory -------------------------------------------------------------------------------------------------------


def test_a_table_keeps_no_case() -> None:
    """However many stream by, only the one at hand lives, and the table has the cells of the first one."""
    alive: WeakSet[Case] = WeakSet()
    most = []

    def stream(count: int) -> Iterator[Case]:
        for number in range(count):
            case = Case(id=str(number), began=AT, at=AT, labels=FrozenMap({"region": "north", "cause": "pump"}))
            alive.add(case)
            most.append(len(alive))
            yield case
            del case

    rows = [len(measure_table(stream(count), at=AT, by="region", period="month").rows) for count in (1, 2_000)]

    assert rows[0] == rows[1]
    assert max(most) <= 3


def test_steps_at_one_instant_are_kept_as_one() -> None:
    """So do as many tickets held over the same hours."""
    steps = Steps()
    for _ in range(100_000):
        steps.add(0, 100)
        assert len(steps) <= 8_194

    assert [(0, 100, 100_000)] == list(steps.levels())


def test_a_person_is_not_busier_by_having_two_tickets_at_once() -> None:
    """Cases may also be read in another order, and a stint may outlive its ticket."""
    from servflow.metrics import utilisation
    from servflow.model import World

    five = AT + timedelta(hours=5)
    world = World(engineers=[{"id": "li", "shifts": [(AT, five)], "absences": [(AT, AT + timedelta(hours=1))]}])
    stint = Stint(slot="assignee", who="li", since=AT)
    cases = [Case(id=str(n), began=AT, closed_at=AT + timedelta(hours=n), stints=(stint,)) for n in (3, 2)]
    for given in (cases, cases[::-1]):
        found = utilisation(given, roster=world, since=AT, at=five)
        assert found is not None
        assert (timedelta(hours=2), timedelta(hours=4)) == (found.numerator, found.denominator)

    assert utilisation(cases, at=five) is None
    for roster in (None, World(engineers=[{"id": "wu", "shifts": [(AT, five)]}])):
        (row,) = measure_table(cases, [utilisation], at=five, settings={"roster": roster}).rows[:1]
        assert (0 if roster else None, {"no_roster": 1}) == (row.value, dict(row.excluded))


def test_load_is_held_against_capacity_in_minutes() -> None:
    """A ticket takes as many units as its field says, like in dispatch; without one it is left out."""
    from servflow.metrics import workload
    from servflow.model import World

    three = AT + timedelta(hours=3)
    stint = (Stint(slot="assignee", who="li", since=AT),)
    cases = [
        Case(id=str(index), began=AT, stints=stint, closings=(end,), closed_at=end, labels=FrozenMap(labels))
        for index, (hours, labels) in enumerate([(1, {"minutes": 90}), (2, {"minutes": 60}), (3, {}), (3, {"minutes": "60"})])
        for end in (AT + timedelta(hours=hours),)
    ]
    world = World(engineers=[{"id": "li", "normal": 100, "capacity": 150}])
    found = workload.by_part(cases, takes="minutes", roster=world, since=AT, at=three)["li"]

    assert found is not None
    assert (70.0, 150, timedelta(hours=1), timedelta()) == (found.value, found.peak, found.over_normal, found.over_most)
    whole = workload(cases, takes="minutes", at=three)
    assert whole is not None
    assert {"unknown": 2} == dict(whole.excluded)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("service_level", {"within": "1 business day"}),
        ("response_rate", {"within": "2 business days"}),
        ("service_level", {"answered": 5}),
        ("complaint_rate", {"complaints": 5}),
        ("utilisation", {"slot": [1]}),
        ("causes", {"by": 5}),
        ("csat", {"satisfied": "4"}),
        ("nps", {"scale": None}),
        ("queue_time", {"slot": ["assignee"]}),
    ],
)
def test_a_setting_of_a_wrong_sort_is_refused(name: str, settings: dict[str, Any]) -> None:
    """By itself and for all measures of a table; days of work are no time as it passes, and would be none at all."""
    from servflow.metrics import MEASURES

    with pytest.raises(InputError):
        MEASURES[name]([rated(5)], at=AT, **settings)
    with pytest.raises(InputError):
        measure_table([rated(5)], [name], at=AT, settings={name: settings})
    with pytest.raises(InputError):
        measure_table([rated(5)], [name], at=AT, settings=settings)


@pytest.mark.parametrize("few", [0, True, "3", None, 2.5])
def test_leagues_and_causes_refuse_what_is_no_number(few: Any) -> None:
    """Whole numbers from 1 on, and shares above 0."""
    with pytest.raises(InputError):
        league([], ["csat"], at=AT, min_cases=few)
    with pytest.raises(InputError):
        pareto([], vital=few)
