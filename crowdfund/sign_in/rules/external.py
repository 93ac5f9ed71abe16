"""External sign-in methods: identities at a provider, and wallets."""

from dataclasses import dataclass

from crowdfund.kernel.errors import Conflict, CrowdfundError
from crowdfund.kernel.fields import names
from crowdfund.kernel.i18n import _

VALUE_MAX = 512


@dataclass(frozen=True, slots=True)
class ExternalMethod:
    """One proved sign-in method: `kind` oidc or wallet, its normal form, and its name on pages."""

    kind: str
    value: str
    label: str


class BelongsToAnother(Conflict):
    """The identity or wallet belongs to another account; it is never moved."""

    code = "belongs_to_another"

    def __init__(self, label: str) -> None:
        reason = _(
            "%(what)s is already used to sign in to another account. Nothing was changed.",
            what=label,
        )
        advice = _("Sign in with it, or remove it there first.")
        super().__init__(f"{reason} {advice}")


class NotTheirs(Conflict):
    """The signed-in person is not the owner of the address that the provider has named."""

    code = "not_theirs"

    def __init__(self, email: str) -> None:
        reason = _("You signed in to another account than the one with %(email)s.", email=email)
        advice = _("Nothing was connected. Start again from your sign-in methods.")
        super().__init__(f"{reason} {advice}")


class Declined(CrowdfundError):
    """The person cancelled at the provider, which is no fault: the view leads back."""

    code = "declined"

    def __init__(self, name: str) -> None:
        super().__init__(_("Sign-in with %(name)s was cancelled. Nothing was changed.", name=name))


def identity_value(issuer: str, subject: str) -> str:
    """Return the normal form of an identity; raises ValueError when it is too long to store."""
    value = f"{issuer}|{subject}"
    if len(value) > VALUE_MAX:
        raise ValueError("issuer and subject are too long")
    return value


def clean_name(text: str) -> str:
    """Return a provider's name of a person if it can be stored, else an empty text."""
    return " ".join(names.parts_of(text) or ()).strip()
