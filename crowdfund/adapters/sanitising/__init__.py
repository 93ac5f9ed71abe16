"""Uploads read and written anew by a small program of their own, so that a bomb kills only itself.

`child.py` runs outside this process: no environment, no files to write, 130 MB, 1.7 s of processor
time. It gets the bytes on its input and answers with fresh ones, or with a word why not. See
docs/adr/0010.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from crowdfund.kernel.errors import FileRefused, Unavailable
from crowdfund.kernel.i18n import _

log = structlog.get_logger()
CPU_S = 1.7  # of the processor for one file: with a core free, the answer comes within two seconds
LIMIT_S = 20.0  # wall-clock time: a busy machine must not cause a refusal
MEMORY_MB = 130  # address space of the child: with a web process it stays below 300
TURNS = threading.BoundedSemaphore(2)  # children at once in this process
WAIT_S = 10.0  # for a turn
# `-E -s`: nothing of the environment or of a user's own packages; the folder of child.py is its
# path.
COMMAND = (sys.executable, "-E", "-s", "-B", str(Path(__file__).parent / "child.py"))


@dataclass(frozen=True, slots=True)
class Clean:
    """A harmless copy: bytes, type, number of pages (one for a picture), pixels of a picture."""

    data: bytes
    content_type: str
    pages: int
    size: tuple[int, int] = (0, 0)


def clean(data: bytes, content_type: str, *, job: str = "document", turn: int = 0) -> Clean:
    """Return a picture (as JPEG) or PDF written anew without anything but what is seen.

    `job` is `document` (a picture stays readable, 2,400 px a side), `poster` (WebP, 1,600 px a
    side, at least 320 by 240) or `portrait` (WebP, 640 px a side, at least 200 by 200). `turn`
    turns a picture clockwise by 90, 180 or 270 degrees. Raises FileRefused with a sentence,
    Unavailable if too many files are being read.
    """
    if not TURNS.acquire(timeout=WAIT_S):
        raise _busy()
    try:
        return _answer(_run(data, content_type, job, turn))
    finally:
        TURNS.release()


def _run(data: bytes, content_type: str, job: str, turn: int) -> bytes:
    env = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    arguments = [*COMMAND, content_type, job, str(turn), str(MEMORY_MB), str(CPU_S)]
    with subprocess.Popen(  # noqa: S603 - fixed arguments
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd="/",
    ) as child:
        try:
            out, err = child.communicate(data, timeout=LIMIT_S)
        except subprocess.TimeoutExpired as error:
            child.kill()
            log.error("upload.no_time", content_type=content_type, size=len(data))
            raise _busy() from error
    if child.returncode:
        # Out of memory or processor time, or a crash of a library.
        log.warning(
            "upload.child_died", code=child.returncode, content_type=content_type, stderr=err[-300:]
        )
        word = "slow" if -child.returncode in (signal.SIGPROF, signal.SIGXCPU) else "unreadable"
        return json.dumps({"refused": word}).encode() + b"\n"
    return out


def _busy() -> Unavailable:
    text = _("Many files are being checked right now. Nothing was stored; try again in a moment.")
    return Unavailable(text)


def _answer(out: bytes) -> Clean:
    head, _line, data = out.partition(b"\n")
    result = json.loads(head)
    if "refused" in result:
        raise FileRefused(_sentence(result["refused"]))
    width, height = result.get("size", (0, 0))
    return Clean(data, result["content_type"], result["pages"], (width, height))


def _sentence(word: str) -> str:
    if word.startswith("small "):
        _word, longer, shorter = word.split()
        return _(
            "The picture is too small. Choose one of at least %(longer)s × %(shorter)s pixels.",
            longer=longer,
            shorter=shorter,
        )
    sentences = {
        "pixels": _(
            "The picture has too many pixels. Make it smaller: 2,000 wide and high is enough."
        ),
        "slow": _(
            "This file takes too long to read. Save it anew in a simpler form and choose it again."
        ),
        "heavy": _(
            "This file takes too much memory to read. Make it smaller or simpler and choose it "
            "again."
        ),
        "frames": _("The picture moves. Choose one that stands still."),
        "picture": _("This is not a picture we can read. Choose a JPEG, PNG or WebP."),
        "encrypted": _(
            "This PDF is protected by a password. Save a copy without protection and choose that."
        ),
        "form": _(
            "This PDF is a form that only a few programs can show. Open it there, print it to PDF "
            "anew and choose that."
        ),
        "pages": _("This PDF has more than 200 pages. Send what matters, or two files."),
        "empty": _("This PDF has no pages. Export it again and choose it once more."),
        "truncated": _("This file is cut off at the end. Export it again and choose it once more."),
        "bomb": _(
            "This PDF unpacks to far more than it seems. Print it to PDF anew and choose that."
        ),
    }
    broken = _("This file is damaged or made in a way that we cannot read safely. Export it again.")
    return sentences.get(word, broken)
