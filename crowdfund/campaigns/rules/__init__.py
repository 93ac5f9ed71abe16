"""Rules of campaigns: `life` (states), `terms` (limits, amounts), `drafts` (pages, story)."""
