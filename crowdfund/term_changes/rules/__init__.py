"""Rules of changed terms: their life, the time to answer, what has changed; pure."""
