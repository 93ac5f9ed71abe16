"""A year of the platform, lived by its own services, workers and contracts in seconds."""
