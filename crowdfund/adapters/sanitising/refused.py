"""The one error of the program that reads uploads."""


class RefusedError(Exception):
    """The file is refused; the parent process turns the word into a sentence."""
