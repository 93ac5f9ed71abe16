"""The pages of the mail catcher: a list, a message, JSON for tests, and an SMS gateway."""

import re
from pathlib import Path
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import config
from crowdfund.local import authenticator
from crowdfund.local.mail_catcher.store import Mail, Store

bp = Blueprint("mail", __name__)
STATIC = Path(__file__).resolve().parents[2] / "static"  # the platform's own styles
REFRESH_S = 5
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_SMS = 1600
SHEET = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; "
    "sandbox allow-popups"
)
PAGE = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'"
)


def create_app(store: Store) -> Flask:
    """Return the application over a store."""
    app = Flask(__name__, static_folder=STATIC, static_url_path="/static")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["mail_store"] = store
    app.register_blueprint(bp)
    return app


def _store() -> Store:
    return cast(Store, current_app.extensions["mail_store"])


def _mail(number: int) -> Mail:
    return _store().get(number) or abort(404)


def _to() -> str:
    return request.args.get("to", "")[:200]


@bp.get("/")
def index() -> str:
    """Show the search and the frame with the list."""
    return render_template("index.html", to=_to())


@bp.get("/messages")
def messages() -> str:
    """Show the list, which loads itself again every few seconds."""
    return render_template(
        "messages.html", mails=_store().find(_to()), to=_to(), refresh_s=REFRESH_S
    )


@bp.get("/messages/<int:number>")
def show(number: int) -> str:
    """Show one message as text and as HTML."""
    mail = _mail(number)
    names = [one.get_filename() or "file" for one in _store().attachments(mail.id)]
    return render_template("message.html", mail=mail, names=names)


@bp.get("/messages/<int:number>/html")
def sheet(number: int) -> Response:
    """Show a message's HTML for the sandboxed frame; its scripts do not run."""
    headers = {"Content-Security-Policy": SHEET}
    return Response(
        f'<base target="_blank">{_mail(number).html}', mimetype="text/html", headers=headers
    )


@bp.get("/messages/<int:number>/raw")
def raw(number: int) -> Response:
    """Show a message as it came over the wire."""
    return Response(_store().raw(_mail(number).id), mimetype="text/plain")


@bp.get("/messages/<int:number>/attachments/<int:place>")
def attachment(number: int, place: int) -> Response:
    """Send an attached file of a message; place counts from 0."""
    found = _store().attachments(_mail(number).id)
    if place >= len(found):
        abort(404)
    response = Response(found[place].get_content(), mimetype=found[place].get_content_type())
    name = found[place].get_filename() or "file"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/api/messages")
def api() -> Response:
    """Return the messages of `to`, newest first, for tests."""
    return jsonify([mail.as_json() for mail in _store().find(_to())])


@bp.post("/api/sms")
def take_sms() -> tuple[Response, int]:
    """Accept an SMS as the gateway of `adapters/sms.py` does, once for each key."""
    body, key = request.get_json(silent=True), request.headers.get("Idempotency-Key", "")
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        return jsonify(error="no token"), 401
    if not isinstance(body, dict) or not key:
        return jsonify(error="JSON and Idempotency-Key are needed"), 400
    to, sender, text = (str(body.get(name) or "") for name in ("to", "from", "text"))
    if not E164.fullmatch(to) or not 0 < len(text) <= MAX_SMS:
        return jsonify(error="to is no number in E.164, or text is empty or too long"), 422
    return jsonify(id=_store().add_sms(sender[:40], to, text, key=key[:100])), 202


@bp.get("/codes")
def codes() -> str:
    """Show what the authenticator apps of the demo staff show now."""
    shown = authenticator.codes(config.settings().secret_key)
    return render_template("codes.html", codes=shown, seconds_left=authenticator.seconds_left())


@bp.post("/clear")
def clear() -> BaseResponse:
    """Forget all messages; another site's page may not do this."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    _store().clear()
    return redirect(url_for("mail.index"), 303)


@bp.get("/mail.css")
def css() -> Response:
    """Return what the pages need on top of the platform's styles."""
    return send_from_directory(Path(__file__).parent, "mail.css")


@bp.after_app_request
def guard(response: Response) -> Response:
    """Forbid caching and scripts."""
    response.headers.setdefault("Content-Security-Policy", PAGE)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
