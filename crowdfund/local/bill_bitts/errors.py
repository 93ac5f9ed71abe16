"""A refusal of the gateway: status and sentence."""


class Refused(Exception):
    """The gateway says no."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
