"""Pay out a campaign that succeeded: in the journal at once, on chain by a write."""

from collections.abc import Callable

from crowdfund.campaigns.events import CampaignReleased
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.ending import begin, must_follow
from crowdfund.campaigns.service.shared import change, locked, notify_team, reviewable
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.i18n import _
from crowdfund.ledger import queries as ledger_queries
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting

# Whether tokens may still reach a campaign's contract that our books do not know of yet.
# `investments` knows it and is above this feature, so it registers it here.
_under_way: list[Callable[[str], bool]] = []


def register_under_way(check: Callable[[str], bool]) -> None:
    """Have `check` of a campaign hold up its release."""
    _under_way.append(check)


class EscrowDisagrees(Conflict):
    """The escrow account does not hold what the campaign has settled; nothing is moved."""

    code = "escrow_disagrees"


def release(campaign_id: str, *, actor: str) -> None:
    """Pay out a success, once: the floored fee to the platform, the rest to the company.

    Money moves in the journal now and on chain by a write; `released` when that is confirmed.
    Raises NotYours, WrongState, or EscrowDisagrees if the escrow does not hold what settled.
    """
    campaign = reviewable(campaign_id, actor)
    life.move(campaign.status, Status.RELEASED)
    if campaign.released_minor is not None:
        raise WrongState(_("This campaign is already being released."))
    if campaign.contract_result:
        raise WrongState(must_follow())
    if campaign.refused_count:
        raise WrongState(
            _("The contract refused to record some of this money. Compare it with our books first.")
        )
    if any(check(campaign_id) for check in _under_way):
        raise WrongState(
            _("A payment with tokens may still be under way. Try again in half an hour.")
        )
    pay_out(campaign)
    begin(campaign, "release", actor=actor)


def pay_out(campaign: Campaign) -> None:
    """Post the release of a success: the floored fee to the platform, the rest to the company.

    Raises EscrowDisagrees.
    """
    tokens = campaign.paid_token_minor
    total, escrow = campaign.settled_minor - tokens, ledger_rules.escrow(campaign.id)
    in_tokens = ledger_queries.balance(ledger_rules.tokens(campaign.id), campaign.currency)
    if ledger_queries.balance(escrow, campaign.currency) != total or in_tokens != tokens:
        raise EscrowDisagrees(
            _("The escrow does not hold what was settled. Nothing was released; see the journal.")
        )
    paid = life.payout(
        campaign.settled_minor, campaign.token_minor, campaign.fee_bps, paid_token_minor=tokens
    )
    company = ledger_rules.company_wallet(campaign.company_id)
    parts = [(company, paid.company_minor), (ledger_rules.PLATFORM_FEE, paid.fee_minor)]
    if total:  # a contract may have succeeded by money that never was in our books
        campaign.release_entry_id = posting.post(
            f"campaign:{campaign.id}:release",
            [ledger_rules.Posting(escrow, account, amount) for account, amount in parts if amount],
            kind="campaign.released",
            ref={"campaign": campaign.id},
            currency=campaign.currency,
        )
    campaign.released_minor, campaign.fee_minor = paid.company_minor, paid.fee_minor
    if tokens:
        _pay_out_tokens(campaign)


def _pay_out_tokens(campaign: Campaign) -> None:
    """Post what the contract pays out of the tokens that came in: to the company's wallet on chain.

    Never more than came in, because the account has a floor.
    """
    paid = life.token_payout(campaign.paid_token_minor, campaign.token_minor, campaign.fee_bps)
    tokens = ledger_rules.tokens(campaign.id)
    parts = [
        (ledger_rules.OUTSIDE_WALLETS, paid.company_minor),
        (ledger_rules.TOKEN_FEE, paid.fee_minor),
    ]
    posting.post(
        f"campaign:{campaign.id}:release:tokens",
        [ledger_rules.Posting(tokens, account, amount) for account, amount in parts if amount],
        kind="campaign.released",
        ref={"campaign": campaign.id},
        currency=campaign.currency,
    )


def released_on_chain(campaign_id: str, *, tx_hash: str) -> None:
    """Finish a release that the contract confirmed."""
    campaign = locked(campaign_id)
    if campaign.status == Status.SUCCEEDED and campaign.released_minor is not None:
        end_release(campaign, tx_hash=tx_hash)


def end_release(
    campaign: Campaign, *, tx_hash: str | None, actor: str = "system", reason: str = ""
) -> None:
    """Note that journal and contract have both released, and notify everyone."""
    campaign.released_at, campaign.release_tx = clock.now(), tx_hash
    campaign.ending = campaign.chain_error = campaign.contract_result = None
    change(campaign, Status.RELEASED, actor=actor, reason=reason)
    paid = {"amount_minor": campaign.released_minor or 0, "fee_minor": campaign.fee_minor or 0}
    notify_team(campaign, "released", **paid, currency=campaign.currency)
    outbox.emit(CampaignReleased(key=campaign.id, campaign_id=campaign.id))
