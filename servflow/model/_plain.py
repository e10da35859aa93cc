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
_WALKED = (dict, list, tuple, set, frozenset, bytes, bytearray, Mapping)  # the slow question last
_TOO_MANY = {"en": "there are too many values in all", "zh": "值的总数过多"}
_BYTES = {"en": "it is bytes, which no document can hold", "zh": "字节串不能写入文档"}
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
        surrogates, bytes, and keys of mappings that are neither texts nor plain scalars. At most 20 are told.
        """
        found: list[tuple[str, Mapping[str, str]]] = []
        if self.left <= 0:
            return [(path, _TOO_MANY)]
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
            if not isinstance(item, _WALKED):
                continue
            why = _BYTES if isinstance(item, (bytes, bytearray)) else self._room(item, depth)
            if why is not None:
                found.append((_path(path, link), why))
                if self.left <= 0:
                    break
                continue
            if isinstance(item, (dict, Mapping)):
                inner: Iterable[tuple[Any, Any]] = item.items()
                for key in item:
                    why = None if type(key) is str and key.isascii() else _key(key)
                    if why is not None:
                        found.append((_path(path, (link, key)), why))
            else:
                inner = enumerate(item)
            # Most values are plain texts, with which nothing can be wrong.
            parts = [(part, (link, key), depth + 1) for key, part in inner if type(part) is not str or not part.isascii()]
            stack.extend(reversed(parts))
        return found[:_MOST_TOLD]

    def _room(self, item: Any, depth: int) -> Mapping[str, str] | None:
        if depth > MAX_DEPTH:
            return {"en": f"it is nested more than {MAX_DEPTH} deep", "zh": f"嵌套超过 {MAX_DEPTH} 层"}
        if len(item) > self.left:
            self.left = 0  # patience is at an end, for what follows too
            return _TOO_MANY
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
