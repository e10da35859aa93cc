"""Knows how files of stories are named; must not import anything, as pytest asks it in every run."""

from __future__ import annotations

STORY_ENDS = (".stories.yaml", ".stories.yml", ".stories.json")
"""How the names of files of stories end."""
