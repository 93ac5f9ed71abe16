"""Why the stack cannot start or go on, as a sentence for the person at the terminal."""


class StackError(Exception):
    """What is missing or broken, and what to do; shown without a traceback."""
