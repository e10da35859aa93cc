"""Knows a workflow as the nodes and edges that a flow editor draws; must not know any editor or how texts change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from servflow.embedding._flow_layout import placed
from servflow.embedding._refusing import finding_data, refusal
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import Element, id_of_state
from servflow.errors import Finding, shown
from servflow.model import in_language

ANYWHERE = "*"
"""The node from which transitions out of every state start."""

MISSING = "missing:"
"""How ids of nodes begin that stand for states which are named and not there; the id itself: where none is named."""

MOST_NODES, MOST_EDGES = 2_000, 10_000
"""How many nodes and edges are drawn and read."""

EDGE_KEYS = ("event", "when", "allow", "not_by", "internal", "title")
"""What of a transition an edge carries as it is written, and takes back."""

NODE_KEYS = ("title", "closed", "final", "parallel", "ordered", "shown")
"""What of a state a node carries as it is written, and takes back."""


def flow(source: Any, *, lang: str = "en", positions: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, Any]:
    """
    A workflow as a flow editor draws it: JSON-ready nodes and edges in the shape of React Flow.

    A node is a state: ``id``, ``type`` (``state``, ``group`` with states inside, ``history``, ``anywhere`` for ``*`` and
    ``missing`` for what is named and not there, or not named yet), ``position`` (within ``parentId`` where it has one), and
    ``data``: ``label``, ``name``, ``initial``, ``timers``, ``checklist``, ``findings``, and as it is written ``title``,
    ``closed``, ``final``, ``parallel``, ``ordered``, ``shown``. An edge is one way of a transition, so that one with two
    sources has two: ``id``, ``source``, ``target``, ``label``, and ``data``: ``transition`` (its id), ``stays`` (it leads
    nowhere else), ``findings``, and as it is written ``event``, ``when``, ``allow``, ``not_by``, ``internal``, ``title``.
    Beside them stand the ``findings`` of elements that are not drawn, and ``revision``: what was drawn. `from_flow` takes
    changes back.

    Args:
        source: a ``Source``, or what ``edit`` takes; it need not load: its findings stand at the nodes and edges.
        lang: the language of labels and findings.
        positions: where the host has put nodes, by id; all others are laid out in layers from top to bottom.

    Raises:
        DefinitionError: the source cannot be read at all.
        InputError: a position is none.
    """
    return drawn(edit(source), lang, _checked_positions(positions))


def drawn(source: Source, lang: str, positions: Mapping[str, tuple[float, float]], *, bare: bool = False) -> dict[str, Any]:
    """The nodes and edges; *bare*: without places and findings, to compare with."""
    states = [element for element in source.elements.values() if element.kind == "state"]
    if len(states) > MOST_NODES:
        raise refusal("flow.many", count=len(states), what={"en": "states", "zh": "个状态"}, most=MOST_NODES)
    marks = {} if bare else source.marks
    by_place = {element.steps: element for element in states}
    own: dict[str, list[Element]] = {element.id: [element] for element in states}
    for element in source.elements.values():
        if element.kind in ("timer", "step"):
            cut = element.steps.index("timers" if element.kind == "timer" else "checklist", 2)
            own[by_place[element.steps[:cut]].id].append(element)
    nodes = {one.id: _node(source, one, by_place.get(one.steps[:-2]), own[one.id], (lang, marks)) for one in states}
    edges: list[dict[str, Any]] = []
    for element in source.elements.values():
        if element.kind == "transition":
            edges += _edges(element, lang, marks, nodes)
    if len(edges) > MOST_EDGES:
        raise refusal("flow.many", count=len(edges), what={"en": "edges", "zh": "条边"}, most=MOST_EDGES)
    if not bare:
        placed(nodes, edges, positions)
    shown = {edge["data"]["transition"] for edge in edges} | {one.id for those in own.values() for one in those}
    return {
        "workflow": str(source.data.get("workflow", "")),
        "revision": source.revision,
        "title": _said(source.data.get("title"), lang),
        "nodes": list(nodes.values()),
        "edges": edges,
        "findings": [finding_data(one, lang, id_) for id_, those in marks.items() if id_ not in shown for one in those],
    }


def _node(
    source: Source,
    element: Element,
    parent: Element | None,
    own: list[Element],
    said: tuple[str, Mapping[str, tuple[Finding, ...]]],
) -> dict[str, Any]:
    lang, marks = said
    written: Mapping[str, Any] = element.data if isinstance(element.data, Mapping) else {}
    data: dict[str, Any] = {
        "label": _said(written.get("title"), lang) or element.name,
        "name": element.name,
        "initial": element.name in _initial(source, element),
        **{key: written.get(key) for key in NODE_KEYS},
        "timers": [
            {"id": one.id, "event": one.data.get("event"), "after": one.data.get("after")}
            for one in own
            if one.kind == "timer" and isinstance(one.data, Mapping)
        ],
        "checklist": [{"id": one.id, "name": one.name, "label": _step(one, lang)} for one in own if one.kind == "step"],
        "findings": [finding_data(finding, lang, one.id) for one in own for finding in marks.get(one.id, ())],
    }
    kind = "history" if written.get("history") else "group" if isinstance(written.get("states"), Mapping) else "state"
    made = {"id": element.id, "type": kind, "position": {"x": 0, "y": 0}, "data": data}
    return made if parent is None else {**made, "parentId": parent.id, "extent": "parent"}


def _initial(source: Source, element: Element) -> tuple[str, ...]:
    above = element.steps[:-2]
    holder: Any = source.data
    for step in above:
        holder = holder[step]
    if holder.get("parallel"):
        return ()
    named = holder.get("initial")
    if named is None:
        return tuple(holder["states"])[:1]
    return tuple(named) if isinstance(named, (list, tuple)) else (named,)


def _step(element: Element, lang: str) -> str:
    title = element.data.get("title") if isinstance(element.data, Mapping) else None
    return _said(title, lang) or element.name


def names_in(value: Any) -> tuple[str, ...]:
    """The states that a source or target names."""
    listed = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
    return tuple(dict.fromkeys(str(one) for one in listed))


def _edges(
    element: Element, lang: str, marks: Mapping[str, tuple[Finding, ...]], nodes: dict[str, dict[str, Any]]
) -> Iterable[dict[str, Any]]:
    if not isinstance(element.data, Mapping):
        return
    written = {key: element.data.get(key) for key in EDGE_KEYS}
    label = _said(written["title"], lang) or str(written["event"] or written["when"] or "")
    found = [finding_data(finding, lang, element.id) for finding in marks.get(element.id, ())]
    for source in names_in(element.data.get("source")) or ("",):
        for target in names_in(element.data.get("target")) or (None,):
            start = _end(source, nodes)
            yield {
                "id": f"{element.id}|{source}|{'' if target is None else target}",
                "source": start,
                "target": start if target is None else _end(target, nodes),
                "label": label,
                "data": {"transition": element.id, "stays": target is None, **written, "findings": found},
            }


def _end(name: str, nodes: dict[str, dict[str, Any]]) -> str:
    id_ = ANYWHERE if name == ANYWHERE else id_of_state(name)
    if id_ not in nodes:
        id_ = ANYWHERE if name == ANYWHERE else MISSING + name
        kind = "anywhere" if name == ANYWHERE else "missing"
        nodes.setdefault(id_, {"id": id_, "type": kind, "position": {"x": 0, "y": 0}, "data": {"label": name, "name": name}})
    return id_


def _said(title: Any, lang: str) -> str:
    from servflow.errors import DefinitionError
    from servflow.model import titled

    try:
        made = titled(title)
    except DefinitionError:
        return ""
    return in_language(made, lang) if isinstance(made, str) else ""


def _checked_positions(given: Any) -> dict[str, tuple[float, float]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise refusal("flow.positions", value=shown(given))
    return {str(id_): point_of(place, f"positions[{id_!r}]") for id_, place in given.items()}


def point_of(place: Any, path: str) -> tuple[float, float]:
    """
    A position as two finite numbers.

    Raises:
        InputError: it is none.
    """
    values: list[Any] = [place.get("x"), place.get("y")] if isinstance(place, Mapping) else [None]
    fine = all(isinstance(one, (int, float)) and not isinstance(one, bool) and abs(one) < 1e9 for one in values)
    if not fine:
        raise refusal("flow.position", path, value=shown(place))
    return values[0], values[1]
