"""A payments worker for tests: `python -m tests.chaos.drainer SETTINGS.json`, until it is ended.

The settings name the database, the lease, and the gateways: each a simulator of its own.
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from crowdfund import create_app
from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts import BillBitts
from crowdfund.kernel import config, outbox
from crowdfund.kernel.outbox import leases
from crowdfund.local.bill_bitts import keys


def use_gateways(known):
    """Register a gateway for each name with its address and the folder of its keys."""
    for name, one in known.items():
        files = keys.ensure(Path(one["folder"]))
        gateway = BillBitts(
            one["url"],
            files.api_key.read_text(),
            private_key=keys.load_private(files.platform_private),
            bank_keys=[keys.load_public(path) for path in files.bank_publics],
            name=name,
        )
        gateways.use(name, gateway)


def main(path):
    """Drain for ever, as a worker does that is rung all the time."""
    given = json.loads(Path(path).read_text())
    leases.LEASE = timedelta(seconds=given["lease_s"])
    leases.RENEW_EVERY_S = given["lease_s"] / 3
    settings = config.Settings(
        _env_file=None,
        environment="test",
        database_url=given["database_url"],
        redis_url="",
        CROWDFUND_DATA_DIR=Path(given["data_dir"]),
        chain_rpc_url="",
    )
    app = create_app(settings)
    use_gateways(given["gateways"])
    while True:
        with app.app_context():
            outbox.drain("payments")
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
