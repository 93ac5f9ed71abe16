"""A campaign's state has one word in the filter of the public list and on its card."""

import re

import pytest

from crowdfund.campaigns.rules import addresses
from tests.campaigns import many
from tests.campaigns.many import Made


@pytest.mark.parametrize("status", [one for one in addresses.STATE_OF if one != "live"])
def test_filter_and_badge_use_the_same_word(client, status):
    many.insert([Made(status=status)])
    page = client.get("/campaigns").text
    word = re.search(rf'data-status="{status}">.*?</svg>([^<]+)</span>', page, re.S)[1]
    filtered = {
        text: value for value, text in re.findall(r'<option value="(\w+)"[^>]*>([^<]+)<', page)
    }
    assert filtered[word] == addresses.STATE_OF[status]


def test_the_filters_are_behind_a_button_that_works_without_script(client):
    page = client.get("/campaigns").text
    more = page.split('<details class="cf-filter-more"')[1].split("</details>")[0]
    assert more.startswith(">")  # closed
    assert "Filter</summary>" in more
    assert 'name="sector"' in more
    assert 'name="q"' not in more
    chosen = client.get("/campaigns?sector=energy").text
    assert '<details class="cf-filter-more" open>' in chosen
    assert '<details class="cf-filter-more">' in client.get("/campaigns?q=solar").text
