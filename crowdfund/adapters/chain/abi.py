"""Checked-in contract artifacts: encode calls, decode logs and errors. Knows no network."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

ARTIFACTS = Path(__file__).parents[3] / "contracts" / "artifacts"
ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")

Abi = dict[str, Any]


class BadArguments(ValueError):
    """Arguments that do not fit the function of the artifact."""


@dataclass(frozen=True)
class Artifact:
    """ABI and bytecode of one contract."""

    name: str
    abi: tuple[Abi, ...]
    bytecode: str

    def item(self, kind: str, name: str, *, count: int | None = None) -> Abi:
        """Return the one ABI entry of a kind and name, by argument count if overloaded."""
        found = [i for i in self.abi if i["type"] == kind and i.get("name", "") == name]
        if count is not None and len(found) > 1:
            found = [i for i in found if len(i["inputs"]) == count]
        if not found:
            raise BadArguments(f"{self.name} has no {kind} {name!r}")
        return found[0]


@cache
def artifact(name: str) -> Artifact:
    """Load `contracts/artifacts/<name>.json`; read once per process."""
    path = ARTIFACTS / f"{name}.json"
    if not path.exists():
        raise BadArguments(f"no artifact for contract {name!r}")
    data = json.loads(path.read_text())
    code = data["bytecode"]
    code = code["object"] if isinstance(code, dict) else code
    return Artifact(name, tuple(data["abi"]), code.removeprefix("0x"))


@cache
def _function(contract: str, name: str, count: int) -> Abi:
    """Return a function of a contract by its number of arguments, with its selector."""
    item = artifact(contract).item("function", name, count=count)
    return item | {"selector": _selector(item)[:4]}


def names() -> list[str]:
    """Return the names of all contracts that have an artifact."""
    return sorted(p.stem for p in ARTIFACTS.glob("*.json") if "abi" in json.loads(p.read_text()))


def _types(inputs: Sequence[Abi]) -> list[str]:
    return [collapse_if_tuple(i) for i in inputs]


def _selector(item: Abi) -> bytes:
    return keccak(text=_signature(item))


def _signature(item: Abi) -> str:
    return f"{item['name']}({','.join(_types(item['inputs']))})"


def _to_abi(spec: Abi, value: object) -> object:
    """Return a JSON value as eth_abi wants it. Raises BadArguments, and what conversions raise."""
    kind: str = spec["type"]
    if kind.endswith("]"):
        inner = {**spec, "type": kind[: kind.rindex("[")]}
        return [_to_abi(inner, one) for one in _listed(value)]
    if kind == "tuple":
        parts = spec["components"]
        if isinstance(value, dict):
            value = [value[part["name"]] for part in parts]
        values = _listed(value)
        if len(values) != len(parts):
            raise BadArguments(f"{spec['name']}: {len(parts)} values expected")
        return tuple(_to_abi(p, v) for p, v in zip(parts, values, strict=True))
    return _scalar(kind, value)


def _listed(value: object) -> Sequence[object]:
    if isinstance(value, list | tuple):
        return value
    raise BadArguments(f"a list expected, {type(value).__name__} given")


def _scalar(kind: str, value: object) -> object:
    if not isinstance(value, str | int | bytes):
        raise BadArguments(f"{kind} expected, {type(value).__name__} given")
    if kind.startswith("bytes"):
        raw = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
        # eth_abi would pad what is too short: another id than the caller meant.
        if kind != "bytes" and len(raw) != int(kind[5:]):
            raise BadArguments(f"{kind} expected, {len(raw)} bytes given")
        return raw
    if kind.startswith(("uint", "int")):
        return int(value)
    return checksummed(str(value)) if kind == "address" else value


@lru_cache(maxsize=4_096)
def checksummed(address: str) -> str:
    """Return an address with the case of EIP-55; the same few come again and again."""
    return str(to_checksum_address(address))


def _from_abi(spec: Abi, value: object) -> object:
    """Return a value of eth_abi as JSON."""
    kind: str = spec["type"]
    if kind.endswith("]"):
        inner = {**spec, "type": kind[: kind.rindex("[")]}
        return [_from_abi(inner, one) for one in _listed(value)]
    if kind == "tuple":
        parts = zip(spec["components"], _listed(value), strict=True)
        return {part["name"]: _from_abi(part, one) for part, one in parts}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return checksummed(str(value)) if kind == "address" else value


def _encode(inputs: Sequence[Abi], args: Sequence[object]) -> bytes:
    if len(inputs) != len(args):
        raise BadArguments(f"{len(inputs)} arguments expected, {len(args)} given")
    try:
        values = [_to_abi(spec, arg) for spec, arg in zip(inputs, args, strict=True)]
        return abi_encode(_types(inputs), values)
    except (EncodingError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadArguments(f"arguments do not fit: {error}") from error


def encode(contract: str, function: str, args: Sequence[object]) -> str:
    """Return calldata as 0x hex; JSON-like args (bytes as 0x text, tuples as list or dict).

    Raises BadArguments when the function or the values do not fit the ABI.
    """
    item = _function(contract, function, len(args))
    selector: bytes = item["selector"]
    return "0x" + (selector + _encode(item["inputs"], args)).hex()


def encode_deploy(contract: str, args: Sequence[object]) -> str:
    """Return creation code plus constructor arguments as 0x hex."""
    found = artifact(contract)
    constructor = [i for i in found.abi if i["type"] == "constructor"]
    tail = _encode(constructor[0]["inputs"] if constructor else [], args)
    return "0x" + found.bytecode + tail.hex()


def decode_result(contract: str, function: str, data: bytes) -> object:
    """Decode what a call returned; one value bare, several as a list."""
    outputs = artifact(contract).item("function", function)["outputs"]
    values = abi_decode(_types(outputs), data)
    plain = [_from_abi(spec, v) for spec, v in zip(outputs, values, strict=True)]
    return plain[0] if len(plain) == 1 else plain


@cache
def _events(contract: str) -> dict[str, Abi]:
    events = (i for i in artifact(contract).abi if i["type"] == "event")
    return {"0x" + _selector(e).hex(): e for e in events if not e.get("anonymous")}


def decode_log(
    contract: str, topics: Sequence[str], data: bytes
) -> tuple[str, dict[str, Any]] | None:
    """Decode one log into (event, args); None when it is none of this contract's events.

    Indexed dynamic values stay their 32 byte hash.
    """
    item = _events(contract).get(topics[0]) if topics else None
    if item is None:
        return None
    indexed = [i for i in item["inputs"] if i["indexed"]]
    plain = [i for i in item["inputs"] if not i["indexed"]]
    if len(indexed) != len(topics) - 1:
        return None
    try:
        values = _values(plain, data)
        args = {s["name"]: v for s, v in zip(plain, values, strict=True)}
        args |= {s["name"]: _topic(s, t) for s, t in zip(indexed, topics[1:], strict=True)}
    except DecodingError:
        return None
    return item["name"], {i["name"]: args[i["name"]] for i in item["inputs"]}


def _topic(spec: Abi, topic: str) -> object:
    if spec["type"] in ("string", "bytes", "tuple") or spec["type"].endswith("]"):
        return topic
    return _values([spec], bytes.fromhex(topic.removeprefix("0x")))[0]


def _values(specs: Sequence[Abi], data: bytes) -> list[object]:
    """Return the decoded values of a log as JSON. Raises DecodingError.

    A log of a batch comes some hundred times in a block, and nearly all have only words of these
    kinds: eth_abi takes twenty times as long for them. It decodes everything else.
    """
    words = [data[at : at + 32] for at in range(0, 32 * len(specs), 32)]
    if all(spec["type"] in _WORDS for spec in specs) and len(data) >= 32 * len(specs):
        return [_WORDS[spec["type"]](word) for spec, word in zip(specs, words, strict=True)]
    values = abi_decode(_types(specs), data)
    return [_from_abi(spec, value) for spec, value in zip(specs, values, strict=True)]


def _address_in(word: bytes) -> str:
    if any(word[:12]):
        raise DecodingError("an address has 20 bytes")
    return checksummed("0x" + word[12:].hex())


_WORDS: dict[str, Callable[[bytes], object]] = {
    "bytes32": lambda word: "0x" + word.hex(),
    "uint256": int.from_bytes,
    "address": _address_in,
}


@cache
def _errors() -> dict[bytes, Abi]:
    # A revert may bubble up from an inner contract, so errors of all artifacts are known.
    items = (i for name in names() for i in artifact(name).abi if i["type"] == "error")
    return {_selector(i)[:4]: i for i in items}


def decode_error(data: bytes) -> tuple[str, str]:
    """Return (name, text for a person) of revert data; unknown ones keep their selector."""
    selector, body = data[:4], data[4:]
    try:
        if selector == ERROR_STRING:
            return "Error", str(abi_decode(["string"], body)[0])
        if selector == PANIC:
            return "Panic", f"Panic({abi_decode(['uint256'], body)[0]:#x})"
        item = _errors().get(selector)
        if item is not None:
            values = abi_decode(_types(item["inputs"]), body)
            shown = ", ".join(
                f"{s['name']}={_from_abi(s, v)}"
                for s, v in zip(item["inputs"], values, strict=True)
            )
            return item["name"], f"{item['name']}({shown})"
    except DecodingError:
        pass
    return "Revert", f"reverted with {'0x' + data[:36].hex() if data else 'no reason'}"


def knows_error(data: bytes) -> bool:
    """Return whether revert data decodes as Error, Panic or an error of one of our contracts."""
    return decode_error(data)[0] != "Revert"


def error_of(selector: str) -> tuple[str, str]:
    """Return (name, text) of an error known by its selector alone (0x hex)."""
    item = _errors().get(bytes.fromhex(selector.removeprefix("0x")))
    return (item["name"], item["name"]) if item else ("Revert", f"reverted with {selector}")
