"""The page of the clock panel, over the platform's own application."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import clock, config, i18n
from crowdfund.local import clock_moves
from crowdfund.local.clock_moves import CannotMove

bp = Blueprint("clock", __name__)
STATIC = Path(__file__).resolve().parents[2] / "static"  # the platform's own styles
ACTOR = "system"
BUTTONS = (("1h", "+1 hour"), ("1d", "+1 day"), ("5d", "+5 days"))
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says about the time: of the platform, real, and the next deadline."""

    now: str
    real: str
    moved_by: timedelta
    deadline: str


def create_app(platform: Flask) -> Flask:
    """Return the panel of a platform, whose database and clock it uses."""
    app = Flask(__name__, static_folder=STATIC, static_url_path="/static")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["platform"] = platform
    app.register_blueprint(bp)
    return app


def _shown() -> Shown:
    with _platform().app_context():
        deadline = clock_moves.next_deadline()
    return Shown(
        i18n.moment(clock.now()),
        i18n.moment(clock.real()),
        clock.moved_by,
        i18n.moment(deadline) if deadline else "",
    )


def _platform() -> Flask:
    return cast(Flask, current_app.extensions["platform"])


def _page(*, error: str = "", typed: str = "", note: str = "") -> str:
    site = config.settings().public_url
    return render_template(
        "index.html", buttons=BUTTONS, error=error, typed=typed, note=note, site=site
    )


@bp.get("/")
def index() -> str:
    """Show what the clock can do; the time itself is in a frame."""
    is_late = request.args.get("unfinished") == "yes"
    return _page(note=clock_moves.UNFINISHED if is_late else "")


@bp.get("/now")
def now() -> str:
    """Show the time; the frame loads itself again each second."""
    return render_template("now.html", shown=_shown())


@bp.post("/advance")
def advance() -> BaseResponse | tuple[str, int]:
    """Move the clock by an amount, to a date, or to the next deadline."""
    typed = request.form.get("by", "")[:100]

    def move() -> bool:
        is_next = typed == "deadline"
        to = clock_moves.to_next_deadline() if is_next else clock_moves.target(typed)
        return clock_moves.advance(to, actor=ACTOR)

    return _moved(move, typed=typed)


@bp.post("/reset")
def reset() -> BaseResponse | tuple[str, int]:
    """Go back to real time."""
    return _moved(lambda: clock_moves.reset(actor=ACTOR))


def _moved(move: Callable[[], bool], *, typed: str = "") -> BaseResponse | tuple[str, int]:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)  # another site's page may not move the clock
    try:
        with _platform().app_context():
            is_finished = move()
    except CannotMove as error:
        return _page(error=str(error), typed=typed), 422
    target = url_for("clock.index", unfinished=None if is_finished else "yes")
    return redirect(target, 303)


@bp.get("/clock.css")
def css() -> Response:
    """Return what the pages need on top of the platform's styles."""
    return send_from_directory(Path(__file__).parent, "clock.css")


@bp.after_app_request
def guard(response: Response) -> Response:
    """Forbid caching and scripts."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
