"""A campaign follows its contract: one person asks, another approves, a worker carries it out.

A request holds the fingerprint of the facts that its preview was made from. They are compared when
it is made, when it is approved, and with the contract read anew when it is carried out: other
facts, and nothing is moved.
"""

from dataclasses import dataclass
from typing import Any

from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import following as campaign
from crowdfund.campaigns.service import totals
from crowdfund.chain import rules as chain_rules
from crowdfund.investments.service import returning
from crowdfund.kernel import outbox
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.second_person import Requests
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from crowdfund.notifications import service
from crowdfund.reconciliation import queries
from crowdfund.reconciliation.models import FollowRequest, follow_request_event
from crowdfund.reconciliation.rows import RequestRow
from crowdfund.reconciliation.rules import following
from crowdfund.reconciliation.rules.comparing import Findings
from crowdfund.reconciliation.rules.following import ContractFacts, Facts, Plan
from crowdfund.reconciliation.service.comparing import request_comparison, store_one

_requests = Requests(
    FollowRequest.__table__,
    follow_request_event,
    queries.locked_request,
    pages=(("queue", "follow"), ("desk", "all")),
    about=("contract", "campaign_id"),
)
NOT_COMPARED = "not_compared"


class NotCompared(Conflict):
    """The contract has not been read to the single investment yet."""

    code = NOT_COMPARED


@dataclass(frozen=True, slots=True)
class Preview:
    """What happens if a campaign follows its contract now; `obstacle` says why it cannot yet."""

    facts: Facts
    plan: Plan
    fingerprint: str
    moves: list[accounts.Posting]
    obstacle: str

    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it with a request: the plan, its postings and the currency."""
        moves = [[move.source, move.destination, move.amount_minor] for move in self.moves]
        return {"plan": self.plan.as_json(), "moves": moves, "currency": self.facts.currency}


def preview(campaign_id: str) -> Preview:
    """Return what would happen, by the contract as it was last read.

    Raises NotCompared, TooEarly, NothingToFollow.
    """
    facts = _facts(campaign_id)
    made = following.plan(facts)
    moves = following.moves(facts, made)
    return Preview(facts, made, following.fingerprint(facts), moves, _obstacle(facts, made, moves))


def _facts(campaign_id: str) -> Facts:
    row = queries.reading(campaign_id)
    if row is None or row.missing is None:
        raise NotCompared(
            _("This campaign was not compared with its contract yet. Compare them first.")
        )
    fiat_minor = int(row.fiat_units) // chain_rules.to_units(1)
    contract = ContractFacts(row.status, fiat_minor, row.releases)
    return queries.facts(campaign_id, contract, missing=row.missing, extra=row.extra or [])


def _obstacle(facts: Facts, made: Plan, moves: list[accounts.Posting]) -> str:
    """Return why the journal cannot do this now, or nothing."""
    escrow = accounts.escrow(facts.campaign_id)
    if made.takes_back:
        short = [move for move in moves if move.source != escrow and _lacks(move, facts.currency)]
        if short:
            return _("The company no longer has the released money, so it cannot be refunded.")
    going = sum(move.amount_minor for move in moves if move.source == escrow)
    coming = sum(move.amount_minor for move in moves if move.destination == escrow)
    if going > ledger.balance(escrow, facts.currency) + coming:
        return _("The escrow does not hold the money that would have to leave it. See the journal.")
    if made.to == "released" and made.pays_out and going != ledger.balance(escrow, facts.currency):
        return _("Money is arriving in the escrow just now. Compare again in a minute.")
    return ""


def _lacks(move: accounts.Posting, currency: str) -> bool:
    return ledger.balance(move.source, currency) < move.amount_minor


# --- two people -----------------------------------------------------------------------------------


def ask(campaign_id: str, *, reason: str, fingerprint: str, actor: str) -> str:
    """Ask that a campaign follows its contract as the preview with this fingerprint; return the id.

    Raises Invalid (reason), NotYours, Outdated, Conflict (asked for already, or not possible now).
    """
    why = texts.reason(reason)
    campaign.open_to(campaign_id, actor)
    seen = _unchanged(campaign_id, fingerprint)
    if seen.obstacle:
        raise Conflict(seen.obstacle)
    request_id = _requests.add(
        {"campaign_id": campaign_id, "plan": seen.as_json(), "fingerprint": fingerprint},
        open_key=campaign_id,
        actor=actor,
        reason=why,
        taken=_("A colleague has already requested this. It is waiting for a decision."),
    )
    service.queue_work("staff.follow", key=request_id)
    return request_id


def approve(request_id: str, *, actor: str) -> None:
    """Approve what a colleague asked for; it is carried out once the contract was read again.

    Raises Forbidden (asked by oneself), NotYours, Outdated, Conflict.
    """
    own = _("You requested this. A second person has to approve it. Nothing was moved.")
    request = _requests.for_second_person(request_id, actor=actor, own=own)
    campaign.open_to(request.campaign_id, actor)
    seen = _unchanged(request.campaign_id, request.fingerprint)
    if seen.obstacle:
        raise Conflict(seen.obstacle)
    _requests.move(request, "approved", actor=actor, open_key=request.campaign_id)
    outbox.add(
        "reconciliation.follow", f"reconciliation.follow:{request_id}", {"request_id": request_id}
    )


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Decline what a colleague asked for, with a reason; nothing is moved."""
    why = texts.reason(reason)
    own = _("You requested this. Withdraw it instead. Nothing was moved.")
    request = _requests.for_second_person(request_id, actor=actor, own=own)
    campaign.open_to(request.campaign_id, actor)
    _requests.move(request, "refused", actor=actor, reason=why)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own request; nothing is moved."""
    _requests.withdraw(request_id, actor=actor)


def _unchanged(campaign_id: str, fingerprint: str) -> Preview:
    """Return the preview of now; raise Outdated when it is not the one that was shown."""
    try:
        seen = preview(campaign_id)
    except (following.NothingToFollow, following.TooEarly, NotCompared) as error:
        raise following.Outdated(_outdated()) from error
    if seen.fingerprint != fingerprint:
        raise following.Outdated(_outdated())
    return seen


def _outdated() -> str:
    return _(
        "The campaign or its contract has changed since this was shown. Nothing was moved. "
        "Compare them again and make a new request."
    )


# --- the chain's worker ---------------------------------------------------------------------------


def carry_out(request_id: str, found: Findings) -> None:
    """Do what was approved, if the contract, read just now, and the books are as they were shown.

    Runs in one transaction and once: a request that is done, or was never approved, does nothing.
    """
    request = queries.locked_request(request_id)
    if request.status != "approved":
        return
    campaign_id = request.campaign_id
    returning.lock_settled(campaign_id)  # before the campaign, as a payment that settles does
    totals.lock_for_update(campaign_id)
    store_one(found)
    try:
        seen = _unchanged(campaign_id, request.fingerprint)
    except following.Outdated as error:
        _stop(request, error.user_message)
        return
    if seen.obstacle:
        _stop(request, seen.obstacle)
        return
    reason = f"Follows the contract, asked and approved by two people: {request.reason}"
    _apply(seen, actor=str(request.decided_by), reason=reason)
    _requests.move(request, "done", actor="system")
    request_comparison(campaign_id)


def _stop(request: RequestRow, problem: str) -> None:
    _requests.move(request, "stopped", actor="system", reason=problem, problem=problem[:500])
    request_comparison(request.campaign_id)


def _apply(seen: Preview, *, actor: str, reason: str) -> None:
    facts, made = seen.facts, seen.plan
    campaign_id, who = facts.campaign_id, {"actor": actor, "reason": reason}
    _settle_investments(campaign_id, made, actor=actor)
    if made.action in ("fail", "cancel"):
        campaign.follow_end(campaign_id, Status(str(made.to)), **who)
    elif made.action == "ask":
        campaign.send_again(campaign_id, str(made.asks), **who)
    elif made.action in ("succeed", "release"):
        if facts.status == Status.LIVE:
            campaign.follow_end(campaign_id, Status.SUCCEEDED, **who)
        if made.action == "release":
            campaign.follow_release(campaign_id, facts.contract.releases, **who)
    else:
        campaign.go_on(campaign_id, **who)
    if made.action != "ask":
        campaign.accept(
            campaign_id, difference_minor=made.difference_minor, result=made.accepts_result
        )


def _settle_investments(campaign_id: str, made: Plan, *, actor: str) -> None:
    """Return the money that the contract did not record, and close the writes about it."""
    returning.forget_records(campaign_id, [one.id for one in made.forgotten])
    why = "The campaign's contract did not record it."
    returning.give_back_unrecorded(campaign_id, [one.id for one in made.returned], reason=why)
    going = [one.id for one in (*made.returned, *made.refunded) if not one.on_contract]
    returning.close_records(going, reason="The money goes back to the investor.", actor=actor)
