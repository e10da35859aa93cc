"""Knows the process in which the `durable_rules` engine runs and what it holds; must not know what a firing is for."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import define, field

from servflow.correlation import Correlator, Fact
from servflow.correlation._search import MATCH
from servflow.errors import InputError, LimitError
from servflow.model import encode_value, micros

CONTEXTS = 1_000
"""How many keys of one rule the engine is given at once: it fails at 1,024 contexts."""

_WORKER = Path(__file__).with_name("_durable_worker.py")
_NOT_INSTALLED = 3


@define
class Held:
    """What one context of the engine holds: which facts, under which numbers, and the next number."""

    context: str
    numbers: dict[Any, int] = field(factory=dict)
    next: int = 0
    dirty: bool = False


class Process:
    """The engine in a process of its own; one that ended is started again, and given what it needs anew."""

    def __init__(self, rules: Mapping[str, Mapping[str, Any]], timeout: float | None) -> None:
        self._rules = rules
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        self._errors: Any = None
        self._killed = False
        self.held: dict[str, OrderedDict[str, Held]] = {name: OrderedDict() for name in rules}

    def ask(self, request: Mapping[str, Any]) -> list[int]:
        """
        The numbers of the messages that one request matched.

        Raises:
            InputError: the engine is not installed.
            LimitError: it found no end in time, failed, or raised.
        """
        if self._process is None:
            self._start()
        answer = self._exchange(request)
        if "error" in answer:
            raise LimitError(
                f"durable_rules raised {answer['error']}; what it held of this key is loaded anew next time",
                code="integrations.failed",
                raised=answer["error"],
            )
        found: list[int] = answer["found"]
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            _end(self._process, self._errors)
        self._process = None
        for contexts in self.held.values():
            contexts.clear()

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        weakref.finalize(self, _end, self._process, self._errors)
        self._exchange(self._rules)

    def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None  # noqa: PT018,RUF100 - the caller started it
        assert process.stdin is not None
        assert process.stdout is not None
        self._killed = False
        watch = None if self._timeout is None else threading.Timer(self._timeout, self._kill, (process,))
        if watch is not None:
            watch.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:  # it is gone
            line = ""
        finally:
            if watch is not None:
                watch.cancel()
        if not line:
            raise self._gone(process)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _kill(self, process: subprocess.Popen[str]) -> None:
        self._killed = True
        process.kill()

    def _gone(self, process: subprocess.Popen[str]) -> InputError | LimitError:
        status = process.wait()
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        self.close()
        if status == _NOT_INSTALLED:
            return InputError(
                "durable_rules is not installed; pip install 'servflow[durable]' (it is compiled, so a C compiler is needed;"
                " on Python 3.13 with CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject)",
                code="integrations.missing",
                package="durable_rules",
            )
        if self._killed:
            return LimitError(
                f"durable_rules found no end within {self._timeout:g} s; give it fewer records at once or a longer timeout",
                code="integrations.timeout",
                timeout=self._timeout,
            )
        return LimitError(
            f"durable_rules failed with status {status}: {said[-1] if said else 'it said nothing'}",
            code="integrations.failed",
            status=status,
        )


def _end(process: subprocess.Popen[str], errors: Any) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, errors):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # what was on its way to a process that is gone
                continue


class Searcher:
    """Has the engine look for what one correlator looks for; loads into it what it does not hold."""

    def __init__(self, process: Process, correlator: Correlator, joined: int) -> None:
        self._process = process
        self._joined = joined
        self._rule = correlator.name
        self._find = correlator.find
        self._looked_for = correlator.rule
        self._most = 4 * correlator.rule.keep

    def __call__(self, key: str, live: tuple[Fact, ...], fact: Fact) -> tuple[Fact, ...] | None:
        """Which facts of a key are behind a firing, once one more has come; None: there is none."""
        if len(live) < self._joined:
            return None  # they are loaded once there are enough of them
        try:
            return self._found(key, live, fact)
        except LimitError as error:
            # Now and then the engine breaks its own memory and a signal nobody sent ends it. The next one holds nothing
            # yet and is given all of it; one that dies of this again is told of.
            if error.facts.get("status", 0) >= 0:
                raise
            return self._found(key, live, fact)

    def _found(self, key: str, live: tuple[Fact, ...], fact: Fact) -> tuple[Fact, ...] | None:
        held, empty = self._context(key)
        if not empty and self._fits(held, live, fact):
            wanted: tuple[Fact, ...] = (fact,)
        else:
            empty = empty or held.next > 0
            held.numbers, held.next, held.dirty = {}, 0, False
            wanted = live
        messages = []
        for one in wanted:
            held.numbers[one.position] = held.next
            messages.append(self._message(one, held.next))
            held.next += 1
        held.dirty = True  # until it answered
        found = self._process.ask({"rule": self._rule, "context": held.context, "empty": empty, "messages": messages})
        held.dirty = bool(found)
        if not found:
            return None
        # That there is a match is the engine's answer; which of several facts are behind it is a rule of this library.
        return MATCH[self._find](self._looked_for, live, fact)

    def _context(self, key: str) -> tuple[Held, bool]:
        """The context of a key, and whether it is to be emptied first since it was another key's."""
        contexts = self._process.held[self._rule]
        held = contexts.get(key)
        if held is not None:
            contexts.move_to_end(key)
            return held, held.dirty
        if len(contexts) < CONTEXTS:
            held = contexts[key] = Held(str(len(contexts)))
            return held, False
        _, oldest = contexts.popitem(last=False)
        held = contexts[key] = Held(oldest.context)
        return held, True

    def _fits(self, held: Held, live: tuple[Fact, ...], fact: Fact) -> bool:
        """Whether the engine holds all but the new one, which is the last; what it holds besides is too old to matter."""
        if live[-1] is not fact or held.next > self._most:
            return False
        return all(one.position in held.numbers for one in live[:-1])

    def _message(self, fact: Fact, number: int) -> dict[str, Any]:
        message: dict[str, Any] = {"number": number, "at": micros(fact.at)}
        if self._find == "distinct":
            message["value"] = _told(fact.value)
        for step in fact.steps:
            message[f"s{step}"] = 1
        return message


def _told(value: Any) -> str:
    """A value as a text that differs where the values do."""
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        value = int(value)
    return json.dumps(encode_value(value), sort_keys=True)
