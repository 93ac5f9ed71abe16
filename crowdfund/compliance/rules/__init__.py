"""What verification needs, who decides, and what it means; pure."""
