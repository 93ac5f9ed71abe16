"""The HTTP shell: transaction per request, sessions in SQL, access, CSRF, headers, errors, rendering."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, urlsplit

import structlog
from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    current_app,
    g,
    get_flashed_messages,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask import flash as flask_flash
from flask.globals import request_ctx
from flask_login import LoginManager
from flask_wtf.csrf import CSRFError
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from jinja2 import Template as JinjaTemplate
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.wrappers import Response as BaseResponse

from . import (
    access,
    audit,
    compression,
    config,
    db,
    headers,
    health,
    i18n,
    live,
    lookups,
    money,
    retrying,
    sessions,
    statuses,
)
from . import csrf as csrf_tokens
from .audit import shell as audit_shell
from .errors import CrowdfundError
from .i18n import _, _l

log = structlog.get_logger()
csrf = csrf_tokens.protect
login = LoginManager()
bp = Blueprint("web", __name__)
SAFE = ("GET", "HEAD", "OPTIONS")
LANGUAGE_COOKIE = "language"
# Called with a signed-in person's id and the language that the person has chosen.
language_keepers: list[Callable[[str, str], None]] = []


# --- for views --------------------------------------------------------------------------------


def current_user() -> Any:  # noqa: ANN401 - the accounts feature's frozen row
    """Return the signed-in person's frozen row (id, email, name, roles) or None."""
    if not has_request_context():
        return None
    known = g.get("user", _NOT_ASKED)
    return _load_user() if known is _NOT_ASKED else known


_NOT_ASKED = object()


def _load_user() -> Any:  # noqa: ANN401 - as above
    """Ask once a request: flask-login's own `current_user` looks again at every rendered template."""
    person_id = session.get("_user_id")
    user = cast(Any, login)._user_callback(person_id) if person_id else None
    g.sleeping_roles = ()
    if user is not None and user.roles and not has_proof(user.id, sessions.PROOF_KEEPS_ROLES):
        # Nothing that asks for roles, wherever it is, sees them before the second factor was proved.
        g.sleeping_roles, user = user.roles, replace(user, roles=())
    g.user = user
    return user


def has_proof(person_id: str, within: timedelta) -> bool:
    """Return whether this session has proved the person's second factor not longer ago than that."""
    return sessions.has_proof(session, person_id, within)


def sleeping_roles() -> frozenset[str]:
    """Return the staff roles that this person has, and which wait for the second factor."""
    return frozenset(g.get("sleeping_roles", ())) if current_user() else frozenset()


def _known_user() -> Any:  # noqa: ANN401 - as above
    """Return the person if this request has asked for one already; a public page never does."""
    return g.get("user")


def _origin() -> audit.Origin:
    person = _known_user() if has_request_context() else None
    request_id = g.get("request_id", "") if has_request_context() else ""
    return audit.Origin(request_id, person.id, person.roles) if person else audit.Origin(request_id)


def roles() -> frozenset[str]:
    """Return the roles of whoever makes this request; a visitor has one as well."""
    user = current_user()
    return frozenset({"visitor", "investor", *user.roles}) if user else frozenset({"visitor"})


def is_htmx() -> bool:
    """Return whether htmx asks for a fragment (not a boosted link or a history restore)."""
    asked = _asked().environ  # `headers.get` raises an exception inside for each header that is not there
    return (
        asked.get("HTTP_HX_REQUEST") == "true"
        and asked.get("HTTP_HX_BOOSTED") != "true"
        and asked.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        and asked.get("HTTP_HX_REQUEST_TYPE", "partial") != "full"
    )


def render(page: str, /, partial: str | None = None, *, status: int = 200, **context: object) -> Response:
    """Render the partial for htmx and the page for browsers; both vary by HX-Request."""
    template = partial if partial and is_htmx() else page
    response = make_response(render_template(template, **context), status)
    headers.vary_by(response, "HX-Request")
    return response


def render_part(template: str, /, **context: object) -> Markup:
    """Render a part of a page that many readers share: it knows no person, and asking for one raises."""
    return Markup(current_app.jinja_env.get_template(template).render(context))  # noqa: S704 - it escapes


def back(url: str) -> BaseResponse:
    """Send the browser on after a POST: 303, or HX-Redirect for htmx."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def flash(text: str, kind: str = "info") -> None:
    """Keep a sentence for the next page; kinds: info, success, warning, danger."""
    flask_flash(text, kind)


def own_path(target: str | None, default: str) -> str:
    """Return a `next` target if it is a path on this host, else the default."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return default
    if not target.isprintable():  # browsers drop tabs and line ends: `/<tab>/evil` leads away
        return default
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else default


def page_number() -> int:
    """Return the page of a list that the address asks for; whatever is no page is the first."""
    return min(max(1, request.args.get("page", 1, type=int)), 10_000)


def put_error(form: Any, error: CrowdfundError) -> None:  # noqa: ANN401 - any WTForms form
    """Put a service's refusal at the field it names, or on top of the form.

    What the service had begun is forgotten first: the page must not show it as done.
    """
    db.rollback()
    if error.field in form:
        field = form[error.field]
        field.errors = [*field.errors, error.user_message]
    else:
        form.form_errors.append(error.user_message)


# --- the app ------------------------------------------------------------------------------------


def init_app(app: Flask) -> None:
    """Wire the shell into an app; features register their blueprints afterwards."""
    settings = config.settings()
    fallbacks = settings.secret_key_fallbacks
    if isinstance(fallbacks, str):
        raise TypeError("SECRET_KEY_FALLBACKS must be a list")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=fallbacks,
        SESSION_COOKIE_NAME="crowdfund",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https"),
        MAX_CONTENT_LENGTH=11 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
    )
    retrying.init_app(app)
    if settings.proxy_count:
        hops = settings.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.session_interface = sessions.SqlSessionInterface()
    audit.from_whom(_origin)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.template_class = Template
    i18n.install(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_need_session)
    csrf.init_app(app)
    login.init_app(app, add_context_processor=False)
    Htmx(app)
    app.before_request(_open)
    app.after_request(_finish)
    app.teardown_request(_close)
    for kind, show in _SHOWN.items():
        app.register_error_handler(kind, show)
    app.register_blueprint(bp)
    app.context_processor(_context)
    app.jinja_env.globals.update(
        money_fmt=money.fmt,
        csp_nonce=headers.csp_nonce,
        nav_items=nav_items,
        csrf_token=csrf_tokens.token,
        may=may,
        live_attrs=live.live_attrs,
        status_text=statuses.status_text,
        number_fmt=i18n.number,
        day_fmt=i18n.day,
        moment_fmt=i18n.moment,
    )


@bp.get("/health")
def health_report() -> Response:
    """Say how well all is: 200 while this process can serve pages, 503 when it cannot."""
    report, can_serve = health.answer()
    return make_response(jsonify(report), 200 if can_serve else 503)


@bp.get("/health/strict")
def health_strict() -> Response:
    """Answer 503 unless all is well: for alarms that look at the status only, never for balancers."""
    report, _can_serve = health.answer()
    return make_response(jsonify(report), 200 if report["status"] == "ok" else 503)


@bp.get("/health/live")
def health_live() -> Response:
    """Say that this process answers; asks nothing of others, so no outage restarts it."""
    return make_response(jsonify({"status": "live"}))


@bp.post("/language")
@csrf.exempt  # a visitor has no session to hold a token, and nothing but a choice of words is changed
def choose_language() -> BaseResponse:
    """Keep the reader's language in a cookie for a year and show the page again."""
    name, user = request.form.get("language", ""), current_user()
    response = back(own_path(_referring_path(), "/"))
    if user is not None and name in i18n.LANGUAGES:
        for keep in language_keepers:
            keep(user.id, name)
    return remember_language(response, name)


def remember_language(response: BaseResponse, name: str) -> BaseResponse:
    """Keep a language of ours in the browser's cookie for a year; anything else changes nothing."""
    if name in i18n.LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, name, max_age=365 * 86_400, samesite="Lax", httponly=True)
    return response


# --- request life ---------------------------------------------------------------------------------


def _need_session() -> None:
    """Prepare each request; without its session nobody knows who asks, so nothing is answered."""
    asked = _asked()
    db.begin_request(read_only=not _may_write(asked))
    g.request_id = secrets.token_hex(6)
    i18n.use(_language(asked))
    trouble = _session().trouble
    if trouble is not None and asked.endpoint not in _WITHOUT_SESSION:
        raise trouble


_WITHOUT_SESSION = frozenset({"static", "web.health_report", "web.health_strict", "web.health_live"})


def _session() -> sessions.SqlSession:
    return cast(sessions.SqlSession, request_ctx.session)


def _open() -> BaseResponse | None:
    asked = _asked()
    if "\0" in asked.path or b"%00" in asked.query_string:
        # No address of ours has one, and PostgreSQL refuses it in any text it is asked for.
        return _error_response(404, "not_found", _("There is nothing at this address."))
    endpoint = asked.endpoint
    mine = roles() if _needs_user(endpoint) else _VISITOR
    if asked.method not in SAFE:
        mine -= {"regulator"}  # reads everything, writes nothing
    if endpoint is None or access.allows(endpoint, mine):
        return None
    if current_user() is None:
        return _to_sign_in()
    asleep = sleeping_roles() if request.method in SAFE else sleeping_roles() - {"regulator"}
    if asleep and access.allows(endpoint, asleep):
        return to_second_factor()
    audit_shell.refused(current_user())
    return _error_response(403, "forbidden", _("Your account may not open this page. Nothing was changed."))


def _asked() -> Request:
    """Return the request itself: each look at it through Flask's proxy costs a microsecond."""
    return request_ctx.request


def _may_write(asked: Request) -> bool:
    return asked.method not in SAFE or asked.endpoint in access.WRITING_GETS


def _language(asked: Request) -> str:
    """Return what the reader chose, else the first of the browser's languages that we have."""
    chosen = asked.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in i18n.LANGUAGES or (chosen == i18n.PSEUDO and config.settings().environment == "test"):
        return chosen
    return _best_language(asked.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


@lru_cache(maxsize=1_024)
def _best_language(accepted: str) -> str:
    return i18n.best(parse_accept_header(accepted, LanguageAccept).values())


_VISITOR = frozenset({"visitor"})


def _needs_user(endpoint: str | None) -> bool:
    return endpoint is not None and "visitor" not in access.TABLE.get(endpoint, ())


def _to_sign_in() -> BaseResponse:
    here = request.full_path.rstrip("?") if request.method in SAFE else _referring_path()
    url = url_for("accounts.sign_in") + "?next=" + quote(here)
    if wants_json():
        return _error_response(401, "not_signed_in", _("Sign in first."))
    if is_htmx():
        return Response(status=401, headers={"HX-Redirect": url})
    return redirect(url, 303)


def to_second_factor() -> BaseResponse:
    """Lead to the proof of the second factor, and from there back to here."""
    here = request.full_path.rstrip("?") if request.method in SAFE else _referring_path()
    url = url_for("accounts.second_factor") + "?next=" + quote(here)
    if wants_json():
        text = _("Prove your second factor first. Nothing was changed.")
        return _error_response(403, "second_factor_needed", text)
    if is_htmx():
        return Response(status=403, headers={"HX-Redirect": url})
    return redirect(url, 303)


def _referring_path() -> str:
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return "/"
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _finish(response: Response) -> Response:
    """Commit what a good answer did, roll back what a refusal did; set the headers."""
    audit_shell.answered(_known_user(), response)
    asked = _asked()
    if _may_write(asked):
        if response.status_code < 400:
            g.commit_began = True
            db.commit()
        else:
            db.rollback()
    if response.status_code in _RETRY_AFTER_S:
        response.headers.setdefault("Retry-After", _RETRY_AFTER_S[response.status_code])
    is_page = response.mimetype == "text/html"
    headers.complete(response, is_personal=is_page and current_user() is not None)
    compression.compress(response, asked.environ.get("HTTP_ACCEPT_ENCODING", ""))
    return response


def _close(_error: BaseException | None) -> None:
    lookups.release()
    if db.db.session.registry.has():  # a page may have read without one
        db.rollback()
    db.end_request()


_RETRY_AFTER_S = {429: "60", 503: "5"}


class Rule(WerkzeugRule):
    """A URL rule that compiles what builds its links at the first link.

    Werkzeug compiles two functions for each of our 200 rules at the start, 60 ms in all.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: WerkzeugRule, /, **values: object) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(Rule, self)._compile_builder(append_unknown))
            return compiled[0](rule, **values)

        return build


class App(Flask):
    """Flask without asynchronous views, which it would look for in every function of every request."""

    url_rule_class = Rule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is: none of ours is a coroutine."""
        return func


class Template(JinjaTemplate):
    """A template whose imports know no globals of the page: jinja2 spends 20 µs an import to find none."""

    def _get_default_module(self, ctx: object = None) -> Any:  # noqa: ANN401 - jinja2's signature
        return super()._get_default_module()


# --- what every template may use ------------------------------------------------------------------


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


def flashes() -> list[tuple[str, str]]:
    """Return the kept sentences as (kind, text)."""
    return cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))


def _context() -> dict[str, Any]:
    return {
        "current_user": current_user(),
        "events_url": live.stream_url(),
        "flashes": flashes,
        "lang": i18n.language().replace("_", "-"),
        "text_dir": i18n.text_direction(),
        "languages": i18n.LANGUAGES,
        "is_htmx": is_htmx() if has_request_context() else False,
    }


# --- errors -------------------------------------------------------------------------------------


def wants_json() -> bool:
    """Return whether the client is a program: the API, a webhook, or an explicit Accept."""
    if request.path.startswith(("/api/", "/webhooks/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not is_htmx()


_TITLES = {
    400: _l("That did not work"),
    401: _l("Please sign in"),
    403: _l("Not for this account"),
    404: _l("Page not found"),
    405: _l("Not possible here"),
    409: _l("This has changed meanwhile"),
    413: _l("The file is too big"),
    422: _l("Please check what you entered"),
    429: _l("Too many tries"),
    503: _l("Not available at the moment"),
}


def _error_response(status: int, code: str, message: str) -> BaseResponse:
    title = str(_TITLES.get(status) or _("Something went wrong"))
    if wants_json():
        body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": message,
                "error": message}  # fmt: skip
        response = make_response(jsonify(body), status)
        response.mimetype = "application/problem+json"
        return response
    error = {"status": status, "code": code, "title": title, "message": message,
             "request_id": g.get("request_id", "")}  # fmt: skip
    return render("errors/error.html", "errors/_error.html", status=status, error=error)


def _show_refusal(error: CrowdfundError) -> BaseResponse:
    db.rollback()
    if error.status == 401:
        return _to_sign_in()
    if error.status == 403:
        audit_shell.refused(current_user())
    return _error_response(error.status, error.code, error.user_message)


def _show_csrf(_error: CSRFError) -> BaseResponse:
    if current_user() is None and _needs_user(request.endpoint):
        return _to_sign_in()  # the session has ended: the token went with it
    text = _("This form was open too long or came from another site. Nothing was done. Reload and try again.")
    return _error_response(400, "csrf", text)


def _show_http(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    crash = getattr(error, "original_exception", None)
    if crash is not None:  # what Flask makes of an error in the commit, after the view
        return _show_crash(crash)
    sentences = {
        404: _("There is nothing at this address. It may have moved; nothing was lost."),
        405: _("This address does not take that kind of request."),
        413: _("The file is larger than 10 MB. Choose a smaller one; nothing was stored."),
    }
    return _error_response(
        status, f"http_{status}", sentences.get(status, _("The request was not understood."))
    )


def _show_crash(error: Exception) -> BaseResponse:
    db.rollback()
    fault = db.fault_of(error)
    if fault is not None:
        return _show_fault(error, fault)
    log.exception("request.crashed", path=request.path, request_id=g.get("request_id"))
    if current_app.config.get("PROPAGATE_CRASHES"):
        raise error
    text = _("We made a mistake. Nothing was booked by this request. Try again in a moment.")
    return _error_response(500, "server_error", text)


def _show_fault(error: Exception, fault: db.Fault) -> BaseResponse:
    """Run the request again where that is safe, else answer 503 without asking the database anything."""
    _session().forget_changes()
    facts = {"path": request.path, "fault": fault, "request_id": g.get("request_id")}
    if retrying.run_again(request.environ, fault, is_safe=not _may_write(_asked())):
        log.warning("request.again", **facts)
        return Response(status=503)
    log.error("request.database_fault", error=str(error), **facts)
    g.user = None
    text = retrying.sentence(fault, in_commit=g.get("commit_began", False))
    return _error_response(503, f"database_{fault}", text)


_SHOWN: dict[type[Exception], Callable[[Any], BaseResponse]] = {
    CrowdfundError: _show_refusal,
    CSRFError: _show_csrf,
    HTTPException: _show_http,
    Exception: _show_crash,
}
