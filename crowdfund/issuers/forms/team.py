"""Forms of the team page."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from crowdfund.i18n import _l

from .. import rules
from .shared import Needed, options


class InviteForm(FlaskForm):
    """Whom to invite, and as what."""

    email = StringField(
        _l("E-mail address"),
        [Needed()],
        description=_l("The link works only for this address, for seven days."),
    )
    role = SelectField(
        _l("Role"),
        [Needed()],
        choices=options(rules.ROLE_NAMES),
        validate_choice=False,
        default=rules.Role.VIEWER,
    )


class RoleForm(FlaskForm):
    """Another role for a member."""

    role = SelectField(_l("Role"), [Needed()], choices=options(rules.ROLE_NAMES), validate_choice=False)
