"""The sentences: every code the engine can tell has one in each language."""

# ruff: noqa: E501 - a table of sentences reads best with one in each line

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import servflow
from servflow.documents import load
from servflow.errors import Finding, Refused, Text, render
from servflow.errors._catalogue import _PARTS

ROOT = Path(servflow.__file__).parent
CODES = re.compile(r'(?:Finding\(\s*(?:code=)?|problems\.add\(\s*)"([a-z_]+\.[a-z_]+)"')
TEXTS: dict[str, Text] = {
    code: text for part in _PARTS for code, text in import_module(f"servflow.errors._texts_{part}").TEXTS.items()
}
OURS = ("document.", "definition.", "name.", "action.", "field.", "allow.", "timer.", "state.", "transition.", "refused.")


def told() -> set[str]:
    """Every code written out in the engine, the model and the documents."""
    files = [path for folder in ("engine", "model", "documents") for path in (ROOT / folder).glob("*.py")]
    found = {code for path in files for code in CODES.findall(path.read_text(encoding="utf-8"))}
    refusals = re.compile(r'refusal\("([a-z_]+)"')
    return found | {f"document.{code}" for path in files for code in refusals.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("code", sorted(told()))
def test_every_code_has_a_sentence(code: str) -> None:
    """No finding is ever shown as its bare code."""
    assert code in TEXTS


@pytest.mark.parametrize("code", [code for code in TEXTS if code.startswith(OURS)])
def test_both_languages_use_facts_that_are_there(code: str) -> None:
    """The Chinese sentence needs no fact that the English one does not show, but for reasons said in English."""
    text = TEXTS[code]
    english = {place for _, place, _, _ in Formatter().parse(text.en) if place}
    chinese = {place for _, place, _, _ in Formatter().parse(text.zh) if place}

    assert chinese <= english | {"needs", "lines"}
    assert re.search("[\u4e00-\u9fff]", text.zh)
    assert bool(text.hint_en) == bool(text.hint_zh)


REFUSALS = [
    ("unknown", {"event": "clsoe", "nearest": "close", "known": ("close",)}, "没有事件“clsoe”"),
    ("not_here", {"event": "close", "state": "new", "allowed_in": ("work", "done")}, "状态 new 下不能执行 close；可执行的状态：work, done"),
    ("guard", {"event": "close", "when": "a > 1", "lines": {"en": ("a is 1",), "zh": ("a 为 1",)}}, "现在不能执行 close：a 为 1"),
    ("guard", {"event": "close", "when": "a > 1", "why": "no"}, "close 的条件 a > 1 无法判定：no"),
    ("guard", {"event": "close", "when": "a > 1"}, "现在不能执行 close：a > 1 不成立"),
    ("guard", {"rule": "r", "why": "no"}, "规则“r”无法判定：no"),
    ("guard", {"clock": "c", "why": "no"}, "时钟“c”无法判定：no"),
    ("guard", {"path": "do[0]", "why": "no"}, "do[0] 无法计算：no"),
    ("not_permitted", {"event": "close", "actor": "ann", "needs": ("clerk", "manager of owner")}, "ann 无权执行 close；需要：clerk, manager of owner"),
    ("payload", {"event": "close", "problems": {"n": "int, which is missing"}, "needs": {"n": "int"}}, "close 的数据不符，需要：n: int"),
    ("payload", {"event": "close", "expected": "a map"}, "close 的数据应为映射"),
    ("payload", {"field": "n", "expected": "a whole number", "value": "x"}, "n 应为整数，而不是 x"),
    ("payload", {"field": "priority", "value": 10}, "priority 不能是 10"),
    ("payload", {"event": "ticket.force", "state": "x"}, "ticket.force 的数据不符合要求"),
    ("stale", {"event": "close", "expect": 3, "revision": 5}, "close：工单已是第 5 版，用户看到的是第 3 版，请刷新后重试"),
    ("past", {"at": "10:00", "ticket_at": "11:00"}, "时刻 10:00 早于工单的时刻 11:00"),
    ("past", {"at": "10:00", "occurred": "11:00"}, "发生时刻 11:00 晚于当前时刻 10:00"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "chinese"), REFUSALS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_reads_in_chinese(code: str, facts: dict[str, object], chinese: str) -> None:
    """Whatever a refusal carries, its Chinese sentence is filled."""
    refusal = Refused("no", **{"code": code, **facts})

    assert chinese == refusal.text("zh")
    assert not re.search(r"<\w+>", render(f"refused.{code}", facts))


def test_a_cause_is_said_in_the_language_of_the_sentence() -> None:
    """The reason an expression gives is not left in English."""
    facts = {
        "text": "foo",
        "why": "there is no name foo here",
        "cause": ("expression.unknown_name", {"name": "foo", "known": ["a"]}),
    }

    assert "表达式 foo 无法使用：此处没有名称 foo；已知的有 a" == Finding("expression.invalid", "", facts).message("zh")


def test_long_lists_are_cut() -> None:
    """A sentence stays a sentence however many names there are."""
    known = tuple(f"n{number}" for number in range(100))

    assert "n19, … (80)" in Finding("document.unknown_key", "", {"key": "x", "known": known}).hint()


def test_a_definition_without_chinese_words_needs_none() -> None:
    """The English side of a finding never depends on the Chinese one."""
    assert "w" == load("workflow: w\nstates: {a: {}}\n").workflow
    assert "no_such.code: a=1" == render("no_such.code", {"a": 1})
