"""A full disk costs log lines, never the programs: they are started again, and it is said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT
from crowdfund.local.programs import Program
from crowdfund.local.supervisor import Supervisor
from tests.disks import small_disk

from .conftest import eventually, python

SLEEP = python("import time; time.sleep(600)")


def program(name: str, argv: list[str], **more: object) -> Program:
    return Program(name, argv, os.environ, **more)  # type: ignore[arg-type]


def fill(folder: Path, *, is_mounted: bool, logs: list[str]) -> None:
    if not is_mounted:
        for name in logs:
            (folder / f"{name}.log").unlink()
            (folder / f"{name}.log").symlink_to("/dev/full")
        return
    with pytest.raises(OSError, match="No space left"):
        (folder / "filler").write_bytes(b"x" * 1_000_000)


def test_programs_are_looked_after_while_the_disk_of_their_logs_is_full(tmp_path, said) -> None:
    complaints = iter(["the chain cannot be kept: no space"] * 3)

    def before() -> None:
        if is_full and (complaint := next(complaints, None)):
            raise OSError(complaint)

    is_full = False
    with small_disk(tmp_path / "log", size="64k") as is_mounted:
        supervisor = Supervisor(logs=tmp_path / "log", cwd=ROOT, say=said.append)
        try:
            supervisor.start(program("sleeper", SLEEP), program("hooked", SLEEP, before=before))
            supervisor.wait_ready("sleeper", "hooked")
            fill(tmp_path / "log", is_mounted=is_mounted, logs=["sleeper", "hooked"])
            is_full = True
            for name in ("hooked", "sleeper"):
                first = supervisor.kill(name)
                eventually(lambda name=name, first=first: supervisor.pid(name) not in (None, first))
            assert any("cannot be written" in line and "no space" in line for line in said)
            assert sum("cannot be written" in line for line in said) == 1, (
                "said once, not at every try"
            )
        finally:
            supervisor.stop()


def test_a_program_without_a_place_for_its_log_is_started_all_the_same(
    supervisor, tmp_path
) -> None:
    supervisor.start(program("sleeper", SLEEP))
    supervisor.wait_ready("sleeper")
    log = tmp_path / "log" / "sleeper.log"
    log.unlink()
    log.mkdir()  # cannot be opened for writing, whoever asks
    first = supervisor.kill("sleeper")
    eventually(lambda: supervisor.pid("sleeper") not in (None, first))


def test_a_supervisor_whose_own_output_is_full_goes_on(tmp_path) -> None:
    def say(_text: str) -> None:
        raise OSError("No space left on device")

    supervisor = Supervisor(logs=tmp_path / "log", cwd=ROOT, say=say)
    try:
        supervisor.start(
            program("broken", python("raise SystemExit(3)")), program("sleeper", SLEEP)
        )
        supervisor.wait_ready("sleeper")
        eventually(lambda: supervisor.starts("broken") > 5)
        first = supervisor.kill("sleeper")
        eventually(lambda: supervisor.pid("sleeper") not in (None, first))
    finally:
        supervisor.stop()


def test_a_log_line_for_which_there_is_no_room_fails_nothing() -> None:
    code = (
        "import sys; from crowdfund.kernel import logs; import structlog;"
        "logs.configure(); structlog.get_logger().error('nobody will read this');"
        "print('worked on')"
    )
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=full
        )
    assert ran.stdout == b"worked on\n"
