"""Pay out a campaign that succeeded: in the journal at once, on chain by a write.

A campaign with tranches is paid out part by part. `crowdfund.releases` has two people decide.
"""

from dataclasses import dataclass

from crowdfund.campaigns.events import CampaignReleased
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life, tranches
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.ending import begin, must_follow
from crowdfund.campaigns.service.shared import change, locked, note, notify_team, reviewable
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.i18n import _
from crowdfund.ledger import queries as ledger_queries
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting


class EscrowDisagrees(Conflict):
    """The escrow account does not hold what the campaign has settled; nothing is moved."""

    code = "escrow_disagrees"


@dataclass(frozen=True, slots=True)
class Step:
    """The next part of a release: its number from 0, and what it pays; minor units.

    `tokens` is what the contract moves besides; `postings` are the legs of the journal's entry.
    """

    tranche: int
    share_bps: int
    condition: str
    paid: life.Payout
    tokens: life.Payout
    postings: tuple[ledger_rules.Posting, ...]


def release(campaign_id: str, *, actor: str) -> None:
    """Pay out the next part of a success: the floored fee to the platform, the rest to the company.

    Money moves in the journal now and on chain by a write; `released` when the last is confirmed.
    Raises NotYours, WrongState, or EscrowDisagrees if the escrow does not hold what settled.
    """
    campaign = reviewable(campaign_id, actor)
    refuse_release(campaign)
    pay_out(campaign)
    begin(campaign, "release", actor=actor)


def refuse_release(campaign: Campaign | CampaignRow) -> None:
    """Raise WrongState, with the reason, if nothing of a campaign can be released now."""
    life.move(campaign.status, Status.RELEASED)
    if campaign.ending == "release":
        raise WrongState(_("This campaign is already being released."))
    if campaign.contract_result:
        raise WrongState(must_follow())
    if campaign.refused_count:
        raise WrongState(
            _("The contract refused to record some of this money. Compare it with our books first.")
        )


def next_step(campaign: Campaign | CampaignRow) -> Step:
    """Return the part of a release that comes next."""
    number, stored = campaign.tranches_paid, campaign.tranches
    bounds = {
        "share_bps": tranches.share_after(stored, number + 1),
        "before_bps": tranches.share_after(stored, number),
    }
    paid = life.payout(campaign.settled_minor, campaign.token_minor, campaign.fee_bps, **bounds)
    company = ledger_rules.company_wallet(campaign.company_id)
    parts = [(company, paid.company_minor), (ledger_rules.PLATFORM_FEE, paid.fee_minor)]
    escrow, parts_known = ledger_rules.escrow(campaign.id), tranches.read(stored)
    return Step(
        number,
        bounds["share_bps"] - bounds["before_bps"],
        parts_known[number].condition if number < len(parts_known) else "",
        paid,
        life.token_payout(campaign.token_minor, campaign.fee_bps, **bounds),
        tuple(ledger_rules.Posting(escrow, account, amount) for account, amount in parts if amount),
    )


def pay_out(campaign: Campaign) -> None:
    """Post the next part of a release. Raises EscrowDisagrees."""
    escrow, step = ledger_rules.escrow(campaign.id), next_step(campaign)
    out = (campaign.released_minor or 0) + (campaign.fee_minor or 0)
    if ledger_queries.balance(escrow, campaign.currency) != campaign.settled_minor - out:
        raise EscrowDisagrees(
            _("The escrow does not hold what was settled. Nothing was released; see the journal.")
        )
    if step.postings:  # a contract may have succeeded by money that never was in our books
        campaign.release_entry_id = posting.post(
            release_key(campaign.id, step.tranche),
            list(step.postings),
            kind="campaign.released",
            ref={"campaign": campaign.id},
            currency=campaign.currency,
        )
    campaign.tranches_paid += 1
    campaign.released_minor = (campaign.released_minor or 0) + step.paid.company_minor
    campaign.fee_minor = (campaign.fee_minor or 0) + step.paid.fee_minor


def release_key(campaign_id: str, tranche: int) -> str:
    """Return the key of the entry that paid out a part of a release, counted from 0."""
    return f"campaign:{campaign_id}:release" + (f":{tranche}" if tranche else "")


def released_on_chain(campaign_id: str, *, tx_hash: str) -> None:
    """Finish a part of a release that the contract confirmed."""
    campaign = locked(campaign_id)
    if campaign.status == Status.SUCCEEDED and campaign.ending == "release":
        end_part(campaign, tx_hash=tx_hash)


def end_part(
    campaign: Campaign, *, tx_hash: str | None, actor: str = "system", reason: str = ""
) -> None:
    """Note that journal and contract have both released a part; the last ends the release."""
    if campaign.tranches_paid >= tranches.count(campaign.tranches):
        end_release(campaign, tx_hash=tx_hash, actor=actor, reason=reason)
        return
    campaign.release_tx = tx_hash
    campaign.ending = campaign.chain_error = campaign.contract_result = None
    number = {"part": campaign.tranches_paid, "parts": tranches.count(campaign.tranches)}
    words = f"Part {number['part']} of {number['parts']} is released."
    note(campaign, actor=actor, reason=f"{reason} {words}".strip())
    paid = {"amount_minor": campaign.released_minor or 0, "fee_minor": campaign.fee_minor or 0}
    notify_team(campaign, "part_released", **number, **paid, currency=campaign.currency)


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
