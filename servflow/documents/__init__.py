"""Knows how definitions are written as YAML and JSON; must not know how tickets run or are kept."""

from servflow.documents._load import load

__all__ = ["load"]
