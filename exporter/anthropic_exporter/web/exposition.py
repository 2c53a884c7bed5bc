"""``GET /metrics``: the rendered exposition, then what is only known now."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from anthropic_exporter.expose.catalogue import COLLECTORS
from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.web.negotiation import choose_format, takes_gzip

#: Bytes that are in memory for a client that reads slowly, beside what all answers share.
_CHUNK = 256 * 1024


class Body(Response):
    """A body in parts that other answers share, handed to the server chunk by chunk as the client takes it.

    In one message it would leave for the server's buffer at once, however slowly the client reads: the request
    would no longer count as under way, and every slow client would hold a copy of the whole.
    """

    def __init__(self, parts: Sequence[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(sum(map(len, parts)))})
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - is ASGI
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for chunk in _chunks(self._parts):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in chunks of one size, made one at a time."""
    held: list[bytes | memoryview] = []
    room = _CHUNK
    for part in parts:
        rest = memoryview(part)
        while len(rest) >= room:
            yield b"".join((*held, rest[:room]))
            rest = rest[room:]
            held, room = [], _CHUNK
        held.append(rest)
        room -= len(rest)
    yield b"".join(held)


def answer(request: Request, exposition: Exposition, at_scrape: Callable[[bool], bytes]) -> Response:
    """Compose the answer to one scrape.

    ``collect[]`` picks the families of those collectors. The metrics of the exporter itself are always shown:
    without ``anthropic_up`` and the ages, nobody could tell whether the picked values are worth anything.
    """
    asked = frozenset(request.query_params.getlist("collect[]"))
    if not asked <= set(COLLECTORS):
        # What was asked for is not repeated: it is input.
        return PlainTextResponse(f"Unknown collector in collect[]. Known are {', '.join(COLLECTORS)}.\n", 400)
    openmetrics, content_type = choose_format(_joined(request, "accept"))
    gzip = takes_gzip(_joined(request, "accept-encoding"))
    dynamic = at_scrape(openmetrics)
    parts = exposition.parts(openmetrics=openmetrics, gzip=gzip, collectors=asked or None, dynamic=dynamic)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return Body(parts, headers)


def _joined(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
