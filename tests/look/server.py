"""A tiny site to try base.html, app.js and live.js against:
it fails, waits and streams when told to."""

import mimetypes
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import urlsplit

from crowdfund.kernel import i18n, vendored

from . import sample

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-sample'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)
PAGE = """{% extends "base.html" %}
{% from "components/ui.html" import datetime %}
{% block content %}
<h1>Try</h1>
{{ part }}
<p id="moment">{{ datetime(moment) }}</p>
<form id="half"><label for="typed">Typed</label><input id="typed" name="typed"></form>
<form id="pay" method="post" action="/pay"><button>Pay</button></form>
<form id="try" method="post" action="/try" hx-post="/try" hx-swap="outerHTML">
  <label for="words">Words</label><input id="words" name="words">
  {% for answer in (422, 409, 500, 502, 401, 204) %}
    <button name="answer" value="{{ answer }}">{{ answer }}</button>
  {% endfor %}
</form>
<form id="plain" method="post" action="/plain">
  <label for="note">Note</label>
  <input id="note" name="note" hx-get="/quote" hx-trigger="input changed delay:50ms">
  <button>Order</button>
</form>
<form id="upload" method="post" action="/upload" hx-post="/upload"
  hx-encoding="multipart/form-data" data-upload>
  <label for="file">File</label><input id="file" type="file" name="file" data-max-bytes="3000000">
  <progress data-upload max="100" value="0" aria-label="Uploading" data-sending="{percent} sent"
    data-checking="It is being checked." hidden></progress><p data-upload-line hidden></p>
  <button>Send</button>
</form>
{% endblock %}"""
INVALID = """<form id="try" method="post" action="/try" hx-post="/try" hx-swap="outerHTML">
<div class="cf-error-summary" role="alert" tabindex="-1" autofocus data-error-summary>
<h2>There is a problem</h2></div>
<label for="words">Words</label><input id="words" name="words" value="kept">
<button name="answer" value="422">422</button></form>"""


class Site:
    """What the pages show and what was asked; tests change and read it."""

    def __init__(self) -> None:
        self.value, self.final, self.part_status, self.stream_open = 1, False, 200, True
        self.asked: Counter[str] = Counter()
        self.language, self.signed_in = "en", True
        self.is_away = False
        self.changed = threading.Condition()
        self.may_answer = threading.Event()  # the part's answer waits for it
        self.may_answer.set()
        self.events: list[str] = []
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (Handler,), {"site": self})
        )
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def part(self) -> str:
        """Return the live fragment; a final one carries no data-live."""
        live = (
            'data-live="thing:1 list:1" data-live-url="/part" data-live-poll="0.5" '
            'data-live-token="tok"'
        )
        live = "" if self.final else live
        return f'<p id="part" {live}>value {self.value}</p>'

    def page(self) -> str:
        """Return the whole page."""
        person = SimpleNamespace(
            id="u", contact="alice@example.com", name="Alice", initial="A", roles=()
        )
        env = sample.environment()
        env.globals["lang"] = self.language
        template = env.from_string(PAGE)
        with i18n.using(self.language):
            return template.render(
                part=env.from_string(self.part()).module,
                current_user=person if self.signed_in else None,
                moment=sample.NOW,
                events_url="/events?since=1",
                moved_to=None,
            )

    def tell(self, event: str = "changed", data: str = "thing:1") -> None:
        """Send one event to every open stream."""
        with self.changed:
            self.events.append(f"id: {len(self.events) + 1}-0\nevent: {event}\ndata: {data}\n\n")
            self.changed.notify_all()


class Handler(BaseHTTPRequestHandler):
    """Answers from the site's state."""

    site: Site

    def log_message(self, *_args) -> None:
        """Stay quiet."""

    def do_GET(self):
        path = urlsplit(self.path).path
        self.site.asked[path] += 1
        if path == "/events":
            self._stream()
        elif path.startswith("/static/"):
            file = vendored.STATIC / path.removeprefix("/static/")
            self._answer(200, file.read_bytes(), mimetypes.guess_type(path)[0] or "font/woff2")
        elif path == "/quote":
            self._answer(401, "", **{"X-Sign-In": "/sign-in?next=/"})
        elif path == "/health/live" and self.site.is_away:
            self._answer(503, "")
        elif path == "/part":
            self.site.may_answer.wait(timeout=10)
            self._answer(self.site.part_status, self.site.part())
        else:
            self._answer(200, self.site.page())

    def do_POST(self):
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.site.asked[path] += 1
        self.site.asked["csrf"] += self.headers.get("X-CSRFToken") == "sample-token"
        if path == "/plain":
            self._answer(500, "It broke.")
        elif path == "/pay":
            time.sleep(0.5)
            self._answer(200, self.site.page())
        elif path == "/upload":
            time.sleep(1)  # it is read and written anew
            self._answer(200, f"<p id='stored'>{len(body)}</p>")
        else:
            self._try(body.decode())

    def _try(self, body: str) -> None:
        status = int(body.rpartition("answer=")[2])
        toast = sample.environment().get_template("errors/_error.html")
        error = {
            "status": status,
            "code": "x",
            "title": "It broke",
            "message": "Nothing was booked.",
            "request_id": "r1",
        }
        bodies = {
            422: INVALID,
            409: toast.render(error=error),
            500: toast.render(error=error),
            502: "<html><body>proxy</body></html>",
        }
        headers = {"HX-Redirect": "/signed-out"} if status == 401 else {}
        self._answer(status, bodies.get(status, ""), **headers)

    def _answer(self, status, body, kind="text/html; charset=utf-8", **headers):
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Security-Policy": POLICY,
            **headers,
        }.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if status == 204 else data)

    def _stream(self):
        if not self.site.stream_open:
            return self._answer(503, "")
        seen = len(self.site.events)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while self.site.stream_open:
            with self.site.changed:
                self.site.changed.wait(timeout=0.2)
                news, seen = self.site.events[seen:], len(self.site.events)
            try:
                self.wfile.write(("".join(news) or ": ping\n\n").encode())
            except OSError:
                return None
        return None
