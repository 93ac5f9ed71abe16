"""The stage of the demo story leaves the bank's simulator as it found it."""

import pytest

from crowdfund.kernel import config
from crowdfund.local import rpc
from crowdfund.local.story import stage
from tests.payments import bank_process


@pytest.fixture
def bank(app, tmp_path, monkeypatch):
    running = bank_process.start(tmp_path / "bank")
    monkeypatch.setattr(rpc, "call", lambda *_args, **_kwargs: None)
    key = running.files.api_key.read_text().strip()
    changes = {
        "billbitts_api_url": running.url,
        "billbitts_api_key": key,
        "chain_rpc_url": "http://chain",
    }
    config.use(config.settings().model_copy(update=changes))
    yield running
    bank_process.stop(running)


def settings_of(bank):
    return {name: value for name, value in bank.control("settings").items() if name != "now"}


def test_untouched_settings_are_untouched_after_the_story(app, bank):
    before = settings_of(bank)
    with stage.stage(app) as made:
        made.begin(made._clock.now())
        assert settings_of(bank)["settle_delay_s"] == 0
        assert settings_of(bank)["fixed_now"]
    assert settings_of(bank) == before
    assert before["settle_delay_s"] == 2


def test_chosen_settings_are_there_again_after_the_story_even_if_it_fails(app, bank):
    bank.control("settings", settle_delay_s=9, callback_url="http://127.0.0.1:9/hook")
    before = settings_of(bank)
    with pytest.raises(RuntimeError, match="in the middle"), stage.stage(app):
        raise RuntimeError("in the middle")
    assert settings_of(bank) == before
