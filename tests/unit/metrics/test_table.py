"""Holds tables of measures to what they count by group and period, and to what they refuse; must not know any definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import InputError, TimeError
from servflow.metrics import (
    MEAN,
    MEASURES,
    NET,
    SHARE,
    TIMES,
    TOTAL,
    Case,
    Left,
    Seen,
    Tabulation,
    _counting,
    measure,
    measure_table,
)
from servflow.metrics._example import at
from servflow.model import FrozenMap

SAYS = """
    {}

    Source: this test.
    Cohort: every ticket.
    Clock: none.
    Open tickets: count.
    Period: that in which it began.
"""


def case(hours: float, **labels: Any) -> Case:
    """A case that began at this hour, with labels."""
    return Case(id=f"T{hours}", began=at(hours), labels=FrozenMap(labels))


def made(kind: Any, function: Any, **more: Any) -> Any:
    """A measure of this function."""
    function.__doc__ = SAYS.format("Tests.")
    return measure(kind, titles=("Test", "测试"), zh="测试", unit="things", name="test", **more)(function)


def cells(table: Any) -> dict[tuple[str, str, str], Any]:
    """(part, group, period) -> value."""
    return {(row.part, row.group, row.period): row.value for row in table.rows}


def test_groups_are_counted_beside_all() -> None:
    """Every group has a row, and what has no label is a dash; several labels make one group of their values."""
    began = made(TOTAL, lambda case: iter([Seen(case.began, 1)]))
    cases = [case(1, tier="gold", area="north"), case(2, tier="gold", area="south"), case(3, area="north")]
    gold = {("all", "all", "all"): 3, ("all", "-", "all"): 1, ("all", "gold", "all"): 2}

    assert gold == cells(measure_table(cases, [began], at=at(9), by="tier"))
    assert ["all", "- / north", "gold / north", "gold / south"] == [
        row.group for row in measure_table(cases, [began], at=at(9), by=["tier", "area"]).rows
    ]


def test_periods_are_counted_beside_all() -> None:
    """What falls in no period is in all only; weeks are those of ISO 8601."""
    began = made(TOTAL, lambda case: iter([Seen(case.began, 1), Seen(None, 5)]))
    found = measure_table([case(1), case(30), case(24 * 7)], [began], at=at(900), period="week")

    assert {("all", "all", "all"): 18, ("all", "all", "2026-W45"): 2, ("all", "all", "2026-W46"): 1} == cells(found)
    row = found.rows[1]
    assert (at(0), at(24 * 7)) == (row.since, row.until)


def test_a_span_is_cut_where_periods_end() -> None:
    """Thirty hours that begin at 20:00 are 4, 24 and 2 hours of three days; what goes on is counted to now."""
    work = made(TIMES, lambda case: iter([Seen(case.began, None, (), at(50))]), shape="span")
    days = {"all": 30 * 3600.0, "2026-11-02": 4 * 3600.0, "2026-11-03": 24 * 3600.0, "2026-11-04": 2 * 3600.0}
    still = made(TOTAL, lambda case: iter([Seen(case.began, lambda since, until: (until - since).seconds)]), shape="span")

    assert days == {row.period: row.value for row in measure_table([case(20)], [work], at=at(90), period="day").rows}
    assert 3600 == measure_table([case(20)], [still], at=at(21)).rows[0].value


def test_parts_and_their_share_of_the_whole() -> None:
    """With ``of_all`` every part is told of all cases in its group and period, not of its own."""

    def levels(case: Case) -> Iterator[Seen]:
        yield Seen(case.began, bool(case.labels))
        if case.labels:
            yield Seen(case.began, True, ("one",))

    found = made(SHARE, levels, told={"of_all": True, "whole": False})
    table = measure_table([case(1, tier="gold"), case(2), case(30)], [found], at=at(90), period="day")

    assert {
        ("all", "all", "all"): 1 / 3,
        ("all", "all", "2026-11-02"): 1 / 2,
        ("all", "all", "2026-11-03"): 0.0,
        ("one", "all", "all"): 1 / 3,
        ("one", "all", "2026-11-02"): 1 / 2,
    } == cells(table)


def test_of_nobody_every_measure_has_a_row_without_a_value() -> None:
    """An empty database has a table: what there would be, each with nothing counted."""
    table = measure_table([], ["first_response", "backlog"], at=at(9), by="tier", period="month")

    assert [("first_response", None, 0, 0), ("backlog", None, 0, 0)] == [
        (row.measure, row.value, row.numerator, row.denominator) for row in table.rows
    ]


def test_what_was_left_out_is_told_where_nothing_was_counted() -> None:
    """There is no figure, yet the row says who is missing from it."""
    left = made(TIMES, lambda case: iter([Left(case.began, "open")]))
    row = measure_table([case(1), case(2)], [left], at=at(9)).rows[0]

    assert (None, 0, {"open": 2}) == (row.value, row.denominator, dict(row.excluded))


def test_amounts_are_exact_and_nets_are_points() -> None:
    """Tenths add up to what they are, decimals stay decimal, and of four answers two more for than against are 50."""
    tenths = made(MEAN, lambda case: iter([Seen(None, Decimal("0.1"))] * 3))
    votes = made(NET, lambda case: iter([Seen(None, vote) for vote in (1, 1, 1, -1)]))

    assert Decimal("0.3") == tenths([case(1)]).numerator
    assert (50.0, 2, 4) == (votes([case(1)]).value, votes([case(1)]).numerator, votes([case(1)]).denominator)


def test_a_table_is_json_ready() -> None:
    """Times are seconds, instants are texts."""
    table = measure_table([case(1)], ["backlog_age"], at=at(2), period="day", zone="Asia/Shanghai")
    data = json.loads(json.dumps(table.as_data()))

    assert ("2026-11-02T02:00:00Z", "day", 3600.0) == (data["at"], data["period"], data["rows"][0]["value"])
    assert "2026-11-01T16:00:00Z" == data["rows"][1]["since"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"names": ["first_respnse"]}, r"no measure 'first_respnse'; did you mean 'first_response'\?"),
        ({"names": [7]}, "no measure 7"),
        ({"names": ["attainment"], "by": "teir"}, r"no ticket has a label 'teir'; did you mean 'tier'\?"),
        ({"names": ["attainment"], "period": "weak"}, r"did you mean 'week'\?"),
        ({"names": ["attainment"], "settings": {"attainment": {"clock": "fix"}}}, r"did you mean 'clocks'\?"),
        ({"names": ["attainment"], "settings": {"clokcs": ["fix"]}}, r"did you mean 'clocks'\?"),
        ({"names": ["attainment"], "settings": {"attainment": ["fix"]}}, "the settings of 'attainment' are a mapping"),
    ],
)
def test_slips_are_named(asked: dict[str, Any], said: str) -> None:
    """What is not known is refused with what was probably meant."""
    with pytest.raises(InputError, match=said):
        measure_table([case(1, tier="gold")], at=at(9), **asked)


def test_records_are_read_and_what_is_none_is_refused() -> None:
    """A measure takes records as well as cases; what is neither, and a missing instant, are named."""
    flow = Workflow(workflow="desk", states={"new": {}})
    backlog: Any = MEASURES["backlog"]
    records = flow.open("T1", at=at(1)).records

    assert 2 == backlog([records, iter(records)], at=at(2)).value
    assert backlog([records], at=at(0)) is None
    for wrong in ([7], ["T1"], [{"id": "T1"}]):
        with pytest.raises(InputError, match="a case or the records of a ticket are counted, not"):
            backlog(wrong, at=at(2))
    with pytest.raises(InputError, match="a history is the records of a ticket, not"):
        backlog([[*records, {"sequence": 2}]], at=at(2))
    with pytest.raises(InputError, match="records are read as of an instant: give at="):
        MEASURES["first_response"]([records])
    with pytest.raises(InputError, match="measure 'backlog' is of an instant: give at="):
        backlog([case(1)])


def test_records_are_read_by_what_counts_as_done() -> None:
    """A state may mean that the work is done; a table, a tabulation and a measure read records by it, and merge only alike."""
    flow = Workflow(
        workflow="w",
        states={"new": {}, "fixed": {}, "shut": {"closed": True}},
        transitions=[
            {"event": "fix", "source": "new", "target": "fixed"},
            {"event": "shut", "source": "fixed", "target": "shut"},
        ],
    )
    opened = flow.open("T", at=at(0))
    fixed = flow.fire(opened.ticket, "fix", at=at(1))
    history = (*opened.records, *fixed.records, *flow.fire(fixed.ticket, "shut", at=at(5)).records)
    resolve = MEASURES["time_to_resolve"]

    assert [3600.0, 18000.0] == [
        measure_table([history], ["time_to_resolve"], at=at(9), done=done).rows[0].value for done in ("fixed", ())
    ]
    assert timedelta(hours=1) == resolve([history], at=at(9), done=["fixed"]).value
    with pytest.raises(InputError):
        Tabulation(["time_to_resolve"], at=at(9)).merge(Tabulation(["time_to_resolve"], at=at(9), done="fixed"))
    with pytest.raises(InputError, match="done"):
        made(TOTAL, lambda case, *, done=(): ())


def test_zones_and_instants_are_checked() -> None:
    """A zone that does not exist and an instant without one are refused before anything is read."""
    with pytest.raises(TimeError):
        measure_table([], ["backlog"], at=at(9), period="day", zone="Asia/Shangai")
    with pytest.raises(TimeError):
        measure_table([], ["backlog"], at=at(9), zone="Asia/Shangai")
    with pytest.raises(TimeError):
        measure_table([], ["backlog"], at=datetime(2026, 11, 2))


def test_a_setting_reaches_all_who_take_it_and_ones_own_goes_first() -> None:
    """Without its own setting a measure takes the common one."""
    one = Case(id="T", began=at(0), done_at=at(5), closed_at=at(5), closings=(at(5),), reopenings=(at(6),))
    common = {"within": timedelta(minutes=30)}

    assert 0.0 == measure_table([one], ["reopen_rate"], at=at(9), settings=common).rows[0].value
    own = {**common, "reopen_rate": {"within": timedelta(hours=1)}}
    assert 1.0 == measure_table([one], ["reopen_rate"], at=at(9), settings=own).rows[0].value


def test_a_table_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A label with too many values is refused with what to do."""
    monkeypatch.setattr(_counting, "MAX_CELLS", 10)

    with pytest.raises(InputError, match="at most 10 cells; ask for fewer") as refused:
        measure_table([case(hours, serial=hours) for hours in range(20)], ["backlog"], at=at(90), by="serial")
    assert "too_many_cells" == refused.value.code


def test_only_what_was_asked_the_same_is_merged() -> None:
    """Counting by another label or as of another instant cannot be added up."""
    with pytest.raises(InputError, match="asked the same"):
        Tabulation(["backlog"], at=at(9)).merge(Tabulation(["backlog"], at=at(10)))


def test_a_measure_of_ones_own_says_what_it_is() -> None:
    """A docstring that leaves something out is refused; one's own measure is not among those of servflow."""

    def silent(case: Case) -> Iterator[Seen]:
        """Counts. Source: none."""
        yield Seen(case.began, 1)

    with pytest.raises(InputError, match="does not say its Source, Cohort, Clock, Open tickets, Period"):
        measure(TOTAL, titles=("Silent", "无声"), zh="无声", unit="things")(silent)
    with pytest.raises(InputError, match="a shape is one of event, span, stock"):
        made(TOTAL, lambda case: iter([]), shape="stick")
    assert "test" not in MEASURES


def test_cases_stream_by_once() -> None:
    """A generator is enough: nothing is kept, and nothing is read twice."""
    assert 1000 == measure_table((case(hours) for hours in range(1000)), ["backlog"], at=at(1000)).rows[0].value
    assert UTC is measure_table([], ["backlog"], at=at(1)).at.tzinfo
