"""Forms of changed terms. The service applies the rules."""

from flask_wtf.file import FileField
from wtforms import BooleanField, StringField, TextAreaField

from crowdfund.campaigns.rules import securities
from crowdfund.campaigns.security_fields import LoanFields, RevenueFields
from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l


class ChangeForm(PageForm):
    """The texts of a campaign as they shall be, and why."""

    summary = TextAreaField(_l("Summary"), [Needed()], description=_l("20 to 240 characters."))
    story_md = TextAreaField(
        _l("Story"),
        [Needed()],
        description=_l(
            "What you need the money for, what you use it for, who you are and what can go wrong. "
            "At least 100 characters. Markdown: # heading, **bold**, - list, [text](https://…)."
        ),
    )
    upload = FileField(
        _l("Add a document"),
        description=_l("Optional. Everybody can read it once the change is in force."),
    )
    document_title = StringField(
        _l("What is the document?"), description=_l("Required only with a document.")
    )
    remove_document = BooleanField(_l("Remove the document from this change"))
    reason = TextAreaField(
        _l("Why do you change the terms?"),
        [Needed()],
        description=_l("Investors and our staff will read this. At least 10 characters."),
    )


class LoanChangeForm(ChangeForm, LoanFields):
    """The terms of a loan besides."""


class RevenueChangeForm(ChangeForm, RevenueFields):
    """The terms of a revenue share besides."""


FORMS: dict[str, type[ChangeForm]] = {
    securities.Kind.DEBT: LoanChangeForm,
    securities.Kind.REVENUE_SHARE: RevenueChangeForm,
}


class RejectForm(PageForm):
    """Why a change goes back to its company."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The company will see this. At least 10 characters."),
    )
