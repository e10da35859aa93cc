"""Knows how the figures and stories of many tickets become one page; must not know how tickets run or are kept."""

from servflow.report._entries import Unread
from servflow.report._story_lines import StoryLine, story_lines
from servflow.report._write import Written, html, write

__all__ = ["StoryLine", "Unread", "Written", "html", "story_lines", "write"]
