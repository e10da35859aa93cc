"""Knows the named options of a clock and which product behaves which way; must not know any clock."""

from __future__ import annotations

from collections.abc import Mapping

from servflow.model import FrozenMap

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "on_retarget": ("carry", "restart", "recount", "keep"),
    "on_reopen": ("new_cycle", "resume", "ignore"),
    "on_calendar_change": ("recompute", "prospective"),
    "breach": ("stays", "follows"),
    "breached_by": ("due", "over"),
    "marks": ("once", "again"),
    "display": ("due", "next_opening"),
}
"""The named options and what each may be; the first is the default."""

PRESETS: Mapping[str, Mapping[str, str]] = FrozenMap(
    {
        "zendesk": FrozenMap(
            on_retarget="recount", on_reopen="resume", on_calendar_change="prospective", breach="follows", marks="again"
        ),
        "jira": FrozenMap(on_retarget="recount", breach="follows", breached_by="over"),
        "servicenow": FrozenMap(on_retarget="restart", on_calendar_change="prospective", breach="follows", marks="again"),
        "glpi": FrozenMap(on_retarget="recount", on_reopen="resume", breach="follows", marks="again"),
    }
)
"""
What the options are unless written, by the product a desk comes from; an option not named here has its default.

``docs/reference/clock-options.md`` says for each what the product does, where that is told, and what cannot be matched.
"""
