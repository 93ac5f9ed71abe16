"""A real simulator process for tests: its address, its keys, its control door."""

import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from crowdfund.adapters.bill_bitts import BillBitts, canonical
from crowdfund.local.bill_bitts import keys
from crowdfund.local.bill_bitts.signing import WebhookSigner


@dataclass
class BankProcess:
    """The gateway as a process of its own."""

    folder: Path
    port: int
    files: keys.KeyFiles
    process: subprocess.Popen

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def adapter(self, **changes):
        known = {
            "private_key": keys.load_private(self.files.platform_private),
            "bank_keys": [keys.load_public(path) for path in self.files.bank_publics],
        }
        return BillBitts(self.url, self.files.api_key.read_text(), **known | changes)

    def control(self, verb, **body):
        request = urllib.request.Request(
            f"{self.url}/_control/{verb}",
            data=json.dumps(body).encode(),
            headers={
                "X-Api-Key": self.files.api_key.read_text(),
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def reset(self, **settings):
        quiet = {
            "faults": {},
            "offset_s": 0,
            "fixed_now": None,
            "settle_delay_s": 0,
            "callback_url": "",
            "lists": True,
            "answers": {},
            "payouts": "pay",
        }
        self.control("settings", **quiet | settings)


def webhook_signer(bank):
    """Return a function that signs a body as this bank does, and gives bytes and headers."""
    signer = WebhookSigner(bank.files)

    def sign(body):
        raw = canonical(body)
        return raw, signer.headers(raw, secrets.token_hex(16), int(time.time()), 1)

    return sign


def start(folder, port=0, flags=()):
    port = port or free_port()
    files = keys.ensure(folder)
    with (folder / "log").open("ab") as log:
        flags = ["--data-dir", str(folder), "--port", str(port), *flags]
        process = subprocess.Popen(
            [sys.executable, "-m", "crowdfund.local.bill_bitts", *flags], stdout=log, stderr=log
        )
    bank = BankProcess(folder, port, files, process)
    wait_for(lambda: is_up(bank), 20)
    return bank


def stop(bank):
    bank.process.terminate()
    try:
        bank.process.wait(5)
    except subprocess.TimeoutExpired:
        bank.process.kill()
        bank.process.wait()


def is_up(bank):
    if bank.process.poll() is not None:
        raise AssertionError((bank.folder / "log").read_text())
    try:
        with urllib.request.urlopen(f"{bank.url}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def wait_for(condition, seconds=10.0, what="the condition"):
    """Return the first true answer; fail after the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {seconds} s")
