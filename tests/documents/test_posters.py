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
    source = Image.new(mode, (400, 300), half.get(mode, 128 if mode == "L" else (255, 0, 0)))
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
    ("size", "job", "least"),
    [
        ((1, 1), "poster", "320 × 240"),
        ((319, 240), "poster", "320 × 240"),
        ((1600, 239), "poster", "320 × 240"),
        ((199, 400), "portrait", "200 × 200"),
    ],
)
def test_a_picture_too_small_to_be_seen_is_refused_with_the_least_size(app, size, job, least):
    with pytest.raises(rules.FileRefused) as refusal:
        service.poster(raising.picture(size), job=job)
    assert refusal.value.user_message == (
        f"The picture is too small. Choose one of at least {least} pixels."
    )


@pytest.mark.parametrize(
    ("size", "job", "made"),
    [
        ((320, 240), "poster", (320, 240)),
        ((240, 320), "poster", (240, 320)),
        ((200, 200), "portrait", (200, 200)),
        ((1280, 960), "portrait", (640, 480)),
    ],
)
def test_the_least_size_is_taken_upright_too_and_the_size_is_known(app, size, job, made):
    fresh = service.poster(raising.picture(size), job=job)
    assert (fresh.width, fresh.height) == made
    with Image.open(io.BytesIO(fresh.data)) as picture:
        assert picture.size == made


def test_a_portrait_is_never_the_file_of_another_picture(app):
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((400, 400)).save(out, "PNG")
    one = out.getvalue()
    assert service.poster(one).data != service.poster(one, job="portrait").data


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"MZ\x90\x00 an exe", "This is a program. Choose a JPEG, PNG or WebP."),
        (b"<svg onload=alert(1)>", "can contain programs"),
        (raising.PDF, "This is a PDF. Choose a JPEG, PNG or WebP."),
        (raising.picture((640, 360))[:60], "cut off"),
        (b"GIF89a" + b"\0" * 99, "GIF picture"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(app, data, sentence):
    with pytest.raises(rules.FileRefused) as refusal:
        service.poster(data)
    assert sentence in refusal.value.user_message
