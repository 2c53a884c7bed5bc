"""Report cursors: opaque outside, inside a position, bound to the query and, for analytics, to one export."""

from base64 import b64decode, b64encode
from binascii import Error
from http import HTTPStatus

from .call import Call
from .refusal import Refusal, invalid

_PREFIX = "page_"


def cursor(call: Call, position: int, export: str = "") -> str:
    """Make the cursor that leads to a position of this very query."""
    inside = f"{position}|{export}|{call.query.fingerprint(call.path)}"
    return _PREFIX + b64encode(inside.encode()).decode()


def position(call: Call, export: str = "") -> int | None:
    """Read where the request's cursor leads to, or None on the first page.

    Raises:
        Refusal: 400 for a cursor of another query or of nobody, 410 for one of an earlier export.
    """
    page = call.query.text("page")
    if page is None:
        return None
    try:
        where, made_for, fingerprint = b64decode(page.removeprefix(_PREFIX), validate=True).decode().split("|")
        found = int(where)
    except (Error, ValueError):
        raise invalid("page: Invalid cursor") from None
    if fingerprint != call.query.fingerprint(call.path):
        raise invalid("page: cursor does not match current query parameters")
    if made_for != export:
        raise Refusal(HTTPStatus.GONE, "page: cursor has expired because the data was refreshed; start from page one")
    return found
