"""Documents from upload to destruction: who may, what stays, who looked."""

import dataclasses
import hashlib
import re
import subprocess
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crowdfund.adapters import sealing, storage
from crowdfund.documents import models, queries, rules, service
from crowdfund.documents.events import DocumentExpired, DocumentExpiring
from crowdfund.documents.rows import Look
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid, NotYours, WrongState
from crowdfund.kernel.outbox import events
from tests import raising


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


@pytest.fixture
def carla(alice):
    return raising.person("carla", "compliance")


def upload(alice, kind="passport", name="me.pdf", by=None):
    """Store what has been examined already: that takes a process each time."""
    examined = service.Examined(kind, name, rules.PDF, raising.PDF)
    document_id = service.keep(("person", alice), examined, actor=by or alice)
    commit()
    return document_id


def store(alice, kind, name, data):
    document_id = service.store(("person", alice), kind, name, data, actor=alice)
    commit()
    return document_id


def look(document_id, viewer, purpose="own"):
    rollback()
    return service.open_document(document_id, viewer=viewer, purpose=purpose)


def status(document_id):
    rollback()
    return queries.get(document_id).status


def files():
    return list((storage._root() / service.AREA).glob("*/*"))


# --- storing and opening --------------------------------------------------------------------------


def test_a_stored_document_is_pending_and_opens(alice):
    document_id = store(alice, "passport", "me.pdf", raising.PDF)
    [row] = queries.of_owner(("person", alice))
    assert (row.id, row.status, row.content_type) == (document_id, "pending", rules.PDF)
    assert (row.filename, row.uploaded_by, row.owner) == ("me.pdf", alice, ("person", alice))
    assert look(document_id, alice).data.startswith(b"%PDF-")


def test_a_picture_is_kept_as_a_jpeg_under_a_fitting_name(alice):
    document_id = store(alice, "passport", "..\\C:\\scan of\nme.PNG", raising.picture())
    opened = look(document_id, alice)
    assert (opened.filename, opened.content_type) == ("scan ofme.jpg", rules.JPEG)
    assert opened.data.startswith(b"\xff\xd8\xff")


def test_the_bytes_on_disk_are_not_the_document(alice):
    upload(alice)
    [path] = files()
    assert b"%PDF" not in path.read_bytes()


def test_a_kind_that_the_owner_does_not_have_is_refused_before_anything_is_read(alice):
    with raising.refused(Invalid):
        service.store(("person", alice), "business_licence", "me.pdf", b"", actor=alice)
    with raising.refused(Invalid):
        service.store(("company", alice), "passport", "me.pdf", b"", actor=alice)
    assert files() == []


def test_a_memorandum_must_be_a_pdf(alice):
    with raising.refused(rules.FileRefused):
        service.store(("company", "c" * 32), "memorandum", "me.png", raising.picture(), actor=alice)


def test_a_replaced_document_is_no_longer_in_force_and_can_still_be_read(alice):
    old = upload(alice)
    rollback()
    new = service.replace(old, "newer.pdf", raising.document(2), actor=alice)
    commit()
    assert [row.id for row in queries.of_owner(("person", alice))] == [new]
    assert (queries.get(old).status, queries.get(old).replaced_by) == ("replaced", new)
    assert [row.id for row in queries.every_of_owner(("person", alice))] == [new, old]
    assert look(old, alice).data.startswith(b"%PDF-")


def test_only_the_kinds_that_are_asked_for_are_listed(alice):
    passport, address = upload(alice), upload(alice, "proof_of_address")
    assert [row.id for row in queries.of_owner(("person", alice), {"passport"})] == [passport]
    assert [row.id for row in queries.of_owner(("person", alice))] == [passport, address]


# --- who looked -----------------------------------------------------------------------------------


def test_every_look_is_recorded_before_anything_is_shown(alice, carla, frozen):
    document_id = upload(alice)
    look(document_id, alice)
    frozen.advance(timedelta(minutes=5))
    look(document_id, carla, "review")
    now = frozen.now()
    assert queries.access_log(("person", alice)) == [
        Look(now, carla, document_id, "review"),
        Look(now - timedelta(minutes=5), alice, document_id, "own"),
    ]
    assert queries.access_log(("person", carla)) == []


def test_a_look_stays_even_if_what_follows_is_refused(alice):
    document_id = upload(alice)
    look(document_id, alice)
    rollback()
    assert len(queries.access_log(("person", alice))) == 1


def test_a_look_is_never_changed_or_removed(alice):
    look(upload(alice), alice)
    for statement in (
        sa.update(models.DocumentView).values(viewer="somebody"),
        sa.delete(models.DocumentView),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(statement)
        rollback()


# --- deciding -------------------------------------------------------------------------------------


def test_a_document_is_verified_until_its_expiry(alice, carla, frozen):
    document_id = upload(alice)
    service.decide(document_id, actor=carla, approve=True, expires_on=date(2027, 1, 1))
    commit()
    row = queries.get(document_id)
    assert (row.status, row.expires_on) == ("verified", date(2027, 1, 1))
    assert (row.decided_by, row.decided_at) == (carla, frozen.now())
    assert [event.to_status for event in queries.history(document_id)] == ["pending", "verified"]


def test_a_document_is_rejected_with_a_reason_that_its_owner_reads(alice, carla):
    document_id = upload(alice)
    service.decide(
        document_id, actor=carla, approve=False, reason="  The photo is\n not readable. "
    )
    commit()
    row = queries.get(document_id)
    assert (row.status, row.reason) == ("rejected", "The photo is\nnot readable.")


@pytest.mark.parametrize("reason", ["", "blurred", "x" * 1001])
def test_a_rejection_needs_a_reason(alice, carla, reason):
    document_id = upload(alice)
    with raising.refused(Invalid):
        service.decide(document_id, actor=carla, approve=False, reason=reason)
    assert status(document_id) == "pending"


def test_nobody_decides_about_a_document_of_their_own(alice, carla):
    document_id = upload(carla)
    with raising.refused(NotYours):
        service.decide(document_id, actor=carla, approve=True)
    by_carla = upload(alice, by=carla)
    with raising.refused(NotYours):
        service.decide(by_carla, actor=carla, approve=True)


def test_a_document_is_decided_once(alice, carla):
    document_id = upload(alice)
    service.decide(document_id, actor=carla, approve=True)
    commit()
    with raising.refused(WrongState):
        service.decide(document_id, actor=carla, approve=False, reason="Changed my mind about it.")
    service.reopen(document_id, "the address has changed", actor="system")
    commit()
    assert status(document_id) == "pending"


def test_a_document_that_has_expired_already_is_not_verified(alice, carla, frozen):
    document_id = upload(alice)
    yesterday = (frozen.now() - timedelta(days=1)).date()
    with raising.refused(Invalid):
        service.decide(document_id, actor=carla, approve=True, expires_on=yesterday)


# --- expiry ---------------------------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch):
    """What a feature that listens would hear."""
    news = []
    monkeypatch.setattr(events, "SUBSCRIBERS", {})
    for event in (DocumentExpired, DocumentExpiring):
        listen = outbox.on(event)
        listen(lambda found: news.extend((one.name, one.payload()) for one in found))
    return news


def verified(alice, carla, expires_on):
    document_id = upload(alice)
    service.decide(document_id, actor=carla, approve=True, expires_on=expires_on)
    commit()
    return document_id


def test_a_verified_document_expires_after_its_last_day_in_the_zone_of_the_platform(
    alice, carla, frozen
):
    last = date(2026, 6, 16)
    document_id = verified(alice, carla, last)
    # Addis Ababa is three hours ahead: there the 16th ends at 21:00 UTC.
    for hours, expected in ((35, "verified"), (1.1, "expired")):
        frozen.advance(timedelta(hours=hours))
        service.expire_due()
        commit()
        assert status(document_id) == expected, frozen.now()


def test_only_verified_documents_expire(alice, carla, frozen, heard):
    document_id = upload(alice)
    service.decide(document_id, actor=carla, approve=False, reason="The photo is not readable.")
    endless = verified(alice, carla, None)
    frozen.advance(timedelta(days=4000))
    assert service.expire_due() == 0
    assert (status(document_id), status(endless)) == ("rejected", "verified")


def test_the_owner_is_reminded_once_thirty_days_before(alice, carla, frozen, heard):
    document_id = verified(alice, carla, date(2026, 8, 1))
    facts = {"document_id": document_id, "owner_kind": "person", "owner_id": alice}
    # from the 15th of June to the 1st of July, and on
    for days, expected in ((16, 0), (1, 1), (1, 0)):
        frozen.advance(timedelta(days=days))
        assert service.remind_due() == expected, frozen.now()
        commit()
    frozen.advance(timedelta(days=60))
    service.remind_due()
    service.expire_due()
    commit()
    outbox.drain_all()
    assert [event for event, _ in heard if event != "document.decided"] == [
        "document.expiring",
        "document.expired",
    ]
    assert heard[-1] == ("document.expired", facts)


# --- keys and destruction -------------------------------------------------------------------------


def test_the_key_opens_after_the_secret_key_was_rotated_and_not_without_it(alice):
    document_id = upload(alice)
    old = config.settings()
    fresh = {"secret_key": "n" * 40, "secret_key_fallbacks": [old.secret_key]}
    config.use(old.model_copy(update=fresh))
    assert look(document_id, alice).data.startswith(b"%PDF-")
    config.use(old.model_copy(update=fresh | {"secret_key_fallbacks": []}))
    with pytest.raises(sealing.UnsealError):
        look(document_id, alice)
    config.use(old)


def test_a_key_opens_its_own_document_only(alice):
    one, two = upload(alice), upload(alice)
    hidden = queries.secrets_of(one)
    with pytest.raises(sealing.UnsealError):
        sealing.unseal(service._PURPOSE, two, hidden.sealed_key)
    key = sealing.unseal(service._PURPOSE, one, hidden.sealed_key)
    with pytest.raises(InvalidTag):
        storage.get_private(queries.secrets_of(two).file_id, key.hex(), service.AREA)


def test_a_destroyed_document_does_not_open_even_from_bytes_that_were_copied_before(alice):
    document_id = upload(alice)
    [path] = files()
    copied, hidden = path.read_bytes(), queries.secrets_of(document_id)
    rollback()
    service.destroy(document_id, actor=alice)
    assert path.exists(), "a rollback would still have to find it"
    commit()
    assert not path.exists()
    with pytest.raises(queries.DocumentMissing):
        look(document_id, alice)
    path.write_bytes(copied)  # a backup of the files is no way back
    remaining = everything_in_the_database()
    assert hidden.sealed_key not in remaining
    assert hidden.salt not in remaining
    nonce, sealed = copied[:12], copied[12:]
    for piece in re.findall(r"[0-9a-f]{64}", remaining):  # nothing that is left is the key
        with pytest.raises(InvalidTag):
            AESGCM(bytes.fromhex(piece)).decrypt(nonce, sealed, path.name.encode())


def everything_in_the_database():
    rollback()
    rows = [
        row
        for table in db.metadata.sorted_tables
        for row in db.session.execute(sa.select(table)).all()
    ]
    return " ".join(str(value) for row in rows for value in row)


def test_the_file_of_the_database_does_not_hold_a_destroyed_key(alice, app, database_kind):
    if database_kind != "sqlite":
        pytest.skip("other databases keep their pages where this test cannot look")
    document_id = upload(alice)
    secret = queries.secrets_of(document_id)
    sealed, salt = secret.sealed_key, secret.salt
    rollback()
    assert sealed.encode() in database_bytes()
    service.destroy(document_id, actor=alice)
    commit()
    kept = database_bytes()
    assert sealed.encode() not in kept
    assert salt.encode() not in kept


def database_bytes():
    """Return the bytes of the database after what the log holds was written into it.

    Another process reads them: if this one closed the file, SQLite's locks on it would be gone, and
    the next process to leave the database would remove the log.
    """
    rollback()
    with db.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT", reader=True
    ) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    name = db.engine.url.database
    return subprocess.check_output(["cat", name, f"{name}-wal"])


def test_destruction_keeps_the_history_and_forgets_the_name(alice):
    document_id = upload(alice, name="alice bekele passport.pdf")
    look(document_id, alice)
    rollback()
    service.destroy(document_id, actor=alice)
    service.destroy(document_id, actor=alice)
    commit()
    row = queries.get(document_id)
    assert (row.status, row.filename) == ("destroyed", "-")
    assert [event.to_status for event in queries.history(document_id)] == ["pending", "destroyed"]
    assert len(queries.access_log(("person", alice))) == 1
    assert queries.of_owner(("person", alice)) == []


def test_the_commitment_is_salted(alice):
    one, two = queries.get(upload(alice)), queries.get(upload(alice))
    plain = hashlib.sha256(look(one.id, alice).data).hexdigest()
    assert one.sha256_commitment != two.sha256_commitment
    assert plain not in one.sha256_commitment
    salt = queries.secrets_of(one.id).salt
    assert rules.commitment(salt, plain) == one.sha256_commitment


def test_the_sweep_removes_files_that_no_document_opens_and_nothing_else(alice, frozen):
    kept, gone = upload(alice), upload(alice)
    lost = storage.put_private(b"of an upload that was rolled back", service.AREA).id
    elsewhere = storage.put_private(b"of another feature", "elsewhere").id
    orphan = queries.secrets_of(gone).file_id
    db.session.execute(sa.delete(models.DocumentKey).where(models.DocumentKey.document_id == gone))
    commit()
    assert service.sweep() == 0, "the clock of the tests is before the files were written"
    frozen.set(frozen.now() + timedelta(days=4000))
    assert service.sweep() == 2
    assert {path.name for path in files()} == {queries.secrets_of(kept).file_id}
    assert not {lost, orphan} & {path.name for path in files()}
    assert (storage._root() / "elsewhere" / elsewhere[:2] / elsewhere).exists()


def test_a_row_that_others_get_cannot_be_changed(alice):
    row = queries.get(upload(alice))
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.status = "verified"
