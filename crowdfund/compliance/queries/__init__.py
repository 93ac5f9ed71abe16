"""Reads of verification: files, reviews, nominees, the desk."""
