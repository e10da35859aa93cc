"""Knows how pytest runs files of stories; must not know how a story is lived through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from servflow.errors import ServflowError
from servflow.testing._story import Stories, Story
from servflow.testing._story_reading import load_stories
from servflow.testing._story_run import StoryResult, coverages, run_story


class StoryFailed(Exception):
    """A story did not go as told."""

    def __init__(self, result: StoryResult, zone: str) -> None:
        super().__init__(result.text("en", zone))
        self.result = result


class StoryFile(pytest.File):
    """A file of stories; each of them is a test."""

    def collect(self) -> Iterable[StoryItem]:
        """The stories; a file with problems is an error that tells all of them."""
        try:
            stories = load_stories(self.path)
            coverages(stories)
        except ServflowError as error:
            found = getattr(error, "findings", ())
            told = "\n".join(finding.text() for finding in found) or error.message
            raise self.CollectError(f"{self.path}:\n{told}") from None
        for story in stories.cases:
            yield StoryItem.from_parent(self, name=story.name, stories=stories, story=story)


class StoryItem(pytest.Item):
    """One story."""

    def __init__(self, *, stories: Stories, story: Story, **known: Any) -> None:
        super().__init__(**known)
        self.stories = stories
        self.story = story

    def runtest(self) -> None:
        """
        Live through it.

        Raises:
            StoryFailed: it did not go as told.
        """
        counting = self.config.pluginmanager.get_plugin("servflow_coverage")
        known = {} if counting is None else {flow.workflow: counting.coverage_of(flow) for flow in self.stories.flows}
        result = run_story(self.stories, self.story, coverages(self.stories, known))
        if not result.passed:
            raise StoryFailed(result, self.stories.zone)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was expected and found, and why, instead of a traceback."""
        if isinstance(excinfo.value, StoryFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The line at which the story stands."""
        return self.path, None if self.story.line is None else self.story.line - 1, self.story.name
