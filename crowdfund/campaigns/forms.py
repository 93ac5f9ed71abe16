"""Forms of a campaign's draft and of its reviewers. The service applies the rules."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField

from crowdfund.campaigns.rules import drafts, limits, securities
from crowdfund.campaigns.security_fields import LoanFields, RevenueFields
from crowdfund.issuers.rules import lists
from crowdfund.kernel.forms import Needed, PageForm, options, reason_for_colleague
from crowdfund.kernel.i18n import _l


class BasicsForm(PageForm):
    """What the campaign is called and what it offers."""

    title = StringField(
        _l("Title"),
        [Needed()],
        description=_l("5 to 80 characters. Say what the money makes possible."),
    )
    summary = TextAreaField(
        _l("Summary"),
        [Needed()],
        description=_l("20 to 240 characters. People read it in the list, before the story."),
    )
    sector = SelectField(
        _l("Sector"),
        [Needed()],
        choices=options(lists.SECTORS, _l("Choose a sector")),
        validate_choice=False,
    )
    security_type = RadioField(
        _l("What do investors get?"),
        [Needed()],
        choices=options(drafts.SECURITY_TYPES),
        validate_choice=False,
    )


class PictureForm(PageForm):
    """The picture at the top."""

    image = FileField(_l("Picture"), [Needed()])
    image_alt = StringField(
        _l("What does the picture show?"),
        [Needed()],
        description=_l(
            "One sentence for people who cannot see it. For example: Two women load coffee sacks."
        ),
    )


class StoryForm(PageForm):
    """The story."""

    story_md = TextAreaField(
        _l("Story"),
        [Needed()],
        description=_l(
            "Explain why you need the money, what it is for, who you are and what can go wrong. At "
            "least 100 characters. Markdown: # heading, **bold**, - list, [text](https://…)."
        ),
    )


class TermsForm(PageForm):
    """Goal, price and limits."""

    goal_minor = StringField(_l("Goal"), [Needed()])
    price_minor = StringField(_l("Price of one share"), [Needed()])
    min_minor = StringField(_l("Minimum investment per person"), [Needed()])
    max_minor = StringField(_l("Maximum investment per person"), [Needed()])
    duration_days = StringField(_l("Duration"), [Needed()])
    part1 = StringField(_l("Part %(part)s", part=1))
    condition1 = StringField(_l("Condition of part %(part)s", part=1))
    part2 = StringField(_l("Part %(part)s", part=2))
    condition2 = StringField(_l("Condition of part %(part)s", part=2))
    part3 = StringField(_l("Part %(part)s", part=3))
    condition3 = StringField(_l("Condition of part %(part)s", part=3))
    part4 = StringField(_l("Part %(part)s", part=4))
    condition4 = StringField(_l("Condition of part %(part)s", part=4))


class LoanTermsForm(TermsForm, LoanFields):
    """The terms of a loan besides."""


class RevenueTermsForm(TermsForm, RevenueFields):
    """The terms of a revenue share besides."""


TERMS_FORMS: dict[str, type[TermsForm]] = {
    securities.Kind.DEBT: LoanTermsForm,
    securities.Kind.REVENUE_SHARE: RevenueTermsForm,
}


class DocumentForm(PageForm):
    """A document that everyone may read."""

    title = StringField(
        _l("What is it?"), [Needed()], description=_l("For example: Business plan 2026.")
    )
    upload = FileField(_l("File"), [Needed()])


class SubmitForm(PageForm):
    """The author's declaration."""

    declaration = BooleanField(
        _l("I have the right to offer this, and the text and figures are true."), [Needed()]
    )


class ReasonForm(PageForm):
    """Why a campaign goes back, or is cancelled."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The company will see this. At least 10 characters."),
    )


class RedirectForm(PageForm):
    """Where a release goes instead of the company's wallet, and why."""

    wallet_address = StringField(
        _l("New wallet"),
        [Needed()],
        description=_l("42 characters, starting with 0x. Keep the capital letters."),
    )
    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The second admin will see this. It stays in the history."),
    )


class LimitsForm(PageForm):
    """New limits of all campaigns, from which day on, and why."""

    from_on = StringField(
        _l("First day"),
        [Needed()],
        description=_l("Today or later. If the day has begun, they apply from the approval on."),
    )
    goal_min_minor = StringField(limits.FIELDS["goal_min_minor"], [Needed()])
    goal_max_minor = StringField(limits.FIELDS["goal_max_minor"], [Needed()])
    days_min = StringField(limits.FIELDS["days_min"], [Needed()])
    days_max = StringField(limits.FIELDS["days_max"], [Needed()])
    investment_min_minor = StringField(limits.FIELDS["investment_min_minor"], [Needed()])
    threshold_bps = StringField(limits.FIELDS["threshold_bps"], [Needed()])
    grace_days = StringField(limits.FIELDS["grace_days"], [Needed()])
    reason = reason_for_colleague()


FORMS: dict[str, type[FlaskForm]] = {
    "basics": BasicsForm,
    "picture": PictureForm,
    "story": StoryForm,
    "terms": TermsForm,
}
