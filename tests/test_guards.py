"""The conventions of this house, held by tests: routes, templates, jobs, money, migrations."""

import ast
import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from jinja2 import meta

from crowdfund import create_app
from crowdfund.campaigns.triggers import LISTING
from crowdfund.kernel import access, config, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.db.substrings import is_part_of_index

ROOT = Path(__file__).parent.parent
CODE = ROOT / "crowdfund"
TEMPLATES = CODE / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "email" not in path.parts)
# What others import from is a library of macros; a partial is what is rendered or included.
LIBRARIES = set(re.findall(r'from "([^"]+)" import', "\n".join(path.read_text() for path in PAGES)))
PARTIALS = [
    path
    for path in PAGES
    if path.name[0] == "_" and str(path.relative_to(TEMPLATES)) not in LIBRARIES
]


@cache
def plain_app():
    """An app for looking at; it touches no database and leaves the settings of the tests alone."""
    kept = config._override  # None: what the environment says
    folder = Path(tempfile.mkdtemp())
    settings = config.Settings(
        _env_file=None, environment="test", database_url="sqlite://", CROWDFUND_DATA_DIR=folder
    )
    try:
        return create_app(settings)
    finally:
        config.use(kept)


def name_of(path):
    return str(path.relative_to(TEMPLATES if TEMPLATES in path.parents else ROOT))


# --- access ---------------------------------------------------------------------------------------


def test_every_route_has_a_row_in_the_access_table_and_every_row_a_route():
    routes = {rule.endpoint for rule in plain_app().url_map.iter_rules()}
    rows = {name for name in access.TABLE if not name.startswith("probe.")}
    assert routes - rows == set(), "routes that nobody decided about"
    assert rows - routes == set(), "rows without a route"


def test_the_navigation_leads_to_routes_that_exist():
    routes = {rule.endpoint for rule in plain_app().url_map.iter_rules()}
    assert {endpoint for _, endpoint, _ in access.NAV + access.STAFF_NAV} <= routes


def test_the_page_of_a_form_is_a_route_that_needs_nothing_but_what_the_form_has():
    rules = {rule.endpoint: rule for rule in plain_app().url_map.iter_rules()}
    for form, page in access.FORM_PAGES.items():
        assert "GET" not in rules[form].methods
        assert "GET" in rules[page].methods
        assert rules[page].arguments <= rules[form].arguments


def test_a_route_that_changes_something_is_never_open_to_the_regulator_alone():
    for rule in plain_app().url_map.iter_rules():
        if "GET" not in rule.methods:
            assert access.TABLE[rule.endpoint] != frozenset({"regulator"}), rule.endpoint


def test_nobody_becomes_somebody_else_but_by_signing_in():
    """Impersonation does not exist: one place writes who a session is."""
    writers = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_key = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
            if is_key and ast.unparse(node.slice) in ("'_user_id'", '"_user_id"', "'_fresh'"):
                writers.add((name_of(path), node.lineno))
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "login_user",
                "confirm_login",
                "_set_user",
                "_update_request_context_with_user",
            ):
                writers.add((name_of(path), ast.unparse(node.func)))
    assert writers == {("crowdfund/security/entry.py", "login_user")}
    text = (CODE / "security/entry.py").read_text()
    tree = ast.parse(text)
    inside = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and "login_user(" in ast.unparse(node)
    ]
    assert inside == ["admit"], "every way to sign in ends in `admit`"


# --- templates ------------------------------------------------------------------------------------


NEEDS = re.compile(r"\{# needs: ([^#]+) #\}\n")  # one comment, of several lines if it is long


@pytest.mark.parametrize("path", PARTIALS, ids=name_of)
def test_a_partial_says_first_what_it_needs(path):
    assert NEEDS.match(path.read_text())


@pytest.mark.parametrize("path", PARTIALS, ids=name_of)
def test_a_partial_uses_nothing_that_it_did_not_ask_for(path):
    env, text = plain_app().jinja_env, path.read_text()
    needs = set(re.findall(r"\w+", NEEDS.match(text)[1]))
    given = {
        "current_user",
        "events_url",
        "flashes",
        "is_htmx",
        "request",
        "session",
        "g",
        "config",
    }
    made = set(re.findall(r"\{%-? set (\w+)", text))  # set in a branch, it counts as undeclared
    used = meta.find_undeclared_variables(env.parse(text))
    assert used - needs - made - given - set(env.globals) == set()


INLINE = {
    "an inline script": re.compile(r"<script(?![^>]*\b(src|nonce)=)", re.IGNORECASE),
    "an inline style": re.compile(r"<style|<[^>]+\sstyle\s*=", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "unescaped text": re.compile(r"\|\s*safe\b"),
}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_template_holds_nothing_that_the_content_policy_would_refuse(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_field_makes_the_browser_cut_what_is_pasted(path):
    assert not re.search(r"maxlength=(?!False)", path.read_text())


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.name != "gallery.html"], ids=name_of
)
def test_a_form_that_posts_carries_the_token(path):
    text = path.read_text()
    forms = re.findall(r"<form\b[^>]*method=.post.*?</form>", text, flags=re.DOTALL | re.IGNORECASE)
    # exempt: visitors have no session
    forms = [form for form in forms if "web.choose_language" not in form]
    assert all("csrf_token" in form or "hidden_tag" in form or "caller()" in form for form in forms)


# --- jobs -----------------------------------------------------------------------------------------


def calls(*names):
    """Yield (file, call) for each call of outbox.<name> in the code."""
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                f"outbox.{name}" for name in names
            }:
                yield path, node


def literals(node):
    """Return the texts that an expression may be; an f-string as a pattern."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.escape(node.value)]
    if isinstance(node, ast.JoinedStr):
        parts = [
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
            for part in node.values
        ]
        return ["".join(parts)]
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return []


def test_every_kind_of_work_that_is_queued_has_a_handler():
    plain_app()
    found = {kind for _, call in calls("add") for kind in literals(call.args[0])}
    queued = [
        node
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple) and len(node.elts) == 3
    ]
    handled = set(outbox.HANDLERS)
    prefixes = {kind.split(".")[0] for kind in handled}
    for node in queued:  # ("payments.initiate", key, payload) for add_many
        first = node.elts[0]
        if isinstance(first, ast.Constant) and re.fullmatch(
            rf"({'|'.join(prefixes)})\.[a-z_]+", str(first.value)
        ):
            found.add(re.escape(first.value))
    assert len(found) >= 5
    assert [kind for kind in found if not any(re.fullmatch(kind, name) for name in handled)] == []


def named_events(base=outbox.Event):
    for event in base.__subclasses__():
        yield from named_events(event)
        if "name" in vars(event) and event.__module__.startswith("crowdfund."):
            yield event


def test_every_event_is_emitted_by_one_feature_and_heard_by_another():
    plain_app()
    code = "\n".join(path.read_text() for path in CODE.rglob("*.py"))
    events = list(named_events())
    assert len(events) >= 20
    assert [event.name for event in events if not outbox.SUBSCRIBERS.get(event.name)] == []
    said_by = r"(?:\b{0}(?:\.about)?\(|: {0},|\({0}, )"  # made at once, by a table, or by a batch
    names = [event.__name__ for event in events]
    code = re.sub(r"class \w+", "", code)
    assert [name for name in names if not re.search(said_by.format(name), code)] == []


def test_two_events_never_share_a_name():
    plain_app()
    names = [event.name for event in named_events()]
    assert len(names) == len(set(names))


# --- money ----------------------------------------------------------------------------------------

MONEY = [CODE / "kernel/money.py"] + [
    path
    for name in ("ledger", "payments", "campaigns", "investments")
    for path in (CODE / name).rglob("*.py")
]
# Seconds of waiting are no money; each line is named with what it counts.
SECONDS = re.compile(r"delay|timedelta|Retry|seconds|timeout|_s\b", re.IGNORECASE)


@pytest.mark.parametrize("path", MONEY, ids=name_of)
def test_money_code_knows_no_floats(path):
    text = path.read_text()
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_call = isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "float",
            "round",
            "math.floor",
        )
        is_division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if is_float or is_call or is_division:
            assert SECONDS.search(lines[node.lineno - 1]), (
                f"{path}:{node.lineno}: {lines[node.lineno - 1].strip()}"
            )


# --- migrations -----------------------------------------------------------------------------------


def test_there_is_one_migration_head():
    script = Config()
    script.set_main_option("script_location", str(ROOT / "migrations"))
    assert list((ROOT / "migrations" / "versions").glob("*.py")), "no migration at all"
    assert len(ScriptDirectory.from_config(script).get_heads()) == 1


@pytest.fixture(scope="module")
def migrated(session_app, database_kind, tmp_path_factory):
    """A second database, made by the migrations alone; gives its engine."""
    kept = config._override  # None: what the environment says
    with session_app.app_context():
        url = db.engine.url
        if database_kind == "sqlite":
            url = url.set(database=str(tmp_path_factory.mktemp("migrated") / "migrated.db"))
        else:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("CREATE DATABASE migrated")
            url = url.set(database="migrated")
    text = url.render_as_string(hide_password=False)
    app = create_app(kept.model_copy(update={"database_url": text}))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        config.use(kept)
        yield db.engine
        db.session.remove()
        db.engine.dispose()


def is_described(_thing, name, kind, _reflected, _compare_to):
    """Return whether a model describes a table or index; the parts of a text index have none."""
    return not is_part_of_index(LISTING, kind, name)


def test_migrated_tables_are_those_of_the_models(migrated):
    with migrated.connect() as connection:
        options = {"compare_type": True, "include_object": is_described}
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, db.metadata)
    changes = [change for change in found if "alembic_version" not in str(change)]
    assert changes == []


TRIGGERS = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal",
    "mysql": "SELECT event_object_table, trigger_name FROM information_schema.triggers "
    "WHERE trigger_schema = DATABASE()",
}


def facts(engine):
    """Return triggers, named checks and unique constraints of a database."""
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        triggers = {tuple(row) for row in connection.exec_driver_sql(TRIGGERS[engine.dialect.name])}
    tables = set(inspector.get_table_names()) - {"alembic_version"}
    checks = {
        # a changed list of states keeps its name
        (table, check["name"], " ".join(check["sqltext"].split()))
        for table in tables
        for check in inspector.get_check_constraints(table)
    }
    unique = {
        (table, one["name"]) for table in tables for one in inspector.get_unique_constraints(table)
    }
    return {"triggers": triggers, "checks": checks, "unique": unique}


def test_migrated_triggers_and_constraints_are_those_of_the_models(migrated, app):
    made, meant = facts(migrated), facts(db.engine)
    assert len(meant["triggers"]) >= 10
    for kind in meant:
        assert made[kind] ^ meant[kind] == set(), kind
