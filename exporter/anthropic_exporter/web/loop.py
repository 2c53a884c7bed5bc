"""The event loop of the server: asyncio's own, but for how long a client may take to begin and to end TLS."""

import asyncio
from typing import Any

#: Seconds, as for the headers of a request.
HANDSHAKE_TIMEOUT = 10.0
#: Seconds that the other side has to say goodbye. Less than what the process has to end: a client that is gone
#: never answers.
SHUTDOWN_TIMEOUT = 2.0


class TimedLoop(asyncio.SelectorEventLoop):
    """Gives TLS its times, which uvicorn has no settings for."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:  # noqa: ANN401 - passed on as they are
        """Listen."""
        if options.get("ssl") is not None:
            options |= {"ssl_handshake_timeout": HANDSHAKE_TIMEOUT, "ssl_shutdown_timeout": SHUTDOWN_TIMEOUT}
        return await super().create_server(*args, **options)
