"""I9: what the contracts hold against what our books say; `reconciliation` compares and keeps it."""

from crowdfund.chain import comparers


def problems() -> list[str]:
    """Return a sentence for each thing in which contracts and books differ; the caller commits."""
    return comparers.problems()
