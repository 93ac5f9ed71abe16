"""Forms of companies: the wizard's pages, the team, and what other features' forms share with them."""

from .shared import Needed, options, put_errors
from .team import InviteForm, RoleForm
from .wizard import (
    FORMS,
    BankForm,
    CompanyForm,
    ContactsForm,
    DeclarationForm,
    OfficerForm,
    PaperForm,
    PlainForm,
    WalletForm,
)

__all__ = [
    "FORMS", "BankForm", "CompanyForm", "ContactsForm", "DeclarationForm", "InviteForm", "Needed",
    "OfficerForm", "PaperForm", "PlainForm", "RoleForm", "WalletForm", "options", "put_errors",
]  # fmt: skip
