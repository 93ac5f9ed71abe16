"""Uploads and the virus scanner: a process with clamd's protocol, and clamd if installed."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from crowdfund.adapters import clamav, storage
from crowdfund.documents import queries, rules, service
from crowdfund.kernel import config
from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import Unavailable
from tests import raising
from tests.documents import corpus

SIGNATURE = corpus.EICAR.hex()


def _infect(pdf):
    pdf.pages[0].Contents = pdf.make_stream(corpus.EICAR)


INFECTED = corpus.paper(_infect, compress_streams=False)


@contextmanager
def speaking(where, fault="well"):
    """Run a process that speaks the protocol; give where it listens."""
    program = Path(__file__).parent / "clamd_process.py"
    command = [sys.executable, str(program), str(where), fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def clamd(folder):
    """Run the real clamd with one signature; give its socket."""
    (folder / "db").mkdir()
    (folder / "db" / "one.ndb").write_text(f"Eicar-Test-Signature:0:*:{SIGNATURE}\n")
    path = folder / "clamd.sock"
    settings = {
        "DatabaseDirectory": folder / "db",
        "LocalSocket": path,
        "Foreground": "yes",
        "StreamMaxLength": "2M",
        "User": os.environ.get("USER", "root"),
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (folder / "clamd.conf").write_text(lines)
    with subprocess.Popen(
        [shutil.which("clamd"), "-c", str(folder / "clamd.conf")], stdout=-3
    ) as process:
        try:
            until = time.monotonic() + 20
            while not path.exists() and time.monotonic() < until and process.poll() is None:
                time.sleep(0.02)
            yield f"unix://{path}"
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=["tcp", "unix", "clamd"])
def scanner(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clam")
    if request.param == "clamd":
        if not shutil.which("clamd"):
            pytest.skip("clamd is not installed; its protocol is tested by the two others")
        with clamd(folder) as url:
            yield url
    elif request.param == "tcp":
        with speaking(0) as port:
            yield f"tcp://127.0.0.1:{port}"
    else:
        with speaking(folder / "sock") as path:
            yield f"unix://{path}"


@pytest.fixture(autouse=True)
def put_back(app):
    before = config.settings()
    yield
    config.use(before)


def use(url):
    config.use(config.settings().model_copy(update={"clamav_url": url}))


def test_the_scanner_lets_a_good_file_pass_and_stops_eicar(app, scanner):
    use(scanner)
    clamav.scan(corpus.paper())
    with pytest.raises(rules.FileRefused, match="virus scanner found something"):
        clamav.scan(corpus.EICAR)


def test_a_file_above_the_limit_of_the_scanner_is_refused_with_a_sentence(app, scanner):
    use(scanner)
    with pytest.raises(rules.FileRefused, match="too large for our virus scanner"):
        clamav.scan(os.urandom(9 * corpus.MB))


def test_an_infected_upload_is_not_stored(app, frozen):
    alice = raising.person("alice")
    with speaking(0) as port:
        use(f"tcp://127.0.0.1:{port}")
        with pytest.raises(rules.FileRefused, match="not stored"):
            service.store(("person", alice), "passport", "me.pdf", INFECTED, actor=alice)
        rollback()
        service.store(("person", alice), "passport", "me.pdf", corpus.paper(), actor=alice)
    assert len(queries.of_owner(("person", alice))) == 1
    assert len(stored()) == 1


@pytest.mark.parametrize("fault", ["gone", "mute", "odd"])
def test_without_a_clear_answer_nothing_is_stored(app, frozen, monkeypatch, fault):
    alice = raising.person("alice")
    monkeypatch.setattr(clamav, "ANSWER_S", 0.5)
    with speaking(0, fault) as port:
        use("tcp://127.0.0.1:1" if fault == "gone" else f"tcp://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="Nothing was stored") as refusal:
            service.store(("person", alice), "passport", "me.pdf", corpus.paper(), actor=alice)
    rollback()
    assert refusal.value.status == 503
    assert queries.of_owner(("person", alice)) == []
    assert stored() == []


def stored():
    return list((storage._root() / service.AREA).glob("*/*"))
