"""A node between us and anvil whose answers a test may change, as real providers differ from it."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


class Proxy:
    """Passes calls on; `answers` maps a method to a function of its params that may answer instead.

    Such a function returns None to pass the call on, or the rest of the answer: {"result": …} or
    {"error": …}. `status` other than 200 is answered to everything. A batch of more than `most`
    calls gets `too_large`: a status and a text.
    """

    def __init__(self, target):
        self.target, self.answers, self.status, self.seen = target, {}, 200, []
        self.most, self.too_large, self.sizes = 1_000, (413, ""), []

    def reply(self, body):
        """Return status and text."""
        calls = json.loads(body)
        size = len(calls) if isinstance(calls, list) else 1
        self.sizes.append(size)
        if self.status != 200:
            return self.status, "slow down"
        return self.too_large if size > self.most else (200, self.answer(body))

    def answer(self, body):
        calls = json.loads(body)
        if isinstance(calls, list):
            return json.dumps([self._one(call) for call in calls])
        return json.dumps(self._one(calls))

    def _one(self, call):
        self.seen.append(call["method"])
        own = self.answers.get(call["method"], lambda _params: None)(call["params"])
        if own is not None:
            return {"jsonrpc": "2.0", "id": call["id"], **own}
        request = Request(
            self.target, json.dumps(call).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10) as response:
            return json.load(response)


@contextmanager
def in_front_of(target):
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = proxy.reply(body)
            text = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}/v3/secret-key"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
