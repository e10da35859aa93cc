"""Knows the dialects of Solomon's format and what a gap is measured against; must not know how routes are found."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from benchmarks import solomon
from benchmarks.bench_routes import ours, theirs
from tests.requirements import require

HEADINGS = """\
{name}

VEHICLE
NUMBER     CAPACITY
  25         200

CUSTOMER
CUST NO.   XCOORD.   YCOORD.    DEMAND   READY TIME   DUE DATE   SERVICE   TIME

    0      35         35          0          0        230          0
    1      41         49         10        161        171         10
    2      35         17          7         50         60         10
"""
BARE = "r101\n25 200\n1 35 35 0 0 230 0\n2 41 49 10 161 171 10\n3 35 17 7 50 60 10\n"
NAMED = HEADINGS.format(name="r101")


@pytest.mark.parametrize(
    "text",
    [
        NAMED,
        NAMED.replace("\n", "\r\n"),
        "\ufeff" + NAMED,
        "\n\n" + NAMED.replace("    ", "\t") + "\x1a",
        HEADINGS.format(name="NAME : R101\nCOMMENT : drawn"),
        HEADINGS.format(name=""),
        BARE,
        NAMED.replace(" 10        161", " 10.0      161.00") + "\nEOF\n",
    ],
)
def test_every_dialect_is_read_alike(tmp_path: Path, text: str) -> None:
    """Headings, empty lines, ends of lines and the first customer's number do not matter; the name may be the file's."""
    path = tmp_path / "r101.TXT"
    path.write_text(text, encoding="utf-8", newline="")

    customers = solomon.Customer(35, 35, 0, 0, 230, 0), solomon.Customer(41, 49, 10, 161, 171, 10)
    expected = solomon.Instance("R101", 25, 200, (*customers, solomon.Customer(35, 17, 7, 50, 60, 10)))
    assert expected == solomon.read(path)


@pytest.mark.parametrize(
    "text", ["", "r101\n", NAMED.replace("25 ", "?? "), NAMED.replace("41 ", "nan"), NAMED.replace(" 7  ", " 7.5")]
)
def test_what_is_no_problem_is_refused(tmp_path: Path, text: str) -> None:
    """A file without a fleet or customers, or with numbers that are none, is left out with its name."""
    path = tmp_path / "r101.txt"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"r101\.txt"):
        solomon.read(path)


def test_the_best_known_is_that_of_solomons_problems_only() -> None:
    """A problem that only has the name of one of his is not measured against what is known of that."""
    assert 56 == len(solomon.BEST)
    customers = (solomon.Customer(35, 35, 0, 0, 230, 0), *[solomon.Customer(41, 49, 10, 161, 171, 10)] * 100)
    his = solomon.Instance("R101", 25, 200, customers)

    assert (19, 1650.80) == solomon.best_of(his)
    for other in ({"name": "R1_2_1"}, {"vehicles": 999}, {"capacity": 1000}, {"customers": customers[:51]}):
        assert None is solomon.best_of(attrs.evolve(his, **other))


def test_both_solvers_make_sound_routes() -> None:
    """What is measured holds capacity, windows and the fleet, looked at on its own."""
    instance = solomon.made("RC1", 7, 12)

    assert None is instance.wrong(ours(instance, 60, 1)[0])
    require("vroom")
    assert None is instance.wrong(theirs(instance))
