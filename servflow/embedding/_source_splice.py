"""Knows how one value of a text is put, added, taken out or moved and all else stays; must not know definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from servflow.documents._prune import held_at
from servflow.embedding._source_spans import Read, Span, Steps, read
from servflow.embedding._source_write import after_colon, block, flow, in_list, scalar
from servflow.errors import DefinitionError

_LONE = re.compile(r"(?<!\r)\n")


def _reach(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _changed(data: dict[str, Any], change: Callable[[Any], None]) -> dict[str, Any]:
    made = deepcopy(data)
    change(made)
    return made


def _sure(text: str | None, wanted: dict[str, Any], doc: Read, around: Steps) -> str:
    """The text where it says what is wanted, else what is around the change is written anew, as little of it as helps."""
    return ended(doc.text, _saying(text, wanted, doc, around))


def ended(before: str, text: str) -> str:
    """The text with lines that end as those before: also the new ones of a text from Windows."""
    ends = before.count("\r\n")
    return _LONE.sub("\r\n", text) if ends and ends == before.count("\n") else text


def _saying(text: str | None, wanted: dict[str, Any], doc: Read, around: Steps) -> str:
    if text is not None and says(text, wanted):
        return text
    while around:
        span = doc.find(around)
        if span is not None:
            made = _replaced(doc, around, span, _reach(wanted, around))
            if says(made, wanted):
                return made
        around = around[:-1]
    return flow(wanted, as_json=True) + "\n" if doc.json else block(wanted, 0) + "\n"


def says(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return _same(read(text).data, wanted)
    except (DefinitionError, ValueError):
        return False


def _same(one: Any, other: Any) -> bool:
    """Equal also in the order of keys, and in what is a number and what a truth value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


# put ------------------------------------------------------------------------------------------------------------


def put(text: str, steps: Steps, value: Any) -> str:
    """The text with a value in place of the one there, or as a new key at the end of its mapping."""
    doc = read(text)
    whole = doc.find(())
    if not steps and whole is not None:  # there was nothing in it yet
        return ended(
            text, text[: whole.start] + (flow(value, as_json=True) if doc.json else block(value, 0)) + text[whole.end :]
        )
    last = steps[-1]
    if held_at(doc.data, steps[:-1]) is None:  # a key with nothing behind it
        return put(text, steps[:-1], {last: value})
    wanted = _changed(doc.data, lambda data: _reach(data, steps[:-1]).__setitem__(last, deepcopy(value)))
    span = doc.find(steps)
    if span is None:
        return add_key(text, steps[:-1], str(last), value)
    if _same(_reach(doc.data, steps), value):
        return text
    return _sure(_replaced(doc, steps, span, value), wanted, doc, steps[:-1])


def _replaced(doc: Read, steps: Steps, span: Span, value: Any) -> str:
    text, holder = doc.text, doc.find(steps[:-1])
    collection = isinstance(value, (Mapping, list, tuple))
    if doc.json or holder is None or holder.flow:
        written = scalar(value, as_json=doc.json, style=span.style) if not collection else flow(value, as_json=doc.json)
        return text[: span.start] + written + text[span.end :]
    if span.kind == "scalar" and not collection:
        gap = " " if span.start == span.end else ""
        return text[: span.start] + gap + scalar(value, style=span.style) + text[span.end :]
    indent = doc.column(holder.keys[0].start) if holder.kind == "map" else doc.column(holder.start)
    if span.kind != "scalar" and not span.flow:
        if collection and value:
            return text[: span.start] + block(value, doc.column(span.start)) + text[span.end :]
        if holder.kind == "map":
            colon = text.index(":", holder.keys[holder.names.index(str(steps[-1]))].end) + 1
            # What was said beside the key stays there.
            beside = text[colon : doc.line_start(span.start)].rstrip("\r\n ")
            return text[:colon] + " " + flow(value) + beside + text[span.end :]
        return text[: span.start] + flow(value) + text[span.end :]
    if holder.kind == "map":
        colon = text.index(":", holder.keys[holder.names.index(str(steps[-1]))].end) + 1
        written = after_colon(value, indent, spread=len(steps) == 1 and _of_elements(value))
        if not written.startswith("\n"):
            return text[:colon] + written + text[span.end :]
        # A comment behind the value stays on the line of the key.
        rest = doc.line_end(span.end)
        return text[:colon] + text[span.end : rest].rstrip("\r\n") + written + "\n" + text[rest:]
    gap = " " if span.start == span.end else ""
    return text[: span.start] + gap + in_list(value, indent) + text[span.end :]


def _of_elements(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value))


def put_scalars(text: str, values: Mapping[Steps, Any], keys: Mapping[Steps, str]) -> str:
    """
    The text with other words in many places at once: scalars, and keys of mappings.

    Args:
        values: where a scalar stands, and the new one.
        keys: where the value of a key stands, and what the key is called now.
    """
    doc = read(text)
    cuts: list[tuple[int, int, str]] = []
    for steps, value in values.items():
        span = doc.find(steps)
        if span is not None:
            cuts.append((span.start, span.end, scalar(value, as_json=doc.json, style=span.style)))
    for steps, name in keys.items():
        holder = doc.find(steps[:-1])
        if holder is not None and steps[-1] in holder.names:
            span = holder.keys[holder.names.index(str(steps[-1]))]
            cuts.append((span.start, span.end, scalar(name, as_json=doc.json, style=span.style)))
    made = doc.text
    for start, end, written in sorted(cuts, reverse=True):
        made = made[:start] + written + made[end:]
    return _sure(made, _renamed(doc.data, values, keys), doc, ())


def put_many(text: str, values: Mapping[Steps, Any]) -> str:
    """The text with other values in many places at once, none of which lies in another."""
    doc = read(text)
    wanted, made = deepcopy(doc.data), doc.text
    for steps, value in values.items():
        _reach(wanted, steps[:-1])[steps[-1]] = deepcopy(value)
    spans = [(doc.find(steps), steps, value) for steps, value in values.items()]
    for span, steps, value in sorted(spans, key=lambda one: -one[0].start if one[0] is not None else 0):
        if span is None or _same(_reach(doc.data, steps), value):
            continue
        written = flow(value, as_json=doc.json) if span.flow or span.kind == "scalar" else block(value, doc.column(span.start))
        made = made[: span.start] + written + made[span.end :]
    return _sure(made, wanted, doc, ())


def _renamed(data: Any, values: Mapping[Steps, Any], keys: Mapping[Steps, str], here: Steps = ()) -> Any:
    # As deep as a document may be, which reading it has bounded.
    if here in values:
        return values[here]
    if isinstance(data, dict):
        return {keys.get((*here, name), name): _renamed(item, values, keys, (*here, name)) for name, item in data.items()}
    if isinstance(data, list):
        return [_renamed(item, values, keys, (*here, index)) for index, item in enumerate(data)]
    return data


# add ------------------------------------------------------------------------------------------------------------


def add_key(text: str, steps: Steps, name: str, value: Any, index: int | None = None) -> str:
    """The text with one more key in a mapping, which is made where there is none; at the end unless *index* says where."""
    doc = read(text)
    held = held_at(doc.data, steps)
    if not held:
        return put(text, steps, {name: value})
    place = len(held) if index is None else max(0, min(index, len(held)))
    items = list(held.items())
    items.insert(place, (name, deepcopy(value)))
    wanted = _put_data(doc.data, steps, dict(items))
    return _sure(_key_added(doc, steps, (name, value), place), wanted, doc, steps)


def _put_data(data: dict[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    if not steps:
        return dict(value)
    return _changed(data, lambda made: _reach(made, steps[:-1]).__setitem__(steps[-1], value))


def _key_added(doc: Read, steps: Steps, pair: tuple[str, Any], place: int) -> str | None:
    span, text = doc.find(steps), doc.text
    if span is None:
        return None
    name, value = pair
    if span.flow:
        written = f"{scalar(name, as_json=doc.json)}: {flow(value, as_json=doc.json)}"
        return _put_between(doc, span, place, written)
    indent = doc.column(span.keys[0].start)
    line = f"{scalar(name)}:{after_colon(value, indent, spread=not steps and _of_elements(value))}\n"
    if place == 0 and doc.text[doc.line_start(span.start) : span.start].strip():
        begin = span.keys[0].start
        return text[:begin] + line + " " * indent + text[begin:]
    if place == 0:
        return _put_line(doc, with_comments(doc, doc.line_start(span.start)), " " * indent + line)
    return _put_line(doc, doc.line_end(span.items[place - 1].end), " " * indent + line)


def _put_line(doc: Read, at: int, line: str) -> str:
    text = doc.text
    gap = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return text[:at] + gap + line + text[at:]


def _put_between(doc: Read, span: Span, place: int, written: str) -> str:
    """The text with one more entry in brackets, set apart as the others are."""
    text, starts = doc.text, [one.start for one in (span.keys or span.items)]
    if not starts:
        return text[: span.start + 1] + written + text[span.end - 1 :]
    first = text[span.start + 1 : starts[0]]
    apart = first if "\n" in first and "#" not in first and not first.strip() else " "
    if place == 0:
        return text[: starts[0]] + written + "," + apart + text[starts[0] :]
    end = span.items[place - 1].end
    return text[:end] + "," + apart + written + text[end:]


def add_item(text: str, steps: Steps, value: Any, index: int | None = None) -> str:
    """The text with one more item in a list, which is made where there is none; at the end unless *index* says where."""
    doc = read(text)
    held = held_at(doc.data, steps)
    if held is not None and not isinstance(held, list):
        return add_item(as_list(text, steps), steps, value, index)
    if not held:
        return put(text, steps, [value])
    place = len(held) if index is None else max(0, min(index, len(held)))
    wanted = _changed(doc.data, lambda data: _reach(data, steps).insert(place, deepcopy(value)))
    span = doc.find(steps)
    made: str | None = None
    if span is not None and span.flow:
        made = _put_between(doc, span, place, flow(value, as_json=doc.json))
    elif span is not None:
        indent = doc.column(span.start)
        line = " " * indent + "- " + in_list(value, indent) + "\n"
        at = doc.line_end(span.items[place - 1].end) if place else with_comments(doc, doc.line_start(span.start))
        made = _put_line(doc, at, line)
    return _sure(made, wanted, doc, steps)


def as_list(text: str, steps: Steps) -> str:
    """The text in which what stood alone under a key is a list of one, with the comments in it."""
    doc = read(text)
    wanted = _changed(doc.data, lambda data: _reach(data, steps[:-1]).__setitem__(steps[-1], [_reach(data, steps)]))
    holder, span = doc.find(steps[:-1]), doc.find(steps)
    if span is None or holder is None or holder.flow or span.flow or span.kind != "map":
        return put(text, steps, _reach(wanted, steps))
    begin, end = with_comments(doc, doc.line_start(span.start)), doc.line_end(span.end)
    return _sure(doc.text[:begin] + as_item(doc.text[begin:end]) + doc.text[end:], wanted, doc, steps[:-1])


def lined(chunk: str) -> list[str]:
    """The lines of a text with their ends; marks that only Unicode takes for the end of a line end none."""
    return re.findall(r"[^\n]*\n|[^\n]+", chunk)


def as_item(chunk: str) -> str:
    """Lines of a mapping, and the comments among them, as those of an item in a list."""
    made, dashed = [], False
    for line in lined(chunk):
        body = line.lstrip(" ")
        gap = line[: len(line) - len(body)]
        if dashed:
            made.append(line if not body.strip() else f"  {line}")
        else:
            dashed = bool(body.strip()) and not body.startswith("#")
            made.append(f"{gap}- {body}" if dashed else line)
    return "".join(made)


# take out -------------------------------------------------------------------------------------------------------


def drop(text: str, steps: Steps) -> str:
    """The text without a key or an item; comments on lines of their own stay."""
    doc = read(text)
    holder, last = doc.find(steps[:-1]), steps[-1]
    wanted = _changed(doc.data, lambda data: _reach(data, steps[:-1]).__delitem__(last))
    if holder is None:
        return _sure(None, wanted, doc, steps[:-1])
    place = last if isinstance(last, int) else holder.names.index(last)
    if len(holder.items) == 1 and steps[:-1] and not holder.flow:
        return put(text, steps[:-1], {} if holder.kind == "map" else [])
    return _sure(_dropped(doc, holder, place), wanted, doc, steps[:-1])


def _dropped(doc: Read, holder: Span, place: int) -> str | None:
    text, starts = doc.text, [one.start for one in (holder.keys or holder.items)]
    start, end = starts[place], holder.items[place].end
    if not holder.flow:
        lines = lines_of(doc, holder, place)
        if lines is not None:
            return text[: lines[0]] + text[lines[1] :]
        following = starts[place + 1] if place + 1 < len(starts) else None
        return None if following is None or "#" in text[end:following] else text[:start] + text[following:]
    if place + 1 < len(starts):
        after = starts[place + 1]
        return text[:start] + text[text.index(",", end) + 1 if "#" in text[end:after] else after :]
    before = holder.items[place - 1].end if place else start
    return text[: start if "#" in text[before:start] else before] + text[end:]


def lines_of(doc: Read, holder: Span, place: int) -> tuple[int, int] | None:
    """The whole lines of an entry of a block; None where it begins in the line of something else."""
    end = doc.line_end(holder.items[place].end)
    if holder.kind == "map":
        begin = holder.keys[place].start
    else:
        begin = _dash(doc, holder, place)
    start = doc.line_start(begin)
    return (start, end) if not doc.text[start:begin].strip() else None


def _dash(doc: Read, holder: Span, place: int) -> int:
    if place == 0:
        return holder.start
    column, item = doc.column(holder.start), holder.items[place]
    begin = holder.items[place - 1].end
    found = re.compile(rf"\n {{{column}}}-").search(doc.text, begin, item.start + 1)
    return item.start if found is None else found.end() - 1


# move -----------------------------------------------------------------------------------------------------------


def shift(text: str, steps: Steps, place: int) -> str:
    """
    The text with an entry at another place among its neighbours, as it stands after it was taken out.

    Comments directly above an entry go with it.
    """
    doc = read(text)
    held, last = _reach(doc.data, steps[:-1]), steps[-1]
    if isinstance(held, dict):
        pairs = list(held.items())
        old = list(held).index(str(last))
        pairs.insert(place, pairs.pop(old))
        moved: Any = dict(pairs)
    else:
        old = int(last)
        moved = list(held)
        moved.insert(place, moved.pop(old))
    if old == place:
        return text
    wanted = _put_data(doc.data, steps[:-1], moved)
    holder = doc.find(steps[:-1])
    return _sure(None if holder is None else _shifted(doc, holder, old, place), wanted, doc, steps[:-1])


def _shifted(doc: Read, holder: Span, old: int, place: int) -> str | None:
    text = doc.text
    if holder.flow:
        starts = [one.start for one in (holder.keys or holder.items)]
        pieces = [text[start : item.end] for start, item in zip(starts, holder.items, strict=True)]
        gaps = [text[item.end : start] for item, start in zip(holder.items, starts[1:], strict=False)]
        pieces.insert(place, pieces.pop(old))
        woven = "".join(piece + gap for piece, gap in zip(pieces, [*gaps, ""], strict=True))
        return text[: starts[0]] + woven + text[holder.items[-1].end :]
    lines = [lines_of(doc, holder, index) for index in (old, place)]
    if lines[0] is None or lines[1] is None:
        return None
    starts_at = [with_comments(doc, begin) for begin, _ in (lines[0], lines[1])]
    chunk = text[starts_at[0] : lines[0][1]]
    chunk = chunk if chunk.endswith("\n") else chunk + "\n"
    if place > old:
        middle = text[lines[0][1] : lines[1][1]]
        middle = middle if middle.endswith("\n") else middle + "\n"
        return text[: starts_at[0]] + middle + chunk + text[lines[1][1] :]
    return text[: starts_at[1]] + chunk + text[starts_at[1] : starts_at[0]] + text[lines[0][1] :]


def with_comments(doc: Read, begin: int) -> int:
    """Where the comments directly above a line begin."""
    column = len(doc.text[begin : doc.line_end(begin)]) - len(doc.text[begin : doc.line_end(begin)].lstrip(" "))
    while begin:
        above = doc.line_start(begin - 1)
        line = doc.text[above:begin]
        if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) != column:
            break
        begin = above
    return begin
