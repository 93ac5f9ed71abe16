"""The end of a campaign: close, cancel, and what the contract answers; `releasing` pays out.

The journal decides and the contract follows. Where the contract has decided differently, nothing
moves without people: two of them have the campaign follow it (`following`, and ADR 0016).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from crowdfund.campaigns import queries
from crowdfund.campaigns.events import ENDED
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.shared import campaign_intent, change, locked, note, notify_team
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.kernel import clock, money, outbox
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _

FUNCTIONS = {"close": "closeConfirmed", "cancel": "cancel", "release": "release"}
RETRY_AFTER = timedelta(minutes=10)
REFUSED = (
    "The contract refused to record some payments. Decide about them before the campaign is closed."
)
DISAGREES = "The contract and our books disagree about how this campaign ended."

# What people have paid for a campaign and the bank has not settled yet, in minor units, by campaign
# id. `investments` knows it and is above this feature, so it registers it here.
_arriving: list[Callable[[str], int]] = []


def register_arriving(count: Callable[[str], int]) -> None:
    """Have money that `count` returns for a campaign hold up an early closing."""
    _arriving.append(count)


def arriving_minor(campaign_id: str) -> int:
    """Return what has been paid for a campaign and is not settled yet, in minor units."""
    return sum(count(campaign_id) for count in _arriving)


# Whether investors are still asked whether they agree to changed terms. `term_changes` knows it and
# is above this feature, too.
_unanswered: list[Callable[[str], bool]] = []


def register_unanswered(is_open: Callable[[str], bool]) -> None:
    """Have a campaign for which `is_open` is true wait before it is closed."""
    _unanswered.append(is_open)


def has_unanswered(campaign_id: str) -> bool:
    """Return whether investors of a campaign have not yet answered about changed terms."""
    return any(is_open(campaign_id) for is_open in _unanswered)


def unanswered_sentence() -> str:
    """Return why a campaign whose investors are being asked is not closed."""
    return _(
        "The terms have changed and some investors have not answered yet. The campaign can be "
        "closed when everyone has answered, or when their time is over."
    )


# --- close ----------------------------------------------------------------------------------------


def close_due(now: datetime | None = None) -> int:
    """Close what has reached its end; return how many closings have started.

    Runs at any time and any number of times. A campaign waits while money is on its way (up to
    its grace), while investors have not answered about changed terms, and while settled money is
    not yet recorded on chain.
    """
    moment, started = now or clock.now(), 0
    for row in queries.due(moment):
        if queries.verdict(row, moment) == "awaiting":
            continue
        campaign = locked(row.id)
        if campaign.chain_error and not clock.is_past(campaign.updated_at, RETRY_AFTER, moment):
            continue
        started += _begin_close(campaign, actor="system")
    return started


def close_early(campaign_id: str, *, actor: str) -> None:
    """Close before the deadline once the threshold is settled (rules.md, Success); for the company.

    A reservation that nobody has paid holds up nothing: else anybody could. Money that comes for
    it later goes back. Raises WrongState while the threshold is not reached or paid money has not
    arrived.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.LIVE or campaign.ending:
        raise WrongState(_("Only a live campaign can be closed."))
    if not _is_success(campaign):
        need = life.threshold_minor(campaign.goal_minor or 0, campaign.threshold_bps)
        raise WrongState(
            _(
                "To close early, at least %(need)s must be settled. Wait until it is, or until the "
                "deadline.",
                need=money.fmt(need),
            )
        )
    if arriving_minor(campaign_id):
        raise WrongState(_("Some money is still on its way. Close when it has arrived."))
    if has_unanswered(campaign_id):
        raise WrongState(unanswered_sentence())
    if not _begin_close(campaign, actor=actor):
        raise WrongState(_("The last payments are being recorded on chain. Try again in a minute."))


def _begin_close(campaign: Campaign, *, actor: str) -> int:
    if campaign.status != Status.LIVE or campaign.ending or campaign.contract_result:
        return 0
    if campaign.refused_count:
        _note_obstacle(campaign, REFUSED)
        return 0
    if has_unanswered(campaign.id) or _chain_is_behind(campaign):
        return 0
    begin(campaign, "close", actor=actor)
    return 1


def _chain_is_behind(campaign: Campaign) -> bool:
    # The contract decides by its own records: all settled money must be recorded there first.
    return chain_queries.in_flight(campaign.contract_address) > 0


def closed_on_chain(campaign_id: str, *, tx_hash: str, succeeded: bool) -> None:
    """Finish a campaign whose contract is closed: success is arithmetic over settled money.

    A contract that saw another result than the journal is not followed: the campaign stays as
    it is, with the disagreement shown to staff.
    """
    campaign = locked(campaign_id)
    if campaign.status != Status.LIVE:
        return
    enough = _is_success(campaign)
    if enough != succeeded:
        note_disagreement(campaign_id, "succeeded" if succeeded else "failed")
        return
    end(campaign, Status.SUCCEEDED if enough else Status.FAILED, tx_hash=tx_hash)


def forget_difference(campaign_id: str) -> None:
    """Note that the contract took out of its total what our books do not have."""
    campaign = locked(campaign_id)
    campaign.accepted_difference_minor = 0
    note(
        campaign,
        actor="system",
        reason="The contract no longer counts records that we did not confirm.",
    )


def _is_success(campaign: Campaign) -> bool:
    counted = life.counted_minor(campaign.settled_minor, campaign.token_minor)
    return life.is_success(counted, campaign.goal_minor or 0, campaign.threshold_bps)


def note_disagreement(campaign_id: str, result: str) -> None:
    """Note that the contract ended as `result` and the campaign did not; it takes no more money."""
    campaign = locked(campaign_id)
    if campaign.contract_result != result:
        campaign.contract_result, campaign.chain_error = result, None
        _note_obstacle(campaign, DISAGREES)


def note_agreement(campaign_id: str) -> None:
    """Note that the contract is as the campaign again, as after a reorganisation of the chain."""
    campaign = locked(campaign_id)
    if campaign.contract_result:
        campaign.contract_result = campaign.chain_error = None
        note(campaign, actor="system", reason="The contract and our books agree again.")


def _note_obstacle(campaign: Campaign, sentence: str) -> None:
    """Show staff why a campaign cannot end; the same sentence is noted once."""
    if campaign.chain_error != sentence:
        campaign.chain_error = sentence
        note(campaign, actor="system", reason=sentence)


# --- cancel ---------------------------------------------------------------------------------------


def cancel(campaign_id: str, reason: str, *, actor: str) -> None:
    """Cancel a campaign: at once before it is live, by its contract afterwards, with refunds."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    campaign = locked(campaign_id)
    life.move(campaign.status, Status.CANCELLED)
    if campaign.status == Status.LIVE:
        if campaign.ending:
            raise WrongState(_("This campaign is already being ended."))
        if campaign.contract_result:
            raise WrongState(must_follow())
        begin(campaign, "cancel", actor=actor, reason=why)
        return
    change(campaign, Status.CANCELLED, actor=actor, reason=why)
    notify_team(campaign, "cancelled", reason=why)


def cancelled_on_chain(campaign_id: str, *, tx_hash: str) -> None:
    """Finish a campaign whose contract is cancelled."""
    campaign = locked(campaign_id)
    if campaign.status == Status.LIVE:
        end(campaign, Status.CANCELLED, tx_hash=tx_hash)


def end(
    campaign: Campaign, to: Status, *, tx_hash: str | None, actor: str = "system", reason: str = ""
) -> None:
    """End a live campaign in the books and notify everyone.

    `reason` says why it followed its contract, if it did.
    """
    campaign.closed_at, campaign.close_tx = clock.now(), tx_hash
    campaign.ending = campaign.live_lock = campaign.chain_error = campaign.contract_result = None
    words = _settled_words(campaign)
    change(campaign, to, actor=actor, reason=f"{reason} {words}" if reason else words)
    notify_team(campaign, str(to))
    outbox.emit(ENDED[to](key=campaign.id, campaign_id=campaign.id))


def _settled_words(campaign: Campaign) -> str:
    settled = money.fmt(campaign.settled_minor, campaign.currency)
    goal = money.fmt(campaign.goal_minor or 0, campaign.currency)
    return f"{settled} of {goal} settled"


def mark_refunded(campaign_id: str) -> None:
    """Note that every investor of a failed or cancelled campaign has the money back."""
    campaign = locked(campaign_id)
    if campaign.status != Status.REFUNDED:
        change(campaign, Status.REFUNDED, actor="system")


# --- refusals -------------------------------------------------------------------------------------


def ending_failed(campaign_id: str, reason: str, *, intent_id: str) -> None:
    """Note that the contract refused to close, cancel or release; closing is tried again later."""
    campaign = locked(campaign_id)
    if not campaign.ending or intent_id != _ending_intent(campaign):
        return
    campaign.chain_error = reason[:500]
    refusal = f"{campaign.ending} refused by the contract: {reason}"
    if campaign.ending != "release":  # released money stays released: only the write is repeated
        campaign.ending = None
    note(campaign, actor="system", reason=refusal)


def retry_ending(campaign_id: str, *, actor: str) -> None:
    """Send the write of a refused release, or begin a refused closing, once more (staff).

    The error stays until a retry has started. Raises WrongState with the reason when none can.
    """
    campaign = locked(campaign_id)
    if not campaign.chain_error:
        raise WrongState(_("There is nothing to try again."))
    if campaign.contract_result:
        raise WrongState(must_follow())
    if campaign.ending == "release":
        begin(campaign, "release", actor=actor)
        return
    if campaign.status != Status.LIVE or not campaign.ends_at or campaign.ends_at >= clock.now():
        raise WrongState(
            _("This cannot be repeated from here. Close, cancel or release the campaign again.")
        )
    if campaign.refused_count:
        raise WrongState(
            _("The contract refused to record some of this money. Compare it with our books first.")
        )
    if has_unanswered(campaign_id):
        raise WrongState(unanswered_sentence())
    if not _begin_close(campaign, actor=actor):
        raise WrongState(_("The last payments are being recorded on chain. Try again in a minute."))


def must_follow() -> str:
    """Return why a campaign that disagrees with its contract cannot go on by itself."""
    return _(
        "The contract ended this campaign differently from our books. Trying again cannot change "
        "that. Compare the two, and ask a second person to approve that the campaign follows the "
        "contract."
    )


def begin(campaign: Campaign, what: str, *, actor: str, reason: str = "") -> None:
    """Have the contract closed, cancelled or released; until it answers, no money is accepted."""
    campaign.ending, campaign.ending_at = what, clock.now()
    campaign.chain_error = None
    ask_contract(campaign, what)
    note(campaign, actor=actor, reason=f"{what}: {reason}" if reason else f"{what} begun")


def ask_contract(campaign: Campaign, what: str) -> None:
    """Send close, cancel or release to the contract, as an attempt of its own."""
    campaign.ending_tries += 1
    intent = campaign_intent(campaign.id, what, attempt=campaign.ending_tries)
    args: list[object] = [chain_rules.intent_bytes32(intent)]
    if what == "close":
        # The second signature: the contract counts no more fiat than the journal has settled.
        fiat_minor = campaign.settled_minor - campaign.paid_token_minor
        args.append(chain_rules.to_units(fiat_minor))
    elif what == "release":
        args.append(campaign.tranches_paid - 1)  # the one that was paid out in the journal
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
