"""A backup holds everything and is read anywhere;
what does not fit is refused before anything changes."""

import gzip
import json
import stat

import pytest
import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.backups import manifest, rows, sealed
from crowdfund.backups.errors import RestoreRefused
from crowdfund.campaigns import listing
from crowdfund.campaigns.rules import addresses
from crowdfund.chain import connection
from crowdfund.chain import service as chain
from crowdfund.chain.models import Block
from crowdfund.documents import service as documents
from crowdfund.kernel import audit, clock
from crowdfund.kernel.db import commit, db, rollback, snapshot
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.models import Head
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.people import service
from tests import raising
from tests.campaigns import many
from tests.campaigns.many import Made

WORLD, WALLET = "gateway:bank:external", "user:alice:wallet"
PASSPHRASE = "correct horse battery staple"


def fill(place):
    """Put a bit of everything into an installation; return the id of its document."""
    with place.inside():
        alice = service.ensure_user("alice@example.com", "አሊስ", roles=["finance"])
        first = posting.post("one", [Posting(WORLD, WALLET, 1_000)], kind="test")
        posting.reverse("two", first, reason="a mistake")
        posting.post("three", [Posting(WORLD, WALLET, 500)], kind="test")
        audit.record(
            alice, "probe.verb", ("person", alice), {"reason": "They asked"}, roles=("finance",)
        )
        block = Block(number=7, hash="0x" + "b" * 64, parent="0x" + "a" * 64, timestamp=1)
        chain.begin_reading(chain_id=31337, genesis="0x" + "c" * 64, block=block)
        examined = raising.made_document("passport")
        document = documents.keep(("person", alice), examined, actor=alice)
        storage.put_public(b"a picture")
        commit()
        for role in ("admin", "operator", "recorder"):
            connection.make_key(role)
    return document


def everything(place):
    """Return all rows of all tables of an installation."""
    with place.inside(), snapshot():
        return {
            table.name: list(
                map(tuple, db.session.execute(sa.select(table).order_by(*table.primary_key)))
            )
            for table in db.metadata.sorted_tables
        }


@pytest.fixture
def backed_up(places, tmp_path):
    """An installation, its backup, and the id of a document in it."""
    place = places(upgraded=True)
    document = fill(place)
    said = place.must("backup", tmp_path / "backup")
    assert "SECRET_KEY is not in it" in said
    return place, tmp_path / "backup", document


def test_everything_is_restored_into_an_empty_installation(backed_up, places):
    place, folder, document = backed_up
    other = places()
    said = other.must("restore", folder)
    assert everything(other) == everything(place)
    with other.inside():
        assert documents.read(document).data == raising.PDF
        assert ledger.balance(WALLET) == 500
        rollback()
        assert connection.key_of("recorder")
    assert "flask reconcile bank --since" in said
    assert "selfcheck: clean" in other.must("selfcheck", "--all", "--no-chain")
    keys = sorted(path.name for path in (other.settings.data_dir / "keys").iterdir())
    assert keys == sorted(path.name for path in (place.settings.data_dir / "keys").iterdir())


def test_restored_tables_refuse_changes_as_before(backed_up, places):
    _place, folder, _document = backed_up
    other = places()
    other.must("restore", folder)
    with other.inside():
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(sa.text("DELETE FROM journal_entry"))
        rollback()
        posting.post("four", [Posting(WORLD, WALLET, 1)], kind="test")
        commit()
    assert "selfcheck: clean" in other.must("selfcheck", "--no-chain")


def test_the_public_list_counts_every_restored_campaign_once_and_takes_new_ones(places, tmp_path):
    place, other = places(upgraded=True), places()
    with place.inside():
        many.insert(
            [Made(text="coffee"), Made(status="released"), Made(status="draft", starts=None)]
        )
    place.must("backup", tmp_path / "backup")
    other.must("restore", tmp_path / "backup")
    with other.inside():
        assert listing.page(addresses.asked({})).total == 2
        assert listing.page(addresses.asked({"status": "live"})).total == 1
        assert listing.page(addresses.asked({"q": "coffee"})).total == 1
        many.insert([Made(text="coffee")])  # PostgreSQL has a sequence for its place
        assert listing.page(addresses.asked({})).total == 3
        assert listing.page(addresses.asked({"q": "coffee"})).total == 2


def test_the_manifest_says_where_everything_stood(backed_up):
    place, folder, _document = backed_up
    made = manifest.read(folder)
    with place.inside():
        head = db.session.execute(sa.select(Head.seq, Head.hash)).one()
    assert made.journal == {"seq": head.seq, "hash": head.hash} | {"seq": 3}
    assert made.audit["seq"] == 1
    assert made.chain == {"chain_id": 31337, "genesis": "0x" + "c" * 64, "number": 7, "applied": 7}
    assert made.tables["journal_entry"] == 3
    assert made.moment <= clock.now()


def test_only_the_owner_can_read_keys_and_documents_keys_lie_apart(backed_up):
    _place, folder, _document = backed_up
    for path in (folder / "keys").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert (folder / "keys" / "document_key.jsonl.gz").is_file()
    assert not (folder / "database" / "document_key.jsonl.gz").exists()


def test_keys_may_go_elsewhere_and_under_a_passphrase(backed_up, places, tmp_path):
    place, _folder, document = backed_up
    words = tmp_path / "words"
    words.write_text(PASSPHRASE + "\n")
    target, keys = tmp_path / "second", tmp_path / "vault"
    place.must("backup", target, "--keys", keys, "--passphrase-file", words)
    assert not (target / "keys").exists()
    with place.inside():
        secret = connection.key_of("recorder").encode()
    assert not any(secret in path.read_bytes() for path in keys.rglob("*") if path.is_file())
    other = places()
    assert "give the passphrase" in other.flask("restore", target, "--keys", keys)[1]
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase")
    refused = other.flask("restore", target, "--keys", keys, "--passphrase-file", wrong)
    assert (refused[0], "does not open" in refused[1]) == (1, True)
    other.must("restore", target, "--keys", keys, "--passphrase-file", words)
    with other.inside():
        assert documents.read(document).data == raising.PDF


# --- refusals -------------------------------------------------------------------------------------


def refused(place, folder, *more):
    code, said = place.flask("restore", folder, *more)
    assert code == 1
    assert "Nothing was" in said
    return said


@pytest.mark.parametrize("name", ["database/journal_entry.jsonl.gz", "keys/document_key.jsonl.gz"])
def test_a_damaged_backup_is_refused(backed_up, places, name):
    _place, folder, _document = backed_up
    (folder / name).write_bytes(b"x")
    assert f"{name.removeprefix('keys/')} is not what was written" in refused(places(), folder)


def test_a_backup_with_a_missing_file_is_refused(backed_up, places):
    _place, folder, _document = backed_up
    next((folder / "files").rglob("*.webp")).unlink()
    assert "is missing" in refused(places(), folder)


def test_half_a_backup_is_refused(backed_up, places):
    _place, folder, _document = backed_up
    (folder / "manifest.json").unlink()
    assert "is not a whole backup" in places().flask("restore", folder)[1]


def change(folder, **values):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_backup_of_a_newer_version_is_refused(backed_up, places):
    _place, folder, _document = backed_up
    change(folder, schema=["9999_later"])
    assert "newer version" in refused(places(), folder)


def test_a_backup_of_another_chain_is_refused(backed_up, places):
    _place, folder, _document = backed_up
    assert "belongs to chain 31337" in refused(places(chain_id=5), folder)


def test_a_backup_under_another_secret_is_refused(backed_up, places):
    _place, folder, _document = backed_up
    assert "SECRET_KEY is not the one" in refused(places(secret_key="another"), folder)


def test_a_database_that_is_in_use_is_refused_unless_told(backed_up, places):
    place, folder, _document = backed_up
    other = places(upgraded=True)
    with other.inside():
        service.ensure_user("bob@example.com", "Bob")
        commit()
    before = everything(other)
    assert "is not empty" in refused(other, folder)
    assert everything(other) == before
    other.must("restore", folder, "--replace")
    assert everything(other) == everything(place)


def test_another_key_of_the_chain_is_not_overwritten(backed_up, places):
    _place, folder, _document = backed_up
    other = places()
    with other.inside():
        mine = connection.make_key("recorder")
    assert "another key of the chain recorder" in refused(other, folder)
    other.must("restore", folder, "--replace")
    with other.inside():
        assert connection.key_of("recorder") != mine
    kept = other.settings.data_dir / "keys" / "chain-recorder.key.before-restore"
    assert kept.read_text().strip() == mine


def test_a_backup_never_overwrites_another(backed_up):
    place, folder, _document = backed_up
    before = (folder / "manifest.json").read_bytes()
    code, said = place.flask("backup", folder)
    assert (code, "is not an empty folder" in said) == (1, True)
    assert (folder / "manifest.json").read_bytes() == before


def test_a_backup_of_old_tables_is_not_made(places, tmp_path):
    code, said = places().flask("backup", tmp_path / "backup")
    assert (code, "flask db upgrade" in said) == (1, True)


def test_others_work_while_a_backup_is_made(places, tmp_path, monkeypatch):
    place = places(upgraded=True)
    fill(place)
    real, written = rows.dump, []

    def dump(table, path):
        if table.name == "journal_entry":
            with db.engine.begin() as meanwhile:  # would wait for a lock for ever
                meanwhile.execute(sa.text("UPDATE journal_head SET seq = seq"))
                meanwhile.execute(sa.text("UPDATE ledger_account SET held_minor = held_minor"))
            written.append(table.name)
        return real(table, path)

    monkeypatch.setattr(rows, "dump", dump)
    place.must("backup", tmp_path / "backup")
    assert written == ["journal_entry"]


# --- files and rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE, sealed.PIECE + 1, 3 * sealed.PIECE])
def test_an_encrypted_file_opens_with_its_passphrase_alone(tmp_path, size):
    clear, hidden, again = (tmp_path / name for name in ("clear", "hidden", "again"))
    clear.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    sealed.encrypt(clear, hidden, PASSPHRASE)
    sealed.decrypt(hidden, again, PASSPHRASE)
    assert again.read_bytes() == clear.read_bytes()
    with pytest.raises(RestoreRefused):
        sealed.decrypt(hidden, again, "another")


def test_an_encrypted_file_cut_at_a_piece_is_refused(tmp_path):
    clear, hidden = tmp_path / "clear", tmp_path / "hidden"
    clear.write_bytes(b"x" * 3 * sealed.PIECE)
    sealed.encrypt(clear, hidden, PASSPHRASE)
    piece = 4 + 12 + sealed.PIECE + 16
    hidden.write_bytes(hidden.read_bytes()[:-piece])
    with pytest.raises(RestoreRefused):
        sealed.decrypt(hidden, tmp_path / "again", PASSPHRASE)


def test_a_manifest_that_names_files_outside_is_refused(tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "secret").write_text("x")
    wanted = {"../secret": manifest.digest(tmp_path / "secret")}
    assert list(manifest.differences(tmp_path / "backup", wanted)) == [
        "../secret lies outside of the backup"
    ]


def test_rows_are_lines_that_anybody_can_read(backed_up):
    _place, folder, _document = backed_up
    with gzip.open(folder / "database" / "journal_posting.jsonl.gz", "rt") as lines:
        read = [json.loads(line) for line in lines]
    assert read[0] == ["seq", "n", "source", "destination", "amount_minor"]
    assert read[1] == [1, 0, WORLD, WALLET, 1_000]
