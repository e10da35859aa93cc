"""Knows how figures become CSV and data frames; must not know what is measured."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from servflow.errors import InputError
from servflow.model import write_instant

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""

TABLE = (
    *("measure", "part", "group", "period", "since", "until", "value", "unit", "numerator", "denominator"),
    *("low", "high", "mean", "median", "p90", "left_out", "excluded"),
)
"""The columns of a table of measures."""


class Flat(Protocol):
    """What can be written row by row."""

    def flat(self) -> Sequence[Mapping[str, Any]]: ...


def flat_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of a table as plain mappings: times in seconds, instants as text, excluded as ``reason=count`` and their sum."""
    out = []
    for row in rows:
        figure = row.figure
        times = {name: getattr(figure, name, None) for name in ("mean", "median", "p90")}
        out.append(
            {
                "measure": row.measure,
                "part": row.part,
                "group": row.group,
                "period": row.period,
                "since": None if row.since is None else write_instant(row.since),
                "until": None if row.until is None else write_instant(row.until),
                "value": row.value,
                "unit": row.unit,
                "numerator": row.numerator,
                "denominator": row.denominator,
                "low": row.low,
                "high": row.high,
                **{name: time.total_seconds() if isinstance(time, timedelta) else None for name, time in times.items()},
                "left_out": sum(row.excluded.values()),
                "excluded": "; ".join(f"{reason}={count}" for reason, count in row.excluded.items()),
            }
        )
    return out


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """
    Rows as CSV: comma, quotes where needed, ``\\n`` at the end of each line, an empty cell for None.

    A text that a spreadsheet would take for a formula (it begins with ``=``, ``+``, ``-`` or ``@``) is written with an
    apostrophe before it, since names of groups come from outside. Numbers are written as they are.
    """
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and len(value) > 1 and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def to_csv(figures: Flat, file: Path | str | None = None) -> str:
    """
    Figures as CSV: a table of measures, a Pareto analysis, a league.

    Args:
        figures: what has ``flat()``.
        file: where to write it too, as UTF-8 with a mark that tells spreadsheets so; None: nowhere.

    Raises:
        OSError: the file cannot be written.
    """
    text = csv_text(figures.flat(), getattr(figures, "columns", ()))
    if file is not None:
        Path(file).write_text(text, encoding="utf-8-sig", newline="")
    return text


def to_frame(figures: Flat) -> Any:
    """
    Figures as a pandas data frame with the columns of the CSV; the text is as it is.

    Raises:
        InputError: pandas is not installed.
    """
    try:
        import pandas  # type: ignore[import-untyped,unused-ignore]  # optional; without stubs it is any
    except ImportError:
        raise InputError("data frames need pandas; pip install 'servflow[frames]'", code="extra", extra="frames") from None
    rows = figures.flat()
    columns = list(getattr(figures, "columns", ())) or list(dict.fromkeys(name for row in rows for name in row))
    return pandas.DataFrame(list(rows), columns=columns)
