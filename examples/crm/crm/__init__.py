"""Knows a small CRM with two screens, the board and the ticket, around a desk of servflow; must not know who starts it."""
