"""What a campaign does when it follows its contract, from the facts of both sides; pure."""

from dataclasses import asdict, dataclass
from typing import Any

from crowdfund.campaigns.rules import life, tranches
from crowdfund.kernel import hashing
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.ledger import rules as ledger

REQUEST_STATES = ("pending", "approved", "done", "refused", "cancelled", "stopped")
IN = ("settled", "confirmed")
_NOT_SUCCESSFUL = {"failed": "fail", "cancelled": "cancel"}


class NothingToFollow(Conflict):
    """The campaign and its contract agree, or nothing can be decided yet."""

    code = "nothing_to_follow"


class TooEarly(Conflict):
    """Writes to the contract are on their way: what it will say is not known yet."""

    code = "too_early"


class Outdated(Conflict):
    """The facts have changed since they were shown; nothing was moved."""

    code = "outdated"


@dataclass(frozen=True, slots=True)
class Investment:
    """An investment that at least one side counts; `has_tx`: SQL holds it as recorded on chain."""

    id: str
    user_id: str
    amount_minor: int
    status: str
    on_contract: bool
    has_tx: bool
    is_refused: bool

    @property
    def is_in(self) -> bool:
        """Return whether its money is in the campaign's escrow in the books."""
        return self.status in IN

    @property
    def is_only_on_contract(self) -> bool:
        """Return whether the contract has recorded it and the books do not count it."""
        return self.on_contract and not self.is_in and not self.has_tx


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What the contract shows; the total of recorded payments in minor units."""

    status: str
    fiat_minor: int
    releases: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that decides what follows; the fingerprint covers all of it."""

    campaign_id: str
    company_id: str
    currency: str
    status: str
    ending: str | None
    settled_minor: int
    token_minor: int
    recorded_minor: int
    fee_bps: int
    released_minor: int | None
    fee_minor: int | None
    tranches: list[dict[str, Any]] | None
    tranches_paid: int
    accepted_difference_minor: int
    accepted_result: str | None
    in_flight: int
    contract: ContractFacts
    investments: tuple[Investment, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen, in this order: returns, the new status, refunds, release, a repeated write.

    `difference_minor` is what the contract's total of payments has more than the books afterwards.
    """

    action: str
    to: str | None
    returned: tuple[Investment, ...]
    forgotten: tuple[Investment, ...]
    refunded: tuple[Investment, ...]
    extra: tuple[Investment, ...]
    takes_back: bool
    pays_out: bool
    asks: str | None
    settled_after_minor: int
    difference_minor: int
    accepts_result: str | None

    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it with a request."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Plan":
        """Return the plan that was stored with a request."""
        lists = ("returned", "forgotten", "refunded", "extra")
        lines = {name: tuple(Investment(**one) for one in stored[name]) for name in lists}
        return cls(**(stored | lines))


def fingerprint(facts: Facts) -> str:
    """Return the SHA-256 of the facts: a request is carried out on the same ones or not at all."""
    return hashing.sha256(hashing.canonical_spaced(asdict(facts)))


def moves(facts: Facts, made: Plan) -> list[ledger.Posting]:
    """Return the postings of a plan, in minor units and in the order in which they are made."""
    escrow, company = ledger.escrow(facts.campaign_id), ledger.company_wallet(facts.company_id)
    released, fee_minor = facts.released_minor or 0, facts.fee_minor or 0
    found: list[tuple[str, str, int]] = []
    if made.takes_back:
        found += [(company, escrow, released), (ledger.PLATFORM_FEE, escrow, fee_minor)]
    found += [
        (escrow, ledger.user_wallet(one.user_id), one.amount_minor)
        for one in (*made.returned, *made.refunded)
    ]
    if made.pays_out:
        paid = _paid(facts, made)
        found += [
            (escrow, company, paid.company_minor),
            (escrow, ledger.PLATFORM_FEE, paid.fee_minor),
        ]
    return [ledger.Posting(*move) for move in found if move[2]]


def _paid(facts: Facts, made: Plan) -> life.Payout:
    """Return what is paid out of the parts that only the contract has released."""
    return life.payout(
        made.settled_after_minor,
        facts.token_minor,
        facts.fee_bps,
        share_bps=tranches.share_after(facts.tranches, facts.contract.releases),
        before_bps=tranches.share_after(facts.tranches, facts.tranches_paid),
    )


def plan(facts: Facts) -> Plan:
    """Return what the campaign does to agree with its contract.

    Raises TooEarly, or NothingToFollow when both agree.
    """
    action, to = _action(facts)
    if action != "ask" and facts.in_flight:
        raise TooEarly(
            _(
                "Some writes to this contract are on their way. "
                "Compare again when they are done or refused."
            )
        )
    is_in = tuple(one for one in facts.investments if one.is_in)
    missing = tuple(one for one in is_in if not one.on_contract)
    returned = _returned(facts, action, missing)
    forgotten = tuple(one for one in missing if one.has_tx)
    fails = action in ("fail", "cancel")
    accepts_result = action == "accept_result"
    made = Plan(
        action=action,
        to=to,
        returned=returned,
        forgotten=forgotten,
        refunded=is_in if fails else (),
        extra=tuple(one for one in facts.investments if one.is_only_on_contract),
        takes_back=fails and bool(facts.released_minor or facts.fee_minor),
        pays_out=action == "release" and facts.tranches_paid < facts.contract.releases,
        asks=_asked(facts) if action == "ask" else None,
        settled_after_minor=facts.settled_minor - _total(returned),
        difference_minor=_difference(facts, forgotten),
        accepts_result=facts.contract.status if accepts_result else facts.accepted_result,
    )
    if _changes_nothing(facts, made):
        raise NothingToFollow(_("The campaign and its contract agree. There is nothing to follow."))
    return made


def _difference(facts: Facts, forgotten: tuple[Investment, ...]) -> int:
    """Return what the contract's total has more than the books once records are forgotten."""
    if facts.status == facts.contract.status == "live":
        # Nothing is accepted: our closing takes out what we do not confirm.
        return facts.accepted_difference_minor
    return facts.contract.fiat_minor - (facts.recorded_minor - _total(forgotten))


def _total(lines: tuple[Investment, ...]) -> int:
    return sum(one.amount_minor for one in lines)


def _action(facts: Facts) -> tuple[str, str | None]:
    """Return what is done, and the status to which the campaign goes."""
    books, contract = facts.status, facts.contract.status
    if contract == "none":
        raise NothingToFollow(_("There is no contract to follow."))
    if contract == facts.accepted_result:
        return "settle", None
    if contract in _NOT_SUCCESSFUL:
        is_over = books in ("failed", "cancelled", "refunded")
        return ("settle", None) if is_over else (_NOT_SUCCESSFUL[contract], contract)
    if contract == "live":
        return ("settle", None) if books == "live" else ("ask", None)
    if books in ("failed", "cancelled", "refunded"):
        return "accept_result", None
    if books == "released":
        return ("settle", None) if contract == "released" else ("ask", None)
    return _to_success(facts, books, contract)


def _to_success(facts: Facts, books: str, contract: str) -> tuple[str, str | None]:
    if contract == "released":
        return "release", "released"
    if facts.contract.releases > facts.tranches_paid - (facts.ending == "release"):
        return "release", "succeeded"
    return ("succeed", "succeeded") if books == "live" else ("settle", None)


def _asked(facts: Facts) -> str:
    """Return the write that the contract lost and gets again."""
    if facts.status in ("failed", "cancelled", "refunded"):
        return "cancel"
    return "release" if facts.contract.status == "succeeded" else "close"


def _returned(facts: Facts, action: str, missing: tuple[Investment, ...]) -> tuple[Investment, ...]:
    """Return the investments whose money goes back because the contract does not count them.

    While both sides are live only what was refused: the rest may still be recorded. Once the
    money was paid out to the company nothing can go back.
    """
    if action in ("fail", "cancel", "ask", "accept_result") or facts.released_minor is not None:
        return ()
    if facts.status == facts.contract.status == "live":
        return tuple(one for one in missing if one.is_refused)
    return missing if facts.status in ("live", "succeeded") else ()


def _changes_nothing(facts: Facts, made: Plan) -> bool:
    if made.action != "settle":
        return False
    is_same = made.difference_minor == facts.accepted_difference_minor
    return is_same and not made.returned and not made.forgotten
