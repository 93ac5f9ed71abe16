"""The list of notices, the choices, the unsubscribe link: whose they are, what they refuse."""

import re

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail, sms
from crowdfund.kernel import outbox
from crowdfund.kernel.clock import now
from crowdfund.kernel.db import commit, db
from crowdfund.notifications import links, queries, service
from crowdfund.notifications.models import Notice
from crowdfund.people.models import SignInMethod
from tests import raising


@pytest.fixture
def alice(app):
    return raising.person("alice")


@pytest.fixture
def client(app, alice):
    return raising.sign_in(app.test_client(), alice)


def tell(person_id, key="k", kind="company.registered", path="/wallet", **context):
    service.notify(person_id, kind, {"company": "Yirga Coffee"} | context, key=key, path=path)
    commit()
    return db.session.scalar(sa.select(Notice.id).where(Notice.key == f"{key}:{person_id}"))


def add_phone(person_id, number="+251911234567"):
    values = {
        "id": number[-8:],
        "person_id": person_id,
        "kind": "phone",
        "value": number,
        "label": "",
        "added_at": now(),
    }
    db.session.execute(sa.insert(SignInMethod).values(values))
    commit()


def work():
    commit()
    outbox.drain_all()


def test_the_bell_counts_what_is_unread(client, alice):
    assert "Notices: none unread" in client.get("/account").text
    for number in range(3):
        tell(alice, key=f"k{number}")
    assert "3 unread notices" in client.get("/account").text
    assert "3 unread notices" in client.get("/notifications/bell").text


def test_the_bell_says_99_plus_and_counts_no_further(client, alice):
    for number in range(101):
        tell(alice, key=f"k{number}")
    assert queries.unread(alice) == 100
    assert ">99+<" in client.get("/notifications/bell").text


def test_opening_a_notice_reads_it_and_leads_to_its_thing(client, alice):
    notice_id = tell(alice)
    answer = client.post(f"/notifications/{notice_id}/open")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet")
    assert queries.unread(alice) == 0


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:alert(1)", "/\t/e"]
)
def test_a_notice_never_leads_to_another_site(client, alice, path):
    notice_id = tell(alice, path=path)
    assert client.post(f"/notifications/{notice_id}/open").headers["Location"] == "/notifications"
    # not even one that was written past the verb
    db.session.execute(sa.update(Notice).values(path=path))
    commit()
    assert client.post(f"/notifications/{notice_id}/open").headers["Location"] == "/notifications"


@pytest.mark.parametrize("verb", ["open", "read"])
def test_anothers_notice_is_not_there(app, alice, verb):
    bob = raising.sign_in(app.test_client(), raising.person("bob"))
    notice_id = tell(alice)
    assert bob.post(f"/notifications/{notice_id}/{verb}").status_code == 404
    assert "Yirga" not in bob.get("/notifications").text
    bob.post("/notifications/read-all")
    assert queries.unread(alice) == 1


def test_notices_are_marked_one_by_one_and_all_at_once(client, alice):
    first, _, _ = (tell(alice, key=f"k{number}") for number in range(3))
    client.post(f"/notifications/{first}/read", data={"next": "/notifications?show=unread"})
    assert queries.unread(alice) == 2
    answer = client.post("/notifications/read-all", data={"next": "https://evil.example"})
    assert answer.headers["Location"] == "/notifications"
    assert queries.unread(alice) == 0
    assert "You have read all" in client.get("/notifications?show=unread").text


def test_the_list_pages_and_filters(client, alice):
    ids = [tell(alice, key=f"k{number}", company=f"Company {number:02}") for number in range(30)]
    first = client.get("/notifications").text
    assert "Company 29" in first
    assert "Company 04" not in first
    older = re.search(r'rel="next" href="([^"]+)"', first).group(1).replace("&amp;", "&")
    assert "Company 04" in client.get(older).text
    client.post(f"/notifications/{ids[29]}/read")
    assert "Company 29" not in client.get("/notifications?show=unread").text


@pytest.mark.parametrize(
    "query", ["before=%00", "before=" + "9" * 500, "before=zz&show=<b>", "show=unread&before='--"]
)
def test_odd_addresses_of_the_list_are_harmless(client, alice, query):
    tell(alice)
    answer = client.get(f"/notifications?{query}", follow_redirects=True)
    assert answer.status_code in (200, 404)


# --- choices --------------------------------------------------------------------------------------


def boxes(client):
    """Return the boxes of the page and whether each is ticked."""
    page = client.get("/account/notifications").text
    found = re.findall(r'name="wanted" value="([^"]+)"( checked)?', page)
    return {value: bool(checked) for value, checked in found}


def save(client, wanted):
    return client.post("/account/notifications", data={"wanted": sorted(wanted)})


def test_a_kind_that_is_switched_off_stays_in_the_list_and_sends_no_email(client, alice):
    wanted = {value for value, is_on in boxes(client).items() if is_on} - {
        "company.registered:email"
    }
    assert save(client, wanted).status_code == 303
    assert boxes(client)["company.registered:email"] is False
    tell(alice)
    work()
    assert (queries.unread(alice), mail.OUTBOX) == (1, [])
    save(client, wanted | {"company.registered:email"})
    tell(alice, key="again")
    work()
    assert [one["Subject"] for one in mail.OUTBOX] == ["Yirga Coffee is registered"]


def test_sms_can_be_chosen_once_a_number_is_verified(client, alice):
    assert not any(value.endswith(":sms") for value in boxes(client))
    assert save(client, ["company.registered:sms"]).status_code == 422
    add_phone(alice)
    save(client, ["company.registered:sms"])
    tell(alice)
    work()
    assert [(one.to, one.text.split(".")[0]) for one in sms.OUTBOX] == [
        ("+251911234567", "crowdfund: Yirga Coffee is registered on chain")
    ]
    assert mail.OUTBOX == []


@pytest.mark.parametrize(
    "value", ["security.new_device:email", "no.such:email", "company.registered:fax", "", "x" * 900]
)
def test_what_cannot_be_chosen_is_refused(client, alice, value):
    assert save(client, [value]).status_code == 422
    assert queries.choices([alice]) == {}


def test_security_notices_go_to_every_verified_address_whatever_is_chosen(client, alice):
    add_phone(alice)
    save(client, [])
    tell(alice, kind="security.recovery_codes_made")
    work()
    assert [one["To"] for one in mail.OUTBOX] == ["alice@example.com"]
    assert [one.to for one in sms.OUTBOX] == ["+251911234567"]
    assert mail.OUTBOX[0]["List-Unsubscribe"] is None


def test_only_staff_see_the_choices_about_queues(app, client):
    assert not any(value.startswith("staff.") for value in boxes(client))
    carla = raising.sign_in(app.test_client(), raising.person("carla", "compliance"))
    assert "staff.people:email" in boxes(carla)


# --- the way out of an e-mail ---------------------------------------------------------------------


def one_click(app, url, **data):
    return app.test_client().post(url.removeprefix("http://localhost"), data=data)


def test_one_click_in_a_mail_program_ends_that_kind_and_no_other(app, alice):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        tell(alice)
        work()
        url = mail.OUTBOX[0]["List-Unsubscribe"].strip("<>")
        assert mail.OUTBOX[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        answer = one_click(app, url, **{"List-Unsubscribe": "One-Click"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 200  # RFC 8058: no redirect
    mail.OUTBOX.clear()
    tell(alice, key="again")
    tell(alice, key="other", kind="company.approved")
    work()
    assert [one["Subject"] for one in mail.OUTBOX] == ["Yirga Coffee is approved"]


def test_the_page_of_the_link_asks_first_and_can_be_undone(app, alice):
    url = links.unsubscribe_url(alice, "company.registered").removeprefix("http://localhost")
    visitor = app.test_client()
    assert "Unsubscribe" in visitor.get(url).text
    assert queries.choices([alice]) == {}  # a look changes nothing: mail scanners open links
    assert visitor.post(url).status_code == 303
    assert "You have unsubscribed from these e-mails" in visitor.get(url).text
    visitor.post(url, data={"again": "yes"})
    assert queries.choices([alice]) == {}


@pytest.mark.parametrize("token", ["x", "W10.abc", "a" * 3000, "..", "%2e%2e"])
def test_a_forged_link_changes_nothing(app, alice, token):
    assert app.test_client().post(f"/unsubscribe/{token}").status_code == 404


def test_a_link_cannot_end_security_messages(app, alice):
    url = links.unsubscribe_url(alice, "security.new_device").removeprefix("http://localhost")
    assert app.test_client().post(url).status_code == 404


def test_a_cut_or_changed_token_is_refused(app, alice):
    url = links.unsubscribe_url(alice, "company.registered").removeprefix("http://localhost")
    for changed in (url[:-1], url + "A", url.replace(url.split("/")[-1][5], "_", 1)):
        assert app.test_client().post(changed).status_code == 404
    assert queries.choices([alice]) == {}
