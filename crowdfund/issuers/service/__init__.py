"""Verbs of companies: `onboarding`, `officers`, `bank`, `papers`, `changes`, `reviews`, `team`."""
