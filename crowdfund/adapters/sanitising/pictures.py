"""Pictures: decoded and encoded again, so that only pixels remain. Runs in `child.py` only."""

import io

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from refused import RefusedError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
SIDES = {"document": 2400, "poster": 1600, "portrait": 640}
# The least longer and shorter side of a picture for everybody: a smaller one would be a blur.
LEAST = {"poster": (320, 240), "portrait": (200, 200)}
# Pixels that fit into the memory of this process, by mode; the others need a second copy on the
# way.
MOST_PIXELS = {
    "1": 36_000_000,
    "L": 50_000_000,
    "I;16": 8_000_000,
    "P": 10_000_000,
    "RGB": 12_600_000,
}
MOST_OF_OTHERS = 6_000_000
MOST_WEBP = 4_200_000  # decoded whole by its own library before Pillow gets a copy
SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}  # of colour profiles
MOST_PROGRESSIVE = 25_000_000  # such a JPEG is held whole, however small it is decoded


TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def rewrite(
    data: bytes, content_type: str, job: str, turn: int = 0
) -> tuple[bytes, str, tuple[int, int]]:
    """Return fresh bytes, their type and size: JPEG for a document, WebP for everybody's pictures.

    `turn` is in degrees clockwise, on top of how the camera was held.
    """
    side = SIDES[job]
    Image.MAX_IMAGE_PIXELS = None  # our own, stricter limit follows
    try:
        with _open(data, content_type) as source:
            _check(source, side, LEAST.get(job, (1, 1)))
            source.load()
            picture = _upright(source, side)
            if turn in TURNS:
                picture = picture.transpose(TURNS[turn])
    except (UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise RefusedError("picture") from error
    except OSError as error:
        raise RefusedError("truncated" if "truncated" in str(error) else "picture") from error
    out = io.BytesIO()
    if job in LEAST:
        # Another quality for each, so that no portrait is the file of another picture.
        picture.save(out, "WEBP", quality=80 if job == "poster" else 84, method=4)
        return out.getvalue(), "image/webp", picture.size
    picture.save(out, "JPEG", quality=85, optimize=False, subsampling=0)
    return out.getvalue(), "image/jpeg", picture.size


def _open(data: bytes, content_type: str) -> Image.Image:
    """Open a picture without decoding it.

    Many cameras append previews or depth maps to a JPEG (MPO). `Image.open` would make a moving
    picture of it; the JPEG reader alone sees the first one, the photo.
    """
    if content_type == "image/jpeg":
        return JpegImageFile(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=(FORMATS[content_type],))


def _check(source: Image.Image, side: int, least: tuple[int, int]) -> None:
    """Refuse by the header, before anything is decoded."""
    if max(source.size) < least[0] or min(source.size) < least[1]:
        raise RefusedError(f"small {least[0]} {least[1]}")
    if getattr(source, "n_frames", 1) != 1:
        raise RefusedError("frames")
    if source.format == "JPEG":
        if "progressive" in source.info and source.width * source.height > MOST_PROGRESSIVE:
            raise RefusedError("pixels")
        # A camera's picture is decoded at a half or a quarter where that is still enough.
        longest = max(source.size)
        source.draft(None, (source.width * side // longest, source.height * side // longest))
    most = MOST_PIXELS.get(source.mode, MOST_OF_OTHERS)
    if source.format == "WEBP":
        most = MOST_WEBP
    if source.width * source.height > most:
        raise RefusedError("pixels")


def _upright(source: Image.Image, side: int) -> Image.Image:
    """Return the picture turned as it was taken, small enough, on white."""
    turned = source.getexif().get(0x0112, 1)
    factor = max(source.size) // side
    can_reduce = factor > 1 and source.mode not in ("P", "1", "I;16")
    picture = source.reduce(factor) if can_reduce else source
    if picture.mode in ("I", "I;16"):  # converted at once, everything above 255 would be white
        picture = picture.convert("I").point(lambda value: value * (1 / 256))
    if picture.mode not in ("RGB", "RGBA", "L", "CMYK"):
        picture = picture.convert(_mode(picture))
    picture.thumbnail((side, side))
    if picture.mode == "RGBA":
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    picture = _in_srgb(picture, source.info.get("icc_profile"))
    exif = Image.Exif()
    exif[0x0112] = turned
    fresh = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    fresh.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(fresh)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours to sRGB, what readers assume without a profile; ignore a broken one."""
    plain = picture.convert("RGB") if picture.mode == "CMYK" else picture
    if not profile:
        return plain
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if SPACES.get(picture.mode) != source.profile.xcolor_space:
            return plain
        target = ImageCms.createProfile("sRGB")
        if picture.mode == "RGB":  # in place: there may be no memory for another copy
            ImageCms.profileToProfile(picture, source, target, inPlace=True)
            return picture
        return ImageCms.profileToProfile(picture, source, target, outputMode="RGB") or plain
    except (ImageCms.PyCMSError, OSError, ValueError):
        return plain


def _mode(picture: Image.Image) -> str:
    if picture.mode in ("LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        return "RGBA"
    return "L" if picture.mode in ("1", "I") else "RGB"
