"""Tables that only grow: whatever statement, cascade or privilege, a row that is there stays."""

import os
import re

import pytest
import sqlalchemy as sa

from crowdfund import create_app
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import (
    append_only_ddl,
    commit,
    db,
    grants,
    history,
    insert_ignore,
    rollback,
)
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.local import doctor_sql
from crowdfund.payments.models import payment_event
from tests.sign_in.providing import sign_in_by_code


def protected():
    return [one for one in db.metadata.sorted_tables if one.info.get("append_only")]


@pytest.fixture
def entry(app):
    """A posted entry of the journal, as the database has it."""
    posting.post("first", [Posting("gateway:bank:external", "user:a:wallet", 500)], kind="test")
    commit()
    row = dict(db.session.execute(sa.text("SELECT * FROM journal_entry")).mappings().one())
    rollback()
    return row


def entries():
    rollback()
    return [
        dict(row) for row in db.session.execute(sa.text("SELECT * FROM journal_entry")).mappings()
    ]


def replace(verb, row):
    quote = db.engine.dialect.identifier_preparer.quote
    names, marks = ", ".join(map(quote, row)), ", ".join(f":{name}" for name in row)
    return sa.text(f"{verb} INTO journal_entry ({names}) VALUES ({marks})")


@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE"])
@pytest.mark.parametrize("key", ["id", "seq", "key"])
def test_a_row_that_is_there_cannot_be_replaced_by_any_of_its_keys(entry, verb, key):
    dialect = db.engine.dialect.name
    if dialect == "postgresql" or (dialect, verb) == ("mysql", "INSERT OR REPLACE"):
        pytest.skip("this database does not know the statement")
    other = entry | {"id": "b" * 32, "seq": 7, "key": "other", "kind": "forged"}
    with pytest.raises(sa.exc.DBAPIError, match="journal_entry is append-only"):
        db.session.execute(replace(verb, entry), other | {key: entry[key]})
    assert entries() == [entry]


def test_a_new_row_may_be_written_by_replace(entry):
    if db.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL knows no REPLACE")
    other = entry | {"id": "b" * 32, "seq": 7, "key": "other"}
    db.session.execute(replace("REPLACE", other), other)
    commit()
    assert len(entries()) == 2


def test_an_upsert_changes_no_row(entry):
    """By ON CONFLICT, or ON DUPLICATE KEY on MariaDB."""
    ends = {"mysql": "ON DUPLICATE KEY UPDATE kind = 'forged'"}
    end = ends.get(db.engine.dialect.name, "ON CONFLICT (id) DO UPDATE SET kind = 'forged'")
    statement = sa.text(f"{replace('INSERT', entry).text} {end}")
    with pytest.raises(sa.exc.DBAPIError, match="journal_entry is append-only"):
        db.session.execute(statement, entry)
    assert entries() == [entry]


def test_every_append_only_table_of_sqlite_looks_for_the_keys_of_a_new_row(app):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("other databases ask the trigger for DELETE")
    with db.engine.connect() as connection:
        for table in protected():
            keys = history.unique_keys(connection, table.name)
            assert keys, table.name
            assert (
                append_only_ddl(table.name, "sqlite", keys)[-1]
                in connection.exec_driver_sql(
                    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
                    (table.name,),
                )
                .scalars()
                .all()
            )


def test_no_cascade_reaches_an_append_only_table(app):
    """MariaDB asks no trigger for rows that a foreign key removes or changes."""
    assert len(protected()) > 20
    inspector = sa.inspect(db.engine)
    for table in protected():
        for key in inspector.get_foreign_keys(table.name):
            verbs = {key["options"].get(name) for name in ("ondelete", "onupdate")}
            assert verbs <= {None, "RESTRICT", "NO ACTION"}, (table.name, key["name"])


# --- the application's own user -----------------------------------------------------------------


def role_of_this_run():
    name = f"site_{os.getpid()}"
    return f"{name}@localhost" if db.engine.dialect.name == "mysql" else name


@pytest.fixture
def role(app, database_kind):
    """A user of the database with the grants that we print, and an engine that is this user."""
    if database_kind == "sqlite":
        pytest.skip("SQLite has no users")
    user, name = role_of_this_run(), role_of_this_run().split("@")[0]
    made = f"'{name}'@'localhost' IDENTIFIED BY 'pw'" if "@" in user else f"{name} PASSWORD 'pw'"
    printed = app.test_cli_runner().invoke(args=["grants", user]).output
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE USER {made}")
        for statement in printed.split(";\n")[:-1]:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    engine = sa.create_engine(db.engine.url.set(username=name, password="pw"))
    yield engine
    engine.dispose()
    db.session.remove()
    with db.engine.begin() as connection:
        if "@" not in user:
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP USER {made.split(' ')[0]}")


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE TABLE journal_entry",
        "DELETE FROM journal_entry",
        "UPDATE journal_entry SET kind = 'forged'",
        "DROP TABLE journal_posting",
        "ALTER TABLE journal_entry DROP COLUMN kind",
        "RENAME TABLE journal_entry TO gone",
        "DROP TRIGGER journal_entry_no_delete",
        "CREATE OR REPLACE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry "
        "FOR EACH ROW SET @nothing = 1",
        "SET GLOBAL read_only = 0",
        "DELETE FROM alembic_version",
    ],
)
def test_the_applications_user_cannot_empty_or_unlock_the_journal(entry, role, statement):
    with role.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql(statement)
    assert entries() == [entry]


def test_the_owner_could_truncate_on_mariadb_so_the_doctor_says_which_privileges_are_too_many(
    entry, role, tmp_path
):
    with role.connect() as connection:
        assert grants.excess(connection) == []
    if db.engine.dialect.name != "mysql":
        return
    with db.engine.connect() as connection:
        assert grants.excess(connection) == ["ALL PRIVILEGES"]
    for scope in ("`crowdfund`.*", "crowdfund.journal_entry"):
        with db.engine.begin() as connection:
            user = f"'{role.url.username}'@'localhost'"
            connection.exec_driver_sql(f"GRANT DROP, TRIGGER ON {scope} TO {user}")
        with role.connect() as connection:
            assert grants.excess(connection) == ["DROP", "TRIGGER"]
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"REVOKE DROP, TRIGGER ON {scope} FROM {user}")
    with role.connect() as connection:
        assert grants.excess(connection) == []


def test_the_doctor_of_a_site_in_production_warns_of_them(app, database_kind):
    """Not in development, where one user owns the tables and uses them."""
    settings = config.settings().model_copy(update={"environment": "production"})
    db.session.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    heads = doctor_sql.ScriptDirectory(str(doctor_sql.ROOT / "migrations")).get_heads()
    db.session.execute(sa.text("INSERT INTO alembic_version VALUES (:n)"), {"n": heads[0]})
    commit()
    try:
        found = {one.part: one for one in doctor_sql.check_database(settings)}
        assert ("grants" in found) is (database_kind == "mysql")
        if "grants" in found:
            assert "flask grants NAME@HOST" in found["grants"].wrong
        quiet = doctor_sql.check_database(config.settings())
        assert "grants" not in {one.part for one in quiet}
    finally:
        db.session.remove()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE alembic_version")


def test_the_application_works_as_the_user_with_these_grants(app, role, tmp_path):
    """Sign in, background work, money in the journal, the audit log, and the proofs."""
    url = role.url.render_as_string(hide_password=False)
    kept = config.settings()
    site = create_app(kept.model_copy(update={"database_url": url}))
    site.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    site.test_client_class = app.test_client_class
    try:
        with site.app_context():
            assert "grants" not in {one.part for one in doctor_sql.check_database(kept)}
            answer = sign_in_by_code(site.test_client(), "alice@example.com")
            assert answer.status_code == 303
            posting.post("one", [Posting("gateway:bank:external", "user:a:wallet", 5)], kind="test")
            commit()
            assert insert_ignore(outbox.Schedule.__table__, []) == 0
            assert ledger.balance("user:a:wallet") == 5
            assert list(ledger.problems()) == []
            db.session.remove()
            db.engine.dispose()
    finally:
        config.use(kept)


def test_sqlite_has_nothing_to_grant(app, database_kind):
    if database_kind != "sqlite":
        pytest.skip("other databases have users")
    answer = app.test_cli_runner().invoke(args=["grants", "somebody"])
    assert (answer.exit_code, "no users" in answer.output) == (1, True)


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ("site@10.0.0.%", "'site'@'10.0.0.%'"),
        ("site", "'site'@'%'"),
        ("o'neill@localhost", "'o''neill'@'localhost'"),
        ("a@b@localhost", "'a@b'@'localhost'"),
    ],
)
def test_names_of_users_are_quoted(user, account):
    assert re.fullmatch(r"'.*'@'.*'", grants._account(user))
    assert grants._account(user) == account


@pytest.mark.parametrize("actor", ["", "System", "somebody else", "a" * 33])
def test_a_history_takes_no_actor_that_is_neither_an_id_nor_a_word(app, actor):
    with pytest.raises(ValueError, match="nobody who changes a status"):
        history.record_event(payment_event, "p" * 32, actor=actor, before=None, after="created")
