"""Rules of signing in: `codes`, `limits`, `attempts`, `external` methods, `wallets`; pure."""
