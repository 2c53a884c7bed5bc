"""The fake as a running server, in a thread of this process."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn

from .app import create_app
from .connection import BreakableProtocol
from .endpoints.buckets import WIDTHS
from .organization import Organization
from .seeded import SeededOrganization
from .switches import LIVELY, Switches
from .totals import Reports, totals
from .world import World

EXAMPLE_KEY = "sk-ant-admin01-simulated"
_START_TIMEOUT = 10.0  # seconds
_KEEP_ALIVE = 300  # seconds; a connection breaks when a fault says so, not between two polls


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Simulator:
    """A fake Admin API on loopback.

    Args:
        organization: whose data it serves; without one, the seeded company.
        switches: how it behaves from the start; without them, data arrives as in life.
        host: a loopback address.
        port: 0 chooses a free one.
        now: seconds since 1970; the only clock of the fake.
    """

    def __init__(
        self,
        organization: Organization | None = None,
        switches: Switches | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.world = World(organization or SeededOrganization(), now, switches or LIVELY)
        self._address = (host, port)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.base_url = ""

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.world.switches

    @property
    def admin_key(self) -> str:
        """A key that it takes."""
        accepted = self.switches.accepted_keys
        return accepted[0] if accepted else EXAMPLE_KEY

    def switch(self, **values: Any) -> None:  # noqa: ANN401 - switches have several types
        """Change some switches from the next request on.

        Raises:
            InvalidSwitch: there is no such switch, or it cannot take the value.
        """
        self.world.change(values)

    def totals(self, start: int, end: int, reports: Reports = "legacy", width: str = "1m") -> dict[str, Any]:
        """Account for an interval; see ``totals.totals``."""
        return totals(self.world, start, end, reports, WIDTHS[width])

    def start(self) -> str:
        """Listen, and return the base URL.

        Raises:
            OSError: the address cannot be used.
        """
        host, port = self._address
        listener = _listen(host, port)
        config = uvicorn.Config(
            create_app(self.world),
            http=BreakableProtocol,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="simulate", daemon=True
        )
        self._thread.start()
        if not self._server.listening.wait(_START_TIMEOUT):
            raise OSError("the simulator did not start")
        name = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{name}:{listener.getsockname()[1]}"
        return self.base_url

    def stop(self) -> None:
        """Close the listener and all connections; answers that are on their way are cut off."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _listen(host: str, port: int) -> socket.socket:
    """Bind a socket. With its protocol named asyncio turns Nagle's delay off; without, each answer takes 40 ms more."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
