"""Knows what a host builds on: its models, its forms, its editors; must not know any host or framework."""

from __future__ import annotations

__all__: list[str] = []
