"""Knows the command that begins a definition from a template: new; must not know what the templates mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from servflow.cli._help import Told
from servflow.cli._output import Say, command
from servflow.documents import TEMPLATES, Template, copy_template


@click.command("new", cls=Told)
@click.argument("template", required=False)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path(),
    help="the directory to write into; made where it does not exist (default: here)",
)
@command
def new_command(say: Say, template: str | None, *, into: Path) -> None:
    """Begin with a template: copy it, and the files it needs, to make them yours.

    Without a name it lists the templates there are. Nothing is ever overwritten.
    """
    if template is None:
        _list(say)
        return
    written = copy_template(template, into)
    made = TEMPLATES[template]
    steps = _next(made, into)
    if say.json:
        files = [{"file": str(path), "kind": kind} for path, kind in zip(written, _kinds(made), strict=True)]
        say.data({**_told(made, say.lang), "files": files, "next": steps})
        return
    for path in written:
        say.line(say.words("new.written", file=path))
    say.head(say.words("new.next"))
    for step in steps:
        say.line(f"  {step}")
    for other in made.needs:
        say.line(say.words("new.needs", name=made.name, other=other))
    say.line(say.words("new.read"))


def _kinds(made: Template) -> tuple[str, ...]:
    return (made.kind, *made.beside.values())


def _told(made: Template, lang: str) -> dict[str, Any]:
    return {
        "template": made.name,
        "kind": made.kind,
        "title": made.title[lang],
        "about": made.about[lang],
        "needs": list(made.needs),
    }


def _list(say: Say) -> None:
    if say.json:
        say.data({"templates": [{**_told(one, say.lang), "files": list(one.all_files)} for one in TEMPLATES.values()]})
        return
    columns = (say.words("new.name"), say.words("kind"), say.words("new.about"))
    rows = [(one.name, one.kind, f"{one.title[say.lang]}: {one.about[say.lang]}") for one in TEMPLATES.values()]
    say.table(columns, rows)
    say.line()
    say.line(say.words("new.how"))


def _next(made: Template, into: Path) -> list[str]:
    """What to type next: look at each file, live through the stories, then draw what can be drawn."""
    places = {file: str(into / file) for file in made.all_files}
    verbs = {file: "test" if kind == "stories" else "check" for file, kind in zip(made.all_files, _kinds(made), strict=True)}
    steps = [f"servflow {verbs[file]} {_quoted(place)}" for file, place in places.items()]
    if made.kind == "workflow":
        steps.append(f"servflow graph {_quoted(places[made.file])}")
        steps += [f"servflow new {other} --into {_quoted(str(into))}" for other in made.needs]
    return steps


def _quoted(place: str) -> str:
    return f'"{place}"' if " " in place else place


COMMANDS = (new_command,)
