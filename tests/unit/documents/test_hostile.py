"""Texts that mean harm: each is refused in bounded time and never raises anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError

HEAD = "workflow: w\nstates: {a: {}}\n"

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


def first(source: Any) -> tuple[str, int | None]:
    """Code and line of the first problem."""
    with pytest.raises(DefinitionError) as caught:
        load(source)
    return caught.value.findings[0].code, caught.value.findings[0].line


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (LAUGHS, "document.anchor", 1),
        ("<<: *base\nworkflow: w\n", "document.alias", 1),
        ("!!python/object/apply:os.system [ls]\n", "document.tag", 1),
        ("[" * 100_000, "document.too_deep", 1),
        ('{"a":' * 100_000, "document.too_deep", 1),
        ("- " * 100_000, "document.too_deep", 1),
        ('{"a": [' + "1," * 100_001 + "1]}", "document.too_many", 1),
        (HEAD + "description: " + "x" * (1 << 20), "document.too_large", 1),
        ("\n" + "k" * 2_000 + ": 1\n", "document.yaml", 2),
        ('{"' + "k" * 2_000 + '": 1}', "document.key_length", 1),
        ("a: " + "9" * 5_000, "document.number", 1),
        ('{"a": ' + "9" * 5_000 + "}", "document.number", 1),
        ('{"a": 1e999}', "document.not_finite", 1),
        ("a: 1e999", "document.not_finite", 1),
        ("a: !" + "!" * 200_000, "document.run", 1),
        ("a: !" + "!" * 20, "document.tag", 1),
        ("a: \x00", "document.yaml", 1),
        ("a: \ud800", "document.yaml", 1),
        ('{"a": "\\ud800"}', "document.characters", 1),
        ('{"\\ud800": 1}', "document.characters", 1),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, str) else "",
)
def test_a_hostile_text_is_refused_with_its_place(text: str, code: str, line: int) -> None:
    """What would blow up, run code or never end is refused by name."""
    assert (code, line) == first(text)


def test_a_merge_key_is_only_a_key() -> None:
    """The merge key of YAML 1.1 means nothing; it is an unknown key."""
    assert ("document.unknown_key", 3) == first(HEAD + "<<: {version: 2}\n")


def test_a_mapping_that_contains_itself_is_refused() -> None:
    """A cycle is too deep, however it is made."""
    states: dict[str, Any] = {}
    states["a"] = {"states": states}

    assert ("document.too_deep", None) == first({"workflow": "w", "states": states})


def test_a_mapping_that_shares_its_parts_a_million_times_is_refused() -> None:
    """Each place at which a shared part stands counts."""
    part: Any = ["x"]
    for _ in range(40):
        part = [part, part]

    assert ("document.too_many", None) == first({"workflow": "w", "states": {"a": {"checklist": part}}})


def test_a_file_that_is_not_utf_8_tells_the_line(tmp_path: Path) -> None:
    """The line of the first byte that is no UTF-8 is told."""
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"workflow: w\ntitle: caf\xe9\n")

    assert ("document.encoding", 2) == first(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Files from editors that write a byte order mark load."""
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())

    assert load(HEAD) == load(path) == load("\ufeff" + HEAD)


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A file beyond the limit is refused."""
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * ((1 << 20) + 1))

    assert ("document.too_large", 1) == first(path)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('{"a": 1,}', 9),
        ('{"a" 1}', 6),
        ('{"a": 1 "b": 2}', 9),
        ('{"a": tru}', 7),
        ('{"a": [1, 2}', 12),
        ('{"a": 1} x', 10),
        ('{"a": "x', 7),
        ("{a: 1}", 2),
        ("", 1),
    ],
)
def test_a_json_file_tells_the_column(text: str, column: int, tmp_path: Path) -> None:
    """A file that says it is JSON is read as JSON only, and a slip is told with its column."""
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DefinitionError) as caught:
        load(path)

    assert [("document.json", 1, column)] == [(item.code, item.line, item.column) for item in caught.value.findings]
