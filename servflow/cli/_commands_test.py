"""Knows the command that lives through stories of workflows; must not know how a story is lived through."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, Say, command
from servflow.documents import load_definition
from servflow.documents._source import read_document
from servflow.errors import InputError
from servflow.statemachine import FORMATS
from servflow.testing import Coverage, StoryReport, load_stories, run_stories
from servflow.testing._story_ends import STORY_ENDS

_Path = click.Path(exists=True, path_type=Path)


@click.command("test", cls=Told)
@click.argument("files", type=_Path, nargs=-1, metavar="[FILE]...")
@click.option(
    "--workflow",
    "workflows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="the file of a workflow or correlator that stories need; repeatable (default: those beside the stories)",
)
@click.option("--coverage", "covered", is_flag=True, help="also say what of the workflows no story exercises")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    help="end with status 1 where less than this percentage of a workflow is exercised",
)
@click.option(
    "--graph",
    type=click.Choice(FORMATS),
    help="print the workflows with what the stories exercised of them instead: html is a page",
)
@click.option("-k", "select", default="", help="only stories with this text in their name")
@command
def test_command(
    say: Say,
    files: tuple[Path, ...],
    *,
    workflows: tuple[Path, ...],
    covered: bool,
    fail_under: float | None,
    graph: str | None,
    select: str,
) -> int | None:
    """Live through stories of workflows: given, when, then.

    FILE is a file of stories, or a directory with files named *.stories.yaml; without one, it is the present directory. The
    status is 1 where a story does not go as told, with the line, what was expected and found, and why.
    """
    given = {}
    for file in workflows:
        made = load_definition(file, lang=say.lang)
        given[made.workflow] = (made, file)
    reports = []
    for file in _found(files or (Path(),)):
        stories = load_stories(file, [flow for flow, _ in given.values()], lang=say.lang)
        # Files given here are known by their lines as well as those that were found beside the stories.
        stories.places.update({name: read_document(file).locate for name, (_, file) in given.items()})
        reports.append((file, run_stories(stories, select=select)))
    total = _merged(report for _, report in reports)
    low = {name for name, one in total.items() if fail_under is not None and one.percent < fail_under}
    passed = all(report.passed for _, report in reports)
    if say.json:
        results = [result.as_data(say.lang) for _, report in reports for result in report.results]
        drawn = {} if graph is None else {name: {"graph": one.graph(graph, lang=say.lang)} for name, one in total.items()}
        wanted = covered or fail_under is not None or graph is not None
        more = [{**one.as_data(), **drawn.get(name, {})} for name, one in total.items()] if wanted else []
        say.data({"passed": passed and not low, "results": results, "coverage": more})
    elif graph is not None:
        for one in total.values():
            say.line(one.graph(graph, lang=say.lang))
        for result in (result for _, report in reports for result in report.failed):
            click.echo(result.text(say.lang), err=True)
    else:
        _tell(say, reports)
        for one in total.values() if covered else ():
            say.line()
            say.line(one.text(say.lang))
        for name in low:
            facts = {"name": total[name].workflow.workflow, "percent": f"{total[name].percent:.1f}", "least": f"{fail_under:g}"}
            say.line(say.words("test.low", **facts))
    return None if passed and not low else FINDINGS


def _found(files: Iterable[Path]) -> list[Path]:
    """The files of stories, those of directories sorted by their names."""
    found: dict[Path, None] = {}
    for file in files:
        inside = sorted(_inside(file)) if file.is_dir() else [file]
        if not inside:
            raise InputError(f"there is no file named *.stories.yaml in {str(file)!r}; name a file of stories", path=str(file))
        found.update(dict.fromkeys(inside))
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    """
    Files of stories in a directory and below it.

    Neither hidden directories nor environments of Python are looked into: the stories of what is installed there are
    not those of whoever asks.
    """
    for below, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and not Path(below, name, "pyvenv.cfg").is_file()]
        yield from (Path(below, name) for name in files if name.endswith(STORY_ENDS))


def _merged(reports: Iterable[StoryReport]) -> dict[str, Coverage]:
    """What was exercised of each definition in all files together."""
    total: dict[str, Coverage] = {}
    for report in reports:
        for one in report.coverage.values():
            key = one.workflow.hash
            total[key] = total[key] | one if key in total else one
    return total


def _tell(say: Say, reports: list[tuple[Path, StoryReport]]) -> None:
    results: list[Any] = []
    for file, report in reports:
        say.head(str(file))
        results += report.results
        rows = [(say.words("test.passed" if result.passed else "test.failed"), result.name) for result in report.results]
        if rows:
            say.table([say.words("test.result"), say.words("test.story")], rows)
        for result in report.failed:
            say.line()
            say.line(result.text(say.lang, report.zone))
    say.line()
    say.line(say.words("test.summary", passed=sum(result.passed for result in results), count=len(results)))


COMMANDS = (test_command,)
