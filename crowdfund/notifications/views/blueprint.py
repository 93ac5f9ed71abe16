"""The blueprint of notices, and the icon with their number on every page of a signed-in person."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache

import structlog
from flask import Blueprint, current_app, url_for
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from crowdfund.kernel import i18n, live
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.notifications import queries, rendering
from crowdfund.notifications.kinds import KINDS
from crowdfund.notifications.rows import NoticeRow

log = structlog.get_logger()
bp = Blueprint("notifications", __name__)
_PLACE = "\ue003"  # a private-use character, in none of our texts


@bp.record_once
def _offer_the_bell(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["bell"] = bell


def bell() -> Markup:
    """Return the icon for the signed-in person, with the number of unread notices."""
    person = identity.current_user()
    if person is None:
        return Markup()
    before, url, after = _bell_parts(_unread(person.id), i18n.language())
    return before + live.live_attrs(f"bell:{person.id}", url, 60) + after


@lru_cache(maxsize=1_024)
def _bell_parts(unread: int, _language: str) -> tuple[Markup, str, Markup]:
    """Return the icon's HTML before the attributes that name the person, its address, the rest."""
    drawn = pages.render_part("notifications/_bell.html", unread=unread, following=_PLACE)
    before, _, after = drawn.partition(_PLACE)
    return before, url_for("notifications.bell"), after


def _unread(person_id: str) -> int:
    try:
        return queries.unread(person_id)
    except Exception:
        if current_app.testing:
            raise
        log.exception("bell.failed")  # the page itself matters more
        return 0


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as the list shows it, in the reader's language; `path` is empty without a page."""

    id: str
    at: datetime
    is_read: bool
    path: str
    title: str
    text: str = ""
    reason: str = ""
    action: str = ""


def shown(notice: NoticeRow) -> ShownNotice:
    """Return a notice as the list shows it; one of a former kind has only a general title."""
    path, is_read = requests.own_path(notice.path, ""), notice.read_at is not None
    if notice.kind not in KINDS:
        title = i18n.gettext("Notice")
        return ShownNotice(notice.id, notice.created_at, is_read, path, title)
    words = asdict(rendering.words(notice.kind, notice.context))
    return ShownNotice(notice.id, notice.created_at, is_read, path, **words)
