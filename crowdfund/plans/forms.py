"""What staff enter about the plan, and what the simulator asks."""

from wtforms import SelectField, StringField

from crowdfund.kernel.forms import Needed, PageForm, options, reason_for_colleague
from crowdfund.kernel.i18n import _l
from crowdfund.plans.rules.questions import SHAPES
from crowdfund.plans.rules.words import LABELS, SURPLUS


class PlanForm(PageForm):
    """All terms of a version, from which day on, and why."""

    pair_minor = StringField(LABELS["pair_minor"], [Needed()])
    referral_minor = StringField(LABELS["referral_minor"], [Needed()])
    month_limit = StringField(LABELS["month_limit"], [Needed()])
    surplus = SelectField(
        LABELS["surplus"], [Needed()], choices=options(SURPLUS.items()), validate_choice=False
    )
    free_pairs = StringField(LABELS["free_pairs"], [Needed()])
    emi_bp = StringField(LABELS["emi_bp"], [Needed()])
    reserve_bp = StringField(LABELS["reserve_bp"], [Needed()])
    min_payout_minor = StringField(LABELS["min_payout_minor"], [Needed()])
    from_on = StringField(
        _l("First day"),
        [Needed()],
        description=_l("Tomorrow or later, in Indian time. It has to be approved before that day."),
    )
    reason = reason_for_colleague()


class QuestionForm(PageForm):
    """An example network; it is sent in the address and changes nothing."""

    class Meta:
        csrf = False

    shape = SelectField(
        _l("How the network grows"),
        [Needed()],
        choices=options(SHAPES.items()),
        validate_choice=False,
    )
    members = StringField(_l("Members"), [Needed()])
    months = StringField(_l("Months"), [Needed()])
    active = StringField(
        _l("Active Buyers among them"),
        [Needed()],
        description=_l("Members who have paid at least 5,000 INR for vehicles."),
    )
    paid = StringField(_l("What each member has paid for a vehicle"), [Needed()])
