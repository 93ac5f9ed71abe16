"""What an explanation of an amount consists of; amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime

from crowdfund.kernel import access
from crowdfund.kernel.db.paging import Page

Thing = tuple[str, str]  # kind or figure, and id


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a person's id (empty for a visitor), and the roles."""

    id: str
    roles: frozenset[str]

    def may(self, endpoint: str) -> bool:
        """Return whether the access table lets them open a page."""
        return access.allows(endpoint, self.roles)


@dataclass(frozen=True, slots=True)
class Link:
    """A page that the reader may open."""

    endpoint: str
    argument: str = ""
    value: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Return what its address is built of."""
        return {self.argument: self.value} if self.argument else {}


@dataclass(frozen=True, slots=True)
class Source:
    """An event that an amount comes from: in words, when, with what result.

    `details` are technical facts by label; `hashes` those that are copied, like transactions. What
    is not `is_main` is a step of something that is, and folded.
    """

    words: str
    at: datetime | None = None
    status: str = ""
    link: Link | None = None
    details: tuple[tuple[str, str], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A part of an amount; `figure` names its own explanation, `after_minor` is the sum so far."""

    what: str
    amount_minor: int
    at: datetime | None = None
    note: str = ""
    after_minor: int | None = None
    figure: Thing | None = None
    sources: tuple[Source, ...] = ()

    @property
    def main_sources(self) -> tuple[Source, ...]:
        """Return the sources that are shown at once: the first one if all are steps."""
        return tuple(one for one in self.sources if one.is_main) or self.sources[:1]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An amount as pages show it, and the lines whose sum it is.

    `sum_minor` is the sum of the lines of all pages. `related` happened to the same money, and is
    no part of the sum. `since` says from when the rule holds, where that is not the same for all.
    """

    number_minor: int
    sum_minor: int
    currency: str
    page: Page[Line]
    subject: str = ""
    home: Link | None = None
    facts: tuple[str, ...] = ()
    since: str = ""
    related: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class InvestmentLine:
    """An investment as a part of an amount."""

    id: str
    campaign_id: str
    user_id: str
    amount_minor: int
    currency: str
    rail: str
    status: str
    payment_id: str | None
    tx_hash: str | None
    created_at: datetime
    title: str | None
    slug: str


@dataclass(frozen=True, slots=True)
class WayLine:
    """Money on its way to a campaign: a reservation, or money that only the contract has."""

    id: str
    kind: str
    amount_minor: int
    at: datetime
    user_id: str
    status: str
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What decides about a campaign's amounts, and who may see them."""

    id: str
    company_id: str
    slug: str
    title: str | None
    status: str
    currency: str
    goal_minor: int | None
    reserved_minor: int
    settled_minor: int
    released_minor: int | None
    fee_minor: int | None
    fee_bps: int
    token_minor: int
    tranches_paid: int
    starts_at: datetime | None
    reviewed_at: datetime | None
    contract_address: str | None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment as a source."""

    id: str
    user_id: str
    gateway: str
    purpose_kind: str
    purpose_id: str
    tx_id: str | None
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A webhook as a source, without its body."""

    id: str
    payment_id: str
    event_id: str
    received_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """Money that was not as expected, and who decided about it."""

    id: str
    payment_id: str | None
    user_id: str | None
    kind: str
    state: str
    resolution: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WriteFacts:
    """A chain write as a source, with its transaction once it has one."""

    id: str
    subject_id: str
    function: str
    status: str
    updated_at: datetime
    tx_hash: str | None
    block_number: int | None


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """That somebody decided to release a campaign's money."""

    campaign_id: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """That an investment's money went back, with its campaign."""

    investment_id: str
    at: datetime
    from_status: str | None
    reason: str
    cancelled_at: datetime | None
    slug: str
    status: str


@dataclass(frozen=True, slots=True)
class ReadContract:
    """What a contract showed when it was last read; units are texts of integers."""

    address: str
    campaign_id: str | None
    title: str | None
    slug: str | None
    fiat_units: str
    token_units: str
    block_number: int
    at: datetime
