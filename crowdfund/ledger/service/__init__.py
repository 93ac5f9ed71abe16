"""The only way in which money moves: `posting` (post, reverse) and `holds` (set aside, capture)."""
