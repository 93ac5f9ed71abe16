"""Reads behind the explanations: how each amount adds up, and where its parts come from."""
