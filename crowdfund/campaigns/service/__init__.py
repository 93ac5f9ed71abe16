"""Verbs of campaigns: `drafts`, `reviews`, `life`, `totals` (money in), `ending`, `releasing`."""
