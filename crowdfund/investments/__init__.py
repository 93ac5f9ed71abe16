"""Put money into a campaign and follow it until it is recorded on chain."""
