"""Wire the shell into an app; the life of a request."""

import secrets
from collections.abc import Callable
from typing import Any, NoReturn, cast

from flask import Flask, Request, Response, current_app, g, has_request_context, request
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from jinja2 import Template as JinjaTemplate
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import (
    access,
    audit,
    clock,
    compression,
    config,
    db,
    headers,
    i18n,
    keys,
    live,
    lookups,
    money,
    retrying,
    sessions,
    statuses,
)
from crowdfund.kernel import csrf as csrf_tokens
from crowdfund.kernel.audit import shell as audit_shell
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import destinations
from crowdfund.kernel.web.errors import HANDLERS
from crowdfund.kernel.web.hosts import TrustedHosts
from crowdfund.kernel.web.identity import (
    current_user,
    known_user,
    login,
    origin,
    roles,
    sleeping_roles,
)
from crowdfund.kernel.web.language import calendar_of, language_of
from crowdfund.kernel.web.navigation import may, nav_items
from crowdfund.kernel.web.pages import flashes
from crowdfund.kernel.web.refusals import error_response, to_second_factor, to_sign_in, to_terms
from crowdfund.kernel.web.requests import (
    SAFE,
    ColumnInteger,
    PlainRequest,
    is_htmx,
    may_write,
    needs_user,
    path_of,
    sql_session,
    this_request,
    wants_file,
)
from crowdfund.kernel.web.routes import bp
from crowdfund.kernel.web.url_rules import LazyRule


def init_app(app: Flask) -> None:
    """Wire the shell into an app; features register their blueprints afterwards."""
    settings = config.settings()
    _configure(app, settings)
    _wire_requests(app, settings)
    _wire_templates(app)


def _configure(app: Flask, settings: config.Settings) -> None:
    fallbacks = settings.secret_key_fallbacks
    if isinstance(fallbacks, str):
        raise TypeError("SECRET_KEY_FALLBACKS must be a list")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=fallbacks,
        WTF_CSRF_SECRET_KEY=keys.for_itsdangerous(),  # forms open at a rotation still post
        SESSION_COOKIE_NAME="crowdfund",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https"),
        MAX_CONTENT_LENGTH=11 * 1024 * 1024,
        ASKS_FOR_TERMS=True,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )


def _wire_requests(app: Flask, settings: config.Settings) -> None:
    """Register what runs for each request, in this order: session, CSRF, access."""
    app.url_rule_class = LazyRule
    app.url_map.converters["int"] = ColumnInteger
    retrying.init_app(app)
    _wire_proxies(app, settings)
    app.session_interface = sessions.SqlSessionInterface()
    audit.set_origin(origin)
    app.before_request(_need_session)
    csrf_tokens.protect.init_app(app)
    login.init_app(app, add_context_processor=False)
    Htmx(app)
    kinds = (PlainRequest, app.request_class)  # the second one is that of Htmx
    app.request_class = cast(type[Request], type("OurRequest", kinds, {}))
    app.before_request(_open)
    app.after_request(_finish)
    app.teardown_request(_close)
    for kind, show in HANDLERS.items():
        app.register_error_handler(kind, show)
    app.register_blueprint(bp)


def _wire_proxies(app: Flask, settings: config.Settings) -> None:
    """Read what the proxies in front say of a request, and refuse one for a host of others."""
    inner: Any = app.wsgi_app
    if settings.trusted_hosts:
        inner = TrustedHosts(inner, settings.trusted_hosts)
    if settings.proxy_count:
        hops = settings.proxy_count
        inner = ProxyFix(inner, x_for=hops, x_proto=hops)
    app.wsgi_app = inner  # type: ignore[method-assign]


def _wire_templates(app: Flask) -> None:
    """Set up Jinja; comes after Flask-WTF, whose `csrf_token` it replaces."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.template_class = Template
    i18n.install(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(template_context)
    app.jinja_env.globals.update(
        continue_words=destinations.words,
        money_fmt=money.fmt,
        csp_nonce=headers.csp_nonce,
        nav_items=nav_items,
        csrf_token=csrf_tokens.token,
        may=may,
        live_attrs=live.live_attrs,
        status_text=statuses.status_text,
        number_fmt=i18n.number,
        count_fmt=i18n.count,
        calendar=i18n.calendar,
        day_fmt=i18n.day,
        moment_fmt=i18n.moment,
    )


def _need_session() -> None:
    """Prepare each request. Without its session the person is unknown, so it is refused."""
    asked = this_request()
    db.begin_request(read_only=not may_write(asked))
    g.request_id = secrets.token_hex(6)
    i18n.use(language_of(asked), calendar_of(asked))
    trouble = sql_session().trouble
    if trouble is not None and asked.endpoint not in _WITHOUT_SESSION:
        raise trouble


_WITHOUT_SESSION = frozenset(
    {"static", "web.health_report", "web.health_strict", "web.health_live"}
)


def _open() -> BaseResponse | None:
    asked = this_request()
    if "\0" in asked.path or b"%00" in asked.query_string:
        # None of our URLs contains one, and PostgreSQL refuses it in any text.
        return error_response(404, "not_found", _("There is nothing at this address."))
    if asked.method not in SAFE and not asked.path.startswith("/webhooks/"):
        # A view may read its form late or never; a webhook is read as the bytes that were signed.
        asked.form.keys()
    endpoint = asked.endpoint
    mine = roles() if needs_user(endpoint) else _VISITOR
    if asked.method not in SAFE:
        mine -= {"regulator"}  # reads everything, writes nothing
    if endpoint is None or access.allows(endpoint, mine):
        return to_terms() if endpoint in access.UNDER_TERMS and has_to_accept(asked) else None
    if current_user() is None:
        return to_sign_in()
    asleep = sleeping_roles() if request.method in SAFE else sleeping_roles() - {"regulator"}
    if asleep and access.allows(endpoint, asleep):
        return to_second_factor()
    audit_shell.refused(current_user())
    return error_response(
        403, "forbidden", _("Your account may not open this page. Nothing was changed.")
    )


_VISITOR = frozenset({"visitor"})


def has_to_accept(asked: Request) -> bool:
    """Return whether a request has to wait until its sender has accepted the terms of use.

    Pages wait, and what moves money or puts a company forward. Other forms do not: what was typed
    into an open one would be lost.
    """
    person = current_user()
    is_page = asked.method in SAFE and not wants_file() and not is_htmx()
    is_binding = asked.method not in SAFE and asked.endpoint in access.BINDING
    return (
        (is_page or is_binding)
        and person is not None
        and not person.has_accepted_terms
        and bool(current_app.config["ASKS_FOR_TERMS"])
    )


def _finish(response: Response) -> Response:
    """Commit what a good answer did, roll back what a refusal did; set the headers."""
    audit_shell.answered(known_user(), response)
    asked = this_request()
    if may_write(asked):
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


class App(Flask):
    """Flask without support for asynchronous views, which costs time in every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is: none of ours is a coroutine."""
        return func

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what routing found; a corrected address is on this host, whatever Host says."""
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            error.new_url = path_of(error.new_url)
        super().raise_routing_exception(request)


class Template(JinjaTemplate):
    """A template whose imports get no page globals: jinja2 spends 20 µs an import to find none."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def template_context() -> dict[str, Any]:
    """Return what every template may use besides the globals."""
    return {
        "current_user": current_user(),
        "events_url": live.stream_url(),
        "flashes": flashes,
        "moved_to": clock.moved_to(),
        "lang": i18n.language().replace("_", "-"),
        "text_dir": i18n.text_direction(),
        "languages": i18n.LANGUAGES,
        "site_links": access.SITE,
        "is_htmx": is_htmx() if has_request_context() else False,
    }
