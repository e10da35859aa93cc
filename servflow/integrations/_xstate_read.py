"""Knows how the configuration of an XState machine reads as a definition; must not know how a definition runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import attrs
from attrs import define, field

from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.integrations._hooks import Hooks
from servflow.integrations._parts import Parts
from servflow.integrations._xstate_differs import differences
from servflow.integrations._xstate_words import Words
from servflow.model import FrozenMap, Span, freeze

MAX_DEPTH = 50
MAX_STATES = 10_000
MAX_MOVES = 20_000
_MOST = 100

_TYPES = ("atomic", "compound", "parallel", "final", "history")
_NODE = (
    *("id", "key", "type", "initial", "states", "on", "always", "after", "onDone", "entry", "exit", "history", "target"),
    *("invoke", "activities", "meta", "description", "tags", "output", "data", "order", "version", "schema", "schemas"),
    *("context", "predictableActionArguments", "preserveActionOrder", "tsTypes", "types", "strict", "delimiter", "route"),
)
_MOVE = (
    *("target", "guard", "cond", "actions", "internal", "reenter", "in", "event", "description", "meta", "delay"),
    *("eventType", "source", "order", "params"),
)
_DROPPED = ("activities", "output", "data")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?", re.ASCII)


@define
class _Node:
    """One state of the configuration: where it is written, its place in the tree, what it is called here."""

    key: str
    path: str
    spec: Mapping[str, Any]
    parent: _Node | None
    depth: int
    id: str
    name: str = ""
    children: dict[str, _Node] = field(factory=dict)
    timers: list[dict[str, Any]] = field(factory=list)


@define
class Document:
    """One configuration being read."""

    version: int
    conditions: Mapping[str, str]
    delays: Mapping[str, Any]
    findings: list[Finding] = field(factory=list)
    nodes: list[_Node] = field(factory=list)
    ids: dict[str, _Node] = field(factory=dict)
    moves: list[dict[str, Any]] = field(factory=list)
    hooks: Hooks = field(factory=Hooks)
    words: Words = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.words = Words(self.conditions, self.problem, self._named)

    def _named(self, name: str) -> str | None:
        target = self._target(self.nodes[0], name if name.startswith("#") else f".{name}")
        return None if target is None else target.name

    def problem(self, code: str, path: str, **facts: Any) -> None:
        finding = Finding(f"xstate.{code}", path, facts)
        if len(self.findings) < _MOST and finding not in self.findings:
            self.findings.append(finding)

    # states -----------------------------------------------------------------------------------------------------

    def number(self, root: Mapping[str, Any]) -> _Node:
        """Every state with its id and, where its key is taken, a name made of its path."""
        top = _Node("", "", root, None, 0, str(root.get("id") or "(machine)"))
        waiting = [top]
        while waiting:
            node = waiting.pop()
            self.nodes.append(node)
            if len(self.nodes) > MAX_STATES or node.depth > MAX_DEPTH:
                self.problem("too_large", node.path, limit=MAX_STATES, depth=MAX_DEPTH)
                break
            self._keys(node.spec, _NODE, node.path)
            made = self._children(node)
            node.children = {child.key: child for child in made}
            waiting.extend(reversed(made))
            if node.id in self.ids:
                self.problem("duplicate", node.path, id=node.id, first=self.ids[node.id].path or "the machine")
            self.ids.setdefault(node.id, node)
        count: dict[str, int] = {}
        for node in self.nodes:
            count[node.key] = count.get(node.key, 0) + 1
        for node in self.nodes:
            keys = [above.key for above in self.chain(node)][-2::-1]
            node.name = node.key if count[node.key] == 1 else ".".join(keys)
        taken: set[str] = set()
        for node in self.nodes:
            node.name = _free(node.name, taken)
            taken.add(node.name)
        return top

    def _children(self, node: _Node) -> list[_Node]:
        inner = node.spec.get("states")
        if inner is None:
            return []
        if not isinstance(inner, Mapping):
            self.problem("shape", self._path(node, "states"), expected="a mapping", got=shown(inner))
            return []
        made = []
        for key, spec in inner.items():
            path = self._path(node, f"states.{key}")
            if not isinstance(key, str) or not key:
                self.problem("shape", path, expected="a state key", got=shown(key))
                continue
            if spec is None:
                spec = {}
            if not isinstance(spec, Mapping):
                self.problem("shape", path, expected="a mapping", got=shown(spec))
                continue
            given = spec.get("id")
            if given is not None and not isinstance(given, str):
                self.problem("shape", f"{path}.id", expected="a text", got=shown(given))
                given = None
            made.append(_Node(key, path, spec, node, node.depth + 1, given or f"{node.id}.{key}"))
        return made

    @staticmethod
    def _path(node: _Node, key: str) -> str:
        return f"{node.path}.{key}" if node.path else key

    @staticmethod
    def chain(node: _Node | None) -> Iterator[_Node]:
        """A state and what is around it, inner first."""
        while node is not None:
            yield node
            node = node.parent

    def _keys(self, spec: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
        for key in spec:
            if key not in known:
                self.problem("unknown_key", path, key=shown(key), known=known, nearest=nearest(str(key), known))

    def kind(self, node: _Node) -> str:
        """What a state is: what it says, or what its contents make it."""
        kind = node.spec.get("type")
        if node.spec.get("parallel") is True:
            return "parallel"
        if kind is None:
            return "history" if node.spec.get("history") else "compound" if node.children else "atomic"
        if kind not in _TYPES:
            self.problem("value", self._path(node, "type"), value=shown(kind), known=_TYPES)
        return str(kind)

    def written(self) -> dict[str, Any]:
        """The states as a definition writes them."""
        specs: dict[int, dict[str, Any]] = {id(node): self._spec(node) for node in self.nodes}
        for node in reversed(self.nodes):
            if node.children:
                specs[id(node)]["states"] = {child.name: specs[id(child)] for child in node.children.values()}
        return specs[id(self.nodes[0])]

    def _spec(self, node: _Node) -> dict[str, Any]:
        kind = self.kind(node)
        spec: dict[str, Any] = {}
        if kind == "parallel":
            spec["parallel"] = True
        elif kind == "final":
            spec["final"] = True
            if node.parent is not None and node.parent.parent is None:
                spec["closed"] = True
        elif kind == "history":
            return self._history(node)
        initial = node.spec.get("initial")
        if isinstance(initial, Mapping):
            self._drop_actions(initial.get("actions"), f"where {node.name or 'the machine'} starts")
            initial = initial.get("target")
        if initial is not None and kind == "compound":
            found = self._inside(node, initial, self._path(node, "initial"))
            if found:
                spec["initial"] = found
        elif kind == "compound" and node.children:
            self.problem("no_initial", node.path, state=node.name or "the machine")
        if node.timers:
            spec["timers"] = node.timers
        for text, key in ((node.spec.get("description"), "title"),):
            if isinstance(text, str) and text.strip() and node.parent is not None:
                spec[key] = text.strip()[:200]
        return spec

    def _inside(self, node: _Node, given: Any, path: str) -> Any:
        """The name of the state that a node starts in: a key, or a path of keys, or an id."""
        names = given if isinstance(given, list) else [given]
        found = []
        for name in names:
            if not isinstance(name, str):
                self.problem("shape", path, expected="a state key", got=shown(name))
                continue
            target = self.ids.get(name[1:]) if name.startswith("#") else self._walk(node, name.lstrip("."))
            if target is None:
                self.problem("unknown_state", path, state=name, nearest=nearest(name, node.children))
            else:
                found.append(target.name)
        return found[0] if len(found) == 1 else found

    def _history(self, node: _Node) -> dict[str, Any]:
        given = node.spec.get("history", "shallow")
        given = "shallow" if given is True else given
        if given not in ("shallow", "deep"):
            self.problem("value", self._path(node, "history"), value=shown(given), known=("shallow", "deep"))
        spec: dict[str, Any] = {"history": given}
        if node.spec.get("target") is not None:
            targets = self._targets(node, node.spec["target"], self._path(node, "target"))
            if targets:
                spec["default"] = targets[0].name if len(targets) == 1 else [target.name for target in targets]
        return spec

    # targets ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _walk(node: _Node | None, path: str) -> _Node | None:
        """A state by keys, from a node down; a key with a dot in it is found as a whole first."""
        if node is not None and path in node.children:
            return node.children[path]
        for key in path.split("."):
            if node is None:
                return None
            node = node.children.get(key)
        return node

    def _target(self, node: _Node, name: str) -> _Node | None:
        if name.startswith("#"):
            if name[1:] in self.ids:
                return self.ids[name[1:]]
            # "#id.child.grandchild": the longest id that fits, then keys.
            parts = name[1:].split(".")
            for length in range(len(parts) - 1, 0, -1):
                start = self.ids.get(".".join(parts[:length]))
                if start is not None:
                    return self._walk(start, ".".join(parts[length:]))
            return None
        if name.startswith("."):
            return self._walk(node, name[1:])
        return self._walk(node.parent if node.parent is not None else node, name)

    def _targets(self, node: _Node, given: Any, path: str) -> list[_Node]:
        found = []
        for name in given if isinstance(given, list) else [given]:
            target = self._target(node, name) if isinstance(name, str) else None
            if target is None:
                known = node.parent.children if node.parent is not None else node.children
                close = nearest(name, known) if isinstance(name, str) and len(self.findings) < _MOST else None
                self.problem("unknown_state", path, state=shown(name), nearest=close)
            elif target.parent is None:
                self.problem("root_target", path, state=name)
            else:
                found.append(target)
        return found

    # transitions ------------------------------------------------------------------------------------------------

    def read_moves(self) -> None:
        """Every transition, state by state in document order, as the machine will ask them."""
        for node in self.nodes:
            spec = node.spec
            for event, given in self.entries(node):
                self._moves(node, self._event(event, self._path(node, "on")), given, self._path(node, f"on.{event}"))
            if spec.get("onDone") is not None:
                if node.parent is None:
                    self.words.dropped["onDone of the machine"] = None
                else:
                    self._moves(node, f"done.state.{node.name}", spec["onDone"], self._path(node, "onDone"))
            self._invoked(node)
            always = (spec.get("on") or {}).get("") if isinstance(spec.get("on"), Mapping) else None
            for key, given in (("always", spec.get("always")), ("on.", always)):
                if given is not None:
                    self._moves(node, None, given, self._path(node, key))
            self._after(node)
            self._effects(node)

    def _event(self, event: str, path: str) -> str:
        """An event by the name it has here: completions go by the names of states."""
        if len(event.split()) != 1:
            self.problem("event", path, event=shown(event))
        done = event.removeprefix("xstate.")
        if done.startswith("done.state.") and done.removeprefix("done.state.") in self.ids:
            return f"done.state.{self.ids[done.removeprefix('done.state.')].name}"
        return event

    def entries(self, node: _Node) -> list[tuple[str, Any]]:
        """What a state says about events, in the order it is asked."""
        given, path = node.spec.get("on"), self._path(node, "on")
        if given is None:
            return []
        if isinstance(given, Mapping):
            # The event of no name was how version 4 once wrote `always`.
            return sorted(((str(key), value) for key, value in given.items() if key != ""), key=_wildness)
        if isinstance(given, list):
            read = []
            for index, item in enumerate(given):
                if not isinstance(item, Mapping) or not isinstance(item.get("event", ""), str):
                    self.problem("shape", f"{path}[{index}]", expected="a transition with an event", got=shown(item))
                else:
                    read.append((str(item.get("event", "*")), item))
            return read
        self.problem("shape", path, expected="a mapping of events", got=shown(given))
        return []

    def _invoked(self, node: _Node) -> None:
        """What a state does when what it invokes has ended, which the host tells by the event XState has for it."""
        given, told = node.spec.get("invoke"), []
        for index, item in enumerate(given if isinstance(given, list) else [given]):
            if not isinstance(item, Mapping):
                continue
            old = self.version < 5
            name = str(item.get("id") or (f"{node.id}:invocation[{index}]" if old else f"{index}.{node.id}"))
            for key, prefix in (
                ("onDone", "done.invoke" if old else "xstate.done.actor"),
                ("onError", "error.platform" if old else "xstate.error.actor"),
            ):
                if item.get(key) is not None:
                    path = f"{self._path(node, 'invoke')}{f'[{index}]' if isinstance(given, list) else ''}.{key}"
                    event = f"{prefix}.{name}".replace(" ", "_")
                    told.append(event)
                    self._moves(node, event, item[key], path)
        if given:
            more = f"; fire {' or '.join(told)} when it has ended" if told else ""
            self.words.dropped[f"invoke of {node.name or 'the machine'}{more}"] = None

    def _after(self, node: _Node) -> None:
        given = node.spec.get("after")
        entries: list[tuple[Any, Any]] = []
        if isinstance(given, Mapping):
            entries = list(given.items())
        elif isinstance(given, list):
            entries = [(item.get("delay"), item) for item in given if isinstance(item, Mapping)]
        elif given is not None:
            self.problem("shape", self._path(node, "after"), expected="a mapping of delays", got=shown(given))
        for delay, moves in entries:
            path = self._path(node, f"after.{delay}")
            span = self._span(delay, path)
            if node.parent is None:
                self.words.dropped[f"after {delay} of the machine"] = None
                continue
            # As XState names it, so that the machine alone can be told that the time has come.
            event = f"after.{delay}.{node.name}"
            if " " in event:
                event = event.replace(" ", "_")
            if span is not None and all(timer["event"] != event for timer in node.timers):
                node.timers.append({"after": span, "event": event})
            self._moves(node, event, moves, path)

    def _span(self, delay: Any, path: str) -> str | None:
        given = self.delays.get(delay, self.delays.get(str(delay), delay))
        try:
            if isinstance(given, str) and _NUMBER.fullmatch(given):
                given = float(given)
            if isinstance(given, (int, float)) and not isinstance(given, bool):
                given = timedelta(milliseconds=given)
            if isinstance(given, (timedelta, Span)) or delay in self.delays:
                return Span.of(given).text
        except (TimeError, OverflowError, ValueError):
            self.problem("delay", path, delay=shown(delay))
            return None
        self.problem("delay_name", path, delay=shown(delay))
        return None

    def _moves(self, node: _Node, event: str | None, given: Any, path: str) -> None:
        several = isinstance(given, list)
        for index, item in enumerate(given if several else [given]):
            where = f"{path}[{index}]" if several else path
            if item is None or isinstance(item, str):
                item = {} if item is None else {"target": item}
            if not isinstance(item, Mapping):
                self.problem("shape", where, expected="a target or a transition", got=shown(item))
                continue
            self._keys(item, _MOVE, where)
            if len(self.moves) >= MAX_MOVES:
                self.problem("too_large", where, limit=MAX_MOVES, depth=MAX_DEPTH)
                return
            self._move(node, event, item, where)

    def _move(self, node: _Node, event: str | None, item: Mapping[str, Any], path: str) -> None:
        move: dict[str, Any] = {} if event is None else {"event": event}
        move["source"] = "*" if node.parent is None else node.name
        given = item.get("target")
        targets = [] if given is None or given == [] else self._targets(node, given, f"{path}.target")
        names = [target.name for target in targets]
        if targets and self._stays(node, item, targets):
            if node in targets:
                # To itself without leaving: what is inside begins anew, and where nothing is, nothing moves.
                first = self._spec(node).get("initial") if node.children else None
                names = [first] if isinstance(first, str) else list(first or ())
            if names and self.kind(node) == "compound":
                move["internal"] = True
        if names:
            move["target"] = names[0] if len(names) == 1 else names
        when = self.words.guard(item, path)
        if when is not None:
            move["when"] = when
        do = self.words.actions(item.get("actions"), f"{path}.actions")
        if do:
            move["do"] = do
        self.moves.append(move)

    def _stays(self, node: _Node, item: Mapping[str, Any], targets: list[_Node]) -> bool:
        """Whether a transition to its own source, or to states inside, leaves the source alone."""
        inside = all(node in list(self.chain(target)) for target in targets)
        if node.parent is None or not inside or (node in targets and self.kind(node) == "parallel"):
            return False
        if "internal" in item:
            return item["internal"] is True
        if self.version >= 5:
            return item.get("reenter") is not True
        given = item.get("target")
        names = given if isinstance(given, list) else [given]
        return all(isinstance(name, str) and name.startswith(".") for name in names)

    def _drop_actions(self, given: Any, where: str) -> None:
        if given:
            self.words.dropped[f"actions {where}"] = None

    def _effects(self, node: _Node) -> None:
        for key, hooks in (("entry", self.hooks.entry), ("exit", self.hooks.leave)):
            found = self.words.actions(node.spec.get(key), self._path(node, key))
            if found and node.parent is None:
                self.words.dropped[f"{key} of the machine"] = None
            elif found:
                hooks[node.name] = found
        for key in _DROPPED:
            if node.spec.get(key):
                self.words.dropped[f"{key} of {node.name or 'the machine'}"] = None
        if node.parent is None and node.spec.get("context"):
            self.words.dropped["context of the machine; declare fields instead"] = None


def read_machine(root: Mapping[str, Any], version: int, conditions: Mapping[str, str], delays: Mapping[str, Any]) -> Parts:
    """
    The parts of a configuration.

    Raises:
        DefinitionError: with every problem, each with its path.
    """
    document = Document(version=version, conditions=conditions, delays=delays)
    top = document.number(root)
    if not document.findings:
        document.read_moves()
        written = document.written()
    if not top.children and not document.findings:
        document.problem("no_states", "states")
    if document.findings:
        raise DefinitionError.of(document.findings)
    states, initial = written["states"], written.get("initial")
    if written.get("parallel"):
        # A machine of regions is here a parallel state, as a machine has one state at its top.
        name = _free(str(root.get("id") or "machine"), {node.name for node in document.nodes})
        states, initial = {name: {"parallel": True, "states": states}}, name
    parts = Parts(
        initial=freeze(initial),
        states=FrozenMap({name: freeze(spec) for name, spec in states.items()}),
        transitions=tuple(freeze(move) for move in document.moves),
        fields=FrozenMap({name: freeze(spec) for name, spec in document.words.fields.items()}),
    )
    moves = document.hooks.onto(parts)
    dropped = tuple(dict.fromkeys((*document.words.dropped, *document.hooks.dropped)))
    return attrs.evolve(
        parts,
        transitions=moves,
        calls=tuple(document.words.calls),
        dropped=dropped,
        differs=tuple(differences(parts, document)),
    )


def _wildness(entry: tuple[str, Any]) -> tuple[bool, bool, int]:
    """Whole names are asked first, then wildcards, the longer ones before the shorter."""
    name = entry[0]
    return name == "*", name.endswith(".*"), -len(name) if name.endswith(".*") else 0


def _free(name: str, taken: set[str]) -> str:
    while name in taken or name == "*":
        name += "_"
    return name
