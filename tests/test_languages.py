"""Languages: every text is in every catalogue,
every page speaks the language that was asked for."""

import ast
import importlib.util
import re
import unicodedata
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from jinja2 import Environment, nodes
from jinja2.ext import babel_extract

from crowdfund.campaigns.models import Campaign
from crowdfund.chain.models import Write as ChainWrite
from crowdfund.compliance.models import Nominee
from crowdfund.content.models import CampaignFaq, CampaignPerson, CampaignPicture
from crowdfund.documents.models import Document
from crowdfund.exchange_rates.models import RateRequest
from crowdfund.issuers.models import Company, CompanyBankAccount, CompanyOfficer
from crowdfund.kernel import access, config, i18n, money
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.statuses import TEXTS
from crowdfund.notifications import rendering
from crowdfund.people import queries, service
from crowdfund.people.models import SignInMethod, User
from crowdfund.questions.models import CampaignQuestion
from crowdfund.token_payments.models import FxRate
from crowdfund.updates.models import CampaignUpdate, CampaignUpdatePicture
from tests.look import markup
from tests.test_matrix import (  # noqa: F401 - the world of everybody's things
    RULES,
    SAFE_ONES,
    UNSAFE_ONES,
    expected,
    world,
)

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


@pytest.mark.parametrize(("language", "other"), [("am", "DEVANAGARI"), ("hi", "ETHIOPIC")])
def test_no_catalogue_has_texts_in_the_script_of_another(language, other):
    found = []
    for message in tool().read(language):
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        letters = {letter for text in texts for letter in text or "" if ord(letter) > 0x7F}
        if any(unicodedata.name(letter, "").startswith(other) for letter in letters):
            found.append(message.id)
    assert found == []


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


@pytest.mark.parametrize("language", ["am", "hi"])
def test_zero_takes_the_singular_where_the_language_says_so(language):
    with i18n.using(language):
        texts = [
            i18n.ngettext("%(num)s day left", "%(num)s days left", count) for count in (0, 1, 2)
        ]
    zero, one, two = [text.replace(str(count), "#") for count, text in enumerate(texts)]
    assert zero == one != two
    assert i18n.ngettext("%(num)s day left", "%(num)s days left", 0) == "0 days left"


@pytest.mark.parametrize("language", ["am", "hi"])
def test_a_singular_has_its_number_because_it_stands_for_zero_too(language):
    languages = tool()
    wanted = [m for m in languages.template() if isinstance(m.id, tuple)]
    catalog = languages.read(language)
    texts = {m.id: (m.id[0], found.string[0]) for m in wanted if (found := catalog.get(m.id))}
    assert len(texts) > 10
    assert [both for both in texts.values() if not all("%(num)s" in text for text in both)] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "1,234,567 investors"), ("am", "1,234,567"), ("hi", "12,34,567")],
)
def test_a_number_in_a_plural_is_grouped_as_the_language_does(language, text):
    with i18n.using(language):
        found = i18n.ngettext("%(num)s investor", "%(num)s investors", 1_234_567)
        assert found == i18n.page_plural("%(num)s investor", "%(num)s investors", 1_234_567)
    assert text in found


def test_a_number_stands_before_a_noun_only_in_texts_that_have_a_plural():
    """The nouns are those that the texts with a plural count, in front of which a value stands."""
    messages = [message.id for message in tool().template() if message.id]
    pairs = [message for message in messages if isinstance(message, tuple)]
    nouns = {
        many
        for pair in pairs
        for one, many in zip(*(re.findall(r"[a-z]+", text) for text in pair), strict=False)
        if many in (f"{one}s", f"{one}es")
    }
    assert {"shares", "days", "characters", "payments"} <= nouns
    counted = re.compile(rf"%\(\w+\)s (?:[a-z-]+ )?(?:{'|'.join(sorted(nouns))})\b")
    assert [text for text in messages if isinstance(text, str) and counted.search(text)] == []


def test_a_percent_sign_in_a_text_of_a_page_is_written_twice():
    """Pages fill every text (`text % values`): `% a year` is shown as `{} year`, or is an error."""
    languages = tool()
    catalogs = [languages.read(name) for name in i18n.LANGUAGES if name != "en"]
    wrong, count = [], 0
    for path in sorted((ROOT / "crowdfund" / "templates").rglob("*.html")):
        with path.open("rb") as file:
            found = babel_extract(file, ("_", "ngettext"), [], {"encoding": "utf-8"})
            for _line, _function, message, _comments in found:
                ids = [one for one in (message if isinstance(message, tuple) else [message]) if one]
                known = [catalog.get(ids[0]) for catalog in catalogs]
                own = [one.string for one in known if one is not None]
                texts = ids + [t for one in own for t in ([one] if isinstance(one, str) else one)]
                count += len(texts)
                wrong += [text for text in texts if "%" in re.sub(r"%%|%\(\w+\)s", "", text)]
    assert count > 3_000
    assert wrong == []


def test_the_message_about_settled_money_is_true_of_shares_and_of_loans():
    context = {"campaign": "Mill", "amount_minor": 10_000, "currency": "ETB"}
    text = rendering.words("investment.settled", context).text
    assert "100.00 ETB for Mill is settled" in text
    assert "share" not in text


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
        Demo demo Bill Bitts SETTLED Windows Chrome Firefox Safari Timestamp Signature Content
        Type""",
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
    CampaignUpdate: ("title", "text_md"),
    CampaignUpdatePicture: ("alt",),
    CampaignQuestion: ("text", "answer"),
    CampaignFaq: ("question", "answer"),
    CampaignPicture: ("alt",),
    CampaignPerson: ("name", "role", "text"),
    FxRate: ("token", "currency", "source"),
    RateRequest: ("token", "currency", "source"),
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


# A letter that the pseudo-locale always accents: a word with one of them was never marked.
PLAIN = re.compile("[aceginorsuyz]", re.IGNORECASE)
# Addresses, ids, numbers and machine words.
MACHINE = re.compile(r"\S*[@/\d_#]\S*|\S+[.:]\S+")


def unmarked(html, known):
    """Return the words of a page that are neither marked texts nor somebody's data.

    Plain words inside a marked sentence are found as well: a value that was put in untranslated.
    """
    speaker = Speaker()
    speaker.feed(html)
    found = set()
    for text in speaker.said:
        rest = MACHINE.sub(" ", text.replace("⟦", " ").replace("⟧", " "))
        found |= {word for word in WORD.findall(rest) if PLAIN.search(word) and word not in known}
    return found


@pytest.fixture(scope="module")
def known(world):  # noqa: F811
    words = {*SAME, *i18n.LANGUAGES.values(), *map(str.capitalize, world.people), *world.people}
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


@pytest.fixture
def nameless(world):  # noqa: F811
    """Alice and nia have neither name nor address: they sign in by a wallet and by a provider."""
    ids = [world.people[name] for name in ("alice", "nia")]
    gone = {"email": None, "first_name": "", "last_name": "", "phone": ""}
    db.session.execute(sa.update(User).where(User.id.in_(ids)).values(gone))
    db.session.execute(sa.delete(SignInMethod).where(SignInMethod.person_id.in_(ids)))
    commit()
    for person_id, kind, label in zip(ids, ("wallet", "oidc"), ("0x12…34", "9@9"), strict=True):
        service.add_method(person_id, kind, f"{kind} {person_id}", label=label)
    commit()
    yield ids
    world.restore()


@pytest.mark.parametrize("name", PAGES)
def test_nobody_reads_none_when_somebody_has_neither_name_nor_address(world, nameless, name):  # noqa: F811
    for actor in ("alice", "nia", "bob", "admin", "compliance", "finance"):
        answer = world.ask(actor, "GET", RULES[name], language=i18n.PSEUDO)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            html = answer.get_data(as_text=True)
            assert "None" not in unmarked(html, {"Ali"}), actor
            assert not re.search(r'"(mailto:)?None"', html), actor


def test_a_wallet_without_a_name_is_called_by_its_label_and_shows_no_address(world, nameless):  # noqa: F811
    for path in ("GET sign_in.methods", "GET campaigns.index"):
        for _ in range(2):  # the second time from what is kept
            page = world.ask("alice", "GET", RULES[path]).get_data(as_text=True)
            menu = page.split('class="cf-menu-panel">')[1].split("<ul")[0]
            assert re.findall(r"<strong>(.*?)</strong>", menu) == ["0x12…34"]
            assert "text-secondary" not in menu
    assert queries.names(set(nameless)) == {nameless[0]: "0x12…34", nameless[1]: "9@9"}
    assert [queries.get(one).name for one in nameless] == ["0x12…34", "9@9"]


# --- the pseudo-locale reads every refusal --------------------------------------------------------

# What is typed into every field of a form at once; no words, so that an echo is no English.
WRONG = [
    "",
    "<b>",
    "-1",
    "1.005",
    "2026-02-30",
    "99999999999999999999",
    "\u202e\u200b",
    "9" * 3_000,
    "ß§@ß§.ß",
    "+251",
]
ASKERS = ("alice", "ivan", "nia", "admin", "compliance", "finance", "visitor")
SPEAKS_WHAT_WAS_CHOSEN = ("sign_in.choose_language", "web.choose_language")
# These are for other programs, which read a code and not the words.
FOR_PROGRAMS = ("payments.neo_webhook", "payments.gateway_webhook")


class Forms(HTMLParser):
    """Collects the forms of a page that change something, with the names of their fields."""

    def __init__(self):
        super().__init__()
        self.found, self.here = {}, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            is_post = given.get("method", "").lower() == "post"
            self.here = self.found.setdefault(given.get("action"), {}) if is_post else None
        elif self.here is not None and given.get("name") and tag != "form":
            kind = given.get("type", tag)
            if kind == "hidden" or (kind == "radio" and given["name"] not in self.here):
                self.here[given["name"]] = (kind, given.get("value") or "")
            elif kind not in ("hidden", "radio"):
                self.here[given["name"]] = (kind, "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.here = None


@pytest.fixture(scope="module")
def forms(world):  # noqa: F811
    """The fields of every form of the application by its endpoint, as its own pages show them."""
    found, urls = {}, world.app.url_map.bind("localhost")
    for name in PAGES:
        for actor in ("visitor", "alice", "ivan", "nia", "admin", "compliance", "finance"):
            answer = world.ask(actor, "GET", RULES[name])
            if answer.mimetype != "text/html":
                continue
            reader = Forms()
            reader.feed(answer.get_data(as_text=True))
            here = world.url(RULES[name])
            for action, fields in reader.found.items():
                path = urlsplit(action or here).path
                endpoint, _values = urls.match(path, method="POST")
                found.setdefault(endpoint, {}).update(fields)
        world.restore()
    return found


def filled(fields, text):
    """Return a body in which every field that people fill has a text or a file that is none."""
    body = {}
    for name, (kind, value) in fields.items():
        if kind == "file":
            body[name] = (BytesIO(text.encode()), "9.png")
        else:
            body[name] = value if kind == "hidden" and name != "csrf_token" else text
    return body


def said_by(answer, client, headers):
    """Return the HTML that a person reads after a form: its own, or that of the next page."""
    hops = 0
    while answer.status_code == 303 and hops < 3:
        answer = client.get(answer.headers["Location"], headers=headers)
        hops += 1
    if answer.mimetype == "text/html":
        return answer.get_data(as_text=True)
    facts = answer.get_json(silent=True) or {}
    return f"<p>{facts.get('title', '')}</p><p>{facts.get('detail', '')}</p>"


def who_may(name):
    """Return the first person and the first member of staff who get in at a route."""
    able = [actor for actor in ASKERS if expected(name, actor) == "open"]
    plain = [actor for actor in able if actor not in access.STAFF]
    return [*plain[:2], *[actor for actor in able if actor in access.STAFF][:1]]


@pytest.mark.parametrize("name", [n for n in UNSAFE_ONES if RULES[n].endpoint not in FOR_PROGRAMS])
def test_a_refusal_says_nothing_that_was_not_marked_as_a_text(world, known, forms, name):  # noqa: F811
    rule = RULES[name]
    left, failed = set(), []
    for actor in who_may(name):
        for text in WRONG:
            client = world.app.test_client(use_cookies=False)
            cookies = f"language={i18n.PSEUDO}; crowdfund={world.cookies.get(actor, '')}"
            headers = {"Cookie": cookies}
            body = filled(forms.get(rule.endpoint, {}), text)
            method = name.split()[0]
            answer = client.open(world.url(rule), method=method, data=body, headers=headers)
            if answer.status_code >= 500 and answer.status_code != 503:
                failed.append((actor, text[:20], answer.status_code))
            is_in_another = answer.status_code < 400 and rule.endpoint in SPEAKS_WHAT_WAS_CHOSEN
            if not is_in_another:
                left |= unmarked(said_by(answer, client, headers), known)
            if answer.status_code < 400:
                world.restore()
    world.restore()
    assert (left, failed) == (set(), [])


def test_the_forms_of_the_application_are_found_on_its_pages(forms):
    assert {"sign_in.show", "campaigns.edit", "compliance.facts", "investments.new"} <= set(forms)
    assert forms["sign_in.show"].keys() >= {"first_name", "last_name", "phone", "next"}
    assert len(forms) > 60


def test_a_refusal_that_a_person_reads_is_raised_with_a_marked_text():
    """A sentence in plain quotes would be English for everybody."""
    kinds, wrong = {"NotFound", "Conflict", "Invalid", "Forbidden", "WrongState"}, []
    for path in (ROOT / "crowdfund").rglob("*.py"):
        wrong += [
            (path.name, ast.unparse(node.args[0]))
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and getattr(node.func, "id", "") in kinds
            and node.args
            and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
        ]
    # Read by a gateway's program and by whoever runs a command.
    assert sorted(wrong) == [
        ("service.py", "f'There is no level {level!r}.'"),
        ("service.py", "f'There is no role {role!r}.'"),
        ("webhooks.py", "'There is no such gateway.'"),
    ]


def test_no_macro_has_an_english_text_as_its_default():
    """Such a text is shown where the caller gives none, and was never marked."""
    environment, wrong = Environment(), []
    for path in (ROOT / "crowdfund" / "templates").rglob("*.html"):
        for macro in environment.parse(path.read_text()).find_all(nodes.Macro):
            wrong += [
                (path.name, macro.name, default.value)
                for default in macro.defaults
                if isinstance(default, nodes.Const)
                and re.match("[A-Z][a-z]", str(default.value))
                and isinstance(default.value, str)
            ]
    assert wrong == []


def test_the_pseudo_language_is_spoken_in_tests_only(world, known):  # noqa: F811
    said = world.ask("visitor", "GET", RULES["GET campaigns.index"], language=i18n.PSEUDO).get_data(
        as_text=True
    )
    assert "⟦" in said
    html = "<p>Plain words</p><p>⟦Ácćéñţš ⟦íñ⟧ ĥéŕé⟧</p><p>⟦Íţ íš nested: done.⟧</p>"
    assert unmarked(html, known | {"done"}) == {"Plain", "words", "nested"}
