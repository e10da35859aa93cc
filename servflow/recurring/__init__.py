"""Knows which work falls due by itself, by rules of time and by counters; must not know how tickets run or are kept."""

from servflow.recurring._asset import Asset
from servflow.recurring._definition import Recurring
from servflow.recurring._explain import Explained
from servflow.recurring._files import read_assets
from servflow.recurring._load import load
from servflow.recurring._occurrence import Last, Occurrence
from servflow.recurring._plans import Plans

__all__ = ["Asset", "Explained", "Last", "Occurrence", "Plans", "Recurring", "load", "read_assets"]
