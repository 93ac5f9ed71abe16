"""The data folder of one installation: layout, secrets, lock, reset."""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crowdfund.local.errors import StackError

DOWNLOADS = ("tools",)  # not removed by `make reset`
SOCKET_PATH_MAX = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
CHAIN_ROLES = ("admin", "signer", "recorder")


@dataclass(frozen=True)
class DataDir:
    """Paths inside the data folder."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> "DataDir":
        """Return the folder at a path, made ready for the first start.

        It is closed to other users: it holds keys, mails, and what people upload.
        """
        folder = cls(path.absolute())
        for sub in (folder.root, folder.keys, folder.logs, folder.redis, folder.chain):
            sub.mkdir(mode=0o700, parents=True, exist_ok=True)
            close_to_others(sub)
        return folder

    @property
    def keys(self) -> Path:
        """Secrets, readable by the owner alone."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """One log per program."""
        return self.root / "log"

    @property
    def redis(self) -> Path:
        """Redis' append-only file."""
        return self.root / "redis"

    @property
    def chain(self) -> Path:
        """The node's state, its last good copy, and the identity of the chain."""
        return self.root / "chain"

    @property
    def ports(self) -> Path:
        """Ports of last time."""
        return self.root / "ports.json"

    @property
    def prepared(self) -> Path:
        """What was migrated and deployed last time."""
        return self.root / "prepared.json"

    @property
    def redis_socket(self) -> Path:
        """Redis' socket; in the temporary folder where the path would be too long for one."""
        path = self.redis / "redis.sock"
        if len(str(path)) <= SOCKET_PATH_MAX:
            return path
        name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"crowdfund-{name}.sock"

    def secret(self, name: str, make: str = "hex") -> Path:
        """Return the file of a secret, made at first use (`hex`: 32 bytes, also a chain key)."""
        path = self.keys / name
        if not path.exists():
            text = secrets.token_hex(32) if make == "hex" else secrets.token_urlsafe(48)
            write_secret(path, text)
        return path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one stack; raises StackError when another one has it."""
        with (self.root / "run.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                owner = file.read().strip() or "?"
                raise StackError(
                    f"The stack is already running from {self.root} (process {owner}). "
                    "Stop it there with Ctrl-C, or set CROWDFUND_DATA_DIR to run a second one."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def reset(self) -> None:
        """Remove all data, keeping downloads; raises StackError while a stack runs."""
        if not self.root.exists():
            return
        with self.locked():
            for path in self.root.iterdir():
                if path.name in DOWNLOADS or path.name == "run.lock":
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def copy_from(self, template: Path) -> None:
        """Take over the data of a stopped stack, but for its ports, logs and lock."""
        left_out = shutil.ignore_patterns("log", "run.lock", "ports.json", "*.sock", *DOWNLOADS)
        shutil.copytree(template, self.root, ignore=left_out, dirs_exist_ok=True)


def keep_private() -> None:
    """Make files that this process and its children write readable by their owner alone."""
    os.umask(0o077)


def close_to_others(folder: Path) -> None:
    """Take a folder's permissions from other users; one that many users share is left alone."""
    found = folder.stat()
    is_shared = found.st_uid != os.geteuid() or bool(found.st_mode & stat.S_ISVTX)
    if not is_shared:
        folder.chmod(0o700)


def write_secret(path: Path, text: str) -> None:
    """Write a file for the owner alone, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)
