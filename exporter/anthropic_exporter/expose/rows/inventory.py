"""Families of the organization, workspaces, members, invites and API keys."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import sources
from anthropic_exporter.expose.rows.labels import ORGANIZATION


def _source(path: str) -> str:
    return f" (GET /v1/organizations/{path}, polled every 10m by default)."


_KEY = (*ORGANIZATION, "api_key_id", "workspace_id")
_LAST_USED = f"{sources.KEY_USAGE} To the hour for the last two days, to the day before that, absent when never seen."

FAMILIES = (
    Family(
        "anthropic_organization_info",
        "gauge",
        "",
        (*ORGANIZATION, "organization_name"),
        "organization",
        "Name of the organization, always 1" + sources.ORGANIZATION,
    ),
    Family(
        "anthropic_workspace_info",
        "gauge",
        "",
        (*ORGANIZATION, "workspace_id", "workspace_name", "status"),
        "workspaces",
        "Name and status of each workspace, archived ones too, always 1" + sources.WORKSPACES,
    ),
    Family(
        "anthropic_workspaces",
        "gauge",
        "",
        (*ORGANIZATION, "status"),
        "workspaces",
        "Number of workspaces by status" + sources.WORKSPACES,
    ),
    Family(
        "anthropic_workspace_members",
        "gauge",
        "",
        (*ORGANIZATION, "workspace_id", "role"),
        "members",
        "Number of members of each workspace by their role in it" + _source("workspaces/{id}/members"),
    ),
    Family(
        "anthropic_members",
        "gauge",
        "",
        (*ORGANIZATION, "role"),
        "members",
        "Number of members of the organization by role" + _source("users"),
    ),
    Family(
        "anthropic_invites",
        "gauge",
        "",
        (*ORGANIZATION, "status", "role"),
        "invites",
        "Number of invites by status and the role they offer" + _source("invites"),
    ),
    Family(
        "anthropic_api_key_info",
        "gauge",
        "",
        (*ORGANIZATION, "api_key_id", "api_key_name", "workspace_id", "status", "owner_type"),
        "api_keys",
        "Name, workspace, status and kind of owner of each API key, always 1" + _source("api_keys"),
    ),
    Family(
        "anthropic_api_keys",
        "gauge",
        "",
        (*ORGANIZATION, "workspace_id", "status"),
        "api_keys",
        "Number of API keys by workspace and status" + _source("api_keys"),
    ),
    Family(
        "anthropic_api_key_age_seconds",
        "gauge",
        "seconds",
        _KEY,
        "api_keys",
        "Age of each active or inactive API key" + _source("api_keys"),
    ),
    Family(
        "anthropic_api_key_created_timestamp_seconds",
        "gauge",
        "seconds",
        _KEY,
        "api_keys",
        "When each active or inactive API key was made" + _source("api_keys"),
    ),
    Family(
        "anthropic_api_key_expires_timestamp_seconds",
        "gauge",
        "seconds",
        _KEY,
        "api_keys",
        "When each active or inactive API key expires, absent for keys that do not" + _source("api_keys"),
    ),
    Family(
        "anthropic_api_key_last_used_timestamp_seconds",
        "gauge",
        "seconds",
        _KEY,
        "api_key_usage",
        "End of the newest bucket in which the API key was used, derived from usage" + _LAST_USED,
    ),
)
