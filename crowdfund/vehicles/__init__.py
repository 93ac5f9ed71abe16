"""Electric vehicles: what can be booked, at what price, and how many there are."""
