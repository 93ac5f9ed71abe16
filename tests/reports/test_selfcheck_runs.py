"""A run delays no one, reads one moment, is flat in all parts, and finds a wrong secret."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.documents.models import Document, DocumentKey
from crowdfund.kernel import audit, clock, config, outbox
from crowdfund.kernel.db import commit, db, own_transaction, rollback, snapshot
from crowdfund.kernel.outbox import outbox_table
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.proof.chain import Walk
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.payments.models import Payment
from crowdfund.people import service as people_service
from crowdfund.reports import proofs, queries, service
from tests import raising
from tests.ledger.conftest import ALICE, BOB, WORLD
from tests.unlocking import run, unlocked

from .conftest import mark, selfcheck

ROOT = Path(__file__).resolve().parents[2]


def post_from_another_thread(app, key):
    """Post an entry as another process would, on a connection of its own."""
    failures = []

    def work():
        with app.app_context():
            try:
                posting.post(key, [Posting(WORLD, BOB, 100)], kind="test")
                commit()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                failures.append(error)
                rollback()
            finally:
                db.session.remove()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return failures


@pytest.fixture
def interrupted(app, monkeypatch):
    """Let somebody write in the middle of each step of a walk along the journal."""
    written = []
    real = Walk.step

    def step(self, **how):
        read = real(self, **how)
        failures = post_from_another_thread(app, f"meanwhile:{len(written)}")
        written.append(failures)
        return read

    monkeypatch.setattr(Walk, "step", step)
    return written


@pytest.mark.parametrize("verb", [service.selfcheck, service.prove_all, service.prove_slices])
def test_others_write_while_a_run_reads(proved, interrupted, verb):
    rollback()
    assert verb() == [], "what is written meanwhile does not confuse it"
    assert interrupted
    assert [failures for failures in interrupted if failures] == []
    assert ledger.balance(BOB) == 900 + 100 * len(interrupted)


def test_the_job_runs_its_proofs_outside_of_the_transaction_that_marks_it_done(proved, interrupted):
    outbox.add("reports.selfcheck", "one")
    commit()
    assert outbox.drain("default") == 1
    assert interrupted
    assert [failures for failures in interrupted if failures] == []
    rollback()
    assert queries.last_run().problems == []


def test_a_snapshot_does_not_see_what_comes_after_it(proved, app):
    rollback()
    with snapshot():
        before = ledger.balance(BOB)
        assert post_from_another_thread(app, "later") == []
        assert ledger.balance(BOB) == before
    assert ledger.balance(BOB) == before + 100


def test_nothing_is_written_inside_a_snapshot(proved):
    rollback()
    with snapshot(), pytest.raises(RuntimeError, match="must not write"):
        db.session.execute(sa.delete(outbox_table))
    if db.engine.dialect.name != "sqlite":  # the server refuses plain SQL too
        with snapshot(), pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.only"):
            db.session.execute(sa.text("DELETE FROM outbox"))


def test_a_snapshot_refuses_to_begin_inside_a_transaction(proved):
    ledger.balance(BOB)
    with pytest.raises(RuntimeError, match="without a transaction"), snapshot():
        pass


# --- the other parts ------------------------------------------------------------------------------


@pytest.fixture
def logged(app, frozen):
    for number in range(6):
        audit.record(
            "alice", f"probe.verb{number}", ("person", "p1"), {"reason": str(number)}, roles=()
        )
        commit()
    assert selfcheck() == []
    return app


def test_a_change_in_the_proved_part_of_the_audit_log_is_found_within_a_round(logged, monkeypatch):
    monkeypatch.setattr("crowdfund.kernel.audit.verifying.CHUNK", 2)
    with unlocked("audit_entry"):
        run("UPDATE audit_entry SET actor = 'x' WHERE seq = 5")
    found = [selfcheck() for _ in range(4)]
    assert ["I14 audit entry 5 is not what was written"] in found
    assert found[-1], "it is found again until it is put right"


def test_a_change_of_the_newest_audit_entries_is_found_at_once(logged):
    audit.record("alice", "new", ("person", "p1"), {}, roles=())
    commit()
    with unlocked("audit_entry"):
        run("UPDATE audit_entry SET actor = 'x' WHERE seq = 7")
    assert selfcheck() == ["I14 audit entry 7 is not what was written"]
    assert mark("audit").seq == 6


def test_an_audit_log_cut_at_its_end_is_found_at_once(logged):
    with unlocked("audit_entry"):
        run("DELETE FROM audit_entry WHERE seq = 6")
    run("UPDATE audit_head SET seq = 5")
    assert "I14 audit entry 6 is not what it was when it was proved" in selfcheck()


def payment(number, status):
    return {
        "id": f"{number:032x}",
        "key": f"k{number}",
        "user_id": "u",
        "gateway": "bill_bitts",
        "purpose_kind": "x",
        "purpose_id": "x",
        "destination": ALICE,
        "description": "",
        "amount_minor": 1,
        "currency": "ETB",
        "status": status,
        "claimed": "",
        "claimed_failed": False,
        **dict.fromkeys(("created_at", "updated_at", "expires_at", "checked_at"), clock.now()),
    }


def test_a_payment_changed_behind_our_back_is_found_within_a_round_and_until_it_is_right(
    app, frozen, monkeypatch
):
    monkeypatch.setattr(proofs, "SLICE", 3)
    with own_transaction() as connection:
        rows = [payment(number, "settled" if number == 8 else "pending") for number in range(10)]
        connection.execute(sa.insert(Payment.__table__), rows)
    runs = [any(line.startswith("I4 payment") for line in selfcheck()) for _ in range(6)]
    assert runs == [False, False, True, True, True, True]
    run(f"UPDATE payment SET status = 'pending' WHERE id = '{8:032x}'")
    assert selfcheck() == []


def test_work_that_was_given_up_is_found_by_the_next_run(app, frozen):
    outbox.add("notifications.send", "given-up", {"message_id": "none"})
    db.session.execute(sa.update(outbox_table).values(state="dead"))
    commit()
    assert selfcheck() == ["I10 1 × notifications.send in the outbox is unfinished"]


# --- sealed secrets -------------------------------------------------------------------------------


@pytest.fixture
def sealed(app, frozen):
    """A document whose key is sealed under the secret in force."""
    person = raising.person("alice")
    rollback()
    document = {
        "id": "d1",
        "owner_kind": "person",
        "owner_id": person,
        "kind": "passport",
        "filename": "p.pdf",
        "content_type": "application/pdf",
        "size": 1,
        "sha256_commitment": "0x",
        "file_id": "f1",
        "status": "pending",
        "reason": "",
        "uploaded_by": person,
        "uploaded_at": frozen.now(),
    }
    key = {
        "document_id": "d1",
        "sealed_key": sealing.seal("crowdfund documents v1", "d1", b"k" * 32),
        "salt": "s",
    }
    with own_transaction() as connection:
        connection.execute(sa.insert(Document.__table__).values(document))
        connection.execute(sa.insert(DocumentKey.__table__).values(key))
    return app


def test_a_secret_key_that_opens_nothing_is_said_in_a_sentence(sealed, monkeypatch):
    assert selfcheck() == []
    monkeypatch.setattr(config.settings(), "secret_key", "another secret")
    assert any("SECRET_KEY does not open sealed documents" in line for line in selfcheck())
    rollback()
    assert any("SECRET_KEY does not open sealed documents" in line for line in service.prove_all())
    monkeypatch.setattr(config.settings(), "secret_key_fallbacks", ["development-only-secret-key"])
    assert selfcheck() == []


def test_an_authenticator_that_cannot_be_opened_is_said_too(app, frozen, monkeypatch):
    person = people_service.ensure_user("alice@example.com", "Alice A")
    db.session.execute(
        sa.text(
            "INSERT INTO totp (person_id, sealed, last_step, added_at) VALUES (:p, :s, 0, :at)"
        ),
        {"p": person, "s": sealing.seal("totp", person, b"secret"), "at": "2026-06-15 09:00:00"},
    )
    commit()
    assert selfcheck() == []
    monkeypatch.setattr(config.settings(), "secret_key", "another secret")
    assert any("SECRET_KEY does not open sealed authenticator apps" in line for line in selfcheck())


def test_the_doctor_tries_sealed_samples_too(sealed, monkeypatch):
    from crowdfund.local import doctor_sql

    rollback()
    assert doctor_sql._check_sealed().wrong == ""
    monkeypatch.setattr(config.settings(), "secret_key", "another secret")
    assert "does not open sealed documents" in doctor_sql._check_sealed().wrong


# --- memory ---------------------------------------------------------------------------------------

MOST_MB_ABOVE_IDLE = 40


@pytest.mark.parametrize("verb", ["selfcheck", "prove_all"])
def test_memory_does_not_grow_with_the_journal(tmp_path, verb):
    """100,000 postings would take 75 MB if they were read at once."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.big_journal",
            "--postings",
            "100000",
            "--measure",
            verb,
            str(tmp_path / "big.db"),
        ],
        cwd=ROOT,
        env={**os.environ, "CROWDFUND_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    figures = dict(line.split("=") for line in ran.stdout.split() if "=" in line)
    assert int(figures["problems"]) == 0
    assert float(figures["grown_mb"]) < MOST_MB_ABOVE_IDLE, figures
    with closing(sqlite3.connect(tmp_path / "big.db")) as found:
        assert found.execute("SELECT COUNT(*) FROM journal_posting").fetchone() == (100_000,)
