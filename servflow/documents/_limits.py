"""Knows how large a document may be; must not know what is in one."""

from __future__ import annotations

MOST_BYTES = 1024 * 1024
"""How many bytes of UTF-8 a text may have."""

MOST_DEPTH = 60
"""How deep mappings and lists may be nested."""

MOST_NODES = 100_000
"""How many values a document may hold, counting each mapping, list and scalar."""

MOST_FINDINGS = 200
"""How many problems are told at once; of a file with more the rest are counted."""

LONGEST_RUN = 64
"""How many exclamation marks may stand in a row: the YAML reader scans such a run in quadratic time."""

LONGEST_KEY = 1_000
"""How many characters a key may have."""

LONGEST_NUMBER = 400
"""How many characters a number may have; longer ones are slow to read and mean nothing in a definition."""
