"""Knows a repair workshop: a Django application whose orders have tickets of servflow; must not know how tickets are kept."""
