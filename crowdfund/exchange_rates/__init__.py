"""Releases of a campaign's money: one person prepares each, another approves it."""
