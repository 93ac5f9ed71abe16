"""Verbs of changes of terms."""
