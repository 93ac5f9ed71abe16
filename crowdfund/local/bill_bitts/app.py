"""The gateway's HTTP: a small ASGI application, one route table."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from crowdfund.local.bill_bitts import control, pages, payouts
from crowdfund.local.bill_bitts.deliveries import Courier
from crowdfund.local.bill_bitts.errors import Refused
from crowdfund.local.bill_bitts.faults import Faults
from crowdfund.local.bill_bitts.gateway import Gateway, amount_text
from crowdfund.local.bill_bitts.places import Places
from crowdfund.local.bill_bitts.signing import RequestChecker, canonical

MAX_BODY = 64 * 1024
MAX_CONTROL_BODY = 64 * 1024 * 1024
FLUSH_S = 0.02
FOR_PROGRAMS = (
    "payment",
    "payout",
    "register",
    "balance",
    "_control",
    "health",
)  # answered in JSON
_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
log = logging.getLogger("bill_bitts")
_FAULT = Refused(
    500,
    "The simulator could not do this, and undid what it had begun. Nothing was charged. "
    "Try again; if it fails again, the reason is in the simulator's log.",
    title="The simulator has a fault",
)
_NO_PAGE = Refused(404, "The simulator has no page at this address.", title="Page not found")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """What a route needs of a request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    too_large: bool = False
    query: str = ""

    @property
    def target(self) -> str:
        """Return path and query, as they are signed."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    kind: bytes = b"application/json"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class App:
    """ASGI application over one gateway."""

    def __init__(
        self, gateway: Gateway, checker: RequestChecker, courier: Courier, places: Places
    ) -> None:
        self._gateway = gateway
        self._checker = checker
        self._courier = courier
        self._places = places
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if scope["type"] != "http":
            return None
        request = await _read(scope, receive)
        if scope["method"] == "GET" and scope["path"].startswith("/payment/"):
            await asyncio.sleep(self._gateway.settings.answers.get("delay_s", 0))
        answer = self._answer(request)
        headers = [(b"content-type", answer.kind), *answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        return None

    def _answer(self, request: Request) -> Answer:
        try:
            return self._route(request)
        except Refused as refusal:
            self._gateway.state.flush()
            return self._refusal(request.path, refusal)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            self._gateway.state.rollback()
            return self._refusal(request.path, _FAULT)

    def _refusal(self, path: str, refusal: Refused) -> Answer:
        """Answer people with a page that leads back, programs with JSON."""
        head, _, rest = path.lstrip("/").partition("/")
        if head in FOR_PROGRAMS:
            return _json(refusal.status, {"error": refusal.sentence})
        row = self._gateway.find(rest) if head == "checkout" else None
        return _html(refusal.status, pages.refusal(refusal, self._places.shop(row)))

    def _route(self, request: Request) -> Answer:
        if request.too_large:
            raise Refused(413, "body is too large", title="Too much was sent")
        head, _, rest = request.path.lstrip("/").partition("/")
        match (request.method, head):
            case ("GET", "payment"):
                self._signed(request)
                return _json(200, self._gateway.status(rest))
            case ("POST", "payment") if rest == "initiate":
                base = self._places.own or f"http://{request.headers.get('host', '')}"
                return self._once(request, lambda data: self._gateway.initiate(data, base))
            case (_, "payout" | "payouts"):
                return self._payout_route(request, head, rest)
            case ("POST", "register"):
                return self._once(request, self._gateway.register)
            case ("GET", "transactions") if not rest:
                self._signed(request)
                asked = dict(parse_qsl(request.query))
                return _json(
                    200, self._gateway.transactions(asked.get("since", ""), asked.get("after", ""))
                )
            case ("GET", "balance"):
                self._signed(request)
                return _json(200, self._gateway.balance(rest))
            case _:
                return self._unsigned_route(request, head, rest)

    def _payout_route(self, request: Request, head: str, rest: str) -> Answer:
        match (request.method, head):
            case ("GET", "payout"):
                self._signed(request)
                return _json(200, payouts.status(self._gateway, rest))
            case ("POST", "payout") if not rest:
                return self._once(request, lambda data: payouts.order(self._gateway, data))
            case ("GET", "payouts"):
                return self._payout_page(rest)
            case ("POST", "payouts"):
                form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
                payouts.end(self._gateway, rest, form.get("action", ""))
                return self._payout_page(rest)
            case _:
                raise _NO_PAGE

    def _unsigned_route(self, request: Request, head: str, rest: str) -> Answer:
        match (request.method, head):
            case ("GET", ""):
                return self._start_page()
            case ("GET", "checkout"):
                return self._checkout_page(self._gateway.payment(rest))
            case ("POST", "checkout"):
                return self._checkout(request, rest)
            case ("POST", "_control"):
                self._checker.check_api_key(request.headers)
                return _json(200, control.answer(self._gateway, rest, _object(request.body)))
            case ("GET", "style.css"):
                return Answer(200, pages.STYLE.encode(), b"text/css; charset=utf-8")
            case ("GET", "health"):
                return _json(200, {"status": "ok"})
            case _:
                raise _NO_PAGE

    def _signed(self, request: Request) -> None:
        now = self._gateway.now()
        nonce = self._checker.check(
            request.method, request.target, request.headers, request.body, now
        )
        if not self._gateway.state.burn(nonce, now):
            raise Refused(401, "X-Nonce was used before")

    def _once(self, request: Request, verb: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
        """Do a verb at most once for each Idempotency-Key."""
        self._signed(request)
        key = request.headers.get("idempotency-key", "")
        known = self._gateway.once(key, request.path, request.body)
        if known is None:
            known = verb(_object(request.body))
            self._gateway.remember(key, request.path, request.body, known)
        return _json(200, known)

    def _checkout(self, request: Request, tx_id: str) -> Answer:
        row = self._gateway.payment(tx_id)
        self._gateway.refuse_ended(row)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            faults = Faults.from_form(form)
            amount = amount_text(form["amount"]) if form.get("amount") else None
        except Refused as refusal:
            return self._checkout_page(row, refusal, form)
        if form.get("action") == "fail":
            self._gateway.fail(row["tx_id"], faults)
        else:
            self._gateway.pay(row["tx_id"], faults, amount, None)
        target = self._places.back(row)
        if not target:
            return self._checkout_page(self._gateway.payment(tx_id))
        return Answer(303, b"", b"text/plain", [(b"location", target.encode("latin-1", "ignore"))])

    def _start_page(self) -> Answer:
        shown = (self._gateway.latest(), payouts.latest(self._gateway))
        return _html(200, pages.start(*shown, self._places.shop()))

    def _payout_page(self, name: str) -> Answer:
        row = payouts.get(self._gateway, name)
        return _html(200, pages.payout(row, self._places.shop()))

    def _checkout_page(
        self, row: sqlite3.Row, refusal: Refused | None = None, form: dict[str, str] | None = None
    ) -> Answer:
        page = pages.checkout(row, self._places.shop(row), refusal=refusal, form=form or {})
        return _html(refusal.status if refusal else 200, page)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._tasks = [
                    asyncio.create_task(self._courier.run()),
                    asyncio.create_task(self._flush()),
                ]
                await send({"type": "lifespan.startup.complete"})
            else:
                for task in self._tasks:
                    task.cancel()
                self._gateway.state.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            self._gateway.state.flush()


async def _read(scope: dict[str, Any], receive: Receive) -> Request:
    """Return the request; a body that is larger than allowed is left unread."""
    limit = MAX_CONTROL_BODY if scope["path"].startswith("/_control/") else MAX_BODY
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            return Request(scope["method"], scope["path"], {}, b"", too_large=True)
    query = scope["query_string"].decode("latin-1")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], headers, body, query=query)


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, canonical(body))


def _html(status: int, page: str) -> Answer:
    headers = [(b"content-security-policy", _CSP.encode()), (b"cache-control", b"no-store")]
    return Answer(status, page.encode(), b"text/html; charset=utf-8", headers)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(data, dict):
        raise Refused(400, "the body is not a JSON object")
    return data
