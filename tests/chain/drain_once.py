"""A worker of its own for the tests: `python drain_once.py <settings> [<process number>]`.

With a number it also asks for five companies to be registered, as four workers do at once.
"""

import json
import sys

from crowdfund import create_app
from crowdfund.chain import rules, service
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db


def register(name):
    intent = rules.intent_bytes32(f"register:{name}")
    wallet = "0x" + intent[-40:]
    args = [intent, rules.intent_bytes32(name), wallet, intent, intent]
    service.write(
        f"register:{name}", "IssuerRegistry", "registerIssuer", args, subject=("company", name)
    )
    commit()
    db.session.remove()


def main():
    app = create_app(config.Settings(_env_file=None, **json.loads(sys.argv[1])))
    with app.app_context():
        for n in range(5 if len(sys.argv) > 2 else 0):
            register(f"{sys.argv[2]}-{n}")
            outbox.drain("chain")
        outbox.drain("chain")


main()
