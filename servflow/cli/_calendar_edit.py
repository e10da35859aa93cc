"""Knows how dates are changed in a YAML tree so that the comments beside the others stay; must not know what a date means."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken


def merge(place: Any, key: str, wanted: Any) -> None:
    """
    Put a part of a calendar in its place: dates that stay keep their comments, others are taken out or come in by date.

    Args:
        place: the mapping that holds the part.
        key: the name of the part.
        wanted: a list of holidays, a mapping of windows by date, or a text.
    """
    held = place.get(key)
    if isinstance(held, CommentedSeq) and isinstance(wanted, list):
        _merged(held, [_text(item) for item in held], {_text(item): _inline(item) for item in wanted}, 0)
    elif isinstance(held, CommentedMap) and isinstance(wanted, Mapping):
        _merged(held, [str(text) for text in held], {text: _inline(windows) for text, windows in wanted.items()}, 2)
    elif isinstance(wanted, Mapping):
        place[key] = {text: _inline(windows) for text, windows in wanted.items()}
    else:
        place[key] = [_inline(item) for item in wanted] if isinstance(wanted, list) else wanted


def _merged(held: Any, texts: list[str], wanted: Mapping[str, Any], slot: int) -> None:
    """Change a sequence or a mapping; *slot* is where ruamel keeps the comment behind one of its entries."""
    keys: list[Any] = list(held) if isinstance(held, CommentedMap) else []
    tail = _cut(held, keys[-1] if keys else len(texts) - 1, slot) if texts else ""
    held.fa.set_block_style()
    for index in reversed(range(len(texts))):
        at = keys[index] if keys else index
        if texts[index] not in wanted:
            del held[at]
            del texts[index], keys[index : index + 1]
        elif _plain(held[at]) != _plain(wanted[texts[index]]):
            held[at] = wanted[texts[index]]
    there = set(texts)
    for text, value in wanted.items():
        if text in there:
            continue
        index = bisect_right(texts, text)
        # What stands between two entries is about the second one.
        between = _cut(held, keys[index - 1] if keys else index - 1, slot) if index else ""
        texts.insert(index, text)
        if isinstance(held, CommentedMap):
            keys.insert(index, text)
            held.insert(index, text, value)
        else:
            held.insert(index, value)
        _hang(held, text if isinstance(held, CommentedMap) else index, slot, between)
    if texts:
        _hang(held, keys[-1] if keys else len(texts) - 1, slot, tail)


def _cut(held: Any, at: Any, slot: int) -> str:
    """Take the lines below an entry, up to the next one, out of the comment behind it."""
    found = held.ca.items.get(at)
    token = found[slot] if found else None
    if token is None:
        return ""
    line, _, below = str(token.value).partition("\n")
    if not below:
        return ""
    if line:
        token.value = f"{line}\n"
    else:
        del held.ca.items[at]
        if hasattr(held[at], "ca"):
            held[at].ca.comment = None
    return below


def _hang(held: Any, at: Any, slot: int, below: str) -> None:
    """Put lines below an entry."""
    if not below:
        return
    found = held.ca.items.get(at)
    if found and found[slot] is not None:
        found[slot].value = f"{str(found[slot].value).rstrip()}\n{below}"
        return
    held.ca.items[at] = [None] * 4
    held.ca.items[at][slot] = CommentToken(f"\n{below}", CommentMark(0), None)


def _text(item: Any) -> str:
    return str(item.get("date") if isinstance(item, Mapping) else item)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): str(part) for key, part in value.items()}
    return [str(part) for part in value] if isinstance(value, list) else str(value)


def _inline(value: Any) -> Any:
    """Windows and single holidays on one line each, as people write them."""
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    made = CommentedMap(value) if isinstance(value, Mapping) else CommentedSeq(value)
    made.fa.set_flow_style()
    return made
