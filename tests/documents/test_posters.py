"""Pictures for everybody: made anew from an upload, so that only what is seen is published."""

import io

import pytest
from PIL import Image

from crowdfund.documents import rules, service
from tests import raising


def test_a_picture_is_made_anew_without_its_metadata(app):
    source = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (3000, 1000), "red").save(source, "JPEG", exif=exif)
    fresh = service.poster(source.getvalue() + b"<script>hidden</script>").data
    with Image.open(io.BytesIO(fresh)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1600, 533))
        assert not picture.getexif()
    assert b"hidden" not in fresh
    assert b"home" not in fresh


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_a_picture_of_any_kind_keeps_its_colours_on_white(app, mode):
    half = {
        "I;16": 40_000,
        "P": 3,
        "1": 1,
        "LA": (200, 0),
        "RGBA": (9, 9, 9, 0),
        "CMYK": (0, 255, 255, 0),
    }
    out = io.BytesIO()
    source = Image.new(mode, (40, 20), half.get(mode, 128 if mode == "L" else (255, 0, 0)))
    if mode == "P":
        source.putpalette([0, 0, 0] * 3 + [255, 0, 0])
    source.save(out, "JPEG" if mode == "CMYK" else "PNG")
    with Image.open(io.BytesIO(service.poster(out.getvalue()).data)) as picture:
        seen = picture.convert("RGB").getpixel((20, 10))
    grey, red, white = (128, 128, 128), (255, 0, 0), (255, 255, 255)
    meant = {"L": grey, "I;16": (156, 156, 156), "1": white, "LA": white, "RGBA": white}.get(
        mode, red
    )
    assert all(abs(one - other) < 12 for one, other in zip(seen, meant, strict=True)), (mode, seen)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"MZ\x90\x00 an exe", "This is a program. Choose a JPEG, PNG or WebP."),
        (b"<svg onload=alert(1)>", "can contain programs"),
        (raising.PDF, "This is a PDF. Choose a JPEG, PNG or WebP."),
        (raising.picture()[:60], "cut off"),
        (b"GIF89a" + b"\0" * 99, "GIF picture"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(app, data, sentence):
    with pytest.raises(rules.FileRefused) as refusal:
        service.poster(data)
    assert sentence in refusal.value.user_message
