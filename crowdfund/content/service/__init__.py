"""Change the page of a campaign: `faq`, `gallery`, `people`."""
