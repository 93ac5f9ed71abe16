"""The terms of a plan, how a pair is divided, and what a plan would pay; pure."""
