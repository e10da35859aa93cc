"""Knows what pytest is given where servflow is installed; must not know how anything is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from servflow.testing._story_ends import STORY_ENDS

if TYPE_CHECKING:
    from servflow.testing import VirtualDesk, VirtualTime

# Loaded in every test run where servflow is installed: everything else is imported when it is asked for.


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what ``pytest --help`` tells under servflow."""
    group = parser.getgroup("servflow", "workflows of servflow")
    group.addoption(
        "--servflow-coverage",
        nargs="?",
        const="",
        default=None,
        metavar="WHAT",
        help="say what of the workflows that ran was never exercised; =NAME: of that workflow only, "
        "=FILE.yaml: of the definition in that file, with its lines, =FILE.json: write it all there",
    )
    group.addoption(
        "--servflow-coverage-fail-under",
        type=float,
        default=None,
        metavar="PERCENT",
        help="fail where less of a workflow is exercised",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count from here on, where that was asked for."""
    what, least = config.getoption("--servflow-coverage"), config.getoption("--servflow-coverage-fail-under")
    if what is not None or least is not None:
        from servflow.testing._plugin_coverage import Counting

        config.pluginmanager.register(Counting(config, what or "", least), "servflow_coverage")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take files of stories for tests, each story for one."""
    if not file_path.name.endswith(STORY_ENDS):
        return None
    from servflow.testing._plugin_stories import StoryFile

    made: pytest.Collector = StoryFile.from_parent(parent, path=file_path)
    return made


@pytest.fixture
def servflow_clock() -> VirtualTime:
    """A source of time that stands still until the test moves it: call it, ``.advance("2h")``, ``.at(instant)``."""
    from servflow.testing import VirtualTime

    return VirtualTime()


@pytest.fixture
def servflow_desk(servflow_clock: VirtualTime) -> Iterator[Callable[..., VirtualDesk]]:
    """
    Makes desks for workflows, which live by ``servflow_clock``, keep what they ask the host for in ``.sent``, and are closed.

    ``servflow_desk(workflow, world=..., handlers=..., store="sqlite")``: the store is in memory; ``"sqlite"`` is an SQLite
    database in memory, which is nearer to what a host keeps.
    """
    from servflow.testing import VirtualDesk

    made: list[VirtualDesk] = []

    def desk(*workflows: Any, store: Any = None, **options: Any) -> VirtualDesk:
        if store == "sqlite":
            from servflow.stores import SqliteStore

            store = SqliteStore(":memory:")
        made.append(VirtualDesk(workflows, time=servflow_clock, store=store, **options))
        return made[-1]

    yield desk
    for one in made:
        one.close()
