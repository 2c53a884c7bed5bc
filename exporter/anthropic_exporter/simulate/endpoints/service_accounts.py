"""Service accounts: only an OAuth token opens them."""

from http import HTTPStatus
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.inventory import ServiceAccount
from anthropic_exporter.simulate.refusal import Refusal, not_found

from .listing import TOKEN_PAGE, by_token


def service_accounts(call: Call) -> Answer:
    """List the service accounts, newest first."""
    _require_oauth(call)
    call.expect(*TOKEN_PAGE, "include_archived")
    archived = call.query.flag("include_archived")
    found = [
        each
        for each in sorted(call.inventory.service_accounts, key=lambda each: (-each.created_at, each.id))
        if archived or each.archived_at is None
    ]
    return by_token(call, [_service_account(each) for each in found])


def service_account(call: Call) -> Answer:
    """Answer one service account."""
    _require_oauth(call)
    for each in call.inventory.service_accounts:
        if each.id == call.ids["service_account_id"]:
            return _service_account(each)
    raise not_found("Service account not found")


def _require_oauth(call: Call) -> None:
    if not call.oauth:
        raise Refusal(HTTPStatus.FORBIDDEN, "This endpoint requires an OAuth token with the org:admin scope")


def _service_account(each: ServiceAccount) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": "service_account",
        "name": each.name,
        "description": None,
        "organization_role": each.role,
        "created_at": rfc3339(each.created_at),
        "updated_at": rfc3339(each.archived_at or each.created_at),
        "archived_at": None if each.archived_at is None else rfc3339(each.archived_at),
        "created_by_actor_id": None,
        "updated_by_actor_id": None,
        "archived_by_actor_id": None,
    }
