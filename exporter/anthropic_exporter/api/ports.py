"""What the API part needs from others: a key to send, and someone to tell what it saw."""

from typing import Protocol


class Credential(Protocol):
    """The key of one organization. Thread-safe."""

    def value(self) -> str:
        """Give the key to send now.

        Raises:
            ConfigError: there is none, or it cannot be read.
        """
        ...

    def refresh(self) -> bool:
        """Read the key again; true if it changed. Called once after a 401."""
        ...


class Observer(Protocol):
    """Counts what happened upstream. Thread-safe, and does not raise."""

    def request(self, endpoint: str, code: str, seconds: float) -> None:
        """Note one HTTP request; ``code`` is the status, or "error" where there was no whole answer."""
        ...

    def drift(self, endpoint: str, kind: str, name: str) -> None:
        """Note that upstream differs from its documentation.

        Args:
            endpoint: the path with IDs as ``{id}``.
            kind: unknown_field, unknown_value or missing_field.
            name: the field, or ``field=value``; short, printable, no secret.
        """
        ...

    def credential(self, valid: bool) -> None:
        """Note whether the key was taken, after each answer that tells."""
        ...
