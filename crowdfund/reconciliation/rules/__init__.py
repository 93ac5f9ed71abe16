"""Rules of reconciliation: `comparing` (what differs), `following` (the plan), `wording`."""
