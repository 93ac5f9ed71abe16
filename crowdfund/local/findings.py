"""What the doctor writes about each part, and how it looks at addresses."""

from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

TIMEOUT_S = 5


@dataclass(frozen=True)
class Finding:
    """One line of the report; `wrong` says what to do, and is empty when all is well."""

    part: str
    uses: str
    wrong: str = ""


def masked(url: str) -> str:
    """Return a URL without its password and query."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url.partition("?")[0]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{user}:***@{host}", parts.path, "", ""))


def http_answers(url: str) -> bool:
    """Return whether a server answers a GET, with anything but a crash."""
    return 0 < http_status(url) < 500


def http_status(url: str) -> int:
    """Return the status of a GET, 0 when nothing answers."""
    if not url.startswith(("http://", "https://")):
        return 0
    try:
        with urlopen(url, timeout=TIMEOUT_S) as response:
            return int(response.status)
    except OSError as error:
        return int(getattr(error, "code", 0))
    except HTTPException:
        return 0


def first_line(error: Exception) -> str:
    """Return what went wrong in one line; drivers repeat addresses and statements below it."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [type(cause).__name__])[0][:200].rstrip(".")
