"""Kinds of notice to the people who run a campaign."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_SAMPLE = {"campaign": "A roastery for Yirga"}
_MONEY = {**_SAMPLE, "currency": "ETB"}
_PATH = "/my/campaigns/0123456789abcdef0123456789abcdef"
_OPEN = _l("Open your campaign")

KINDS = {
    "campaign.submitted": Kind(
        _l("%(campaign)s was submitted"),
        _l("We have your campaign and check it now. You hear from us when that is done."),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.approved": Kind(
        _l("%(campaign)s is approved"),
        _l("Your campaign is approved. Its contract is being deployed; the page goes live by itself after that."),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.rejected": Kind(
        _l("%(campaign)s was sent back"),
        _l("Your campaign is a draft again. Read why, correct it and submit it again."),
        "campaign", {**_SAMPLE, "reason": "The use of the money is not clear."},
        action=_l("Correct it"), path=_PATH,
    ),
    "campaign.deployment_failed": Kind(
        _l("%(campaign)s is not live yet"),
        _l(
            "The contract of your campaign could not be deployed. Nothing is lost and you need not do anything: "
            "our staff see it and try again."
        ),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.live": Kind(
        _l("%(campaign)s is live"),
        _l("Everybody can read and fund your campaign now. Share its address."),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.succeeded": Kind(
        _l("%(campaign)s has succeeded"),
        _l("Your campaign has reached its threshold. The money can be released now."),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.failed": Kind(
        _l("%(campaign)s did not reach its threshold"),
        _l("The campaign has ended below its threshold. Every investor gets the whole amount back."),
        "campaign", _SAMPLE, action=_OPEN, path=_PATH,
    ),
    "campaign.cancelled": Kind(
        _l("%(campaign)s was cancelled"),
        _l("The campaign takes no money any more. Whoever has invested gets the whole amount back."),
        "campaign", {**_SAMPLE, "reason": "At the wish of the company."}, action=_OPEN, path=_PATH,
    ),
    "campaign.redirected": Kind(
        _l("%(campaign)s: the release goes to another wallet"),
        _l("Two of our staff have redirected it to %(wallet)s. If you did not ask for this, write to us at once."),
        "campaign", {**_SAMPLE, "wallet": "0x5FbDB2315678afecb367f032d93F642f64180aa3"}, action=_OPEN, path=_PATH,
    ),
    "campaign.released": Kind(
        _l("%(campaign)s: the money is released"),
        _l("%(amount)s are in your company's wallet, after the fee of %(fee)s."),
        "campaign", {**_MONEY, "amount_minor": 97_500_00, "fee_minor": 2_500_00}, action=_OPEN, path=_PATH,
    ),
}  # fmt: skip
