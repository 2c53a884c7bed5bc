"""A scraper that measures: one kept connection, gzip asked for, the whole answer read."""

import socket
import time
from urllib.parse import urlsplit


class Scraper:
    """Scrapes one URL over and over, on one connection where the server keeps it."""

    def __init__(self, url: str, accept: str = "text/plain") -> None:
        self._url = urlsplit(url)
        self._request = (
            f"GET {self._url.path} HTTP/1.1\r\nHost: {self._url.netloc}\r\nAccept: {accept}\r\n"
            "Accept-Encoding: gzip\r\n\r\n"
        ).encode()
        self._connection: socket.socket | None = None

    def scrape(self) -> tuple[float, bytes]:
        """Return the seconds that a scrape took, and its body as sent."""
        begun = time.perf_counter()
        connection = self._connection or socket.create_connection((self._url.hostname, self._url.port), timeout=120)
        connection.sendall(self._request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += _take(connection)
        head, _, rest = head.partition(b"\r\n\r\n")
        body = bytearray(rest)
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += _take(connection)
        kept = head.startswith(b"HTTP/1.1")
        self._connection = connection if kept else None
        if not kept:
            connection.close()
        return time.perf_counter() - begun, bytes(body)

    def seconds(self, count: int, pause: float = 0.0) -> list[float]:
        """Return the seconds of so many scrapes, ascending."""
        found = []
        for _ in range(count):
            found.append(self.scrape()[0])
            time.sleep(pause)
        return sorted(found)


def _take(connection: socket.socket) -> bytes:
    chunk = connection.recv(1 << 20)
    if not chunk:
        raise ConnectionError("the answer ended before it was whole")
    return chunk


def quantile(ascending: list[float], q: float) -> float:
    """Return a quantile of values in ascending order."""
    return ascending[min(len(ascending) - 1, int(q * len(ascending)))]
