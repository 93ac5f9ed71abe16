"""A process that speaks the part of Kubo's RPC that pins a file: `python kubo_process.py <log>`.

It computes the content id by itself, from the top of the tree down, and writes what it pinned to
the log. `PUT /fault` makes it `well`, `down` (answers 500), `odd` (another id) or `garbled`.
"""

import base64
import email
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WANTED = {"cid-version": "1", "raw-leaves": "true", "chunker": "size-262144", "pin": "true"}


def number(value):
    out = b""
    while value >= 128:
        out, value = out + bytes([value % 128 + 128]), value // 128
    return out + bytes([value])


def framed(tag, body):
    return bytes([tag]) + number(len(body)) + body


def height_of(size):
    height, most = 0, 262_144
    while most < size:
        height, most = height + 1, most * 174
    return height


def block(data, height):
    """Return (binary CID, size of the content, size of all blocks) of a tree of some height."""
    if height == 0:
        return b"\x01\x55\x12\x20" + hashlib.sha256(data).digest(), len(data), len(data)
    share = 262_144 * 174 ** (height - 1)
    parts = [block(data[start : start + share], height - 1) for start in range(0, len(data), share)]
    links = b"".join(
        framed(0x12, framed(0x0A, c) + b"\x12\x00\x18" + number(w)) for c, _, w in parts
    )
    sizes = b"".join(b"\x20" + number(size) for _, size, _ in parts)
    whole = links + framed(0x0A, b"\x08\x02\x18" + number(len(data)) + sizes)
    name = b"\x01\x70\x12\x20" + hashlib.sha256(whole).digest()
    return name, len(data), len(whole) + sum(weight for _, _, weight in parts)


def name_of(data):
    return "b" + base64.b32encode(block(data, height_of(len(data)))[0]).decode().lower().rstrip("=")


class Node(BaseHTTPRequestHandler):
    fault = "well"

    def do_PUT(self):
        Node.fault = self._body().decode()
        self._answer(200, "")

    def do_POST(self):
        url, body = urlsplit(self.path), self._body()
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path != "/api/v0/add" or not asked.items() >= WANTED.items():
            self._answer(400, f"not understood: {self.path}")
            return
        if self.fault == "down":
            self._answer(500, "out of disk")
            return
        head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
        [part] = email.message_from_bytes(head + body).get_payload()
        data = part.get_payload(decode=True)
        cid = name_of(data if self.fault == "well" else data + b"!")
        with open(sys.argv[1], "a") as log:
            log.write(f"{cid}\n")
        said = {"Name": part.get_filename(), "Hash": cid, "Size": str(len(data))}
        self._answer(200, "<html>" if self.fault == "garbled" else json.dumps(said) + "\n")

    def _body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    print(server.server_port, flush=True)
    server.serve_forever()
