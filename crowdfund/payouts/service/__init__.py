"""Verbs of withdrawals: request, decide, follow at the bank."""
