"""Migrations over rows: an installation of the last release keeps people, documents and money."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from crowdfund import create_app
from crowdfund.adapters import storage
from crowdfund.campaigns import limits_queries, listing
from crowdfund.campaigns import queries as queries_of_campaigns
from crowdfund.campaigns.rules import addresses
from crowdfund.documents import service as documents
from crowdfund.investments import queries as investments
from crowdfund.investments.models import Investment, InvestorKey
from crowdfund.issuers import queries
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, mysql, new_id, rollback
from crowdfund.kernel.outbox import outbox_table
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.people import queries as people_queries
from crowdfund.people import service

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")
THEN = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NO_REPLACE = sa.text("SELECT name FROM sqlite_master WHERE name LIKE '%no_replace'")
PDF = b"%PDF-1.7 the memorandum %%EOF"


@pytest.fixture
def old(session_app, database_kind, tmp_path, frozen):
    """An app on a database of the first release."""
    kept = config.settings()
    with session_app.app_context():
        url = db.engine.url
        if database_kind == "sqlite":
            url = url.set(database=str(tmp_path / "old.db"))
        else:
            name = f"released_{new_id()}"
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            url = url.set(database=name)
    text = url.render_as_string(hide_password=False)
    app = create_app(kept.model_copy(update={"database_url": text, "data_dir": tmp_path}))
    with app.app_context():
        upgrade(directory=MIGRATIONS, revision="0001")
        yield app
        db.session.remove()
        db.engine.dispose()
    config.use(kept)


def fill():
    """Write what the first release would hold:
    two people, a company with its document, a webbrowser."""
    stored = storage.put_private(PDF, "private")
    then = THEN if db.engine.dialect.name == "postgresql" else THEN.replace(tzinfo=None)
    rows = {
        "person": [
            {
                "id": name,
                "email": f"{name}@example.com",
                "first_name": name.capitalize(),
                "last_name": "Bekele",
                "phone": "+251911234567",
                "kyc_level": "basic",
                "kyc_status": "verified",
                "kyc_reason": "",
                "created_at": then,
            }
            for name in ("alice", "bob")
        ],
        "person_role": [
            {"person_id": "bob", "role": "compliance", "given_by": "system", "given_at": then}
        ],
        "company": [
            {
                "id": "yirga",
                "owner_id": "alice",
                "status": "verified",
                "trade_name": "Yirga Coffee",
                "legal_name": "Yirga Coffee SC",
                "address": "Bole Road 7\nAddis Ababa",
                "salt": "ab" * 32,
                "reviewed_by": "bob",
                "reviewed_at": then,
                "registration_tries": 1,
                "created_at": then,
                "updated_at": then,
            }
        ],
        "company_member": [
            {"company_id": "yirga", "user_id": "alice", "role": "owner", "since": then},
            {"company_id": "yirga", "user_id": "bob", "role": "member", "since": then},
        ],
        "company_document": [
            {
                "id": "document",
                "company_id": "yirga",
                "kind": "information_memorandum",
                "filename": "memo.pdf",
                "size": len(PDF),
                "sha256": hashlib.sha256(PDF).hexdigest(),
                "file_id": stored.id,
                "file_key": stored.key,
                "uploaded_by": "alice",
                "uploaded_at": then,
                "replaced_at": None,
            }
        ],
        "message": [
            {
                "id": "mail",
                "key": "k",
                "to_address": "alice@example.com",
                "template": "code",
                "context": "{}",
                "created_at": then,
            }
        ],
        "otp": [
            {
                "id": "code",
                "identifier": "alice@example.com",
                "ip": "10.0.0.1",
                "attempts": 0,
                "created_at": then,
                "expires_at": then,
            }
        ],
    }
    with db.engine.begin() as connection:
        for table, found in rows.items():
            quote = connection.dialect.identifier_preparer.quote  # `key` is a word of MySQL
            names, marks = (
                ", ".join(map(quote, found[0])),
                ", ".join(f":{name}" for name in found[0]),
            )
            statement = sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
            connection.execute(statement, found)


def test_people_companies_and_documents_of_the_first_release_live_on(old):
    fill()
    upgrade(directory=MIGRATIONS)
    alice = people_queries.find_by_email("alice@example.com")
    assert (alice.id, alice.kyc_status, len(alice.referral_code)) == ("alice", "verified", 8)
    assert alice.referral_code != people_queries.get("bob").referral_code
    assert people_queries.get("bob").roles == ("compliance",)
    assert service.person_with("email", "bob@example.com") == "bob"
    assert [(one.id, one.status, one.kind) for one in queries.documents_of("yirga")] == [
        ("document", "verified", "memorandum")
    ]
    rollback()
    opened = documents.open_document("document", viewer="bob", purpose="review")
    assert (opened.filename, opened.data) == ("memo.pdf", PDF)
    roles = dict(db.session.execute(sa.text("SELECT user_id, role FROM company_member")).all())
    assert roles == {"alice": "owner", "bob": "viewer"}
    assert db.session.scalar(sa.text("SELECT count(*) FROM otp")) == 0
    assert db.session.scalar(sa.text("SELECT channel FROM message")) == "email"


def test_what_comes_after_the_migration_finds_its_place(old):
    fill()
    upgrade(directory=MIGRATIONS)
    carol = service.ensure_user("carol@example.com", "Carol Abebe", roles=["finance"])
    assert service.ensure_user("alice@example.com") == "alice"
    posting.post("first", [Posting("gateway:bank:external", "user:carol:wallet", 500)], kind="test")
    commit()
    assert ledger.balance("user:carol:wallet") == 500
    assert list(ledger.problems()) == []
    rollback()
    with pytest.raises(sa.exc.DBAPIError, match="kyc_status_known"):
        db.session.execute(
            sa.text("UPDATE person SET kyc_status = 'nonsense' WHERE id = :id"), {"id": carol}
        )
    rollback()
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.text("DELETE FROM company WHERE id = 'yirga'"))
    rollback()


def test_the_heads_of_journal_and_audit_log_are_made_by_the_migration(old):
    """Two first entries that made it at the same moment would lock each other out on MySQL."""
    upgrade(directory=MIGRATIONS)
    for table in ("journal_head", "audit_head"):
        assert db.session.execute(sa.text(f"SELECT id, seq, hash FROM {table}")).all() == [
            (1, 0, "0" * 64)
        ]
    rollback()


@pytest.fixture
def by_default(database_kind, monkeypatch):
    """Let the tables of the first release have what a server gives that nobody has told an
    encoding."""
    if database_kind != "mysql":
        pytest.skip("PostgreSQL and SQLite have one encoding")
    monkeypatch.setattr(mysql, "CHARSET", "latin1")
    monkeypatch.setattr(mysql, "COLLATION", "latin1_swedish_ci")
    return monkeypatch


def test_an_old_installation_holds_every_alphabet_and_compares_letters_after_the_migration(
    by_default, old
):
    fill()
    keys = sa.text(
        "SELECT table_name, constraint_name, referenced_table_name FROM information_schema."
        "referential_constraints WHERE constraint_schema = DATABASE() "
        "AND table_name <> 'company_document'"
    )
    before = set(db.session.execute(keys).all())
    rollback()
    by_default.undo()
    upgrade(directory=MIGRATIONS)
    wrong = sa.text(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_bin'"
    )
    assert db.session.execute(wrong).all() == []
    assert before - set(db.session.execute(keys).all()) == set()
    rollback()
    abebe = service.ensure_user("abebe@example.com", "አበበ ቢቂላ")
    commit()
    assert people_queries.get(abebe).name == "አበበ ቢቂላ"
    assert people_queries.find_by_email("alice@example.com").id == "alice"
    rollback()


def webhook_states():
    rows = db.session.execute(sa.text("SELECT id, state FROM inbox"))
    found = {row.id: row.state for row in rows}
    rollback()
    return found


def test_webhooks_that_wait_are_done_once_after_the_migration_and_after_the_way_back(old):
    """Before it each webhook had its work from the beginning; now a worker adds it."""
    upgrade(directory=MIGRATIONS, revision="0008")
    then = THEN if db.engine.dialect.name == "postgresql" else THEN.replace(tzinfo=None)
    insert = sa.text(
        "INSERT INTO inbox (id, provider, event_id, raw, headers, received_at, state, attempts)"
        " VALUES (:id, 'bill_bitts', :id, :raw, '{}', :at, 'received', 0)"
    )
    with db.engine.begin() as connection:
        connection.execute(insert, {"id": "before", "raw": b"{}", "at": then})
    upgrade(directory=MIGRATIONS)
    with db.engine.begin() as connection:
        connection.execute(insert, {"id": "after", "raw": b"{}", "at": then})
    assert webhook_states() == {"before": "queued", "after": "received"}
    downgrade(directory=MIGRATIONS, revision="0008")
    assert webhook_states() == {"before": "received", "after": "received"}
    work = db.session.execute(
        sa.select(outbox_table.c.key, outbox_table.c.lane, outbox_table.c.payload)
    ).all()
    rollback()
    assert work == [("inbox:after:0", "bill_bitts", {"inbox_id": "after"})]
    with pytest.raises(sa.exc.DBAPIError, match="inbox_state_known"):
        db.session.execute(sa.text("UPDATE inbox SET state = 'queued'"))
    rollback()


def test_work_and_schedules_of_accounts_go_on_under_the_names_of_its_subjects(old):
    upgrade(directory=MIGRATIONS, revision="0009")
    then = THEN if db.engine.dialect.name == "postgresql" else THEN.replace(tzinfo=None)
    row = {
        "id": "1" * 32,
        "queue": "default",
        "kind": "accounts.apply_change",
        "key": "change:1",
        "payload": {},
        "state": "due",
        "attempts": 0,
        "failures": 0,
        "not_before": THEN,
        "created_at": THEN,
    }
    with db.engine.begin() as connection:
        connection.execute(sa.insert(outbox_table), row)
        connection.execute(
            sa.text("INSERT INTO schedule (name, next_at) VALUES ('accounts.purge_tokens', :at)"),
            {"at": then},
        )
    upgrade(directory=MIGRATIONS)
    kinds = db.session.scalars(sa.select(outbox_table.c.kind)).all()
    planned = db.session.scalars(sa.text("SELECT name FROM schedule")).all()
    rollback()
    assert (kinds, planned) == (["security.apply_change"], [])


def test_days_moments_and_numbers_of_investments_come_from_their_history(old):
    fill()
    upgrade(directory=MIGRATIONS, revision="0025")
    moment = (
        (lambda at: at)
        if db.engine.dialect.name == "postgresql"
        else (lambda at: at.replace(tzinfo=None))
    )
    late = THEN.replace(hour=21)  # the next day in Addis Ababa
    same = {"created_at": moment(THEN)}
    campaign = {
        "id": "roaster", "slug": "roaster", "company_id": "yirga", "author_id": "alice",
        "status": "live", "threshold_bps": 7_500, "fee_bps": 250, "grace_days": 5,
        "currency": "ETB",
        "reserved_minor": 0, "settled_minor": 0, "investors_count": 0, "token_minor": 0,
        "foreign_room_minor": 0, "deploy_tries": 0, "ending_tries": 0, "version": 1,
        "search_text": "", "updated_at": moment(THEN), **same,
    }  # fmt: skip
    lines = [
        {
            "id": name, "campaign_id": "roaster", "user_id": who, "form_key": name,
            "amount_minor": amount, "shares": 1, "currency": "ETB", "rail": "bill_bitts",
            "status": status, **same,
        }
        for name, who, amount, status in (
            ("one", "bob", 100, "confirmed"), ("two", "alice", 200, "settled"),
            ("three", "bob", 300, "returned"), ("four", "alice", 400, "paying"),
            ("five", "bob", 500, "returned"),
        )
    ]  # fmt: skip
    steps = [
        ("one", "authorised", "settled", late), ("one", "settled", "confirmed", late),
        ("two", "authorised", "settled", THEN), ("three", "authorised", "settled", THEN),
        ("three", "settled", "returned", late), ("five", "paying", "returned", late),
    ]  # fmt: skip
    events = [
        {
            "id": str(number), "investment_id": name, "from_status": before, "to_status": after,
            "at": moment(at), "actor": "system", "reason": "",
        }
        for number, (name, before, after, at) in enumerate(steps)
    ]  # fmt: skip
    keys = [
        {"campaign_id": "roaster", "user_id": who, "key": f"0x{who}"} for who in ("bob", "alice")
    ]
    with db.engine.begin() as connection:
        for table, rows in {
            "campaign": [campaign],
            "investment": lines,
            "investment_event": events,
            "investor_key": keys,
        }.items():
            quote = connection.dialect.identifier_preparer.quote
            names = ", ".join(map(quote, rows[0]))
            marks = ", ".join(f":{name}" for name in rows[0])
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), rows)
    upgrade(directory=MIGRATIONS)
    found = [
        (one.day.day, one.came, one.came_minor, one.went, one.went_minor)
        for one in investments.days_of("roaster")
    ]
    rollback()
    assert found == [(1, 2, 500, 0, 0), (2, 1, 100, 1, 300)]
    moments = sa.select(Investment.id).where(Investment.settled_at.is_not(None))
    assert set(db.session.scalars(moments)) == {"one", "two", "three"}
    numbers = dict(db.session.execute(sa.select(InvestorKey.user_id, InvestorKey.number)).all())
    rollback()
    assert sorted(numbers) == ["alice", "bob"]
    assert sorted(numbers.values()) == [1, 2]
    downgrade(directory=MIGRATIONS, revision="0025")
    columns = {column["name"] for column in sa.inspect(db.engine).get_columns("investor_key")}
    assert columns == {"campaign_id", "user_id", "key"}
    upgrade(directory=MIGRATIONS)
    assert len(investments.days_of("roaster")) == 2
    rollback()


def listed(text):
    """Return the titles that a search of the public list finds,
    and how many public campaigns there are."""
    found = [
        queries_of_campaigns.by_id(row.id).title
        for row in listing.page(addresses.Asked(text=text)).rows
    ]
    rollback()
    return found, listing.page(addresses.Asked()).total


def test_campaigns_that_are_public_already_are_listed_counted_and_found(old):
    fill()
    upgrade(directory=MIGRATIONS, revision="0010")
    moment = THEN if db.engine.dialect.name == "postgresql" else THEN.replace(tzinfo=None)
    rows = [
        {
            "id": title,
            "slug": title,
            "company_id": "yirga",
            "author_id": "alice",
            "status": status,
            "title": title,
            "sector": "energy",
            "summary": "It roasts coffee." if title == "Roaster" else None,
            "search_text": text,
            "starts_at": starts,
            "ends_at": starts,
            "threshold_bps": 7_500,
            "fee_bps": 250,
            "grace_days": 5,
            "goal_minor": 500,
            "created_at": moment,
            "updated_at": moment,
        }
        for title, status, text, starts in (
            ("Roaster", "live", "a second roaster yirga mills", moment),
            ("ቡና", "released", "ቡና ላኪ", moment),
            ("Draft", "draft", "a third roaster", None),
        )
    ]
    fixed = dict.fromkeys(
        (
            "reserved_minor",
            "settled_minor",
            "investors_count",
            "token_minor",
            "foreign_room_minor",
            "deploy_tries",
            "ending_tries",
        ),
        0,
    ) | {"currency": "ETB", "version": 1}
    with db.engine.begin() as connection:
        names = [*rows[0], *fixed]
        marks = ", ".join(f":{name}" for name in names)
        statement = sa.text(f"INSERT INTO campaign ({', '.join(names)}) VALUES ({marks})")
        connection.execute(statement, [row | fixed for row in rows])
    upgrade(directory=MIGRATIONS)
    assert listed("roaster") == (["Roaster"], 2)
    assert listed("ቡና") == (["ቡና"], 2)
    # The sector by its name in each language; the company by the name that it has now.
    for sector in ("energy and water", "ऊर्जा", "ኃይል"):
        assert sorted(listed(sector)[0]) == ["Roaster", "ቡና"]
    assert (listed("yirga coffee"), listed("yirga mills")) == ((["Roaster"], 2), ([], 2))
    with db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE campaign SET status = 'live', starts_at = :at"), {"at": moment}
        )
    assert listed("third") == (["Draft"], 3)
    downgrade(directory=MIGRATIONS, revision="0010")
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE campaign SET search_text = 'solar' WHERE id = 'Draft'"))
    upgrade(directory=MIGRATIONS)
    assert listed("solar") == (["Draft"], 3)


def test_limits_that_were_entered_by_hand_become_approved_versions_and_come_back(old):
    upgrade(directory=MIGRATIONS, revision="0028")
    moment = THEN if db.engine.dialect.name == "postgresql" else THEN.replace(tzinfo=None)
    row = (300_000, 400_000_000, 20, 90, 20_000, 6_000, 250, 4)
    names = (
        "valid_from, goal_min_minor, goal_max_minor, days_min, days_max, investment_min_minor, "
        "threshold_bps, fee_bps, grace_days"
    )
    marks, values = ":at, :a, :b, :c, :d, :e, :f, :g, :h", dict(zip("abcdefgh", row, strict=True))
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO campaign_limits ({names}) VALUES ({marks})"),
            {"at": moment, **values},
        )
    upgrade(directory=MIGRATIONS)
    current = limits_queries.in_force(THEN)
    assert (current.goal_min_minor, current.days_max, current.grace_days) == (300_000, 90, 4)
    assert current.fee_bps == 250
    version = limits_queries.version_in_force(THEN)
    assert (version.status, version.asked_by, version.valid_from) == ("approved", "cli", THEN)
    assert limits_queries.in_force(THEN - timedelta(seconds=1)).goal_min_minor == 1_000_00
    rollback()
    downgrade(directory=MIGRATIONS, revision="0028")
    with db.engine.connect() as connection:
        (found,) = connection.execute(sa.text(f"SELECT {names} FROM campaign_limits")).all()
    assert tuple(found)[1:] == row
    upgrade(directory=MIGRATIONS)


def test_the_pages_of_campaigns_go_down_and_up_again(old):
    upgrade(directory=MIGRATIONS)
    downgrade(directory=MIGRATIONS, revision="0027")
    gone = {"campaign_faq", "campaign_picture", "campaign_person", "limits_version"}
    assert not gone & set(sa.inspect(db.engine).get_table_names())
    upgrade(directory=MIGRATIONS)
    assert gone <= set(sa.inspect(db.engine).get_table_names())


def test_an_old_installation_on_sqlite_refuses_replace_after_the_migration(old, database_kind):
    if database_kind != "sqlite":
        pytest.skip("other databases ask the trigger for DELETE")
    upgrade(directory=MIGRATIONS, revision="0012")
    with db.engine.begin() as connection:  # the release did not have them
        known = connection.execute(NO_REPLACE).scalars().all()
        for name in known:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    upgrade(directory=MIGRATIONS)
    posting.post("first", [Posting("gateway:bank:external", "user:a:wallet", 5)], kind="test")
    commit()
    with pytest.raises(sa.exc.IntegrityError, match="journal_entry is append-only"):
        db.session.execute(sa.text("REPLACE INTO journal_entry SELECT * FROM journal_entry"))
    rollback()
    with db.engine.begin() as connection:
        assert set(known) <= set(connection.execute(NO_REPLACE).scalars())
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="0012")
    with db.engine.begin() as connection:
        assert connection.execute(NO_REPLACE).scalars().all() == []
