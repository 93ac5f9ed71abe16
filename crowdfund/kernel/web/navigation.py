"""What this request's person may open."""

from functools import lru_cache
from typing import Any

from flask import (
    current_app,
    has_request_context,
    request,
    url_for,
)
from flask.globals import request_ctx

from crowdfund.kernel import access, i18n
from crowdfund.kernel.web.identity import roles, sleeping_roles


def may(endpoint: str) -> bool:
    """Return whether this request's person may use a route (for links and buttons)."""
    return access.allows(endpoint, roles())


def nav_items() -> list[dict[str, Any]]:
    """Return the navigation that the access table allows, the current item marked.

    Staff get a menu of their own. A desk whose role sleeps is shown too: its link leads to the
    second factor, and then there.
    """
    here = (request.endpoint or "") if has_request_context() else ""
    return _nav(roles() | sleeping_roles(), here, i18n.language())


def page_of_form() -> str:
    """Return the page with the form of the address asked for, which takes posts alone."""
    adapter, path = request_ctx.url_adapter, request.path
    if adapter is None:
        return "/"
    endpoint, values = adapter.match(path, "POST")
    if endpoint in access.FORM_PAGES:
        page = access.FORM_PAGES[endpoint]
        rule = next(current_app.url_map.iter_rules(page))
        return url_for(page, **{name: values[name] for name in rule.arguments})
    while path := path.rpartition("/")[0]:
        if adapter.test(path, "GET"):
            return path
    return "/"


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
        for label, endpoint, icon in (access.STAFF_NAV if mine & access.EVERY_STAFF else access.NAV)
        if access.allows(endpoint, mine)
    ]
