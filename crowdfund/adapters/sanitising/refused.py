"""The one error of the program that reads uploads."""


class RefusedError(Exception):
    """The file is not one that we keep; its word is what the parent makes a sentence of."""
