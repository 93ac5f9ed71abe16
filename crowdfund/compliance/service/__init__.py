"""Verbs of verification: save facts and documents, request a level, decide, expire; nominees."""
