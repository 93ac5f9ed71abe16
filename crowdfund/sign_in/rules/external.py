"""Sign-in methods that others vouch for: identities at a provider, and wallets."""

from dataclasses import dataclass

from crowdfund.kernel.errors import Conflict, CrowdfundError
from crowdfund.kernel.i18n import _

VALUE_MAX = 512
NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class Way:
    """One proved sign-in method: `kind` oidc or wallet, its normal form, and how pages name it."""

    kind: str
    value: str
    label: str


class BelongsToAnother(Conflict):
    """The identity or wallet opens another account; it is never moved."""

    code = "belongs_to_another"

    def __init__(self, label: str) -> None:
        super().__init__(
            _(
                "%(what)s is already used to sign in to another account. Nothing was changed.",
                what=label,
            )
            + " "
            + _("Sign in with it, or remove it there first.")
        )


class NotTheirs(Conflict):
    """Who signed in is not who has the address that the provider has named."""

    code = "not_theirs"

    def __init__(self, email: str) -> None:
        super().__init__(
            _("You signed in to another account than the one with %(email)s.", email=email)
            + " "
            + _("Nothing was connected. Start again from your sign-in methods.")
        )


class Declined(CrowdfundError):
    """The person stopped at the provider."""

    status = 400
    code = "declined"

    def __init__(self, name: str) -> None:
        super().__init__(_("Sign-in with %(name)s was cancelled. Nothing was changed.", name=name))


def identity_value(issuer: str, subject: str) -> str:
    """Return the normal form of an identity elsewhere; raises ValueError when it is too long to keep."""
    value = f"{issuer}|{subject}"
    if len(value) > VALUE_MAX:
        raise ValueError("issuer and subject are too long")
    return value


def clean_name(text: str) -> str:
    """Return a name as a stranger says it, fit to be stored; empty when it is not."""
    name = " ".join(text.split())
    return (
        name if name.isprintable() and len(name) <= NAME_MAX and not set("<>") & set(name) else ""
    )
