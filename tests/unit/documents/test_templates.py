"""Holds every template to loading cleanly, to speaking both languages and to having a story; must not know what they mean."""

from __future__ import annotations

import json
import random
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import servflow.documents
from servflow.cli._kinds import kind_of
from servflow.cli._main import servflow as command_line
from servflow.documents import TEMPLATES, copy_template, load, read_template, template
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, Finding, InputError

FOLDER = Path(servflow.documents.__file__).parent / "templates"
FILES = sorted(path.name for path in FOLDER.iterdir())
LISTED = [file for one in TEMPLATES.values() for file in one.all_files]
KINDS = {file: kind for one in TEMPLATES.values() for file, kind in ((one.file, one.kind), *one.beside.items())}
ROOT = Path(__file__).parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
MUTANTS = 8
"""How many ways to spoil each file are tried, as data and as text: some five hundred in all, each a whole loading."""


def check(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """What ``servflow check`` says of a file."""
    result = CliRunner().invoke(command_line, ["check", str(path), "--format", "json", *more], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def comments(text: str) -> list[list[str]]:
    """The comments of a file in blocks: lines of comment that stand together."""
    found: list[list[str]] = []
    before = False
    for line in text.splitlines():
        written = line.strip()
        if written.startswith("#"):
            if not before:
                found.append([])
            found[-1].append(written.lstrip("# "))
        before = written.startswith("#")
    return found


def test_every_file_is_listed_once() -> None:
    """A file that nobody lists could not be copied, and one listed twice would be two templates."""
    assert sorted(FILES) == sorted(LISTED)


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_found_fault_with(file: str) -> None:
    """It loads, and nothing remains to be said about it but notes."""
    status, told = check(FOLDER / file)

    assert [] == [one for one in told["findings"] if one["severity"] != "info"]
    assert (0, True) == (status, told["loads"])


@pytest.mark.parametrize("file", FILES)
def test_it_says_what_it_is_for_in_both_languages(file: str) -> None:
    """It begins with what it is for, in English and then in Chinese, and so does each comment that follows."""
    blocks = comments(read_template(file))

    assert blocks
    assert read_template(file).startswith("# ")
    for block in blocks:
        assert re.match("[A-Z`a-z0-9]", block[0]), block
        assert re.search("[a-z]{3}", block[0]), block
        assert any(CHINESE.search(line) for line in block), block


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_is_told_as_a_story(name: str) -> None:
    """Each template has a test that tells it, which names it."""
    story = ROOT / TEMPLATES[name].story

    assert story.is_file(), story
    assert name in story.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_is_listed_in_both_languages(name: str) -> None:
    """Title and sentence are there in both languages, its kind is that of its file, and what it needs is there."""
    made = template(name)

    assert {"en", "zh"} == set(made.title) == set(made.about)
    assert [False, True] == [bool(CHINESE.search(made.about[lang])) for lang in ("en", "zh")]
    assert made.about["en"].endswith(".")
    assert all(KINDS[file] in read_document(FOLDER / file).data for file in made.all_files)
    assert all(other in TEMPLATES for other in made.needs)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_new_makes_is_the_template(name: str, tmp_path: Path) -> None:
    """A copy is the template, of which `check` has nothing to say, byte for byte, with everything that goes with it."""
    made = copy_template(name, tmp_path / "desk")

    assert list(TEMPLATES[name].all_files) == [path.name for path in made]
    assert sorted(path.name for path in made) == sorted(path.name for path in (tmp_path / "desk").iterdir())
    assert [(FOLDER / path.name).read_bytes() for path in made] == [path.read_bytes() for path in made]


def test_what_new_makes_is_checked_without_findings(tmp_path: Path) -> None:
    """Workflow, correlators and stories of a copy are as clean as the template."""
    assert [0] * 5 == [check(path)[0] for path in copy_template("problem", tmp_path)]


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """Where only one of the files is there already none is written, and the one that is stays as it was."""
    mine = tmp_path / "shared_cause.yaml"
    mine.write_text("mine")

    with pytest.raises(InputError, match=r"not overwritten: .*shared_cause\.yaml"):
        copy_template("problem", tmp_path)

    assert [("shared_cause.yaml", "mine")] == [(path.name, path.read_text()) for path in tmp_path.iterdir()]


def test_a_link_to_nowhere_is_there_as_well(tmp_path: Path) -> None:
    """Nothing is written through a symbolic link, be it to a file that does not exist."""
    (tmp_path / "no_update.yaml").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InputError, match="not overwritten"):
        copy_template("no_update", tmp_path)

    assert not (tmp_path / "elsewhere").exists()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """Who names a file to write into is told."""
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="is no directory"):
        copy_template("no_update", tmp_path / "file")


@pytest.mark.parametrize(
    ("asked", "hint"), [("complain", "did you mean 'complaint'"), ("../secret", "there are"), ("", "there are")]
)
def test_a_template_that_is_none(asked: str, hint: str, tmp_path: Path) -> None:
    """What there is not is not guessed; the nearest one is named, and no path leads out of the folder."""
    with pytest.raises(InputError, match=hint):
        copy_template(asked, tmp_path / "made")

    assert not (tmp_path / "made").exists()


def test_only_files_of_templates_are_read() -> None:
    """No other file of the package is given away."""
    with pytest.raises(InputError, match="no template with a file"):
        read_template("../_load.py")


# Templates edited into nonsense.

JUNK: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 3.5, "", "nonsense", "at - closed_at", "((", "99999 business days", "2h", "\u0000", "x" * 5_000),
    *([], [[]], [None], {}, {"a": {"b": []}}, {"table": "nowhere", "take": "x"}, ["nobody", 7]),
)
"""Values that somebody who has not read anything may write anywhere."""


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in plain data, as the steps that lead to it."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += places(one, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            found += places(one, (*path, index))
    return found


def spoilt(data: Any, draw: random.Random) -> Any:
    """The data with one to three places dropped, renamed, moved or overwritten."""
    made = json.loads(json.dumps(data, default=str))
    for _ in range(draw.randint(1, 3)):
        *way, last = draw.choice(places(made) or [("workflow",)])
        inside = made
        for step in way:
            inside = inside[step]
        how = draw.choice(("drop", "junk", "junk", "rename", "swap", "repeat"))
        if how == "drop":
            del inside[last]
        elif how == "rename" and isinstance(inside, dict):
            inside[f"{last}s"] = inside.pop(last)
        elif how == "repeat" and isinstance(inside, list):
            inside.append(deepcopy(inside[last]))
        elif how == "swap":
            other = draw.choice(places(made))
            inside[last] = deepcopy(_at(made, other))
        else:
            inside[last] = deepcopy(draw.choice(JUNK))
    return made


def _at(data: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        data = data[step]
    return data


def problems(source: Path, data: dict[str, Any]) -> tuple[Finding, ...] | None:
    """What is told of a document that the command line would load; None where it loads. Any other error is raised."""
    kind = kind_of(data)
    try:
        load(source) if kind is None else kind.load(source, "en", {})
    except DefinitionError as error:
        return tuple(error.findings)
    return None


@pytest.mark.parametrize("file", FILES)
def test_nonsense_is_told_with_its_place(file: str, tmp_path: Path) -> None:
    """Whatever is dropped, renamed, overwritten: it loads, or all problems are told in their places, nothing else escapes."""
    whole = read_document(FOLDER / file).data
    source = tmp_path / f"{Path(file).stem}.json"
    loaded = 0
    for number in range(MUTANTS):
        made = spoilt(whole, random.Random(f"{file}:{number}"))
        source.write_text(json.dumps(made), encoding="utf-8")
        found = problems(source, made)
        loaded += found is None
        for finding in found or ():
            assert finding.code
            assert finding.message("en")
            assert finding.message("zh")
        assert found is None or any(finding.path for finding in found), found

    assert loaded < MUTANTS, "some of them must be nonsense"


def garbled(text: str, draw: random.Random) -> str:
    """The text as it is after an unlucky afternoon in an editor: lines lost, doubled, cut, shifted, a stray character."""
    lines = text.splitlines(keepends=True)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(lines))
        line = lines[place]
        cut = draw.randrange(len(line))
        how = draw.choice(("drop", "twice", "cut", "stray", "shift", "swap", "end"))
        if how == "drop" and len(lines) > 1:
            del lines[place]
        elif how == "twice":
            lines.insert(place, line)
        elif how == "cut":
            lines[place] = line[:cut] + "\n"
        elif how == "stray":
            lines[place] = line[:cut] + draw.choice("{}[]:,'\"\t&*!|>%@`#-\x00\ufeff\u2028") + line[cut + 1 :]
        elif how == "shift":
            lines[place] = " " * draw.randint(1, 5) + line
        elif how == "swap":
            other = draw.randrange(len(lines))
            lines[place], lines[other] = lines[other], line
        else:
            lines = lines[: max(1, place)]
    return "".join(lines)


@pytest.mark.parametrize("file", FILES)
def test_a_garbled_text_is_told_with_its_line(file: str, tmp_path: Path) -> None:
    """Whatever an editor or a merge does to the text: it loads, or what is wrong is told; nothing else escapes."""
    source = tmp_path / file
    for number in range(MUTANTS):
        source.write_text(garbled(read_template(file), random.Random(f"{file}:{number}")), encoding="utf-8")
        # By the kind it was: reading it twice, first for its kind, would cost twice as much and tell nothing more.
        found = problems(source, {KINDS[file]: True})
        assert found is None or any(one.path or one.line for one in found), found


def test_a_file_that_is_no_template_is_told_with_the_nearest() -> None:
    """The name of a template alone is not that of its file."""
    with pytest.raises(InputError, match=r"did you mean 'complaint\.yaml'"):
        read_template("complaint")
