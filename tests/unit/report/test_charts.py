"""Knows how marks of a timeline pile up; must not know the page around it."""

from __future__ import annotations

from servflow.report._charts import MOST_MARKS, _highest


def test_every_stretch_keeps_marks_however_many_there_are() -> None:
    """High piles are cut, low ones stay whole, and the page holds no more marks than it should."""
    sizes = [3, 700, 0, 20, 1200, *[40] * 60]
    most = _highest([range(size) for size in sizes], 60)

    assert most > 3
    assert sum(min(size, most) for size in sizes) <= MOST_MARKS < sum(min(size, most + 1) for size in sizes)
    assert 60 == _highest([range(5), range(60)], 60)
