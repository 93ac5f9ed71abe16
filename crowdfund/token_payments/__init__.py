"""Payments with tokens from the payer's own wallet: rates, quotes, admissions, and the event that pays."""
