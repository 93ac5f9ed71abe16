"""The verbs of payments: start one, take webhooks in, apply them, decide about exceptions."""
