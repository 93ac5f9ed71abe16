"""Small copies of pictures that were written by our own sanitiser; never of uploads."""

import io

SIDE = 480  # pixels: as wide as a page shows it on a dense screen


def make(data: bytes) -> bytes:
    """Return a JPEG of at most 480 px a side."""
    from PIL import Image  # noqa: PLC0415 - costs memory, and few pages need it

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
        picture.draft(None, (SIDE, SIDE))
        picture.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
