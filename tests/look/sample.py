"""Sample data and a small Jinja environment in which components/gallery.html renders without the
app."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from wtforms import (
    BooleanField,
    FileField,
    Form,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length

from crowdfund.documents import rules
from crowdfund.kernel import access, i18n, money, statuses, vendored
from crowdfund.kernel.db.paging import Page, Place

TEMPLATES = Path(vendored.__file__).parents[1] / "templates"
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
STATUSES = (
    "draft submitted approved deploying live verified rejected pending "
    "settled confirmed failed expired reversed"
)


class SampleForm(Form):
    """One field of each kind."""

    title = StringField("Title of the campaign", [InputRequired("Enter a title."), Length(max=80)])
    amount = StringField("Amount", [InputRequired("Enter an amount, like 1,250.50.")])
    sector = SelectField("Sector", choices=[("energy", "Energy"), ("food", "Food")])
    story = TextAreaField("Story")
    memorandum = FileField("Information memorandum")
    picture = FileField("Identity document")
    consent = BooleanField(
        "I know that I may lose this money", [InputRequired("Tick the box to go on.")]
    )
    rail = RadioField(
        "How do you want to pay?",
        [InputRequired("Choose a way to pay.")],
        choices=[("neo", "NEO Bank"), ("telebirr", "Telebirr"), ("wallet", "Wallet balance")],
    )
    kind = RadioField(
        "Kind of share",
        choices=[("common", "Common"), ("preferred", "Preferred")],
        default="common",
    )


def campaign(title: str, raised: int, **more: object) -> SimpleNamespace:
    """Return what campaign_card needs."""
    given = {
        "url": "/campaigns/sample",
        "title": title,
        "company_name": "Abay Solar PLC",
        "sector": "Energy",
        "summary": "Roof panels for 400 schools in Amhara, "
        "paid back from the electricity that they save.",
        "status": "live",
        "status_words": "Live",
        "image_url": None,
        "raised_minor": raised,
        "goal_minor": 50_000_000,
        "currency": "ETB",
        "investors_count": 128,
        "days_left": 12,
    }
    return SimpleNamespace(**given | more)


def sample(form: Form) -> SimpleNamespace:
    """Return the data of components/gallery.html."""
    return SimpleNamespace(
        now=NOW,
        form=form,
        accepted=rules.ACCEPTED["passport"],
        args={"q": "abay", "status": "settled", "sort": "-at"},
        page=Page([], next=Place(before="b"), previous=Place(after="c")),
        statuses=STATUSES.split(),
        campaigns=[
            campaign("Sun on every school roof", 36_250_000),
            campaign(
                "Cold rooms for Bahir Dar's fish market", 1_900_000, days_left=0, investors_count=1
            ),
            campaign(
                "A third mill for teff flour", 61_000_000, status="successful", days_left=None
            ),
        ],
        figures=[
            {"label": "Raised", "value": "362,500.00 ETB", "text": "of 500,000.00 ETB"},
            {"label": "Investors", "value": "128"},
            {"label": "Days left", "value": "12"},
            {"label": "Released when", "value": "75 %", "text": "of the goal is settled"},
        ],
        steps=[
            {"label": "Payment authorised", "at": NOW, "state": "done"},
            {
                "label": "Money settled",
                "at": NOW + timedelta(minutes=3),
                "state": "done",
                "text": "It lies in the campaign's escrow.",
            },
            {
                "label": "Recording on the chain",
                "at": None,
                "state": "current",
                "text": "This takes about ten seconds.",
            },
            {
                "label": "Certificate",
                "at": None,
                "state": "todo",
                "text": "After the campaign has succeeded.",
            },
        ],
        tasks=[
            {"label": "Company", "url": "/company", "state": "done", "hint": None},
            {
                "label": "Contacts",
                "url": "/contacts",
                "state": "started",
                "hint": "Two people at least",
            },
            {"label": "Information memorandum", "url": "/memorandum", "state": "problem"},
            {"label": "Check and submit", "url": None, "state": "locked"},
        ],
        answers=[
            {"label": "Name", "value": "Abay Solar PLC", "url": "/company"},
            {"label": "Licence number", "value": "MT/AA/14/673/5512", "url": "/company"},
            {"label": "Website", "value": "", "url": "/company"},
        ],
        columns=[
            {"label": "Payment", "key": "id"},
            {"label": "When", "key": "at", "sort": True},
            {"label": "Status", "key": "status"},
            {"label": "Transaction", "key": "tx"},
            {"label": "Amount", "key": "amount", "sort": True, "num": True},
        ],
        filters=[
            {"name": "q", "label": "Search", "type": "search", "placeholder": "Name or number"},
            {
                "name": "status",
                "label": "Status",
                "options": [("", "Any"), ("settled", "Settled"), ("failed", "Failed")],
            },
        ],
        rows=[
            SimpleNamespace(
                id=f"P-{n}", at=NOW, status=status, tx="0x" + "9f3c1a27" * 8, minor=n * 12_345
            )
            for n, status in enumerate(("settled", "pending", "failed"), 41)
        ],
        rails={
            "neo": {"icon": "building-bank", "text": "By your bank's app", "note": "No fee"},
            "telebirr": {
                "icon": "device-mobile",
                "text": "By mobile money",
                "note": "Fee 10.00 ETB",
            },
            "wallet": {"icon": "wallet", "text": "Your balance is too small", "disabled": True},
        },
    )


def environment() -> Environment:
    """Return an environment with the globals that web.py and vendored.py give in the app."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    i18n.install(env)
    env.globals.update(
        status_text=statuses.status_text,
        lang="en",
        text_dir="ltr",
        languages=i18n.LANGUAGES,
        site_links=access.SITE,
        number_fmt=i18n.number,
        count_fmt=i18n.count,
        calendar=i18n.calendar,
        day_fmt=i18n.day,
        moment_fmt=i18n.moment,
        vendor=vendored.vendor,
        vendor_url=vendored.vendor_url,
        asset=vendored.asset,
        asset_url=vendored.asset_url,
        money_fmt=money.fmt,
        csp_nonce=lambda: "sample",
        csrf_token=lambda: "sample-token",
        live_token=lambda: "",
        url_for=lambda endpoint, **_values: "/" + endpoint.replace(".", "/"),
        flashes=lambda: [("success", "Saved.")],
        bell=lambda: "",
        nav_items=lambda: [
            {"label": "Campaigns", "url": "/", "active": True, "count": None},
            {"label": "Portfolio", "url": "/portfolio", "active": False, "count": None},
            {"label": "Approvals", "url": "/approvals", "active": False, "count": 3},
        ],
    )
    return env


def gallery(*, with_errors: bool = True, signed_in: bool = True) -> str:
    """Render the gallery page."""
    form = SampleForm(data={"title": "", "amount": "12,5"})
    if with_errors:
        form.validate()
    person = SimpleNamespace(
        id="u1", contact="alice@example.com", name="Alice Bekele", initial="A", roles=("investor",)
    )
    page = environment().get_template("components/gallery.html")
    return page.render(
        sample=sample(form),
        current_user=person if signed_in else None,
        events_url="/events",
        moved_to=None,
    )
