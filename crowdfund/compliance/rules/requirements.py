"""What each level of verification needs, as data, and what of it is complete or verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crowdfund.compliance.rules import facts
from crowdfund.kernel.i18n import _l

LEVELS = ("basic", "enhanced")
LEVEL_NAMES = {"none": _l("None"), "basic": _l("Basic"), "enhanced": _l("Enhanced")}
INDIA = "IN"
MAX_DOCUMENTS = 4  # files of one kind: front and back, or the pages of a statement


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a level needs. `kinds`: one document of any of these kinds is enough."""

    key: str
    level: str
    label: str
    hint: str
    kinds: tuple[str, ...] = ()
    step: str = ""
    only_in: str = ""
    or_payout_account: bool = False


# rules.md, KYC of a person. A higher level needs everything of the lower one as well.
REQUIREMENTS = (
    Requirement(
        "contact",
        "basic",
        _l("A confirmed phone number or e-mail address"),
        _l("One that you have confirmed with a code."),
    ),
    Requirement(
        "about",
        "basic",
        facts.STEP_TITLES["about"],
        _l("As in your identity document. You must be at least 18 years old."),
        step="about",
    ),
    Requirement(
        "address",
        "basic",
        facts.STEP_TITLES["address"],
        _l("Where you live."),
        step="address",
    ),
    Requirement(
        "identity",
        "basic",
        facts.STEP_TITLES["identity"],
        _l("Document type and number."),
        step="identity",
    ),
    Requirement(
        "identity-document",
        "basic",
        _l("Pictures of your identity document"),
        _l("A photo or scan: all four corners in the picture, every word readable."),
        kinds=tuple(facts.IDENTITY_KINDS),
    ),
    Requirement(
        "proof-of-address",
        "enhanced",
        _l("Proof of your address"),
        _l(
            "A bill, bank letter or residence certificate of the last three months, with your name."
        ),
        kinds=("proof_of_address",),
    ),
    Requirement(
        "bank-proof",
        "enhanced",
        _l("Proof of your bank account"),
        _l("A statement with your name and account number, or a verified payout account."),
        kinds=("bank_proof",),
        or_payout_account=True,
    ),
    Requirement(
        "pan",
        "enhanced",
        _l("PAN card"),
        _l("Indian law requires it from everyone who lives in India or is an Indian citizen."),
        kinds=("pan",),
        only_in=INDIA,
    ),
)
DOCUMENT_KINDS = tuple(kind for one in REQUIREMENTS for kind in one.kinds)
KIND_NAMES = {
    **facts.IDENTITY_KINDS,
    "proof_of_address": _l("Proof of address"),
    "bank_proof": _l("Proof of bank account"),
    "pan": _l("PAN card"),
    "id_proof": _l("Identity proof"),
}
# Documents on which an expiry date is printed, so that the reviewer has to enter it.
DATED = frozenset({"passport", "driving_licence"})
# Of these, some are valid for life; a passport never is (ICAO Doc 9303).
MAY_BE_ENDLESS = frozenset({"driving_licence"})


@dataclass(frozen=True, slots=True)
class Document:
    """What the rules need of a document in force."""

    kind: str
    status: str  # pending, verified, rejected, expired
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class File:
    """Everything that decides which level a person may have."""

    facts: Mapping[str, object] = field(default_factory=dict)
    has_contact: bool = False
    documents: tuple[Document, ...] = ()
    has_payout_account: bool = False
    uses_rupees: bool = False


def asked(file: File, level: str) -> list[Requirement]:
    """Return what a level needs from this person, in the order of the pages."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    return [one for one in REQUIREMENTS if one.level in levels and _applies(one, file)]


def _applies(requirement: Requirement, file: File) -> bool:
    places = {file.facts.get("country"), file.facts.get("nationality")}
    return not requirement.only_in or requirement.only_in in places or file.uses_rupees


def kinds_for(file: File, requirement: Requirement) -> tuple[str, ...]:
    """Return which documents meet a requirement: of identity documents the chosen one."""
    named = str(file.facts.get("id_kind") or "")
    return (named,) if named in requirement.kinds else requirement.kinds


def kinds_asked(file: File, level: str = LEVELS[-1]) -> set[str]:
    """Return every kind of document that a level, or by default any, needs from this person."""
    return {kind for one in asked(file, level) for kind in kinds_for(file, one)}


def needs_kind(file: File, kind: str) -> Requirement | None:
    """Return the first requirement of this person that a kind of document is for, or None."""
    return next((one for one in asked(file, LEVELS[-1]) if kind in kinds_for(file, one)), None)


def documents_for(file: File, requirement: Requirement) -> list[Document]:
    """Return the documents in force that a requirement is about."""
    return [
        document for document in file.documents if document.kind in kinds_for(file, requirement)
    ]


def state(file: File, requirement: Requirement) -> str:
    """Return `todo`, `started`, `problem` (rejected or expired), `done` (waits) or `verified`."""
    if requirement.key == "contact":
        return "verified" if file.has_contact else "todo"
    if requirement.step:
        return facts.step_state(file.facts, requirement.step)
    if requirement.or_payout_account and file.has_payout_account:
        return "verified"
    found = {document.status for document in documents_for(file, requirement)}
    if found & {"rejected", "expired"}:
        return "problem"
    if not found:
        return "todo"
    return "verified" if found == {"verified"} else "done"


def missing(file: File, level: str) -> list[Requirement]:
    """Return what the person still has to provide before requesting the level."""
    return [one for one in asked(file, level) if state(file, one) not in ("done", "verified")]


def unproven(file: File, level: str) -> list[Requirement]:
    """Return what the reviewer still has to accept before giving the level."""
    return [
        one
        for one in asked(file, level)
        if state(file, one) != "verified" and not (one.step and state(file, one) == "done")
    ]


def complete_level(file: File) -> str:
    """Return the highest level that has everything it needs, or none."""
    return next((level for level in reversed(LEVELS) if not missing(file, level)), "none")


def expires_on(file: File, level: str) -> date | None:
    """Return the last day of a level: the earliest expiry date of the documents it needs."""
    ends = [
        document.expires_on
        for one in asked(file, level)
        if one.kinds and not (one.or_payout_account and file.has_payout_account)
        for document in documents_for(file, one)
        if document.expires_on is not None
    ]
    return min(ends) if ends else None
