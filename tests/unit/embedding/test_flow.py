"""A workflow as a flow editor draws it, and what is taken back from one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from servflow import Desk
from servflow.embedding import Reloading, edit, flow, from_flow, from_grid, grid, positions
from servflow.errors import InputError
from servflow.stores import MemoryStore

TEXT = """\
workflow: repair
initial: new
states:
  new: {title: {en: New, zh: 新建}}
  work:
    states:
      on_site: {timers: [{after: 2h, event: finish}], checklist: [look]}
      paused: {}
  done: {closed: true}   # the end
transitions:
  - {event: visit, source: new, target: on_site}
  - {event: pause, source: on_site, target: paused}
  - {event: finish, source: [on_site, paused], target: done, allow: [system]}
  - {event: note, source: "*", internal: true}
"""


def node(drawn: dict[str, Any], id_: str) -> Any:
    return next(one for one in drawn["nodes"] if one["id"] == id_)


def edge(drawn: dict[str, Any], event: str, source: str) -> Any:
    return next(one for one in drawn["edges"] if one["data"]["event"] == event and one["source"] == source)


def test_states_are_nodes_and_each_way_of_a_transition_is_an_edge() -> None:
    """In the shape of React Flow, ready for JSON, with what lies in each other placed within its parent."""
    drawn = flow(TEXT, lang="zh")

    json.dumps(drawn)
    assert "新建" == node(drawn, "states/new")["data"]["label"]
    assert node(drawn, "states/new")["data"]["initial"]
    assert "group" == node(drawn, "states/work")["type"]
    assert "states/work" == node(drawn, "states/on_site")["parentId"]
    assert {"states/on_site", "states/paused"} == {one["source"] for one in drawn["edges"] if one["data"]["event"] == "finish"}
    assert "*" == edge(drawn, "note", "*")["target"]
    assert edge(drawn, "note", "*")["data"]["stays"]
    assert [{"id": "states/on_site/timers/finish", "event": "finish", "after": "2h"}] == node(drawn, "states/on_site")["data"][
        "timers"
    ]
    places = {(one.get("parentId"), *one["position"].values()) for one in drawn["nodes"]}
    assert len(drawn["nodes"]) == len(places)


def test_what_is_wrong_stands_at_its_node_and_edge() -> None:
    """Also what a transition names and is not there is drawn."""
    drawn = flow(TEXT.replace("target: done", "target: doen"))

    assert "missing" == node(drawn, "missing:doen")["type"]
    assert ["machine.unknown_state"] == [one["code"] for one in edge(drawn, "finish", "states/paused")["data"]["findings"]][:1]


def test_nodes_stay_where_somebody_put_them() -> None:
    """Positions of the host win; all others are laid out."""
    assert {"x": 7, "y": 8} == node(flow(TEXT, positions={"states/new": {"x": 7, "y": 8}}), "states/new")["position"]
    with pytest.raises(InputError, match="x and y"):
        flow(TEXT, positions={"states/new": {"x": "7"}})  # type: ignore[dict-item]  # what is refused


def test_what_was_done_in_the_editor_is_done_to_the_text() -> None:
    """Added, renamed, removed, re-targeted: only the lines it is about change, and it is one step of undo."""
    source = edit(TEXT)
    drawn = flow(source)
    drawn["nodes"].append({"id": "n1", "position": {"x": 1, "y": 2}, "data": {"label": "checking"}})
    edge(drawn, "finish", "states/on_site")["target"] = "n1"
    drawn["edges"].append({"id": "e1", "source": "n1", "target": "states/done", "data": {"event": "approve"}})
    node(drawn, "states/done")["data"]["name"] = "closed"
    node(drawn, "states/new")["data"]["title"] = None
    drawn["edges"].remove(edge(drawn, "pause", "states/on_site"))

    made = from_flow(source, drawn)

    expected = (
        TEXT.replace("done", "closed")
        .replace("new: {title: {en: New, zh: 新建}}", "new: {}")
        .replace("  - {event: pause, source: on_site, target: paused}\n", "")
        .replace("# the end\n", "# the end\n  checking: {}\n")
        .replace("source: [on_site, paused], target: closed", "source: paused, target: closed")
    )
    written = 'source: paused, target: closed, allow: [system], id: "finish:on_site+paused>closed"'
    assert expected.splitlines()[:9] == made.text.splitlines()[:9]
    assert written in made.text
    assert "{event: finish, source: on_site, target: checking, allow: [system]}" in made.text
    assert "{event: approve, source: checking, target: closed}" in made.text
    assert () == made.findings
    assert source == made.undo()
    assert {"x": 1, "y": 2} == positions(drawn, made)["states/checking"]
    assert made.text == from_flow(made, flow(made)).text


def test_a_state_moves_into_another_and_begins_it() -> None:
    """Another parent moves it with all that is in it; ``initial`` says where the parent begins."""
    source = edit(TEXT)
    drawn = flow(source)
    node(drawn, "states/new")["parentId"] = "states/work"
    node(drawn, "states/new")["data"]["initial"] = True
    node(drawn, "states/work")["data"]["initial"] = True

    made = from_flow(source, drawn)

    assert "new" in made.data["states"]["work"]["states"]
    assert ("new", "work") == (made.data["states"]["work"]["initial"], made.data["initial"])
    assert () == made.findings


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    drawn = copy.deepcopy(flow(TEXT))
    change(drawn)
    return drawn


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.pop("nodes"), "nodes: it is a list"),
        (lambda one: one["nodes"].append({"id": "states/new"}), "used twice"),
        (lambda one: one["nodes"].append({"id": 3}), r"nodes\[6\].id"),
        (lambda one: one["nodes"].append({"id": "n", "parentId": "gone"}), r"parentId: there is no node 'gone'"),
        (lambda one: one["nodes"].append({"id": "n", "data": {}}), "a name is a text"),
        (lambda one: one["nodes"].append({"id": "n", "data": {"name": "done"}}), "'done' already"),
        (lambda one: one["nodes"].append({"id": "n", "data": []}), "a mapping"),
        (lambda one: one["edges"][0].update(target="gone"), r"edges\[0\].target: there is no node 'gone'"),
        (lambda one: one["edges"].append({"id": "e", "source": "states/new", "target": "states/done"}), "needs an event"),
        (lambda one: one["nodes"].pop(0), "there is no node 'states/new'"),
        (lambda one: (one["nodes"].pop(0), one["edges"].pop(0)), r"initial"),
        (lambda one: one["nodes"][0]["data"].update(name="a\nb"), "a name is a text on one line"),
    ],
)
def test_what_is_no_flow_is_refused_with_its_place(change: Callable[[dict[str, Any]], Any], told: str) -> None:
    """Strangers send these: the path is told, and nothing is changed."""
    with pytest.raises(InputError, match=told):
        from_flow(TEXT, broken(change))


def test_more_than_an_editor_can_draw_is_refused() -> None:
    """A definition of thousands of states is told instead of laid out for ever."""
    text = "states:\n" + "".join(f"  s{index}: {{}}\n" for index in range(2_001))

    with pytest.raises(InputError, match="more than the 2000"):
        flow(text)


def test_the_reference_names_every_key_that_an_editor_gets() -> None:
    """Of nodes, edges, columns, rows, findings and previews: none is left for the reader of the code to find."""
    page = (Path(__file__).parents[3] / "docs/reference/editors.md").read_text("utf-8")
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", page))))
    source = edit(TEXT + "tables: {t: {inputs: [tier], outputs: {n: int}, rows: [['-', 'x']]}}\nfields: {tier: string}\n")
    drawn, sheet = flow(source), grid(source)
    desk = Desk(edit(TEXT).workflow(), MemoryStore(), now=lambda: datetime(2026, 3, 2, tzinfo=UTC))
    preview = Reloading(desk).preview(source, check=False).as_data()
    desk.store.close()

    assert sheet["errors"]
    assert preview["findings"]
    parts = [drawn, sheet, preview, preview["findings"][0], sheet["errors"][0], sheet["rows"][0], *sheet["columns"]]
    parts += [part for one in (*drawn["nodes"], *drawn["edges"]) for part in (one, one["data"])]
    assert set() == {key for part in parts for key in part} - told - {"extent", "data"}


def test_a_draft_is_drawn_with_all_that_is_wrong_somewhere() -> None:
    """Also a transition that starts nowhere yet; what is wrong with elements that are not drawn stands beside them."""
    source = edit("workflow: w\nstates: {a: {}, b: {}}\ntransitions: [{event: go}, 5]\nclocks: [{name: c}]\n")

    drawn = flow(source, lang="zh")
    here = [one for part in (*drawn["nodes"], *drawn["edges"]) for one in part["data"].get("findings", ())]

    assert ("missing:", "missing") == (edge(drawn, "go", "missing:")["source"], node(drawn, "missing:")["type"])
    assert {id_: len(those) for id_, those in source.marks.items()} == {
        id_: sum(one["element"] == id_ for one in (*here, *drawn["findings"])) for id_ in source.marks
    }
    assert ["transitions/go:"] == [one["element"] for one in here]
    assert ["transitions/-", "clocks/c"] == [one["element"] for one in drawn["findings"]]

    edge(drawn, "go", "missing:")["data"]["event"] = "start"
    assert "{event: start, id: 'go:'}" in from_flow(source, drawn).text.replace('"', "'")
    edge(drawn, "start", "missing:").update(source="states/a", target="states/b")
    assert {"event": "start", "source": "a", "target": "b"}.items() <= from_flow(source, drawn).data["transitions"][0].items()


def test_what_somebody_else_changed_meanwhile_is_not_undone() -> None:
    """A drawing of another text is refused where it says of which; without that it is taken as the whole truth."""
    source = edit(TEXT)
    priced = edit(TEXT + "tables: {t: {inputs: [], outputs: {n: int}, rows: [['1']]}}\n")
    old, sheet = flow(source), grid(priced)
    newer = source.add("states", {}, name="fresh")

    for stale in (lambda: from_flow(newer, old), lambda: from_grid(priced.set("tables/t", "hit", "any"), sheet)):
        with pytest.raises(InputError, match="draw it again") as caught:
            stale()
        assert ("edit.stale", True) == (caught.value.code, "已被他人修改" in caught.value.text("zh"))
    assert newer == from_flow(newer, {**flow(newer), "revision": newer.revision})
    assert "states/fresh" not in from_flow(newer, {key: value for key, value in old.items() if key != "revision"}).elements


def test_a_refusal_is_said_in_both_languages_with_its_place() -> None:
    """A page shows the sentence in the reader's language."""
    drawn = flow(TEXT)
    drawn["nodes"].append({"id": "n", "data": {"name": "done"}})

    with pytest.raises(InputError) as caught:
        from_flow(TEXT, drawn)

    assert "nodes[6]: there is a state 'done' already" == caught.value.text() == str(caught.value)
    assert "nodes[6]：已有名为“done”的状态" == caught.value.text("zh")
    assert ("edit.taken", "nodes[6]", "done") == (caught.value.code, caught.value.path, caught.value.name)
