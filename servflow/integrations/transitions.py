"""Knows how a machine of the `transitions` package reads as a servflow definition; must not run that machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from attrs import define, field

from servflow.engine import BUILT_IN
from servflow.errors import InputError
from servflow.integrations._parts import Parts
from servflow.integrations._transitions_calls import Calls, called
from servflow.integrations._transitions_model import Model, as_model
from servflow.integrations._transitions_moves import Row, Writer, rests, rows_of, timers
from servflow.integrations._transitions_tree import Path, Tree
from servflow.model import FrozenMap, freeze

__all__ = ["Model", "Parts", "as_model", "from_transitions"]

_OF_THE_MACHINE = ("prepare_event", "before_state_change", "after_state_change", "finalize_event", "on_final")
_OF_A_STATE = ("on_enter", "on_exit", "on_final", "on_timeout")
_OF_A_MOVE = ("prepare", "before", "after")
_OWN_WORDS = ("assigned", "exhausted", "done", "checked", "approved", "rejected", "children")


def from_transitions(
    machine: Any,
    conditions: Mapping[Any, str] | None = None,
    *,
    calls: Mapping[Any, str | None] | None = None,
    supplied: str = "fields",
) -> Parts:
    """
    Read a machine of the `transitions` package: flat or hierarchical, and the locked, asynchronous and drawing kinds.

    Nested states keep the names they have there (``A_1``). A state with children in which the machine can rest without
    being in any of them becomes a group called like it with ``*`` at the end, holding a leaf that has its name. A
    transition whose way depends on where inside its source the machine is, is written from each of these places.

    Callbacks become ``call`` effects of the transitions that would run them, in the same order; one that is a trigger of
    the machine becomes an event raised by the ticket (``emit``). A timeout becomes a timer. What cannot be carried
    over is told in ``dropped``, what will go otherwise in ``differs``. The automatic ``to_<state>`` are left out unless a
    callback uses them; ``ticket.force`` is there for that.

    Args:
        machine: the machine; it is read and not changed.
        conditions: what a condition means: its name, or the function itself, to an expression.
        calls: how code is called that has no name of its own, or another name for what has; None leaves it out.
        supplied: how the host supplies a condition that is only a name: ``fields`` makes it a bool field of the ticket,
            ``payload`` a bool that comes with the event (missing: false).

    Raises:
        InputError: it is no machine, a condition is code that *conditions* does not explain, two functions would be the
            same call, a state is named that is not there, a trigger cannot be the name of an event, or several states
            are active at once that are no regions of one state.
    """
    if not all(hasattr(machine, name) for name in ("states", "events", "initial", "state_cls")):
        raise InputError(f"a machine of `transitions` is expected, not a {type(machine).__name__}", code="integrations.machine")
    if supplied not in ("fields", "payload"):
        raise InputError(f"supplied is 'fields' or 'payload', not {supplied!r}", code="integrations.supplied")
    return _Reading(machine, conditions or {}, dict(calls or {}), supplied).parts()


@define(eq=False)
class _Reading:
    """One machine being read: the names its conditions need, gathered on the way."""

    machine: Any
    known: Mapping[Any, str]
    given: Mapping[Any, str | None]
    supplied: str
    names: dict[str, None] = field(factory=dict)
    tree: Tree = field(init=False)
    writer: Writer = field(init=False)

    def parts(self) -> Parts:
        tree = self.tree = Tree.of(self.machine)
        initial = tree.initial(self.machine.initial)
        mentioned = {func for func in self.mentioned() if isinstance(func, str)}
        rows = list(rows_of(self.machine, tree, [name for name in mentioned if self.given.get(name, name) is not None]))
        events: dict[str, list[Row]] = {}
        for row in rows:
            events.setdefault(row.event, []).append(row)
        for name in events:
            if not name or any(part in name for part in "* \t\n") or "" in name.split("."):
                raise InputError(
                    f"the trigger {name!r} cannot be the name of an event; use words without blanks, stars and lonely dots",
                    code="integrations.event",
                    event=name,
                )
        tree.mark_bare(rests(rows, tree, initial))
        self.writer = Writer(self.machine, tree, Calls(self.given, frozenset(events)))
        moves = [move for name, found in events.items() for move in self.moves(name, found)]
        states, waits = self.states(rows, set(events))
        dropped = [*self.writer.calls.dropped, *self.dropped(rows)]
        return Parts(
            initial=self.start(initial),
            states=FrozenMap({name: freeze(spec) for name, spec in states.items()}),
            transitions=tuple(freeze(move) for move in (*moves, *waits)),
            fields=FrozenMap(
                {name: freeze({"type": "bool", "default": False}) for name in self.names if self.supplied == "fields"}
            ),
            calls=tuple(self.writer.calls.names),
            dropped=tuple(dropped),
            differs=(*self.writer.differs, *self.differs(events), *self.timed(initial)),
        )

    def mentioned(self) -> Iterable[Any]:
        """Every callback."""
        for name in _OF_THE_MACHINE:
            yield from getattr(self.machine, name, None) or ()
        for node in self.tree.nodes.values():
            for name in _OF_A_STATE:
                yield from getattr(node.state, name, None) or ()
        for row in rows_of(self.machine, self.tree, ()):
            for name in _OF_A_MOVE:
                yield from getattr(row.transition, name, None) or ()

    def start(self, initial: list[Path]) -> Any:
        tree = self.tree
        around = {path[:length] for path in initial for length in range(1, len(path))}
        for path in around:
            regions = {other[: len(path) + 1] for other in initial if other[: len(path)] == path}
            if tree.nodes[path].parallel and len(regions) < len(tree.nodes[path].children):
                said = f"initial: the machine starts in only some regions of {tree.name(path)}, a statechart in all"
                self.writer.differs[said] = None
        found = [tree.name(path) for path in initial]
        return found[0] if len(found) == 1 else found

    # transitions ------------------------------------------------------------------------------------------------------

    def moves(self, event: str, rows: list[Row]) -> Iterable[dict[str, Any]]:
        """The transitions of one event."""
        guards = {id(row): self.guards(row) for row in rows}
        asked = list(dict.fromkeys(name for _, names in guards.values() for name in names))
        self.writer.regions(rows)
        for row, sources, target, do in self.writer.event(rows):
            move: dict[str, Any] = {"event": event, "source": sources[0] if len(sources) == 1 else sources}
            if target is not None:
                move["target"] = self.tree.key(target)
                if row.internal and target != row.source and sources == [self.tree.key(row.source)] and self.tree.nested:
                    move["internal"] = True
            parts = guards[id(row)][0]
            if parts:
                move["when"] = " && ".join(parts)
            if asked and self.supplied == "payload":
                move["payload"] = {name: {"type": "bool", "default": False} for name in asked}
            if do:
                move["do"] = do
            yield move

    def guards(self, row: Row) -> tuple[list[str], list[str]]:
        """The conditions of a transition as expressions, and the names in them that the host supplies."""
        names: list[str] = []
        return [self.guard(row.event, condition, names) for condition in row.transition.conditions], names

    def guard(self, event: str, condition: Any, names: list[str]) -> str:
        """One condition as an expression; `unless` ones are those whose target is False."""
        func = condition.func
        text = self.known.get(func)
        if text is not None:
            return f"({text})" if condition.target else f"!({text})"
        if not isinstance(func, str):
            raise InputError(
                f"the condition {called(func)} of event {event!r} is code, which a definition cannot hold; "
                "pass conditions={function: 'an expression over fields'}",
                code="integrations.condition",
                event=event,
                condition=called(func),
            )
        if not func.isidentifier():
            raise InputError(
                f"the condition {func!r} of event {event!r} cannot be the name of a field; "
                f"pass conditions={{{func!r}: 'an expression over fields'}}",
                code="integrations.condition",
                event=event,
                condition=func,
            )
        self.names[func] = None
        names.append(func)
        read = f"payload.{func}" if self.supplied == "payload" else func
        return read if condition.target else f"!{read}"

    # states -----------------------------------------------------------------------------------------------------------

    def states(self, rows: list[Row], events: set[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The states as they lie in one another, and the transitions that their timeouts need."""
        tree = self.tree
        specs: dict[Path, dict[str, Any]] = {}
        moves: list[dict[str, Any]] = []
        sources = {row.source for row in rows}
        for path, node in tree.nodes.items():
            spec = specs[path] = {}
            parallel = tree.above_parallel(path) is not None
            leaf: dict[str, Any] = {"closed": True} if node.final and not parallel else {}
            if node.bare:
                spec["initial"] = tree.name(path)
                spec["states"] = {tree.name(path): leaf}
            elif node.children:
                spec["states"] = {}
                if node.parallel:
                    spec["parallel"] = True
                elif node.starts and node.starts[0] != node.children[0]:
                    spec["initial"] = tree.key(node.starts[0])
            else:
                spec.update(leaf)
                if node.final and parallel and not tree.nodes[path[:-1]].parallel and path not in sources:
                    spec["final"] = True
            found, move = timers(self.writer, path, events)
            if found:
                spec["timers"] = found
            if move is not None:
                moves.append(move)
            if len(path) > 1:
                specs[path[:-1]]["states"][tree.key(path)] = spec
        return {tree.key(path): specs[path] for path in specs if len(path) == 1}, moves

    # what is left out, what differs -----------------------------------------------------------------------------------

    def dropped(self, rows: list[Row]) -> Iterable[str]:
        """What the machine does that no definition holds."""
        left = {row.source for row in rows}
        if getattr(self.machine, "on_exception", None):
            yield "on_exception of the machine: a refused event raises, and nothing else runs in a move"
        for path, node in self.tree.nodes.items():
            name, state = self.tree.name(path), node.state
            if self.stops(state) and left.isdisjoint(path[:length] for length in range(1, len(path) + 1)):
                yield f"the error raised on entry of state {name}, which nothing leads out of"
            if getattr(state, "retries", 0):
                yield f"retries of state {name}: count them in a field and guard with it"
            if hasattr(state, "volatile_cls"):
                yield f"the volatile object of state {name}"
            if getattr(state, "tags", None):
                yield f"tags of state {name}: {', '.join(map(str, state.tags))}"

    def stops(self, state: Any) -> bool:
        """Whether the machine raises an error on entry of the state if nothing leads out of it."""
        checked = any(kind.__name__ == "Error" for kind in type(state).__mro__)
        return checked and not self.machine.auto_transitions and not state.is_accepted

    def timed(self, initial: list[Path]) -> Iterable[str]:
        """Timeouts of the states that the machine starts in without entering them."""
        for path in dict.fromkeys(path for start in initial for path in self.tree.entered(start, ())):
            if getattr(self.tree.nodes[path].state, "timeout", 0):
                name = self.tree.name(path)
                yield f"timeout of state {name}: it runs from the start, not only once the state is entered again"

    def differs(self, events: Mapping[str, list[Row]]) -> Iterable[str]:
        """What goes otherwise for the machine as a whole."""
        machine, tree = self.machine, self.tree
        states = [node.state for node in tree.nodes.values()]
        if machine.ignore_invalid_triggers or any(getattr(state, "ignore_invalid_triggers", None) for state in states):
            yield "an event that is not allowed is refused, also where the machine ignored it"
        moves = [row.transition for found in events.values() for row in found]
        if any(chain(machine.prepare_event, machine.finalize_event, *(move.prepare for move in moves))):
            yield "prepare_event, prepare and finalize_event become effects of a transition that is taken, and of no other"
        if self.writer.calls.raised:
            said = ", ".join(self.writer.calls.raised)
            yield f"{said}: raised by a callback, it follows when the move is done, and nothing happens where it is not allowed"
        for name in events:
            if name in BUILT_IN:
                yield f"event {name}: it does something to every ticket by itself; give it another name"
            if name.split(".", maxsplit=1)[0] in _OWN_WORDS:
                yield f"event {name}: tickets raise events that begin with this word themselves; give it another"
            shorter = [other for other in events if name.startswith(f"{other}.")]
            if shorter:
                yield f"event {name}: it is also taken by transitions of {', '.join(shorter)}, whose words it begins with"
        for path, node in tree.nodes.items():
            if node.parallel and any(tree.nodes[inner].final for inner in tree.inside(path)):
                name = tree.name(path)
                yield f"state {name}: it is not closed once all regions are final; add a transition for done.state.{name}"
