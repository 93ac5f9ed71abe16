"""`flask doctor`: what this installation uses, what is wrong, what to do. Prints no secrets."""

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import click
import redis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.cli import with_appcontext
from werkzeug.sansio.utils import host_is_trusted

from crowdfund.kernel import clock, config, web_addresses
from crowdfund.kernel.config import DEMO_OPERATOR, Settings
from crowdfund.kernel.regions import REGIONS
from crowdfund.kernel.weak_keys import INSECURE_KEY
from crowdfund.local import rpc
from crowdfund.local.doctor_mail import check_mail
from crowdfund.local.doctor_sql import (
    check_contracts,
    check_database,
    check_visitors,
    check_work,
)
from crowdfund.local.findings import (
    TIMEOUT_S,
    Finding,
    first_line,
    http_answers,
    http_status,
    masked,
)

RSA_BITS = 2048


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Check the environment name, the secret key, what production needs, and the data folder."""
    wrong = " ".join(_settings_problems(settings))
    yield Finding("settings", f"{settings.environment}, {settings.public_url}", wrong)
    folder = settings.data_dir.absolute()
    yield Finding("data", str(folder), _folder_problem(folder))
    if moment := clock.moved_to():
        yield Finding("clock", f"moved by `flask clock`: it is {moment:%Y-%m-%d %H:%M} UTC")


def _folder_problem(folder: Path) -> str:
    if not os.access(folder, os.W_OK):
        return "The folder is missing or cannot be written."
    if folder.stat().st_mode & 0o077:
        return f"Other users of this machine can open it: run `chmod -R go= {folder}`."
    return ""


def _settings_problems(settings: Settings) -> Iterator[str]:
    if settings.secret_key == INSECURE_KEY:
        yield "SECRET_KEY is the one everybody knows; set SECRET_KEY or SECRET_KEY_FILE."
    host = urlsplit(settings.public_url).hostname or ""
    if settings.trusted_hosts and not host_is_trusted(host, settings.trusted_hosts):
        yield f"TRUSTED_HOSTS does not name {host} of PUBLIC_URL, so every page is refused."
    if settings.environment != "production":
        if web_addresses.is_public(host):
            yield f"ENVIRONMENT is {settings.environment}, but PUBLIC_URL is a public address."
        return
    if not settings.trusted_hosts:
        yield "TRUSTED_HOSTS is empty, so any Host header is taken; name the site's hosts."
    if settings.operator_name == DEMO_OPERATOR or settings.operator_email.endswith(".example"):
        yield (
            "The pages name the demo's operator; set OPERATOR_NAME, OPERATOR_ADDRESS and "
            "OPERATOR_EMAIL."
        )
    if settings.events_url.startswith("/") and not settings.proxy_count:
        yield "PROXY_COUNT is 0 behind a proxy: everybody would share one address and its limits."


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Ask for its version."""
    uses = masked(settings.redis_url)
    try:
        info = redis.Redis.from_url(settings.redis_url, socket_timeout=TIMEOUT_S).info("server")
    except (redis.RedisError, ValueError) as error:
        yield Finding("redis", uses, f"It does not answer: {first_line(error)}. Check REDIS_URL.")
        return
    version = info.get("valkey_version") or info.get("redis_version")
    yield Finding("redis", f"{uses} (version {version})")


def check_chain(settings: Settings) -> Iterator[Finding]:
    """Ask the node for its chain id and look for the signing keys."""
    uses = masked(settings.chain_rpc_url)
    try:
        chain_id = int(rpc.call(settings.chain_rpc_url, "eth_chainId", timeout_s=TIMEOUT_S), 16)
        height = int(rpc.call(settings.chain_rpc_url, "eth_blockNumber", timeout_s=TIMEOUT_S), 16)
    except (rpc.RpcError, TypeError, ValueError) as error:
        yield Finding(
            "chain", uses, f"The node does not answer: {first_line(error)}. Check CHAIN_RPC_URL."
        )
    else:
        same = chain_id == settings.chain_id
        wrong = "" if same else f"It is chain {chain_id}, but CHAIN_ID says {settings.chain_id}."
        yield Finding("chain", f"{uses} (chain {chain_id}, block {height})", wrong)
        yield _fees(settings)
    missing = [
        name.upper()
        for name in ("chain_signer_key", "chain_admin_key", "chain_recorder_key")
        if not getattr(settings, name)
    ]
    wrong = f"Set {', '.join(missing)}, or the same with _FILE." if missing else ""
    yield Finding("chain keys", f"{3 - len(missing)} of 3", wrong)


def _fees(settings: Settings) -> Finding:
    """Compare what the network asks for gas with the limit."""
    most = settings.chain_max_fee_gwei
    try:
        price = int(rpc.call(settings.chain_rpc_url, "eth_gasPrice", timeout_s=TIMEOUT_S), 16)
    except (rpc.RpcError, TypeError, ValueError) as error:
        return Finding("chain fees", f"at most {most:f} gwei", f"No price: {first_line(error)}.")
    asks = Decimal(price) / 10**9
    wrong = "" if asks <= most else "Writes wait. Raise CHAIN_MAX_FEE_GWEI, or wait."
    return Finding("chain fees", f"at most {most:f} gwei, the network asks {asks:.3f}", wrong)


def check_gateway(settings: Settings) -> Iterator[Finding]:
    """Reach the payment gateway and read both sides' keys."""
    if not settings.billbitts_api_url:
        yield Finding("gateway", "none", "Set BILLBITTS_API_URL.")
        return
    answers = http_answers(settings.billbitts_api_url)
    wrong = "" if answers else "It does not answer. Check BILLBITTS_API_URL."
    yield Finding("gateway", masked(settings.billbitts_api_url), wrong)
    problems = list(_key_problems(settings))
    yield Finding(
        "gateway keys",
        f"{len(settings.billbitts_public_key_paths)} of the bank",
        " ".join(problems),
    )


def check_sms(settings: Settings) -> Iterator[Finding]:
    """Reach the SMS gateway; without one, codes go by e-mail only in production."""
    if unknown := sorted(set(settings.sms_regions) - REGIONS):
        names = ", ".join(unknown)
        yield Finding("sms countries", names, "SMS_REGIONS names them, but they are no countries.")
    if not settings.sms_api_url:
        is_live = settings.environment == "production"
        uses = "none: codes go by e-mail only" if is_live else "none: the worker prints them"
        yield Finding("sms", uses)
        return
    wrong = "" if http_answers(settings.sms_api_url) else "It does not answer. Check SMS_API_URL."
    wrong = wrong if settings.sms_api_key else f"{wrong} SMS_API_KEY is not set.".strip()
    yield Finding("sms", masked(settings.sms_api_url), wrong)


def check_sign_on(settings: Settings) -> Iterator[Finding]:
    """Read what the identity provider publishes, as a sign-in would."""
    if not settings.oidc_offered:
        yield Finding("sign-on", "none: set OIDC_ISSUER and OIDC_CLIENT_ID to offer it")
        return
    from crowdfund.adapters import oidc  # every web process loads this module

    try:
        oidc.provider().check()
    except oidc.ProviderUnavailable:
        wrong = (
            "Its discovery document or keys cannot be read, "
            "or name another issuer than OIDC_ISSUER."
        )
        yield Finding("sign-on", masked(settings.oidc_issuer), wrong)
        return
    yield Finding("sign-on", f"{masked(settings.oidc_issuer)} ({settings.oidc_name})")


def check_events(settings: Settings) -> Iterator[Finding]:
    """Reach the event stream, at its own address or through the proxy."""
    if settings.events_url.startswith("/"):
        url = f"{settings.public_url}{settings.events_url}"
        status = http_status(f"{url}?t=doctor")
        # The event process refuses a token that is none; a web process would answer 404.
        wrong = ""
        if status != 403:
            wrong = (
                f"It answers {status or 'nothing'}, not 403: pages will poll. "
                "Start crowdfund.kernel.events:app and let the proxy lead there."
            )
        yield Finding("events", f"{url} (behind the proxy)", wrong)
        return
    wrong = ""
    if not http_answers(settings.events_url.rpartition("/")[0] + "/health"):
        wrong = "It does not answer; pages will poll. Start crowdfund.kernel.events:app."
    yield Finding("events", settings.events_url, wrong)


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    check_settings,
    check_database,
    check_redis,
    check_chain,
    check_contracts,
    check_gateway,
    check_mail,
    check_sms,
    check_sign_on,
    check_events,
    check_visitors,
    check_work,
)


@click.command()
@with_appcontext
def doctor() -> None:
    """Say what is used and what is wrong; exit with 1 when something is."""
    findings = [finding for check in CHECKS for finding in check(config.settings())]
    for finding in findings:
        mark = "WRONG" if finding.wrong else "ok"
        click.echo(f"{mark:<6} {finding.part:<13} {finding.uses}")
        if finding.wrong:
            click.echo(f"       {finding.wrong}")
    wrong = sum(bool(finding.wrong) for finding in findings)
    if wrong:
        click.echo(f"\n{wrong} of {len(findings)} need attention.")
        raise SystemExit(1)
    click.echo(f"\nAll {len(findings)} are well.")


def _key_problems(settings: Settings) -> Iterator[str]:
    if not settings.billbitts_api_key:
        yield "BILLBITTS_API_KEY is not set."
    if not settings.billbitts_private_key_path:
        yield "BILLBITTS_PRIVATE_KEY_PATH is not set."
    elif not _is_rsa(settings.billbitts_private_key_path, private=True):
        yield f"{settings.billbitts_private_key_path} is not an RSA private key of {RSA_BITS} bits."
    if not settings.billbitts_public_key_paths:
        yield "BILLBITTS_PUBLIC_KEY_PATHS is empty, so no webhook can be believed."
    for path in settings.billbitts_public_key_paths:
        if not _is_rsa(path, private=False):
            yield f"{path} is not an RSA public key of {RSA_BITS} bits."


def _is_rsa(path: str, *, private: bool) -> bool:
    try:
        content = Path(path).read_bytes()
        if private:
            key: object = serialization.load_pem_private_key(content, password=None)
        else:
            key = serialization.load_pem_public_key(content)
    except (OSError, ValueError, TypeError):
        return False
    return isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size >= RSA_BITS
