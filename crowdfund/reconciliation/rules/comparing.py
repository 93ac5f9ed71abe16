"""What differs between a campaign in the books and its contract; pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from crowdfund.campaigns.rules import tranches
from crowdfund.chain.rules import to_units
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import fmt
from crowdfund.kernel.statuses import status_text

# The contract's Status, in the order of ICampaign.sol.
CONTRACT_STATES = ("live", "succeeded", "failed", "cancelled", "released")
_ENDED_WITHOUT = frozenset({"failed", "cancelled"})

# (campaign's status, what it is asking of the contract) -> what the contract may be meanwhile.
AGREES: dict[tuple[str, str | None], frozenset[str]] = {
    ("live", None): frozenset({"live"}),
    ("live", "close"): frozenset({"live", "succeeded", "failed"}),
    ("live", "cancel"): frozenset({"live", "cancelled"}),
    ("succeeded", None): frozenset({"succeeded"}),
    ("succeeded", "release"): frozenset({"succeeded", "released"}),
    ("released", None): frozenset({"released"}),
    ("failed", None): _ENDED_WITHOUT,
    ("cancelled", None): _ENDED_WITHOUT,
    ("refunded", None): _ENDED_WITHOUT,
}


@dataclass(frozen=True, slots=True)
class Books:
    """A campaign with a contract as SQL has it; minor units.

    `recorded_minor` is confirmed on chain, `coming_minor` settled and on its way there.
    """

    campaign_id: str
    title: str
    slug: str
    address: str
    status: str
    ending: str | None
    contract_result: str | None
    recorded_minor: int
    coming_minor: int
    refused_minor: int
    refused: int
    token_minor: int
    accepted_difference_minor: int
    accepted_result: str | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A campaign's contract on chain, in token units; `problem` when it cannot be read."""

    address: str
    status: str = "none"
    fiat_units: int = 0
    token_units: int = 0
    escrow_units: int = 0
    releases: int = 0
    factory_knows: bool = True
    problem: str = ""

    @property
    def total_units(self) -> int:
        """Return token and fiat money together."""
        return self.fiat_units + self.token_units

    @property
    def fiat_minor(self) -> int:
        """Return the recorded payments in minor units, rounded down."""
        return self.fiat_units // to_units(1)

    @property
    def token_minor(self) -> int:
        """Return the token money in minor units, rounded down."""
        return self.token_units // to_units(1)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: its kind, address, campaign (or none), and what each side shows."""

    kind: str
    address: str
    campaign_id: str = ""
    title: str = ""
    slug: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Detail:
    """Which investments only one side has: `missing` on the contract, `extra` in the books."""

    missing: list[str]
    extra: list[str]


@dataclass(slots=True)
class Findings:
    """What one comparison of both sides found; `failure` says why there was none."""

    block: int | None = None
    contracts: dict[str, Contract] = field(default_factory=dict)
    campaign_of: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    details: dict[str, Detail] = field(default_factory=dict)
    amount_minor: int = 0
    failure: str = ""


def differences(books: Books, contract: Contract) -> list[Difference]:
    """Return everything in which a campaign and its contract differ; nothing when they agree."""
    return [
        Difference(kind, books.address, books.campaign_id, books.title, books.slug, facts)
        for kind, facts in _differences(books, contract)
    ]


def _differences(books: Books, contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    if contract.problem:
        yield "unreadable", {"problem": contract.problem}
        return
    if not contract.factory_knows:
        yield "foreign", {}
    yield from _end_differs(books, contract)
    least = to_units(books.recorded_minor + books.accepted_difference_minor)
    if not least <= contract.fiat_units <= least + to_units(books.coming_minor):
        yield "fiat", {"books": least, "contract": contract.fiat_units}
    if contract.token_units != to_units(books.token_minor):
        yield "token", {"books": to_units(books.token_minor), "contract": contract.token_units}
    if not _escrow_fits(books, contract):
        yield "escrow", {"contract": contract.token_units, "escrow": contract.escrow_units}
    if books.refused:
        yield "refused", {"count": books.refused, "amount": books.refused_minor}


def _end_differs(books: Books, contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    if not _status_agrees(books, contract):
        yield "status", {"books": books.status, "contract": contract.status}
    elif not _releases_agree(books, contract):
        yield "releases", {"books": books.tranches_paid, "contract": contract.releases}


def _status_agrees(books: Books, contract: Contract) -> bool:
    if contract.status == books.accepted_result:
        return True
    if books.status == "live" and books.contract_result and contract.status != "live":
        return False  # noticed before: only a request ends it
    return contract.status in AGREES.get((books.status, books.ending), frozenset())


def _releases_agree(books: Books, contract: Contract) -> bool:
    """Return whether as many parts of the money are out; a release under way may be on its way."""
    if books.status not in ("succeeded", "released") or contract.status == books.accepted_result:
        return True
    least = books.tranches_paid - (books.ending == "release")
    return least <= contract.releases <= books.tranches_paid


def _escrow_fits(books: Books, contract: Contract) -> bool:
    """Return whether the escrow holds what it must: all, nothing, or what is not out yet."""
    if contract.status in ("live", "succeeded"):
        share = tranches.share_after(books.tranches, contract.releases)
        out = to_units(contract.token_minor * share // 10_000)
        return contract.escrow_units == contract.token_units - out
    if contract.status == "released":
        return contract.escrow_units == 0
    return contract.escrow_units <= contract.token_units


def unknown(contract: Contract) -> Difference:
    """Return that our factory made a contract which no campaign of ours has."""
    facts = {"status": contract.status, "amount": contract.total_units, "problem": contract.problem}
    return Difference("unknown", contract.address, facts=facts)


def settings_difference(address: str, *, contract_s: int, needed_s: int) -> Difference | None:
    """Return that contracts stop recording too early for the platform's grace, or None."""
    if contract_s >= needed_s:
        return None
    return Difference("grace", address, facts={"contract": contract_s, "needed": needed_s})


def words(stored: dict[str, Any]) -> str:
    """Return a stored difference as a sentence in the reader's language."""
    kind, facts = stored["kind"], stored["facts"]
    if kind in ("fiat", "token", "escrow"):
        return _amounts(kind, facts)
    if kind == "status":
        return _(
            "Our books say %(books)s, the contract says %(contract)s.",
            books=status_text(facts["books"]),
            contract=status_text(facts["contract"]),
        )
    if kind == "refused":
        return _(
            "The contract refused to record payments of %(amount)s (number of payments: "
            "%(count)s).",
            amount=fmt(facts["amount"]),
            count=facts["count"],
        )
    if kind == "releases":
        return _(
            "Our books have released %(books)s parts of the money, the contract %(contract)s.",
            **facts,
        )
    if kind == "unknown":
        return _(
            "Our factory made this contract, but no campaign in our books has it. It counts "
            "%(amount)s.",
            amount=_units(facts["amount"]),
        )
    if kind == "grace":
        return _(
            "Contracts record payments for too short a time after the deadline. Days there: "
            "%(contract)s. Days that we need: %(needed)s.",
            contract=facts["contract"] // 86_400,
            needed=facts["needed"] // 86_400,
        )
    if kind == "foreign":
        return _("Our factory does not know the contract that our books name.")
    return _("The contract cannot be read: %(problem)s", problem=facts.get("problem", ""))


def _amounts(kind: str, facts: dict[str, Any]) -> str:
    values = {name: _units(units) for name, units in facts.items()}
    if kind == "fiat":
        return _(
            "Our books have %(books)s recorded on chain, the contract counts %(contract)s.",
            **values,
        )
    if kind == "token":
        return _("Our books have %(books)s in tokens, the contract counts %(contract)s.", **values)
    return _("The contract counts %(contract)s in tokens, its escrow holds %(escrow)s.", **values)


def _units(units: int | str) -> str:
    """Return token units as money; what is no whole minor unit is shown as it is."""
    minor, rest = divmod(int(units), to_units(1))
    return f"{units} units" if rest else fmt(minor)
