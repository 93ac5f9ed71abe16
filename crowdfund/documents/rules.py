"""Documents: their kinds, the accepted files, the status, the commitment."""

import hmac
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import PurePath

from crowdfund.kernel import hashing
from crowdfund.kernel.errors import FileRefused, Invalid, WrongState
from crowdfund.kernel.i18n import _, _l

__all__ = ["ACCEPTED", "FileRefused", "Status", "WrongState", "commitment"]

MAX_BYTES = 10 * 1024 * 1024
REMIND_DAYS = 30

PDF, JPEG, PNG, WEBP = "application/pdf", "image/jpeg", "image/png", "image/webp"
SUFFIXES = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    PNG: (".png",),
    WEBP: (".webp",),
}
# Endings by which computers start programs: a file of such a name is not what it seems.
_PROGRAMS = re.compile(
    r"\.(app|apk|bat|cmd|com|cpl|dll|exe|hta|html?|jar|js|lnk|msi|ps1|reg|scr|sh|svg|vbs|wsf)"
)
PDF_ONLY = (PDF,)
PICTURE = (JPEG, PNG, WEBP)
PDF_OR_PICTURE = (PDF, *PICTURE)
_ENDINGS = {".heic", ".heif", *(one for suffixes in SUFFIXES.values() for one in suffixes)}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The files that a kind of document accepts, as shown to the person."""

    title: str
    types: tuple[str, ...] = PDF_OR_PICTURE
    max_bytes: int = MAX_BYTES

    @property
    def accept(self) -> str:
        """Return the value of a file input's `accept`."""
        suffixes = [suffix for kind in self.types for suffix in SUFFIXES[kind]]
        return ",".join([*self.types, *suffixes])

    @property
    def words(self) -> str:
        """Return the types in words."""
        return _("PDF") if self.types == PDF_ONLY else _("PDF, JPEG, PNG or WebP")


ACCEPTED: dict[str, Accepted] = {
    "national_id": Accepted(_l("National identity card")),
    "passport": Accepted(_l("Passport")),
    "driving_licence": Accepted(_l("Driving licence")),
    "proof_of_address": Accepted(_l("Proof of address")),
    "pan": Accepted(_l("PAN card")),
    "bank_proof": Accepted(_l("Proof of the bank account")),
    "business_licence": Accepted(_l("Business licence")),
    "tax_certificate": Accepted(_l("Tax certificate")),
    "incorporation": Accepted(_l("Certificate of incorporation")),
    "financial_statement": Accepted(_l("Financial statement")),
    "memorandum": Accepted(_l("Information memorandum"), PDF_ONLY),
    "other": Accepted(_l("Other document")),
    "id_proof": Accepted(_l("Proof of identity")),
    "public": Accepted(_l("Public document")),
}

KINDS_OF = {
    "person": (
        "national_id",
        "passport",
        "driving_licence",
        "proof_of_address",
        "pan",
        "bank_proof",
    ),
    "company": (
        "business_licence",
        "tax_certificate",
        "incorporation",
        "financial_statement",
        "memorandum",
        "other",
    ),
    "nominee": ("id_proof",),
}

# Why someone opens a file; the owner reads it under "Who looked at my documents".
PURPOSES = {
    "own": _l("Own document"),
    "review": _l("Review by staff"),
    "audit": _l("Inspection by the regulator"),
    "investor": _l("Read by the public"),
}


class Status(StrEnum):
    """The status of a document."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REPLACED = "replaced"
    DESTROYED = "destroyed"


_END = {Status.REPLACED, Status.DESTROYED}
TRANSITIONS = {
    Status.PENDING: {Status.VERIFIED, Status.REJECTED, *_END},
    Status.VERIFIED: {Status.PENDING, Status.EXPIRED, *_END},
    Status.REJECTED: _END,
    Status.EXPIRED: _END,
    Status.REPLACED: {Status.DESTROYED},
    Status.DESTROYED: set(),
}
IN_FORCE = (Status.PENDING, Status.VERIFIED, Status.REJECTED, Status.EXPIRED)


def move(current: str, to: Status) -> Status:
    """Return the new state; raises WrongState if a document cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        text = _(
            "Someone has decided on this document or changed it in the meantime. "
            "Reload the page to see it."
        )
        raise WrongState(text)
    return to


def check_kind(owner_kind: str, kind: str) -> None:
    """Raise Invalid for a kind that owners of this kind do not have."""
    if kind not in KINDS_OF.get(owner_kind, ()):
        raise Invalid(_("Choose what kind of document this is from the list."), field="kind")


def check_expiry(expires_on: date | None, today: date) -> date | None:
    """Return the last day on which a document is valid. Raises Invalid if it has passed."""
    if expires_on is not None and expires_on < today:
        text = _("This document has already expired. Reject it, or correct the date.")
        raise Invalid(text, field="expires_on")
    return expires_on


def commitment(salt_hex: str, facts: object) -> str:
    """Return 0x and 64 hex digits: HMAC-SHA256 of the canonical JSON of `facts` under a salt.

    A plain hash could confirm a guess of the document. The salt is stored in SQL only and is
    deleted with the document's key.
    """
    return "0x" + hmac.digest(bytes.fromhex(salt_hex), hashing.canonical(facts), "sha256").hex()


# --- the content of an upload ---------------------------------------------------------------------

_FOREIGN = (
    (b"PK\x03\x04", _l("This is an Office file or a ZIP archive.")),
    (b"PK\x05\x06", _l("This is an Office file or a ZIP archive.")),
    (b"\xd0\xcf\x11\xe0", _l("This is an old Office file.")),
    (b"MZ", _l("This is a program.")),
    (b"\x7fELF", _l("This is a program.")),
    (b"Rar!", _l("This is an archive.")),
    (b"7z\xbc\xaf", _l("This is an archive.")),
    (b"\x1f\x8b", _l("This is an archive.")),
    (b"GIF8", _l("This is a GIF picture.")),
    (b"BM", _l("This is a BMP picture.")),
    (b"II*\0", _l("This is a TIFF picture.")),
    (b"MM\0*", _l("This is a TIFF picture.")),
)


def check_size(data: bytes, max_bytes: int = MAX_BYTES) -> None:
    """Raise FileRefused for an empty or too large file."""
    if not data:
        raise FileRefused(_("The file is empty. Choose another one."))
    if len(data) > max_bytes:
        most = max_bytes // 1024 // 1024
        raise FileRefused(_("The file is larger than %(most)s MB. Make it smaller.", most=most))


def sniff(filename: str, data: bytes, types: tuple[str, ...] = PDF_OR_PICTURE) -> str:
    """Return the content type of the bytes. Raises FileRefused, also for a name that misleads.

    Phones and messengers leave endings out and write those of other pictures: the bytes decide, and
    the file is stored under the ending that fits. A picture called PDF, a PDF called a picture and
    what is called a program are refused.
    """
    found, ending = by_content(data, types), _ending(filename)
    is_mixed_up = (ending in SUFFIXES[PDF]) != (found == PDF) and ending in _ENDINGS
    if is_mixed_up or _PROGRAMS.fullmatch(ending):
        text = _(
            "The file name does not match its content: rename it to end in %(suffix)s.",
            suffix=SUFFIXES[found][0],
        )
        raise FileRefused(text)
    return found


def _ending(filename: str) -> str:
    return PurePath(filename.strip(" .")).suffix.lower()


def by_content(data: bytes, types: tuple[str, ...]) -> str:
    """Return the content type of the bytes, if it is one of the types. Raises FileRefused."""
    found = _by_bytes(data)
    if found is None or found not in types:
        raise FileRefused(f"{_foreign(data, found)} {_advice(types)}")
    return found


def _advice(types: tuple[str, ...]) -> str:
    if types == PICTURE:
        return _("Choose a JPEG, PNG or WebP.")
    return _("Choose a PDF.") if types == PDF_ONLY else _("Choose a PDF, JPEG, PNG or WebP.")


def _by_bytes(data: bytes) -> str | None:
    head = data[:4096]
    own = None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        own = JPEG
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        own = PNG
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        own = WEBP
    return own if own and own in _second_opinion(head) else None


def _second_opinion(head: bytes) -> set[str]:
    import puremagic  # noqa: PLC0415 - costs 1.4 MB, and only uploads need it

    try:
        return {match.mime_type for match in puremagic.magic_string(head)}
    except puremagic.PureError:
        return set()


def _foreign(data: bytes, found: str | None) -> str:
    if found:
        return _("This is a PDF.") if found == PDF else _("This is a picture.")
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"ftyphei" in data[:16] or b"ftypmif1" in data[:16]:
        return _(
            "This is a HEIC picture, as many phones take them. Change the camera settings to JPEG."
        )
    if b"<svg" in head or b"<html" in head or head.startswith((b"<!doctype", b"<?xml", b"<script")):
        return _("This is a web page or a drawing that can contain programs.")
    for magic, sentence in _FOREIGN:
        if data.startswith(magic):
            return str(sentence)
    return _("We cannot read this file.")


def turn(text: object) -> int:
    """Return by how many degrees the page says to turn a picture: 0, 90, 180 or 270."""
    return int(str(text)) if str(text) in ("90", "180", "270") else 0


def file_name(name: str, content_type: str) -> str:
    """Return a harmless name for a stored file, with the suffix of its content type."""
    plain = PurePath(name.replace("\\", "/")).name
    safe = "".join(c for c in plain if c.isprintable() and c not in '<>:"/|?*;%').strip(". ")
    # What follows the last dot may be no ending: "scan 12.05.2026".
    is_ending = _ending(safe) in _ENDINGS
    stem = (PurePath(safe).stem if is_ending else safe)[:90].strip(". ") or "document"
    return stem + SUFFIXES[content_type][0]
