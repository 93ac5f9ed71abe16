"""Kinds of notice to people who follow a campaign and have not invested in it."""

from typing import Any

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_SAMPLE: dict[str, Any] = {"campaign": "A roastery for Yirga"}


def _followed(title: str, text: str, **more: object) -> Kind:
    return Kind(
        title,
        text,
        "followed",
        _SAMPLE | more,
        action=_l("See the campaign"),
        path="/campaigns/a-roastery-for-yirga",
    )


KINDS = {
    "followed.closing": _followed(
        _l("%(campaign)s closes soon"),
        _l(
            "%(campaign)s, which you follow, is open for investment until %(ends_at)s. Investing "
            "is risky: you may lose all the money you invest."
        ),
        ends_at="2026-11-23T08:00:00+00:00",
    ),
    "followed.succeeded": _followed(
        _l("%(campaign)s has succeeded"),
        _l(
            "%(campaign)s, which you follow, has reached its threshold. It is closed to new "
            "investments."
        ),
    ),
    "followed.failed": _followed(
        _l("%(campaign)s did not reach its threshold"),
        _l(
            "%(campaign)s, which you follow, has ended below its threshold. Every investor is "
            "refunded in full."
        ),
    ),
    "followed.cancelled": _followed(
        _l("%(campaign)s was cancelled"),
        _l("%(campaign)s, which you follow, was cancelled. Every investor is refunded in full."),
    ),
}
