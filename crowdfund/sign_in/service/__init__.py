"""Verbs of signing in: `codes`, `limits`, `attempts`, `methods`, `external` (`oidc`, `wallets`)."""
