"""Rules of a campaign's page: `faq` (questions with answers), `gallery` (pictures), `people`."""
