"""Verbs of companies: `file`, `officers`, `bank`, `papers`, `changes`, `reviews`, `registry`, `team`."""
