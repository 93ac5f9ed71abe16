"""What this request's person may open."""

from functools import lru_cache
from typing import Any

from flask import (
    has_request_context,
    request,
    url_for,
)

from crowdfund.kernel import access, i18n
from crowdfund.kernel.web.identity import roles, sleeping_roles


def may(endpoint: str) -> bool:
    """Return whether this request's person may use a route (for links and buttons)."""
    return access.allows(endpoint, roles())


def nav_items() -> list[dict[str, Any]]:
    """Return the navigation that the access table allows, the current item marked.

    A desk whose role sleeps is shown too: its link leads to the second factor, and then there.
    """
    here = (request.endpoint or "") if has_request_context() else ""
    return _nav(roles() | sleeping_roles(), here, i18n.language())


@lru_cache(maxsize=1_024)
def _nav(mine: frozenset[str], here: str, _language: str) -> list[dict[str, Any]]:
    return [
        {
            "label": str(label),
            "url": url_for(endpoint),
            "icon": icon,
            "active": endpoint == here,
            "count": None,
        }
        for label, endpoint, icon in access.NAV
        if access.allows(endpoint, mine)
    ]
