"""The HTTP shell: wiring (`app`), reading requests, identity, rendering pages, errors."""
