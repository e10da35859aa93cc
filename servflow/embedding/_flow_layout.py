"""Knows where the nodes of a flow lie while nobody has moved them; must not know what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.statemachine._layout import Box, Line, arrange

WIDTH, HEIGHT = 180.0, 56.0
"""Pixels of a node without nodes inside."""

_PAD, _HEAD = 24.0, 48.0
_MOST = 400  # nodes that are arranged; more stand in rows

Nodes = dict[str, dict[str, Any]]


def placed(nodes: Nodes, edges: list[dict[str, Any]], fixed: Mapping[str, tuple[float, float]]) -> None:
    """
    Give every node its position within its parent, and parents their size.

    Args:
        nodes: by id; parents stand before what is in them.
        edges: between them.
        fixed: the positions of nodes that somebody has put somewhere.
    """
    inside: dict[str | None, list[str]] = {}
    for id_, node in nodes.items():
        inside.setdefault(node.get("parentId"), []).append(id_)
    sizes: dict[str, tuple[float, float]] = {}
    above = {id_: _way(id_, nodes) for id_ in nodes}
    deepest = max((len(way) for way in above.values()), default=0)
    for depth in range(deepest, 0, -1):
        for id_ in [one for one in nodes if len(above[one]) == depth and one in inside]:
            sizes[id_] = _level(inside[id_], (nodes, edges, above), sizes, fixed, id_)
    _level(inside.get(None, []), (nodes, edges, above), sizes, fixed, None)
    for id_, (width, height) in sizes.items():
        nodes[id_]["style"] = {"width": width, "height": height}


def _way(id_: str, nodes: Nodes) -> tuple[str, ...]:
    """The nodes around a node, the outermost first, and itself."""
    way = [id_]
    while (parent := nodes[way[0]].get("parentId")) is not None:
        way.insert(0, parent)
    return tuple(way)


def _level(
    ids: list[str],
    graph: tuple[Nodes, list[dict[str, Any]], Mapping[str, tuple[str, ...]]],
    sizes: Mapping[str, tuple[float, float]],
    fixed: Mapping[str, tuple[float, float]],
    parent: str | None,
) -> tuple[float, float]:
    """Place what lies side by side, and say how large whatever is around it must be."""
    nodes, edges, above = graph
    boxes = {id_: Box(*sizes.get(id_, (WIDTH, HEIGHT))) for id_ in ids}
    corners = _corners(boxes, _lines(set(ids), edges, above), parent)
    width, height = WIDTH, HEIGHT
    for id_, (x, y) in corners.items():
        at = fixed.get(id_, (x, y))
        nodes[id_]["position"] = {"x": at[0], "y": at[1]}
        width = max(width, at[0] + boxes[id_].width + _PAD)
        height = max(height, at[1] + boxes[id_].height + _PAD)
    return round(width, 1), round(height, 1)


def _corners(boxes: dict[str, Box], lines: list[Line], parent: str | None) -> dict[str, tuple[float, float]]:
    left, top = (_PAD, _HEAD) if parent is not None else (0.0, 0.0)
    if len(boxes) > _MOST:
        wide = max(box.width for box in boxes.values()) + _PAD
        high = max(box.height for box in boxes.values()) + _PAD
        return {id_: (left + index % 20 * wide, top + index // 20 * high) for index, id_ in enumerate(boxes)}
    found = arrange(boxes, lines)
    return {
        id_: (round(left + x - boxes[id_].width / 2, 1), round(top + y - boxes[id_].height / 2, 1))
        for id_, (x, y) in found.places.items()
    }


def _lines(ids: set[str], edges: list[dict[str, Any]], above: Mapping[str, tuple[str, ...]]) -> list[Line]:
    """The edges between what lies side by side, also between what is in them; one for each pair."""
    found: dict[tuple[str, str], Line] = {}
    for edge in edges:
        ends = [next((one for one in above[edge[key]] if one in ids), None) for key in ("source", "target")]
        if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
            found.setdefault((ends[0], ends[1]), Line(ends[0], ends[1], Box(min(160.0, 7.0 * len(edge["label"])), 18.0)))
    return list(found.values())[:_MOST]
