"""Payments with tokens from the payer's own wallet."""
