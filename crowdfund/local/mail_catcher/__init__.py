"""A post office for one machine: real SMTP in, a page and JSON out; nothing leaves the machine."""
