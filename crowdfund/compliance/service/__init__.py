"""Verbs of verification: keep facts and documents, ask for a level, decide, expire; nominees."""
