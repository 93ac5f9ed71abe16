"""Verbs of refunds: note them, send them back or keep them, remind of them."""
