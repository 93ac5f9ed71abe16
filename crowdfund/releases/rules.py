"""States of a request to release money; pure."""

STATES = ("pending", "approved", "refused", "cancelled")
