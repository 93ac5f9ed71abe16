"""A page with errors says so in its title; it claims nothing about what was saved."""

import re

from tests import raising


def title(page):
    return re.search(r"<title>(.*?)</title>", page.text)[1]


def test_the_title_of_a_page_with_errors_begins_with_error(client):
    good, bad = client.get("/sign-in"), client.post("/sign-in", data={"identifier": ""})
    assert title(bad) == f"Error: {title(good)}"
    assert "Nothing was s" not in bad.text


def test_it_does_in_the_readers_language(client):
    client.set_cookie("language", "hi")
    good, bad = client.get("/sign-in"), client.post("/sign-in", data={"identifier": ""})
    assert title(bad) != title(good)
    assert title(bad).endswith(title(good))


def test_a_page_that_is_not_found_keeps_its_title(client):
    assert not title(client.get("/nowhere")).startswith("Error:")


def test_a_form_of_an_account_says_so_too(app):
    browser = raising.browser(app, raising.person("alice"))
    assert title(browser.post("/account", data={"first_name": ""})).startswith("Error: ")
