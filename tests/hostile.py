"""Hostile texts, headers and bodies for every route; what a route reads is found by asking it.

Names of fields and query parameters are those that the code looks for while it answers: the
request's own dictionaries note them (`Noting`). What a form needs besides is read from the pages.
"""

import ast
import inspect
import io
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote

from werkzeug.datastructures import ImmutableMultiDict

from crowdfund.kernel import access
from crowdfund.kernel.web.requests import PlainRequest
from tests import matrix

LONG = 70_000
TEXTS = (
    "",
    " ",
    "\t\n\r",
    "a\0b",
    "\ufeff\u200b\u202e",
    "\U0001f600" * 40,
    "é́̂" * 30,
    "\ud7ff\uffff\ufffd",
    "አበበ በቂላ",
    "कमला शर्मा",
    "१२३४५६",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}%(name)s %s {0} ${x}",
    "' OR '1'='1' -- ",
    "%00%0a%ff",
    "=1+1",
    "-1",
    "0",
    "1e999",
    "NaN",
    "Infinity",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 5_000,
    "1" * 400 + ".5",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "x" * 300,
    "x" * LONG,
    "../../etc/passwd",
    "http://[",
    "[]",
    "0" * 32,
)
VALUES = (
    "",
    "%20",
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    quote("\U0001f600'\"\\<%_"),
    quote("አበበ कमला"),
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 5_000,
    "1e999",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "x" * 3_000,
    "%0d%0aX-A:%20b",
    "//evil.example",
    "http://[",
    "-9223372036854775809,%2C,0",
    "18446744073709551616,x",
    "99999999999999999,x",
)
IDS = (
    "0" * 32,
    "%F0%9F%98%80" * 8,
    "%ED%A0%80" + "0" * 29,
    "9223372036854775808",
    "9" * 5_000,
    "..",
    "%27%22%5C",
    "x" * 3_000,
    "0x" + "0" * 40,
    "a,b=c.d",
    "0001-01-01",
)
HEADERS = (
    ("Host", "evil.example"),
    ("Host", "["),
    ("Host", ""),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-For", "not an address"),
    ("Referer", "http://["),
    ("Referer", "http://localhost/\u00ff?\u00e9"),
    ("Origin", "null"),
    ("Cookie", "crowdfund=; language=\u00ff"),
    ("Cookie", "crowdfund=" + "x" * 4_000 + "; pending=a.b.c"),
    ("Accept-Language", "xx;q=two, ,*;q=-1, am-" + "a" * 500),
    ("Accept", "text/html;q=x, */*;q=, application/json;q=nan"),
    ("Accept-Encoding", "gzip;q=x, br;q=1e999, ,"),
    ("User-Agent", "\u00ff" * 2_000),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "application/json; charset=\u00ff"),
    ("Content-Length", "x"),
    ("Range", "bytes=9-1,x"),
    ("If-Modified-Since", "Mon, 99 Foo 0001 99:99:99 GMT"),
    ("If-None-Match", 'W/"\u00ff'),
    ("HX-Request", "true"),
    ("Authorization", "Bearer \u00ff"),
)


def _part(disposition, content=b"x"):
    head = f"--b\r\nContent-Disposition: form-data{disposition}\r\n\r\n".encode()
    return head + content + b"\r\n--b--\r\n"


MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"
BODIES = (
    (_part(""), MULTIPART),
    (_part('; name=""'), MULTIPART),
    (_part('; filename="x"'), MULTIPART),
    (_part('; name="a\0b"'), MULTIPART),
    (_part('; name="a"; filename="\0"'), MULTIPART),
    (b"--b\r\n", MULTIPART),
    (b"\xff" * 200, MULTIPART),
    (b"--b\r\nContent-Type: text/plain; charset=utf-16\r\n" + _part('; name="a"')[5:], MULTIPART),
    (b"%ff=%fe&%00=%00&=&&a", URLENCODED),
    (b"=".join([b"&"] * 2_000), URLENCODED),
    (b"[]", "application/json"),
    (b'["csrf_token"]', "application/json"),
    (b'{"reason": {"a": []}, "a": null}', "application/json"),
    (b'"\\ud800"', "application/json"),
    (b"{", "application/json"),
    (b"[" * 5_000, "application/json"),
    (b"1", "application/json"),
    (b"<a/>", "text/xml"),
)


# --- what a route reads ---------------------------------------------------------------------------

_noted: set[str] = set()
_read_whole: list[bool] = []


class Noting(ImmutableMultiDict):
    """The fields or parameters of a request; notes the names that are asked for."""

    def get(self, key, *args, **kwargs):
        _noted.add(key)
        return super().get(key, *args, **kwargs)

    def getlist(self, key, *args, **kwargs):
        _noted.add(key)
        return super().getlist(key, *args, **kwargs)

    def __getitem__(self, key):
        _noted.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        _noted.add(key)
        return super().__contains__(key)

    def items(self, *args, **kwargs):
        _read_whole.append(True)
        return super().items(*args, **kwargs)

    def to_dict(self, *args, **kwargs):
        _read_whole.append(True)
        return super().to_dict(*args, **kwargs)


class NotingRequest(PlainRequest):
    """A request whose form and query note what is read of them."""

    parameter_storage_class = Noting


@cache
def names_in(module):
    """Return the texts by which a module looks into dictionaries: `args.get("q")`."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0] if node.args else None
            if name in ("get", "start_of_day") and isinstance(first, ast.Constant):
                found.add(first.value)
    return {name for name in found if isinstance(name, str) and name[:1] != "/"}


FILES = {"file", "image", "upload"}

# --- what a form needs ----------------------------------------------------------------------------

PLAUSIBLE = {
    "reason": "The documents are complete and right.",
    "note": "The documents are complete and right.",
    "amount": "1000",
    "full_name": "Almaz Tadesse",
    "phone": "+251911234567",
    "contact": "+251911234567",
    "code": "123456",
    "identifier": "carol@example.com",
    "email": "carol@example.com",
    "share": "50",
    "born_on": "1980-06-15",
    "until": "2030-01-01",
    "decision": "accept",
}


class Forms(HTMLParser):
    """The forms of a page: by action, the names of their fields with a value that may be sent."""

    def __init__(self, path):
        super().__init__()
        self.path, self.found, self.fields, self.select = path, {}, None, ""
        self.links = set()

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if tag == "a" and (has.get("href") or "").startswith("/"):
            self.links.add(has["href"].split("?")[0].split("#")[0])
        if tag == "form":
            action = (has.get("action") or self.path).split("?")[0]
            self.fields = self.found.setdefault(action, {})
        name = has.get("name")
        if self.fields is None:
            return
        if tag in ("select", "textarea", "input", "button") and name:
            self._field(tag, name, has)
        is_option = tag == "option" and self.select and has.get("value")
        if is_option and ("selected" in has or not self.fields.get(self.select)):
            self.fields[self.select] = has["value"]

    def handle_endtag(self, tag):
        if tag == "form":
            self.fields = None
        if tag == "select":
            self.select = ""

    def _field(self, tag, name, has):
        self.select = name if tag == "select" else ""
        if has.get("type") in ("radio", "checkbox"):
            if "checked" in has or name not in self.fields:
                self.fields[name] = has.get("value", "y")
        elif has.get("type") != "file" and tag != "button":
            self.fields[name] = has.get("value") or PLAUSIBLE.get(name, "")


# --- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """One hostile request: the route's name, its address, and what is sent with it."""

    name: str
    path: str
    what: str = ""
    body: dict = field(default_factory=dict)
    headers: tuple = ()


@dataclass
class Attack:
    """The world of tests/matrix.py, asked badly; `failures` is what was answered with 500 or more.

    By route: `fields`, the names that the code looked for; `paths`, its addresses, one for each
    step, kind or scheme that a page links to. By address: `needed`, what its form needs besides.
    """

    world: matrix.World
    rules: dict
    failures: list = field(default_factory=list)
    fields: dict = field(default_factory=lambda: defaultdict(set))
    paths: dict = field(default_factory=lambda: defaultdict(dict))
    needed: dict = field(default_factory=dict)
    forms_read: set = field(default_factory=set)

    def explore(self):
        """Open every page, as who may, and learn which forms there are and what they need."""
        for name, rule in self.rules.items():
            self.paths[name][self.world.url(rule)] = None
        seen = set()
        while new := {(name, path) for name in self.rules for path in self.paths[name]} - seen:
            seen |= new
            for name, path in sorted(new):
                answer = self.send(Ask(name, path, body={"data": {"unknown": "x"}}))
                if answer.mimetype == "text/html" and name.startswith("GET "):
                    self._learn(path, answer.get_data(as_text=True))
        for name, path in self._addresses("POST "):  # a filled form may have a second step
            self.send(Ask(name, path, body={"data": self.filled(name, path)}))

    def send(self, ask):
        """Send a request; note what the code reads of it, and whether it failed."""
        _noted.clear()
        _read_whole.clear()
        method, endpoint = ask.name.split()
        client = self.world.app.test_client(use_cookies=False)
        cookie = self.world.cookies.get(actor_for(endpoint))
        headers = [("Cookie", f"crowdfund={cookie}")] if cookie else []
        if "Cookie" in dict(ask.headers):
            headers = []
        body = ask.body if method != "GET" else {}
        answer = client.open(ask.path, method=method, headers=[*headers, *ask.headers], **body)
        status = answer.status_code
        answer.get_data()  # a file is made while it is sent
        if status >= 500 and str(status) not in self._usual(endpoint):
            self.failures.append(f"{status} {ask.name} {ask.path[:80]} {ask.what}")
        self.fields[ask.name] |= {name for name in _noted if name not in ("csrf_token", "unknown")}
        if _read_whole and method == "GET":
            view = self.world.app.view_functions[endpoint]
            self.fields[ask.name] |= names_in(inspect.getmodule(view))
        if method != "GET" and (status < 400 or endpoint in matrix.KEEPERS):
            self.world.restore()
        return answer

    def _usual(self, endpoint):
        """Return what a route answers in the tests whatever it is asked."""
        return matrix.SAID_OTHERWISE.get(endpoint, {}).values()

    def _learn(self, path, html):
        page = Forms(path)
        page.feed(html)
        for action, values in page.found.items():
            self.needed[action] = self.needed.get(action, {}) | values
        adapter = self.world.app.url_map.bind("localhost")
        for link in page.links | set(page.found):
            for method in ("GET", "POST"):
                if adapter.test(link, method):
                    endpoint, args = adapter.match(link, method)
                    self._add_choice(f"{method} {endpoint}", args)

    def _add_choice(self, name, args):
        """Add the address of a route with another step, kind or scheme of alice's things."""
        chosen = {key: value for key, value in args.items() if key in ("step", "kind", "scheme")}
        if chosen:
            self.paths[name][self._url(name, chosen)] = None

    def _url(self, name, changed):
        rule = self.rules[name]
        values = {one: self.world.examples[self.world.key(rule, one)] for one in rule.arguments}
        return rule.build(values | changed, append_unknown=False)[1]

    def filled(self, name, path):
        """Return what a form takes: its values on the page, or something plausible."""
        needed = dict(self.needed.get(path, {}))
        needed.pop("csrf_token", None)
        return {key: PLAUSIBLE.get(key, "") for key in sorted(self.fields[name])} | needed

    def _addresses(self, method):
        return [
            (name, path)
            for name in self.rules
            if name.startswith(method)
            for path in self.paths[name]
        ]

    # what is asked: every route with every text, value, header, body, and address

    def queries(self):
        """Yield each parameter of each page with each value."""
        for name, path in self._addresses("GET "):
            for parameter in sorted(self.fields[name]):
                for value in VALUES:
                    yield Ask(name, f"{path}?{quote(parameter)}={value}", f"?{parameter}")

    def forms(self):
        """Yield each field of each form with each text, the others filled, and all with one."""
        for name, path in self._addresses("POST "):
            filled = self.filled(name, path)
            for text in TEXTS:
                for one in filled:
                    yield Ask(name, path, f"{one}={text[:20]!r}", {"data": filled | {one: text}})
                data = dict.fromkeys(filled, text)
                yield Ask(name, path, f"all={text[:20]!r}", {"data": data})

    def parts(self):
        """Yield each field of text as a file, with a name and without, and each file as a text."""
        for name, path in self._addresses("POST "):
            filled = self.filled(name, path)
            for one in filled:
                for filename in ("a.txt", "\0", ""):
                    part = "x" if one in FILES else (io.BytesIO(b"x"), filename)
                    data = {"data": filled | {one: part}, "content_type": "multipart/form-data"}
                    yield Ask(name, path, f"file {one}", data)

    def bodies(self):
        """Yield every verb with each body that is no form."""
        for name, path in self._addresses("POST "):
            for body, kind in BODIES:
                data = {"data": body, "content_type": kind}
                yield Ask(name, path, f"body {body[:60]!r}", data)

    def headers(self):
        """Yield every route with each header."""
        for name, rule in self.rules.items():
            for header in HEADERS:
                what = f"{header[0]}: {header[1][:30]!r}"
                yield Ask(name, self.world.url(rule), what, headers=(header,))

    def addresses(self):
        """Yield every parameter of every address with each text that is no thing of ours."""
        for name, rule in self.rules.items():
            body = {"data": self.filled(name, self.world.url(rule))}
            for parameter in sorted(rule.arguments):
                for text in IDS:
                    path = with_text(self, name, parameter, text)
                    yield Ask(name, path, f"{parameter}={text[:20]}", body)


def with_text(attack, name, parameter, text):
    """Return the address of a route with a text in the place of one parameter."""
    rule, world = attack.rules[name], attack.world
    path = rule.rule
    for one in rule.arguments:
        value = text if one == parameter else quote(str(world.examples[world.key(rule, one)]))
        path = re.sub(rf"<(?:[^<>]*:)?{one}>", value.replace("\\", "\\\\"), path)
    return path


def actor_for(endpoint):
    """Return who may use a route, so that a request gets as far as it can."""
    if endpoint == "sign_in.enter_code":
        return "half way"
    allowed, own = access.TABLE[endpoint], matrix.OWN.get(endpoint)
    if allowed == access.PUBLIC and own is None:
        return "visitor"
    if allowed <= access.EVERY_STAFF:
        return min(allowed - {"regulator"})
    return "nia" if own is matrix.INVITED else "alice"
