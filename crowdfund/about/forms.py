"""The form on which a person accepts the terms of use."""

from wtforms import BooleanField

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l


class TermsForm(PageForm):
    """One box; the view words the refusal."""

    accept = BooleanField(_l("I have read the terms of use and accept them."))
