"""Editing a definition element by element in its own text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.embedding import edit, flow, forms, grid
from servflow.errors import DefinitionError, InputError

TEXT = """\
# A small shop.  Kept as it is written:   spaces, 'quotes' and all.
workflow: repair
version: 1
fields:
  tier: {type: string, default: 'plain'}   # who pays
  fee: decimal
states:
  new: {}
  # There is somebody.
  on_site:
    timers: {after: 2h, event: finish}
    checklist: [look, {step: mend, within: 1h}]
  checking:
  done: {closed: true}

transitions:
  - {event: visit, source: new, target: on_site}  # on the way
  - event: finish
    source: on_site
    target: checking
    when: in_state('on_site') && tier != 'none'
  - {event: finish, source: on_site, target: done, when: "state == 'on_site'"}
  - {event: close, source: [checking, on_site], target: done}
tables:
  price:
    hit: first
    inputs: [tier]
    outputs: {amount: decimal}
    rows:
      - ['"gold"', '"0"']
      - {when: ['-'], then: ['"80"'], id: other}
clocks:
  - {name: repair, within: 48h, until: [checking, done]}
"""


def test_a_rename_follows_into_everything_that_names_the_state() -> None:
    """Transitions, clocks and conditions name it anew; nothing else is written, and the ids that changed are told."""
    made = edit(TEXT).rename("states/on_site", "at home")

    expected = (
        TEXT.replace("  on_site:\n", "  at home:\n")
        .replace("target: on_site", "target: at home")
        .replace("source: on_site", "source: at home")
        .replace("[checking, on_site]", "[checking, at home]")
        .replace("'on_site'", "'at home'")
    )
    assert expected == made.text
    assert made.moved["states/on_site/timers/finish"] == "states/at home/timers/finish"
    assert () == made.findings


def test_what_has_no_name_gets_its_id_written_when_an_edit_would_change_it() -> None:
    """A transition that leads elsewhere is still the same one, also for whoever reads the text again."""
    source = edit(TEXT)
    id_ = "transitions/visit:new>on_site"

    made = source.set(id_, "target", "checking")

    assert 'target: checking, id: "visit:new>on_site"}  # on the way' in made.text
    assert "checking" == edit(made.text).element(id_).data["target"]
    assert list(source.elements) == list(made.elements)


def test_a_row_that_is_edited_keeps_its_id() -> None:
    """A row without an id gets the one it had written once what it asks changes."""
    source = edit(TEXT)
    row = next(id_ for id_ in source.elements if id_.startswith("tables/price/rows/~"))

    made = source.set(row, (0,), '"silver"')

    assert ['"silver"'] == edit(made.text).element(row).data["when"]
    assert () == made.findings


def test_twice_the_same_id_is_a_finding_and_both_elements_can_still_be_told_apart() -> None:
    """Hand-written ids that collide are told with their line; an editor still shows two elements."""
    text = TEXT.replace("target: on_site}  #", "target: on_site, id: t}  #").replace(
        "target: done}\ntab", "target: done, id: t}\ntab"
    )
    source = edit(text)

    assert ["name.twice"] == [finding.code for finding in source.findings]
    assert {"transitions/t", "transitions/t#2"} <= source.elements.keys()
    assert list(source.marks) == ["transitions/t#2"]


def test_what_others_name_is_not_removed() -> None:
    """Each place is told with its line before anything is changed; together with what names it, it can go."""
    source = edit(TEXT)

    with pytest.raises(InputError, match=r"line 20: transitions\[1\]\.target") as caught:
        source.remove("states/checking")

    assert "edit.used" == caught.value.code
    assert "clocks/repair" in caught.value.elements
    gone = source.remove("tables/price", "clocks/repair")
    assert "tables: {}\nclocks: []\n" in gone.text
    assert () == gone.findings


def test_the_last_of_a_section_leaves_an_empty_one() -> None:
    """Nothing is left hanging, and the text still loads."""
    made = edit(TEXT).remove("tables/price")

    assert "\ntables: {}\nclocks:" in made.text
    assert () == made.findings


def test_elements_are_added_where_it_is_said() -> None:
    """Beside others, in the style of the text; ``added`` tells the id."""
    source = edit(TEXT)

    made = source.add("states", {"title": "Waits"}, name="waiting", after="states/on_site")
    again = made.add(
        "transitions", {"event": "wait", "source": "on_site", "target": "waiting"}, before="transitions/visit:new>on_site"
    )
    timed = again.add("states/waiting/timers", {"after": "1d", "event": "close"})

    assert "  waiting: {title: Waits}\n  checking:\n" in made.text
    assert "states/waiting" == made.added
    assert "transitions:\n  - {event: wait, source: on_site, target: waiting}\n  - {event: visit" in again.text
    assert "  waiting: {title: Waits, timers: [{after: 1d, event: close}]}\n" in timed.text
    assert "states/waiting/timers/close" == timed.added
    assert source == timed.undo().undo().undo()


def test_what_is_removed_twice_at_once_is_removed() -> None:
    """An editor may send what was chosen twice."""
    source = edit(TEXT)

    assert source.remove("clocks/repair") == source.remove("clocks/repair", "clocks/repair")


def test_elements_move_with_the_comment_above_them() -> None:
    """A comment that stands right above an element goes where it goes."""
    made = edit(TEXT).move("states/on_site", before="states/new")

    assert "states:\n  # There is somebody.\n  on_site:\n    timers" in made.text
    assert () == made.findings


def test_what_is_written_in_short_is_spelled_out_where_more_is_said() -> None:
    """A field that was a type, a step that was a name, a state that was nothing."""
    source = edit(TEXT)

    made = source.set("fields/fee", "title", "The fee").set("states/on_site/checklist/look", "title", "Look")
    made = made.set("states/checking", "title", "Is it right?")

    assert "  fee: {type: decimal, title: The fee}\n" in made.text
    assert "checklist: [{step: look, title: Look}, {step: mend, within: 1h}]" in made.text
    assert "  checking: {title: Is it right?}\n" in made.text
    assert () == made.findings


def test_json_stays_json() -> None:
    """A definition in JSON is edited in place too, with its indentation."""
    text = json.dumps(servflow.load(TEXT).to_data(), indent=2, ensure_ascii=False)
    source = edit(text)

    made = source.rename("states/checking", "检查")

    assert "检查" in json.loads(made.text)["states"]
    assert len(text.splitlines()) == len(made.text.splitlines())


def test_findings_stand_at_their_elements() -> None:
    """An editor can mark the broken node: also of a definition that does not load."""
    source = edit(TEXT.replace("until: [checking, done]", "until: [chekcing]").replace("target: checking", "target: nowhere"))

    assert ["transitions/finish:on_site>nowhere", "clocks/repair"] == [id_.partition("?")[0] for id_ in source.marks]
    assert "clocks/repair" == source.element_at("clocks[0].until[0]").id  # type: ignore[union-attr]  # it is there
    assert source.element_at("nothing") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x 1\n", "document.anchor"),
        ("a: !!python/object x\n", "document.tag"),
        ("a: 1\na: 2\n", "document.key_twice"),
        ("a: [\n", "document.yaml"),
        ("x" * 2_000_000, "document.too_large"),
        ("- 1\n", "document.no_mapping"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, code: str) -> None:
    """The limits of every definition hold for what is edited too."""
    with pytest.raises(DefinitionError) as caught:
        edit(text)

    assert code == caught.value.findings[0].code


def test_edits_that_cannot_be_are_refused() -> None:
    """With what there is, and nothing changed."""
    source = edit(TEXT)

    for refused in (
        lambda: source.element("states/on_sit"),
        lambda: source.set("states/new", (), 1),
        lambda: source.set("states/new", ("title",) * 5000, 1),
        lambda: source.set("states/new", "x", object()),
        lambda: source.rename("states/new", "done"),
        lambda: source.rename("states/new", " \n"),
        lambda: source.rename("transitions/visit:new>on_site", "go"),
        lambda: source.add("states", {}, name="new"),
        lambda: source.add("states", {}),
        lambda: source.add("nowhere", {}),
        lambda: source.move("states/on_site", into="states/on_site/states"),
        lambda: source.move("clocks/repair", before="states/new"),
        lambda: source.remove(""),
        lambda: edit(3),  # type: ignore[arg-type]  # what is refused
    ):
        with pytest.raises(InputError):
            refused()


def test_files_workflows_and_mappings_can_be_edited(tmp_path: Path) -> None:
    """Whatever holds a definition; a text of one line is a text too."""
    path = tmp_path / "repair.yaml"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")

    assert TEXT == edit(path).text
    assert servflow.load(TEXT) == edit(servflow.load(TEXT)).workflow()
    assert {"workflow": "a"} == edit({"workflow": "a"}).data
    assert "states/a" in edit("{workflow: w, states: {a: {}}}").elements


@pytest.mark.parametrize("name", ["repair.yaml", "secret"])
def test_a_text_is_never_the_name_of_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser sends reads no file of the server, wherever it is given; the developer is told of ``Path``."""
    (tmp_path / name).write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    for given in (name, str(tmp_path / name)):
        for use in (edit, edit(TEXT).write, flow, grid):
            with pytest.raises(DefinitionError) as caught:
                use(given)  # type: ignore[operator]  # each takes a text
            expected = "document.path" if given.endswith(".yaml") else "document.no_mapping"
            assert expected == caught.value.findings[0].code


def test_a_whole_text_is_written_as_one_edit() -> None:
    """What somebody typed replaces all and is one step of undo; what cannot be read leaves the source as it was."""
    source = edit(TEXT).set("states/new", "title", "New")

    made = source.write(TEXT.replace("48h", "24h"))

    assert "24h" == made.element("clocks/repair").data["within"]
    assert (source, source.undo()) == (made.undo(), made.undo().undo())
    assert made == made.undo().redo()
    assert source is source.write(source.text)
    assert made.text == source.write("\ufeff" + made.text).text
    with pytest.raises(DefinitionError, match="line 2"):
        source.write("workflow: x\n{")
    with pytest.raises(InputError, match="whole text"):
        source.write(None)  # type: ignore[arg-type]  # what is refused


def test_values_without_a_bottom_are_refused_as_edits() -> None:
    """A list in itself, and one deeper than a definition may be: in both languages, and nothing is changed."""
    endless: list[object] = []
    endless.append(endless)

    for value in (endless, json.loads("[" * 90 + "]" * 90)):
        with pytest.raises(InputError) as refused:
            edit(TEXT).set("states/new", "title", value)
        assert ("edit.value", True) == (refused.value.code, refused.value.text("zh").startswith("值应为普通数据"))


def test_windows_lines_stay() -> None:
    """A text with CR LF is edited without touching the ends of other lines."""
    text = TEXT.replace("\n", "\r\n")

    made = edit(text).set("states/new", "title", "New")

    assert text.replace("new: {}", "new: {title: New}") == made.text
    added = made.add("states", {"title": "Waits"}, name="waiting").set("clocks/repair", "labels", {"why": "w" * 110})
    assert added.text.count("\n") == added.text.count("\r\n") > text.count("\n")
    short = edit("workflow: x\r\nstates:  # none yet\r\n  a: {}\r\nrules:\r\n").remove("states/a")
    assert short.text == "workflow: x\r\nstates: {}  # none yet\r\nrules:\r\n"


NESTED = """\
workflow: a
states:
  # about n
  n:   {title: 'x'}   # beside n
  g:
    states:
      x: {}
      # about y
      y:
        # in y
        title: |
          two
          lines
  d: {closed: true}
  e:
"""


def test_a_state_that_is_put_into_another_keeps_what_was_said_in_it() -> None:
    """The lines of it stand there as they were, deeper or less deep, with the comments in them and above them."""
    source = edit(NESTED)

    inside = source.move("states/n", into="states/g/states", before="states/y")
    outside = source.move("states/y", into="states", before="states/d")

    assert "      x: {}\n      # about n\n      n:   {title: 'x'}   # beside n\n      # about y\n" in inside.text
    assert "      x: {}\n  # about y\n  y:\n    # in y\n    title: |\n      two\n      lines\n  d:" in outside.text
    assert (1, 1) == (inside.text.count("# about n"), outside.text.count("# about y"))
    assert source == inside.undo() == outside.undo()


def test_what_is_set_deep_inside_leaves_the_rest_as_it_is_written() -> None:
    """What is missing on the way is made; also in the definition itself, and where nothing stood."""
    source = edit(NESTED)

    assert (
        "title: |\n          two\n          lines\n        labels: {a: {b: 1}}\n"
        in source.set("states/y", ("labels", "a", "b"), 1).text
    )
    assert {"en": "A"} == source.set("", ("title", "en"), "A").data["title"]
    assert "states/e/timers/stop" == source.add("states/e/timers", {"after": "1h", "event": "stop"}).added
    assert "states/f" == source.add("states/e/states", {}, name="f").added
    for key in (5, (), ("a", True), ("a",) * 1_000):
        with pytest.raises(InputError, match="a key is a text"):
            source.set("states/y", key, 1)  # type: ignore[arg-type]  # what is refused


def test_ids_are_counted_fast_also_where_thousands_are_alike() -> None:
    """A thousand equal rows are told apart, each once."""
    rows = "\n".join("      - ['-', '1']" for _ in range(1_000))
    source = edit(f"tables:\n  t:\n    inputs: [a]\n    outputs: {{b: int}}\n    rows:\n{rows}\n")

    assert 1_003 == len(source.elements)


@pytest.mark.parametrize(
    ("text", "made"), [("{}", '{"states": {"n": {}}}'), ("# why\n{}  # so\n", 'states: {"n": {}}  # so\n')]
)
def test_a_definition_begins_with_nothing(text: str, made: str) -> None:
    """The first element goes into a definition that has none; the definition itself stays where it is."""
    source = edit(text)

    assert source == source.move("")
    assert {"states": {"n": {}}} == source.add("states", name="n").data
    assert source.add("states", name="n").text.endswith(made)


def test_what_has_the_wrong_shape_can_be_edited_until_it_has_the_right_one() -> None:
    """Sections that are no sections hold no elements, and adding to one by name is refused with what stands there."""
    source = edit("states: all of them\ntables: {t: {inputs: [a], outputs: {b: int}, rows: [{when: 1.5, then: null}]}}\n")

    assert ["tables/t", "tables/t/inputs/a", "tables/t/outputs/b"] == list(source.elements)[:3]
    assert [{"tables/t/inputs/a": 1.5, "tables/t/outputs/b": "-"}] == [row["cells"] for row in grid(source)["rows"]]
    with pytest.raises(InputError, match="holds nothing by name"):
        source.add("states", {}, name="new")


@pytest.mark.parametrize("name", ["x" * 1100, "\ud800"], ids=["long", "half a character"])
def test_no_edit_leaves_what_nobody_can_read(name: str) -> None:
    """A name that YAML cannot give back is refused, and what was there goes on."""
    source = edit(TEXT)
    for edited in (lambda: source.add("states", name=name), lambda: source.rename("states/new", name)):
        with pytest.raises(InputError) as refused:
            edited()

        assert "edit.unreadable" == refused.value.code


CALENDARS = """\
workflow: w
fields: {tier: {one_of: [a, b], default: a}}
titles: {calendars: {office: {en: Office, zh: 办公}}}
calendars:
  office: {zone: UTC, week: {mon-fri: ["09:00-17:00"]}}
  always: {zone: UTC, week: {mon-sun: ["00:00-24:00"]}}
states: {new: {}, done: {closed: true}}
transitions: [{event: go, source: new, target: done, when: "table.promise.other == 'office'"}]
tables:
  promise:
    hit: first
    inputs: [tier]
    outputs: {time: duration, hours: {type: string, one_of: [office, always], default: office}, other: string}
    rows:
      - ['"a"', '"4h"', '"office"', '"office"']
      - {when: ['-'], then: ['"4h"', "tier == 'b' ? 'office' : null", '"x"']}
    cases: [{given: {tier: a}, expected: {hours: office, other: office}}]
clocks:
  - {name: one, within: 4h, calendar: office, until: done}
  - {name: two, within: {table: promise, take: time}, calendar: {table: promise, take: hours}, until: done}
  - {name: three, within: 4h, until: done, calendar: [{when: tier == 'a', take: {table: promise, take: hours}}, {take: office}]}
"""


@pytest.mark.parametrize("name", ["head office", "总部", "it's", 'the "real" one'])
def test_a_calendar_is_renamed_in_the_cells_that_clocks_take_it_from(name: str) -> None:
    """Cells, their choices, values and examples name it anew; the same word in another column is no name of it."""
    source = edit(CALENDARS)

    made = source.rename("calendars/office", name)

    table, clocks = made.data["tables"]["promise"], made.data["clocks"]
    assert ((), ()) == (source.findings, made.findings)
    assert [name, "always", name] == [*table["outputs"]["hours"]["one_of"], table["outputs"]["hours"]["default"]]
    assert '"office"' == table["rows"][0][3]
    assert {"hours": name, "other": "office"} == table["cases"][0]["expected"]
    assert [name, name] == [clocks[0]["calendar"], clocks[2]["calendar"][1]["take"]]
    assert [name] == list(made.data["titles"]["calendars"])
    assert source == made.rename(f"calendars/{name}", "office")


@pytest.mark.parametrize("cell", ["tier", "'off' + 'ice'", "tier == 'a' ? tier : 'office'"])
def test_a_name_that_cells_work_out_is_not_changed(cell: str) -> None:
    """Where nobody can tell by reading whether a cell means the calendar, the rename is refused with the place."""
    source = edit(CALENDARS.replace("tier == 'b' ? 'office' : null", cell))

    with pytest.raises(InputError, match="line 16") as caught:
        source.rename("calendars/office", "hq")

    assert ("edit.in_words", ("tables.promise.rows[1].then[1]",)) == (caught.value.code, caught.value.uses)
    assert "第 16 行" in caught.value.text("zh")


PEOPLE = """\
workflow: people
fields: {tier: {one_of: [care, lead]}}
roles: [lead, care]   # who
queues: [care, spare]
titles: {roles: {lead: Team lead}, queues: {care: Customer care}}
events:
  ticket.update: {allow: lead}
  ticket.assign: {allow: [lead, {manager_of: assignee}]}
  ticket.message: {allow: [lead, care]}
states:
  new: {}
  asked: {approval: {quorum: {lead: 1}, allow: [lead], deny: [care]}}
  done: {closed: true}
transitions:
  - {event: ask, source: new, target: asked, allow: [lead],
     when: "queue == 'care' || queue in ['spare', 'care'] || tier == 'care'"}
  - {event: approved.asked, source: asked, target: done, do: [{notify: {to: {role: lead}, template: lead}}, {queue: care}]}
  - {event: rejected.asked, source: asked, target: new}
  - {event: end, source: new, target: done, allow: [lead], when: "'lead' in actor.roles && tier != 'lead'",
     do: [{set: {queue: "tier == 'care' ? 'care' : 'spare'"}}, {assign: {to: {queue: care, pick: least_loaded}}}]}
tables:
  route:
    hit: first
    inputs: [queue, tier]
    outputs: {line: {type: string, one_of: [care, spare], default: care}, said: string}
    rows:
      - ['"care", "spare"', '"care"', '"care"', '"care"']
      - {when: ['-', '-'], then: ["tier == 'care' ? 'care' : 'spare'", '"lead"']}
    cases: [{given: {queue: care, tier: care}, expected: {line: care, said: care}}]
rules: [{name: route, when: tier == 'lead', then: [{set: {queue: table.route.line}}]}]
clocks: [{name: care, within: 4h, until: done, counts_in_queue: [care], start: [{queue: care}], cancel: [{left_queue: care}]}]
escalations:
  - name: lead
    start: {clock: care, mark: breach}
    on_empty: fallback
    fallback: {role: lead}
    levels: [{name: lead, do: [{notify: {to: [{queue: care}, {role: lead}], template: late}}]}]
"""


@pytest.mark.parametrize(("id_", "count"), [("roles/lead", 13), ("queues/care", 18)])
def test_a_role_or_queue_is_renamed_wherever_it_is_named_and_nothing_else_is(id_: str, count: int) -> None:
    """Grants, addresses, quorums, titles, clocks, cells, conditions; a field's value or a level of the same name stays."""
    source = edit(PEOPLE)

    made = source.rename(id_, "Team 2")

    assert ((), ()) == (source.findings, made.findings)
    assert count == made.text.count("Team 2")
    assert source == made.rename(made.moved[id_], source.element(id_).name)
    assert "tier == 'care'" in made.text
    assert ["lead", "lead"] == [made.data["escalations"][0]["name"], made.data["escalations"][0]["levels"][0]["name"]]
    assert ['"care"', '"care"'] == [made.data["tables"]["route"]["rows"][0][index] for index in (1, 3)]


@pytest.mark.parametrize(
    ("id_", "old", "new"),
    [
        ("queues/care", "queue == 'care' ||", "payload.queue == 'care' ||"),
        ("queues/care", '"care", "spare"', '!= "care"'),
        ("queues/care", "\"tier == 'care' ? 'care' : 'spare'\"", "tier"),
        ("roles/lead", "'lead' in actor.roles", "actor.roles == ['lead']"),
    ],
)
def test_a_role_or_queue_that_somebody_works_out_is_not_renamed(id_: str, old: str, new: str) -> None:
    """Where nobody can tell by reading what is meant, the place is told and nothing is changed."""
    text = PEOPLE.replace(old, new, 1)
    assert PEOPLE != text

    with pytest.raises(InputError) as caught:
        edit(text).rename(id_, "other")

    assert ("edit.in_words", 1) == (caught.value.code, len(caught.value.uses))


def test_roles_and_queues_are_listed_added_and_removed_by_their_names() -> None:
    """They are elements as all else that is named."""
    source = edit(PEOPLE)
    added = source.add("queues", name="night", after="queues/care")

    assert ["roles/lead", "roles/care", "queues/care", "queues/spare"] == [
        id_ for id_ in source.elements if id_[:2] in ("ro", "qu")
    ]
    assert ("queues/night", ["care", "night", "spare"]) == (added.added, added.data["queues"])
    assert ["lead", "care", "night"] == source.add("roles", "night").data["roles"]
    assert source.data == added.remove("queues/night").data
    assert "boss" == edit("workflow: w\nroles: lead\n").rename("roles/lead", "boss").data["roles"]
    assert ["lead"] == edit("workflow: w\n").add("roles", "lead").data["roles"]
    for code, refused in (
        ("edit.taken", lambda: source.add("roles", "care")),
        ("edit.taken", lambda: source.rename("roles/lead", "care")),
        ("edit.name", lambda: source.add("roles", {"title": "x"})),
        ("edit.used", lambda: source.remove("queues/care")),
        ("edit.word", lambda: source.set("roles/lead", "title", "Lead")),
    ):
        with pytest.raises(InputError) as caught:
            refused()
        assert (code, True) == (caught.value.code, caught.value.text("zh") != caught.value.text("en"))


def test_names_that_conditions_cannot_spell_are_put_in_brackets_or_refused() -> None:
    """A table, an output and a clock may have any name; a field that conditions read is a word of theirs."""
    when = "table.promise.other == 'x' && table['promise'].other != 'y' && tier == 'a' && clock.one.breached"
    source = edit(CALENDARS.replace("table.promise.other == 'office'", when))
    for id_, name, written in (
        ("tables/promise", "承诺", "table['承诺'].other == 'x' && table['承诺'].other != 'y'"),
        ("tables/promise/outputs/other", "其他", "table.promise['其他'] == 'x' && table['promise']['其他'] != 'y'"),
        ("clocks/one", "第一", "clock['第一'].breached"),
    ):
        made = source.rename(id_, name)

        assert ((), True) == (made.findings, written in made.text)
        assert when not in made.text
        assert () == made.rename(made.moved[id_], source.element(id_).name).findings

    with pytest.raises(InputError, match=r"transitions\[0\]\.when") as caught:
        source.rename("fields/tier", "等级")
    assert "edit.not_in_conditions" == caught.value.code


TIMED = """\
workflow: w
states:
  a:
    timers:
      # about go
      - after: 1h   # an hour
        # in go
        event: go
      - {after: 2h, event: stop}   # about stop
    checklist:
      - step: look
        # in look
        evidence: {url: string}
      - mend   # about mend
  b:
    timers:
      # alone
      after: 3h   # three
      # in halt
      event: halt
  c: {closed: true}   # about c
transitions: []
"""


@pytest.mark.parametrize(
    ("moved", "into", "place", "written"),
    [
        (
            "a/timers/go",
            "b/timers",
            {},
            "      # about go\n      - after: 1h   # an hour\n        # in go\n        event: go\n  c:",
        ),
        ("a/timers/go", "b/timers", {"before": "halt"}, "    timers:\n      # about go\n      - after: 1h   # an hour\n"),
        ("a/timers/go", "c/timers", {}, "    timers:\n      # about go\n      - after: 1h   # an hour\n        # in go\n"),
        ("a/timers/stop", "c/timers", {}, "    timers:\n      - {after: 2h, event: stop}   # about stop\n"),
        (
            "a/checklist/look",
            "c/checklist",
            {},
            "    checklist:\n      - step: look\n        # in look\n        evidence: {url:",
        ),
        ("a/checklist/mend", "b/checklist", {}, "    checklist:\n      - mend   # about mend\n"),
        (
            "b/timers/halt",
            "a/timers",
            {},
            "      # alone\n      - after: 3h   # three\n        # in halt\n        event: halt\n",
        ),
        (
            "b/timers/halt",
            "c/timers",
            {},
            "      # alone\n      - after: 3h   # three\n        # in halt\n        event: halt\n",
        ),
    ],
)
def test_a_timer_or_step_that_is_put_into_another_state_keeps_what_was_said_in_it(
    moved: str, into: str, place: dict[str, str], written: str
) -> None:
    """Its lines stand there as they were, and what stood alone there before becomes the first of a list with its comments."""
    source = edit(TIMED)

    where = {key: f"states/{into}/{name}" for key, name in place.items()}
    made = source.move(f"states/{moved}", into=f"states/{into}", **where)  # type: ignore[arg-type]  # ids by their key

    assert written in made.text
    assert sorted(part for line in TIMED.splitlines() for part in line.split("#")[1:]) == sorted(
        part for line in made.text.splitlines() for part in line.split("#")[1:]
    )
    assert made.moved == {f"states/{moved}": f"states/{into}/{moved.rpartition('/')[2]}"}
    assert source == made.undo()


def test_a_source_is_sent_to_a_page_as_json() -> None:
    """Elements, and what is wrong at which, in the reader's language; also what ``check`` found."""
    source = edit(TEXT).set("clocks/repair", "until", "doen")

    sent = json.loads(json.dumps(source.as_data("zh")))

    assert (source.text, source.revision, False, None) == tuple(sent[key] for key in ("text", "revision", "loads", "added"))
    assert list(source.elements) == list(sent["elements"])
    assert "doen" == sent["elements"]["clocks/repair"]["data"]["until"]
    assert [("clocks/repair", "没有状态“doen”")] == [(one["element"], one["message"]) for one in sent["findings"]]
    checked = edit(TEXT).workflow().check()
    assert [one.code for one in checked] == [one["code"] for one in edit(TEXT).as_data(findings=checked)["findings"]]
    assert source.revision == edit(source.text).revision != edit(TEXT).revision


@pytest.mark.parametrize(
    ("lang", "read"), [("zh-CN", "zh"), ("ZH_tw", "zh"), ("de", "en"), ("", "en"), (None, "en"), (5, "en")]
)
def test_a_language_is_the_nearest_that_is_spoken_in_all_that_pages_get(lang: Any, read: str) -> None:
    """Findings, labels, forms and refusals are in one language: a near one, else English; never half and half."""
    text = "workflow: w\nstates: {new: {title: {en: New, zh: 新建}}}\ntransitions: [{event: go, source: new, target: nwe}]\n"
    source, workflow = edit(text), edit(text.replace("nwe", "new")).workflow()
    ticket = workflow.open("1", at=datetime(2026, 3, 2, 9, tzinfo=UTC)).ticket
    with pytest.raises(InputError) as caught:
        source.element("states/none")

    assert source.as_data(read) == source.as_data(lang)
    assert flow(source, lang=read) == flow(source, lang=lang)
    assert [form.title for form in forms(workflow, ticket, at=ticket.at, lang=read)] == [
        form.title for form in forms(workflow, ticket, at=ticket.at, lang=lang)
    ]
    assert caught.value.text(read) == caught.value.text(lang)
