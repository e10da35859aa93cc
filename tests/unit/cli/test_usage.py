"""Holds bad usage and missing things to being told in the language that was asked for, with the same status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from servflow.cli._main import servflow

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("oncall", "nope"), "没有命令 'nope'。"),
        (("check",), "缺少参数 'FILE'。"),
        (("check", "none.yaml"), "'FILE' 的值无效：'none.yaml' 不存在。"),
        (("check", "."), "'FILE' 的值无效：'.' 是目录，不是文件。"),
        (("check", "--lnag", "x"), "没有选项 --lnag；是否想写"),
        (("doctor", "a", "b"), "多余的参数：b"),
        (("doctor", "--format", "xml"), "'--format' 的值无效：'xml' 不在可选值之中：'text', 'json'。"),
        (("bench", "--rounds", "a"), "'--rounds' 的值无效：'a' 不是有效的数。"),
        (("bench", "--rounds", "0"), "'--rounds' 的值无效：0 不在范围 1<=x<=1000 内。"),
        (("check", "--at", "now", "none.yaml"), "'--at' 的值无效：'now' 不是带时差的时刻；请写成"),
    ],
)
def test_bad_usage_in_chinese(run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    """Each kind of bad usage is told in Chinese with where help is; the status is that of English."""
    english = run(*words)
    monkeypatch.setenv("SERVFLOW_LANG", "zh")
    told = run(*words)

    assert said in told.stderr
    assert told.stderr.startswith("用法: servflow")
    assert "--help" in told.stderr
    assert ("", 2, 2) == (told.stdout, told.exit_code, english.exit_code)


def test_the_environment_names_the_language(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """SERVFLOW_LANG counts where the command line says nothing, and yields where it does."""
    monkeypatch.setenv("SERVFLOW_LANG", "zh")

    assert "没有命令" in run("nope").stderr
    assert "No such command" in run("nope", "--lang", "en").stderr
    assert 0 == run("check", "--help").exit_code
    assert "选项 --at 需要一个值。" in run("check", "none.yaml", "--at").stderr


def test_what_is_missing_in_chinese(run: Run, demo: Any, tmp_path: Path) -> None:
    """No such ticket, database, store or directory; what was probably meant is told too, and a program gets the code."""
    empty = tmp_path / "empty.db"
    empty.touch()
    asked = {
        ("explain", demo.path, "D0001"): "没有工单“D0001”；是否想写“",
        ("show", demo.path.with_name("wek.db")): "；是否想写“week.db”？",
        ("show", tmp_path / "none.db"): "没有数据库",
        ("show", empty): "为空，不是数据库",
        ("show", "mysql://x"): "不支持 mysql://",
        ("demo", "--db", tmp_path / "none" / "x.db"): "所在的目录不存在",
        ("demo", "--db", demo.path): "已存在；请用 --db",
        ("explain", demo.path, "D00001", "--at", "2001-01-01T00:00:00Z"): "--at 不可早于该时刻",
    }
    told = {words: run(*words, "--lang", "zh") for words in asked}

    assert [] == [(words, told[words].stderr) for words, said in asked.items() if said not in told[words].stderr]
    assert {2} == {result.exit_code for result in told.values()}
    data = json.loads(run("explain", demo.path, "nobody", "--lang", "zh", "--format", "json").stdout)
    assert {"error": {"code": "ticket", "message": "没有工单“nobody”"}} == data


def test_nothing_else_is_changed_for_those_who_call_it(run: Run) -> None:
    """Called without its own exit, the group raises and returns as any other does."""
    assert 0 == servflow.main(["check", "--help", "--lang", "zh"], standalone_mode=False)
    assert "用法" not in run("check", "--help", "--lang", "en").stdout


def test_the_name_of_a_file_may_be_no_text(run: Run) -> None:
    """A path with bytes that are no UTF-8 is told as text and as JSON, and nothing breaks on it."""
    asked = [("show", "none\udcff.db"), ("doctor", "none\udcff.db"), ("check", "none\udcff.yaml")]

    for words in asked:
        told, data = run(*words), run(*words, "--format", "json")
        assert told.exit_code == data.exit_code
        assert told.exit_code in (1, 2)
        assert "none" in told.output
    assert "no_database" == json.loads(run("show", "none\udcff.db", "--format", "json").stdout)["error"]["code"]


def test_what_is_read_is_never_written_over(run: Run, demo: Any, tmp_path: Path) -> None:
    """A command whose output is also its input writes nothing, under whatever name both are given."""
    held = demo.path.read_bytes()
    other = tmp_path / "other.html"
    other.symlink_to(demo.path)
    run("new", "complaint", "--into", tmp_path)
    flow = tmp_path / "complaint.yaml"
    text = flow.read_text(encoding="utf-8")
    told = [
        run("report", demo.path, "--html", demo.path),
        run("report", demo.path, "--html", other),
        run("metrics", demo.path, "--csv", demo.path),
        run("explain", demo.path, "D00001", "--clock", "dispatch", "--svg", demo.path),
        run("stubs", flow, "--out", flow),
    ]

    assert [(2, True)] * len(told) == [(result.exit_code, "would be lost" in result.stderr) for result in told]
    assert held == demo.path.read_bytes()
    assert text == flow.read_text(encoding="utf-8")
