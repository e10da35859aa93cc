"""Knows what pytest is given where servflow is installed; must not know how anything is proved."""

from __future__ import annotations
