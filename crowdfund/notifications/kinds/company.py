"""Kinds of notice about a company and its team."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_SAMPLE = {"company": "Yirga Coffee"}
_PATH = "/companies/0123456789abcdef0123456789abcdef"

KINDS = {
    "company.submitted": Kind(
        _l("%(company)s was submitted"),
        _l("We are reviewing the details of %(company)s. We will notify you of the result."),
        "company",
        _SAMPLE,
        action=_l("Follow the review"),
        path=_PATH,
    ),
    "company.approved": Kind(
        _l("%(company)s is approved"),
        _l(
            "We have verified %(company)s. It is now being registered on chain. You can start a "
            "campaign after that."
        ),
        "company",
        _SAMPLE,
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.changes_wanted": Kind(
        _l("%(company)s needs a change"),
        _l(
            "We cannot approve %(company)s yet. Read what needs to be corrected, then submit it "
            "again."
        ),
        "company",
        {**_SAMPLE, "reason": "Please add the second page of the tax certificate."},
        action=_l("Correct it"),
        path=_PATH,
    ),
    "company.registered": Kind(
        _l("%(company)s is registered"),
        _l("%(company)s is registered on chain. You can start a campaign now."),
        "company",
        _SAMPLE,
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.registration_failed": Kind(
        _l("%(company)s is not registered yet"),
        _l(
            "The registration of %(company)s on chain did not go through. Nothing is lost and you "
            "do not need to do anything. Our staff will try again."
        ),
        "company",
        _SAMPLE,
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.deactivated": Kind(
        _l("%(company)s was deactivated"),
        _l(
            "%(company)s can no longer start campaigns. Live campaigns and the money in them are "
            "not affected."
        ),
        "company",
        {**_SAMPLE, "reason": "The business licence was withdrawn."},
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.reactivated": Kind(
        _l("%(company)s is active again"),
        _l("%(company)s can start campaigns again."),
        "company",
        _SAMPLE,
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.change_approved": Kind(
        _l("%(company)s: your changes are approved"),
        _l(
            "We have approved the changes of %(company)s. They are in force. You can start "
            "campaigns again."
        ),
        "company",
        _SAMPLE,
        action=_l("Open your company"),
        path=_PATH,
    ),
    "company.change_rejected": Kind(
        _l("%(company)s: your changes were sent back"),
        _l(
            "We could not accept the changes of %(company)s. What was verified before stays in "
            "force. Read the reason."
        ),
        "company",
        {**_SAMPLE, "reason": "The new director is missing on the licence."},
        action=_l("Correct them"),
        path=_PATH,
    ),
    "company.document_rejected": Kind(
        _l("%(company)s: document not accepted"),
        _l(
            "We could not accept a document of %(company)s: %(document)s. Read the reason and send "
            "another one."
        ),
        "company",
        {**_SAMPLE, "document": "tax_certificate", "reason": "The year is missing."},
        action=_l("Send another one"),
        path=_PATH,
    ),
    "company.document_expiring": Kind(
        _l("%(company)s: document expires soon"),
        _l(
            "A document of %(company)s is valid until %(expires_on)s: %(document)s. "
            "Send a new one before then."
        ),
        "company",
        {**_SAMPLE, "document": "business_licence", "expires_on": "2026-12-21"},
        action=_l("Send a new one"),
        path=_PATH,
    ),
    "company.document_expired": Kind(
        _l("%(company)s: document has expired"),
        _l("A document of %(company)s is no longer valid: %(document)s. Send a new one."),
        "company",
        {**_SAMPLE, "document": "business_licence"},
        action=_l("Send a new one"),
        path=_PATH,
    ),
    "team.invited": Kind(
        _l("You are invited to %(company)s"),
        _l("%(by)s invites you to the team of %(company)s. Accept or decline the invitation."),
        "company",
        {**_SAMPLE, "by": "Alice Bekele"},
        action=_l("Answer the invitation"),
        path=_PATH,
    ),
    "team.joined": Kind(
        _l("%(member)s joined %(company)s"),
        _l("%(member)s is now in the team of %(company)s."),
        "company",
        {**_SAMPLE, "member": "Bob Haile"},
        action=_l("See the team"),
        path=_PATH,
    ),
    "team.declined": Kind(
        _l("%(member)s declined"),
        _l("%(member)s declined to join the team of %(company)s."),
        "company",
        {**_SAMPLE, "member": "Bob Haile"},
        action=_l("See the team"),
        path=_PATH,
    ),
    "team.role_changed": Kind(
        _l("Your role in %(company)s has changed"),
        _l("What you can do in %(company)s has changed."),
        "company",
        _SAMPLE,
        action=_l("See the team"),
        path=_PATH,
    ),
    "team.removed": Kind(
        _l("You left %(company)s"),
        _l("You are no longer in the team of %(company)s."),
        "company",
        _SAMPLE,
    ),
}
