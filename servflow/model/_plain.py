"""Knows how far plain data from outside may go before anything reads it; must not know what the data means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from attrs import define

from servflow.errors import shown
from servflow.model._fields import INT_MIN, UINT_MAX, storable

MAX_DEPTH = 32
"""How deep lists and mappings may be nested."""

MAX_NODES = 200_000
"""How many values there may be, each counted as often as it is met."""

_MOST_TOLD = 20
_KEYS = (bool, float, Decimal, date, time, timedelta, type(None))  # beside texts and whole numbers
_LINK = tuple[Any, Any] | None  # (the link of what holds it, key or index)


@define
class PlainData:
    """
    A reader's patience with plain data: how many values it will still look at.

    It walks without recursion, so that no nesting can end the program, and takes everything that is no plain
    data for a value that knows itself.
    """

    left: int = MAX_NODES

    def flaws(self, value: Any, path: str) -> list[tuple[str, Mapping[str, str]]]:
        """
        What nobody can read or keep in a value: the path of each flaw, and why in English and Chinese.

        Flaws are nesting over 32 deep, more values than are left, whole numbers over 64 bits, texts with lone
        surrogates, and keys of mappings that are neither texts nor plain scalars. At most 20 are told.
        """
        found: list[tuple[str, Mapping[str, str]]] = []
        stack: list[tuple[Any, _LINK, int]] = [(value, None, 1)]
        self.left -= 1
        while stack and len(found) < _MOST_TOLD:
            item, link, depth = stack.pop()
            if item is None or item is True or item is False:
                continue
            if isinstance(item, (str, int)):
                why = _scalar(item)
                if why is not None:
                    found.append((_path(path, link), why))
                continue
            if not isinstance(item, (list, tuple, Mapping, set, frozenset)):
                continue
            why = self._room(item, depth)
            if why is not None:
                found.append((_path(path, link), why))
                continue
            if isinstance(item, Mapping):
                for key in item:
                    why = _key(key)
                    if why is not None:
                        found.append((_path(path, (link, key)), why))
                inner: Iterable[tuple[Any, Any]] = item.items()
            else:
                inner = enumerate(item)
            stack.extend([(part, (link, key), depth + 1) for key, part in inner][::-1])
        return found[:_MOST_TOLD]

    def _room(self, item: Any, depth: int) -> Mapping[str, str] | None:
        if depth > MAX_DEPTH:
            return {"en": f"it is nested more than {MAX_DEPTH} deep", "zh": f"嵌套超过 {MAX_DEPTH} 层"}
        if len(item) > self.left:
            self.left = 0
            return {"en": f"there are more than {MAX_NODES} values", "zh": f"值的总数超过 {MAX_NODES}"}
        self.left -= len(item)
        return None


def _scalar(value: Any) -> Mapping[str, str] | None:
    if isinstance(value, str):
        if storable(value):
            return None
        return {
            "en": f"the text {shown(value)} holds lone surrogates, which nothing can store",
            "zh": f"文本 {shown(value)} 含有无法保存的孤立代理字符",
        }
    if INT_MIN <= value <= UINT_MAX:
        return None
    return {"en": f"{shown(value)} needs more than 64 bits", "zh": f"{shown(value)} 超过 64 位"}


def _key(key: Any) -> Mapping[str, str] | None:
    if isinstance(key, (str, int)):
        return _scalar(key)
    if isinstance(key, _KEYS):
        return None
    return {"en": f"the key {shown(key)} is no text", "zh": f"键 {shown(key)} 不是文本"}


def _path(path: str, link: _LINK) -> str:
    parts: list[str] = []
    while link is not None:
        link, key = link
        parts.append(f"[{key}]" if type(key) is int and key >= 0 and key < MAX_NODES else f".{name_of(key)}")
    return path + "".join(reversed(parts))


def name_of(key: Any) -> str:
    """A key as a path shows it."""
    return key if isinstance(key, str) and len(key) <= 80 and storable(key) else shown(key)
