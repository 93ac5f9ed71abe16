"""The embedded stack: everything that one machine needs, started by one command."""
