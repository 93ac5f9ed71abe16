"""Routes of the shell itself: health and the choice of language."""

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    request,
)
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import csrf as csrf_tokens
from crowdfund.kernel import health
from crowdfund.kernel.web.identity import current_user
from crowdfund.kernel.web.language import choose_for, remember_language
from crowdfund.kernel.web.pages import back
from crowdfund.kernel.web.requests import own_path, referring_path

bp = Blueprint("web", __name__)


@bp.get("/health")
def health_report() -> Response:
    """Say how well all is: 200 while this process can serve pages, 503 when it cannot."""
    report, can_serve = health.answer()
    return make_response(jsonify(report), 200 if can_serve else 503)


@bp.get("/health/strict")
def health_strict() -> Response:
    """Answer 503 unless all is well: for alarms that check only the status, not for balancers."""
    report, _can_serve = health.answer()
    return make_response(jsonify(report), 200 if report["status"] == "ok" else 503)


@bp.get("/health/live")
def health_live() -> Response:
    """Say that this process answers; asks nothing of others, so no outage restarts it."""
    return make_response(jsonify({"status": "live"}))


@bp.post("/language")
# A visitor has no session to hold a token, and only a choice of language is changed.
@csrf_tokens.exempt
def choose_language() -> BaseResponse:
    """Store the reader's language in a cookie for a year and show the page again."""
    name, user = request.form.get("language", ""), current_user()
    response = back(own_path(referring_path(), "/"))
    if user is not None:
        choose_for(user.id, name)
    return remember_language(response, name)
