"""Knows which edition of the tz database is installed; must not know what its zones say."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from servflow.calendars._zones import generation

_MOST = 200  # bytes of a line that names the edition


class _Folder(Protocol):
    def joinpath(self, *parts: str) -> _Folder: ...

    def is_file(self) -> bool: ...

    def read_bytes(self) -> bytes: ...


def tz_version() -> str:
    """
    The edition of the tz database that answers here, such as ``"2026a"``; to be stored beside what was computed with it.

    Zones are looked up in the folders of ``zoneinfo.TZPATH`` and then in the package ``tzdata``; the first of them
    that says its edition names it. A folder before it that holds zones and does not say is told by a hash
    of them (``"sha256:5f1d3c2a9b0e,2026a"``). It is read once, and again after ``reload_zones``.
    """
    return _version(generation(), zoneinfo.TZPATH)


@lru_cache(maxsize=4)
def _version(_generation: int, paths: tuple[str, ...]) -> str:
    from pathlib import Path

    said: list[str] = []
    names = sorted(zoneinfo.available_timezones())
    for folder in (*map(Path, paths), _packaged()):
        if folder is None:
            continue
        edition = _edition(folder)
        if edition:
            return ",".join((*said, edition))
        content = [(name, _bytes(folder.joinpath(*name.split("/")))) for name in names]
        held = [name.encode() + b"\0" + data for name, data in content if data]
        if held:
            said.append(f"sha256:{sha256(b''.join(held)).hexdigest()[:12]}")
    return ",".join(said) or "none"


def _packaged() -> _Folder | None:
    from importlib.resources import files  # slow to import, and few processes ask

    try:
        return files("tzdata").joinpath("zoneinfo")
    except ModuleNotFoundError:
        return None


def _edition(folder: _Folder) -> str:
    """What the sources and the systems write beside the zones: ``# version 2026a``, or the edition alone."""
    for name in ("tzdata.zi", "+VERSION"):
        line = _bytes(folder.joinpath(name))[:_MOST].splitlines()[:1]
        words = line[0].decode("utf-8", "replace").split() if line else []
        if words and (name == "+VERSION" or words[:2] == ["#", "version"]):
            return words[-1]
    return ""


def _bytes(file: _Folder) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:
        return b""
