"""Pictures as every mail program shows them: JPEG, as wide as an e-mail."""

import io
from functools import lru_cache

import structlog

from crowdfund.adapters import storage

log = structlog.get_logger()
WIDTH = 496


def jpeg(file_id: str) -> bytes:
    """Return a public picture for an e-mail; empty where there is none that can be shown.

    A message goes out without a picture that is missing or damaged. Drawings in SVG are shown by
    few mail programs.
    """
    if not file_id.endswith(".webp"):
        return b""
    try:
        return _encoded(file_id)
    except (storage.FileMissing, OSError) as error:
        log.warning("mail.no_picture", file_id=file_id, why=type(error).__name__)
        return b""


@lru_cache(maxsize=16)  # the many messages about one campaign show one picture
def _encoded(file_id: str) -> bytes:
    path, _content_type = storage.open_public(file_id)
    from PIL import Image

    with Image.open(path, formats=("WEBP",)) as source:
        picture = source.convert("RGB")
    picture.thumbnail((WIDTH, WIDTH))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
