"""Knows how the figures and stories of many tickets become one page; must not know how tickets run or are kept."""
