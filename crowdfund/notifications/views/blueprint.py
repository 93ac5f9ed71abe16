"""The blueprint of notices, and the bell that every page of a signed-in person shows."""

from typing import Any

import structlog
from flask import Blueprint, current_app, render_template
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from ... import i18n, web
from .. import queries, rendering
from ..kinds import KINDS

log = structlog.get_logger()
bp = Blueprint("notifications", __name__)


@bp.record_once
def _offer_the_bell(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["bell"] = bell  # type: ignore[attr-defined]


def bell() -> Markup:
    """Return the bell of whoever makes this request, with the number of unread notices."""
    person = web.current_user()
    if person is None:
        return Markup()
    return Markup(render_template("notifications/_bell.html", person_id=person.id, unread=_unread(person.id)))  # noqa: S704 - our own template


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
        "path": web.own_path(notice.path, ""),
    }  # fmt: skip
