"""Broken definitions: each problem with its code, path and line, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError, Finding

HEAD = "workflow: w\nstates:\n  new: {}\n  done: {closed: true}\n"

Problem = tuple[str, str, int | None]


def findings(source: object, **more: object) -> tuple[Finding, ...]:
    """The problems of a definition; there must be some."""
    with pytest.raises(DefinitionError) as caught:
        load(source, **more)  # type: ignore[arg-type]  # wrong sources are part of what is tested
    return caught.value.findings


def short(found: tuple[Finding, ...]) -> list[Problem]:
    """Code, path and line of each."""
    return [(finding.code, finding.path, finding.line) for finding in found]


BROKEN: dict[str, tuple[str, list[Problem]]] = {
    "unclosed bracket": ("workflow: [w\nstates: {}\n", [("document.yaml", "", 2)]),
    "tab as indent": ("workflow: w\nstates:\n\ta: {}\n", [("document.yaml", "", 3)]),
    "a list": ("- workflow\n", [("document.no_mapping", "", 1)]),
    "nothing": ("# only a comment\n", [("document.no_mapping", "", 1)]),
    "anchor": ("workflow: &a w\n", [("document.anchor", "", 1)]),
    "alias": ("workflow: w\nstates: *a\n", [("document.alias", "", 2)]),
    "tag": ("workflow: !!python/name:os.system w\n", [("document.tag", "", 1)]),
    "two documents": ("workflow: w\n---\nworkflow: v\n", [("document.several", "", 2)]),
    "yaml 1.1": ("%YAML 1.1\n---\nworkflow: w\n", [("document.yaml_version", "", 2)]),
    "key twice": (HEAD + "version: 1\nversion: 2\n", [("document.key_twice", "version", 6)]),
    "nested key twice": (HEAD + "fields:\n  f: {type: int, type: bool}\n", [("document.key_twice", "fields.f.type", 6)]),
    "key that is a list": ("? [a]\n: b\n", [("document.key_text", "", 1)]),
    "not a number": (HEAD + "version: .inf\n", [("document.not_finite", "", 5)]),
    "no name": ("states: {a: {}}\n", [("document.missing", "workflow", 1)]),
    "no states": ("workflow: w\n", [("machine.no_states", "states", 1)]),
    "unknown key": (HEAD + "feilds: {}\n", [("document.unknown_key", "feilds", 5)]),
    "unknown nested key": (
        HEAD + "transitions:\n  - {event: go, source: new, traget: done}\n",
        [("document.unknown_key", "transitions[0].traget", 6)],
    ),
    "list instead of mapping": ("workflow: w\nstates: [a]\n", [("document.type", "states", 2)]),
    "number as name": ("workflow: 5\nstates: {a: {}}\n", [("document.type", "workflow", 1)]),
    "text as flag": ("workflow: w\nstates:\n  a: {closed: yes}\n", [("document.type", "states.a.closed", 3)]),
    "number as span": (
        HEAD + "clocks:\n  - name: c\n    within: 4\n",
        [("document.type", "clocks[0].within", 7)],
    ),
    "bad span": (HEAD + "clocks:\n  - name: c\n    within: 4 hours\n", [("sla.span", "clocks[0].within", 7)]),
    "bad span of a timer": (
        "workflow: w\nstates:\n  a:\n    timers:\n      - {after: 1d12h, event: go}\ntransitions: [{event: go, source: a}]\n",
        [("definition.span", "states.a.timers[0].after", 5)],
    ),
    "format": ("servflow: 2\n" + HEAD, [("definition.format", "servflow", 1)]),
    "version": (HEAD + "version: 0\n", [("definition.version", "version", 5)]),
    "unknown target": (
        HEAD + "transitions:\n  - event: go\n    source: new\n    target: [dnoe]\n",
        [("machine.unknown_state", "transitions[0].target[0]", 8)],
    ),
    "unknown initial": (HEAD + "initial: nwe\n", [("machine.unknown_state", "initial", 5)]),
    "field type": (HEAD + "fields: {f: {type: strin}}\n", [("field.type", "fields.f.type", 5)]),
    "field default": (HEAD + "fields: {f: {type: int, default: many}}\n", [("field.default", "fields.f.default", 5)]),
    "reserved field": (HEAD + "fields:\n  priority: int\n", [("field.reserved", "fields.priority", 6)]),
    "field name": (HEAD + "fields:\n  a b: int\n", [("field.name", "fields.a b", 6)]),
    "undefined field": (
        HEAD + "fields: {amount: int}\ntransitions:\n  - {event: go, source: new, target: done, when: amuont > 1}\n",
        [("expression.invalid", "transitions[0].when", 7)],
    ),
    "operands that never fit": (
        HEAD + "fields: {amount: int}\ntransitions:\n  - {event: go, source: new, when: amount == 'x'}\n",
        [("expression.invalid", "transitions[0].when", 7)],
    ),
    "time in a rule": (
        HEAD + "rules:\n  - {name: r, when: at > opened_at, then: [{tag: x}]}\n",
        [("expression.time", "rules[0].when", 6)],
    ),
    "time in an eventless transition": (
        HEAD + "transitions:\n  - {source: new, target: done, when: at > opened_at}\n",
        [("expression.time", "transitions[0].when", 6)],
    ),
    "unknown field set": (
        HEAD + "rules:\n  - {name: r, then: [{set: {amuont: '1'}}]}\n",
        [("name.unknown", "rules[0].then[0].set.amuont", 6)],
    ),
    "unknown action": (
        HEAD + "rules:\n  - {name: r, then: [{sett: {a: '1'}}]}\n",
        [("document.unknown_key", "rules[0].then[0].sett", 6)],
    ),
    "two actions in one": (
        HEAD + "rules:\n  - {name: r, then: [{tag: a, queue: b}]}\n",
        [("action.form", "rules[0].then[0]", 6)],
    ),
    "closed calendar": (
        HEAD + "calendars:\n  c: {zone: UTC, week: {}}\n",
        [("calendar.never_opens", "calendars.c.week", 6)],
    ),
    "zone": (
        HEAD + "calendars:\n  c: {zone: Asia/Shangai, week: {mon: [09:00-17:00]}}\n",
        [("calendar.zone_unknown", "calendars.c.zone", 6)],
    ),
    "unknown role": (
        HEAD + "roles: [clerk]\ntransitions:\n  - {event: go, source: new, allow: [clrek]}\n",
        [("name.unknown", "transitions[0].allow", 7)],
    ),
    "unknown clock": (
        HEAD + "escalations:\n  - {name: e, start: {clock: repair}, levels: [{name: a, do: [{tag: x}]}]}\n",
        [("name.unknown", "escalations[0].start.clock", 6)],
    ),
    "addressee": (
        HEAD + "rules:\n  - {name: r, then: [{notify: {to: asignee, template: t}}]}\n",
        [("escalation.to", "rules[0].then[0].notify.to", 6)],
    ),
    "row length": (
        HEAD + "tables:\n  t:\n    inputs: [priority]\n    outputs: {o: int}\n    rows:\n      - ['1', '2']\n      - ['1']\n",
        [("rules.row_length", "tables.t.rows[1]", 11)],
    ),
    "requirement": (
        HEAD + "dispatch:\n  - {name: d, state: new, require: [{skil: priority}]}\n",
        [("document.unknown_key", "dispatch[0].require[0].skil", 6)],
    ),
    "timer nobody hears": (
        (
            "workflow: w\nstates:\n  a: {timers: [{after: 4h, event: ticket.go}]}\n  b: {}\n"
            "transitions:\n  - {event: ticket.go, source: b, target: a}\n"
        ),
        [("timer.unheard", "states.a.timers[0]", 3)],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_problem_is_told_once_with_code_path_and_line(name: str) -> None:
    """One mistake gives one finding, at its place."""
    text, expected = BROKEN[name]

    assert expected == short(findings(text))


@pytest.mark.parametrize("name", BROKEN)
def test_a_problem_reads_well_in_both_languages(name: str) -> None:
    """Every sentence is filled, English is English, and Chinese is Chinese with no English left around the user's words."""
    for finding in findings(BROKEN[name][0]):
        english, chinese = finding.message("en"), finding.message("zh")

        assert not re.search(r"<\w+>", english + chinese)
        assert not finding.text().startswith(finding.code)
        assert not re.search("[\u4e00-\u9fff]", english)
        assert re.search("[\u4e00-\u9fff]", chinese)


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    """The hint names the nearest key."""
    (finding,) = findings(BROKEN["unknown nested key"][0])

    assert "target" == finding.facts["nearest"]
    assert finding.hint().startswith("did you mean 'target'?")
    assert finding.hint("zh").startswith("是否想写“target”？")


def test_a_finding_reads_as_one_line() -> None:
    """Line, path, sentence, hint and code stand in that order."""
    (finding,) = findings(BROKEN["reserved field"][0])

    assert finding.text().startswith("line 6: fields.priority: the name 'priority' is reserved; choose another;")
    assert finding.text().endswith(" [field.reserved]")
    assert finding.text("zh").startswith("第 6 行：fields.priority：名称“priority”已被保留；请换一个名称")


def test_two_names_alike_are_told() -> None:
    """Names are unique within their section."""
    clock = "  - {name: c, within: 4h}\n"

    assert ("name.twice", "clocks[1].name", 7) in short(findings(HEAD + "clocks:\n" + clock + clock))


def test_a_mapping_has_paths_and_no_lines() -> None:
    """Without a text there is no line to tell."""
    assert [("document.unknown_key", "feilds", None)] == short(findings({"workflow": "w", "states": {"a": {}}, "feilds": {}}))


def test_values_of_foreign_types_are_told_with_their_path() -> None:
    """A mapping holds plain data only."""
    found = findings({"workflow": "w", "states": {"a": {"title": object()}, 5: {}}})

    assert {("document.plain", "states.a.title"), ("document.key_text", "states")} <= {(item.code, item.path) for item in found}


ALL_AT_ONCE: list[Problem] = [
    ("definition.version", "version", 3),
    ("document.unknown_key", "colour", 4),
    ("field.type", "fields.tier.type", 6),
    ("field.reserved", "fields.at", 7),
    ("field.default", "fields.amount.default", 8),
    ("document.key_twice", "fields.safety", 10),
    ("calendar.zone_unknown", "calendars.closed_shop.zone", 12),
    ("calendar.weekday", "calendars.closed_shop.week.mon-fry", 12),
    ("calendar.never_opens", "calendars.never.week", 13),
    ("machine.unknown_state", "initial", 14),
    ("definition.span", "states.new.timers[0].after", 16),
    ("document.type", "states.work.closed", 17),
    ("expression.invalid", "transitions[0].when", 20),
    ("document.missing", "transitions[1].source", 21),
    ("document.unknown_key", "transitions[2].alow", 22),
    ("expression.time", "rules[0].when", 24),
    ("name.unknown", "rules[0].then[0].set.safty", 24),
    ("document.unknown_key", "rules[1].then[0].sett", 25),
    ("sla.span", "clocks[0].within", 27),
    ("name.unknown", "clocks[0].calendar", 27),
    ("name.unknown", "escalations[0].start.clock", 30),
    ("document.unknown_key", "escalations[0].levels[0].do[0].notify.to.rol", 31),
]


def test_everything_wrong_with_a_file_is_told_at_once() -> None:
    """Problems of text, shape and meaning come together, in the order of the lines, each once."""
    found = short(findings(Path(__file__).parent / "broken.yaml"))

    assert [] == [problem for problem in ALL_AT_ONCE if problem not in found]
    assert 25 == len(found) == len(set(found))
    assert sorted(found, key=lambda problem: problem[2] or 0) == found


def test_a_field_of_wrong_shape_is_not_missed_elsewhere() -> None:
    """A mistake in a field is told at the field and not again wherever the field is read."""
    text = (
        HEAD + "fields: {cost: {type: decimal, defualt: 0}, n: [int]}\nrules: [{name: r, when: cost > n, then: [{tag: x}]}]\n"
    )

    assert [("document.unknown_key", "fields.cost.defualt", 5), ("document.type", "fields.n", 5)] == short(findings(text))


def test_a_section_of_wrong_shape_is_not_missed_elsewhere() -> None:
    """Names that a section would have declared do not look unknown when the section cannot be read."""
    text = (
        "workflow: w\nstates: 5\nfields: 7\ntables: []\nclocks: {}\ncalendars: [1]\n"
        "transitions: [{event: go, source: new, when: cost > table.fee.x}]\n"
        "escalations: [{name: e, start: {clock: c}, levels: [{name: a, after: 4h, calendar: office, do: [{tag: x}]}]}]\n"
    )

    assert ["states", "fields", "tables", "clocks", "calendars"] == [finding.path for finding in findings(text)]


def test_a_broken_part_does_not_hide_the_rest_of_its_element() -> None:
    """The clock's span, its calendar and its warning are all told although the span alone makes it unreadable."""
    text = HEAD + "clocks:\n  - name: c\n    within: 4 hours\n    calendar: office\n    warn: [half]\n    paused_in: nwe\n"

    assert {
        ("sla.span", "clocks[0].within", 7),
        ("name.unknown", "clocks[0].calendar", 8),
        ("sla.mark", "clocks[0].warn[0]", 9),
        ("name.unknown", "clocks[0].paused_in", 10),
    } == set(short(findings(text)))


def test_a_score_that_cannot_be_read_is_told_once() -> None:
    """What reads its sum is not wrong besides."""
    document = {
        "workflow": "w",
        "fields": {"n": "int", "risk": {"type": "int", "optional": True}},
        "states": {"a": {}},
        "rules": [
            {"name": "r", "score": [{"when": "n > 1", "weight": "x"}], "threshold": 1, "then": {"set": {"risk": "score"}}},
        ],
    }
    with pytest.raises(DefinitionError) as caught:
        load(document)

    assert [("rules[0].score[0].weight", "rules.weight")] == [(one.path, one.code) for one in caught.value.findings]


def test_a_part_of_a_combination_that_is_no_calendar_is_told_once() -> None:
    """A name among the parts is told where it stands; that the rest lacks what a single calendar needs is not."""
    text = """servflow: 1
workflow: sun
calendars:
  both: {any_of: [berlin, {zone: UTC, week: {mon: "09:00-17:00"}}]}
states: {new: {}, done: {closed: true}}
transitions: [{event: end, source: new, target: done}]
"""
    with pytest.raises(DefinitionError) as caught:
        load(text)

    assert [("document.type", "calendars.both.any_of[0]", 4)] == [(f.code, f.path, f.line) for f in caught.value.findings]


@pytest.mark.parametrize(("week", "path"), [("{mon: [[9, 17]]}", "week.mon[0]"), ("5", "week"), ("{mon: 5, tue: {a: 1}}", "")])
def test_a_week_that_cannot_be_read_is_not_told_to_be_closed(week: str, path: str) -> None:
    """What is wrong with its windows is told, and so is what else is wrong with the calendar; that it never opens is not."""
    text = f"""servflow: 1
workflow: w
calendars:
  office:
    zone: Mars/Base
    week: {week}
states: {{new: {{}}, done: {{closed: true}}}}
transitions: [{{event: end, source: new, target: done}}]
"""
    with pytest.raises(DefinitionError) as caught:
        load(text)
    told = [(found.code, found.path) for found in caught.value.findings]

    assert {"document.type", "calendar.zone_unknown"} == {code for code, _ in told}
    assert not path or ("document.type", f"calendars.office.{path}") in told
