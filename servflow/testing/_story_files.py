"""Knows which files go with a document of stories and how they are read; must not know what stories tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from servflow.documents import load_definition, load_world
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, Finding
from servflow.model import World

SUFFIX = ".stories"
"""Before the last part of the name of a file of stories: ``repair.stories.yaml``."""

MOST_FILES = 50
"""How many files may go with one document."""

MOST_WORLDS = 500
"""How often the stories of one document may change the world, each row of examples counted."""

_ENDS = (".yaml", ".yml", ".json")


@define
class Beside:
    """
    What goes with a document of stories: its workflows, by name, its world, and what was wrong with them.

    Only files in the directory of the document, or below it, are read: whoever wrote it may be a stranger.
    """

    base: Path | None
    lang: str
    workflows: dict[str, Any] = field(factory=dict)
    places: dict[str, Any] = field(factory=dict)
    around: dict[str, Any] = field(factory=dict)
    """The world as the document has it, before it is read."""
    turns: int = 0
    """How often stories change it."""
    found: list[Finding] = field(factory=list)

    def read(self, names: Iterable[tuple[str, str]]) -> None:
        """Read files of definitions, each with the path at which it is named."""
        for path, name in list(names)[:MOST_FILES]:
            file = self._file(name, path)
            if file is not None:
                self._definition(file, path)

    def search(self, workflow: str, own: Path | None) -> None:
        """Find the workflow's own file where nobody named it: ``x.yaml`` beside ``x.stories.yaml``, or of its name."""
        if self.base is None or workflow in self.workflows:
            return
        for stem in _stems(workflow, own):
            for end in _ENDS:
                file = self.base / f"{stem}{end}"
                if _there(file) and file != own and _within(file, self.base):
                    self._definition(file, "stories")
                    if workflow in self.workflows:
                        return

    def world(self, given: object) -> World | None:
        """The world of a document: the mapping itself, or what the file beside it holds."""
        source: Any = given
        if isinstance(given, str):
            source = self._file(given, "world")
        if source is None:
            return None
        try:
            made = load_world(source, lang=self.lang)
            self.around = dict(read_document(source).data)
            return made
        except DefinitionError as error:
            if isinstance(source, Path):
                self._broken(source, "world", error)
            else:
                self.found += [_under("world", one) for one in error.findings]
        return None

    def turned(self, around: Mapping[str, Any], path: str) -> World | None:
        """The world as a step of a story has changed it."""
        self.turns += 1
        if self.turns > MOST_WORLDS:
            return None
        try:
            return load_world(around, lang=self.lang)
        except DefinitionError as error:
            self.found += [_under(path, one) for one in error.findings]
        return None

    def _file(self, name: str, path: str) -> Path | None:
        why = _objection(name, self.base)
        if why is not None or self.base is None:
            self.found.append(Finding("story.file", path, {"file": name[:200], "why": why}))
            return None
        return self.base / name

    def _definition(self, file: Path, path: str) -> None:
        try:
            made = load_definition(file, lang=self.lang)
            document = read_document(file)
        except DefinitionError as error:
            self._broken(file, path, error)
            return
        self.workflows.setdefault(made.workflow, made)
        self.places.setdefault(made.workflow, document.locate)

    def _broken(self, file: Path, path: str, error: DefinitionError) -> None:
        why = {lang: error.findings[0].text(lang) for lang in ("en", "zh")} if error.findings else error.message
        self.found.append(Finding("story.broken", path, {"file": file.name, "why": why}))


def changed(before: Any, change: Any) -> Any:
    """
    What a change makes of a part of the world: mappings, and lists whose parts have an ``id``, are changed where they differ.

    ``None`` takes a key away; everything else takes the place of what was.
    """
    if isinstance(before, Mapping) and isinstance(change, Mapping):
        made = {**before, **{key: changed(before.get(key), value) for key, value in change.items()}}
        return {key: value for key, value in made.items() if key not in change or change[key] is not None}
    if _named(before) and _named(change):
        parts = {one["id"]: one for one in before}
        parts.update({one["id"]: changed(parts.get(one["id"]), one) for one in change})
        return list(parts.values())
    return change


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) and isinstance(one.get("id"), str) for one in value)


def _stems(workflow: str, own: Path | None) -> Iterator[str]:
    if own is not None and own.stem.endswith(SUFFIX):
        yield own.stem.removesuffix(SUFFIX)
    if workflow and "/" not in workflow and "\\" not in workflow and not workflow.startswith("."):
        yield workflow


def _objection(name: str, base: Path | None) -> Mapping[str, str] | None:
    if base is None:
        return {"en": "the stories are in no file themselves", "zh": "故事本身不在文件中"}
    given = Path(name)
    if given.is_absolute() or ".." in given.parts or not _within(base / given, base):
        return {"en": "it lies outside of the directory of the stories", "zh": "它不在故事所在的目录中"}
    if given.suffix.lower() not in _ENDS:
        return {"en": "it is no YAML and no JSON by its name", "zh": "从名称看它不是 YAML 或 JSON"}
    if not _there(base / given):
        return {"en": "there is no such file", "zh": "没有此文件"}
    return None


def _there(file: Path) -> bool:
    """Whether there is a file of that name; of a name that no file can have, there is none."""
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False


def _within(file: Path, base: Path) -> bool:
    """Whether a file lies in a directory, links followed."""
    try:
        return file.resolve().is_relative_to(base.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, or links in a circle
        return False


def _under(path: str, finding: Finding) -> Finding:
    inner = f"{path}.{finding.path}" if finding.path else path
    return Finding(finding.code, inner, finding.facts, finding.severity)
