"""Pay out a campaign that succeeded: in the journal at once, on chain by a write.

A campaign with tranches is paid out part by part. `crowdfund.releases` has two people decide.
"""

from collections.abc import Callable, Sequence
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

# Whether tokens may still reach a campaign's contract that our books do not know of yet.
# `investments` knows it and is above this feature, so it registers it here.
_under_way: list[Callable[[str], bool]] = []


def register_under_way(check: Callable[[str], bool]) -> None:
    """Have `check` of a campaign hold up its release."""
    _under_way.append(check)


class EscrowDisagrees(Conflict):
    """The escrow account does not hold what the campaign has settled; nothing is moved."""

    code = "escrow_disagrees"


@dataclass(frozen=True, slots=True)
class Step:
    """The next part of a release: its number from 0, and what it pays; minor units.

    `tokens` is what the contract moves besides; the postings are the legs of the journal's entries.
    """

    tranche: int
    condition: str
    paid: life.Payout
    tokens: life.Payout
    postings: tuple[ledger_rules.Posting, ...]
    token_postings: tuple[ledger_rules.Posting, ...]


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
    if any(check(campaign.id) for check in _under_way):
        raise WrongState(
            _("A payment with tokens may still be under way. Try again in half an hour.")
        )


def next_step(campaign: Campaign | CampaignRow) -> Step:
    """Return the part of a release that comes next."""
    number, stored = campaign.tranches_paid, campaign.tranches
    bounds = {
        "share_bps": tranches.share_after(stored, number + 1),
        "before_bps": tranches.share_after(stored, number),
    }
    tokens, alone = campaign.paid_token_minor, campaign.token_minor
    paid = life.payout(
        campaign.settled_minor, alone, campaign.fee_bps, paid_token_minor=tokens, **bounds
    )
    paid_tokens = life.token_payout(tokens, alone, campaign.fee_bps, **bounds)
    parts_known = tranches.read(stored)
    return Step(
        number,
        parts_known[number].condition if number < len(parts_known) else "",
        paid,
        life.token_payout(tokens + alone, 0, campaign.fee_bps, **bounds),
        _postings(
            ledger_rules.escrow(campaign.id),
            (ledger_rules.company_wallet(campaign.company_id), paid.company_minor),
            (ledger_rules.PLATFORM_FEE, paid.fee_minor),
        ),
        _postings(
            ledger_rules.tokens(campaign.id),
            (ledger_rules.OUTSIDE_WALLETS, paid_tokens.company_minor),
            (ledger_rules.TOKEN_FEE, paid_tokens.fee_minor),
        ),
    )


def _postings(source: str, *parts: tuple[str, int]) -> tuple[ledger_rules.Posting, ...]:
    paid = [(account, amount) for account, amount in parts if amount]
    return tuple(ledger_rules.Posting(source, account, amount) for account, amount in paid)


def pay_out(campaign: Campaign) -> None:
    """Post the next part of a release, and what the contract pays out of the tokens that came in.

    Never more tokens than came in, because their account has a floor. Raises EscrowDisagrees.
    """
    step, tokens = next_step(campaign), campaign.paid_token_minor
    fiat_out = (campaign.released_minor or 0) + (campaign.fee_minor or 0)
    fiat_left = campaign.settled_minor - tokens - fiat_out
    before_bps = tranches.share_after(campaign.tranches, step.tranche)
    tokens_left = tokens - tokens * before_bps // 10_000
    in_escrow = ledger_queries.balance(ledger_rules.escrow(campaign.id), campaign.currency)
    in_tokens = ledger_queries.balance(ledger_rules.tokens(campaign.id), campaign.currency)
    if (in_escrow, in_tokens) != (fiat_left, tokens_left):
        raise EscrowDisagrees(
            _("The escrow does not hold what was settled. Nothing was released; see the journal.")
        )
    key = release_key(campaign.id, step.tranche)
    if step.postings:  # a contract may have succeeded by money that never was in our books
        campaign.release_entry_id = _post(campaign, key, step.postings)
    if step.token_postings:
        _post(campaign, f"{key}:tokens", step.token_postings)
    campaign.tranches_paid += 1
    campaign.released_minor = (campaign.released_minor or 0) + step.paid.company_minor
    campaign.fee_minor = (campaign.fee_minor or 0) + step.paid.fee_minor


def _post(campaign: Campaign, key: str, postings: Sequence[ledger_rules.Posting]) -> str:
    return posting.post(
        key,
        list(postings),
        kind="campaign.released",
        ref={"campaign": campaign.id},
        currency=campaign.currency,
    )


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
