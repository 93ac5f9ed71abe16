"""Verbs of security: `second_factor`, `passkeys`, `changes` that wait, `devices`, `history`."""
