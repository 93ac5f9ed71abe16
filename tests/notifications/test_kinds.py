"""Every kind is shown in every language; the code sends no kind that is not declared."""

import ast
import re
from pathlib import Path

import pytest

import crowdfund
from crowdfund.kernel import i18n
from crowdfund.notifications import delivery, rendering
from crowdfund.notifications.kinds import CHANNELS, GROUPS, KINDS, QUEUES

LANGUAGES = (*i18n.LANGUAGES, i18n.PSEUDO)
CODE = Path(crowdfund.__file__).parent


def context_of(name):
    kind = KINDS[name]
    given = {**kind.sample, "name": "Almaz", "path": kind.path}
    return delivery.notice_context(name, given, person_id="somebody")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_renders_by_every_channel_in_every_language(session_app, language):
    with session_app.app_context(), i18n.using(language):
        for name, kind in KINDS.items():
            context = context_of(name)
            subject, text, html = rendering.render("notice", context)
            sms = rendering.render_sms("notice", context)
            for words in (subject, text, html, sms):
                assert not re.search(r"%\(\w+\)s|\{\{|None|Undefined", words), (name, words)
            assert "\n" not in subject
            assert len(subject) < 120, name
            assert f'lang="{language.replace("_", "-")}"' in html
            assert "style=" in html.split("<body")[1], "the sheet was not written into the elements"
            assert "prefers-color-scheme: dark" in html
            assert len(sms) <= 480, (name, len(sms))  # three parts at most
            assert kind.mandatory == ("unsubscribe" not in html)


def test_the_pseudo_language_finds_no_unmarked_words_in_a_notice(session_app):
    with session_app.app_context(), i18n.using(i18n.PSEUDO):
        for name in KINDS:
            words = rendering.words(name, KINDS[name].sample)
            for text in (words.title, words.text, words.action):
                assert text.startswith("⟦"), (name, text)


def test_figures_days_and_codes_are_words_in_the_readers_language(session_app):
    context = {
        "amount_minor": 123_456_00,
        "currency": "ETB",
        "expires_on": "2026-12-21",
        "document": "passport",
        "at": "2026-11-21T08:00:00+00:00",
        "shares": 12_345,
    }
    shown = {
        "amount": "123,456.00 ETB",
        "currency": "ETB",
        "expires_on": "21 Dec 2026",
        "document": "passport",
        "at": "21 Nov 2026, 11:00 EAT",
        "shares": "12,345",
    }
    with session_app.app_context():
        assert rendering.values(context) == shown
        with i18n.using("hi"):
            assert rendering.values(context)["expires_on"] == "21 दिस॰ 2026"


def test_a_missing_value_is_an_error_and_not_an_empty_word(session_app):
    with session_app.app_context():
        with pytest.raises(KeyError):
            rendering.words("investment.settled", {"campaign": "Yirga"})
        with pytest.raises(ValueError, match="not given"):
            rendering.render(
                "news", {"name": None, "title": "t", "sentence": "s", "reason": "", "path": "/"}
            )


def test_free_words_cannot_break_out_of_an_email(session_app):
    context = {
        "name": "<b>",
        "path": "/x",
        "campaign": "<script>alert(1)</script>",
        "reason": '"><img src=x>',
    }
    with session_app.app_context():
        html = rendering.render(
            "notice", delivery.notice_context("campaign.rejected", context, person_id="x")
        )[2]
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_every_kind_has_a_group_and_only_security_is_mandatory():
    for name, kind in KINDS.items():
        assert kind.group in GROUPS, name
        assert kind.channels <= set(CHANNELS), name
        assert kind.mandatory == (kind.group == "security"), name
        assert kind.path.startswith("/"), name
    assert {name for name in KINDS if name.startswith("staff.")} == set(QUEUES)


def calls():
    """Yield the text of every call that tells somebody something."""
    for path in sorted(CODE.rglob("*.py")):
        text = path.read_text()
        if "notifications" in path.parts or not re.search(r"notif|security\.note|\btell", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                yield name, node


def declared(prefix, words):
    return any(re.fullmatch(prefix + words, kind) for kind in KINDS)


def patterns(node):
    """Return what a literal may be; an f-string as a pattern."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.escape(node.value)]
    if isinstance(node, ast.JoinedStr):
        return [
            "".join(
                re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in node.values
            )
        ]
    return []


# The function that tells, which argument names the kind, and what stands before it.
TELLERS = {
    "notify": (1, ""),
    "notify_all": (1, ""),
    "queue_work": (0, ""),
    "_notify": (1, ""),
    "notify_owner": (1, r"(payment|payout|refund)\."),
    "note": (1, r"security\."),
    "notify_team": (1, r"campaign\."),
    "notify_investor": (1, r"investment\."),
    "notify_investors": (1, r"investment\."),
}


def test_no_code_tells_of_a_kind_that_is_not_declared():
    found, unknown = 0, []
    for name, node in calls():
        place, prefix = TELLERS.get(name, (99, ""))
        if len(node.args) <= place or (
            name == "note" and not any(k.arg == "notice" for k in node.keywords)
        ):
            continue
        for words in patterns(node.args[place]):
            found += 1
            if not declared(prefix, words) and not declared("", words):
                unknown.append(f"{name}({ast.unparse(node.args[place])})")
    assert found >= 25
    assert unknown == []


def test_the_table_of_who_is_told_what_names_exactly_the_kinds_there_are():
    text = (CODE.parent / "docs" / "notices.md").read_text()
    table = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    listed = re.findall(r"`([a-z_]+\.[a-z_]+)`", table)
    assert sorted(listed) == sorted(KINDS)
