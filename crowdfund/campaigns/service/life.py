"""From approval to the end: deploy, go live, close, release, cancel.

The journal decides, the chain follows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from crowdfund import clock, config, money, outbox
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.errors import Conflict
from crowdfund.i18n import _
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.rules import REFUSALS
from crowdfund.ledger import queries as ledger_queries
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger import service as ledger

from .. import queries, rules
from ..models import Campaign
from ..rules import Status
from .shared import NotEligible, campaign_intent, change, locked, note, reviewable, tell_team, touch

FUNCTIONS = {"close": "close", "cancel": "cancel", "release": "release"}


class EscrowDisagrees(Conflict):
    """The escrow account does not hold what the campaign has settled; nothing is moved."""

    code = "escrow_disagrees"


# --- start ----------------------------------------------------------------------------------------


def deploy(campaign_id: str, *, actor: str) -> None:
    """Take the company's two locks and have the contract made; raises NotEligible or WrongState.

    The deadline is fixed here, because the contract is told it.
    """
    campaign = locked(campaign_id)
    rules.move(campaign.status, Status.DEPLOYING)
    refusal = queries.start_refusal(campaign.company_id)
    if refusal:
        raise NotEligible(str(REFUSALS[refusal]))
    now = clock.now()
    year = rules.calendar_year(now, config.settings().time_zone)
    campaign.live_lock, campaign.started_year = campaign.company_id, year
    campaign.year_lock = f"{campaign.company_id}:{year}"
    campaign.ends_at = now.replace(microsecond=0) + timedelta(days=campaign.duration_days or 0)
    campaign.deploy_tries += 1
    campaign.chain_error = None
    change(campaign, Status.DEPLOYING, actor=actor)
    _write_creation(campaign)


def _write_creation(campaign: Campaign) -> None:
    intent = campaign_intent(campaign.id, "create", attempt=campaign.deploy_tries)
    company = issuers.get(campaign.company_id)
    units = chain_rules.to_units
    ends_at = cast(datetime, campaign.ends_at)
    params = {
        "campaignId": chain_rules.intent_bytes32(campaign.id),
        "issuerId": chain_rules.intent_bytes32(campaign.company_id),
        "issuerWallet": company.wallet_address,
        "token": chain_service.address_of("PaymentToken"),
        "goal": units(campaign.goal_minor or 0),
        "minInvestment": units(campaign.min_minor or 0),
        "maxInvestment": units(campaign.max_minor or 0),
        "deadline": int(ends_at.timestamp()),
        "thresholdBps": campaign.threshold_bps,
        "granularity": units(1),
        "termsHash": campaign.terms_hash,
    }
    chain_service.write(
        intent,
        "CampaignFactory",
        "createCampaign",
        [chain_rules.intent_bytes32(intent), params],
        subject=("campaign", campaign.id),
    )


def go_live(
    campaign_id: str, *, contract_address: str, tx_hash: str, started_year: int | None = None
) -> None:
    """Open a campaign whose contract is confirmed; a repeated message changes nothing.

    `started_year` is the year that the registry has used up: around midnight of a New Year it may be
    the one after that in which the start was asked for, and both must count the same.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.DEPLOYING:
        return
    campaign.contract_address, campaign.deploy_tx = contract_address, tx_hash
    campaign.starts_at, campaign.chain_error = clock.now(), None
    if started_year is not None:
        campaign.started_year, campaign.year_lock = started_year, f"{campaign.company_id}:{started_year}"
    change(campaign, Status.LIVE, actor="system", reason=f"deployed at {contract_address}")
    tell_team(campaign, "live")
    outbox.emit("campaign.live", campaign_id, {"campaign_id": campaign_id})


def deploy_failed(campaign_id: str, reason: str, *, intent_id: str) -> None:
    """Go back to approved and free the locks when the factory refused; staff may try again."""
    campaign = locked(campaign_id)
    current = campaign_intent(campaign_id, "create", attempt=campaign.deploy_tries)
    if campaign.status != Status.DEPLOYING or intent_id != current:
        return
    campaign.live_lock = campaign.year_lock = campaign.started_year = campaign.ends_at = None
    campaign.chain_error = reason[:500]
    change(campaign, Status.APPROVED, actor="system", reason=f"not deployed: {reason}")
    tell_team(campaign, "deployment_failed")


# --- end ------------------------------------------------------------------------------------------


def close_due(now: datetime | None = None) -> int:
    """Close what has reached its end; return how many closings were begun.

    Runs at any time and any number of times. A campaign waits while money is on its way (up to
    its grace) and while settled money is not yet recorded on chain.
    """
    moment, begun = now or clock.now(), 0
    for row in queries.due(moment):
        if rules.verdict(queries.tally(row), moment, grace_days=row.grace_days) == "awaiting":
            continue
        begun += _begin_close(row.id, moment, actor="system")
    return begun


def close_early(campaign_id: str, *, actor: str) -> None:
    """Close before the deadline once the threshold is settled (rules.md); a company's own verb.

    Raises WrongState while it is not reached or money is on its way.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.LIVE or campaign.ending:
        raise rules.WrongState(_("Only a live campaign can be closed."))
    if not rules.is_success(campaign.settled_minor, campaign.goal_minor or 0, campaign.threshold_bps):
        need = rules.threshold_minor(campaign.goal_minor or 0, campaign.threshold_bps)
        raise rules.WrongState(
            _("Closing early needs %(need)s settled. Wait for more, or the deadline.", need=money.fmt(need))
        )
    if campaign.reserved_minor > campaign.settled_minor:
        raise rules.WrongState(_("Some money is still on its way. Close when it has arrived."))
    if not _begin_close(campaign_id, clock.now(), actor=actor):
        raise rules.WrongState(_("The last payments are being recorded on chain. Try again in a minute."))


def _begin_close(campaign_id: str, moment: datetime, *, actor: str) -> int:
    campaign = locked(campaign_id)
    if campaign.status != Status.LIVE or campaign.ending or _chain_is_behind(campaign):
        return 0
    if campaign.chain_error and campaign.updated_at > moment - timedelta(minutes=10):
        return 0
    _begin(campaign, "close", actor=actor)
    return 1


def _chain_is_behind(campaign: Campaign) -> bool:
    # The contract judges by what is recorded there: it must know of all settled money first.
    waiting: Sequence[str] = (chain_rules.WriteStatus.QUEUED, *chain_rules.IN_FLIGHT)
    address = str(campaign.contract_address)
    return any(chain_queries.page(status=status, search=address, limit=1).rows for status in waiting)


def closed_on_chain(campaign_id: str, *, tx_hash: str, succeeded: bool) -> None:
    """Finish a campaign whose contract is closed: success is arithmetic over settled money.

    A contract that saw another result than the journal is not followed: the campaign stays as
    it is, with the disagreement shown to staff.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.LIVE:
        return
    enough = rules.is_success(campaign.settled_minor, campaign.goal_minor or 0, campaign.threshold_bps)
    if enough != succeeded:
        campaign.chain_error = "The contract and the journal disagree about the result."
        note(campaign, actor="system", reason=campaign.chain_error)
        return
    _end(campaign, Status.SUCCEEDED if enough else Status.FAILED, tx_hash=tx_hash)


def cancel(campaign_id: str, reason: str, *, actor: str) -> None:
    """Cancel a campaign: at once before it is live, by its contract afterwards (all is refunded)."""
    why = issuers.rules.parse_reason(reason)
    campaign = locked(campaign_id)
    rules.move(campaign.status, Status.CANCELLED)
    if campaign.status == Status.LIVE:
        if campaign.ending:
            raise rules.WrongState(_("This campaign is being ended already."))
        _begin(campaign, "cancel", actor=actor, reason=why)
        return
    change(campaign, Status.CANCELLED, actor=actor, reason=why)
    tell_team(campaign, "cancelled", reason=why)


def cancelled_on_chain(campaign_id: str, *, tx_hash: str) -> None:
    """Finish a campaign whose contract is cancelled."""
    campaign = locked(campaign_id)
    if campaign.status == Status.LIVE:
        _end(campaign, Status.CANCELLED, tx_hash=tx_hash)


def _end(campaign: Campaign, to: Status, *, tx_hash: str) -> None:
    campaign.closed_at, campaign.close_tx = clock.now(), tx_hash
    campaign.ending = campaign.live_lock = campaign.chain_error = None
    change(campaign, to, actor="system", reason=_settled_words(campaign))
    tell_team(campaign, str(to))
    outbox.emit(f"campaign.{to}", campaign.id, {"campaign_id": campaign.id})


def _settled_words(campaign: Campaign) -> str:
    settled, goal = campaign.settled_minor, campaign.goal_minor or 0
    return f"{money.fmt(settled, campaign.currency)} of {money.fmt(goal, campaign.currency)} settled"


def release(campaign_id: str, *, actor: str) -> None:
    """Pay out a success, once: the floored fee to the platform, the rest to the company.

    Money moves in the journal now and on chain by a write; `released` when that is confirmed.
    Raises OwnCampaign, WrongState, or EscrowDisagrees if the escrow does not hold what settled.
    """
    campaign = reviewable(campaign_id, actor)
    rules.move(campaign.status, Status.RELEASED)
    if campaign.release_entry_id:
        raise rules.WrongState(_("The release of this campaign is under way."))
    total = campaign.settled_minor
    escrow = ledger_rules.escrow(campaign_id)
    if ledger_queries.balance(escrow, campaign.currency) != total:
        raise EscrowDisagrees(
            _("The escrow does not hold what was settled. Nothing was released; see the journal.")
        )
    fee = money.fee(total, campaign.fee_bps)
    company = ledger_rules.company_wallet(campaign.company_id)
    parts = [(company, total - fee), (ledger_rules.PLATFORM_FEE, fee)]
    campaign.release_entry_id = ledger.post(
        f"campaign:{campaign_id}:release",
        [ledger_rules.Posting(escrow, account, amount) for account, amount in parts if amount],
        kind="campaign.released",
        ref={"campaign": campaign_id},
        currency=campaign.currency,
    )
    campaign.released_minor, campaign.fee_minor = total - fee, fee
    _begin(campaign, "release", actor=actor)


def released_on_chain(campaign_id: str, *, tx_hash: str) -> None:
    """Finish a release that the contract confirmed."""
    campaign = locked(campaign_id)
    if campaign.status != Status.SUCCEEDED or not campaign.release_entry_id:
        return
    campaign.released_at, campaign.release_tx = clock.now(), tx_hash
    campaign.ending = campaign.chain_error = None
    change(campaign, Status.RELEASED, actor="system")
    paid = {"amount_minor": campaign.released_minor or 0, "fee_minor": campaign.fee_minor or 0}
    tell_team(campaign, "released", **paid, currency=campaign.currency)
    outbox.emit("campaign.released", campaign_id, {"campaign_id": campaign_id})


def mark_refunded(campaign_id: str) -> None:
    """Note that every investor of a failed or cancelled campaign has the money back."""
    campaign = locked(campaign_id)
    if campaign.status != Status.REFUNDED:
        change(campaign, Status.REFUNDED, actor="system")


def ending_failed(campaign_id: str, reason: str, *, intent_id: str) -> None:
    """Note that the contract refused to close, cancel or release; closing is tried again later."""
    campaign = locked(campaign_id)
    if not campaign.ending or intent_id != _ending_intent(campaign):
        return
    campaign.chain_error = reason[:500]
    kept = f"{campaign.ending} refused by the contract: {reason}"
    if campaign.ending != "release":  # released money stays released: only the write is repeated
        campaign.ending = None
    note(campaign, actor="system", reason=kept)


def retry_ending(campaign_id: str, *, actor: str) -> None:
    """Send the write of a refused release, or begin a refused closing, once more (staff)."""
    campaign = locked(campaign_id)
    if not campaign.chain_error:
        raise rules.WrongState(_("There is nothing to try again."))
    campaign.chain_error = None
    if campaign.ending == "release":
        _begin(campaign, "release", actor=actor)
        return
    touch(campaign)
    if campaign.status == Status.LIVE and campaign.ends_at and campaign.ends_at < clock.now():
        _begin_close(campaign_id, clock.now(), actor=actor)


def _begin(campaign: Campaign, what: str, *, actor: str, reason: str = "") -> None:
    campaign.ending, campaign.ending_at = what, clock.now()
    campaign.ending_tries += 1
    campaign.chain_error = None
    note(campaign, actor=actor, reason=f"{what}: {reason}" if reason else f"{what} begun")
    intent = _ending_intent(campaign)
    args: list[Any] = [chain_rules.intent_bytes32(intent)]
    chain_service.write(
        intent,
        "CampaignImplementation",
        FUNCTIONS[what],
        args,
        subject=("campaign", campaign.id),
        address=campaign.contract_address,
    )


def _ending_intent(campaign: Campaign) -> str:
    return campaign_intent(campaign.id, str(campaign.ending), attempt=campaign.ending_tries)
