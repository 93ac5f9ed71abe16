"""An SMS gateway as a process of its own, which can misbehave on request.

POST /send accepts messages; POST /_fault {"status", "delay_s"} changes how it answers; GET /_seen
returns the messages. Started with `python sms_process.py PORT`.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULT = {"status": 202, "delay_s": 0}
REQUESTS: list[dict] = []
TAKEN: dict[str, dict] = {}


class Gateway(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer(200, {"requests": REQUESTS, "taken": list(TAKEN.values())})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/_fault":
            FAULT.update({"status": 202, "delay_s": 0} | body)
            REQUESTS.clear()
            TAKEN.clear()
            return self._answer(200, {})
        key = self.headers.get("Idempotency-Key", "")
        REQUESTS.append({"key": key, "token": self.headers.get("Authorization"), "body": body})
        status = FAULT["status"]
        if status == 202 and key in TAKEN:
            status = 409
        if status == 202:
            TAKEN[key] = body
        time.sleep(FAULT["delay_s"])
        return self._answer(status, {"to": body["to"], "echo": "x" * 10_000})

    def _answer(self, status, said):
        raw = json.dumps(said).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
