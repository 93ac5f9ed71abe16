"""Public files on IPFS: added and pinned by a Kubo node over RPC, checked by our own content id."""

import json

from crowdfund.kernel import config

TIMEOUT_S = 30.0
# Written out, because a node's configuration may have other defaults and then another id.
OPTIONS = {
    "cid-version": "1",
    "raw-leaves": "true",
    "chunker": "size-262144",
    "pin": "true",
    "quieter": "true",
}


class IpfsUnavailable(RuntimeError):
    """The node does not answer or refuses; the same may be asked again later."""


class OtherCid(RuntimeError):
    """The node computed another content id than we did: its settings differ, or the bytes did."""


def is_configured() -> bool:
    """Return whether public files are to be pinned."""
    return bool(config.settings().ipfs_api_url)


def pin(cid: str, data: bytes) -> None:
    """Add and pin a file; raises IpfsUnavailable, or OtherCid if the node names it differently."""
    import httpx  # 20 ms and 2 MB that only a worker needs

    url = config.settings().ipfs_api_url.rstrip("/") + "/api/v0/add"
    files = {"file": (cid, data, "application/octet-stream")}
    try:
        response = httpx.post(url, params=OPTIONS, files=files, timeout=TIMEOUT_S)
        response.raise_for_status()
        # One JSON object a line; the last is the file itself.
        found = str(json.loads(response.text.strip().splitlines()[-1])["Hash"])
    except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
        raise IpfsUnavailable(f"the IPFS node gave no good answer: {error!r}") from error
    if found != cid:
        raise OtherCid(f"the IPFS node calls the file {found}, we call it {cid}")
