"""End a campaign as its contract did, against our books; two people have decided it.

`reconciliation` decides what each campaign needs and calls these within one transaction.
"""

from crowdfund.campaigns.events import ENDED
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import life, tranches
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.ending import ask_contract, end
from crowdfund.campaigns.service.releasing import end_part, pay_out, release_key
from crowdfund.campaigns.service.shared import (
    locked,
    note,
    notify_team,
    record_change,
    reviewable,
    touch,
)
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting


class AlreadySpent(Conflict):
    """The company has spent money that would have to go back to the investors."""

    code = "already_spent"


def open_to(campaign_id: str, actor: str) -> Campaign:
    """Return a locked campaign that this person may decide about; raises NotYours."""
    return reviewable(campaign_id, actor)


def follow_end(campaign_id: str, to: Status, *, actor: str, reason: str) -> None:
    """Let a campaign succeed, fail or be cancelled as its contract was.

    Released money is taken back from the company first. Raises AlreadySpent, WrongState.
    """
    campaign = locked(campaign_id)
    if campaign.status == Status.LIVE:
        end(campaign, to, tx_hash=campaign.close_tx, actor=actor, reason=reason)
        return
    if to not in life.FOLLOWS.get(Status(campaign.status), set()):
        life.move(campaign.status, to)
    if campaign.release_entry_id:
        _take_back(campaign)
    campaign.ending = campaign.chain_error = campaign.contract_result = None
    campaign.released_minor = campaign.fee_minor = None
    campaign.release_entry_id = campaign.released_at = None
    campaign.tranches_paid = 0
    campaign.closed_at = clock.now()
    record_change(campaign, to, actor=actor, reason=reason)
    context = {"reason": reason} if to == Status.CANCELLED else {}
    notify_team(campaign, str(to), **context)
    outbox.emit(ENDED[to](key=campaign.id, campaign_id=campaign.id))


def _take_back(campaign: Campaign) -> None:
    """Reverse every part of the release: the money is in escrow again, for the refunds."""
    try:
        for tranche in reversed(range(campaign.tranches_paid)):
            key = release_key(campaign.id, tranche)
            for entry in ledger_lines.entries_by_keys([key, f"{key}:tokens"]).values():
                posting.reverse(f"{entry.key}:undone", entry.id, reason="follows the contract")
    except ledger_rules.InsufficientFunds as error:
        raise AlreadySpent(
            _(
                "The company no longer has the released money, so it cannot be refunded. Nothing "
                "was moved."
            )
        ) from error


def follow_release(campaign_id: str, releases: int, *, actor: str, reason: str) -> None:
    """Note that the contract has released parts, paying out in the journal what was not paid yet.

    `releases` is how many parts the contract has released. Raises EscrowDisagrees.
    """
    campaign = locked(campaign_id)
    while campaign.tranches_paid < min(releases, tranches.count(campaign.tranches)):
        pay_out(campaign)
    end_part(campaign, tx_hash=campaign.release_tx, actor=actor, reason=reason)


def send_again(campaign_id: str, what: str, *, actor: str, reason: str) -> None:
    """Have a contract closed, cancelled or released that has lost what it had confirmed."""
    campaign = locked(campaign_id)
    ask_contract(campaign, what)
    campaign.contract_result = campaign.chain_error = None
    note(campaign, actor=actor, reason=f"{reason} The contract is asked again: {what}.")


def go_on(campaign_id: str, *, actor: str, reason: str) -> None:
    """Clear the error of a campaign whose differences two people have decided about."""
    campaign = locked(campaign_id)
    campaign.chain_error = campaign.contract_result = None
    note(campaign, actor=actor, reason=reason)


def accept(campaign_id: str, *, difference_minor: int, result: str | None) -> None:
    """Store what stays different: the contract's fiat total less ours, and how it ended."""
    campaign = locked(campaign_id)
    campaign.accepted_difference_minor, campaign.accepted_result = difference_minor, result
    touch(campaign)
