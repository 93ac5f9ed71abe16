"""The HTTP shell: `app` wires it, `requests` and `identity` ask, `pages` answers, `errors` explains."""
