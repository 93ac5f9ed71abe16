"""The form that puts money into a campaign."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

RAILS = [("bill_bitts", "NEO Bank")]


class InvestForm(FlaskForm):
    """Amount, rail and consent; `key` makes a double click one investment."""

    amount = StringField("Amount", [InputRequired("Enter an amount."), Length(max=40)])
    rail = RadioField("How do you pay?", choices=RAILS, default="bill_bitts")
    consent = BooleanField("I have read and understood this risk warning.")
    key = HiddenField("key", [InputRequired("Reload the page and try again."), Length(min=8, max=64)])
