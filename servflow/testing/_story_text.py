"""Knows how results of stories read in English and Chinese; must not know how they came about."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from servflow.calendars._local import local, plain
from servflow.model import write_instant

if TYPE_CHECKING:
    from servflow.errors import Finding
    from servflow.testing._story_run import StoryResult

_LONGEST = 2_000

_WORDS: Mapping[str, tuple[str, str]] = {
    "passed": ("{place}: passed: {name}", "{place}：通过：{name}"),
    "failed": ("{place}: failed: {name}", "{place}：失败：{name}"),
    "begin": ("when it begins, {at}", "开始时，{at}"),
    "step": ("step {step}, {at}", "第 {step} 步，{at}"),
    "line": ("line {line}: ", "第 {line} 行："),
    "why": ("what explains it:", "说明："),
    "summary": ("{passed} of {count} stories passed", "{count} 个故事中 {passed} 个通过"),
    "none": ("no story was told", "没有运行任何故事"),
}


def word(key: str, lang: str, **facts: object) -> str:
    """One of the words of a report."""
    return _WORDS[key][lang == "zh"].format(**facts)


def told(result: StoryResult, lang: str = "en", zone: str = "UTC") -> str:
    """One result: the story, the step, what was expected and found, and why."""
    # Lines keep their columns, but not what strangers wrote to steer a terminal.
    return "\n".join(line if line.isprintable() else plain(line, _LONGEST) for line in _lines(result, lang, zone))


def _lines(result: StoryResult, lang: str, zone: str) -> Iterator[str]:
    if result.passed:
        yield word("passed", lang, place=result.place, name=result.name)
        return
    yield word("failed", lang, place=result.place, name=result.name)
    at = f"{local(result.at, zone, lang)} {zone}"
    yield "  " + (word("step", lang, step=result.step, at=at) if result.step else word("begin", lang, at=at))
    explained: list[str] = []
    head = next((problem.line for problem in result.problems if problem.line is not None), None)
    for problem in result.problems:
        hint = problem.hint(lang)
        place = word("line", lang, line=problem.line) if problem.line not in (None, head) else ""
        yield f"    {place}{problem.message(lang)}{('；' if lang == 'zh' else '; ') + hint if hint else ''} [{problem.code}]"
        explained += [line for line in why(problem, lang) if line.strip() and line not in explained]
    if explained:
        yield "  " + word("why", lang)
        yield from (f"    {line}" for line in explained)


def why(problem: Finding, lang: str) -> tuple[str, ...]:
    """The lines that explain a problem."""
    known = problem.witness
    return tuple(known.get(lang, ())) if isinstance(known, Mapping) else ()


def summary(results: Sequence[StoryResult], lang: str = "en") -> str:
    """How many passed."""
    if not results:
        return word("none", lang)
    return word("summary", lang, passed=sum(result.passed for result in results), count=len(results))


def data_of(result: StoryResult, lang: str = "en") -> dict[str, Any]:
    """A result as JSON-ready data."""
    return {
        "story": result.name,
        "passed": result.passed,
        "file": result.file,
        "line": result.line,
        "path": result.path,
        "step": result.step,
        "at": write_instant(result.at),
        "problems": [
            {
                "code": problem.code,
                "path": problem.path,
                "line": problem.line,
                "message": problem.message(lang),
                "hint": problem.hint(lang),
                "why": list(why(problem, lang)),
            }
            for problem in result.problems
        ],
    }
