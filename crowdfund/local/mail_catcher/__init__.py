"""A post office for one machine: SMTP and SMS in, a page and JSON out; nothing leaves the machine."""
