"""A small load generator: a few keep-alive connections, each sends its next request at once.

One process with raw sockets, cheaper a request than any of the pages; bounded in time.
"""

import selectors
import socket
import time

CONNECTIONS = 8


class _Connection:
    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._missing = 0  # bytes of the answer that are still to come; 0 while its head is read
        self._head = b""

    def send(self) -> None:
        self._missing, self._head = 0, b""
        self.socket.sendall(self._request)

    def is_answered(self) -> bool:
        """Take what has arrived; tell whether the answer is complete."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed a connection")
        if self._missing:
            self._missing -= len(data)
            return self._missing == 0
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(self._head[:200])
        self._missing = _length(self._head[:end]) - (len(self._head) - end - 4)
        return self._missing == 0


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    raise ConnectionError("an answer without its length")


def per_second(port: int, path: str, cookie: str, *, seconds: float) -> float:
    """Return how many requests a second a server on this machine answers."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *([f"Cookie: {cookie}"] if cookie else []),
        "",
        "",
    ]
    request = "\r\n".join(lines).encode()
    connections = [_Connection(port, request) for _ in range(CONNECTIONS)]
    answered = 0
    with selectors.DefaultSelector() as ready:
        for connection in connections:
            ready.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        start = time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            for key, _ in ready.select(timeout=5):
                if key.data.is_answered():
                    answered += 1
                    key.data.send()
    for connection in connections:
        connection.socket.close()
    return answered / spent
