"""Pictures as every mail program shows them: JPEG, as wide as an e-mail."""

import io
from functools import lru_cache

from crowdfund.adapters import storage

WIDTH = 496


@lru_cache(maxsize=16)  # the many messages about one campaign show one picture
def jpeg(file_id: str) -> bytes:
    """Return a public picture for an e-mail; empty where there is none that can be shown.

    The platform has encoded it itself. Drawings in SVG are shown by few mail programs.
    """
    if not file_id.endswith(".webp"):
        return b""
    try:
        path, _content_type = storage.open_public(file_id)
    except storage.FileMissing:
        return b""
    from PIL import Image

    with Image.open(path, formats=("WEBP",)) as source:
        picture = source.convert("RGB")
    picture.thumbnail((WIDTH, WIDTH))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
