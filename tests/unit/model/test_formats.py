"""Knows that what every released version wrote is read for ever; must not know what any value means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from servflow.errors import FormatError
from servflow.model import canonical, dump, load
from servflow.model._codec import FORMAT, KINDS
from servflow.model._upcast import UPCASTERS, upcast
from servflow.stores import SqliteStore, verify
from tests.formats import FORMATS, old_store

WRITTEN = {"0.1.0": 1}
"""Released version -> the format of what it wrote; a release adds its line and its folder of fixtures."""


def values(version: str) -> list[dict[str, Any]]:
    """One value of every kind with every attribute set, and some of a real week, as a version wrote them."""
    read: list[dict[str, Any]] = json.loads((FORMATS / version / "values.json").read_text(encoding="utf-8"))
    return read


def test_every_version_has_fixtures() -> None:
    """No folder of fixtures is forgotten, and every format before today's has its upcaster."""
    assert WRITTEN.keys() == {entry.name for entry in FORMATS.iterdir()}
    assert set(range(1, FORMAT)) == set(UPCASTERS)


@pytest.mark.parametrize("version", WRITTEN)
def test_values_are_read(version: str) -> None:
    """Each value is read with all it says, and what it is written as now is read as equal."""
    for data in values(version):
        value = load(data)
        assert KINDS[data["kind"]] is type(value)
        assert value == load(json.loads(json.dumps(dump(value))))
        if WRITTEN[version] == FORMAT:
            assert data == json.loads(canonical(value)), data["kind"]


def test_first_version_wrote_every_kind() -> None:
    """The fixtures are not of a few kinds only."""
    assert 90 < len(values("0.1.0"))
    assert {"ticket", "outcome", "opened", "received", "moved", "notify", "take"} <= {data["kind"] for data in values("0.1.0")}


@pytest.mark.parametrize("version", WRITTEN)
def test_files_are_read(version: str, tmp_path: Path) -> None:
    """A file is opened, every ticket is what its records amount to, and its chain holds."""
    with SqliteStore(old_store(version, tmp_path / "t.db")) as store:
        report = verify(store)

    assert report
    assert (5, ()) == (report.tickets, report.findings)


class TestUpcast:
    """Steps from one format to the next."""

    def test_one_after_the_other(self) -> None:
        """Each step gets what the one before gave, and the data it began with stays as it was."""

        def rename(data: Mapping[str, Any]) -> Mapping[str, Any]:
            return {("new" if name == "old" else name): value for name, value in data.items()}

        def double(data: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**data, "new": data["new"] * 2}

        data = {"kind": "x", "old": 4}

        assert {"kind": "x", "new": 8, "format": 3} == upcast(data, 1, 3, {1: rename, 2: double})
        assert {"kind": "x", "new": 8, "format": 3} == upcast(
            {"kind": "x", "new": 4, "format": 2}, 2, 3, {1: rename, 2: double}
        )
        assert {"kind": "x", "old": 4} == data
        assert data is upcast(data, 3, 3, {})

    @pytest.mark.parametrize("written", [0, -1, -(10**12)])
    def test_never_written(self, written: int) -> None:
        """A format nobody wrote is told of, at once."""
        with pytest.raises(FormatError, match="no version of servflow wrote"):
            load({"kind": "ticket", "format": written})

    @pytest.mark.parametrize("written", [FORMAT + 1, 10**30, "1", 1.0, None, True])
    def test_newer(self, written: object) -> None:
        """A newer format, or what is no number, names the remedy."""
        with pytest.raises(FormatError, match="upgrade servflow"):
            load({"kind": "ticket", "format": written})
