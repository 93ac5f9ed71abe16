"""Smaller copies of public pictures for phones: WebP, made once for each width and kept."""

import io
from pathlib import Path

import structlog

from crowdfund.adapters import storage
from crowdfund.kernel import config

log = structlog.get_logger()
WIDTHS = (480, 960)  # pixels
_QUALITY = 78


def path_of(name: str, width: int) -> Path:
    """Return the file of a picture (its content id without suffix) in one of WIDTHS.

    A narrower picture keeps its own width. It is in `cache` in the data folder, which may be
    emptied at any time and is in no backup. Raises FileMissing if there is no such picture or it
    cannot be read.
    """
    source, _content_type = storage.open_public(f"{name}.webp")
    target = _path(name, width)
    if not target.is_file():
        try:
            storage.write(target, _narrow(source, width))
        except OSError as error:
            log.warning("small_picture.failed", file_id=source.name, why=type(error).__name__)
            raise storage.FileMissing from error
    return target


def delete(name: str) -> None:
    """Remove the copies of a picture that is removed itself."""
    for width in WIDTHS:
        _path(name, width).unlink(missing_ok=True)


def _path(name: str, width: int) -> Path:
    cache = config.settings().data_dir.absolute() / "cache"
    return cache / "pictures" / str(width) / f"{name}.webp"


def _narrow(source: Path, width: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - costs memory, and few requests need it

    with Image.open(source, formats=("WEBP",)) as picture:
        picture.thumbnail((width, picture.height))
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()
