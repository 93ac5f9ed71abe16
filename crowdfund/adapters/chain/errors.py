"""A node that cannot be reached, and why."""

import re

import requests


class NodeUnreachable(Exception):
    """The node did not answer; what was sent may or may not have arrived."""


def reason_of(error: Exception) -> str:
    """Return the reason inside a connection error, without the layers around it.

    The address is left out: it may hold a provider's key.
    """
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason or ''}".strip()
    text = str(error)
    system = re.search(r"\[Errno -?\d+\] ([^'\")\]]+)", text)
    if system:
        return system[1]
    return "no answer in time" if isinstance(error, requests.Timeout) else text[:200]
