"""One worker of the drain benchmark: says it is ready, waits for a line,
works until it is ended."""

import sys
import time
from pathlib import Path

from benchmarks.bank import Bank, settings
from crowdfund import create_app
from crowdfund.adapters import bill_bitts, gateways
from crowdfund.kernel import outbox

SLOW = "slow_bank"


def offer_slow_bank(answer_s: float) -> None:
    """Register a second gateway in this process, whose answers take so many seconds."""

    class SlowBank(bill_bitts.BillBitts):
        name = SLOW

        def query(self, name: str) -> gateways.Truth | None:
            time.sleep(answer_s)
            return super().query(name)

    def build() -> SlowBank:
        known = bill_bitts.from_settings()
        return SlowBank(
            known._url, known._api_key, private_key=known._key, bank_keys=known._bank_keys
        )

    gateways.register(SLOW, build, title="Slow bank")


def main(folder: Path, url: str, answer_s: float) -> None:
    """Drain the queue of payments until the process is ended."""
    offer_slow_bank(answer_s)
    app = create_app(settings(folder, Bank(folder / "bank", int(url.rpartition(":")[2]))))
    with app.app_context():
        print("ready", flush=True)
        sys.stdin.readline()
        while True:
            outbox.drain("payments", limit_s=300)
            time.sleep(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
