"""Knows how work is judged: surveys, scorecards and samples of closed tickets; must not know how tickets run or are kept."""
