"""Pictures: decoded and encoded again, so that only what is seen is left. Runs in `child.py` only."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError
from refused import RefusedError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
MAX_BYTES = 100_000_000  # of the decoded picture: 25 million pixels in colour, 100 million in grey
SIDES = {"paper": 3000, "poster": 1600}
# Pillow keeps every colour pixel in four bytes.
BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2}


def rewrite(data: bytes, content_type: str, job: str) -> tuple[bytes, str]:
    """Return fresh bytes and their type: JPEG for a paper, WebP for a poster."""
    side = SIDES[job]
    Image.MAX_IMAGE_PIXELS = None  # our own, stricter limit follows
    try:
        with Image.open(io.BytesIO(data), formats=(FORMATS[content_type],)) as source:
            _check(source, side)
            source.load()
            picture = _upright(source, side)
    except (UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise RefusedError("picture") from error
    except OSError as error:
        raise RefusedError("truncated" if "truncated" in str(error) else "picture") from error
    out = io.BytesIO()
    if job == "poster":
        picture.save(out, "WEBP", quality=80, method=4)
        return out.getvalue(), "image/webp"
    picture.save(out, "JPEG", quality=85, optimize=False, subsampling=0)
    return out.getvalue(), "image/jpeg"


def _check(source: Image.Image, side: int) -> None:
    """Refuse by the header, before anything is decoded."""
    if getattr(source, "n_frames", 1) != 1:
        raise RefusedError("frames")
    if source.format == "JPEG":
        # A camera's picture is decoded at a half or a quarter where that is still enough.
        source.draft(None, (side, side))
    if source.width * source.height * BYTES_A_PIXEL.get(source.mode, 4) > MAX_BYTES:
        raise RefusedError("pixels")


def _upright(source: Image.Image, side: int) -> Image.Image:
    """Return the picture turned as it was taken, small enough, on white."""
    turned = source.getexif().get(0x0112, 1)
    factor = max(source.width, source.height) // side
    picture = source.reduce(factor) if factor > 1 and source.mode not in ("P", "1") else source
    picture = picture if picture.mode in ("RGB", "RGBA", "L") else picture.convert(_mode(picture))
    picture.thumbnail((side, side))
    if picture.mode == "RGBA":
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    exif = Image.Exif()
    exif[0x0112] = turned
    fresh = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    fresh.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(fresh)


def _mode(picture: Image.Image) -> str:
    if picture.mode in ("LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        return "RGBA"
    return "L" if picture.mode in ("1", "I;16") else "RGB"
