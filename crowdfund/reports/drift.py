"""I9: the contracts against our books; `reconciliation` compares them and stores the result."""

from crowdfund.chain import comparers


def problems() -> list[str]:
    """Return a sentence for each thing in which contracts and books differ; the caller commits."""
    return comparers.problems()
