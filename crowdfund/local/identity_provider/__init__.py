"""A small identity provider (OpenID Connect) for the local stack and the tests, with faults."""
