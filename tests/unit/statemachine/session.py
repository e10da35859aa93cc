"""Knows how a session of SCXML runs on the microsteps of a machine, with events and numbers; must not know cases."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from servflow.expressions import Expression
from servflow.statemachine import Machine, Move

Actions = Sequence[Mapping[str, Any]]
ROUNDS = 3_000


@cache
def _read(text: str) -> Expression:
    return Expression.parse(text)


class Session:
    """
    A machine with two queues and some numbers, as the interpreter of appendix D has them.

    Entering, leaving and taking a transition may ``emit`` an internal event, ``send`` an external one (later with
    ``after``, in order of time), ``set`` names to expressions, and choose with ``if``.
    """

    def __init__(self, case: Mapping[str, Any]) -> None:
        definition = case["definition"]
        self.machine = Machine(**definition)
        self.nodes = self.machine.states
        self.rows = definition["transitions"]
        self.acts: dict[str, Mapping[str, Actions]] = {when: case.get(when, {}) for when in ("enter", "leave", "during")}
        self.data: dict[str, Any] = {"event_name": ""}
        self.active: set[str] = set()
        self.inside: deque[str] = deque()
        self.outside: deque[str] = deque()
        self.later: list[tuple[int, int, str]] = []
        self.running = True
        for name, text in case.get("data", {}).items():
            self.data[name] = _read(text).evaluate(self.data)
        self._enter(self.machine.initial_move())
        self._settle()

    def fire(self, event: str) -> None:
        """Take an event from outside, if the session has not ended."""
        if self.running:
            self.outside.append(event)
            self._settle()

    def _bindings(self) -> dict[str, Any]:
        return {**self.data, "in state": self.active}

    def _holds(self, row: int) -> bool:
        when = self.rows[row].get("when")
        return when is None or _read(when).test(self._bindings())

    def _act(self, actions: Actions) -> None:
        for action in actions:
            if "emit" in action:
                self.inside.append(action["emit"])
            elif "send" in action and "after" in action:
                self.later.append((action["after"], len(self.later), action["send"]))
            elif "send" in action:
                self.outside.append(action["send"])
            elif "set" in action:
                for name, text in action["set"].items():
                    self.data[name] = _read(text).evaluate(self._bindings())
            else:
                self._act(next((then for when, then in action["if"] if _read(when).test(self._bindings())), ()))

    def _enter(self, move: Move) -> None:
        self.configuration, self.history = move.configuration, move.history
        done = deque(move.done)
        for state in move.entered:
            self.active.add(state)
            self._act(self.acts["enter"].get(state, ()))
            if self.nodes[state].kind == "final":
                self.running = self.running and self.nodes[state].parent is not None
                around = self.machine.ancestors(state)
                while done and done[0].removeprefix("done.state.") in around:
                    self.inside.append(done.popleft())
        assert not done

    def _take(self, chosen: tuple[int, ...]) -> None:
        move = self.machine.apply(self.configuration, self.history, chosen)
        for state in move.exited:
            self._act(self.acts["leave"].get(state, ()))
            self.active.discard(state)
        for row in move.order:
            self._act(self.acts["during"].get(str(row), ()))
        self._enter(move)

    def _next(self) -> str | None:
        for queue in (self.inside, self.outside):
            if queue:
                return queue.popleft()
        if self.later:
            self.later.sort()
            return self.later.pop(0)[2]
        return None

    def _settle(self) -> None:
        for _ in range(ROUNDS):
            if not self.running:
                return
            chosen = self.machine.select(self.configuration, None, self._holds, history=self.history)
            if not chosen:
                event = self._next()
                if event is None:
                    return
                self.data["event_name"] = event
                chosen = self.machine.select(self.configuration, event, self._holds, history=self.history)
            if chosen:
                self._take(chosen)
        raise AssertionError("the session does not come to rest")
