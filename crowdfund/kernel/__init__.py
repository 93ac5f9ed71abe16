"""What every feature stands on: database, outbox, sessions, pages, money, time."""
