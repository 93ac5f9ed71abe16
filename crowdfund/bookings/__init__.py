"""Bookings of vehicles: reserved, paid in parts, delivered or cancelled; their instalments."""
