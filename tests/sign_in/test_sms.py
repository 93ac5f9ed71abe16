"""SMS over real HTTP: a gateway in a process of its own that refuses, delays and repeats."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from crowdfund.adapters import sms
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Invalid, Unavailable
from crowdfund.local.ports import free_port
from crowdfund.sign_in.service import codes

NUMBER = "+251911234567"


@pytest.fixture(scope="module")
def gateway_url():
    port = free_port()
    file = Path(__file__).with_name("sms_process.py")
    process = subprocess.Popen([sys.executable, str(file), str(port)])
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            httpx.get(f"{url}/_seen")
            break
        time.sleep(0.02)
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def gateway(app, gateway_url):
    """Settings that use the gateway, and a word with it."""
    config.use(
        config.settings().model_copy(
            update={
                "sms_api_url": f"{gateway_url}/send",
                "sms_api_key": "s3cret",
                "sms_sender": "crowdfund",
            }
        )
    )

    def faults(**changes):
        httpx.post(f"{gateway_url}/_fault", json=changes)

    faults()
    yield faults
    config.use(config.settings().model_copy(update={"sms_api_url": "", "sms_api_key": ""}))


def seen(gateway_url):
    return httpx.get(f"{gateway_url}/_seen").json()


def test_a_message_goes_out_as_the_gateway_wants_it(gateway, gateway_url):
    sms.send(NUMBER, "ሰላም, your code is 123456", message_id="m1")
    (request,) = seen(gateway_url)["requests"]
    assert request["key"] == "m1"
    assert request["token"] == "Bearer s3cret"
    assert request["body"] == {
        "to": NUMBER,
        "from": "crowdfund",
        "text": "ሰላም, your code is 123456",
    }


def test_a_repeat_with_the_same_key_is_one_message(gateway, gateway_url):
    for _ in range(3):
        sms.send(NUMBER, "hello", message_id="m2")
    found = seen(gateway_url)
    assert (len(found["requests"]), len(found["taken"])) == (3, 1)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_message_that_the_gateway_will_never_take_is_given_up(gateway, status):
    gateway(status=status)
    with pytest.raises(sms.SmsRefused) as refusal:
        sms.send(NUMBER, "my secret 123456", message_id="m3")
    assert NUMBER not in str(refusal.value)
    assert "123456" not in str(refusal.value)


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_trouble_at_the_gateway_is_worth_another_try(gateway, status):
    gateway(status=status)
    with pytest.raises(Unavailable, match=str(status)):
        sms.send(NUMBER, "hello", message_id="m4")


def test_a_slow_gateway_is_not_waited_for_and_gets_the_same_key_again(
    gateway, gateway_url, monkeypatch
):
    monkeypatch.setattr(sms, "READ_S", 0.2)
    gateway(delay_s=0.6)
    with pytest.raises(Unavailable, match="does not answer"):
        sms.send(NUMBER, "hello", message_id="m5")
    time.sleep(0.5)
    monkeypatch.undo()
    sms.send(NUMBER, "hello", message_id="m5")
    found = seen(gateway_url)
    assert [one["key"] for one in found["requests"]] == ["m5", "m5"]
    assert len(found["taken"]) == 1


def test_a_gateway_that_is_down_is_told_so(app):
    config.use(
        config.settings().model_copy(update={"sms_api_url": f"http://127.0.0.1:{free_port()}/x"})
    )
    with pytest.raises(Unavailable, match="does not answer"):
        sms.send(NUMBER, "hello", message_id="m6")
    config.use(config.settings().model_copy(update={"sms_api_url": ""}))


def test_a_code_by_mobile_reaches_the_gateway_after_trouble_once(gateway, gateway_url, frozen):
    from datetime import timedelta

    gateway(status=503)
    codes.request_code("0911 23 45 67", ip="10.0.0.1")
    commit()
    outbox.drain_all()
    assert seen(gateway_url)["taken"] == []
    gateway()
    frozen.advance(timedelta(minutes=2))
    outbox.drain_all()
    outbox.drain_all()
    (taken,) = seen(gateway_url)["taken"]
    assert taken["to"] == NUMBER
    assert "crowdfund code" in taken["text"]


def test_in_production_without_a_gateway_codes_by_mobile_are_not_offered(app, frozen):
    before = config.settings()
    config.use(before.model_copy(update={"environment": "production"}))
    assert not sms.is_offered()
    with pytest.raises(Invalid, match="Enter your e-mail address instead") as refusal:
        codes.request_code(NUMBER, ip="10.0.0.1")
    assert refusal.value.field == "identifier"
    rollback()
    with pytest.raises(Unavailable):
        sms.send(NUMBER, "hello", message_id="m7")
    codes.request_code("alice@example.com", ip="10.0.0.1")
    config.use(before)


@pytest.mark.parametrize(
    ("number", "is_reached"),
    [
        ("+251911234567", True),
        ("+251711234567", True),
        ("+251781234567", True),  # a block that phonenumbers does not know yet
        ("+919876543210", True),
        ("+254712345678", False),
        ("+12425551234", False),  # the Bahamas share +1 with the USA
        ("+447797123456", False),  # Jersey shares +44
        ("+8816123456789", False),  # Iridium
        ("+881612345678", False),
        ("+870773111632", False),  # Inmarsat
        ("+88213300655", False),
        ("+883510000000", False),
        ("+878101234567890", False),
        ("+80012345678", False),
        ("+979123456789", False),
        ("+911800112233", False),  # toll free
        ("+9198765432109876", False),
        ("+251", False),
        ("no number", False),
    ],
)
def test_sms_go_to_the_countries_of_the_setting_and_never_to_satellites(app, number, is_reached):
    assert sms.reaches(number) is is_reached
    if is_reached:
        sms.send(number, "hello", message_id="m")
    else:
        with pytest.raises(sms.SmsRefused) as refusal:
            sms.send(number, "hello", message_id="m")
        assert number not in str(refusal.value)
    assert [one.to for one in sms.OUTBOX] == ([number] if is_reached else [])


def test_numbers_that_cost_extra_get_no_sms_in_any_country(app):
    regions = {"sms_regions": ["GB", "US", "JE"]}
    config.use(config.settings().model_copy(update=regions))
    assert sms.reaches("+447797123456")
    assert not sms.reaches("+447012345678")  # personal number
    assert not sms.reaches("+18885551234")  # toll free
    assert not sms.reaches("+19005550100")  # premium
    assert not sms.reaches("+251911234567")


@pytest.mark.parametrize("typed", ["+8816123456789", "+254712345678"])
def test_a_code_to_a_number_that_is_not_reached_is_refused_before_it_costs(app, typed, client):
    answer = client.post("/sign-in", data={"identifier": typed})
    assert answer.status_code == 422
    assert "We cannot send SMS to this number. Enter your e-mail address instead." in answer.text
    outbox.drain_all()
    assert sms.OUTBOX == []


@pytest.mark.parametrize("regions", [["ETH"], ["001"], ["*"], [""], ["é1"]])
def test_what_is_no_country_is_refused_as_a_setting(regions):
    with pytest.raises(ValueError, match="sms_regions"):
        config.Settings(_env_file=None, sms_regions=regions)
    assert config.Settings(_env_file=None, sms_regions=["et ", "Ke"]).sms_regions == ["ET", "KE"]
