"""Laws of editing a definition in its own text: what was not edited stays, and what was drawn comes back."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow import documents
from servflow.embedding import Source, edit, flow, from_flow, from_grid, grid
from servflow.embedding._source_spans import read
from servflow.errors import InputError

LAWS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_FOLDER = Path(documents.__file__).parent / "templates"
NAMES = sorted(path.name for path in _FOLDER.glob("*.yaml"))
WORKFLOWS = [name for name in NAMES if "\nstates:" in (_FOLDER / name).read_text("utf-8")]


@cache
def source(name: str) -> Source:
    return edit((_FOLDER / name).read_text("utf-8"))


def lines_changed(before: str, after: str) -> set[int]:
    """The lines of the first text, from 1, that are not the same in the second."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return {line + 1 for tag, a, b, _, _ in matcher.get_opcodes() if tag != "equal" for line in range(a, b)}


def lines_of(owner: Source, id_: str) -> set[int]:
    """The lines on which an element is written."""
    doc, element = read(owner.text), owner.element(id_)
    span = doc.find(element.steps)
    assert span is not None
    return set(range(element.line, doc.line(max(span.start, span.end - 1)) + 1))


def comments(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.strip().startswith("#"))


@pytest.mark.parametrize("name", NAMES)
def test_every_element_of_every_template_has_one_id_and_its_path_leads_back(name: str) -> None:
    """Ids are unique, and the path of an element, or of anything in it, leads to the element."""
    owner = source(name)

    assert len(owner.elements) == len(set(owner.elements))
    for id_, element in list(owner.elements.items())[::5]:
        assert owner.element_at(element.path) == element
        assert owner.element_at(element.path + ".nowhere[3]") == element, id_


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_is_drawn_and_taken_back_unchanged_changes_nothing(name: str) -> None:
    """``from_flow(flow(x)) == x`` and ``from_grid(grid(t)) == t``, down to the last character."""
    owner = source(name)

    assert owner.text == from_flow(owner, flow(owner)).text
    for table in owner.data.get("tables", {}):
        assert owner.text == from_grid(owner, grid(owner, table)).text


EDITED = ["appliance_repair.yaml", "demo_repair.yaml", "equipment_inspection.yaml", "spare_part_request.yaml"]
"""Small ones that have every kind of element among them: most of the time goes into reading the text that was made."""


@LAWS
@given(data=st.data())
def test_an_edit_of_one_element_changes_no_line_of_another(data: Any) -> None:
    """Only lines of the element that was edited differ, no comment is lost, its id stays, and undo brings the text back."""
    owner = source(data.draw(st.sampled_from(EDITED)))
    bare = ("row", "input", "output", "calendar", "event", "role", "queue")
    ids = [id_ for id_, one in owner.elements.items() if one.kind not in bare]
    id_ = data.draw(st.sampled_from(ids))
    word = data.draw(st.sampled_from(["plain", "with: colon", "# no comment", '"quoted"', "it's", "两个字", "-", "null", "12"]))
    key = data.draw(st.sampled_from(["title", "note", "when", "event"]))

    made = owner.set(id_, key, word)

    assert lines_changed(owner.text, made.text) <= lines_of(owner, id_)
    assert comments(owner.text) == comments(made.text)
    assert made.element(id_).data[key] == word
    assert owner.elements.keys() == made.elements.keys()
    assert owner == made.undo()
    assert made == made.undo().redo()


@LAWS
@given(data=st.data())
def test_what_is_removed_or_moved_leaves_all_others_as_they_were(data: Any) -> None:
    """Every other element says what it said and has the id it had, in the order it had."""
    owner = source(data.draw(st.sampled_from(EDITED)))
    kinds = ("transition", "row", "clock", "law", "level", "step", "rule")
    id_ = data.draw(st.sampled_from([id_ for id_, one in owner.elements.items() if one.kind in kinds]))
    element = owner.element(id_)
    siblings = [other for other, one in owner.elements.items() if one.steps[:-1] == element.steps[:-1] and other != id_]
    if data.draw(st.booleans()) or not siblings:
        if owner.uses(id_):
            with pytest.raises(InputError, match="is named elsewhere"):
                owner.remove(id_)
            return
        made = owner.remove(id_)
    else:
        made = owner.move(id_, before=data.draw(st.sampled_from(siblings)))

    inside = {other for other, one in owner.elements.items() if one.steps[: len(element.steps)] == element.steps}
    around = {other for other, one in owner.elements.items() if element.steps[: len(one.steps)] == one.steps}
    for other in owner.elements.keys() - inside - around:
        assert owner.elements[other].data == made.elements[other].data
    inner = owner.text.splitlines()[min(lines_of(owner, id_)) - 1 : max(lines_of(owner, id_))]
    assert set(comments(owner.text)) - set(comments(made.text)) <= set(comments("\n".join(inner)))
    rest = [other for other in owner.elements if other not in inside]
    assert rest == [other for other in made.elements if other not in inside]


@LAWS
@given(data=st.data())
def test_a_name_that_is_changed_and_changed_back_leaves_the_text_as_it_was(data: Any) -> None:
    """A rename follows into everything that names the element, so that the definition loads, and can be undone by hand."""
    owner = source(data.draw(st.sampled_from(EDITED)))
    kinds = ("state", "clock", "chain", "law", "table", "field", "calendar")
    id_ = data.draw(st.sampled_from([id_ for id_, one in owner.elements.items() if one.kind in kinds]))
    old = owner.element(id_).name

    made = owner.rename(id_, "renamed_for_now")

    assert made.findings == owner.findings
    assert owner.text == made.rename(made.moved[id_], old).text
