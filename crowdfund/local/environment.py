"""The environment of every process of the stack: the operator's settings, else embedded parts."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from crowdfund.kernel import variables, web_addresses
from crowdfund.kernel.variables import is_set
from crowdfund.local import redis_server
from crowdfund.local.datadir import CHAIN_ROLES, DataDir, write_secret
from crowdfund.local.errors import StackError
from crowdfund.local.ports import HOST, NAME

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("DATABASE_URL", "REDIS_URL", "CHAIN_RPC_URL")  # set: used instead of the embedded part
STACK_ENV = "stack.env"
KEY_VARIABLES = {
    "admin": "CHAIN_ADMIN_KEY",
    "signer": "CHAIN_SIGNER_KEY",
    "recorder": "CHAIN_RECORDER_KEY",
}


def given(environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> dict[str, str]:
    """Return what the operator set: the environment, and below it the file .env.

    An empty value is not set, so that a copy of .env.example changes nothing. Addresses
    are read from their files. Raises StackError.
    """
    from_environ = variables.environment() if environ is None else variables.with_value(environ)
    chosen = variables.merged([variables.file(dotenv or ROOT / ".env"), from_environ])
    try:
        return variables.read_files(chosen, (*OUTSIDE, "PUBLIC_URL"))
    except variables.UnreadableSecret as error:
        raise StackError(str(error)) from None


def chain_keys(folder: DataDir) -> dict[str, Path]:
    """Return the files of the chain signers' keys, made at first use."""
    return {role: folder.secret(f"chain-{role}.key") for role in CHAIN_ROLES}


def complete(
    chosen: Mapping[str, str], folder: DataDir, ports: Mapping[str, int]
) -> dict[str, str]:
    """Return the environment with everything set that the operator left open.

    Raises StackError for a PUBLIC_URL that is none.
    """
    env = dict(chosen)
    defaults = {
        "CROWDFUND_DATA_DIR": str(folder.root),
        "FLASK_APP": "app",
        "PYTHONUNBUFFERED": "1",
        "REDIS_URL": redis_server.url(folder),
        "CHAIN_RPC_URL": f"http://{HOST}:{ports['chain']}",
        "PUBLIC_URL": f"http://{NAME}:{ports['web']}",
        "EVENTS_URL": f"http://{HOST}:{ports['events']}/events",
        **_gateway(folder, ports),
        "MAIL_SERVER": HOST,
        "MAIL_PORT": str(ports["smtp"]),
        **_sms(env, ports),
    }
    env |= {name: value for name, value in defaults.items() if not is_set(name, env)}
    env |= _public_url(env)
    if not is_set("OIDC_ISSUER", env):
        env |= _identity(folder, ports)
    secrets = _secret_files(folder, env).items()
    return env | {f"{name}_FILE": str(file) for name, file in secrets if not is_set(name, env)}


def _public_url(env: Mapping[str, str]) -> dict[str, str]:
    """Return the address as every program is to use it: some compare it letter by letter."""
    try:
        return {"PUBLIC_URL": web_addresses.origin(env["PUBLIC_URL"])}
    except ValueError as error:
        raise StackError(f"PUBLIC_URL {error}.") from None


def _gateway(folder: DataDir, ports: Mapping[str, int]) -> dict[str, str]:
    keys = gateway_folder(folder)
    return {
        "BILLBITTS_API_URL": f"http://{HOST}:{ports['gateway']}",
        "BILLBITTS_PRIVATE_KEY_PATH": str(keys / "platform.pem"),
        "BILLBITTS_PUBLIC_KEY_PATHS": json.dumps([str(keys / f"bank-{n}.pub.pem") for n in (1, 2)]),
    }


def _sms(env: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """Send SMS to the mail catcher, unless the operator has set a gateway."""
    if is_set("SMS_API_URL", env) or env.get("ENVIRONMENT") == "production":
        return {}
    return {"SMS_API_URL": f"http://{HOST}:{ports['mail']}/api/sms", "SMS_API_KEY": "any"}


def _identity(folder: DataDir, ports: Mapping[str, int]) -> dict[str, str]:
    """Return the settings of the demo identity provider, used if the operator has none."""
    return {
        "OIDC_ISSUER": f"http://{HOST}:{ports['identity']}",
        "OIDC_CLIENT_ID": "crowdfund",
        "OIDC_CLIENT_SECRET": identity_secret(folder).read_text().strip(),
        "OIDC_NAME": "Demo ID",
    }


def identity_secret(folder: DataDir) -> Path:
    """Return the file of the secret between the platform and the demo identity provider."""
    return folder.secret("identity-client")


def gateway_folder(folder: DataDir) -> Path:
    """Return the folder of the gateway simulator's state and both sides' keys."""
    return folder.root / "bill_bitts"


def _secret_files(folder: DataDir, env: Mapping[str, str]) -> dict[str, Path]:
    files = {"SECRET_KEY": folder.secret("secret-key", "text")}
    files["BILLBITTS_API_KEY"] = gateway_folder(folder) / "api.key"
    if not any(is_set(name, env) for name in KEY_VARIABLES.values()):
        files |= {KEY_VARIABLES[role]: path for role, path in chain_keys(folder).items()}
    return files


def remember(folder: DataDir, added: Mapping[str, str]) -> None:
    """Write what the stack added to the environment, for `adopt`."""
    lines = [f"{name}={json.dumps(value)}" for name, value in sorted(added.items())]
    write_secret(folder.root / STACK_ENV, "\n".join(lines) + "\n")


def adopt() -> None:
    """Use the running stack's parts in this process too (`flask selfcheck` by hand).

    What the environment or .env says wins; in production nothing is adopted.
    """
    chosen = given()
    if chosen.get("ENVIRONMENT") == "production":
        return
    folder = Path(chosen.get("CROWDFUND_DATA_DIR") or ROOT / "var")
    for name, value in variables.file(folder / STACK_ENV).items():
        if not is_set(name.removesuffix("_FILE"), chosen):
            os.environ[name] = value
