"""The stage of a year: one clock and one seed for the platform, a bank in memory and a local chain.

Nothing on it depends on the machine's time, on chance or on how fast an answer comes: the workers
run in this process in a fixed order, and a block is made when the stage says so.
"""

import hashlib
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from crowdfund import create_app
from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.adapters.chain import signing
from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import connection, deploy, queries, rules
from crowdfund.kernel import clock, config, outbox, randomness
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox import Outbox
from crowdfund.local import anvil, rpc
from crowdfund.payments.service import inbox

BEGIN = datetime(2027, 1, 4, 6, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PATIENCE = 400  # seconds of the platform's time that something may take
ROLES = (*rules.ROLES, "treasury")
P = ParamSpec("P")
T = TypeVar("T")


class Stage:
    """Moves the time of everything, and does the work of all workers meanwhile."""

    def __init__(self, url: str, seed: str, time_: clock.FixedClock) -> None:
        self.url = url
        self.seed = seed
        self.bank = FakeBillBitts()
        self.step = 7 * DAY
        self.stops = 0
        self._clock = time_

    # --- time and work

    def do(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one verb in a transaction of its own, as a request would."""
        result = verb(*args, **kwargs)
        commit()
        db.session.remove()
        return result

    def see(self, look: Callable[[], T]) -> T:
        """Read something from the database and let go of the connection."""
        found = look()
        db.session.remove()
        return found

    def forget(self) -> None:
        """Undo what a refused verb has begun, as the shell of a request would."""
        rollback()
        db.session.remove()

    def work(self) -> None:
        """Let a second pass: run all schedules and workers, and put what they sent into a block."""
        self._clock.advance(SECOND)
        outbox.tick()
        outbox.drain_all(in_order=True)
        db.session.remove()
        if int(_ask(self.url, "txpool_status")["pending"], 16):
            self._mine()

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Work until something is so; raises RuntimeError if it does not come to that."""
        for _ in range(PATIENCE):
            if self.see(done):
                return
            self.work()
        raise RuntimeError(f"The year waited in vain for {what}.")

    def live_to(self, moment: datetime) -> None:
        """Live until a moment, with a stop wherever something is due, and every week."""
        while (now := clock.now()) < moment:
            self._clock.set(min(moment, now + self.step, *self.see(_due_next)))
            self._mine()
            self.stops += 1
            self.work()
            while self.see(self._is_under_way):
                self.work()

    def _is_under_way(self) -> bool:
        counts = queries.counts()
        return any(counts[name] for name in ("queued", "signed", "broadcast", "mined"))

    def _mine(self) -> None:
        """Make a block that is not behind the platform's time."""
        head = _ask(self.url, "eth_getBlockByNumber", "latest", False)
        at = max(int(head["timestamp"], 16), int(clock.now().timestamp())) + 1
        _ask(self.url, "evm_setNextBlockTimestamp", at)
        _ask(self.url, "evm_mine")

    @contextmanager
    def mining(self) -> Iterator[None]:
        """Let the node put each transaction into a block at once."""
        _ask(self.url, "evm_setAutomine", True)
        yield
        _ask(self.url, "evm_setAutomine", False)

    def last_block(self) -> str:
        """Return the hash of the newest block, which covers all before it."""
        return str(_ask(self.url, "eth_getBlockByNumber", "latest", False)["hash"])

    # --- the outside world

    def bank_settles(self, tx_ids: list[str]) -> None:
        """Let the customers pay: the bank takes the money, settles it, and says so each time."""
        for status in ("SUCCESS", "SETTLED"):
            for tx_id in tx_ids:
                self.bank.set_truth(tx_id, status)
                inbox.accept("bill_bitts", *self.bank.webhook(tx_id, status))
                db.session.remove()
            self.work()

    def bank_pays_out(self) -> None:
        """Let the bank carry out all payouts that it was ordered."""
        for reference, payout in self.bank.payouts.items():
            if payout["status"] == "PENDING":
                self.bank.set_payout(reference, "PAID")

    def key(self, name: str) -> str:
        """Return the private key of somebody on the chain."""
        return key_of(self.seed, name)

    def address(self, name: str) -> str:
        """Return the address of somebody on the chain."""
        return signing.address_of_key(self.key(name))

    def send(self, name: str, to: str, data: str) -> str:
        """Send a transaction from somebody's own wallet; return its hash."""
        node = connection.node()
        signed = signing.sign(
            self.key(name),
            signing.Call(to, data, 600_000),
            chain_id=config.settings().chain_id,
            nonce=node.nonce(self.address(name), "pending"),
            fees=node.fees(),
        )
        node.send_raw(signed.raw)
        self._mine()
        receipt = node.receipt(signed.hash)
        if receipt is None or not receipt.ok:
            raise RuntimeError(f"The transaction of {name} failed.")
        return signed.hash


def _due_next() -> list[datetime]:
    """Return when dated work and a raise are due next, if they are."""
    now = clock.now()
    work = sa.select(sa.func.min(Outbox.not_before)).where(
        Outbox.state == "due", Outbox.not_before > now
    )
    found = [db.session.scalar(work), *campaigns.deadlines(now, now + 366 * DAY, limit=1)]
    return [moment + SECOND for moment in found if moment is not None]


def key_of(seed: str, name: str) -> str:
    """Return the private key of somebody in the year of a seed."""
    return "0x" + hashlib.sha256(f"{seed}:key:{name}".encode()).hexdigest()


def _ask(url: str, method: str, *params: object) -> Any:
    """Ask the node, with patience for a machine that has other work."""
    return rpc.call(url, method, *params, timeout_s=60)


@contextmanager
def stage(folder: Path, seed: str) -> Iterator[Stage]:
    """Set the stage of a seed in an empty folder: contracts deployed, bank in place."""
    time_ = clock.FixedClock(BEGIN)
    with _node(folder) as url, _app(folder, url, seed, time_):
        found = Stage(url, seed, time_)
        gateways.use("bill_bitts", found.bank)
        deploy.run(lambda _line: None, commit)
        db.session.remove()
        _ask(url, "evm_setAutomine", False)
        try:
            yield found
        finally:
            gateways.use("bill_bitts", None)


@contextmanager
def _node(folder: Path) -> Iterator[str]:
    """Run a chain whose first block and whose accounts are always the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    begin = int((BEGIN - DAY).timestamp())
    options: dict[str, object] = {"--port": port, "--chain-id": 31337, "--timestamp": begin}
    options |= {"--order": "fifo", "--prune-history": 300, "--host": "127.0.0.1"}
    flags = [str(part) for pair in options.items() for part in pair]
    process = subprocess.Popen(
        [str(anvil.ensure()), *flags, "--silent", anvil.TX_GAS_LIMIT], env={"HOME": str(folder)}
    )
    try:
        _wait_for(url)
        _ask(url, "anvil_setBlockTimestampInterval", 1)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            _ask(url, "eth_chainId")
        except rpc.RpcError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def _app(folder: Path, url: str, seed: str, time_: clock.FixedClock) -> Iterator[None]:
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        redis_url="",
        database_url=f"sqlite:///{folder}/year.db",
        chain_rpc_url=url,
        mail_server="",
        public_url="http://localhost",
    )
    _give_keys(folder, seed)
    before: Any = clock.use(time_)
    app = create_app(settings)
    drawn_from = randomness.use(randomness.SeededRandomness(seed))
    try:
        with app.app_context():
            event.listen(db.engine, "connect", _wait_for_no_disk)
            db.create_all()
            yield
            db.session.remove()
            db.engine.dispose()
    finally:
        randomness.use(drawn_from)
        clock.use(before)


def _wait_for_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _give_keys(folder: Path, seed: str) -> None:
    """Write the signers' keys where the deployment would make random ones."""
    place = folder / "keys"
    place.mkdir(mode=0o700)
    for role in ROLES:
        name = connection.SETTING.get(role, f"chain_{role}_key").removesuffix("_key")
        (place / f"{name.replace('_', '-')}.key").write_text(key_of(seed, role) + "\n")
