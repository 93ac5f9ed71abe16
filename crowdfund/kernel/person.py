"""The signed-in person, as pages and services see them; `people` reads them from SQL."""

from dataclasses import dataclass
from datetime import date, datetime

# The version of the terms of use in templates/about/_terms.html: everybody is asked to accept a new
# one. A test compares the words of the page with it.
TERMS_VERSION = "2026-12-01"


def full_name(first: str, last: str) -> str:
    """Return the name as shown; empty when neither part is known."""
    return f"{first} {last}".strip()


@dataclass(frozen=True, slots=True)
class Person:
    """A person and their staff roles."""

    id: str
    email: str | None
    first_name: str
    last_name: str
    phone: str
    kyc_level: str
    kyc_status: str
    kyc_reason: str
    kyc_expires_on: date | None
    referral_code: str
    sponsor_id: str | None
    language: str
    calendar: str
    disabled_at: datetime | None
    created_at: datetime
    terms_version: str
    roles: tuple[str, ...] = ()
    label: str = ""  # of a provider or wallet, for someone who has given neither name nor address
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def name(self) -> str:
        """Return the name to show; until one was given, what the person signs in with."""
        named = full_name(self.first_name, self.last_name) or (self.email or "").split("@")[0]
        return named or self.phone or self.label or "crowdfund"

    @property
    def contact(self) -> str:
        """Return the e-mail address or number to show beside the name; empty if there is none."""
        if self.email:
            return self.email
        return self.phone if self.first_name or self.last_name else ""  # else it is the name

    @property
    def known_as(self) -> str:
        """Return what the person signs in with, as shown: address, number, or short wallet."""
        return self.email or self.phone or self.label or self.name

    @property
    def has_accepted_terms(self) -> bool:
        """Return whether the terms in force were accepted."""
        return self.terms_version == TERMS_VERSION

    @property
    def initial(self) -> str:
        """Return the first letter of the name; empty if it begins with a digit or a sign."""
        first = self.name[:1]
        return first if first.isalpha() else ""

    def get_id(self) -> str:
        """Return what the session remembers."""
        return self.id
