"""Knows how a chart is written down as the plain data it can be read from again; must not know how it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from servflow.statemachine._chart import HISTORIES, ROOT, Chart, Kind


def to_data(chart: Chart) -> dict[str, Any]:
    """The mapping of ``initial``, ``states`` and ``transitions``; what goes without saying is left out."""
    # From the last node to the first, so that what lies inside a state is there before the state is.
    specs: list[dict[str, Any]] = [{} for _ in chart.ids]
    for node in range(len(chart.ids) - 1, -1, -1):
        inside = sorted(chart.children[node] + chart.histories[node])
        spec = specs[node]
        kind = chart.kind[node]
        if kind is Kind.PARALLEL:
            spec["parallel"] = True
        elif kind is Kind.FINAL:
            spec["final"] = True
        elif kind in HISTORIES:
            spec["history"] = "deep" if kind is Kind.DEEP else "shallow"
        entry = chart.entry[node]
        if entry and (kind is not Kind.COMPOUND or entry != chart.children[node][:1] or node == ROOT):
            spec["default" if kind in HISTORIES else "initial"] = _names(chart, entry)
        if inside:
            spec["states"] = {chart.ids[child]: specs[child] for child in inside}
    transitions = []
    for row in chart.rows:
        move: dict[str, Any] = {} if row.events is None else {"event": " ".join(row.events)}
        sources = ["*" if node == ROOT else chart.ids[node] for node in row.sources]
        move["source"] = sources[0] if len(sources) == 1 else sources
        if row.targets:
            move["target"] = _names(chart, row.targets)
        if row.internal:
            move["internal"] = True
        if row.guard is not None:
            move["when"] = row.guard.text
        transitions.append(move)
    return {"initial": specs[ROOT]["initial"], "states": specs[ROOT]["states"], "transitions": transitions}


def _names(chart: Chart, nodes: Sequence[int]) -> Any:
    names = [chart.ids[node] for node in nodes]
    return names[0] if len(names) == 1 else names
