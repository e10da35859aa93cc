"""Knows which kinds of documents there are beside workflows, by their keys, and how each is read; must not know any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from servflow.engine import Workflow
from servflow.errors import Finding


def _name(made: Any) -> Mapping[str, Any]:
    return {"name": made.name}


@frozen
class Kind:
    """
    A kind of document: the key it is known by, how it is read, and what is said of one that loads.

    ``read`` is ``module:function``, imported when it is needed: a function of a path with ``lang=``, which raises
    ``DefinitionError`` with every problem. What it gives may have ``check()`` with findings, or ``judge`` says them. ``words``
    is a code of ``_words.py``, filled in with ``facts`` and ``count``, the number of findings. Where ``beside``, the function
    and ``check`` also take ``workflows=``, those that were given beside the document, by their names.
    """

    key: str
    read: str
    words: str
    facts: Callable[[Any], Mapping[str, Any]] = _name
    beside: bool = False
    judge: Callable[[Any], Iterable[Finding]] | None = None

    def load(self, file: Path, lang: str, workflows: Mapping[str, Workflow]) -> Any:
        """
        What the document defines.

        Raises:
            DefinitionError: with every problem of it.
        """
        module, _, function = self.read.partition(":")
        more = {"workflows": workflows} if self.beside and workflows else {}
        return getattr(import_module(module), function)(file, lang=lang, **more)

    def findings(self, made: Any) -> tuple[Finding, ...]:
        """What can be said of one that loads."""
        if self.judge is not None:
            return tuple(self.judge(made))
        check = getattr(made, "check", None)
        return tuple(check()) if callable(check) else ()


def _correlator(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "version": made.version, "find": made.find, "within": made.within.text}


def _intake(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "version": made.version, "channels": ", ".join(made.channels), "tables": ", ".join(made.tables)}


def _recurring(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "version": made.version, "plans": len(made.plans), "ends": len(made.expiry)}


def _scorecard(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "criteria": len(made.criteria), "raters": ", ".join(made.raters)}


def _sampling(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "percent": made.share, "period": made.period, "workflows": ", ".join(made.workflows)}


def _goals(made: Any) -> Mapping[str, Any]:
    return {"name": made.name, "version": made.version, "goals": len(made.goals), "zone": made.zone}


def _stories(made: Any) -> Mapping[str, Any]:
    return {"name": made.workflow, "stories": len(made.cases)}


def _world(made: Any) -> Mapping[str, Any]:
    people = (*made.people, *made.engineers, *made.agents, *made.bots)
    return {"people": len(people), "queues": len(made.queues), "schedules": len(made.schedules)}


def _people(made: Any) -> Iterator[Finding]:
    """What contradicts itself among the people of a world, where it has any, told by the places of the document."""
    from servflow.dispatch import CANDIDATES, check_world

    places = {
        f"world.{kind}.{one.id}": f"{kind}[{index}]" for kind in CANDIDATES for index, one in enumerate(getattr(made, kind))
    }
    for finding in check_world(made):
        whose = max((path for path in places if f"{finding.path}.".startswith(f"{path}.")), key=len, default="world")
        path = f"{places.get(whose, '')}{finding.path.removeprefix(whose)}".removeprefix(".")
        if finding.code != "world.empty":
            yield evolve(finding, path=path)


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("correlator", "servflow.documents:load_correlator", "check.correlator", _correlator),
        Kind("intake", "servflow.intake:load", "check.intake", _intake, beside=True),
        Kind("recurring", "servflow.recurring:load", "check.recurring", _recurring, beside=True),
        Kind("scorecard", "servflow.evaluation:load_scorecard", "check.scorecard", _scorecard),
        Kind("sampling", "servflow.evaluation:load_sampling", "check.sampling", _sampling),
        Kind("goals", "servflow.metrics:load_goals", "check.goals", _goals),
        Kind("stories", "servflow.testing:load_stories", "check.stories", _stories, beside=True),
        Kind("people", "servflow.documents:load_world", "check.world", _world, judge=_people),
        Kind("schedules", "servflow.documents:load_world", "check.world", _world, judge=_people),
    )
}
"""By the key that a document of the kind begins with; what has none of them, and ``workflow``, is a workflow."""


def kind_of(data: Mapping[str, Any]) -> Kind | None:
    """The kind of a document; None for a workflow, and for what is none of these."""
    if "workflow" in data:
        return None
    return next((kind for key, kind in KINDS.items() if key in data), None)
