"""Whether a user and a password belong together."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

#: Successful checks that are remembered; more than users, since a user can have had other passwords.
_REMEMBERED = 100
#: What bcrypt looks at; a longer password is cut off, as all its implementations did and Go's still does.
_LONGEST = 72
#: A salt and a hash of nothing in particular, to be compared with when there is no such user.
_NOBODY = b"abcdefghijklmnopqrstuu" + b"." * 31


class Passwords:
    """Remembers successful checks, because one takes bcrypt some tens of milliseconds, and more by intention.

    What is remembered is a keyed digest over user, hash and password: nobody can read a password from it, and it
    is of no use any more once the hash of the user is another.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def remembers(self, users: Mapping[str, str], user: str, password: bytes) -> bool:
        """Say whether these were checked before, with success and the same hash."""
        hashed = users.get(user)
        if hashed is None:
            return False
        digest = self._digest(user, hashed, password)
        if digest not in self._known:
            return False
        self._known.move_to_end(digest)
        return True

    def check(self, users: Mapping[str, str], user: str, password: bytes) -> bool:
        """Compare, slowly, and as slowly where there is no such user. Any thread, but one at a time."""
        hashed = users.get(user)
        against = hashed.encode() if hashed is not None else _nobody(users)
        try:
            equal = bcrypt.checkpw(password[:_LONGEST], against)
        except ValueError:  # a byte that no password of bcrypt can have
            equal = False
        if hashed is None or not equal:
            return False
        self._known[self._digest(user, hashed, password)] = None
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    def _digest(self, user: str, hashed: str, password: bytes) -> bytes:
        parts = (user.encode(), hashed.encode(), password)
        # With lengths, so that no two triples are one text.
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._secret, text, hashlib.sha256)


def _nobody(users: Mapping[str, str]) -> bytes:
    """Return a hash that is as costly as the costliest of the users."""
    cost = max((hashed[4:6] for hashed in users.values()), default="10")
    return b"$2b$" + cost.encode() + b"$" + _NOBODY


def credentials(header: str) -> tuple[str, bytes] | None:
    """Return user and password of an Authorization header, or None where it has none for Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None
