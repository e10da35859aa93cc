"""Knows which work falls due by itself, by rules of time and by counters of assets; must not know how tickets run or are kept."""
