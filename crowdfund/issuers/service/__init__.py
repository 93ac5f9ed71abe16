"""Verbs: `onboarding`, `officers`, `bank`, `documents`, `changes`, `reviews`, `team`."""
