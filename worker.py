"""RQ worker entry: `python worker.py chain|payments|messages|default`, one queue per process."""

import sys

from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from app import app
from crowdfund.kernel import config, outbox


class Worker(SimpleWorker):
    """A worker whose jobs each have an application context, and so a session, of their own."""

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run a job; what it leaves open ends with it."""
        with app.app_context():
            return super().perform_job(job, queue)


if __name__ == "__main__":
    name = "".join(sys.argv[1:])
    if name not in outbox.QUEUES:
        sys.exit(f"usage: python worker.py {'|'.join(outbox.QUEUES)}")
    # a connection of its own: RQ raises the timeouts of the one it is given
    connection = Redis.from_url(config.settings().redis_url)
    queue = Queue(name, connection=connection, serializer=JSONSerializer)
    worker = Worker([queue], connection=connection, serializer=JSONSerializer, worker_ttl=30)
    worker.max_connection_wait_time = (
        2  # RQ doubles it for ever: a long absence of Redis would last on
    )
    worker.work(logging_level="WARNING")
