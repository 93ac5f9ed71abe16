"""Compare each campaign's contract with the books, and let a campaign follow its contract."""
