"""Where the Admin key comes from, and how it stays out of everything that is shown."""

import logging
import os
import re
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

from anthropic_exporter.errors import ConfigError

logger = logging.getLogger(__name__)

REDACTED = "<redacted>"
#: Kinds of credentials, by how they begin. Source: platform.claude.com/docs/en/manage-claude/admin-api-keys.
INFERENCE_PREFIX = "sk-ant-api03-"
ENTERPRISE_PREFIX = "sk-ant-api01-"
OAUTH_PREFIX = "sk-ant-oat"

_LONGEST_KEY = 4096
_QUOTES = "\"'"  # `docker run --env-file` and systemd's LoadCredential keep those that a shell takes away
# "sk-ant-admin01-…" is the name of a kind of key; our own advice has it, and must stay readable in a log.
_KEY = re.compile(r"sk-ant-(?![a-z]+[0-9]{2}-…)[a-z0-9_-]*", re.IGNORECASE)
_HEADER = re.compile(
    r"""(?ix) \b ((?:proxy-)?authorization | x-api-key)     # the header's name
        (['"]? \s* [:=] \s* (?:b?['"])? | ['"] \s*,\s* b?['"])  # as in a line, a mapping or a pair
        ((?:bearer|basic)\s+)?
        [^\s'",;)}\]]+
    """
)


def mask(text: str) -> str:
    """Return the text without anything that looks like a key or stands as a credential header's value."""
    return _HEADER.sub(rf"\1\2\3{REDACTED}", _KEY.sub(REDACTED, text))


def looks_like_key(text: str) -> bool:
    """Return whether there is something in the text that starts like a key of the API."""
    return _KEY.search(text) is not None


def looks_like_inference_key(key: str) -> bool:
    """Return whether the key is one for the Messages API, which mostly cannot read the Admin API."""
    return key.startswith(INFERENCE_PREFIX)


class KeyEnv:
    """A key in an environment variable. Its value cannot change while the process runs.

    No dataclass, like KeyFile: ``dataclasses.asdict`` of the settings would hand out the whole environment.
    """

    def __init__(self, name: str, environment: Mapping[str, str] = os.environ) -> None:
        self.name = name
        self._environment = environment

    def __repr__(self) -> str:
        return f"KeyEnv({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyEnv) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return f"environment {self.name}"

    def value(self) -> str:
        """Return the key.

        Raises:
            ConfigError: the variable is not set, empty, or cannot be a key.
        """
        if self.name not in self._environment:
            raise ConfigError(f"{self.name}: expected a key in this environment variable, found it not set")
        return _key(self._environment[self.name], self.name)

    def refresh(self) -> bool:
        """Return False: there is nothing to read again."""
        return False


class KeyFile:
    """A key in a file, read again whenever the file has changed. Safe to share between threads.

    A mounted Kubernetes secret is replaced by moving a symbolic link, so what is compared is the file behind
    it (inode, modification time, size). Once a key was read, a file that cannot be read for a while (it is
    being replaced, the mount is gone) costs a warning and the last good key stays in use.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._key = ""
        self._seen: tuple[int, int, int] | None = None  # inode, mtime in ns, size of what was read
        self._complaint = ""  # the last warning, so that it is not repeated on every request

    def __repr__(self) -> str:
        return f"KeyFile({str(self.path)!r})"

    def __str__(self) -> str:
        return f"file {self.path}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyFile) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def value(self) -> str:
        """Return the key that the file holds now, or held last.

        Raises:
            ConfigError: there has never been a usable key in it.
        """
        with self._lock:
            self._read(force=False)
            return self._key

    def refresh(self) -> bool:
        """Read the file again whether or not it looks changed, and return whether the key did change."""
        with self._lock:
            before = self._key
            self._read(force=True)
            return self._key != before

    def _read(self, *, force: bool) -> None:
        try:
            status = self.path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen == self._seen and not force:
                return
            self._key = self._load(status)
        except (OSError, ConfigError) as error:
            self._complain(self._say(error))
        else:
            # Taken before reading: a change in between is then seen by the next call.
            self._seen = seen
            self._complaint = ""

    def _load(self, status: os.stat_result) -> str:
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{self.path}: expected a file with a key, found no regular file")
        if status.st_size > _LONGEST_KEY:
            raise ConfigError(f"{self.path}: expected one key, found {status.st_size} bytes")
        try:
            return _key(self.path.read_text(encoding="utf-8-sig"), str(self.path))
        except UnicodeDecodeError:
            raise ConfigError(f"{self.path}: expected one key, found bytes that are no text") from None

    def _say(self, error: OSError | ConfigError) -> str:
        if isinstance(error, ConfigError):
            return str(error)
        hint = "; this looks like the key itself: write it to a file" if looks_like_key(str(self.path)) else ""
        return f"{self.path}: expected a readable file with a key, found: {error.strerror}{hint}"

    def _complain(self, message: str) -> None:
        self._seen = None
        if not self._key:
            raise ConfigError(mask(message))
        if message != self._complaint:
            logger.warning("key file unusable, the last good key stays in use", extra={"error": message})
        self._complaint = message


def _key(text: str, source: str) -> str:
    """Return the one key in a text, or raise a ConfigError that says what is wrong and never shows it."""
    key = text.strip()
    if not key:
        raise ConfigError(f"{source}: expected a key, but it is empty")
    if len(key.splitlines()) > 1:
        raise ConfigError(f"{source}: expected one key on one line, found {len(key.splitlines())} lines")
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        raise ConfigError(f"{source}: expected a key, found one in quotation marks; leave them out")
    # It becomes the value of an HTTP header.
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{source}: expected a key, found characters that no key has")
    return key
