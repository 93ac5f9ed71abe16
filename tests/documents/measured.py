"""Examine every upload of a folder in a process like a web process, and say what it cost.

Run as a program (`python -m tests.documents.measured <folder>`): its memory is that of the
platform and of the children that read files, not of the tests.
"""

import json
import os
import sys
from pathlib import Path

from crowdfund import create_app
from crowdfund.adapters import sanitising
from crowdfund.documents import service
from crowdfund.kernel import config
from crowdfund.kernel.errors import CrowdfundError


def peak_mb():
    """Return the most memory that this process ever held, in MB, and what a child may hold at most.

    Not from getrusage: what a process held before it became this program counts there.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    held = next(line for line in status if line.startswith("VmHWM"))
    return int(held.split()[1]) // 1024 + sanitising.MEMORY_MB


def processor_s():
    """Return the processor time used so far, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def look(path):
    """Return what came of one upload; what is accepted is put beside it."""
    filename, data = path.with_suffix(".name").read_text(), path.read_bytes()
    start = processor_s()
    try:
        examined = service.examine("other", filename, data)
    except CrowdfundError as refusal:
        return {
            "status": refusal.status,
            "says": refusal.user_message,
            "took_s": processor_s() - start,
        }
    took = processor_s() - start
    path.with_suffix(".out").write_bytes(examined.data)
    return {"status": 200, "took_s": took, "type": examined.content_type, "name": examined.filename}


def main(folder):
    """Print one line of JSON for each upload in a folder, and the peak at the end."""
    app = create_app(config.Settings(_env_file=None, environment="test", CROWDFUND_DATA_DIR=folder))
    with app.app_context():
        before = peak_mb()
        for path in sorted(folder.glob("*.case")):
            print(json.dumps({"case": path.stem, **look(path)}))
        print(json.dumps({"before_mb": before, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
