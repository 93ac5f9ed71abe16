"""The blueprint of notices, and the bell that every page of a signed-in person shows."""

from functools import lru_cache
from typing import Any

import structlog
from flask import Blueprint, current_app, url_for
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from crowdfund.kernel import i18n, live
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.notifications import queries, rendering
from crowdfund.notifications.kinds import KINDS

log = structlog.get_logger()
bp = Blueprint("notifications", __name__)
_PLACE = "\ue003"  # no text of ours holds this character


@bp.record_once
def _offer_the_bell(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["bell"] = bell


def bell() -> Markup:
    """Return the bell of whoever makes this request, with the number of unread notices."""
    person = identity.current_user()
    if person is None:
        return Markup()
    before, url, after = _anybodys_bell(_unread(person.id), i18n.language())
    return before + live.live_attrs(f"bell:{person.id}", url, 60) + after


@lru_cache(maxsize=1_024)
def _anybodys_bell(unread: int, _language: str) -> tuple[Markup, str, Markup]:
    """Return the bell with so many unread notices before and after the attributes that name a person."""
    drawn = pages.render_part("notifications/_bell.html", unread=unread, following=_PLACE)
    before, _, after = drawn.partition(_PLACE)
    return before, url_for("notifications.bell"), after


def _unread(person_id: str) -> int:
    try:
        return queries.unread(person_id)
    except Exception:
        if current_app.testing:
            raise
        log.exception("bell.failed")  # the page that somebody came for matters more
        return 0


def shown(notice: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    """Return a notice as the list shows it, in the reader's language."""
    words = rendering.words(notice.kind, notice.context) if notice.kind in KINDS else None
    return {
        "id": notice.id, "at": notice.created_at, "is_read": notice.read_at is not None,
        "title": words.title if words else i18n.gettext("Notice"), "text": words.text if words else "",
        "reason": words.reason if words else "", "action": words.action if words else "",
        "path": requests.own_path(notice.path, ""),
    }  # fmt: skip
