"""Families that show who and what has access, and should perhaps not have it."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import sources
from anthropic_exporter.expose.rows.labels import ORGANIZATION

_KEY = (*ORGANIZATION, "api_key_id", "workspace_id")

FAMILIES = (
    Family(
        "anthropic_service_accounts",
        "gauge",
        "",
        ORGANIZATION,
        "service_accounts",
        "Number of service accounts that are not archived, where the credential is an OAuth token"
        " (GET /v1/organizations/service_accounts, polled every 10m by default).",
    ),
    Family(
        "anthropic_invite_expires_timestamp_seconds",
        "gauge",
        "seconds",
        (*ORGANIZATION, "status", "role"),
        "invites",
        "When the first of the invites with this status and role expires or expired"
        " (GET /v1/organizations/invites, polled every 10m by default).",
    ),
    Family(
        "anthropic_api_key_orphaned",
        "gauge",
        "",
        (*_KEY, "reason"),
        "api_keys",
        "1 while an active or inactive API key belongs to a user or service account that is no longer listed"
        " (owner_left) or to an archived workspace (workspace_archived), else absent"
        " (GET /v1/organizations/api_keys, polled every 10m by default).",
    ),
    Family(
        "anthropic_api_key_unused_seconds",
        "gauge",
        "seconds",
        _KEY,
        "api_key_usage",
        "How long each active API key has not been used, derived from usage; for a key that was not seen since then,"
        " from when it was made or from when usage is counted, whichever is later: a lower bound" + sources.KEY_USAGE,
    ),
)
