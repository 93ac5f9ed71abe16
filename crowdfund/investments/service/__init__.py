"""Verbs of investments, by subject."""
