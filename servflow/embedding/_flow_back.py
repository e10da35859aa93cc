"""Knows how what was changed in a flow editor becomes edits of the source; must not know how a flow is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, evolve, field

from servflow.embedding._flow import ANYWHERE, EDGE_KEYS, MISSING, MOST_EDGES, MOST_NODES, NODE_KEYS, drawn, names_in, point_of
from servflow.embedding._refusing import at, refusal, refuse_stale
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import id_of_state
from servflow.errors import InputError, shown

_LONGEST = 400


def from_flow(source: Any, flow: Mapping[str, Any]) -> Source:
    """
    Do to a source what was done in a flow editor to what `flow` gave of it; one step of ``undo``.

    Nodes and edges that are new are added, those that are gone are removed, ``data.name`` renames a state everywhere,
    another ``parentId`` moves it, other ends or ``data`` change a transition: where only some of its edges were changed, it
    is divided. A new node is named by ``data.name``, or its ``data.label``; its edges name it by its id. A new edge is a
    transition with its ``data.event``. Sizes, labels of what was there and positions are not part of a definition: keep
    the positions by the ids that `positions` gives.

    Args:
        source: the source that `flow` was asked about.
        flow: its answer as the editor made it. With the ``revision`` that `flow` gave, what somebody else changed meanwhile
            is not undone by it.

    Returns:
        The changed source; the same where nothing was changed. ``moved`` maps ids that are others now, of new nodes too.

    Raises:
        InputError: it is no flow, an end of an edge is not there, a name is taken, or something that stays names what goes
            (``uses``); with the path to the node or edge; or the source is another one by now (``edit.stale``). Nothing is
            changed then.
    """
    before, read = edit(source), _read(flow)
    refuse_stale(before.revision, flow)
    return before.at_once(_Change(before, *read).made())


def positions(flow: Mapping[str, Any], source: Source | None = None) -> dict[str, dict[str, float]]:
    """
    Where the nodes of a flow are, by the ids they have now, for the host to keep and to give to ``flow``.

    Args:
        flow: the editor's nodes and edges.
        source: what `from_flow` gave for it; so that new and renamed nodes keep their places.

    Raises:
        InputError: it is no flow.
    """
    nodes, _ = _read(flow)
    moved = {} if source is None else source.moved
    return {
        moved.get(id_, id_): dict(zip("xy", point_of(node["position"], f"nodes[{index}].position"), strict=True))
        for index, (id_, node) in enumerate(nodes.items())
        if node.get("position") is not None
    }


Items = dict[str, Mapping[str, Any]]


def _read(flow: Any) -> tuple[Items, Items]:
    if not isinstance(flow, Mapping):
        raise refusal("flow.shape", value=shown(flow))
    nodes, edges = _items(flow, "nodes", MOST_NODES), _items(flow, "edges", MOST_EDGES)
    for index, node in enumerate(nodes.values()):
        parent = node.get("parentId")
        if parent is not None and (not isinstance(parent, str) or parent not in nodes):
            raise refusal("flow.node", f"nodes[{index}].parentId", value=shown(parent))
    for index, edge in enumerate(edges.values()):
        for key in ("source", "target"):
            if not isinstance(edge.get(key), str) or edge[key] not in nodes:
                raise refusal("flow.node", f"edges[{index}].{key}", value=shown(edge.get(key)))
    return nodes, edges


def _items(flow: Mapping[str, Any], key: str, most: int) -> Items:
    given = flow.get(key)
    if not isinstance(given, (list, tuple)) or len(given) > most:
        raise refusal("edit.list", key, most=most)
    found: Items = {}
    for index, item in enumerate(given):
        path = f"{key}[{index}]"
        id_ = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(id_, str) or not id_ or len(id_) > 10 * _LONGEST:
            raise refusal("edit.id", f"{path}.id", value=shown(id_))
        if id_ in found:
            raise refusal("edit.id_twice", f"{path}.id", value=shown(id_))
        if not isinstance(item.get("data", {}), Mapping):
            raise refusal("edit.mapping", f"{path}.data")
        found[id_] = item
    return found


@define(eq=False)
class _Change:
    """One set of changes, done one by one in an order in which every name is there when it is needed."""

    source: Source
    nodes: Items
    edges: Items
    ids: dict[str, str] = field(factory=dict)
    """The id a node came with -> the id of its state now."""
    moved: dict[str, str] = field(factory=dict)
    """Every id that is another one now."""
    old_nodes: Items = field(factory=dict)
    old_edges: Items = field(factory=dict)
    transitions: dict[str, str] = field(factory=dict)

    def made(self) -> Source:
        base = drawn(self.source, "en", {}, bare=True)
        self.old_nodes = {node["id"]: node for node in base["nodes"]}
        self.old_edges = {edge["id"]: edge for edge in base["edges"]}
        self.transitions = {edge["data"]["transition"]: edge["data"]["transition"] for edge in base["edges"]}
        self._add_nodes()
        self._rename_nodes()
        self._change_edges()
        self._add_edges()
        self._move_nodes()
        self._remove()
        self._write_nodes()
        moved = {**self.moved, **{id_: now for id_, now in self.ids.items() if id_ != now}}
        return evolve(self.source, moved=moved)

    def _do(self, path: str, verb: str, *args: Any, **more: Any) -> None:
        try:
            self.source = getattr(self.source, verb)(*args, **more)
        except InputError as error:
            raise at(error, path) from None
        moved = self.source.moved
        self.moved.update({id_: now for id_, now in moved.items() if id_ not in self.moved.values()})
        for known in (self.ids, self.transitions, self.moved):
            known.update({key: moved[id_] for key, id_ in known.items() if id_ in moved})

    def _path(self, id_: str) -> str:
        return f"nodes[{list(self.nodes).index(id_)}]"

    # nodes ------------------------------------------------------------------------------------------------------

    def _add_nodes(self) -> None:
        self.ids = {id_: id_ for id_ in self.nodes if id_ in self.old_nodes}
        waiting = [id_ for id_, node in self.nodes.items() if id_ not in self.ids and not _aside(id_, node)]
        while waiting:
            ready = [id_ for id_ in waiting if self._parent(id_) is None or self._parent(id_) in self.ids]
            if not ready:
                raise refusal("flow.in_each_other", f"{self._path(waiting[0])}.parentId")
            for id_ in ready:
                self._add_node(id_)
            waiting = [id_ for id_ in waiting if id_ not in ready]

    def _parent(self, id_: str) -> str | None:
        return self.nodes[id_].get("parentId")

    def _add_node(self, id_: str) -> None:
        data, path = self.nodes[id_].get("data", {}), self._path(id_)
        name = data.get("name") or data.get("label")
        value = {key: data[key] for key in NODE_KEYS if data.get(key) is not None}
        parent = self._parent(id_)
        section = "states" if parent is None else f"{self.ids[parent]}/states"
        self._do(path, "add", section, value, name=name)
        self.ids[id_] = id_of_state(name)

    def _rename_nodes(self) -> None:
        for id_, node in self.nodes.items():
            old = self.old_nodes.get(id_)
            name = node.get("data", {}).get("name")
            if old is not None and not _aside(id_, old) and name is not None and name != old["data"]["name"]:
                self._do(self._path(id_), "rename", self.ids[id_], name)

    def _move_nodes(self) -> None:
        for id_, node in self.nodes.items():
            old = self.old_nodes.get(id_)
            if old is None or _aside(id_, old) or node.get("parentId") == old.get("parentId"):
                continue
            parent = node.get("parentId")
            self._do(self._path(id_), "move", self.ids[id_], into="states" if parent is None else f"{self.ids[parent]}/states")

    def _write_nodes(self) -> None:
        for id_, node in self.nodes.items():
            old, data = self.old_nodes.get(id_), node.get("data", {})
            if _aside(id_, node):
                continue
            for key in NODE_KEYS if old is not None else ():
                if key in data and data[key] != old["data"].get(key):  # type: ignore[index]  # the loop is empty without it
                    self._write(self._path(id_), self.ids[id_], key, data[key])
            stayed = old is not None and old.get("parentId") == node.get("parentId")
            was = bool(stayed and old is not None and old["data"].get("initial"))
            if data.get("initial") is True and not was:
                self._begin_at(id_)

    def _begin_at(self, id_: str) -> None:
        element = self.source.element(self.ids[id_])
        above = next((one for one in self.source.elements.values() if one.steps == element.steps[:-2]), None)
        self._do(self._path(id_), "set", "" if above is None else above.id, "initial", element.name)

    def _write(self, path: str, id_: str, key: str, value: Any) -> None:
        if value is None:
            self._do(path, "clear", id_, key)
        else:
            self._do(path, "set", id_, key, value)

    def _remove(self) -> None:
        gone = [id_ for id_, node in self.old_nodes.items() if id_ not in self.nodes and not _aside(id_, node)]
        gone = [self.moved.get(id_, id_) for id_ in gone]
        if gone:
            self._do("nodes", "remove", *gone)

    # edges ------------------------------------------------------------------------------------------------------

    def _name(self, node: str, path: str) -> str:
        if node in self.ids and not _aside(node, self.nodes[node]):
            return self.source.element(self.ids[node]).name
        if node == ANYWHERE or node.startswith(MISSING):
            return str(self.nodes[node].get("data", {}).get("name") or node.removeprefix(MISSING))
        raise refusal("flow.no_state", path, value=shown(node))

    def _ways(self, edges: Items, transition: str) -> list[tuple[str, str | None, tuple[Any, ...]]]:
        """The ways of one transition: source, target (None: stays) and what it carries."""
        found = []
        for id_, edge in edges.items():
            old = self.old_edges.get(id_)
            if old is not None and old["data"]["transition"] == transition:
                data = {**old["data"], **edge.get("data", {})}
                stays = data.get("stays") is True and edge["source"] == edge["target"]
                path = f"edges[{list(edges).index(id_)}]"
                ends = self._name(edge["source"], path), None if stays else self._name(edge["target"], path)
                found.append((*ends, tuple(data.get(key) for key in EDGE_KEYS)))
        return found

    def _change_edges(self) -> None:
        for transition in list(self.transitions):
            given = {id_: edge for id_, edge in self.edges.items() if id_ in self.old_edges}
            here = [id_ for id_, edge in self.old_edges.items() if edge["data"]["transition"] == transition]
            changed = [id_ for id_ in here if id_ not in given or _differs(self.old_edges[id_], given[id_])]
            if not changed:
                continue
            groups = _grouped(self._ways(given, transition))
            if not groups:
                self._do("edges", "remove", self.transitions[transition])
                continue
            kept = self.source.element(self.transitions[transition]).data
            # What most of it still says keeps the id.
            groups.sort(key=lambda one: one[1:] != (names_in(kept.get("target")), tuple(kept.get(key) for key in EDGE_KEYS)))
            for index, (sources, targets, carried) in enumerate(groups):
                if index == 0:
                    self._write_transition(transition, sources, targets, carried)
                else:
                    value = _transition({**kept}, sources, targets, carried)
                    value.pop("id", None)
                    self._do("edges", "add", "transitions", value, after=self.transitions[transition])

    def _write_transition(
        self, transition: str, sources: tuple[str, ...], targets: tuple[str, ...], carried: tuple[Any, ...]
    ) -> None:
        data = dict(self.source.element(self.transitions[transition]).data)
        wanted = _transition(dict(data), sources, targets, carried)
        for key in (*data, *wanted):
            if _meant(key, data.get(key)) != _meant(key, wanted.get(key)):
                self._write("edges", self.transitions[transition], key, wanted.get(key))

    def _add_edges(self) -> None:
        for index, (id_, edge) in enumerate(self.edges.items()):
            if id_ in self.old_edges:
                continue
            path, data = f"edges[{index}]", edge.get("data", {})
            stays = data.get("stays") is True and edge["source"] == edge["target"]
            targets = () if stays else (self._name(edge["target"], path),)
            value = _transition({}, (self._name(edge["source"], path),), targets, tuple(data.get(key) for key in EDGE_KEYS))
            if not value.get("event") and not value.get("when"):
                raise refusal("flow.event", f"{path}.data.event")
            self._do(path, "add", "transitions", value)


def _aside(id_: str, node: Mapping[str, Any]) -> bool:
    """Whether a node stands for no state: ``*`` or a name that nothing has."""
    return node.get("type") in ("anywhere", "missing") or id_ == ANYWHERE or id_.startswith(MISSING)


def _differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if (old["source"], old["target"]) != (new["source"], new["target"]):
        return True
    data = new.get("data", {})
    return any(key in data and data[key] != old["data"].get(key) for key in (*EDGE_KEYS, "stays"))


def _grouped(
    ways: list[tuple[str, str | None, tuple[Any, ...]]],
) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[Any, ...]]]:
    """Ways as few transitions: each from every of its sources to all of its targets."""
    by_source: list[tuple[str, tuple[Any, ...], list[str]]] = []
    for source, target, carried in ways:
        held = next((one for one in by_source if one[0] == source and one[1] == carried), None)
        if held is None:
            held = (source, carried, [])
            by_source.append(held)
        if target is not None and target not in held[2]:
            held[2].append(target)
    groups: list[tuple[list[str], tuple[str, ...], tuple[Any, ...]]] = []
    for source, carried, targets in by_source:
        same = next((one for one in groups if one[1] == tuple(targets) and one[2] == carried), None)
        if same is None:
            groups.append(([source], tuple(targets), carried))
        elif source not in same[0]:
            same[0].append(source)
    return [(tuple(sources), targets, carried) for sources, targets, carried in groups]


def _transition(
    value: dict[str, Any], sources: tuple[str, ...], targets: tuple[str, ...], carried: tuple[Any, ...]
) -> dict[str, Any]:
    made = dict(zip(EDGE_KEYS, carried, strict=True))
    ends = {"source": _one(sources), "target": _one(targets)}
    found = {"event": made["event"], **ends, **{key: made[key] for key in EDGE_KEYS if key != "event"}}
    value.update(found)
    return {key: item for key, item in value.items() if item is not None}


def _one(names: tuple[str, ...]) -> Any:
    names = tuple(name for name in names if name)  # from nowhere, as long as no source is named
    return None if not names else names[0] if len(names) == 1 else list(names)


def _meant(key: str, value: Any) -> Any:
    """What a key says, whether a single name stands in a list or alone."""
    return (
        tuple(value)
        if key in ("source", "target") and isinstance(value, list)
        else ((value,) if key in ("source", "target") and value is not None else value)
    )
