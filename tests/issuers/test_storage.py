"""Files: what is not what it says is refused, what is private is unreadable on disk."""

import pytest

from crowdfund.adapters import custody, storage
from tests import raising


def test_the_same_picture_has_the_same_address(app):
    one, two = storage.put_public(b"same"), storage.put_public(b"same")
    assert one == two
    path, kind = storage.open_public(one)
    assert (path.read_bytes(), kind) == (b"same", "image/webp")


@pytest.mark.parametrize(
    "file_id", ["../../secret", "..%2f", "a" * 64 + ".exe", "a" * 64, "", "a" * 63 + "/.webp"]
)
def test_no_path_leads_out_of_the_public_folder(app, file_id):
    with pytest.raises(storage.FileMissing):
        storage.open_public(file_id)


def test_a_private_file_is_unreadable_on_disk_and_gone_when_deleted(app):
    stored = storage.put_private(raising.PDF, "area")
    [path] = (p for p in storage._root().rglob(stored.id))
    assert b"PDF" not in path.read_bytes()
    assert storage.get_private(stored.id, stored.key, "area") == raising.PDF
    storage.delete_private(stored.id, "area")
    with pytest.raises(storage.FileMissing):
        storage.get_private(stored.id, stored.key, "area")


def test_a_wallet_that_the_platform_holds_opens_only_with_its_secret(app):
    address, sealed = custody.new_wallet()
    assert len(custody.unseal(address, sealed)) == 32
    with pytest.raises(custody.UnsealError):
        custody.unseal("0x" + "0" * 40, sealed)
