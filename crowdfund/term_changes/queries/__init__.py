"""Reads about changes of terms."""
