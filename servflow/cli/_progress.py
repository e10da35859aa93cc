"""Knows how long work shows how far it is; must not know the work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from servflow.cli._output import Say
from servflow.cli._source_lines import visible

T = TypeVar("T")

Watch = Callable[[int, int | None], None]
"""Told how much is done, and of how much where that is known by then."""


@contextmanager
def progress(say: Say, what: str, *, total: int | None = None, bytes_read: bool = False) -> Iterator[Watch]:
    """
    A bar on standard error while something takes long; gone when it is over, so that what is reported stays clean.

    There is one only where standard error is a terminal and text was asked for: no pipe, file or program gets any of it.

    Args:
        what: the key of what is said beside it.
        total: how much there is to do; None where nobody knows, and nothing but the time where nothing is counted.
        bytes_read: what is counted are bytes.
    """
    count: ProgressColumn = DownloadColumn() if bytes_read else MofNCompleteColumn()
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        count,
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=say.json or not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task(visible(say.words(what)), total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def counted(say: Say, what: str, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
    """The same items one by one, with a bar that counts them, as ``progress`` shows it."""
    with progress(say, what, total=total) as watch:
        for done, item in enumerate(items):
            watch(done, total)
            yield item


__all__ = ["Watch", "counted", "progress"]
