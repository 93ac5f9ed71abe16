"""Send the release of a campaign to another wallet: the company's is lost, or the token refuses it.

One admin asks, another confirms; on chain the operator proposes and the admin confirms. The journal
does not change: it owes the same company the same money.
"""

from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import ending
from crowdfund.campaigns.service.shared import locked, note, reviewable
from crowdfund.chain import queries as chain
from crowdfund.chain import request_queries, requests
from crowdfund.chain.rows import RequestRow
from crowdfund.issuers import queries
from crowdfund.kernel import audit
from crowdfund.kernel.errors import Conflict, Invalid, WrongState
from crowdfund.kernel.fields import wallets
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service

OPEN = (Status.LIVE, Status.SUCCEEDED)


def ask_redirect(campaign_id: str, wallet: str, reason: str, *, actor: str) -> str:
    """Ask a second admin to redirect the release to another wallet; return the request's id.

    Raises NotYours, WrongState, Invalid (wallet, reason), Conflict if it is asked for already.
    """
    campaign = reviewable(campaign_id, actor)
    if campaign.status not in OPEN or not campaign.contract_address:
        raise WrongState(_("Only a live campaign or one that has succeeded can be redirected."))
    address = wallets.wallet(wallet, "wallet_address")
    if chain.is_ours(address):
        raise Invalid(
            _("This address belongs to the platform: money that is released to it would be lost."),
            field="wallet_address",
        )
    wanted = requests.Wanted(
        "redirect",
        reason,
        address=address,
        target=campaign.contract_address,
        subject_id=campaign.id,
    )
    request_id = requests.ask(wanted, actor=actor)
    note(
        campaign,
        actor=actor,
        reason=f"asked to redirect the release to {address}: {reason.strip()}",
    )
    return request_id


def redirected(campaign_id: str, wallet: str, *, request_id: str) -> None:
    """Note that the contract pays another wallet now, and send a release again that was refused."""
    campaign = locked(campaign_id)
    note(campaign, actor="system", reason=f"the release is redirected to {wallet}")
    service.notify_all(
        queries.member_ids(campaign.company_id) | {campaign.author_id},
        "campaign.redirected",
        {"campaign": campaign.title, "wallet": wallet},
        key=f"campaign:{campaign.id}:redirected:{request_id}",
        path=f"/my/campaigns/{campaign.id}",
    )
    audit.record("system", "campaign.redirected", ("campaign", campaign_id), {"wallet": wallet})
    if campaign.ending == "release" and campaign.chain_error:
        ending.retry_ending(campaign_id, actor="system")


def _may_confirm(request: RequestRow, actor: str) -> None:
    """Refuse a second admin of the company itself, and a campaign that has ended meanwhile."""
    campaign = reviewable(request.subject_id, actor)
    if campaign.status not in OPEN:
        raise Conflict(
            _("This campaign has ended since the request was made. Withdraw the request.")
        )


def open_request(contract_address: str | None) -> RequestRow | None:
    """Return the request to redirect a campaign's contract that is not finished, or None."""
    return request_queries.open_redirect(contract_address) if contract_address else None


requests.CHECKS["redirect"] = _may_confirm
