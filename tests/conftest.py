"""What all tests share: loopback only, real processes that end, and tools that may be missing."""

import ipaddress
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from anthropic_exporter.logs import LineFormatter

_SHORTEST, _LONGEST = 0.02, 0.25  # seconds between two questions: who waits long must not cost the others their CPU


def pytest_configure(config: pytest.Config) -> None:
    tools = Path(__file__).resolve().parent.parent / ".tools" / "bin"  # where tools.sh puts what no system package has
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{tools}"
    # What a shell starts in its background is deaf to Ctrl-C, and so is all that the tests would start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: takes minutes; left out of make test, run by make test-long")
    config.addinivalue_line("markers", "needs(*tools): skip where a tool is not installed; fail with CI=true")


def pytest_runtest_setup(item: pytest.Item) -> None:
    tools = [tool for mark in item.iter_markers("needs") for tool in mark.args]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)} (make tools)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Take back what a command did to the logging of the process, so that no test depends on the one before."""
    root, names = logging.getLogger(), ("httpx", "httpcore", "h11", "urllib3", "uvicorn", "uvicorn.error", "asyncio")
    level, hooks = root.level, (sys.excepthook, threading.excepthook)
    levels = [(name, logging.getLogger(name).level) for name in names]
    yield
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler.formatter, LineFormatter)]
    for name, before in levels:
        logging.getLogger(name).setLevel(before)
    sys.excepthook, threading.excepthook = hooks


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse every connection and every name look-up that would leave this machine."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    lookup = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        _refuse_foreign(host.decode() if isinstance(host, bytes) else host)
        return lookup(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


def _guarded(method: Callable[..., object]) -> Callable[..., object]:
    def call(self: socket.socket, *args: object) -> object:
        # The address is the last argument of each of the guarded methods; a Unix socket's is a path.
        if self.family != socket.AF_UNIX and isinstance(args[-1], tuple):
            _refuse_foreign(args[-1][0])
        return method(self, *args)

    return call


def _refuse_foreign(host: str | None) -> None:
    if host in {None, "", "localhost"}:
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not (address.is_loopback or address.is_unspecified):
        pytest.fail(f"tests contact this machine only, not {host}")


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return a port of 127.0.0.1 that was free a moment ago."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., object]:
    """Ask until the answer is true, and return it; fail after ``timeout`` seconds."""

    def wait(predicate: Callable[[], object], timeout: float = 60.0) -> object:
        deadline, pause = time.monotonic() + timeout, _SHORTEST
        while not (answer := predicate()):
            if time.monotonic() > deadline:
                pytest.fail(f"not true within {timeout} s: {predicate}")
            time.sleep(pause)
            pause = min(1.5 * pause, _LONGEST)
        return answer

    return wait


@dataclass
class Process:
    """A program that runs, and what it has written."""

    popen: subprocess.Popen[bytes]
    folder: Path

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM, timeout: float = 60.0) -> int:
        """Send a signal to exactly this process, and return its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(timeout)


@pytest.fixture
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Process]]:
    """Start programs whose output goes to files; each is ended with the test."""
    running: list[Process] = []

    def start(command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Process:
        folder = tmp_path_factory.mktemp("process")
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            popen = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=cwd
            )
        running.append(Process(popen, folder))
        return running[-1]

    yield start
    for started in running:
        try:
            started.stop()
        except subprocess.TimeoutExpired:
            started.stop(signal.SIGKILL)
