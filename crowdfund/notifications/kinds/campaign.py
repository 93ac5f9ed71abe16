"""Kinds of notice to the people who run a campaign."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_SAMPLE = {"campaign": "A roastery for Yirga"}
_MONEY = {**_SAMPLE, "currency": "ETB"}
_PATH = "/my/campaigns/0123456789abcdef0123456789abcdef"
_OPEN = _l("Open your campaign")
_TERMS = f"{_PATH}/term-changes/0123456789abcdef0123456789abcdef"

KINDS = {
    "campaign.submitted": Kind(
        _l("%(campaign)s was submitted"),
        _l("We are reviewing your campaign. We will notify you of the result."),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.approved": Kind(
        _l("%(campaign)s is approved"),
        _l(
            "Your campaign is approved. Its contract is being created. Your page goes live "
            "automatically after that."
        ),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.rejected": Kind(
        _l("%(campaign)s was sent back"),
        _l("Your campaign is a draft again. Read the reason, correct it and submit it again."),
        "campaign",
        {**_SAMPLE, "reason": "The use of the money is not clear."},
        action=_l("Correct it"),
        path=_PATH,
    ),
    "campaign.deployment_failed": Kind(
        _l("%(campaign)s is not live yet"),
        _l(
            "The contract of your campaign could not be created. Nothing is lost and you do not "
            "need to do anything. Our staff will try again."
        ),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.live": Kind(
        _l("%(campaign)s is live"),
        _l("Anyone can now see your campaign and invest in it. Share its link."),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.succeeded": Kind(
        _l("%(campaign)s has succeeded"),
        _l("Your campaign has reached its threshold. The money can be released now."),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.failed": Kind(
        _l("%(campaign)s did not reach its threshold"),
        _l("The campaign has ended below its threshold. Every investor is refunded in full."),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.cancelled": Kind(
        _l("%(campaign)s was cancelled"),
        _l("The campaign is closed to new investments. Every investor is refunded in full."),
        "campaign",
        {**_SAMPLE, "reason": "At the wish of the company."},
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.redirected": Kind(
        _l("%(campaign)s: the release goes to another wallet"),
        _l(
            "Two of our staff have redirected it to %(wallet)s. If you did not ask for this, "
            "contact us immediately."
        ),
        "campaign",
        {**_SAMPLE, "wallet": "0x5FbDB2315678afecb367f032d93F642f64180aa3"},
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.part_released": Kind(
        _l("%(campaign)s: part %(part)s of %(parts)s of the money is released"),
        _l(
            "Until now %(amount)s went to your company's wallet, after fees of %(fee)s. The next part "
            "follows when its condition is met."
        ),
        "campaign",
        {**_MONEY, "part": 1, "parts": 3, "amount_minor": 48_750_00, "fee_minor": 1_250_00},
        action=_OPEN,
        path=_PATH,
    ),
    "campaign.terms_rejected": Kind(
        _l("%(campaign)s: your change of the terms was sent back"),
        _l("Read the reason, correct your change and submit it again. Nothing was published."),
        "campaign",
        {**_SAMPLE, "reason": "The use of the money is not clear."},
        action=_l("Correct it"),
        path=_TERMS,
    ),
    "campaign.terms_corrected": Kind(
        _l("%(campaign)s: your change of the terms is published"),
        _l("It counts as a correction, so your investors keep their investments as they are."),
        "campaign",
        _SAMPLE,
        action=_OPEN,
        path=_TERMS,
    ),
    "campaign.terms_material": Kind(
        _l("%(campaign)s: your investors are being asked"),
        _l(
            "Your change of the terms is published. It is material, so each investor has until "
            "%(until_at)s to keep the investment or to take the money back."
        ),
        "campaign",
        {**_SAMPLE, "until_at": "2026-12-21T08:00:00+00:00"},
        action=_l("See the answers"),
        path=_TERMS,
    ),
    "campaign.terms_finished": Kind(
        _l("%(campaign)s: your investors have answered"),
        _l("Nobody has to answer about your change of the terms any more. See the result."),
        "campaign",
        _SAMPLE,
        action=_l("See the answers"),
        path=_TERMS,
    ),
    "campaign.released": Kind(
        _l("%(campaign)s: the money is released"),
        _l("%(amount)s is in your company's wallet, after the fee of %(fee)s."),
        "campaign",
        {**_MONEY, "amount_minor": 97_500_00, "fee_minor": 2_500_00},
        action=_OPEN,
        path=_PATH,
    ),
}
