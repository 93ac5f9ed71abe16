"""This process's way to the node: the connection, the right chain, and the signers' keys.

Imported by jobs and commands when they run, never by a web process at start (it brings web3).
"""

import os
from pathlib import Path
from typing import Any

from .. import config
from ..adapters import chain
from .errors import ChainChanged, KeyMissing
from .rules import ROLES

SETTING = {
    "admin": "chain_admin_key",
    "operator": "chain_signer_key",
    "recorder": "chain_recorder_key",
}


def node() -> chain.Node:
    """Return the connection of this process."""
    settings = config.settings()
    return chain.connect(settings.chain_rpc_url, poa=settings.chain_poa)


def key_path(role: str) -> Path:
    """Return where the key of a role is kept when the environment does not give it."""
    name = SETTING.get(role, f"chain_{role}_key").removesuffix("_key").replace("_", "-")
    return config.settings().data_dir / "keys" / f"{name}.key"


def key_of(role: str) -> str:
    """Return a role's private key from the environment or its file. Raises KeyMissing."""
    given = str(getattr(config.settings(), SETTING[role], "")) if role in SETTING else ""
    if given:
        return given
    path = key_path(role)
    if not path.exists():
        raise KeyMissing(
            f"No key for the chain {role}: set {SETTING.get(role, role).upper()} or create {path}."
        )
    return path.read_text().strip()


def address_of(role: str) -> str:
    """Return the address that signs for a role. Raises KeyMissing."""
    return chain.address_of_key(key_of(role))


def make_key(role: str) -> str:
    """Return a role's key, made now if there is none; the file is readable by its owner only."""
    try:
        return key_of(role)
    except KeyMissing:
        path = key_path(role)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(chain.new_key() + "\n")
        return key_of(role)


def check_keys_differ() -> None:
    """Refuse one key for two roles: who may admit a signer must not be that signer."""
    addresses = [address_of(role) for role in ROLES]
    if len(set(addresses)) != len(addresses):
        raise KeyMissing("The chain keys of admin, operator and recorder must be three keys.")


def check_chain(found: chain.Node, cursor: Any) -> None:  # noqa: ANN401 - a cursor row or None
    """Refuse a node that serves another chain than this database knows.

    Raises ChainChanged, NodeUnreachable.
    """
    wanted = config.settings().chain_id
    actual = found.chain_id()
    if actual != wanted:
        raise ChainChanged(f"The node at {found.url} serves chain {actual}, not {wanted}.")
    if cursor is None:
        return
    genesis = found.genesis()
    if genesis != cursor.genesis:
        raise ChainChanged(
            f"The node at {found.url} serves a chain that begins with {genesis[:18]}…, but this "
            f"database was made with the one that begins with {cursor.genesis[:18]}…. Nothing was "
            "sent. Give the node its old state back, or start both anew."
        )
