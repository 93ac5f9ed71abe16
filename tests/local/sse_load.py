"""Open thousands of event streams and measure: `python -m tests.local.sse_load [streams]`.

Prints memory per stream and the time from a published change to the first and the last page.
"""

import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis

from crowdfund.kernel import config, topics
from crowdfund.local import stack
from tests.local.conftest import CLEAN

ROUNDS = 20
AT_ONCE = 200


async def open_page(host: str, port: int, path: str) -> asyncio.StreamReader:
    """Open one stream and read its greeting."""
    reader, writer = await asyncio.open_connection(host, port, limit=4096)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    while b": open" not in await reader.readline():
        pass
    reader.writer = writer  # type: ignore[attr-defined] - keeps the connection from being closed
    return reader


async def open_pages(count: int, address: str, token: str) -> list[asyncio.StreamReader]:
    parts = urlsplit(address)
    pages: list[asyncio.StreamReader] = []
    for start in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - start)
        path = f"{parts.path}?t={token}"
        pages += await asyncio.gather(
            *(open_page(parts.hostname, parts.port, path) for _ in range(size))
        )
    return pages


async def heard(page: asyncio.StreamReader) -> float:
    while not (await page.readline()).startswith(b"data: campaign:1"):
        pass
    return time.perf_counter()


async def measure(
    count: int, address: str, token: str, server: redis.Redis, pid: int
) -> dict[str, float]:
    empty_kb = rss_kb(pid)
    began = time.perf_counter()
    pages = await open_pages(count, address, token)
    opened_s = time.perf_counter() - began
    firsts, lasts, middles = [], [], []
    for _ in range(ROUNDS):
        waiting = [asyncio.create_task(heard(page)) for page in pages]
        await asyncio.sleep(0)
        at = time.perf_counter()
        await asyncio.to_thread(server.xadd, topics.STREAM, {"t": "campaign:1"})
        times = sorted(moment - at for moment in await asyncio.gather(*waiting))
        firsts.append(times[0])
        middles.append(statistics.median(times))
        lasts.append(times[-1])
    return {
        "streams": count,
        "open_s": opened_s,
        "kb_per_stream": (rss_kb(pid) - empty_kb) / count,
        "first_ms": statistics.median(firsts) * 1000,
        "median_ms": statistics.median(middles) * 1000,
        "last_ms": statistics.median(lasts) * 1000,
        "last_worst_ms": max(lasts) * 1000,
    }


def rss_kb(pid: int) -> int:
    """Return the resident memory of a process and its children, in kB."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if folder.name == str(pid) or fields["PPid"].strip() == str(pid):
            total += int(fields.get("VmRSS", "0 kB").split()[0])
    return total


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    choices = {"ports": "free", "environ": CLEAN, "prepare": False, "only": ("redis", "events")}
    with tempfile.TemporaryDirectory() as folder, stack.running(Path(folder), **choices) as running:
        secret = Path(running.env["SECRET_KEY_FILE"]).read_text()
        config.use(
            config.Settings(_env_file=None, CROWDFUND_DATA_DIR=Path(folder), secret_key=secret)
        )
        server = redis.Redis.from_url(running.env["REDIS_URL"])
        address, token = running.env["EVENTS_URL"], topics.sign(["campaign:1"])
        result = asyncio.run(measure(count, address, token, server, running.pid("events")))
    print(json.dumps({name: round(value, 1) for name, value in result.items()}))


if __name__ == "__main__":
    main()
