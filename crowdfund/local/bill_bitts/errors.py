"""A refusal of the gateway: status and sentence, and for people a title."""


class Refused(Exception):
    """The gateway says no."""

    def __init__(self, status: int, sentence: str, *, title: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.title = title
