"""Knows how states and transitions are written as plain data and what is wrong with them; must not know how they run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import DefinitionError, ExpressionError, Finding, nearest, shown
from servflow.statemachine._chart import HISTORIES, LEAVES, ROOT, Arm, Chart, Kind, Row, innermost, last_nodes

# Far above any real workflow; they keep a hostile definition from using up memory before it is refused.
STATES_LIMIT = 10_000
DEPTH_LIMIT = 50
ARMS_LIMIT = 50_000
LIST_LIMIT = 10_000
TEXT_LIMIT = 200
EVENTS_LIMIT = 2_000
SUGGESTIONS_LIMIT = 20

ANY = "*"
_STATE_KEYS = ("states", "initial", "parallel", "history", "default", "final")
_ROW_KEYS = ("event", "source", "target", "internal", "when")


@define
class Reader:
    """
    Reads a definition into a chart and collects every problem on the way.

    Nodes get their numbers in document order while the nested mappings are walked with a stack of our own.
    """

    findings: list[Finding] = field(factory=list)
    ids: list[str] = field(factory=lambda: [""])
    parent: list[int] = field(factory=lambda: [-1])
    kind: list[Kind] = field(factory=lambda: [Kind.COMPOUND])
    specs: list[Mapping[Any, Any]] = field(factory=lambda: [{}])
    paths: list[str] = field(factory=lambda: [""])
    number: dict[str, int] = field(factory=dict)
    children: list[list[int]] = field(factory=lambda: [[]])
    histories: list[list[int]] = field(factory=lambda: [[]])
    entry: list[tuple[int, ...]] = field(factory=list)
    rows: list[Row] = field(factory=list)
    last: tuple[int, ...] = ()

    def problem(self, code: str, path: str, **facts: Any) -> None:
        self.findings.append(Finding(code=f"machine.{code}", path=path, facts=facts))

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        # Comparing a word with thousands of names is slow, so a broken definition gets only so many suggestions.
        return nearest(word, known) if len(self.findings) < SUGGESTIONS_LIMIT else None

    # states -----------------------------------------------------------------------------------------------------

    def read_states(self, states: Any, initial: Any) -> None:
        """Number every state, then resolve the names that entries use."""
        if not isinstance(states, Mapping) or not states:
            self.problem("no_states", "states")
            return
        waiting = [(ROOT, name, spec, "states", 1) for name, spec in reversed(list(states.items()))]
        while waiting:
            above, name, spec, path, depth = waiting.pop()
            if len(self.ids) > STATES_LIMIT:
                self.problem("too_many_states", "states", limit=STATES_LIMIT)
                return
            node = self._number(above, name, spec, path)
            if node is None:
                continue
            inner = self.specs[node].get("states")
            here = f"{self.paths[node]}.states"
            if isinstance(inner, Mapping) and inner:
                if depth >= DEPTH_LIMIT:
                    self.problem("too_deep", here, limit=DEPTH_LIMIT)
                    continue
                waiting.extend((node, below, child, here, depth + 1) for below, child in reversed(list(inner.items())))
            elif inner is not None and not isinstance(inner, Mapping):
                self.problem("shape", here, expected="a mapping of state ids", got=type(inner).__name__)
        self.last = last_nodes(tuple(self.parent))
        self.specs[ROOT] = {} if initial is None else {"initial": initial}
        self.entry = [()] * len(self.ids)
        for node in range(len(self.ids)):
            self._check_kind(node)
            self._resolve_entry(node)
        self._fall_back()

    def _number(self, above: int, name: Any, spec: Any, path: str) -> int | None:
        shown = f"{path}.{name if isinstance(name, str) else repr(name)[:TEXT_LIMIT]}"
        if not isinstance(name, str) or not name.strip() or name == ANY or len(name) > TEXT_LIMIT:
            self.problem("bad_id", path, id=repr(name)[:TEXT_LIMIT])
            return None
        if name in self.number:
            self.problem("duplicate_state", shown, state=name, first=self.paths[self.number[name]])
            return None
        spec = {} if spec is None else spec
        if not isinstance(spec, Mapping):
            self.problem("shape", shown, expected="a mapping", got=type(spec).__name__)
            spec = {}
        self._known_keys(spec, _STATE_KEYS, shown)
        node = len(self.ids)
        self.number[name] = node
        self.ids.append(name)
        self.parent.append(above)
        self.specs.append(spec)
        self.paths.append(shown)
        self.children.append([])
        self.histories.append([])
        kind = self._kind(spec, shown)
        self.kind.append(kind)
        (self.histories if kind in HISTORIES else self.children)[above].append(node)
        return node

    def _known_keys(self, spec: Mapping[Any, Any], known: tuple[str, ...], path: str) -> None:
        for key in spec:
            if key not in known:
                name = key[:TEXT_LIMIT] if isinstance(key, str) else shown(key)
                self.problem("unknown_key", path, key=name, known=known, nearest=self.nearest(name, known))

    def _kind(self, spec: Mapping[Any, Any], path: str) -> Kind:
        for key in ("parallel", "final"):
            if not isinstance(spec.get(key, False), bool):
                self.problem("shape", f"{path}.{key}", expected="true or false", got=type(spec[key]).__name__)
        history = spec.get("history")
        inner = spec.get("states")
        said = [key for key in ("parallel", "final", "history") if spec.get(key)]
        if len(said) > 1:
            self.problem("mixed_kind", path, kinds=said)
        if history is not None:
            if history not in ("shallow", "deep"):
                self.problem(
                    "history_kind", f"{path}.history", got=history[:TEXT_LIMIT] if isinstance(history, str) else shown(history)
                )
            if inner:
                self.problem("states_inside", path, kind="history")
            return Kind.DEEP if history == "deep" else Kind.SHALLOW
        if spec.get("final") is True:
            if inner:
                self.problem("states_inside", path, kind="final")
            return Kind.FINAL
        if spec.get("parallel") is True:
            return Kind.PARALLEL
        return Kind.COMPOUND if isinstance(inner, Mapping) and inner else Kind.ATOMIC

    def _check_kind(self, node: int) -> None:
        path, kind, above = self.paths[node], self.kind[node], self.parent[node]
        if kind in (Kind.COMPOUND, Kind.PARALLEL) and not self.children[node]:
            self.problem("no_child", path or "states", state=self.ids[node] or "machine")
        if kind is Kind.FINAL and self.kind[above] is Kind.PARALLEL:
            self.problem("final_region", path, state=self.ids[node], parallel=self.ids[above])
        if kind in HISTORIES and above == ROOT:
            self.problem("history_at_top", path, state=self.ids[node])
        if kind not in HISTORIES and "default" in self.specs[node]:
            self.problem("default_without_history", f"{path}.default", state=self.ids[node])
        if kind in (*LEAVES, *HISTORIES) and self.specs[node].get("initial") is not None:
            self.problem("initial_on_leaf", f"{path}.initial", state=self.ids[node])

    # entries ----------------------------------------------------------------------------------------------------

    def _resolve_entry(self, node: int) -> None:
        kind = self.kind[node]
        key = "default" if kind in HISTORIES else "initial"
        given = self.specs[node].get(key)
        if given is None or kind in LEAVES:
            if kind is Kind.COMPOUND:
                self.entry[node] = tuple(self.children[node][:1])
            return
        path = f"{self.paths[node]}.{key}".lstrip(".")
        top = self.parent[node] if kind in HISTORIES else node
        found = self.states_named(given, path)
        for target in found:
            if not top < target <= self.last[top]:
                self.problem("outside", path, state=self.ids[target], parent=self.ids[top])
                return
            if kind in HISTORIES and self.kind[target] in HISTORIES and self.parent[target] == top:
                self.problem("history_chain", path, state=self.ids[node], default=self.ids[target])
                return
        if found and self.together(found, path):
            self.entry[node] = innermost(tuple(self.parent), found)

    def _fall_back(self) -> None:
        # A history that names no default enters its parent as if nothing was asked for.
        for node, kind in enumerate(self.kind):
            if kind in HISTORIES and not self.entry[node]:
                above = self.parent[node]
                if self.specs[node].get("default") is not None or above == ROOT:
                    continue
                entry = self.entry[above] or tuple(self.children[above])
                if any(self.kind[target] in HISTORIES and self.parent[target] == above for target in entry):
                    self.problem("no_default", self.paths[node], state=self.ids[node], parent=self.ids[above])
                self.entry[node] = entry

    def states_named(self, given: Any, path: str, *, any_state: bool = False) -> tuple[int, ...]:
        """The nodes that a name or a list of names stands for, each once; unknown ones become findings."""
        names = given if isinstance(given, (list, tuple)) else [given]
        if not names or len(names) > LIST_LIMIT or not all(isinstance(name, str) for name in names):
            self.problem("shape", path, expected="a state id or a list of state ids", got=_shape(given))
            return ()
        found: dict[int, None] = {}
        for position, name in enumerate(names):
            node = ROOT if any_state and name == ANY else self.number.get(name)
            if node is None:
                where = f"{path}[{position}]" if isinstance(given, (list, tuple)) else path
                self.problem(
                    "unknown_state", where, state=name[:TEXT_LIMIT], nearest=self.nearest(name[:TEXT_LIMIT], self.number)
                )
            else:
                found[node] = None
        return tuple(found)

    def together(self, nodes: tuple[int, ...], path: str) -> bool:
        """Whether all these states can be active at once; a history state claims the whole of its parent."""
        taken: dict[int, set[int]] = {}
        for node in nodes:
            child = node
            while child > ROOT:
                above = self.parent[child]
                inside = taken.setdefault(above, set())
                if child in inside:
                    break
                inside.add(child)
                child = above
        for above, inside in taken.items():
            claimed = any(self.kind[child] in HISTORIES for child in inside)
            if len(inside) > 1 and (claimed or self.kind[above] is not Kind.PARALLEL):
                shown = sorted(inside)[:2]
                parent = self.ids[above] or "machine"
                self.problem("not_together", path, states=[self.ids[node] for node in shown], parent=parent)
                return False
        return True

    # transitions ------------------------------------------------------------------------------------------------

    def read_rows(self, transitions: Any) -> None:
        """Read the transitions; what each listens to, where it starts, where it leads."""
        if not isinstance(transitions, (list, tuple)):
            self.problem("shape", "transitions", expected="a list", got=type(transitions).__name__)
            return
        arms = 0
        for position, spec in enumerate(transitions):
            path = f"transitions[{position}]"
            if not isinstance(spec, Mapping):
                self.problem("shape", path, expected="a mapping", got=type(spec).__name__)
                continue
            row = self._row(spec, path)
            self.rows.append(row)
            arms += len(row.sources) * max(1, len(row.targets))
            if arms > ARMS_LIMIT:
                self.problem("too_many_transitions", path, limit=ARMS_LIMIT)
                return

    def _row(self, spec: Mapping[Any, Any], path: str) -> Row:
        self._known_keys(spec, _ROW_KEYS, path)
        internal = spec.get("internal", False)
        if not isinstance(internal, bool):
            self.problem("shape", f"{path}.internal", expected="true or false", got=type(internal).__name__)
        events = self._events(spec.get("event"), f"{path}.event")
        sources = self._sources(spec.get("source"), f"{path}.source")
        targets: tuple[int, ...] = ()
        if spec.get("target") is not None:
            targets = self.states_named(spec["target"], f"{path}.target")
            if targets:
                self.together(targets, f"{path}.target")
        return Row(events, sources, targets, internal is True, self._guard(spec.get("when"), f"{path}.when"))

    def _sources(self, given: Any, path: str) -> tuple[int, ...]:
        found = self.states_named(given, path, any_state=True)
        for node in found:
            if self.kind[node] in HISTORIES:
                self.problem("history_source", path, state=self.ids[node])
        return found

    def _events(self, given: Any, path: str) -> tuple[str, ...] | None:
        if given is None:
            return None
        if not isinstance(given, str) or len(given) > EVENTS_LIMIT:
            self.problem("shape", path, expected="event names in one text", got=_shape(given))
            return ()
        names = given.split()
        if not names:
            self.problem("no_event", path)
        found: dict[str, None] = {}
        for name in names:
            plain = name if name == ANY else name.removesuffix(".*").removesuffix(".")
            if not plain or (ANY in plain and plain != ANY) or "" in plain.split("."):
                self.problem("bad_event", path, event=name)
            found[plain] = None
        return tuple(found)

    def _guard(self, given: Any, path: str) -> Any:
        if given is None:
            return None
        # Imported here so that a machine without conditions does not load the expression language.
        from servflow.expressions import Expression

        if not isinstance(given, (str, Expression)):
            self.problem("shape", path, expected="a condition as text", got=type(given).__name__)
            return None
        try:
            guard = given if isinstance(given, Expression) else Expression.parse(given)
        except ExpressionError as error:
            self.problem("guard", path, text=str(given)[:TEXT_LIMIT], reason=str(error))
            return None
        for function, name in guard.asks:
            if function != "in_state":
                self.problem("guard", path, text=guard.text[:TEXT_LIMIT], reason=f"a machine has no function {function}")
            elif name not in self.number:
                self.problem(
                    "unknown_state", path, state=name[:TEXT_LIMIT], nearest=self.nearest(name[:TEXT_LIMIT], self.number)
                )
        return guard

    # result -----------------------------------------------------------------------------------------------------

    def chart(self) -> Chart:
        """The finished chart; only for a definition without findings."""
        parent = tuple(self.parent)
        arms: list[Arm] = []
        arms_of: list[list[int]] = [[] for _ in parent]
        for position, row in enumerate(self.rows):
            entry = innermost(parent, row.targets)
            for source in row.sources:
                arms_of[source].append(len(arms))
                arms.append(Arm(position, source, row.targets, entry, row.internal))
        return Chart(
            ids=tuple(self.ids),
            parent=parent,
            kind=tuple(self.kind),
            last=self.last,
            entry=tuple(self.entry),
            rows=tuple(self.rows),
            children=tuple(map(tuple, self.children)),
            histories=tuple(map(tuple, self.histories)),
            arms=tuple(arms),
            arms_of=tuple(map(tuple, arms_of)),
            number=self.number,
        )


def _shape(given: Any) -> str:
    if isinstance(given, (list, tuple)):
        kinds = sorted({type(item).__name__ for item in given[:LIST_LIMIT]})
        return f"a list of {len(given)} ({', '.join(kinds)})" if given else "an empty list"
    if isinstance(given, str):
        return f"a text of {len(given)} characters"
    return "nothing" if given is None else type(given).__name__


def read(initial: Any, states: Any, transitions: Any) -> Chart:
    """
    Read a definition into a chart.

    Raises:
        DefinitionError: with every problem found, in document order.
    """
    reader = Reader()
    reader.read_states(states, initial)
    if reader.last:
        reader.read_rows(transitions)
    if reader.findings:
        raise DefinitionError.of(reader.findings)
    return reader.chart()
