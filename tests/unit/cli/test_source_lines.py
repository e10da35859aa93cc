"""Holds findings to showing the line that they are about, with the caret where people see the column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from servflow.cli._source_lines import WIDEST, as_lines, shown, source_line, visible
from servflow.errors import Finding

Run = Callable[..., Result]

BAD = """workflow: w
initial: a
fields: {说明: {title: "中文", type: strnig}}
states: {a: {}}
"""


def test_a_finding_shows_its_line(run: Run, tmp_path: Path) -> None:
    """File, line and column, the line before it, the line itself, and a caret under the column, wide characters counted."""
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    told = run("check", path).stdout.splitlines()

    assert told[1].startswith(f"  {path}:3:28: fields.说明.type: there is no field type 'strnig'; did you mean 'string'?")
    assert ["  2 | initial: a", '  3 | fields: {说明: {title: "中文", type: strnig}}', "    |" + " " * 32 + "^"] == told[2:]
    assert told[1].count("\x1b") == 0


def test_a_definition_that_does_not_load_shows_its_line_everywhere(run: Run, tmp_path: Path) -> None:
    """A command that only needs the definition shows on standard error what check shows, in the language asked for."""
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    told = run("graph", path, "--lang", "zh")

    assert (2, "") == (told.exit_code, told.stdout)
    assert f"{path}:3:28: fields.说明.type：没有字段类型" in told.stderr
    assert "3 | fields: {说明" in told.stderr


def test_json_has_the_line(run: Run, tmp_path: Path) -> None:
    """A program gets the line as it stands in the file, and the file."""
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    finding = json.loads(run("check", path, "--format", "json").stdout)["findings"][0]

    assert (str(path), BAD.splitlines()[2]) == (finding["file"], finding["source_line"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_yaml_says(tmp_path: Path, ending: str) -> None:
    """Whatever ends the lines, the right one is shown; a separator that YAML takes for text ends none."""
    path = tmp_path / "a.yaml"
    path.write_bytes(f"\ufeffa: 1\u2028 2{ending}b: 3".encode())

    assert "b: 3" == source_line(Finding("x", line=2, file=str(path)))
    assert source_line(Finding("x", line=3, file=str(path))) is None
    assert source_line(Finding("x", line=1)) is None


def test_a_file_that_is_gone_leaves_the_sentence(tmp_path: Path) -> None:
    """What cannot be read again is told without its line."""
    told = list(as_lines(Finding("field.type", "a", {"type": "x", "known": ()}, line=2, file=str(tmp_path / "none")), "en"))

    assert 1 == len(told)
    assert told[0].plain.startswith("line 2: a: ")


@pytest.mark.parametrize(
    ("line", "column", "text", "at"),
    [
        ("ab: c", 5, "ab: c", 4),
        ("\tab: c", 2, "    ab: c", 4),
        ("a\tb", 3, "a   b", 4),
        ("名: x", 4, "名: x", 4),
        ("e\u0301: x", 5, "e\u0301: x", 3),
        ("a: \x1b[31mx", 4, "a: \\x1b[31mx", 3),
        ("a: \x1b[31mx", 9, "a: \\x1b[31mx", 11),
        ("ab", 9, "ab", 2),
        ("", 1, "", 0),
    ],
)
def test_columns_on_the_screen(line: str, column: int, text: str, at: int) -> None:
    """Tabs, wide, combining and control characters take as many columns as they are shown in."""
    made = shown(line, column)

    assert (text, at) == (made.text, made.column)


def test_a_long_line_is_cut_around_the_place() -> None:
    """What is far from the place is left out, and the caret still stands under it."""
    made = shown("x" * 5_000 + "HERE" + "y" * 5_000, 5_001)

    assert made.text.startswith("…x")
    assert made.text.endswith("y…")
    assert "HERE" == made.text[made.column : made.column + 4]
    assert cell_len(made.text) <= WIDEST + 2


@given(st.text(max_size=300), st.integers(1, 320))
def test_whatever_a_line_holds_it_is_shown_safely(line: str, column: int) -> None:
    """No line can move the cursor, and the caret stands within what is shown or right after it."""
    made = shown(line, column)

    assert "\x1b" not in made.text
    assert "\n" not in made.text
    assert 0 <= made.column <= cell_len(made.text)
    assert made == shown(line, column)


def test_what_moves_a_terminal_is_written_out() -> None:
    """Escape sequences and marks of direction are shown as text; Chinese, spaces of all widths and joined emoji stay."""
    assert "\\x1b]0;x\\x07 \\u202e" == visible("\x1b]0;x\x07 \u202e")
    assert "工单\u3000é 👩\u200d🔧\n\t" == visible("工单\u3000é 👩\u200d🔧\n\t")
