"""crowdfund: companies raise money, people invest, and every coin can be traced."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from crowdfund.kernel import config

# From the bottom of the house to the top; each brings what it has of models, jobs, views, cli.
FEATURES = (
    "people",
    "api_tokens",
    "security",
    "payout_accounts",
    "sign_in",
    "notifications",
    "documents",
    "ledger",
    "chain",
    "issuers",
    "compliance",
    "payments",
    "token_payments",
    "exchange_rates",
    "payouts",
    "plans",
    "campaigns",
    "releases",
    "content",
    "investments",
    "term_changes",
    "refunds",
    "updates",
    "questions",
    "issuer_desk",
    "about",
    "reconciliation",
    "tracing",
    "reports",
    "admin",
    "backups",
    "local",
)


def create_app(settings: "config.Settings | None" = None) -> "Flask":
    """Return the web application; with settings given, this process uses them from now on."""
    from crowdfund.kernel import clock, commands, config, db, logs, randomness, vendored
    from crowdfund.kernel.web import app as web_app

    if settings is not None:
        config.use(settings)
    current = config.settings()
    logs.configure()
    app = web_app.App(__name__, static_folder="static", static_url_path="/static")
    app.config["SQLALCHEMY_DATABASE_URI"] = current.sqlalchemy_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options(current.sqlalchemy_url)
    current.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    randomness.check()
    if current.environment != "production":
        clock.follow(current.data_dir)
    db.db.init_app(app)
    commands.init_app(app, lambda: [one for module in load("cli") for one in module.commands])
    web_app.init_app(app)
    vendored.register(app)
    load("models")
    load("jobs")
    for module in load("views"):
        app.register_blueprint(module.bp)
    return app


def load(part: str) -> list[Any]:
    """Import a part (`models`, `jobs`, `views`, `cli`) of every feature that has it."""
    names = [f"{__name__}.{feature}" for feature in FEATURES]
    present = [name for name in names if find_spec(name) and find_spec(f"{name}.{part}")]
    return [import_module(f"{name}.{part}") for name in present]
