"""What an answer that is not 2xx means: one PollError with a message for a person."""

from http import HTTPStatus
from typing import NamedTuple

import msgspec

from anthropic_exporter.errors import (
    AuthError,
    BadRequest,
    CursorLost,
    EmptyRange,
    NotSupported,
    PollError,
    RateLimited,
    Unavailable,
)
from anthropic_exporter.secrets import ENTERPRISE_PREFIX, INFERENCE_PREFIX

from .masking import shown
from .transport import Answer

_EMPTY_RANGE = "ending date must be after starting date"
_NOT_OFFERED = {
    "organization_type_not_supported": "organizations of this kind do not have it; nothing needs doing",
    "organization_not_enrolled_in_beta": "ask Anthropic to enrol the organization in the beta named here",
    "parent_organization_required": "this takes a key of the parent organization",
}
#: What these say of the query, the key or the organization is believed of the API alone.
REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
#: 429 that lasts until the next month or until someone pays; to ask again within the cycle is pointless.
SPEND_BLOCKS = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})
_ADVICE = {
    "organization_on_hold": "the organization is suspended: see the Claude Console",
    "linked_organization_billing_unavailable": "see billing in the Claude Console",
    "linked_organization_spend_limit_reached": "see billing in the Claude Console",
}
_ALWAYS: dict[int, tuple[type[PollError], str]] = {
    HTTPStatus.UNAUTHORIZED: (
        AuthError,
        "replace the key where it is configured; a key file is read again without a restart",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (Unavailable, ""),
    HTTPStatus.CONFLICT: (Unavailable, ""),
    HTTPStatus.GONE: (CursorLost, ""),
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimited, ""),
}


class Refusal(NamedTuple):
    """The body of an error; every part may be missing."""

    type: str
    message: str
    code: str


def refusal(answer: Answer, key: str) -> Refusal:
    """Read ``{"error": {"type", "message", "details": {"error_code"}}}`` out of whatever came."""
    error = _part(_decoded(answer.body), "error")
    if not error:
        return Refusal("", described(answer, key), "")
    message, code = error.get("message"), _part(error, "details").get("error_code")
    return Refusal(
        shown(kind, key, 60) if isinstance(kind := error.get("type"), str) else "",
        shown(message, key) if isinstance(message, str) else "",
        shown(code, key, 80) if isinstance(code, str) else "",
    )


def described(answer: Answer, key: str) -> str:
    """Say what kind of body it is, without showing any of it."""
    if not answer.body:
        return "an empty body"
    kind = shown(answer.headers.get("content-type", ""), key, 60) or "no content-type"
    return f"a body of {len(answer.body)} bytes ({kind})"


def numbered(answer: Answer, key: str) -> str:
    """Give `` (req_…)``, by which Anthropic's support finds the request, or ""."""
    request_id = shown(answer.headers.get("request-id", ""), key, 80)
    return f" ({request_id})" if request_id else ""


def failure(name: str, answer: Answer, key: str) -> PollError:
    """Map an answer that is not 2xx.

    Args:
        name: the endpoint, with IDs as ``{id}``.
        answer: the whole answer.
        key: the key that was sent, to hide it and to tell its kind.

    Source: api/errors, SDK _exceptions.py; `errors` says what each class means for a collector.
    """
    said = refusal(answer, key)
    kind, advice = _judged(answer, said)
    if said.code in SPEND_BLOCKS:
        advice = "a spend limit blocks the organization: see limits in the Claude Console"
    parts = [f"GET {name}: HTTP {answer.status}", said.type, said.code]
    text = " ".join(part for part in parts if part)
    if said.message:
        text += f": {said.message}"
    if kind is AuthError:
        text += f". {_key_needed(key)}"
    if _is_redirect(answer):
        text += f", a redirect to {_target(answer, key)} that is not followed"
    text += numbered(answer, key)
    return kind(text, endpoint=name, status=answer.status, advice=advice)


def _judged(answer: Answer, said: Refusal) -> tuple[type[PollError], str]:
    if answer.is_web_page and answer.status in REFUSALS:
        # Taken for "not offered" or "a bad key", it would hide that nothing can be read.
        return Unavailable, "a web page answered instead of the API: check base_url and the proxy in between"
    if answer.status in _ALWAYS:
        return _ALWAYS[answer.status]
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable, ""
    if _is_redirect(answer):
        return BadRequest, "set base_url to the address where the API answers itself"
    if answer.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return _closed(answer, said)
    return _bad(said) if answer.status == HTTPStatus.BAD_REQUEST else (BadRequest, _ADVICE.get(said.code, ""))


def _bad(said: Refusal) -> tuple[type[PollError], str]:
    if said.code in _NOT_OFFERED:
        return NotSupported, _NOT_OFFERED[said.code]
    if _EMPTY_RANGE in said.message.lower():
        return EmptyRange, ""
    return BadRequest, _ADVICE.get(said.code, "")


def _is_redirect(answer: Answer) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST


def _closed(answer: Answer, said: Refusal) -> tuple[type[PollError], str]:
    if said.code in _NOT_OFFERED:
        return NotSupported, _NOT_OFFERED[said.code]
    if "scope" in said.message.lower():
        return NotSupported, "make a key that has the scope named here"
    if answer.status == HTTPStatus.FORBIDDEN:
        return NotSupported, "this key or organization may not read the endpoint"
    return NotSupported, "this organization does not have the endpoint"


def _key_needed(key: str) -> str:
    """Tell the kind of key by its prefix, and never show more of it than that."""
    needed = "An Admin key (sk-ant-admin01-…) is needed: Claude Console → Settings → Admin keys"
    if key.startswith(INFERENCE_PREFIX):
        return f"The key in use is an inference key (sk-ant-api03-…), which cannot read the Admin API. {needed}"
    if key.startswith(ENTERPRISE_PREFIX):
        return (
            "The key in use is a scoped key of Claude Enterprise (sk-ant-api01-…); if it was revoked, make another in "
            f"claude.ai with the scope read:analytics. For a Console organization: {needed}"
        )
    return f"{needed}. The one in use may be revoked, expired or cut short"


def _target(answer: Answer, key: str) -> str:
    location = answer.headers.get("location", "")
    # The query of a redirect can hold a session; what stands before it names the culprit.
    place = location.split("?", 1)[0].split("#", 1)[0]
    scheme, slashes, rest = place.partition("//")
    host, slash, path = rest.partition("/")
    return shown(scheme + slashes + host.rpartition("@")[2] + slash + path, key, 120) or "nowhere"


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _part(value: object, name: str) -> dict[str, object]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}
