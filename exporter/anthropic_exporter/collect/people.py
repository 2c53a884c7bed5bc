"""How people are shown: not at all, by a name that tells nothing, or by their e-mail address."""

import hashlib
import secrets
from collections.abc import Callable

from anthropic_exporter.collect.memory import Memory

_SALT = "privacy.salt"
_BYTES = 16


def naming(emails: str, memory: Memory) -> Callable[[str], str] | None:
    """Return what turns an address into a label value; None where people are not shown.

    A hash is salted with a number that is drawn once and kept in the state: the same person has the same name over
    restarts, and nobody without that state finds the address by trying addresses.

    Args:
        emails: ``privacy.emails``: none, hash or plain.
    """
    if emails == "none":
        return None
    if emails == "plain":
        return lambda address: address
    salt = memory.get(_SALT)
    if salt is None:
        salt = secrets.token_hex(_BYTES)
        memory.set(_SALT, salt)
    key = bytes.fromhex(salt)
    return lambda address: hashlib.blake2b(address.lower().encode(), key=key, digest_size=8).hexdigest()
