"""PDF files that the platform writes: Typst fills a template with values."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from crowdfund.kernel import vendored

log = structlog.get_logger()
ROOT = Path(vendored.__file__).parents[1]
FONTS = vendored.STATIC / "vendor"
_ELSEWHERE = (
    "import pickle, sys, typst; "
    "sys.stdout.buffer.write(typst.compile(**pickle.load(sys.stdin.buffer)))"
)
_used_by = 0  # the process that has begun Typst's threads


def write(template: str, values: Mapping[str, Any], *, written_at: datetime) -> bytes:
    """Return a PDF of `templates/pdf/NAME.typ`; the same values at the same time are the same file.

    The file is PDF/UA-1 with our fonts: Latin, Greek, Cyrillic, Ethiopic and Devanagari. A letter
    that they lack is taken from the system's fonts; then the file is only tagged. The template gets
    the values as data, so nothing in them is read as markup.
    """
    import typst

    source = ROOT / "templates" / "pdf" / f"{template}.typ"
    known: dict[str, Any] = {
        "input": source,
        "root": ROOT,
        "font_paths": [FONTS],
        "format": "pdf",
        "sys_inputs": {"values": json.dumps(values)},
        "timestamp": int(written_at.timestamp()),
    }
    try:
        made = _compile({**known, "ignore_system_fonts": True, "pdf_standards": ["ua-1"]})
    except typst.TypstError as error:
        log.warning("pdf.not_accessible", template=template, why=str(error)[:200])
        made = _compile(known)
    return made


def _compile(known: dict[str, Any]) -> bytes:
    """Return the file that Typst makes. Raises TypstError.

    A fork has none of the threads of its parent: there Typst would wait for them for ever, so it
    runs in a program of its own.
    """
    import typst

    global _used_by
    _used_by = _used_by or os.getpid()
    if _used_by == os.getpid():
        return bytes(typst.compile(**known))
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [sys.executable, "-c", _ELSEWHERE],
        input=pickle.dumps(known),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        why = done.stderr.decode(errors="replace")
        raise typst.TypstError(why[-500:], why)
    return done.stdout
