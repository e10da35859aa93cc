"""Knows what a host builds on: its models, its forms, its editors; must not know any host or framework."""

from __future__ import annotations

from servflow.embedding._stubs import stubs

__all__ = ["stubs"]
