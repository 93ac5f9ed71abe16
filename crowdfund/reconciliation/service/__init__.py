"""Verbs of reconciliation: `comparing` keeps what a look has found, `following` moves a campaign."""
