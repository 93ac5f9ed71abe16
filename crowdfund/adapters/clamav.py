"""Scan for viruses with clamd: the file is streamed to it (INSTREAM), not written to disk.

`CLAMAV_URL` is `tcp://host:3310` or `unix:///path/to/clamd.sock`. Without it nothing is scanned;
with it a scanner that does not answer stops uploads (fail closed).
"""

import socket
import struct
import time
from urllib.parse import urlsplit

import structlog

from crowdfund.kernel import config
from crowdfund.kernel.errors import FileRefused, Unavailable
from crowdfund.kernel.i18n import _

log = structlog.get_logger()
CHUNK = 64 * 1024
CONNECT_S = 2.0
ANSWER_S = 20.0  # for the whole conversation
MAX_ANSWER = 4096


def scan(data: bytes) -> None:
    """Have a file scanned if a scanner is configured.

    Raises FileRefused if it finds something, Unavailable if it gives no clear answer in time.
    """
    url = config.settings().clamav_url
    if not url:
        return
    try:
        verdict = _ask(url, data)
    except (OSError, ValueError) as error:
        log.error("clamav.unreachable", error=repr(error))
        raise _unavailable() from error
    if verdict == "stream: OK":
        return
    if verdict.startswith("stream: ") and verdict.endswith(" FOUND"):
        log.warning(
            "clamav.found", signature=verdict.removeprefix("stream: ").removesuffix(" FOUND")
        )
        raise FileRefused(
            _("Our virus scanner found something harmful in this file. It was not stored.")
        )
    if "size limit exceeded" in verdict:
        raise FileRefused(_("The file is too large for our virus scanner. Make it smaller."))
    log.error("clamav.unclear", said=verdict)
    raise _unavailable()


def _unavailable() -> Unavailable:
    text = _(
        "Files cannot be scanned for viruses right now. Nothing was stored; "
        "try again in a few minutes."
    )
    return Unavailable(text)


def _ask(url: str, data: bytes) -> str:
    """Return what clamd says about the bytes; it may answer before it has read them all."""
    until = time.monotonic() + ANSWER_S
    with _connect(url) as peer:
        peer.settimeout(ANSWER_S)
        try:
            peer.sendall(b"zINSTREAM\0")
            for at in range(0, len(data), CHUNK):
                part = data[at : at + CHUNK]
                peer.sendall(struct.pack("!I", len(part)) + part)
            peer.sendall(struct.pack("!I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # over its size limit it answers and closes; the answer is read below
        return _answer(peer, until)


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        return socket.create_connection(
            (parts.hostname or "", parts.port or 3310), timeout=CONNECT_S
        )
    if parts.scheme != "unix":
        raise ValueError(f"CLAMAV_URL must begin with tcp:// or unix://, not {parts.scheme}")
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(CONNECT_S)
    try:
        peer.connect(parts.path)
    except OSError:
        peer.close()
        raise
    return peer


def _answer(peer: socket.socket, until: float) -> str:
    answer = bytearray()
    while not answer.endswith(b"\0") and len(answer) < MAX_ANSWER:
        peer.settimeout(max(0.01, until - time.monotonic()))
        part = peer.recv(1024)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("ascii", "replace")
