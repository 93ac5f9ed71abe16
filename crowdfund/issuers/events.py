"""What changes about companies, for the features above."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CompanyRenamed(Event, name="company.renamed"):
    """A verified company has another trade name."""

    company_id: str
