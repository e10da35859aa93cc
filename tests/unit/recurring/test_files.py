"""Holds files of assets to being read one by one, with the line that is wrong; must not know plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from servflow.errors import InputError
from servflow.recurring import Asset, read_assets


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_json_lines_and_csv_say_the_same(tmp_path: Path) -> None:
    """A list, a mapping with a list, lines, and a table with columns for counters give the same assets."""
    row = (
        '{"id": "A", "customer": "kim", "installed_at": "2026-01-31", "counters": {"hours": 12},'
        ' "replaced": {"hours": "2026-03-01"}}'
    )
    files = [
        written(tmp_path, "a.json", f"[{row}]"),
        written(tmp_path, "b.json", f'{{"assets": [{row}]}}'),
        written(tmp_path, "c.jsonl", f"{row}\n\n"),
        written(
            tmp_path,
            "d.csv",
            "id,customer,product,installed_at,counters.hours,replaced.hours\nA,kim,,2026-01-31,12,2026-03-01\n",
        ),
    ]
    expected = Asset(
        id="A",
        customer="kim",
        attributes={"installed_at": "2026-01-31"},
        counters={"hours": 12},
        replaced={"hours": "2026-03-01"},
    )

    assert [[expected]] * 4 == [list(read_assets(file)) for file in files]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '{"id": "A"}\n{"id": }\n', "a.jsonl, line 2: no JSON"),
        ("a.jsonl", '{"id": "A"}\n3\n', "a.jsonl, line 2: an asset is an Asset or a mapping"),
        ("a.json", '{"machines": []}', "a.json: expected a list of assets"),
        ("a.json", '[{"id": ""}]', "a.json, entry 1: the id of an asset is a text of 1 to 150 characters"),
        ("a.csv", "id,counters.hours\nA,many\n", "a.csv, line 2: counter 'hours' reads 'many', which is no number"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, name: str, text: str, told: str) -> None:
    """A file of a million lines is no help without the number of the one that is wrong."""
    with pytest.raises(InputError, match=told):
        list(read_assets(written(tmp_path, name, text)))


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    """A file in another encoding is no text in UTF-8."""
    path = tmp_path / "a.csv"
    path.write_bytes("id,site\nA,M\xfcnchen\n".encode("latin-1"))

    with pytest.raises(InputError, match=r"a\.csv is no text in UTF-8"):
        list(read_assets(path))
