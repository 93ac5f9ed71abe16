"""Plain JSON-RPC to a chain node, without web3: enough to look after the node."""

import json
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen


class RpcError(Exception):
    """The node does not answer, or answers with an error."""


def call(url: str, method: str, *params: object, timeout_s: float = 3.0) -> Any:  # noqa: ANN401 - JSON
    """Return the result of one call; raises RpcError."""
    if not url.startswith(("http://", "https://")):
        raise RpcError("the address of a chain starts with http:// or https://")
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    request = Request(url, body.encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=timeout_s) as response:
            answer = json.load(response)
    except (OSError, ValueError, HTTPException) as error:
        raise RpcError(str(error)) from error
    if "error" in answer:
        raise RpcError(str(answer["error"].get("message", answer["error"])))
    return answer.get("result")
