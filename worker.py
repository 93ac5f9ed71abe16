"""RQ worker entry: `python worker.py chain|payments|messages|default`, one queue per process."""

import sys

from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from app import app
from crowdfund import outbox

if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004 - program and queue
    if name not in outbox.QUEUES:
        sys.exit(f"usage: python worker.py {'|'.join(outbox.QUEUES)}")
    with app.app_context():
        queue = Queue(name, connection=outbox.redis_client(), serializer=JSONSerializer)
        SimpleWorker([queue], connection=queue.connection, worker_ttl=30).work(logging_level="WARNING")
