"""Rules of campaigns: `life` (states, success), `terms` (limits, amounts), `drafts` (pages, story)."""
