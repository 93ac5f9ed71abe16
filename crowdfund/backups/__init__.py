"""Back everything up into a folder, and restore it on any of the databases.

A backup is a folder: `manifest.json`, `database/` (one file a table, the same on every database),
`files/` (what was uploaded, encrypted as it lies) and `keys/` (the keys of the chain and of
documents). SECRET_KEY is not in it. See docs/operations/backup.md.
"""
