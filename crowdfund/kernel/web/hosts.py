"""Which hosts requests may be for: TRUSTED_HOSTS, checked before anything else of a request."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# A balancer asks a machine by its address. Nothing of these answers depends on the host.
_BY_ADDRESS = frozenset({"/health", "/health/live", "/health/strict"})
_REFUSAL = b"This site is not served under the name that was asked for.\n"


class TrustedHosts:
    """WSGI middleware: answers 400 to a request for a host that is not ours, health excepted.

    The host is that of the Host header. X-Forwarded-Host is never read: a client can send it, and
    proxies pass Host on (deploy/nginx.conf).
    """

    def __init__(
        self,
        wsgi_app: Callable[[dict[str, Any], "StartResponse"], Iterable[bytes]],
        hosts: Sequence[str],
    ) -> None:
        self._app = wsgi_app
        self._hosts = [host.lower() for host in hosts]

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        if environ.get("PATH_INFO") in _BY_ADDRESS or self._is_trusted(environ):
            return self._app(environ, start_response)
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Length", str(len(_REFUSAL))),
        ]
        start_response("400 Bad Request", headers)
        return [_REFUSAL]

    def _is_trusted(self, environ: dict[str, Any]) -> bool:
        try:
            return bool(get_host(environ, self._hosts))
        except SecurityError:
            return False
