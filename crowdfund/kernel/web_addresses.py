"""One normal form of a web address of ours; whether a host can be reached from outside."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# Names that never lead to a public site: RFC 2606, RFC 6761, RFC 6762, RFC 8375, RFC 9476.
_PRIVATE_ENDINGS = (
    "localhost",
    "local",
    "internal",
    "lan",
    "home.arpa",
    "test",
    "example",
    "invalid",
    "alt",
)


def origin(text: str) -> str:
    """Return `scheme://host[:port]` in lower case, in ASCII, without slash and default port.

    This is what browsers send as Origin, and what passkeys and EIP-4361 compare. Raises ValueError
    without repeating the text, which may hold a password.
    """
    parts = _split(text.strip())
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("must start with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or a password")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end after the host name and port: the site has no path of its own")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number up to 65535") from None
    name = host(parts.hostname or "")
    shown = f"[{name}]" if ":" in name else name
    is_default = port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{shown}" + ("" if is_default else f":{port}")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("is not a web address") from None


def host(name: str) -> str:
    """Return a host name or IP address in lower case and ASCII (punycode). Raises ValueError."""
    name = name.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    name = _ascii(name)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError("has a host name that is not valid")
    return name


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    import idna  # 5 ms, and few sites need it

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError("has a host name that is not valid") from None


def is_public(name: str) -> bool:
    """Return whether people elsewhere can reach a host of this name; a bare name is not public."""
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        pass
    ends = (f".{ending}" for ending in _PRIVATE_ENDINGS)
    return "." in name and not f".{name}".endswith(tuple(ends))
