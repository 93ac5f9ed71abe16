"""Ids and stored keys follow from a seed where a test or a story wants it; secrets never do."""

import ast
import re
import secrets
from datetime import UTC, datetime

import pytest

from crowdfund import create_app
from crowdfund.adapters import custody, sealing, storage
from crowdfund.kernel import config, randomness
from crowdfund.kernel.db import new_id
from crowdfund.kernel.randomness import SeededRandomness, SeedRefused, SystemRandomness
from crowdfund.people import rules as people_rules
from crowdfund.security import rules as security_rules
from tests.test_structure import modules

MOMENT = datetime(2027, 1, 4, 6, 0, tzinfo=UTC)


@pytest.fixture
def seeded(frozen):
    """Begin again with a seed at a moment of the clock."""

    def begin(seed="a", at=MOMENT):
        frozen.set(at)
        randomness.use(SeededRandomness(seed))

    yield begin
    randomness.use(None)


def drawn():
    return [new_id(), randomness.token_hex(32), new_id(), randomness.draw(100).hex()]


def test_the_same_seed_and_clock_give_the_same_ids_and_keys(seeded):
    seeded()
    first = drawn()
    seeded()
    assert drawn() == first
    seeded("b")
    assert not set(drawn()) & set(first)


def test_no_draw_shares_bytes_with_another_one(seeded):
    seeded()
    tokens = [randomness.token_hex(8) for _ in range(2_000)] + [randomness.token_hex(64)]
    assert len(set(tokens)) == len(tokens)
    assert len(tokens[-1]) == 128
    assert not tokens[-1].startswith(tokens[-2])


def test_seeded_ids_sort_by_the_clock_and_by_their_order_within_a_moment(seeded, frozen):
    seeded()
    made = [new_id() for _ in range(5_000)]
    frozen.set(datetime(2027, 1, 5, tzinfo=UTC))
    made.append(new_id())
    frozen.set(MOMENT)  # ids do not go back
    made.append(new_id())
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert int(made[0][:12], 16) == int(MOMENT.timestamp() * 1000)


def test_without_a_seed_ids_come_from_the_system_and_from_real_time(frozen):
    frozen.set(MOMENT)
    assert abs(int(new_id()[:12], 16) / 1000 - datetime.now(UTC).timestamp()) < 60
    assert len({randomness.token_hex(32) for _ in range(100)}) == 100


# --- production -----------------------------------------------------------------------------------


@pytest.fixture
def production(tmp_path):
    """Settings of production, in force in this process until the test is over."""
    before = config._override
    yield config.Settings(
        _env_file=None,
        environment="production",
        secret_key=secrets.token_hex(32),
        public_url="https://crowdfund.com",
        database_url="sqlite://",
        CROWDFUND_DATA_DIR=tmp_path,
    )
    config.use(before)
    randomness.use(None)


def test_production_refuses_a_seed_and_goes_on_with_the_system(production):
    config.use(production)
    before = randomness.use(None)
    assert type(before) is SystemRandomness
    with pytest.raises(SeedRefused, match="Nothing was changed"):
        randomness.use(SeededRandomness("a"))
    assert type(randomness.use(None)) is SystemRandomness


def test_a_seeded_process_does_not_become_a_production_one(production, frozen):
    randomness.use(SeededRandomness("a"))
    try:
        with pytest.raises(SeedRefused):
            create_app(production)
    finally:
        config.use(None)


def test_no_setting_and_no_command_gives_a_seed():
    assert [name for name in config.Settings.model_fields if "seed" in name] == []
    users = {name for name, path in modules().items() if "SeededRandomness" in path.read_text()}
    assert users == {"crowdfund.kernel.randomness"}


# --- secrets --------------------------------------------------------------------------------------

SECRETS = {
    "the secret of an authenticator app": security_rules.new_secret,
    "recovery codes": security_rules.new_recovery_code,
    "a referral code": people_rules.new_referral_code,
    "a wallet's private key": lambda: custody.new_wallet()[1],
    "a sealed text": lambda: sealing.seal("test", "id", b"text"),
}


@pytest.mark.parametrize("what", SECRETS)
def test_a_seed_does_not_touch_a_secret(seeded, app, what):
    seeded()
    first = SECRETS[what]()
    seeded()
    assert SECRETS[what]() != first


def test_a_seed_names_a_file_and_never_makes_its_key(seeded, app):
    seeded()
    first = storage.put_private(b"text", "documents")
    seeded()
    second = storage.put_private(b"text", "documents")
    assert second.id == first.id
    assert second.key != first.key


# Where the system's own randomness is read, and why: what is drawn there can never be seeded. All
# else asks `randomness`, which a story can seed.
UNSEEDED = {
    "crowdfund.kernel.randomness": "the source itself",
    "crowdfund.kernel.sessions": "keys of sessions",
    "crowdfund.kernel.headers": "nonces of the content security policy",
    "crowdfund.kernel.compression": "lengths of pages that nobody may foretell",
    "crowdfund.kernel.web.app": "names of requests in the log",
    "crowdfund.kernel.retrying": "pauses",
    "crowdfund.kernel.events.fanout": "pauses",
    "crowdfund.adapters.bill_bitts": "nonces of signed requests",
    "crowdfund.adapters.bill_bitts_fake": "nonces of signed webhooks",
    "crowdfund.adapters.sealing": "nonces of sealed secrets",
    "crowdfund.adapters.storage": "nonces of encrypted files",
    "crowdfund.backups.sealed": "salts and nonces of sealed backups",
    "crowdfund.api_tokens.service": "refresh tokens",
    "crowdfund.sign_in.service.attempts": "names of attempts that only one browser knows",
    "crowdfund.sign_in.service.oidc": "state, nonce and verifier",
    "crowdfund.sign_in.service.passkeys": "challenges",
    "crowdfund.sign_in.service.wallets": "nonces that wallets sign",
    "crowdfund.sign_in.views.external": "keys of browsers",
    "crowdfund.security.entry": "keys of trusted devices",
    "crowdfund.security.rules": "recovery codes",
    "crowdfund.people.rules": "referral codes",
    "crowdfund.compliance.service.submissions": "salts of personal data, which never leaves SQL",
    "crowdfund.campaigns.views.page_cache": "a key of this process",
    "crowdfund.investments.views.placing": "keys of forms",
    "crowdfund.payouts.views.own": "keys of forms",
    "crowdfund.plans.rules.networks": "example networks, always with the same seed",
    "crowdfund.local.datadir": "secrets of a new installation",
    "crowdfund.local.node": "what tells two local chains apart",
    "crowdfund.local.bill_bitts.gateway": "stands for a bank",
    "crowdfund.local.bill_bitts.keys": "stands for a bank",
    "crowdfund.local.bill_bitts.payouts": "stands for a bank",
}
_SYSTEM = re.compile(
    r"secrets\.(token_\w+|choice|randbelow|randbits)|random\.\w+|uuid\.\w+|os\.urandom"
)


def test_the_systems_randomness_is_read_for_secrets_and_outside_of_the_books_only():
    found = set()
    for name, path in modules().items():
        calls = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call))
        if any(_SYSTEM.fullmatch(ast.unparse(call.func)) for call in calls):
            found.add(name)
    assert found == set(UNSEEDED)
