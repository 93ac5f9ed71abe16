"""Registers of the outbox as they were before each test,
and an app with pages made for breaking."""

import pytest
from flask import Blueprint, Response, request

from crowdfund import create_app
from crowdfund.kernel import access, config, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import Conflict, Invalid, Unavailable
from crowdfund.kernel.web import pages
from crowdfund.people import service
from crowdfund.people.models import User
from tests.kernel import fault_pages


@pytest.fixture
def registers():
    """Let a test register handlers, subscribers, intakes and ticks; forget them afterwards."""
    registers = (outbox.HANDLERS, outbox.SUBSCRIBERS, outbox.INTAKES, outbox.TICKS)
    kept = [(register, dict(register)) for register in registers]
    outbox.TICKS.clear()
    yield outbox
    for register, before in kept:
        register.clear()
        register.update(before)


# Pages that do what pages must not do.
bp = Blueprint("probe", __name__, url_prefix="/probe")


@bp.route("/keep/<int:status>", methods=["POST"])
def keep(status):
    service.ensure_user("kept@example.com")
    return Response("ok", status)


@bp.get("/core")
def core_write():
    service.ensure_user("core@example.com")
    return "written"


@bp.get("/orm")
def orm_write():
    db.session.add(User(email="orm@example.com"))
    db.session.flush()
    return "written"


@bp.get("/orm-lazy")
def orm_lazy():
    db.session.add(User(email="lazy@example.com"))
    return "forgotten"


@bp.post("/late")
def late():
    db.session.add(User(id="x", email=None))  # refused by the database, at the commit only
    return "looks good"


@bp.route("/refuse/<kind>", methods=["GET", "POST"])
def refuse(kind):
    if request.method == "POST":
        service.ensure_user("refused@example.com")
    raise {"conflict": Conflict, "invalid": Invalid, "down": Unavailable}[kind](f"It is <{kind}>.")


@bp.route("/crash", methods=["GET", "POST"])
def crash():
    if request.method == "POST":
        service.ensure_user("crashed@example.com")
    raise ZeroDivisionError("secret detail")


@bp.route("/desk", methods=["GET", "POST"])
def desk():
    return "desk"


@bp.get("/unlisted")
def unlisted():
    return "nobody decided who may see this"


@bp.post("/on")
def go_on():
    return pages.back("/there")


fault_pages.register(bp)
PUBLIC = (
    *fault_pages.NAMES,
    "lock",
    "undone",
    "two_reads",
    "keep",
    "core_write",
    "orm_write",
    "orm_lazy",
    "late",
    "refuse",
    "crash",
    "go_on",
)


@pytest.fixture(scope="session")
def probe_app(session_app):
    """A second app on the same database, with CSRF, as in production, and the pages above."""
    from tests.browser import Browser, lint

    app = create_app(config.settings())
    app.config.update(TESTING=False, ASKS_FOR_TERMS=False)
    app.test_client_class = Browser
    app.register_blueprint(bp)
    app.after_request(lint)
    rows = {f"probe.{name}": access.PUBLIC for name in PUBLIC} | {
        "probe.desk": access.readers("admin")
    }
    access.TABLE.update(rows)
    yield app
    for name in rows:
        del access.TABLE[name]
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def probe(app, probe_app):
    """A visitor's browser on the probe app, without CSRF."""
    probe_app.config["WTF_CSRF_ENABLED"] = False
    with probe_app.app_context():
        yield probe_app.test_client()


@pytest.fixture
def guarded(app, probe_app):
    """The same with CSRF in force."""
    probe_app.config["WTF_CSRF_ENABLED"] = True
    with probe_app.app_context():
        yield probe_app.test_client()
