"""Forms as no page of ours sends them: refused once, in one place, with one sentence."""

import io

import pytest

from tests import raising

UNREADABLE = "Your browser sent this form in a way that we cannot read."


def part(disposition, content="x"):
    return (
        f"--b\r\nContent-Disposition: form-data{disposition}\r\n\r\n{content}\r\n--b--\r\n".encode()
    )


def post(browser, path, body, kind="multipart/form-data; boundary=b"):
    return browser.post(path, data=body, content_type=kind)


@pytest.fixture
def alice(app):
    return raising.browser(app, raising.person("alice"))


@pytest.mark.parametrize("filename", ["a.txt", "", "a.png"])
def test_a_text_that_comes_as_a_file_is_refused(alice, client, filename):
    for browser, path, name in (
        (client, "/sign-in", "identifier"),
        (alice, "/account", "first_name"),
        (alice, "/account/language", "language"),
    ):
        answer = browser.post(path, data={name: (io.BytesIO(b"x"), filename)})
        assert (answer.status_code, UNREADABLE in answer.text) == (422, True)


@pytest.mark.parametrize(
    "body",
    [
        part("", "a part without a name"),
        part('; filename="x"', "a file without a name"),
        part('; name="first_name"', "a\0b"),
        part('; name="a\0b"'),
        part('; name="upload"; filename="a\0.png"'),
    ],
)
@pytest.mark.parametrize("path", ["/account", "/account/sessions/end-others", "/sign-out"])
def test_a_part_without_a_name_or_with_a_zero_byte_is_refused_wherever_it_is_sent(
    alice, path, body
):
    answer = post(alice, path, body)
    assert (answer.status_code, UNREADABLE in answer.text) == (422, True)
    assert alice.get("/account").status_code == 200, "nothing was done"


@pytest.mark.parametrize("body", [b"first_name=a%00b", b"%00=x", b"unknown=%00"])
def test_a_zero_byte_in_a_plain_form_is_refused_even_in_a_field_that_nobody_reads(alice, body):
    answer = post(alice, "/account", body, "application/x-www-form-urlencoded")
    assert (answer.status_code, UNREADABLE in answer.text) == (422, True)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"1", b'"\\ud800"', b"{", b'{"first_name": ["a"]}', b"[" * 5_000]
)
def test_json_is_no_form(alice, body):
    answer = post(alice, "/account", body, "application/json")
    assert answer.status_code in (200, 422)
    assert "Alice" in answer.text


def test_a_text_that_is_too_long_to_be_read_is_not_called_a_file(alice):
    for data in ({"first_name": "x" * 600_000}, {str(number): "x" for number in range(2_000)}):
        answer = alice.post("/account", data=data, content_type="multipart/form-data")
        assert (answer.status_code, "What you entered is too long" in answer.text) == (413, True)
    answer = alice.post("/account", data={"first_name": "x" * (12 * 1024 * 1024)})
    assert (answer.status_code, "The file is larger than 10 MB" in answer.text) == (413, True)


@pytest.mark.parametrize("referrer", ["http://[", "//[", "http://[::1", "\u00ff"])
def test_a_referrer_that_is_no_address_counts_as_none(client, alice, referrer):
    headers = {"HX-Request": "true", "Referer": referrer}
    without = client.get(
        "/wallet", headers={"HX-Request": "true", "Referer": "http://else.example"}
    )
    assert client.get("/wallet", headers=headers).status_code == without.status_code == 401
    answer = alice.post("/language", data={"language": "hi"}, headers={"Referer": referrer})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
