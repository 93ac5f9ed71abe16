"""This process's connection to the node, the check of its chain, and the signers' keys.

Imported by jobs and commands when they run, never by a web process at start (it brings web3).
"""

import os
from contextlib import suppress
from pathlib import Path

from crowdfund.adapters.chain import node as chain_node
from crowdfund.adapters.chain import signing
from crowdfund.adapters.chain.answers import NodeError
from crowdfund.chain.errors import ChainChanged, KeyMissing
from crowdfund.chain.rows import CursorRow
from crowdfund.chain.rules import ROLES
from crowdfund.kernel import config

LOCAL_NODES = ("anvil", "hardhat")
SETTING = {
    "admin": "chain_admin_key",
    "operator": "chain_signer_key",
    "recorder": "chain_recorder_key",
}


def node() -> chain_node.Node:
    """Return the connection of this process."""
    return chain_node.connect(config.settings().chain_rpc_url)


def is_local(found: chain_node.Node) -> bool:
    """Return whether a node is one for development, which makes blocks on demand only."""
    if config.settings().environment == "production":
        return False
    return found.client().lower().startswith(LOCAL_NODES)


def check_not_behind(block: int, cursor: CursorRow | None) -> None:
    """Refuse a node whose newest block is older than what was read: its state is not the state.

    Raises NodeError.
    """
    if cursor is not None and block < cursor.number:
        raise NodeError(
            f"The node is at block {block}, behind block {cursor.number}, which was read."
        )


def key_path(role: str) -> Path:
    """Return where the key of a role is stored when the environment does not give it."""
    if given := _named_file(role):
        return given
    name = SETTING.get(role, f"chain_{role}_key").removesuffix("_key").replace("_", "-")
    return config.settings().data_dir / "keys" / f"{name}.key"


def key_of(role: str) -> str:
    """Return a role's private key from the environment or its file. Raises KeyMissing.

    A file is read each time: a rotation counts at once in every process.
    """
    if is_from_environment(role):
        return str(getattr(config.settings(), SETTING[role]))
    path = key_path(role)
    if not path.exists():
        raise KeyMissing(
            f"No key for the chain {role}: set {SETTING.get(role, role).upper()} or create {path}."
        )
    return path.read_text().strip()


def address_of(role: str) -> str:
    """Return the address that signs for a role. Raises KeyMissing."""
    return signing.address_of_key(key_of(role))


def make_key(role: str) -> str:
    """Return a role's key, made now if there is none; the file is readable by its owner only."""
    try:
        return key_of(role)
    except KeyMissing:
        _write_key(key_path(role))
        return key_of(role)


def _write_key(path: Path) -> None:
    """Make a key in a file that only its owner can read; the file is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(signing.new_key() + "\n")
    try:
        # Unlike a rename, it never replaces a key that another process has made.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def is_from_environment(role: str) -> bool:
    """Return whether the key of a role is given by a variable, which no command can change."""
    given = role in SETTING and bool(getattr(config.settings(), SETTING[role], ""))
    return given and _named_file(role) is None


def _named_file(role: str) -> Path | None:
    """Return the file that CHAIN_…_KEY_FILE names, unless the key itself is given."""
    path = getattr(config.settings(), f"{SETTING[role]}_file") if role in SETTING else ""
    return Path(path) if path else None


def make_next_key(role: str) -> str:
    """Return the address of the key that will take over a role; made once and never shown."""
    path = _beside(role, "new")
    if not path.exists():
        _write_key(path)
    return signing.address_of_key(path.read_text().strip())


def has_next_key(role: str, address: str) -> bool:
    """Return whether the key of this address waits in its file to take over the role."""
    path = _beside(role, "new")
    return not is_from_environment(role) and path.exists() and make_next_key(role) == address


def take_next_key(role: str, address: str) -> None:
    """Sign with the next key from now on; the old key stays for what it has under way."""
    if not has_next_key(role, address):
        return
    current = key_path(role)
    if current.exists():
        old = _beside(role, f"old-{address_of(role)}")
        with suppress(FileExistsError):
            old.hardlink_to(current)
    _beside(role, "new").replace(current)


def key_for(address: str, role: str) -> str:
    """Return the private key of a signer, present or replaced. Raises KeyMissing."""
    found = key_of(role)
    if signing.address_of_key(found) == address:
        return found
    old = _beside(role, f"old-{address}")
    if old.exists():
        return old.read_text().strip()
    raise KeyMissing(f"The key of {address} is gone; its transaction cannot be replaced.")


def _beside(role: str, suffix: str) -> Path:
    path = key_path(role)
    return path.with_name(f"{path.name}.{suffix}")


def check_keys_differ() -> None:
    """Refuse one key for two roles: a key that may admit a signer must not be that signer."""
    addresses = [address_of(role) for role in ROLES]
    if len(set(addresses)) != len(addresses):
        raise KeyMissing("The chain keys of admin, operator and recorder must be three keys.")


def check_chain(found: chain_node.Node, cursor: CursorRow | None) -> None:
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
