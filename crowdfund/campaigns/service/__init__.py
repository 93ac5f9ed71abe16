"""Verbs of campaigns: `drafts`, `reviews`, `life` (deploy), `totals` (money in), `ending`, `releasing`."""
