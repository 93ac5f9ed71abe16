"""Verbs of reconciliation: `comparing` stores what was found, `following` moves a campaign."""
