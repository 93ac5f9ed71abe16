"""People read one name of the bank's gateway, wherever they meet it."""

from crowdfund.adapters import bill_bitts, gateways
from crowdfund.investments.forms import RAILS
from crowdfund.payments.rules import WITHOUT_GATEWAY
from tests.test_languages import tool


def test_the_way_to_pay_and_the_desk_call_it_the_same():
    through_gateways = [(name, str(title)) for name, title in RAILS if name not in WITHOUT_GATEWAY]
    assert through_gateways == [(bill_bitts.NAME, gateways.title(bill_bitts.NAME))]


def test_no_text_for_people_has_another_name_for_it():
    texts = [str(message.id) for message in tool().template() if message.id]
    assert [text for text in texts if "bitts" in text.lower()] == []
    assert any(gateways.title(bill_bitts.NAME) in text for text in texts)
