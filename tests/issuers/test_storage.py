"""Files: what is not what it says is refused, what is private is unreadable on disk."""

import io

import pytest
from PIL import Image

from crowdfund.adapters import custody, storage
from tests import raising


def test_a_picture_is_made_anew_without_its_metadata(app):
    source = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (3000, 1000), "red").save(source, "JPEG", exif=exif)
    fresh = storage.reencode_image(source.getvalue() + b"<script>hidden</script>")
    with Image.open(io.BytesIO(fresh)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1600, 533))
        assert not picture.getexif()
    assert b"hidden" not in fresh
    assert b"home" not in fresh


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00 an exe",
        b"<svg onload=alert(1)>",
        raising.PDF,
        raising.picture()[:60],
        b"GIF89a" + b"\0" * 99,
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(app, data):
    with pytest.raises(storage.FileRefused) as refusal:
        storage.reencode_image(data)
    assert refusal.value.user_message.endswith(".")


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(app):
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    with pytest.raises(storage.FileRefused, match="pixels"):
        storage.reencode_image(bomb.getvalue())


@pytest.mark.parametrize("data", [b"", b"MZ\x90 renamed.pdf", b"%PDF-1.4 cut off", b"PK\x03\x04"])
def test_what_is_no_pdf_is_refused(data):
    with pytest.raises(storage.FileRefused):
        storage.check_pdf(data)


def test_a_file_that_is_too_big_is_refused():
    with pytest.raises(storage.FileRefused, match="10 MB"):
        storage.check_pdf(raising.PDF + b"\0" * storage.MAX_UPLOAD_BYTES)


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
    stored = storage.put_private(raising.PDF)
    [path] = (p for p in storage._root().rglob(stored.id))
    assert b"PDF" not in path.read_bytes()
    assert storage.get_private(stored.id, stored.key) == raising.PDF
    storage.delete_private(stored.id)
    with pytest.raises(storage.FileMissing):
        storage.get_private(stored.id, stored.key)


def test_a_wallet_that_the_platform_holds_opens_only_with_its_secret(app):
    address, sealed = custody.new_wallet()
    assert len(custody.unseal(address, sealed)) == 32
    with pytest.raises(custody.UnsealError):
        custody.unseal("0x" + "0" * 40, sealed)
