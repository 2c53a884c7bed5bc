"""The web configuration in force: read again when one of its files has changed, without a restart."""

import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.web import tls, webconfig
from anthropic_exporter.web.webconfig import WebConfig

#: Seconds until files that could not be used are looked at again, even where none of them seems to have changed.
RETRY_AFTER = 1.0

_Stamp = tuple[int, int, int, int] | None

log = logging.getLogger(__name__)


class Door:
    """What the web server asks before it lets anybody in.

    Looks at the files with every connection and every request, as exporter-toolkit does, and reads them only where
    one is another than before. New files that cannot be used leave the old ones in force. Called on the event loop
    only, once the server runs.
    """

    def __init__(
        self,
        file: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file.

        Args:
            file: the web configuration.
            clock: seconds, from anywhere.

        Raises:
            ConfigError: it cannot be used, or a file that it names.
        """
        self._tell: Callable[[bool], None] = lambda _: None
        self._file = file
        self._clock = clock
        self._complaint = ""
        self._retry_at: float | None = None
        self._config, self._context, self._seen = self._read()
        if self._config.http_server_config.http2:
            log.warning("HTTP/2 is not offered, clients use HTTP/1.1", extra={"file": str(file)})

    @property
    def config(self) -> WebConfig:
        """What is in force now."""
        self._refresh()
        return self._config

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context of the server, whose every connection has what is then in force; None without TLS."""
        if self._context is None:
            return None
        context = _CurrentContext(ssl.PROTOCOL_TLS_SERVER)
        context.current = self._current
        return context

    def report_to(self, tell: Callable[[bool], None]) -> None:
        """Tell whether the last reading succeeded, now and after each to come."""
        self._tell = tell
        tell(self._retry_at is None)

    def _current(self) -> ssl.SSLContext:
        self._refresh()
        if self._context is None:
            raise RuntimeError("TLS is never switched off while running")
        return self._context

    def _refresh(self) -> None:
        look = _look(self._file, self._config)
        due = self._retry_at is not None and self._clock() >= self._retry_at
        if look == self._seen and not due:
            return
        self._seen = look
        try:
            config, context, seen = self._read()
        except ConfigError as error:
            self._refuse(str(error))
            return
        if (context is None) != (self._context is None):
            self._refuse(f"{self._file}: tls_server_config: TLS is switched on and off by a restart only")
            return
        self._config, self._context, self._seen = config, context, seen
        self._complaint, self._retry_at = "", None
        log.info("web configuration read again", extra={"file": str(self._file)})
        self._tell(True)

    def _refuse(self, problem: str) -> None:
        # It may name files that are not looked at, because they are none of the configuration in force.
        self._retry_at = self._clock() + RETRY_AFTER
        if problem != self._complaint:
            log.error("web configuration refused; the old one stays in force", extra={"why": problem})
        self._complaint = problem
        self._tell(False)

    def _read(self) -> tuple[WebConfig, ssl.SSLContext | None, tuple[_Stamp, ...]]:
        """Return what the files say, and what they were. Looked at before reading, so a later change is seen."""
        before = _stamp(self._file)
        config = webconfig.read(self._file)
        seen = (before, *_look(self._file, config)[1:])
        if config.tls_server_config is None:
            return config, None, seen
        return config, tls.make(config.tls_server_config, self._file), seen


class _CurrentContext(ssl.SSLContext):
    """Hands every connection to the context that is in force when it begins."""

    current: Callable[[], ssl.SSLContext]

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:  # noqa: ANN401 - passed on as they are
        """Begin a connection."""
        return self.current().wrap_bio(*args, **options)


def _look(file: Path, config: WebConfig) -> tuple[_Stamp, ...]:
    named = config.tls_server_config
    return tuple(_stamp(each) for each in (file, *(named.files if named else ())))


def _stamp(file: Path) -> _Stamp:
    """Return what changes with a file. A mounted secret is replaced by moving a link, so it is the file behind it."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
