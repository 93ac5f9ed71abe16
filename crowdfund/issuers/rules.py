"""Companies: states, who may do what, what a complete file is, when a campaign may start."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import phonenumbers
from babel import Locale
from eth_utils.address import is_checksum_address

from crowdfund.documents.rules import commitment as commitment
from crowdfund.errors import Invalid

MEMORANDUM = "information_memorandum"
MEMORANDUM_MAX_MB = 10

SECTORS = {
    "agriculture": "Agriculture and food",
    "construction": "Construction and housing",
    "education": "Education",
    "energy": "Energy and water",
    "finance": "Finance",
    "health": "Health",
    "manufacturing": "Manufacturing",
    "retail": "Trade and retail",
    "technology": "Technology",
    "tourism": "Tourism and culture",
    "transport": "Transport and logistics",
    "other": "Other",
}

# Countries that have phone numbers: leaves out regions, test codes and uninhabited islands.
COUNTRIES = dict(
    sorted(
        (
            (code, str(name))
            for code, name in Locale("en").territories.items()
            if code in phonenumbers.SUPPORTED_REGIONS
        ),
        key=lambda item: item[1],
    )
)


class Status(StrEnum):
    """Where a company's file stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"


TRANSITIONS = {
    Status.DRAFT: {Status.SUBMITTED},
    Status.SUBMITTED: {Status.VERIFIED, Status.REJECTED},
    Status.REJECTED: {Status.SUBMITTED},
    Status.VERIFIED: set(),
}
EDITABLE = {Status.DRAFT, Status.REJECTED}

# What each page of the wizard must have filled before the file may be submitted.
STEPS: dict[str, tuple[str, ...]] = {
    "company": ("legal_name", "trade_name", "registration_no", "tin", "sector", "country"),
    "contacts": ("contact_name", "contact_email", "contact_phone", "address"),
    "wallet": ("wallet_address",),
    "memorandum": ("memorandum",),
}
STEP_TITLES = {
    "company": "Company details",
    "contacts": "Contact person and address",
    "wallet": "Company wallet",
    "memorandum": "Information memorandum",
}


class InvalidFields(Invalid):
    """Several fields break a rule; `errors` maps each to its sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        field, message = next(iter(errors.items()))
        super().__init__(message, field=field)
        self.errors = dict(errors)


class WrongState(Invalid):
    """The file is not in a state that allows this."""

    status = 409
    code = "wrong_state"


def move(current: str, to: Status) -> Status:
    """Return the new state; raises WrongState if the file cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(
            f"This company is {current}: it cannot become {to}. Reload the page to see its state."
        )
    return to


def step_state(filled: dict[str, object], step: str) -> str:
    """Return `done`, `started` or `todo` for one page of the wizard."""
    present = [bool(filled.get(name)) for name in STEPS[step]]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"


def missing_steps(filled: dict[str, object]) -> list[str]:
    """Return the pages that still lack something, in order."""
    return [step for step in STEPS if step_state(filled, step) != "done"]


def may_review(reviewer_id: str, member_ids: set[str]) -> bool:
    """Four eyes: nobody decides on a company of their own (rules.md, Reviewer is not owner)."""
    return reviewer_id not in member_ids


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts that decide whether a company may start a campaign."""

    verified: bool
    registered: bool
    has_live_campaign: bool
    last_start_year: int | None


REFUSALS = {
    "not_verified": "The company is not verified yet. Compliance looks at it first.",
    "not_registered": "The company is not in the issuer registry yet. This takes a moment.",
    "inactive": "The company has been deactivated. Ask compliance what is missing.",
    "live_campaign": "Another campaign of this company is running. Wait until it has ended.",
    "year_used": "This company has started a campaign this calendar year already. One a year is allowed.",
}


def start_refusal(standing: Standing, year: int) -> str | None:
    """Return the first reason why no campaign may start now, or None.

    Same verdict and order as `canStartCampaign` of the IssuerRegistry; `year` is the calendar
    year in the platform's time zone (rules.md, Issuers and campaigns).
    """
    if not standing.registered:
        return "not_registered" if standing.verified else "not_verified"
    if not standing.verified:
        return "inactive"
    if standing.has_live_campaign:
        return "live_campaign"
    return "year_used" if standing.last_start_year == year else None


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TIN = re.compile(r"[0-9A-Z][0-9A-Z./-]{3,23}", re.ASCII)
_TIN_ETHIOPIA = re.compile(r"[0-9]{10}", re.ASCII)
_REGISTRATION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z ./-]{2,39}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}", re.ASCII)


def line(text: object, field: str, name: str, *, least: int = 2, most: int = 120) -> str:
    """Return one line of plain text without markup or hidden characters. Raises Invalid."""
    value = " ".join(str(text or "").split())
    if not value:
        raise Invalid(f"Enter {name}.", field=field)
    return _plain(value, field, name, least=least, most=most)


def block(text: object, field: str, name: str, *, least: int = 2, most: int = 500) -> str:
    """Return several lines of plain text without markup or hidden characters. Raises Invalid."""
    value = "\n".join(part.strip() for part in str(text or "").strip().splitlines())
    if not value:
        raise Invalid(f"Enter {name}.", field=field)
    return _plain(value, field, name, least=least, most=most)


def _plain(value: str, field: str, name: str, *, least: int, most: int) -> str:
    what = name[0].upper() + name[1:]
    if "<" in value or ">" in value or _CONTROL.search(value):
        raise Invalid(f"{what} must be plain text, without < or > or hidden characters.", field=field)
    if len(value) > most:
        raise Invalid(f"{what} must be at most {most} characters; this is {len(value)}.", field=field)
    if len(value) < least:
        raise Invalid(f"{what} must be at least {least} characters.", field=field)
    return value


def pick(text: object, field: str, name: str, choices: Mapping[str, str]) -> str:
    """Return one of the choices. Raises Invalid."""
    value = str(text or "")
    if value not in choices:
        raise Invalid(f"Choose {name} from the list.", field=field)
    return value


def parse_registration(text: object) -> str:
    """Return a company's registration number. Raises Invalid."""
    value = " ".join(str(text or "").split()).upper()
    if not _REGISTRATION.fullmatch(value):
        raise Invalid(
            "Enter the registration number as on the licence, like MT/AA/1/0012345/2015.",
            field="registration_no",
        )
    return value


def parse_tin(text: object, country: str) -> str:
    """Return a tax number in capitals; ten digits in Ethiopia. Raises Invalid."""
    tin = str(text or "").strip().upper()
    if country == "ET" and not _TIN_ETHIOPIA.fullmatch(tin):
        raise Invalid("Enter the TIN as 10 digits, like 0012345678.", field="tin")
    if not _TIN.fullmatch(tin):
        raise Invalid("Enter the tax number in letters and digits, 4 to 24 of them.", field="tin")
    return tin


def parse_email(text: object, field: str = "contact_email") -> str:
    """Return an e-mail address, domain in lower case. Raises Invalid."""
    value = str(text or "").strip()
    if not _EMAIL.fullmatch(value) or ".." in value:
        raise Invalid("Enter an e-mail address, like name@company.com.", field=field)
    name, _, domain = value.rpartition("@")
    return f"{name}@{domain.lower()}"


def parse_phone(text: object, country: str | None = "ET") -> str:
    """Return a phone number as E.164, read as a local one of `country`. Raises Invalid."""
    value = str(text or "").strip()
    problem = Invalid(
        "Enter a phone number with its country code, like +251 91 123 4567.", field="contact_phone"
    )
    if not value.isascii() or len(value) > 32:
        raise problem
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException as error:
        raise problem from error
    if not phonenumbers.is_valid_number(number):
        raise problem
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_wallet(text: object) -> str:
    """Return an address with a correct EIP-55 checksum. Raises Invalid.

    All-lower-case addresses have no checksum; a typing mistake in one would send a whole raise
    to nobody, so they are refused.
    """
    address = str(text or "").strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address, re.ASCII):
        raise Invalid("Enter an address of 0x and 40 letters and digits.", field="wallet_address")
    if not int(address, 16):
        raise Invalid("Money sent to the zero address is lost. Enter your own.", field="wallet_address")
    if not is_checksum_address(address):
        raise Invalid(
            "The checksum does not fit. Copy the address from your wallet with its capital letters.",
            field="wallet_address",
        )
    return address


Values = Mapping[str, object]
_CLEANERS: dict[str, Callable[[Values], str]] = {
    "legal_name": lambda v: line(v.get("legal_name"), "legal_name", "the legal name"),
    "trade_name": lambda v: line(v.get("trade_name"), "trade_name", "the trade name", most=60),
    "registration_no": lambda v: parse_registration(v.get("registration_no")),
    "tin": lambda v: parse_tin(v.get("tin"), str(v.get("country") or "")),
    "sector": lambda v: pick(v.get("sector"), "sector", "a sector", SECTORS),
    "country": lambda v: pick(v.get("country"), "country", "a country", COUNTRIES),
    "contact_name": lambda v: line(v.get("contact_name"), "contact_name", "the contact person's name"),
    "contact_email": lambda v: parse_email(v.get("contact_email")),
    "contact_phone": lambda v: parse_phone(v.get("contact_phone"), str(v.get("country") or "ET")),
    "address": lambda v: block(v.get("address"), "address", "the address", least=5, most=300),
    "wallet_address": lambda v: parse_wallet(v.get("wallet_address")),
}


def clean(step: str, values: Values) -> tuple[dict[str, str], dict[str, str]]:
    """Return what is good of a wizard page and a sentence for each field that is not."""
    return collect({name: _CLEANERS[name] for name in STEPS[step]}, values)


T = TypeVar("T")


def collect(
    cleaners: Mapping[str, Callable[[Values], T]], values: Values
) -> tuple[dict[str, T], dict[str, str]]:
    """Run each field's check; return the good values and the sentences of the others."""
    good: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name, check in cleaners.items():
        try:
            good[name] = check(values)
        except Invalid as error:
            errors[name] = error.user_message
    return good, errors


def parse_reason(text: object) -> str:
    """Return why something was rejected, which its owner will read. Raises Invalid."""
    return block(text, "reason", "the reason", least=10, most=1000)
