"""What every feature uses: database, outbox, sessions, pages, money, time."""
