"""Before the first start: tables, contracts, demo story. Later starts find the marks and go on."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from crowdfund.local.datadir import DataDir
from crowdfund.local.environment import ROOT, gateway_folder
from crowdfund.local.errors import StackError
from crowdfund.local.programs import last_lines

LIMIT_S = 170
DATABASES = ("crowdfund.db", "bill_bitts/state.db")
FORMER_NAME = "crowdfund.kernel.db"  # of the database, for some weeks before 0.1.0
EMBEDDED_DATA = (
    *(f"{name}{end}" for name in DATABASES for end in ("", "-wal", "-shm")),
    *("chain", "redis", "files"),
)


@dataclass
class Marks:
    """What was done for this data folder: step → fingerprint of what it was done with."""

    path: Path

    def read(self) -> dict[str, str]:
        """Return all marks."""
        try:
            return dict(json.loads(self.path.read_text()))
        except (OSError, ValueError):
            return {}

    def has(self, step: str, fingerprint: str) -> bool:
        """Return whether a step was done with the same input."""
        return self.read().get(step) == fingerprint

    def set(self, step: str, fingerprint: str) -> None:
        """Remember that a step is done."""
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({**self.read(), step: fingerprint}, indent=1))
        part.replace(self.path)


def fingerprint(*folders: Path) -> str:
    """Return a hash of all files below some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def hashed(text: str) -> str:
    """Return a short hash, so that no address with a password is written down."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def flask(folder: DataDir, env: Mapping[str, str], *command: str) -> None:
    """Run a flask command; raises StackError with the end of its output when it fails."""
    name = "-".join(Path(word).name for word in command[:2])
    log = folder.logs / f"prepare-{name}.log"
    try:
        with log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, "-m", "flask", *command],
                env=dict(env),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMIT_S,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise StackError(
            f"`flask {' '.join(command)}` took longer than {LIMIT_S} s; see {log}"
        ) from None
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in last_lines(log))
        raise StackError(f"`flask {' '.join(command)}` failed. Its log {log} ends with:\n{tail}")


def gateway_keys(folder: DataDir, env: Mapping[str, str]) -> None:
    """Make both sides' keys of the gateway simulator, once."""
    if not (gateway_folder(folder) / "api.key").exists():
        argv = [sys.executable, "-m", "crowdfund.local.bill_bitts", "--make-keys"]
        subprocess.run(argv, env=dict(env), cwd=ROOT, check=True, timeout=60)


def check_database(folder: DataDir, marks: Marks) -> None:
    """Raise StackError when the embedded database of a prepared folder is gone."""
    path = folder.root / DATABASES[0]
    if "migrate" not in marks.read() or path.exists():
        return
    former = folder.root / FORMER_NAME
    if former.exists():
        raise StackError(
            f"The database of this folder has its former name, {former}. "
            f"Nothing was started or written. Rename it to {path.name}, "
            "and with it the files beside it that end in -wal and -shm, if any."
        )
    raise StackError(
        f"The database {path} is missing, although this folder was used before. "
        "Nothing was started or written. Put the file back (from a backup), "
        "or remove all data of this folder with: make reset"
    )


def forget_unfinished(folder: DataDir, marks: Marks, *, say: Callable[[str], None]) -> None:
    """Throw away the embedded data of a first start that never ended; secrets stay."""
    if "begun" not in marks.read() or "ready" in marks.read():
        return
    say("The first start was interrupted; beginning anew.")
    for name in EMBEDDED_DATA:
        path = folder.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    marks.path.unlink()
    DataDir.at(folder.root)
