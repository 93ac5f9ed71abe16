"""A node that cannot be reached, and why."""

import re
from collections.abc import Callable
from typing import TypeVar

import requests
from web3.exceptions import BlockNotFound, Web3Exception

from crowdfund.adapters.chain.answers import NodeError


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


T = TypeVar("T")


def guarded(read: Callable[[], T]) -> T:
    """Run a web3 read and turn its many exceptions into two."""
    try:
        return read()
    except BlockNotFound:
        raise
    except (requests.RequestException, OSError) as error:
        raise NodeUnreachable(reason_of(error)) from error
    except (Web3Exception, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NodeError(str(error)) from error
