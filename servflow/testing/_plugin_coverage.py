"""Knows how a test run counts what its tests exercise of workflows, over processes; must not know how one step is counted."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import ServflowError
from servflow.testing._coverage import Coverage
from servflow.testing._coverage_tally import Tally
from servflow.testing._coverage_watch import watched

VERBS = ("open", "fire", "advance")

MOST_WORKFLOWS = 1_000
"""How many definitions are counted: tests that draw workflows at random make thousands, of which nobody reads a report."""

MOST_SHOWN = 5
"""Of how many workflows it is told what was missed, where none was named."""

_REMEMBERED = 256
_OUTPUT = "servflow_coverage"


class Counting:
    """
    Counts what every workflow does while tests run, in this process and in those of pytest-xdist.

    Args:
        what: the name of the workflow that is reported alone, a file of its definition, or the JSON file to write; empty: all.
        least: the percentage below which the run fails.
    """

    def __init__(self, config: pytest.Config, what: str, least: float | None) -> None:
        self.config = config
        self.least = least
        self.into = Path(what) if what.endswith(".json") else None
        self.only = ""
        self.found: dict[str, Tally] = {}
        self.left_out = 0
        self._twins: dict[int, tuple[Workflow, Workflow]] = {}
        self._kept: dict[str, Any] = {}
        if what.endswith((".yaml", ".yml")):
            self._of_file(what)
        elif self.into is None:
            self.only = what
        self._watch()

    def _of_file(self, file: str) -> None:
        from servflow.documents import load
        from servflow.testing._story_run import lines_of

        try:
            workflow = load(file)
        except ServflowError as error:
            raise pytest.UsageError(f"--servflow-coverage={file}: {error.message}") from None
        self.only = workflow.workflow
        self.found[workflow.hash] = Coverage(workflow, locate=lines_of(Path(file)))

    # counting ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Have the verbs of every workflow run on a twin that counts."""
        for name in VERBS:
            self._kept[name] = Workflow.__dict__[name]
            setattr(Workflow, name, self._counted(name, self._kept[name]))

    def pytest_unconfigure(self) -> None:
        """Give workflows their own verbs back."""
        for name, verb in self._kept.items():
            setattr(Workflow, name, verb)
        self._kept.clear()

    def _counted(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        def counted(workflow: Workflow, *args: Any, **options: Any) -> Any:
            twin = self._twin(workflow) if type(workflow) is Workflow else None
            return verb(workflow, *args, **options) if twin is None else getattr(twin, name)(*args, **options)

        return counted

    def _twin(self, workflow: Workflow) -> Workflow | None:
        known = self._twins.get(id(workflow))
        if known is not None and known[0] is workflow:
            return known[1]
        if workflow.hash not in self.found and len(self.found) >= MOST_WORKFLOWS:
            self.left_out += 1
            return None
        # Of one definition there may be many objects, each with calendars and functions of its own.
        twin = watched(workflow, self.coverage_of(workflow).told)
        if len(self._twins) >= _REMEMBERED:
            self._twins.clear()
        self._twins[id(workflow)] = (workflow, twin)
        return twin

    def coverage_of(self, workflow: Workflow) -> Coverage:
        """What counts for a workflow in this run."""
        found = self.found.get(workflow.hash)
        if not isinstance(found, Coverage):
            made = Coverage(workflow)
            if found is not None:
                made.add(found)
            self.found[workflow.hash] = found = made
        return found

    # other processes --------------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker hand over what was counted; elsewhere judge it."""
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = json.dumps([tally.written() for tally in self.found.values()])
        elif session.exitstatus == pytest.ExitCode.OK and (self._low() or (self.least is not None and self._missing())):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker counted."""
        for data in json.loads(getattr(node, "workeroutput", {}).get(_OUTPUT, "[]")):
            tally = Tally.read(data)
            if tally.hash in self.found:
                self.found[tally.hash].add(tally)
            else:
                self.found[tally.hash] = tally

    # the report -------------------------------------------------------------------------------------------------

    def _asked(self) -> list[Tally]:
        found = [tally for tally in self.found.values() if tally.name == self.only or (not self.only and tally.steps)]
        return sorted(found, key=lambda tally: (tally.name, tally.version, tally.hash))

    def _low(self) -> list[Tally]:
        return [tally for tally in self._asked() if self.least is not None and tally.percent < self.least]

    def _missing(self) -> bool:
        return bool(self.only) and not self._asked()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was exercised, and what never was."""
        asked = self._asked()
        write = terminalreporter.write_line
        terminalreporter.section("servflow coverage")
        if self._missing():
            names = ", ".join(sorted({tally.name for tally in self.found.values()})) or "none"
            write(f"workflow {self.only!r} never ran; those that did: {names}")
        for tally in asked:
            told = tally.text().splitlines()
            for line in told if self.only or len(asked) <= MOST_SHOWN else told[:1]:
                write(line)
        if not self.only and len(asked) > MOST_SHOWN:
            write("name one to see what was never exercised: --servflow-coverage=NAME")
        if self.left_out:
            write(f"more than {MOST_WORKFLOWS} definitions ran; the others were not counted")
        for tally in self._low():
            write(f"FAIL: {tally.percent:.1f} % of {tally.name} is exercised, less than {self.least:g} %", red=True)
        if self.into is not None:
            self.into.write_text(json.dumps([tally.as_data() for tally in asked], ensure_ascii=False, indent=2), "utf-8")
            write(f"written to {self.into}")
