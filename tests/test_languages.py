"""Languages: every text is in every catalogue,
every page speaks the language that was asked for."""

import importlib.util
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.chain.models import Write as ChainWrite
from crowdfund.compliance.models import Nominee
from crowdfund.documents.models import Document
from crowdfund.issuers.models import Company, CompanyBankAccount, CompanyOfficer
from crowdfund.kernel import access, config, i18n, money
from crowdfund.kernel.db import db, rollback
from crowdfund.kernel.statuses import TEXTS
from crowdfund.people.models import User
from tests.look import markup
from tests.test_matrix import RULES, SAFE_ONES, world  # noqa: F401 - the world of everybody's things

ROOT = Path(__file__).parent.parent


def tool():
    spec = importlib.util.spec_from_file_location("languages", ROOT / "tools" / "languages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", [name for name in i18n.LANGUAGES if name != "en"])
def test_every_text_of_the_code_is_translated_with_its_placeholders_and_tags(language):
    languages = tool()
    assert languages.wrong(languages.read(language), languages.template()) == []


def test_the_tool_names_what_is_missing_and_what_lost_a_placeholder():
    languages = tool()
    wanted, catalog = languages.Catalog(), languages.Catalog(locale="hi")
    for text in ("One", "Pay %(amount)s", "<b>Two</b>"):
        wanted.add(text)
    catalog.add("Pay %(amount)s", "भुगतान")
    catalog.add("<b>Two</b>", "<b>दो</b>")
    lines = languages.wrong(catalog, wanted)
    assert sorted(line.split(":")[0] for line in lines) == ["missing", "placeholders"]


# --- numbers, dates, choice -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "amount", "when"),
    [
        ("en", "12,345,678.50 ETB", "15 Jun 2026, 12:00 EAT"),
        ("am", "12,345,678.50 ETB", "15 ጁን 2026 (ሰኔ 8 ቀን 2018 ዓ.ም.), 12:00 EAT"),
        ("hi", "1,23,45,678.50 ETB", "15 जून 2026, 12:00 EAT"),
    ],
)
def test_money_and_times_follow_the_language(language, amount, when):
    with i18n.using(language):
        assert money.fmt(1_234_567_850) == amount
        assert i18n.moment(datetime(2026, 6, 15, 9, 0, tzinfo=UTC)) == when
        assert i18n.day(date(2026, 6, 15)) == when.split(",")[0]


def test_a_day_begins_at_midnight_of_the_platform_and_not_of_greenwich():
    late = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert i18n.day(late) == "1 Jan 2027"


@pytest.mark.parametrize(
    ("language", "chosen", "text"),
    [
        ("am", "", "15 ጁን 2026 (ሰኔ 8 ቀን 2018 ዓ.ም.)"),
        ("am", "both", "15 ጁን 2026 (ሰኔ 8 ቀን 2018 ዓ.ም.)"),
        ("am", "gregorian", "15 ጁን 2026"),
        ("am", "ethiopian", "ሰኔ 8 ቀን 2018 ዓ.ም."),
        ("en", "", "15 Jun 2026"),
        ("en", "both", "15 Jun 2026 (8 Sene 2018 EC)"),
        ("hi", "ethiopian", "8 सेन 2018 इथियोपियाई"),
        ("en", "julian", "15 Jun 2026"),
    ],
)
def test_dates_are_in_the_calendar_that_was_chosen_and_in_both_for_amharic(language, chosen, text):
    with i18n.using(language, chosen):
        assert i18n.day(date(2026, 6, 15)) == text
        assert i18n.moment(datetime(2026, 6, 14, 21, 0, tzinfo=UTC)) == f"{text}, 00:00 EAT"
    assert i18n.day(date(2026, 6, 15)) == "15 Jun 2026"


def test_a_message_within_a_page_changes_neither_its_language_nor_its_calendar():
    with i18n.using("am", "ethiopian"):
        with i18n.using("am"):
            assert i18n.calendar() == "both"
        assert (i18n.language(), i18n.calendar()) == ("am", "ethiopian")


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Africa/Addis_Ababa", "12:00 EAT"),
        ("Asia/Kolkata", "14:30 IST"),
        ("America/Sao_Paulo", "06:00 UTC-03"),
        ("UTC", "09:00 UTC"),
    ],
)
def test_the_time_zone_of_the_platform_has_a_name_in_every_zone(zone, shown):
    before = config.settings()
    config.use(before.model_copy(update={"time_zone": zone}))
    try:
        moment = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
        assert i18n.moment(moment) == f"15 Jun 2026, {shown}"
    finally:
        config.use(before)


@pytest.mark.parametrize(("language", "first"), [("en", 0), ("am", 6), ("hi", 6)])
def test_a_week_begins_on_the_day_of_the_country(language, first):
    with i18n.using(language):
        assert i18n.locale().first_week_day == first


def test_no_script_writes_a_date_or_a_time():
    """The server writes them all, in one zone and one form; scripts only keep what it wrote."""
    scripts = [path.read_text() for path in (ROOT / "crowdfund" / "static").glob("*.js")]
    assert scripts
    for script in scripts:
        assert not re.search(r"\bIntl\b|\.toLocale|getTimezoneOffset|\.getHours", script)


def test_plurals_follow_the_language():
    with i18n.using("hi"):
        one, two = (
            i18n.ngettext("%(num)s day left", "%(num)s days left", count) for count in (1, 2)
        )
    assert one != two
    assert one.startswith("1 ")
    assert two.startswith("2 ")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["am"], "am"),
        (["hi-IN"], "hi"),
        (["fr", "am-ET"], "am"),
        (["fr"], "en"),
        ([], "en"),
        (["<script>"], "en"),
    ],
)
def test_the_browsers_first_language_that_we_have_is_spoken(wanted, found):
    assert i18n.best(wanted) == found


def test_a_chosen_language_stays_and_an_unknown_one_is_ignored(client):
    answer = client.post(
        "/language", data={"language": "am"}, headers={"Referer": "http://localhost/campaigns?q=a"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/campaigns?q=a")
    page = client.get("/campaigns", headers={"Accept-Language": "hi"}).get_data(as_text=True)
    assert '<html lang="am" dir="ltr"' in page
    client.post("/language", data={"language": "../../etc"})
    assert '<html lang="am"' in client.get("/campaigns").get_data(as_text=True)


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", "javascript:alert(1)", "http://localhost//evil.example"]
)
def test_choosing_a_language_leads_nowhere_else(client, referer):
    answer = client.post("/language", data={"language": "hi"}, headers={"Referer": referer})
    assert answer.headers["Location"] == "/"


def test_a_page_that_is_kept_is_kept_for_each_language(client):
    for language in ("en", "am", "hi", "en"):
        client.set_cookie("language", language)
        assert f'<html lang="{language}"' in client.get("/").get_data(as_text=True)


def test_every_status_has_words_in_every_language():
    for language in ("am", "hi"):
        with i18n.using(language):
            assert [
                status
                for status, text in TEXTS.items()
                if not re.search(r"[^\x00-\x7f]", str(text))
            ] == []


def test_a_right_to_left_language_turns_the_page(monkeypatch, client):
    monkeypatch.setitem(i18n.LANGUAGES, "ar", "العربية")
    client.set_cookie("language", "ar")
    assert '<html lang="ar" dir="rtl"' in client.get("/campaigns").get_data(as_text=True)


# --- the pseudo-locale: every word that a page says was marked ------------------------------------

# Names of things, units and marks that are the same in every language.
SAME = set(
    re.findall(
        r"\w+",
        """crowdfund NEO Bank ETB INR USD EAT UTC CSV PDF JPEG PNG WebP SVG SMS IBAN IFSC TIN PAN
        GSTIN CPRN IPFS CID URL HTML JSON HTTP GET POST QR API XHR Markdown Nonce nonce wei kB MB
        Demo Bill Bitts SETTLED Windows Chrome Firefox Safari Timestamp Signature Content Type""",
    )
)
DATA = {
    User: ("first_name", "last_name", "email", "referral_code"),
    Company: (
        "legal_name",
        "trade_name",
        "registration_no",
        "tin",
        "contact_name",
        "contact_email",
        "address",
        "street",
        "city",
        "region",
    ),
    CompanyOfficer: ("name",),
    CompanyBankAccount: ("bank", "holder", "masked"),
    Campaign: ("title", "summary", "story_md", "image_alt", "slug"),
    Document: ("filename",),
    Nominee: ("full_name",),
    ChainWrite: ("contract", "function", "role"),
}
QUIET = {"script", "style", "code", "pre", "time", "option", "svg"}
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label")
WORD = re.compile(r"[A-Za-z]{3,}")


class Speaker(HTMLParser):
    """Collects what a page says, by eye and by ear."""

    def __init__(self):
        super().__init__()
        self.said, self.open = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in markup.VOID:
            given = dict(attrs)
            self.open.append(
                tag
                if tag in QUIET or ("lang" in given and tag != "html") or "data-said" in given
                else ""
            )
        self.said += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag):
        if tag not in markup.VOID and self.open:
            self.open.pop()

    def handle_data(self, data):
        if not any(self.open):
            self.said.append(data)


def unmarked(html, known):
    """Return the words of a page that are neither marked texts nor somebody's data."""
    speaker = Speaker()
    speaker.feed(html)
    found = set()
    for text in speaker.said:
        rest = text
        while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", rest)) != rest:
            rest = shorter
        rest = re.sub(r"\S*[@/\d_#.:]\S*", " ", rest)  # addresses, ids, numbers, machine words
        found |= {word for word in WORD.findall(rest) if word not in known}
    return found


@pytest.fixture(scope="module")
def known(world):  # noqa: F811
    words = set(SAME) | {name.capitalize() for name in world.people} | set(world.people)
    for model, columns in DATA.items():
        for column in columns:
            for text in db.session.scalars(sa.select(getattr(model, column))):
                words |= set(WORD.findall(text or ""))
    words |= {
        word for month in range(1, 13) for word in WORD.findall(f"{date(2026, month, 1):%b %B}")
    }
    # Why something happened is kept as it was said: by staff in their words, by the system in a
    # log's.
    for table in db.metadata.sorted_tables:
        for name in (
            ("reason", "detail", "shown", "name", "title", "description", "key")
            if table.name not in ("person",)
            else ()
        ):
            if name in table.c:
                for kept in db.session.scalars(sa.select(table.c[name])):
                    words |= set(WORD.findall(str(kept or "")))
    rollback()
    return words


# The desk's looks at messages in the language in which they went out.
ENGLISH = ("notifications.preview_html", "notifications.previews", "notifications.message")
HEALTH = ("web.health_live", "web.health_report", "web.health_strict")
# Exports are for programs; files and events are nobody's words.
PAGES = [
    name
    for name in SAFE_ONES
    if RULES[name].endpoint not in ("static", *HEALTH, *ENGLISH)
    and not RULES[name].endpoint.endswith("_csv")
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_nothing_that_was_not_marked_as_a_text(world, known, name):  # noqa: F811
    staff_only = access.is_staff_only(RULES[name].endpoint)
    left = set()
    for actor in ("admin", "compliance") if staff_only else ("visitor", "alice", "admin"):
        answer = world.ask(actor, "GET", RULES[name], language=i18n.PSEUDO)
        if answer.mimetype == "text/html" and answer.status_code != 303:
            left |= unmarked(answer.get_data(as_text=True), known)
    world.restore()
    assert left == set()


def test_the_pseudo_language_is_spoken_in_tests_only(world, known):  # noqa: F811
    said = world.ask("visitor", "GET", RULES["GET campaigns.index"], language=i18n.PSEUDO).get_data(
        as_text=True
    )
    assert "⟦" in said
    assert unmarked("<p>Plain words</p><p>⟦Ácćéñţš ⟦íñ⟧ ĥéŕé⟧</p>", known) == {"Plain", "words"}
