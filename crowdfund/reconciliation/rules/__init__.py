"""Rules of reconciliation: `comparing` (what differs), `following` (what a campaign then does), `telling`."""
