"""Pictures that other sites show beside a link: JPEG, 1200 by 630 pixels, made once and kept."""

import io
from functools import cache
from pathlib import Path

import structlog

from crowdfund.adapters import storage
from crowdfund.kernel import config, vendored

log = structlog.get_logger()
SIZE = (1_200, 630)
_GREEN = "#0b6b5d"
_MOST = 290_000  # bytes: WhatsApp shows no picture of 300 kB or more
_QUALITIES = (85, 75, 60, 40)


def path_of(name: str) -> Path:
    """Return the file of a campaign's picture (its content id without suffix).

    It is in `cache` in the data folder, which may be emptied at any time and is in no backup.
    Raises FileMissing if there is no such picture or it cannot be read.
    """
    source, _content_type = storage.open_public(f"{name}.webp")
    target = config.settings().data_dir.absolute() / "cache" / "share-pictures" / f"{name}.jpg"
    if not target.is_file():
        try:
            storage.write(target, _cut(source))
        except OSError as error:
            log.warning("share.no_picture", file_id=source.name, why=type(error).__name__)
            raise storage.FileMissing from error
    return target


def _cut(source: Path) -> bytes:
    """Return the middle of a picture in the shape of a link's picture."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - costs memory, and few requests need it

    with Image.open(source, formats=("WEBP",)) as picture:
        picture.load()
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    cut = ImageOps.fit(flat, SIZE)
    for quality in _QUALITIES:
        out = io.BytesIO()
        cut.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= _MOST:
            break
    return out.getvalue()


@cache
def default() -> bytes:
    """Return the picture for a campaign without one: the platform's sign."""
    from PIL import Image  # noqa: PLC0415 - costs memory, and few requests need it

    canvas = Image.new("RGB", SIZE, _GREEN)
    with Image.open(vendored.STATIC / "icon-512.png", formats=("PNG",)) as sign:
        drawn = sign.convert("RGBA")
    canvas.paste(drawn, ((SIZE[0] - drawn.width) // 2, (SIZE[1] - drawn.height) // 2), drawn)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=85)
    return out.getvalue()
